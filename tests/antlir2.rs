//! Every case of the test suite of antlir2's dependency graph, as a manifest of ours, with the verdict it names.
//!
//! `antlir2/cases.json` holds the cases in neutral form, `antlir2/NAME.image.toml` their translation; where the
//! contract's words are not antlir2's, the manifest says so at its top.

#![allow(clippy::disallowed_methods, reason = "a test reads its cases")]

mod oracle;

use std::path::Path;

use oracle::engine::{self, File};
use serde_json::Value;

/// Cases whose verdict has another name here: what is against a parent is `overwrite`; a `src` that is not in the
/// image cloned from may be called `missing` or `mismatch`.
const RENAMED: [(&str, &[&str]); 3] = [
    ("conflict-with-parent", &["overwrite"]),
    ("symlink-conflict-with-parent", &["overwrite"]),
    ("clone-with-missing-src", &["missing", "mismatch"]),
];

fn folder() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/antlir2")
}

fn cases() -> Vec<Value> {
    let text = std::fs::read_to_string(folder().join("cases.json")).expect("the cases");
    serde_json::from_str(&text).expect("the cases are JSON")
}

/// Every file of the folder, by its path in it.
fn files(below: &Path, found: &mut Vec<File>) {
    let entries = std::fs::read_dir(below).expect("a folder");
    for entry in entries {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            files(&path, found);
        } else if path.file_name() != Some("cases.json".as_ref()) {
            let text = std::fs::read_to_string(&path).expect("a text file");
            let name = path.strip_prefix(folder()).expect("below the folder");
            found.push((name.to_string_lossy().replace('\\', "/"), text));
        }
    }
}

/// The codes that may be among the errors of a case; none for one that has to be fine.
fn expected(case: &Value) -> Vec<&'static str> {
    if let Some((_, codes)) = RENAMED.iter().find(|(name, _)| case["name"] == **name) {
        return codes.to_vec();
    }
    match case["error_class"].as_str() {
        None => Vec::new(),
        Some("cycle") => vec!["cycle"],
        Some("missing") => vec!["missing"],
        Some("conflict") => vec!["conflict"],
        Some("unmet-validation") => vec!["mismatch"],
        Some(other) => panic!("a class that is not known: {other}"),
    }
}

/// Checks one case: no errors, or such errors as it names and no others.
fn judge(name: &str) {
    let all = cases();
    let case = all.iter().find(|case| case["name"] == name).expect("a case of that name");
    let mut workspace = Vec::new();
    files(&folder(), &mut workspace);
    workspace.sort();
    let checked = engine::check(&workspace, &[&format!("{name}.image.toml")]);
    let (codes, expected) = (engine::error_codes(&checked), expected(case));
    let told = engine::told(&checked);
    if expected.is_empty() {
        assert!(codes.is_empty(), "{name} is fine, but:\n{told}");
    } else {
        assert!(!codes.is_empty(), "{name} has to be {expected:?}, but nothing is found:\n{told}");
        let unrelated = codes.iter().any(|code| !expected.contains(&code.as_str()));
        assert!(!unrelated, "{name} has to be {expected:?} and nothing else:\n{told}");
    }
    assert_eq!(checked["summary"]["errors"], codes.len(), "the summary counts the errors");
}

#[test]
fn every_case_is_carried_over() {
    for case in cases() {
        let name = case["name"].as_str().expect("a name");
        assert!(NAMES.contains(&name), "{name} is not tested");
        assert!(folder().join(format!("{name}.image.toml")).exists(), "{name} has no manifest");
    }
    assert_eq!(cases().len(), NAMES.len());
}

macro_rules! carried_over {
    ($($test:ident => $name:literal,)*) => {
        const NAMES: &[&str] = &[$($name),*];
        $(
            #[test]
            fn $test() {
                judge($name);
            }
        )*
    };
}

carried_over! {
    cycle => "cycle",
    install_foo => "install-foo",
    remove_foo => "remove-foo",
    reinstall_foo => "reinstall-foo",
    install_into_installed_dir => "install-into-installed-dir",
    conflict_with_installed_dir => "conflict-with-installed-dir",
    install_dir_and_ensure_dirs_exist => "install-dir-and-ensure-dirs-exist",
    missing_dep => "missing-dep",
    bad_validator => "bad-validator",
    conflict_in_same_layer => "conflict-in-same-layer",
    simple_install => "simple-install",
    dep_in_parent => "dep-in-parent",
    conflict_with_parent => "conflict-with-parent",
    symlink_conflict_with_parent => "symlink-conflict-with-parent",
    clone_with_missing_src => "clone-with-missing-src",
    clone_dir_src => "clone-dir-src",
    clone_conflict_inside_dir => "clone-conflict-inside-dir",
    clone_symlink => "clone-symlink",
    clone_with_missing_user => "clone-with-missing-user",
    overlapping_ensure_dirs_exist => "overlapping-ensure-dirs-exist",
    validation_follows_symlinks => "validation-follows-symlinks",
    validation_follows_relative_symlinks => "validation-follows-relative-symlinks",
    unordered_requirements => "unordered-requirements",
    install_under_symlinked_dir => "install-under-symlinked-dir",
    mount_a => "mount-a",
    mount_b => "mount-b",
    conflicting_mounts => "conflicting-mounts",
    install_under_mount_fails => "install-under-mount-fails",
    symlinks_do_not_conflict_parent => "symlinks-do-not-conflict-parent",
    symlinks_do_not_conflict => "symlinks-do-not-conflict",
    symlink_targeting_mount => "symlink-targeting-mount",
    symlink_targeting_mount_file => "symlink-targeting-mount-file",
    file_symlink_targeting_dir_mount_fails => "file-symlink-targeting-dir-mount-fails",
    dir_symlink_targeting_file_mount_fails => "dir-symlink-targeting-file-mount-fails",
}
