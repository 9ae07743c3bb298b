//! The laws: what holds of every image, tried on small ones against the oracle.

#![allow(clippy::disallowed_methods, reason = "a test reads how often it is to be tried")]

mod oracle;

use std::collections::{BTreeMap, BTreeSet};

use oracle::engine::{self, File};
use oracle::execute::{Choices, any_order, differences, interleave, run, written};
use oracle::features::{Feature, Image, Source, What, source_text};
use oracle::judge::{Verdict, try_all_orders};
use oracle::manifest;
use oracle::op::{Input, Inputs};
use oracle::plan::Plan;
use oracle::root::Root;
use oracle::{cases, reader, strategy};
use proptest::prelude::*;
use proptest::test_runner::RngSeed;
use serde_json::Value;

/// Failures print the manifest; a file of seeds beside the test would say less.
fn laws(cases: u32) -> ProptestConfig {
    // The same cases every time, so that a change is told from chance; other ones, and more, with `LAWS`.
    let rng_seed = match std::env::var_os("LAWS") {
        Some(_) => RngSeed::Random,
        None => RngSeed::Fixed(20_261_122),
    };
    ProptestConfig {
        failure_persistence: None,
        max_shrink_iters: 2000,
        rng_seed,
        ..ProptestConfig::with_cases(scaled(cases))
    }
}

/// More with `LAWS=10` in the environment: ten times as many cases.
fn scaled(cases: u32) -> u32 {
    let factor = std::env::var("LAWS").ok().and_then(|text| text.parse().ok());
    cases.saturating_mul(factor.unwrap_or(1))
}

/// All files of an image: manifests and sources.
fn workspace(image: &Image) -> Vec<File> {
    let mut files = manifest::toml_files(image);
    files.extend(manifest::source_files(image));
    files
}

/// The sources as an executor gets them.
fn inputs(image: &Image) -> Inputs {
    let file = |name: String| {
        let content = source_text(&name);
        (name, Input::File { content, executable: false })
    };
    manifest::sources(image).into_iter().map(file).collect()
}

/// The plan of an image that has to be accepted.
fn plan_of(image: &Image) -> Result<Value, TestCaseError> {
    engine::plan(&workspace(image), &manifest::toml_name(image)).map_err(|checked| {
        TestCaseError::fail(format!("there is no plan of an accepted image:\n{}", engine::told(&checked)))
    })
}

fn read(plan: &Value) -> Result<Plan, TestCaseError> {
    Plan::read(plan).map_err(|why| TestCaseError::fail(format!("{why}\n{plan:#}")))
}

fn told<T>(result: Result<T, String>, plan: &Value) -> Result<T, TestCaseError> {
    result.map_err(|why| TestCaseError::fail(format!("{why}\n{plan:#}")))
}

/// The root that an image is built on: its parents' plans carried out.
fn below(image: &Image) -> Result<Root, TestCaseError> {
    let Some(parent) = &image.parent else {
        return Ok(Root::default());
    };
    let plan = plan_of(parent)?;
    let steps = read(&plan)?;
    told(run(&steps, below(parent)?, &written(&steps), &inputs(parent)), &plan)
}

/// The plan without what may depend on where things are declared.
fn less_origins(plan: &Value) -> String {
    let mut plan = plan.clone();
    if let Value::Object(fields) = &mut plan {
        fields.remove("origins");
    }
    plan.to_string()
}

/// The findings without their places and words, sorted.
fn findings(checked: &Value, but: &[&str]) -> Vec<String> {
    let all = checked["diagnostics"].as_array().into_iter().flatten();
    let all = all.filter(|found| !but.iter().any(|code| found["code"] == **code));
    // Of two names for one number the finding is about the one that stands later.
    let entity = |found: &Value| match found["code"].as_str() {
        Some("id-conflict") => String::new(),
        _ => found["entity"].to_string(),
    };
    let mut lines: Vec<String> = all
        .map(|found| format!("{} {} {} {}", found["severity"], found["code"], entity(found), found["images"]))
        .collect();
    lines.sort();
    lines
}

fn accepted() -> impl Strategy<Value = Image> {
    strategy::image().prop_filter("accepted", |image| matches!(try_all_orders(image), Verdict::Accepted(_)))
}

