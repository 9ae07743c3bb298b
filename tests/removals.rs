//! What a removal takes away is gone under every name that leads to it.
#![allow(clippy::disallowed_methods, reason = "the test lays out the files that it checks")]

use featgraph::compile::{Levels, Workspace};
use featgraph::load::{Overlay, load};

const BASE: &str = r#"{ "format_version": "1.0", "name": "base", "paths": [
    { "path": "/usr", "type": "directory" }, { "path": "/usr/bin", "type": "directory" },
    { "path": "/bin", "type": "symlink", "target": "usr/bin" },
    { "path": "/usr/bin/sh", "type": "file", "mode": "0755", "package": "dash" } ],
  "packages": [ { "name": "dash", "version": "1", "manager": "apt" } ] }"#;

/// Codes and entities found in an image on [`BASE`].
fn found(features: &str) -> Vec<(String, Option<String>)> {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let image = format!("[image]\nparent = \"base.facts.json\"\npackage_manager = \"apt\"\n{features}");
    std::fs::write(folder.path().join("base.facts.json"), BASE).expect("a file");
    std::fs::write(folder.path().join("top.image.toml"), image).expect("a file");
    let mut workspace = Workspace::new();
    workspace.open("top.image.toml");
    load(&mut workspace, folder.path(), &Overlay::default());
    let report = workspace.check(&Levels::default());
    report.diagnostics.into_iter().map(|found| (found.code.name().to_owned(), found.entity)).collect()
}

#[test]
fn a_removed_package_takes_its_files_away_also_where_a_link_leads_to_them() {
    let requires = "[[require]]\nexecutables = [\"/bin/sh\"]\n";
    assert_eq!(found(requires), []);
    let removes = format!("[[package]]\nnames = [\"dash\"]\naction = \"remove\"\n{requires}");
    assert_eq!(found(&removes), [("missing".to_owned(), Some("path:/usr/bin/sh".to_owned()))]);
}

#[test]
fn what_is_below_a_removed_directory_is_gone_in_the_phases_that_follow() {
    let removes = "[[remove]]\npath = \"/usr/bin\"\n[[require]]\nfiles = [\"/usr/bin/sh\"]\n";
    assert_eq!(found(removes), [("missing".to_owned(), Some("path:/usr/bin/sh".to_owned()))]);
}
