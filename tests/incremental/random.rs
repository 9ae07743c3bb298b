//! Random workspaces and random edits of them.

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, RngSeed, TestRunner};

use super::beside;
use super::world::World;
use crate::oracle::execute::Choices;
use crate::oracle::{manifest, strategy};

/// What the workspaces are like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// Few paths, many links, removals and accounts that get into each other's way.
    Tangled,
    /// A tree of directories with many files in them, as real images have; most of it is right.
    Sound,
    /// One such image without anything that reaches far, of which single features are edited: most edits take the short way.
    Plain,
}

/// An edit: what is done, and to which file at which place.
#[derive(Clone, Copy, Debug)]
pub struct Edit {
    how: u8,
    file: u16,
    seed: u64,
}

/// Any edit.
pub fn any_edit() -> impl Strategy<Value = Edit> {
    (0..20_u8, any::<u16>(), any::<u64>()).prop_map(|(how, file, seed)| Edit { how, file, seed })
}

const NAMES: [&str; 9] = [
    "top.image.toml",
    "web.image.toml",
    "base.image.toml",
    "a.features.toml",
    "b.features.toml",
    "c.features.toml",
    "ids.toml",
    "base.facts.json",
    "x.conf",
];

/// The files of a workspace.
pub fn files(shape: Shape, choices: &mut Choices) -> Vec<(String, String)> {
    if shape == Shape::Plain {
        return plain_files(choices);
    }
    let mut files: Vec<(String, String)> = Vec::new();
    for name in NAMES.into_iter().chain(beside::NAMES) {
        if choices.below(8) > 0 {
            files.push((name.to_owned(), text(shape, name, choices)));
        }
    }
    files
}

/// Changes the world, and says which files changed.
pub fn edit(shape: Shape, world: &mut World, edit: Edit) -> Vec<String> {
    let mut choices = Choices::new(edit.seed);
    let mut name = NAMES[usize::from(edit.file) % NAMES.len()];
    if shape == Shape::Plain {
        name = NAMES[3 + usize::from(edit.file) % 3];
        let old = world.text(name).unwrap_or_default().to_owned();
        let new = match edit.how {
            0..8 => {
                let feature = feature(shape, &mut choices);
                at_a_feature(&old, &mut choices, |before, after| format!("{before}{feature}\n{after}"))
            }
            8..12 => without_a_feature(&old, &mut choices),
            _ => other_value(&old, &mut choices),
        };
        world.write(name, Some(new));
        return vec![name.to_owned()];
    }
    // Mostly manifests are edited, and mostly those that others include.
    match choices.below(8) {
        0..5 => name = NAMES[3 + usize::from(edit.file) % 3],
        5 => name = beside::NAMES[usize::from(edit.file) % beside::NAMES.len()],
        _ => {}
    }
    let old = world.text(name).map(str::to_owned);
    let new = match (edit.how, old) {
        (0, _) => None,
        (1..=3, _) | (_, None) => Some(text(shape, name, &mut choices)),
        // A slip, at any place.
        (4 | 5, Some(old)) => Some(slip(&old, &mut choices)),
        // Lines come and go: comments, empty ones.
        (6 | 7, Some(old)) => {
            let line = ["\n", "# a comment\n", "\n\n# two\n"][choices.below(3)];
            Some(at_a_line(&old, &mut choices, |before, after| format!("{before}{line}{after}")))
        }
        // A feature comes.
        (8..=12, Some(old)) => {
            let feature = feature(shape, &mut choices);
            Some(at_a_feature(&old, &mut choices, |before, after| format!("{before}{feature}\n{after}")))
        }
        // A feature goes.
        (13 | 14, Some(old)) => Some(without_a_feature(&old, &mut choices)),
        // A value becomes another one.
        (_, Some(old)) => Some(other_value(&old, &mut choices)),
    };
    world.write(name, new);
    vec![name.to_owned()]
}

fn slip(text: &str, choices: &mut Choices) -> String {
    let mut at = choices.below(text.len() + 1);
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    let (before, after) = text.split_at(at);
    match choices.below(3) {
        0 => format!("{before}{}{after}", ["\"", "[", "=", "x", "\n", "[["][choices.below(6)]),
        1 => before.to_owned(),
        _ => format!("{before}{}", after.char_indices().nth(3).map_or("", |(at, _)| &after[at..])),
    }
}