/// The first place where two texts differ, with what is around it.
fn first_difference(one: &str, other: &str) -> String {
    let at = one.bytes().zip(other.bytes()).take_while(|(a, b)| a == b).count();
    let around = |text: &str| {
        let bytes = text.as_bytes();
        String::from_utf8_lossy(&bytes[at.saturating_sub(80)..(at + 80).min(bytes.len())]).into_owned()
    };
    format!("they differ at {at}:\n- {}\n+ {}", around(one), around(other))
}

fn same_text(one: &str, other: &str) -> Result<(), TestCaseError> {
    prop_assert!(one == other, "{}", first_difference(one, other));
    Ok(())
}

#[test]
fn the_engine_agrees_on_every_case_judged_by_hand() {
    let mut wrong = String::new();
    for (verdict, why, parent, text) in cases::all() {
        let head = |name: &str, rest: &str| format!("[image]\nname = \"{name}\"\n{rest}");
        let below = if parent.is_some() { "parent = \"base.image.toml\"\n" } else { "" };
        let mut files = vec![("top.image.toml".to_owned(), format!("{text}\n{}", head("top", below)))];
        files.extend(parent.map(|text| ("base.image.toml".to_owned(), format!("{text}\n{}", head("base", "")))));
        let image = reader::image(None, &text).expect("a manifest that the oracle reads");
        files.extend(manifest::source_files(&image));
        let checked = engine::check(&files, &["top.image.toml"]);
        let fine = engine::error_codes(&checked).is_empty();
        if (verdict == "accepted" && !fine) || (verdict == "rejected" && fine) {
            wrong.push_str(&format!("\n{why}: {verdict}, but:\n{}{text}\n", engine::told(&checked)));
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

proptest! {
    #![proptest_config(laws(400))]

    #[test]
    fn accepted_exactly_when_some_order_succeeds(image in strategy::image()) {
        let verdict = try_all_orders(&image);
        let checked = engine::check(&workspace(&image), &[&manifest::toml_name(&image)]);
        let fine = engine::error_codes(&checked).is_empty();
        match &verdict {
            Verdict::Accepted(_) => prop_assert!(fine, "some order succeeds, but:\n{}", engine::told(&checked)),
            Verdict::Rejected(why) => prop_assert!(!fine, "no order succeeds ({why}), but nothing is found"),
            Verdict::Open(_) => {}
        }
    }
}

proptest! {
    #![proptest_config(laws(100))]

    #[test]
    fn the_plan_makes_the_image_that_the_features_describe(image in accepted()) {
        let Verdict::Accepted(described) = try_all_orders(&image) else { return Ok(()) };
        let plan = plan_of(&image)?;
        let steps = read(&plan)?;
        let built = told(run(&steps, below(&image)?, &written(&steps), &inputs(&image)), &plan)?;
        if let Some(differences) = differences(&described, &built, false) {
            prop_assert!(false, "- described, + built:\n{differences}\n{plan:#}");
        }
    }

    #[test]
    fn any_allowed_order_gives_the_same_image(image in accepted(), seed in any::<u64>()) {
        let plan = plan_of(&image)?;
        let (steps, base, inputs) = (read(&plan)?, below(&image)?, inputs(&image));
        let first = told(run(&steps, base.clone(), &written(&steps), &inputs), &plan)?;
        let mut choices = Choices::new(seed);
        for _ in 0..10 {
            let order = any_order(&steps, &mut choices);
            let other = told(run(&steps, base.clone(), &order, &inputs), &plan)?;
            if let Some(differences) = differences(&first, &other, true) {
                prop_assert!(false, "the order {order:?} gives another image:\n{differences}\n{plan:#}");
            }
        }
    }

    #[test]
    fn steps_that_may_run_at_once_can_be_interleaved(image in accepted(), seed in any::<u64>()) {
        let plan = plan_of(&image)?;
        let (steps, base, inputs) = (read(&plan)?, below(&image)?, inputs(&image));
        let first = told(run(&steps, base.clone(), &written(&steps), &inputs), &plan)?;
        let mut choices = Choices::new(seed);
        for _ in 0..10 {
            let other = told(interleave(&steps, base.clone(), &mut choices, &inputs), &plan)?;
            if let Some(differences) = differences(&first, &other, true) {
                prop_assert!(false, "an interleaving gives another image:\n{differences}\n{plan:#}");
            }
        }
    }

    #[test]
    fn every_prefix_of_a_plan_has_what_it_requires(image in accepted(), seed in any::<u64>()) {
        let plan = plan_of(&image)?;
        let (steps, base, inputs) = (read(&plan)?, below(&image)?, inputs(&image));
        let mut provided: BTreeSet<&str> = BTreeSet::new();
        for entity in steps.steps.iter().flat_map(|step| &step.provides) {
            prop_assert!(provided.insert(entity), "two steps provide {entity}\n{plan:#}");
        }
        for order in [written(&steps), any_order(&steps, &mut Choices::new(seed))] {
            prop_assert_eq!(order.len(), steps.steps.len(), "some step may never start");
            for end in 0..=order.len() {
                let prefix = &order[..end];
                for step in steps.steps.iter().filter(|step| prefix.contains(&step.id)) {
                    prop_assert!(step.requires.iter().all(|before| prefix.contains(before)));
                }
                told(run(&steps, base.clone(), prefix, &inputs), &plan)?;
            }
        }
    }

    #[test]
    fn file_order_changes_nothing(image in strategy::image(), seed in any::<u64>()) {
        let name = manifest::toml_name(&image);
        let first = (engine::check(&workspace(&image), &[&name]), engine::plan(&workspace(&image), &name));
        let mut choices = Choices::new(seed);
        let mut shuffled = image.clone();
        choices.shuffle(&mut shuffled.features);
        same(&first, &workspace(&shuffled), &name, &[])?;
        // `duplicate` is about one file, so splitting may end it.
        let files = split(&shuffled, &mut choices);
        same(&first, &files, &name, &["duplicate"])?;
    }

    #[test]
    fn toml_and_json_give_the_same_plan(image in strategy::image()) {
        let name = manifest::toml_name(&image);
        let first = (engine::check(&workspace(&image), &[&name]), engine::plan(&workspace(&image), &name));
        let mut files = manifest::json_files(&image);
        files.extend(manifest::source_files(&image));
        same(&first, &files, &format!("{}.image.json", image.name), &[])?;
    }
}

/// The files say the same as those that gave `first`.
fn same(first: &(Value, Result<Value, Value>), files: &[File], name: &str, but: &[&str]) -> Result<(), TestCaseError> {
    let checked = engine::check(files, &[name]);
    prop_assert_eq!(findings(&first.0, but), findings(&checked, but), "{}", engine::told(&checked));
    match (&first.1, &engine::plan(files, name)) {
        (Ok(one), Ok(other)) => same_text(&less_origins(one), &less_origins(other)),
        (Err(_), Err(_)) => Ok(()),
        (one, other) => Err(TestCaseError::fail(format!("only one has a plan: {one:?} {other:?}"))),
    }
}

/// The image's own features in up to three included files, in some order, one of them by two routes.
fn split(image: &Image, choices: &mut Choices) -> Vec<File> {
    let mut parts: Vec<Vec<Feature>> = vec![Vec::new(); 4];
    for feature in &image.features {
        let part = choices.below(4);
        parts[part].push(feature.clone());
    }
    let own = parts.pop().unwrap_or_default();
    let part_name = |number: usize| format!("part{number}.features.toml");
    let mut include: Vec<String> = (0..parts.len()).map(part_name).collect();
    choices.shuffle(&mut include);
    let mut files =
        vec![(manifest::toml_name(image), manifest::toml_text(&manifest::toml_head(image, &include), &own))];
    for (number, part) in parts.iter().enumerate() {
        let head = if number == 0 { format!("include = [\"{}\"]\n", part_name(1)) } else { String::new() };
        files.push((part_name(number), manifest::toml_text(&head, part)));
    }
    files.extend(image.parent.as_deref().map(manifest::toml_files).into_iter().flatten());
    files.extend(manifest::source_files(image));
    files
}

/// One change of an image, and what its steps' keys should do.
#[derive(Clone, Copy, Debug)]
enum Change {
    Text,
    Mode,
    Owner,
    Requirement,
    SourceText,
    DefaultWritten,
}

/// The feature's step, if it has one of its own.
fn step_of<'a>(plan: &'a Plan, feature: &Feature) -> Option<&'a oracle::plan::Step> {
    let id = match &feature.what {
        What::Install { dst, .. } => format!("install:{dst}"),
        What::EnsureDir { path, .. } => format!("ensure_dir:{path}"),
        _ => return None,
    };
    oracle::op::step(plan, &id)
}

/// Makes the change to one feature; nothing if it does not fit it.
fn changed(image: &Image, at: usize, change: Change, other: &str) -> Option<Image> {
    let mut image = image.clone();
    let feature = image.features.get_mut(at)?;
    match (&mut feature.what, change) {
        (What::Install { source: Source::Text(text), dst, .. }, Change::Text) if !dst.starts_with("/etc") => {
            *text = "changed\n".into();
        }
        (What::Install { given, .. }, Change::Mode) if given.mode.is_none() => given.mode = Some(0o640),
        (What::EnsureDir { given, .. }, Change::Mode) if given.mode.is_none() => given.mode = Some(0o750),
        (What::Install { given, .. } | What::EnsureDir { given, .. }, Change::Owner) if given.user.is_none() => {
            given.user = Some("web".into());
        }
        (What::Install { .. } | What::EnsureDir { .. }, Change::Requirement) => feature.requires.push(other.to_owned()),
        (What::Install { source: Source::File(_), .. }, Change::SourceText) => {}
        (What::Install { given, .. } | What::EnsureDir { given, .. }, Change::DefaultWritten) => {
            given.user.get_or_insert_with(|| "root".into());
        }
        _ => return None,
    }
    Some(image)
}

proptest! {
    #![proptest_config(laws(100))]

    #[test]
    fn keys_stay_when_nothing_they_stand_for_changes(image in accepted(), seed in any::<u64>()) {
        let plan = plan_of(&image)?;
        let mut other = image.clone();
        Choices::new(seed).shuffle(&mut other.features);
        for (number, feature) in other.features.iter_mut().enumerate() {
            feature.asides.push(("description".into(), Value::from(format!("number {number}"))));
        }
        // In the parent, too: by its name alone a check knows that a source is the same.
        let mut image_below = Some(&mut other);
        while let Some(image) = image_below {
            for feature in &mut image.features {
                if let What::Install { source: Source::File(name), .. } = &mut feature.what {
                    *name = format!("renamed-{name}");
                }
            }
            image_below = image.parent.as_deref_mut();
        }
        let again = plan_of(&other)?;
        prop_assert_eq!(read(&plan)?.keys(), read(&again)?.keys(), "{:#}\n{:#}", plan, again);
        prop_assert_eq!(&plan["digest"], &again["digest"]);
    }

    #[test]
    fn a_key_changes_exactly_when_something_it_stands_for_changes(
        image in accepted(),
        seed in any::<u64>(),
        change in prop::sample::select(vec![
            Change::Text, Change::Mode, Change::Owner, Change::Requirement, Change::SourceText, Change::DefaultWritten,
        ]),
    ) {
        let mut choices = Choices::new(seed);
        let start = choices.below(image.features.len());
        let others = ["/a", "/d", "/d/x", "/l", "/m"];
        let other = others[choices.below(others.len())];
        let count = image.features.len();
        let tried = (0..count).map(|turn| (start + turn) % count);
        let fitting = tried.filter_map(|at| Some((at, changed(&image, at, change, other)?))).next();
        let Some((at, after)) = fitting else { return Ok(()) };
        let before_plan = plan_of(&image)?;
        let mut files = workspace(&after);
        let mut expected: BTreeSet<String> = BTreeSet::new();
        let before = read(&before_plan)?;
        let Some(step) = step_of(&before, &image.features[at]) else { return Ok(()) };
        if let (Change::SourceText, What::Install { source: Source::File(name), .. }) = (change, &image.features[at].what) {
            for (file, text) in &mut files {
                if file == name {
                    text.push_str("changed\n");
                }
            }
        }
        // What is no longer accepted (a shell that lost its bits, a user who is not there) has no keys.
        let Ok(after_plan) = engine::plan(&files, &manifest::toml_name(&after)) else { return Ok(()) };
        let after = read(&after_plan)?;
        let (old, new) = (before.keys(), after.keys());
        if old.keys().ne(new.keys()) {
            return Ok(());
        }
        match change {
            Change::Text | Change::Mode => expected = before.dependants(&step.id),
            // An equal feature may have given the owner before: then the step is the same.
            Change::Owner if step.op["user"] == "web" => {}
            Change::Owner => expected = after.dependants(&step.id),
            Change::Requirement => {
                let same = oracle::op::step(&after, &step.id).is_some_and(|now| now.requires == step.requires);
                if same && image.parent.is_some() {
                    // What is required may be in the parent: a fact that only this step's key may have to do with.
                    let mine = after.dependants(&step.id);
                    let strangers = old.iter().find(|(id, key)| new.get(*id) != Some(*key) && !mine.contains(*id));
                    prop_assert!(strangers.is_none(), "{strangers:?} of {}\n{before_plan:#}\n{after_plan:#}", step.id);
                    return Ok(());
                }
                if !same {
                    expected = after.dependants(&step.id);
                }
            }
            Change::SourceText => {
                let What::Install { source: Source::File(name), .. } = &image.features[at].what else { return Ok(()) };
                if image.parent.as_deref().is_some_and(|parent| manifest::sources(parent).contains(name)) {
                    return Ok(());
                }
                for step in before.steps.iter().filter(|step| step.op["src"] == **name) {
                    expected.extend(before.dependants(&step.id));
                }
            }
            Change::DefaultWritten => {}
        }
        let differing: BTreeSet<String> =
            old.iter().filter(|(id, key)| new.get(*id) != Some(*key)).map(|(id, _)| id.clone()).collect();
        prop_assert_eq!(&differing, &expected, "{:?} of {}\n{:#}\n{:#}", change, step.id, before_plan, after_plan);
        prop_assert_eq!(before.digest == after.digest, differing.is_empty(), "the digest follows the keys");
    }
}

/// Pieces that manifests are made of, so that nonsense is near to sense.
fn pieces() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop::sample::select(vec![
        "[image]\n",
        "[[install]]\n",
        "[[user]]\n",
        "[[symlink]]\n",
        "[",
        "]",
        "{",
        "}",
        "\"",
        "\"\"\"",
        "'",
        "\n",
        "=",
        ",",
        "#",
        "name = ",
        "\"a\"\n",
        "dst = \"/a\"\n",
        "text = 'x'\n",
        "mode = 0o644\n",
        "mode = 99999999999999999999\n",
        "include = [",
        "\"x.image.toml\"",
        "parent = \"x.image.toml\"\n",
        "path = [\"/\", \"\"]\n",
        "\\u0000",
        "\u{202e}",
        "é",
        "\r",
        "\t",
        "null",
        "1e9",
        "link = \"/l/../l\"\n",
        "target = \"\"\n",
        "requires = [{ path = \"/\" }]\n",
        "a.b.c = 1\n",
        "phase = \"main\"\n",
        "{\"image\":{}",
        "\"install\":[{",
        ":",
        "[[require]]\nfiles = [\"/a\"]\n",
        "[[run]]\ncommand = []\n",
        "[[ensure_dir]]\n",
    ]);
    prop_oneof![
        3 => prop::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat().into_bytes()),
        1 => prop::collection::vec(any::<u8>(), 0..200),
    ]
}

