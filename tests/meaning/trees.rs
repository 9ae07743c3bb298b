//! Trees: what they follow, what is told of many of their entries, and what stands for them in a plan.

use crate::workspace::{ETC, File, Folder, found, ids, plan, step, texts};

const TREES: [File<'_>; 4] = [("one/d/a", "1"), ("one/top", "1"), ("two/d/b", "2"), ("three/d/e/f", "3")];

fn with<'t>(files: &[File<'t>]) -> Vec<File<'t>> {
    TREES.iter().copied().chain(files.iter().copied()).collect()
}

#[test]
fn a_tree_follows_what_takes_the_place_of_its_directories() {
    let tree = "[[install]]\nsrc = \"one\"\ndst = \"/opt\"\n";
    let top =
        "[image]\ninclude = [\"one.features.toml\"]\n[[install]]\nsrc = \"two\"\ndst = \"/opt\"\nreplace = true\n";
    let files = with(&[("one.features.toml", tree), ("top.image.toml", top)]);
    assert_eq!(found(&files), [""; 0]);
    let plan = plan(&files);
    let follows = |source: &str| {
        let steps = plan["steps"].as_array().expect("steps");
        let copies = steps.iter().find(|step| step["op"]["src"] == source).expect("a step");
        assert_eq!(texts(&copies["op"]["skip"]), ["/opt", "/opt/d"]);
        texts(&copies["requires"]).contains(&"install:/opt/d")
    };
    assert!(follows("one") && follows("two"), "{plan:#}");
}

#[test]
fn a_directory_that_is_replaced_inside_a_tree_comes_before_the_tree_and_after_the_directories_above() {
    let tree = "[[install]]\nsrc = \"three\"\ndst = \"/opt\"\n";
    let top = "[image]\ninclude = [\"three.features.toml\"]\n[[ensure_dir]]\npath = \"/opt/d/e\"\nmode = \"0700\"\nreplace = true\nparents = false\n";
    let plan = plan(&with(&[("three.features.toml", tree), ("top.image.toml", top)]));
    let told = ids(&plan);
    let place = |id: &str| told.iter().position(|told| told.starts_with(id)).unwrap_or(usize::MAX);
    assert!(place("install:/opt/d") < place("ensure_dir:/opt/d/e"), "{told:?}");
    assert!(place("ensure_dir:/opt/d/e") < usize::MAX && told.len() == 4, "{told:?}");
}

#[test]
fn conflicts_with_many_entries_of_one_tree_are_one_finding_that_names_them() {
    let image = "[image]\n[[install]]\nsrc = \"one\"\ndst = \"/opt\"\n[[install]]\ndst = \"/opt/top\"\ntext = \"x\"\n[[install]]\ndst = \"/opt/d/a\"\ntext = \"x\"\n";
    let report = Folder::new(&with(&[("top.image.toml", image)])).report("top.image.toml");
    let [only] = report.diagnostics.as_slice() else { panic!("{:#?}", report.diagnostics) };
    assert_eq!(only.entity.as_deref(), Some("path:/opt/d/a"));
    assert_eq!(only.notes, ["the same is true of 1 other entry of it: `/opt/top`"]);
    let places: Vec<u32> = only.related.iter().map(|related| related.location.start().line).collect();
    assert_eq!((only.location.start().line, places), (10, vec![3, 7]));
}

#[test]
fn each_account_that_a_tree_wants_and_nobody_provides_is_told() {
    let facts = r#"{ "format_version": "1.0", "paths": [
        { "path": "/srv", "type": "directory", "mode": "0755", "user": "web", "group": "db" } ] }"#;
    let image = format!("[image]\n{ETC}[[clone]]\nfrom = \"x.facts.json\"\nsrc = \"/srv\"\ndst = \"/srv\"\n");
    let files = [("x.facts.json", facts), ("top.image.toml", image.as_str())];
    assert_eq!(found(&files), ["missing group:db", "missing user:web"]);
}

const CLONED: &str = "[[install]]\ndst = \"/x\"\ntext = \"four\"\n";

fn clone_of(base: &str) -> serde_json::Value {
    let base = format!("[image]\n{base}{CLONED}");
    let top = "[image]\n[[clone]]\nfrom = \"base.image.toml\"\nsrc = \"/x\"\ndst = \"/y\"\n";
    plan(&[("base.image.toml", &base), ("top.image.toml", top)])
}

#[test]
fn the_key_of_a_clone_changes_with_an_opaque_step_of_the_image_that_it_comes_from() {
    let run = |word: &str| format!("[[run]]\ncommand = [\"echo\", \"{word}\"]\n");
    let key = |base: &str| step(&clone_of(base), "clone:/y")["key"].clone();
    assert_ne!(key(&run("one")), key(&run("two")));
    assert_ne!(key(&run("one")), key(""));
    // What is known does not matter where it is not what is cloned.
    assert_eq!(key("[[ensure_dir]]\npath = \"/z\"\n"), key(""));
}

#[test]
fn what_is_cloned_has_a_size() {
    assert_eq!(step(&clone_of(""), "clone:/y")["inputs"][0]["size"], 4);
}