fn at_a_line(text: &str, choices: &mut Choices, make: impl Fn(&str, &str) -> String) -> String {
    let starts: Vec<usize> = std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect();
    let (before, after) = text.split_at(starts[choices.below(starts.len())]);
    make(before, after)
}

fn at_a_feature(text: &str, choices: &mut Choices, make: impl Fn(&str, &str) -> String) -> String {
    let mut starts: Vec<usize> = text.match_indices("[[").map(|(at, _)| at).collect();
    starts.push(text.len());
    let (before, after) = text.split_at(starts[choices.below(starts.len())]);
    make(before, after)
}

fn without_a_feature(text: &str, choices: &mut Choices) -> String {
    at_a_feature(text, choices, |before, after| {
        let rest = after.get(2..).and_then(|rest| rest.find("[[").map(|at| &rest[at..])).unwrap_or("");
        format!("{before}{rest}")
    })
}

fn other_value(text: &str, choices: &mut Choices) -> String {
    let words = [
        ("0644", "0755"),
        ("0755", "0700"),
        ("/a", "/d"),
        ("/d", "/a"),
        ("one", "two"),
        ("f1", "f2"),
        ("f2", "f3"),
        ("f3", "f1"),
        ("web", "db"),
        ("db", "web"),
        ("/s/d0", "/s/d1"),
        ("/s/d1", "/s/d2"),
        ("/s/d2", "/s/d0"),
        ("file", "directory"),
        ("parents = true", "parents = false"),
        ("id = 600", "id = 601"),
        ("name = \"web\"", "name = \"we\""),
        ("0750", "0640"),
        ("/s/", "/t/"),
        ("/t/", "/s/"),
    ];
    let (from, to) = words[choices.below(words.len())];
    let places: Vec<usize> = text.match_indices(from).map(|(at, _)| at).collect();
    match places.len() {
        0 => text.to_owned(),
        count => {
            let (before, after) = text.split_at(places[choices.below(count)]);
            format!("{before}{to}{}", &after[from.len()..])
        }
    }
}

/// One image of three sets, now and then on a parent.
fn plain_files(choices: &mut Choices) -> Vec<(String, String)> {
    let parent = if choices.below(3) == 0 { "parent = \"base.facts.json\"\n" } else { "" };
    let listed = manifest::toml_text("", &strategy::account_files());
    let top = format!(
        "[image]\n{parent}include = [\"a.features.toml\", \"b.features.toml\", \"c.features.toml\"]\n\n\
         [[ensure_dir]]\npath = [\"/s/d0\", \"/s/d1\", \"/s/d2\"]\nparents = true\n\n{listed}\n"
    );
    let mut files = vec![
        ("top.image.toml".to_owned(), top),
        ("base.facts.json".to_owned(), facts(choices)),
        ("x.conf".to_owned(), "one\n".to_owned()),
    ];
    for name in &NAMES[3..6] {
        let features: Vec<String> = (0..6).map(|_| feature(Shape::Plain, choices)).collect();
        files.push(((*name).to_owned(), features.join("\n")));
    }
    files
}

/// What a file of a name may have in it.
fn text(shape: Shape, name: &str, choices: &mut Choices) -> String {
    let parts = ["a.features.toml", "b.features.toml", "c.features.toml"];
    let mut include: Vec<&str> = parts.into_iter().filter(|_| choices.below(3) > 0).collect();
    match name {
        "ids.toml" => format!("[users]\nweb = {}\n\n[groups]\ndb = 7\n", 600 + choices.below(2)),
        "base.facts.json" => facts(choices),
        _ if beside::NAMES.contains(&name) => beside::text(name, choices),
        "x.conf" => ["one\n", "two\n", "#!/bin/sh\n"][choices.below(3)].to_owned(),
        _ if name.ends_with(".image.toml") => {
            let stem = name.trim_end_matches(".image.toml");
            let parent = match (stem, choices.below(4)) {
                ("base", _) | (_, 0) => "",
                (_, 1) if choices.below(3) == 0 => "parent = \"rootfs\"\n",
                (_, 1) => "parent = \"base.facts.json\"\n",
                _ => "parent = \"base.image.toml\"\n",
            };
            let ids = if choices.below(4) == 0 { "ids = \"ids.toml\"\n" } else { "" };
            if stem == "base" {
                include.truncate(1);
            }
            let most = if shape == Shape::Sound { 3 } else { 4 };
            let head = format!("[image]\n{parent}{ids}include = {}\n\n", list(&include, choices));
            format!("{head}{}", features(shape, most, stem == "base", choices))
        }
        _ => {
            include.retain(|part| *part > name || choices.below(20) == 0);
            let most = if shape == Shape::Sound { 12 } else { 4 };
            format!("include = {}\n\n{}", list(&include, choices), features(shape, most, false, choices))
        }
    }
}

