//! A real Debian root, made by the set-up (`.ci/debian-root`), against programs that know nothing of featgraph.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::Command;

use featgraph::facts::Facts;
use featgraph::tree::{FileType, Owner, digest_text};

use super::ground::run;

/// Where the root is: `root` as a directory, `root.tar`, `oci` as a layout. None of these tests makes one.
fn ground() -> Option<PathBuf> {
    let named = std::env::var_os("FEATGRAPH_DEBIAN_ROOT").map(PathBuf::from);
    let place = named.unwrap_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("target/debian-root"));
    if place.join("root/etc/debian_version").exists() {
        return Some(place);
    }
    eprintln!("SKIPPED: there is no Debian root at {} (.ci/debian-root makes one)", place.display());
    None
}

fn facts(args: &[&str]) -> Option<(PathBuf, Facts)> {
    let ground = ground()?;
    let run = run(&ground, &[&["facts"], args].concat());
    assert_eq!((run.status, run.err.as_str()), (0, ""));
    Some((ground, Facts::parse(&run.out).unwrap()))
}

#[test]
fn facts_equal_what_find_sees_entry_by_entry() {
    let Some((ground, facts)) = facts(&["root"]) else { return };
    // Type, mode, owner's and group's number, size, hard links, inode, path, link text; NUL after each.
    let format = "%y %m %U %G %s %n %i\\0%P\\0%l\\0";
    let found = Command::new("find").arg(ground.join("root")).args(["-printf", format]).output().unwrap();
    let text = String::from_utf8(found.stdout).unwrap();
    let fields: Vec<&str> = text.split_terminator('\0').collect();
    let number = |owner: &Option<Owner>, users: bool| match owner {
        Some(Owner::Number(number)) => Some(*number),
        Some(Owner::Name(name)) if users => facts.users.iter().find(|user| *user.name == **name)?.uid,
        Some(Owner::Name(name)) => facts.groups.iter().find(|group| *group.name == **name)?.gid,
        None => None,
    };
    let mut first_names: BTreeMap<&str, &str> = BTreeMap::new();
    let mut entries: Vec<&[&str]> = fields.chunks(3).collect();
    entries.sort_by_key(|fields| featgraph_order(fields[1]));
    assert_eq!(entries.len(), facts.tree.entries().len());
    for fields in entries {
        let [attributes, path, target] = fields else { panic!("{fields:?}") };
        let [kind, mode, uid, gid, size, links, inode] = attributes.split(' ').collect::<Vec<_>>()[..] else {
            panic!()
        };
        let entry = facts.tree.get(path).unwrap_or_else(|| panic!("{path} is not among the facts"));
        let letter = match entry.file_type {
            FileType::File => "f",
            FileType::Directory => "d",
            FileType::Symlink => "l",
            FileType::Char => "c",
            FileType::Block => "b",
            FileType::Fifo => "p",
            FileType::Socket => "s",
            FileType::Mount => "?",
        };
        assert_eq!(letter, kind, "{path}");
        if kind != "l" {
            assert_eq!(entry.mode.map(|mode| format!("{mode:o}")).as_deref(), Some(mode), "{path}");
        }
        assert_eq!(number(&entry.user, true).unwrap().to_string(), uid, "{path}");
        assert_eq!(number(&entry.group, false).unwrap().to_string(), gid, "{path}");
        assert_eq!(entry.link_text().unwrap_or(""), *target, "{path}");
        if kind == "f" {
            assert_eq!(entry.size.unwrap().to_string(), size, "{path}");
            let first = *first_names.entry(inode).or_insert(path);
            assert_eq!(entry.first_name(), (links != "1" && first != *path).then_some(first), "{path}");
        }
    }
}

/// Component by component, as facts are sorted.
fn featgraph_order(path: &str) -> Vec<&str> {
    path.split('/').collect()
}

#[test]
fn owners_are_those_that_dpkg_names() {
    let Some((ground, facts)) = facts(&["root"]) else { return };
    let all: Vec<&str> =
        facts.tree.entries().iter().map(|entry| &*entry.path).filter(|path| !path.is_empty()).collect();
    // Files of all sorts and places, and directories, which are more often shared.
    let step = (all.len() / 1500).max(1);
    let asked: Vec<&str> = all.iter().copied().step_by(step).collect();
    assert!(asked.len() >= 1000, "{}", asked.len());
    let said = |paths: &[String]| {
        let output = Command::new("dpkg")
            .arg(format!("--admindir={}", ground.join("root/var/lib/dpkg").display()))
            .arg("-S")
            .args(paths)
            .env("LC_ALL", "C")
            .output();
        output.map(|output| String::from_utf8(output.stdout).unwrap())
    };
    // dpkg knows no links: it is asked for every spelling that a list may have.
    let spellings = |path: &str| {
        let mut all = vec![format!("/{path}")];
        for (usual, merged) in
            [("usr/bin/", "/bin/"), ("usr/sbin/", "/sbin/"), ("usr/lib/", "/lib/"), ("usr/lib64/", "/lib64/")]
        {
            all.extend(path.strip_prefix(usual).map(|rest| format!("{merged}{rest}")));
        }
        all
    };
    let mut owners: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let questions: Vec<String> = asked.iter().flat_map(|path| spellings(path)).collect();
    for paths in questions.chunks(500) {
        let Ok(text) = said(paths) else {
            eprintln!("SKIPPED owners_are_those_that_dpkg_names: there is no dpkg");
            return;
        };
        for line in text.lines().filter(|line| !line.starts_with("diversion by")) {
            let (packages, path) = line.rsplit_once(": ").unwrap();
            let names = packages.split(", ").map(|name| name.split(':').next().unwrap().to_owned());
            owners.entry(path.to_owned()).or_default().extend(names);
        }
    }
    let mut owned = 0;
    for path in asked {
        let mut expected: Vec<&String> = spellings(path).iter().filter_map(|path| owners.get(path)).flatten().collect();
        expected.sort();
        expected.dedup();
        let expected = if let [one] = expected[..] { Some(one.as_str()) } else { None };
        assert_eq!(facts.tree.get(path).unwrap().package.as_deref(), expected, "/{path}");
        owned += usize::from(expected.is_some());
    }
    assert!(owned > 800, "{owned}");
}

#[test]
fn the_same_root_gives_the_same_facts_from_a_directory_an_archive_and_an_image() {
    let Some((ground, directory)) = facts(&["root", "--name", "debian", "--digests"]) else { return };
    let said = directory.to_text();
    for source in ["root.tar", "oci", "oci.tar", "docker.tar"] {
        if !ground.join(source).exists() {
            eprintln!("SKIPPED: there is no {source} beside the Debian root");
            continue;
        }
        let found = run(&ground, &["facts", source, "--name", "debian", "--digests"]);
        assert_eq!((found.status, found.err.as_str()), (0, ""), "{source}");
        let differs = found.out.lines().zip(said.lines()).find(|(own, other)| own != other);
        assert_eq!(differs, None, "{source}");
        assert!(found.out == said, "{source}");
    }
}

#[test]
fn digests_are_those_of_the_files() {
    let Some((ground, facts)) = facts(&["root", "--digests"]) else { return };
    let files = facts.tree.entries().iter().filter(|entry| entry.file_type == FileType::File);
    for entry in files.step_by(50) {
        let bytes = std::fs::read(ground.join("root").join(&*entry.path)).unwrap();
        assert_eq!(entry.digest.as_ref().map(digest_text), Some(digest_text(blake3::hash(&bytes).as_bytes())));
    }
}
