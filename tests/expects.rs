//! When what could not be proven is to be looked for: never before the step that may make it.
#![allow(clippy::disallowed_methods, reason = "the test lays out the files that it plans")]

use std::process::Command;

use serde_json::{Value, json};

/// Entity and stage of everything that a plan expects.
fn expected(image: &str) -> Vec<(Value, Value)> {
    let folder = tempfile::tempdir().expect("a temporary folder");
    std::fs::write(folder.path().join("a.image.toml"), image).expect("a file");
    let output = Command::new(env!("CARGO_BIN_EXE_featgraph"))
        .args(["plan", "a.image.toml"])
        .current_dir(folder.path())
        .output()
        .expect("the program runs");
    let plan: Value = serde_json::from_slice(&output.stdout).expect("a plan");
    let rows = plan["expects"].as_array().expect("a list").iter();
    rows.map(|row| (row["entity"].clone(), row["stage"].clone())).collect()
}

const OPAQUE: &str = "[image]\nparent = { name = \"base\", opaque = true }\n[[run]]\ncommand = [\"make\"]\n";

#[test]
fn a_step_is_preceded_by_what_it_relies_on() {
    let image = format!("{OPAQUE}[[install]]\ndst = \"/opt/made/x\"\ntext = \"x\"\n");
    assert_eq!(expected(&image), [(json!("path:/opt/made"), json!(1))]);
}

#[test]
fn what_a_require_asserts_is_looked_for_when_its_phase_begins() {
    let require = "[[require]]\ndirectories = [\"/opt/made\"]\n";
    // Nothing comes after the command: it is looked for when all is done.
    assert_eq!(expected(&format!("{OPAQUE}{require}")), [(json!("path:/opt/made"), json!(1))]);
    let image = format!("{OPAQUE}{require}[[ensure_dir]]\npath = \"/srv\"\n");
    assert_eq!(expected(&image), [(json!("path:/opt/made"), json!(1))]);
}

#[test]
fn where_a_link_leads_is_looked_for_when_its_phase_is_over() {
    let link = "[[symlink]]\nlink = \"/etc/link\"\ntarget = \"/opt/made\"\n";
    let image =
        format!("{OPAQUE}[[run]]\ncommand = [\"late\"]\nphase = \"main\"\n[[ensure_dir]]\npath = \"/etc\"\n{link}");
    // Stages: `make`, then the link, then `late`, which may make it, too.
    assert!(expected(&image).contains(&(json!("path:/opt/made"), json!(3))), "{:?}", expected(&image));
}