/// The value of `include`: sets, now and then snippets.
fn list(sets: &[&str], choices: &mut Choices) -> String {
    let mut parts: Vec<String> = sets.iter().map(|set| format!("{set:?}")).collect();
    for _ in 0..choices.below(8).saturating_sub(4) {
        parts.push(beside::INCLUDES[choices.below(beside::INCLUDES.len())].to_owned());
    }
    parts.sort();
    parts.dedup();
    format!("[{}]", parts.join(", "))
}

/// A facts file, mostly of a few paths.
pub fn facts(choices: &mut Choices) -> String {
    let digest = blake3::hash(b"one\n").to_hex();
    let hosts = format!(r#"{{ "path": "/s/d0/f1", "type": "file", "mode": "0644", "digest": "blake3:{digest}" }}"#);
    let link = r#"{ "path": "/l", "type": "symlink", "target": "/s/d1" }"#;
    let paths = [
        r#"{ "path": "/s", "type": "directory", "mode": "0755" }, { "path": "/s/d0", "type": "directory" }"#,
        &hosts,
        link,
        r#"{ "path": "/a", "type": "directory", "mode": "0755", "user": "root" }"#,
    ];
    let listed: Vec<&str> = paths.into_iter().filter(|_| choices.below(3) > 0).collect();
    let opaque = choices.below(4) == 0;
    format!(
        r#"{{ "format_version": "1.0", "opaque": {opaque}, "paths": [{}], "users": [{{ "name": "db", "uid": 600 }}], "groups": [], "packages": [] }}"#,
        listed.join(", ")
    )
}

fn features(shape: Shape, most: usize, accounts: bool, choices: &mut Choices) -> String {
    let mut text = String::new();
    if accounts && choices.below(3) > 0 {
        text.push_str(&manifest::toml_text("", &strategy::account_files()));
        text.push('\n');
    }
    if shape == Shape::Sound && choices.below(4) > 0 {
        text.push_str("[[ensure_dir]]\npath = [\"/s\", \"/s/d0\", \"/s/d1\", \"/s/d2\"]\n\n");
    }
    for _ in 0..choices.below(most + 1) {
        text.push_str(&feature(shape, choices));
        text.push('\n');
    }
    text
}

fn feature(shape: Shape, choices: &mut Choices) -> String {
    match shape {
        Shape::Sound if choices.below(8) > 0 => return sound(choices, false),
        Shape::Plain => {
            let is_plain = choices.below(100) > 0;
            return sound(choices, is_plain);
        }
        Shape::Sound | Shape::Tangled => {}
    }
    if choices.below(3) == 0 {
        return beside::FEATURES[choices.below(beside::FEATURES.len())].to_owned();
    }
    let config = Config { rng_seed: RngSeed::Fixed(choices.below(usize::MAX) as u64), ..Config::default() };
    let tree = strategy::feature(choices.below(2) == 0).new_tree(&mut TestRunner::new(config));
    tree.map_or_else(|_| String::new(), |tree| manifest::toml_feature(&tree.current()))
}

/// A feature of a kind that most images are made of.
fn sound(choices: &mut Choices, is_plain: bool) -> String {
    let mut directory = ["/s/d0", "/s/d1", "/s/d2", "/s", "/s/d1/e", "/t"][choices.below(6)];
    // Much that stands in what is missing hangs together.
    if is_plain && choices.below(4) > 0 {
        directory = ["/s/d0", "/s/d1", "/s/d2"][choices.below(3)];
    }
    let names = if is_plain { 24 } else { 6 };
    // Now and then below what others make: a file, a link, a directory.
    let below = ["", "", "", "", "", "", "/e", "/e/g"][choices.below(8)];
    let path = format!("{directory}/f{}{below}", choices.below(names));
    let other = format!("/s/d0/f{}", choices.below(names));
    let by_number = !is_plain && choices.below(8) == 0;
    let mut pick = |values: &[&'static str]| values[choices.below(values.len())];
    let mode = pick(&["", "", "", "mode = \"0755\"\n", "mode = \"0644\"\n", "mode = \"0666\"\n", "mode = 420\n"]);
    let owner = pick(&["", "", "", "user = \"web\"\n", "user = \"db\"\ngroup = \"db\"\n"]);
    let owner = if by_number { "user = 600\n" } else { owner };
    let parents = pick(&["", "", "", "parents = true\n", "parents = false\n"]);
    let aside = pick(&[
        "",
        "",
        "",
        "description = \"aside\"\n",
        "requires = [\"/s/d0/f1\"]\n",
        "requires = [\"virtual:ready\"]\n",
        "provides = [\"virtual:ready\"]\n",
    ]);
    let far = pick(&[
        "",
        "",
        "",
        "",
        "allow = [\"world-writable\"]\n",
        "phase = \"finalize\"\n",
        "replace = true\n",
        "requires = [{ path = \"/s/d1/f2\", executable = true }]\n",
    ]);
    let aside = if is_plain || far.is_empty() { aside } else { far };
    let kinds = [
        "file", "file", "file", "file", "dir", "link", "link", "user", "user", "user", "require", "hard", "run",
        "package", "assume",
    ];
    let kinds = if is_plain { &kinds[..11] } else { &kinds[..] };
    match pick(kinds) {
        "dir" if is_plain => format!("[[ensure_dir]]\npath = \"{path}\"\n{mode}{owner}{parents}{aside}"),
        "dir" => format!("[[ensure_dir]]\npath = \"{directory}\"\n{mode}{owner}{parents}{aside}"),
        "link" => {
            let targets =
                ["/s/d0", "../d1", "../../s/d2", "/s/d1", "/s/d1", &other, "f2", "../d1/f3", "/nowhere", "/s/d1"];
            let targets = if is_plain { &targets[..6] } else { &targets[5..] };
            let target = targets[choices.below(targets.len())];
            format!("[[symlink]]\nlink = \"{path}\"\ntarget = \"{target}\"\n{parents}{aside}")
        }
        "hard" => format!("[[hardlink]]\nlink = \"{path}\"\ntarget = \"/s/d0/f1\"\n{parents}"),
        "user" => {
            let name = pick(&["web", "db", "we", "Web"]);
            // Mostly each has its own: where two share one, or an owner is a number, accounts hang together.
            let own = if name == "web" { "uid = 600\n" } else { "" };
            let number = pick(&["", own, own, own, own, own, own, "uid = 601\n", "uid = 1000\n"]);
            let group = pick(&["", "", "group = \"db\"\n", "groups = [\"db\", \"web\"]\n"]);
            let home = pick(&["", "", "home = \"/s/d0\"\n", "home = \"/t\"\n"]);
            match pick(&["user", "user", "group"]) {
                "group" => format!("[[group]]\nname = \"{name}\"\n{}", number.replace("uid", "gid")),
                _ => format!("[[user]]\nname = \"{name}\"\n{number}{group}{home}"),
            }
        }
        "require" => format!("[[require]]\nfiles = [\"{path}\"]\n"),
        "run" => format!("[[run]]\ncommand = [\"{path}\"]\n{aside}"),
        "package" => format!("[[package]]\nnames = [\"nginx\"]\nmanager = \"apt\"\n{aside}"),
        "assume" => format!("[[assume]]\nfiles = [\"{path}\"]\nreason = \"because\"\n"),
        _ => {
            let text = pick(&["text = \"one\\n\"\n", "text = \"two\\n\"\n", "src = \"x.conf\"\n"]);
            format!("[[install]]\n{text}dst = \"{path}\"\n{mode}{owner}{parents}{aside}")
        }
    }
}
