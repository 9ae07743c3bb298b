//! The oracle is judged by hand before it judges: images whose verdict the contract states, and plans that fail as they should.

#![allow(clippy::disallowed_methods, reason = "a test reads the examples")]

mod oracle;

use std::collections::BTreeMap;

use oracle::execute::{Choices, any_order, differences, interleave, run, written};
use oracle::features::{Image, What};
use oracle::judge::{Verdict, try_all_orders};
use oracle::op::Inputs;
use oracle::plan::Plan;
use oracle::root::Root;
use oracle::{cases, reader, strategy};
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::TestRunner;
use serde_json::{Value, json};

#[test]
fn every_case_judged_by_hand_has_its_verdict() {
    let mut wrong = String::new();
    for (expected, why, parent, text) in cases::all() {
        let image = reader::image(parent.as_deref(), &text).unwrap_or_else(|error| panic!("{why}: {error}"));
        let verdict = try_all_orders(&image);
        if verdict.word() != expected {
            wrong.push_str(&format!("\n{why}: {expected}, but the oracle says {verdict:?}{image:?}"));
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
    assert!(cases::all().len() >= 40);
}

/// The cases of antlir2 that the oracle models, from their manifests.
#[test]
fn the_cases_of_antlir2_have_their_verdicts() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/antlir2");
    let all: Vec<Value> =
        serde_json::from_str(&std::fs::read_to_string(folder.join("cases.json")).expect("the cases")).expect("JSON");
    let read = |name: &Value| -> Option<Vec<oracle::features::Feature>> {
        let path = folder.join(format!("{}.image.toml", name.as_str()?));
        let text = std::fs::read_to_string(path).expect("a manifest");
        // What comes by includes, trees, mounts, clones and packages is not modelled.
        if text.contains("include") { None } else { reader::features(&text).ok() }
    };
    let mut judged = 0;
    for case in &all {
        let parent = match &case["parent"] {
            Value::Null => None,
            name => read(name).map(|features| Box::new(Image { name: "base".into(), parent: None, features })),
        };
        let Some(features) = read(&case["name"]) else {
            continue;
        };
        let verdict = try_all_orders(&Image { name: "top".into(), parent, features });
        let expected = if case["expect"] == "ok" { "accepted" } else { "rejected" };
        assert_eq!(verdict.word(), expected, "{}: {verdict:?}", case["name"]);
        judged += 1;
    }
    assert!(judged >= 18, "only {judged} cases are modelled");
}

#[test]
fn the_strategy_makes_images_of_every_verdict() {
    let mut runner = TestRunner::deterministic();
    let mut counts: BTreeMap<&str, u32> = BTreeMap::new();
    for _ in 0..300 {
        let image = strategy::image().new_tree(&mut runner).expect("an image").current();
        *counts.entry(try_all_orders(&image).word()).or_default() += 1;
    }
    assert!(counts["accepted"] >= 100, "{counts:?}");
    assert!(counts["rejected"] >= 80, "{counts:?}");
    assert!(counts.get("open").is_none_or(|open| *open <= 30), "{counts:?}");
}

#[test]
fn what_is_printed_is_what_is_read() {
    let mut runner = TestRunner::deterministic();
    for _ in 0..200 {
        let image = strategy::image().new_tree(&mut runner).expect("an image").current();
        let text = oracle::manifest::toml_text("", &image.features);
        let read = reader::features(&text).unwrap_or_else(|error| panic!("{error}\n{text}"));
        let lines = |features: &[oracle::features::Feature]| {
            let mut all: Vec<String> = features.iter().map(oracle::manifest::toml_feature).collect();
            all.sort();
            all
        };
        assert_eq!(lines(&read), lines(&image.features));
    }
}

#[test]
fn an_accepted_image_has_what_its_features_say() {
    let text = r#"
        install = [{ text = "one", dst = "/l/x", mode = "0600", user = "web" }]
        symlink = [{ link = "/l", target = "d" }]
        ensure_dir = [{ path = "/d" }]
        user = [{ name = "web" }]
    "#;
    let image = reader::image(Some(cases::ETC), text).expect("a manifest");
    let Verdict::Accepted(root) = try_all_orders(&image) else { panic!("it is accepted") };
    let described = root.describe(true).join("\n");
    for line in ["/d/x file \"one\" 0600 web:root", "/l -> d", "web:x:1000:1000::/nonexistent:/usr/sbin/nologin"] {
        assert!(described.contains(line), "{line} is not in\n{described}");
    }
    assert!(image.features.iter().any(|feature| matches!(feature.what, What::User(_))));
}

/// A plan of one transparent stage from (id, requires, modifies, op).
fn plan(steps: &[(&str, &[&str], &[&str], Value)]) -> Plan {
    let mut waves: BTreeMap<&str, u64> = BTreeMap::new();
    let mut listed: Vec<(u64, Value)> = Vec::new();
    for (id, requires, modifies, op) in steps {
        let wave = requires.iter().map(|before| waves[before] + 1).max().unwrap_or(0);
        waves.insert(id, wave);
        let step = json!({ "id": id, "stage": 0, "wave": wave, "phase": "main", "op": op, "requires": requires,
            "provides": [], "modifies": modifies, "key": id });
        listed.push((wave, step));
    }
    listed.sort_by_key(|(wave, _)| *wave);
    let listed: Vec<Value> = listed.into_iter().map(|(_, step)| step).collect();
    let stage = json!({ "phase": "main", "opaque": false, "base": null, "steps": steps.len(), "key": "k" });
    Plan::read(&json!({ "stages": [stage], "steps": listed, "digest": "d" })).expect("a plan")
}

fn directory(path: &str) -> Value {
    json!({ "type": "make_dir", "path": path, "mode": "0755", "user": "root", "uid": 0, "group": "root", "gid": 0 })
}

fn file(dst: &str, text: &str) -> Value {
    json!({ "type": "write_file", "dst": dst, "text": text, "mode": "0644", "user": "root", "uid": 0, "group": "root", "gid": 0 })
}

fn group(name: &str, gid: u32) -> Value {
    json!({ "type": "add_group", "name": name, "gid": gid, "system": false })
}

/// Carries a plan out as written.
fn carried_out(plan: &Plan) -> Result<Root, String> {
    run(plan, Root::default(), &written(plan), &Inputs::new())
}

/// A plan on a root with an empty /etc/group.
fn groups_plan(first: &[&str], second: &[&str]) -> Plan {
    plan(&[
        ("etc", &[], &[], directory("/etc")),
        ("file", &["etc"], &[], file("/etc/group", "root:x:0:\n")),
        ("web", &["file"], first, group("web", 1000)),
        ("db", &["file"], second, group("db", 1001)),
    ])
}

#[test]
fn a_step_before_what_it_needs_fails() {
    let forgotten = plan(&[("file", &[], &[], file("/d/x", "one")), ("d", &["file"], &[], directory("/d"))]);
    let failed = carried_out(&forgotten).expect_err("there is no /d yet");
    assert!(failed.contains("/d, above /d/x, is not there"), "{failed}");
}

#[test]
fn a_place_through_a_link_is_not_canonical() {
    let link = json!({ "type": "make_symlink", "link": "/l", "target": "d" });
    let through =
        plan(&[("d", &[], &[], directory("/d")), ("l", &["d"], &[], link), ("x", &["l"], &[], file("/l/x", "one"))]);
    assert!(carried_out(&through).expect_err("a link is above").contains("not a directory"));
}

#[test]
fn a_step_finds_nothing_in_its_place() {
    let twice = plan(&[("a", &[], &[], file("/a", "one")), ("b", &[], &[], file("/a", "one"))]);
    assert!(carried_out(&twice).expect_err("it is there").contains("already"));
}

#[test]
fn the_numbers_of_a_plan_are_the_root_s() {
    let mut of_web = file("/a", "one");
    of_web["group"] = json!("web");
    of_web["gid"] = json!(1001);
    let mut steps = groups_plan(&["/etc/group"], &["/etc/group"]);
    let other = plan(&[("a", &[], &[], of_web)]);
    steps.steps.extend(other.steps);
    steps.at.insert("a".into(), 4);
    let failed = carried_out(&steps).expect_err("web has 1000");
    assert!(failed.contains("group web has number 1000"), "{failed}");
}

#[test]
fn an_edit_has_to_be_declared() {
    let failed = carried_out(&groups_plan(&[], &["/etc/group"])).expect_err("an undeclared edit");
    assert!(failed.contains("does not say so in `modifies`"), "{failed}");
}

#[test]
fn any_order_and_any_interleaving_of_a_right_plan_give_one_root() {
    let plan = groups_plan(&["/etc/group"], &["path:/etc/group"]);
    let one = carried_out(&plan).expect("it succeeds");
    for seed in 0..200 {
        let mut choices = Choices::new(seed);
        let order = any_order(&plan, &mut choices);
        assert_eq!(order.len(), 4);
        let other = run(&plan, Root::default(), &order, &Inputs::new()).expect("any order succeeds");
        assert_eq!(differences(&one, &other, true), None);
        let other = interleave(&plan, Root::default(), &mut choices, &Inputs::new()).expect("any interleaving, too");
        assert_eq!(differences(&one, &other, true), None);
    }
}

#[test]
fn two_edits_at_once_lose_one() {
    // Both read the file before either writes it, as workers would that nothing keeps apart.
    let plan = groups_plan(&["/etc/group"], &["/etc/group"]);
    let one = carried_out(&plan).expect("in order it succeeds");
    let mut root = run(&plan, Root::default(), &["etc".into(), "file".into()], &Inputs::new()).expect("the files");
    let begun: Vec<_> = ["web", "db"]
        .iter()
        .filter_map(|id| oracle::op::step(&plan, id))
        .map(|step| oracle::op::begin(&root, step, &Inputs::new()).expect("it begins"))
        .collect();
    for edit in begun.into_iter().flatten() {
        oracle::op::apply(&mut root, edit).expect("it applies");
    }
    assert!(differences(&one, &root, true).is_some());
}

#[test]
fn the_order_of_an_edit_and_a_hard_link_shows() {
    // The link has to come after the edits of its file: an edit puts a new file in its place.
    let link = json!({ "type": "make_hardlink", "link": "/h", "target": "/etc/group" });
    let plan = plan(&[
        ("etc", &[], &[], directory("/etc")),
        ("file", &["etc"], &[], file("/etc/group", "root:x:0:\n")),
        ("link", &["file"], &[], link),
        ("web", &["file"], &["/etc/group"], group("web", 1000)),
    ]);
    let roots: Vec<Root> = (0..50)
        .map(|seed| any_order(&plan, &mut Choices::new(seed)))
        .map(|order| run(&plan, Root::default(), &order, &Inputs::new()).expect("it succeeds"))
        .collect();
    assert!(roots.iter().any(|root| differences(&roots[0], root, true).is_some()));
}

#[test]
fn trees_are_set_down_whole_and_skip_what_others_provide() {
    use oracle::op::Input;
    use oracle::root::{Inode, Node};
    let entry = |node: Node, mode| Inode::of_root(node, mode);
    let one = Node::File { content: "one".into(), edited: false };
    let entries = BTreeMap::from([
        (String::new(), entry(Node::Directory, 0o755)),
        ("sub".to_owned(), entry(Node::Directory, 0o755)),
        ("sub/x".to_owned(), entry(one.clone(), 0o755)),
        ("y".to_owned(), entry(one, 0o644)),
    ]);
    let inputs = Inputs::from([("src".to_owned(), Input::Tree(entries))]);
    let copy = json!({ "type": "copy_tree", "src": "src", "dst": "/t", "file_mode": "0640", "executable_mode": "0750",
        "directory_mode": "0755", "user": "root", "uid": 0, "group": "root", "gid": 0, "exclude": [], "skip": ["/t", "/t/sub"] });
    let plan = plan(&[
        ("t", &[], &[], directory("/t")),
        ("sub", &["t"], &[], directory("/t/sub")),
        ("copy", &["sub"], &[], copy),
    ]);
    let root = run(&plan, Root::default(), &written(&plan), &inputs).expect("it succeeds");
    let described = root.describe(true).join("\n");
    assert!(
        described.contains("/t/sub/x file \"one\" 0750") && described.contains("/t/y file \"one\" 0640"),
        "{described}"
    );
    let failed = run(&plan, Root::default(), &["copy".into()], &inputs).expect_err("nothing to skip yet");
    assert!(failed.contains("nothing has provided it"), "{failed}");
}
