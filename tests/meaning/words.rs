//! Where findings stand and what they say: the narrowest value, and words that fit what is wrong.

use crate::workspace::{ETC, File, Folder, found, messages};

/// Code, line and column of what is found.
fn places(files: &[File<'_>]) -> Vec<String> {
    let report = Folder::new(files).report("top.image.toml");
    let of = |found: &featgraph::diagnostic::Diagnostic| {
        let start = found.location.start();
        format!("{} {}:{}", found.code.name(), start.line, start.column)
    };
    report.diagnostics.iter().map(of).collect()
}

fn helps(files: &[File<'_>]) -> Vec<String> {
    let report = Folder::new(files).report("top.image.toml");
    report.diagnostics.into_iter().map(|found| found.help.unwrap_or_default()).collect()
}

const REQUIRES: &str = r#"[image]
[[install]]
dst = "/x"
text = "x"
[[install]]
dst = "/y"
text = "y"
requires = [
    { path = "/x", type = "directory" },
    { path = "/x", type = "file", mode = "0755", user = "root" },
    { path = "/x", user = 5 },
    { path = "/x", executable = true },
    { path = "/none", type = "file" },
]
"#;

#[test]
fn a_table_of_requires_that_fails_is_told_at_the_attribute_that_fails() {
    let expected = ["mismatch 9:27", "mismatch 10:42", "mismatch 11:27", "mismatch 12:33", "missing 13:14"];
    assert_eq!(places(&[("top.image.toml", REQUIRES)]), expected);
}

#[test]
fn other_contents_are_told_at_the_value_that_gives_them() {
    let base = "[image]\n[[install]]\ndst = \"/x\"\ntext = \"x\"\n[[symlink]]\nlink = \"/l\"\ntarget = \"/x\"\n";
    let top = "[image]\nparent = \"base.image.toml\"\n[[install]]\ndst = \"/x\"\ntext = \"y\"\n[[symlink]]\nlink = \"/l\"\ntarget = \"x\"\n";
    assert_eq!(places(&[("base.image.toml", base), ("top.image.toml", top)]), ["overwrite 5:8", "overwrite 8:10"]);
}

#[test]
fn what_stands_in_the_way_is_called_that() {
    let image = "[image]\n[[install]]\ndst = \"/a\"\ntext = \"a\"\n";
    let said = |features: &str| messages(&[("top.image.toml", &format!("{image}{features}"))]);
    let is = "must be a directory, but it is a file";
    assert_eq!(
        said("[[symlink]]\nlink = \"/l\"\ntarget = \"/a/b\"\n"),
        [format!("`/a`, through which the link `/l` leads, {is}")]
    );
    assert_eq!(
        said("[[require]]\nfiles = [\"/a/b\"]\n"),
        [format!("`/a`, below which `require` requires `/a/b`, {is}")]
    );
    assert_eq!(
        said("[[install]]\ndst = \"/a/b\"\ntext = \"b\"\n"),
        [format!("`/a`, in which `/a/b` is to stand, {is}")]
    );
    assert_eq!(
        said("[[install]]\ndst = \"/a/b/c\"\ntext = \"c\"\n"),
        [format!("`/a`, below which `/a/b/c` is to stand, {is}")]
    );
}

#[test]
fn help_for_a_package_that_is_not_there_to_be_removed_says_how_to_allow_that() {
    let image = "[image]\npackage_manager = \"apt\"\n[[package]]\nnames = [\"zsh\"]\naction = \"remove\"\n";
    assert_eq!(found(&[("top.image.toml", image)]), ["missing package:zsh"]);
    assert_eq!(helps(&[("top.image.toml", image)]), ["set `action = \"remove_if_exists\"` if it may be absent"]);
}

#[test]
fn what_cannot_be_put_in_quotes_is_not_to_be_put_in_quotes() {
    let image = "[image]\n[[symlink]]\nlink = [\"/l\"]\ntarget = { a = 1 }\n[[symlink]]\nlink = \"/l\"\ntarget = 5\n";
    assert_eq!(helps(&[("top.image.toml", image)]), ["", "", "put it in quotes: `\"...\"`"]);
}

#[test]
fn two_package_managers_in_one_phase_are_named() {
    let package = |manager: &str| format!("[[package]]\nnames = [\"x-{manager}\"]\nmanager = \"{manager}\"\n");
    let image = format!("[image]\n{}{}", package("apt"), package("dnf"));
    let said = "nothing says whether `apt` or `dnf` runs first, and what they do is not known";
    assert_eq!(messages(&[("top.image.toml", &image)]), [said]);
}

#[test]
fn what_itself_waits_for_something_is_not_what_was_meant() {
    let image = "[image]\n[[hardlink]]\nlink = \"/bar\"\ntarget = \"/barr\"\n";
    assert_eq!(helps(&[("top.image.toml", image)]), ["provide it, or write an `assume` if it comes from outside"]);
}

#[test]
fn the_same_configuration_twice_is_a_duplicate() {
    let oci = |cmd: &str| format!("[[oci]]\nuser = \"root\"\ncmd = [\"{cmd}\"]\n");
    let there = "[[ensure_dir]]\npath = [\"/usr\", \"/usr/bin\"]\n[[install]]\ndst = \"/usr/bin/a\"\ntext = \"\"\nmode = \"0755\"\n";
    let image = |features: &str| format!("[image]\n{there}{features}");
    assert_eq!(found(&[("top.image.toml", &image(&oci("a").repeat(2)))]), ["duplicate -"]);
    // One of them says less: that is no repetition.
    assert_eq!(found(&[("top.image.toml", &image(&format!("{}[[oci]]\nuser = \"root\"\n", oci("a"))))]), [""; 0]);
}

#[test]
fn a_byte_that_is_not_utf_8_does_not_make_a_name_unusual() {
    let folder = Folder::new(&[("top.image.toml", "")]);
    let mut image = format!("[image]\n{ETC}[[user]]\nname = \"we").into_bytes();
    image.extend(b"\xffb\"\n");
    std::fs::write(folder.path().join("top.image.toml"), image).expect("a file");
    assert_eq!(folder.found("top.image.toml"), ["syntax -"]);
    assert_eq!(
        found(&[("top.image.toml", &format!("[image]\n{ETC}[[user]]\nname = \"we?b\"\n"))]),
        ["unusual-name user:we?b"]
    );
}

#[test]
fn a_source_that_may_be_a_folder_has_no_mode_that_could_be_wrong() {
    let ensure = "[[ensure_dir]]\npath = \"/opt\"\nmode = \"0755\"\n";
    let install = "[[install]]\nsrc = \"absent\"\ndst = \"/opt\"\nmode = \"0644\"\n";
    let needs = "[[require]]\ndirectories = [\"/opt\"]\nrequires = [{ path = \"/opt\", mode = \"0755\" }]\n";
    for order in [[ensure, install, needs], [install, ensure, needs]] {
        assert_eq!(found(&[("top.image.toml", &format!("[image]\n{}", order.concat()))]), ["missing-source path:/opt"]);
    }
}

#[test]
fn a_conflict_inside_a_tree_says_nothing_of_its_replace() {
    let image = "[image]\n[[install]]\nsrc = \"tree\"\ndst = \"/opt\"\nreplace = true\n[[install]]\ndst = \"/opt/x\"\ntext = \"other\"\n";
    assert_eq!(found(&[("tree/x", "x"), ("top.image.toml", image)]), ["conflict path:/opt/x"]);
}

#[test]
fn a_link_that_may_lead_nowhere_needs_no_link_on_its_way() {
    let image = "[image]\n[[ensure_dir]]\npath = \"/a\"\n[[symlink]]\nlink = \"/d\"\ntarget = \"/a\"\n[[remove]]\npath = \"/d\"\nphase = \"finalize\"\n[[symlink]]\nlink = \"/x\"\ntarget = \"/d\"\nexpect = \"nothing\"\n";
    assert_eq!(found(&[("top.image.toml", image)]), [""; 0]);
}

#[test]
fn what_another_name_of_a_conflicting_file_is_is_not_judged() {
    let features = [
        "[[ensure_dir]]\npath = \"/a\"\n",
        "[[install]]\ndst = \"/a\"\ntext = \"a\"\n",
        "[[hardlink]]\nlink = \"/d\"\ntarget = \"/a\"\n[[install]]\ndst = \"/d/x\"\ntext = \"x\"\n",
    ];
    for order in [[0, 1, 2], [1, 0, 2], [2, 1, 0]] {
        let text: String = order.iter().map(|&at| features[at]).collect();
        assert_eq!(found(&[("top.image.toml", &format!("[image]\n{text}"))]), ["conflict path:/a"]);
    }
}

#[test]
fn what_one_file_says_twice_is_told_whoever_else_says_it() {
    let run = "[[run]]\ncommand = [\"make\"]\nrequires = [\"virtual:tools\"]\n";
    let twice = run.repeat(2);
    // Files that do not include each other cannot know of each other.
    let top = "[image]\nparent = { name = \"base\", opaque = true }\ninclude = [\"a.features.toml\", \"b.features.toml\"]\n\
               [[assume]]\nvirtuals = [\"tools\"]\nreason = \"there\"\n";
    let files = |b: &str| found(&[("top.image.toml", top), ("a.features.toml", run), ("b.features.toml", b)]);
    let duplicates = |b: &str| files(b).iter().filter(|found| found.starts_with("duplicate")).count();
    assert_eq!((duplicates(run), duplicates(&twice)), (0, 1));
}
