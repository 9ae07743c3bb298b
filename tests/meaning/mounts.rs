//! Mounts: on what the parent has, and what would be inside them.

use crate::workspace::{found, ids, plan, step, texts};

const MOUNT: &str = "[[mount]]\nmountpoint = \"/m\"\nsource = \"/srv/x\"\n";

fn on(base: &str, top: &str) -> [(&'static str, String); 2] {
    [
        ("base.image.toml", format!("[image]\n{base}")),
        ("top.image.toml", format!("[image]\nparent = \"base.image.toml\"\n{top}")),
    ]
}

fn check(base: &str, top: &str) -> Vec<String> {
    found(&on(base, top).each_ref().map(|(name, text)| (*name, text.as_str())))
}

fn steps(base: &str, top: &str) -> Vec<String> {
    ids(&plan(&on(base, top).each_ref().map(|(name, text)| (*name, text.as_str()))))
}

#[test]
fn a_mount_that_the_parent_has_is_satisfied() {
    let written_out = format!("{MOUNT}source_type = \"host\"\n");
    assert_eq!(steps(MOUNT, &written_out), [""; 0]);
    let directory = format!("[[ensure_dir]]\npath = \"/m\"\n{MOUNT}");
    assert_eq!(steps(&directory, &directory), [""; 0]);
    assert_eq!(check(MOUNT, &MOUNT.replace("/srv/x", "/srv/y")), ["overwrite path:/m"]);
}

#[test]
fn a_directory_of_the_parent_is_still_to_be_mounted_on() {
    let directory = "[[ensure_dir]]\npath = \"/m\"\n";
    assert_eq!(steps(directory, &format!("{directory}{MOUNT}")), ["mount:/m"]);
}

#[test]
fn who_needs_what_would_be_inside_a_mount_comes_after_it() {
    let image = format!("[image]\n{MOUNT}[[install]]\ndst = \"/x\"\ntext = \"x\"\nrequires = [\"/m/inside\"]\n");
    assert_eq!(found(&[("top.image.toml", &image)]), ["unproven path:/m/inside"]);
    let plan = plan(&[("top.image.toml", &image)]);
    assert_eq!(texts(&step(&plan, "install:/x")["requires"]), ["mount:/m"]);
}