/// A manifest with some of its bytes gone, doubled or changed.
fn broken() -> impl Strategy<Value = Vec<u8>> {
    (strategy::image(), any::<bool>(), prop::collection::vec((any::<u16>(), 0..3_u8, any::<u8>()), 1..4)).prop_map(
        |(image, json, slips)| {
            let files = if json { manifest::json_files(&image) } else { manifest::toml_files(&image) };
            let mut bytes = files.into_iter().next().map(|(_, text)| text.into_bytes()).unwrap_or_default();
            for (at, how, byte) in slips {
                let at = usize::from(at) % (bytes.len() + 1);
                match how {
                    0 => bytes.insert(at, byte),
                    1 => bytes.truncate(at),
                    _ => drop(bytes.drain(at..(at + 5).min(bytes.len()))),
                }
            }
            bytes
        },
    )
}

proptest! {
    #![proptest_config(laws(100))]

    #[test]
    fn any_bytes_compile(one in prop_oneof![pieces(), broken()], two in pieces()) {
        for (name, other) in [("x.image.toml", "y.features.json"), ("x.image.json", "y.features.toml")] {
            let checked = engine::check_bytes(&[(name, &one), (other, &two)], &["."]);
            prop_assert!(checked["summary"]["errors"].is_u64(), "{checked:#}");
            let lines = BTreeMap::from([(name, one.split(|byte| *byte == b'\n').count()), (other, two.split(|byte| *byte == b'\n').count())]);
            for found in checked["diagnostics"].as_array().into_iter().flatten() {
                let location = &found["location"];
                let in_file = location["file"].as_str().and_then(|file| lines.get(file));
                let line = location["start"]["line"].as_u64().unwrap_or(0);
                // A lone CR is no line end, so the count is exact.
                prop_assert!(in_file.is_some_and(|lines| (1..=*lines as u64).contains(&line)), "a place that is not: {found:#}");
            }
        }
    }
}
