//! `replace` in the place of what an included file provides.

use crate::workspace::{found, ids, plan};

const INCLUDED: &str = r#"
[[ensure_dir]]
path = ["/d", "/d/sub"]
[[install]]
dst = "/d/x"
text = "x"
[[symlink]]
link = "/d/up"
target = "/elsewhere"
expect = "nothing"
[[install]]
dst = "/d/sub/y"
text = "y"
user = "nobody"
"#;

fn top(features: &str) -> [(&'static str, String); 2] {
    [
        ("d.features.toml", INCLUDED.to_owned()),
        ("top.image.toml", format!("[image]\ninclude = [\"d.features.toml\"]\n{features}")),
    ]
}

fn check(features: &str) -> Vec<String> {
    let files = top(features);
    found(&files.each_ref().map(|(name, text)| (*name, text.as_str())))
}

fn steps(features: &str) -> Vec<String> {
    let files = top(features);
    ids(&plan(&files.each_ref().map(|(name, text)| (*name, text.as_str()))))
}

#[test]
fn a_file_in_the_place_of_an_included_directory_takes_all_below_it_away() {
    let file = "[[install]]\ndst = \"/d\"\ntext = \"a file\"\nreplace = true\n";
    assert_eq!(steps(file), ["install:/d"]);
    // What is taken away provides nothing, and what it would need is not needed.
    let required = format!("{file}[[require]]\nfiles = [\"/d\"]\n[[install]]\ndst = \"/z\"\ntext = \"z\"\n");
    assert_eq!(steps(&required), ["install:/d", "install:/z"]);
    assert_eq!(check(&format!("{file}[[require]]\nfiles = [\"/d/x\"]\n")), ["mismatch path:/d"]);
}

#[test]
fn a_link_in_the_place_of_an_included_directory_takes_all_below_it_away() {
    let link = "[[ensure_dir]]\npath = \"/other\"\n[[symlink]]\nlink = \"/d\"\ntarget = \"other\"\nreplace = true\n";
    assert_eq!(steps(link), ["symlink:/d", "ensure_dir:/other"]);
    // What others put there goes through the link.
    let through = format!("{link}[[install]]\ndst = \"/d/z\"\ntext = \"z\"\n");
    assert_eq!(steps(&through), ["symlink:/d", "ensure_dir:/other", "install:/other/z"]);
}

#[test]
fn a_link_that_leads_into_the_directory_whose_place_it_takes_is_told_of_what_is_missing() {
    let link = "[[symlink]]\nlink = \"/d\"\ntarget = \"/e/sub\"\nreplace = true\n";
    assert_eq!(check(link), ["missing path:/e/sub"]);
}

#[test]
fn without_a_directory_of_the_included_file_its_paths_lead_through_the_link() {
    let included = "[[install]]\ndst = \"/d/x\"\ntext = \"x\"\n";
    let top = "[image]\ninclude = [\"d.features.toml\"]\n[[ensure_dir]]\npath = \"/other\"\n[[symlink]]\nlink = \"/d\"\ntarget = \"other\"\nreplace = true\n";
    assert_eq!(found(&[("d.features.toml", included), ("top.image.toml", top)]), ["unused-replace path:/d"]);
}

#[test]
fn what_the_own_file_puts_below_what_it_replaces_is_a_conflict() {
    let file =
        "[[install]]\ndst = \"/d\"\ntext = \"a file\"\nreplace = true\n[[install]]\ndst = \"/d/z\"\ntext = \"z\"\n";
    assert_eq!(check(file), ["conflict path:/d/z"]);
}
