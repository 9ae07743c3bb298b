//! systemd's own programs as oracles: what they make of real snippets is what a plan of the same snippets says.
//!
//! The snippets below `debian/` are the lines, without comments, of files of Debian 12 packages; the first line of each names
//! its package and version.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::Path;
use std::process::Command;

use serde_json::Value;

use super::{found_in, plan_in};

/// Accounts that the snippets name and none of them declares: maintainer scripts make them. The same are `missing` in
/// `examples/snippets`, which somebody else derived from the same packages.
const UNDECLARED: [&str; 19] = [
    "group:bind",
    "group:colord",
    "group:haproxy",
    "group:kvm",
    "group:memcache",
    "group:nsd",
    "group:nut",
    "group:opendkim",
    "group:postgres",
    "user:_rpc",
    "user:colord",
    "user:haproxy",
    "user:memcache",
    "user:munin",
    "user:nsd",
    "user:opendkim",
    "user:postgres",
    "user:speech-dispatcher",
    "path:/var/log/speech-dispatcher",
];

/// The image of all of them. What links lead to, and shells, comes with other packages.
const IMAGE: &str = r#"
[image]
name = "debian"
include = ["root/usr/lib/tmpfiles.d", "root/usr/lib/sysusers.d"]

[[install]]
parents = true
dst = "/etc/passwd"
text = "root:x:0:0:root:/root:/bin/bash\n"

[[install]]
parents = true
dst = "/etc/group"
text = "root:x:0:\n"

[[assume]]
reason = "shells"
executables = ["/bin/sync", "/usr/sbin/nologin"]

[[assume]]
reason = "links lead to them"
files = ["/etc/machine-id", "/usr/share/doc/systemd/README.logs"]
"#;

/// A root with the real snippets and account files, and the image of the snippets beside it.
fn lay_out() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("root");
    for sort in ["tmpfiles.d", "sysusers.d"] {
        let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/snippets/debian/usr/lib").join(sort);
        let to = root.join("usr/lib").join(sort);
        std::fs::create_dir_all(&to).unwrap();
        for entry in std::fs::read_dir(from).unwrap().map(Result::unwrap) {
            std::fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
        }
    }
    std::fs::create_dir_all(root.join("etc")).unwrap();
    std::fs::write(root.join("etc/passwd"), "root:x:0:0:root:/root:/bin/bash\n").unwrap();
    std::fs::write(root.join("etc/group"), "root:x:0:\n").unwrap();
    std::fs::write(folder.path().join("debian.image.toml"), IMAGE).unwrap();
    folder
}

/// Declares in snippets what maintainer scripts would make.
fn declare_the_rest(root: &Path) {
    let (mut users, mut paths) = (String::new(), String::new());
    for entity in UNDECLARED {
        match entity.split_once(':').unwrap() {
            ("user", name) => users.push_str(&format!("u {name}\n")),
            ("group", name) => users.push_str(&format!("g {name}\n")),
            (_, path) => paths.push_str(&format!("d {path}\n")),
        }
    }
    std::fs::write(root.join("usr/lib/sysusers.d/undeclared.conf"), users).unwrap();
    std::fs::write(root.join("usr/lib/tmpfiles.d/undeclared.conf"), paths).unwrap();
}

#[test]
fn owners_that_no_real_snippet_declares_are_missing_and_nothing_else_is() {
    let folder = lay_out();
    let mut missing: Vec<String> = Vec::new();
    let mut others: Vec<String> = Vec::new();
    for found in found_in(folder.path(), "debian.image.toml") {
        let (place, rest) = found.split_once(' ').unwrap();
        match rest.strip_prefix("missing ") {
            Some(entity) => missing.push(entity.to_owned()),
            None => others.push(format!("{} {rest}", place.rsplit('/').next().unwrap())),
        }
    }
    missing.sort();
    let mut undeclared = UNDECLARED.map(str::to_owned);
    undeclared.sort();
    assert_eq!(missing, undeclared);
    assert_eq!(others, ["screen-cleanup.conf:2:15 world-writable path:/run/screen"]);
}

/// What something in a root is: all that a step and the disk can be compared by.
type Made = BTreeMap<String, String>;

/// A number that a line gives; those in between are allocated, by each in its own order.
fn given(id: u64) -> String {
    if (100..1000).contains(&id) { "allocated".to_owned() } else { id.to_string() }
}

/// Users, groups and files, each as one line of text, as a plan says them.
fn planned(plan: &Value) -> (Made, Made, Made) {
    // A primary group that is given by its number has a name all the same.
    let steps = || plan["steps"].as_array().unwrap().iter().map(|step| &step["op"]);
    let named: BTreeMap<u64, &str> = steps()
        .filter(|op| op["type"] == "add_group")
        .map(|op| (op["gid"].as_u64().unwrap(), op["name"].as_str().unwrap()))
        .collect();
    let (mut users, mut groups, mut files) = (Made::new(), Made::new(), Made::new());
    let mut members: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    for op in steps() {
        let owned = |rest: String| format!("{} {}:{} {rest}", text(&op["mode"]), text(&op["user"]), text(&op["group"]));
        match op["type"].as_str().unwrap() {
            "add_user" => {
                let (uid, group) = (given(op["uid"].as_u64().unwrap()), named[&op["gid"].as_u64().unwrap()]);
                let account = [&op["home"], &op["shell"], &op["comment"]].map(text).join(" ");
                users.insert(text(&op["name"]), format!("{uid} {group} {account}"));
            }
            "add_group" => drop(groups.insert(text(&op["name"]), given(op["gid"].as_u64().unwrap()) + " ")),
            "add_to_groups" => {
                for group in op["groups"].as_array().unwrap() {
                    members.entry(text(group)).or_default().insert(text(&op["name"]));
                }
            }
            "make_dir" => drop(files.insert(text(&op["path"]), format!("directory {}", owned(String::new())))),
            "write_file" => drop(files.insert(text(&op["dst"]), format!("file {}", owned(text(&op["text"]))))),
            "make_symlink" => drop(files.insert(text(&op["link"]), format!("link {}", text(&op["target"])))),
            "make_node" => {
                let node = match op["node"].as_str().unwrap() {
                    "fifo" => "fifo".to_owned(),
                    node => format!("{node} {}:{}", op["major"], op["minor"]),
                };
                files.insert(text(&op["path"]), owned(node));
            }
            other => panic!("no snippet makes a {other}"),
        }
    }
    for (group, members) in members {
        groups.entry(group).or_default().push_str(&members.into_iter().collect::<Vec<_>>().join(","));
    }
    (users, groups, files)
}

/// What the programs keep for themselves, or what was there before: the snippets, the account files, their shadows, a lock.
const OWN: [&str; 6] = ["/usr", "/etc/passwd", "/etc/group", "/etc/shadow", "/etc/gshadow", "/etc/.pwd.lock"];

/// The same of a root.
fn made(root: &Path) -> (Made, Made, Made) {
    let read = |file: &str| std::fs::read_to_string(root.join(file)).unwrap();
    let (passwd, group) = (read("etc/passwd"), read("etc/group"));
    let fields = |text: &str| -> Vec<Vec<String>> {
        text.lines().map(|line| line.split(':').map(str::to_owned).collect()).collect()
    };
    let (passwd, group) = (fields(&passwd), fields(&group));
    let name = |list: &[Vec<String>], id: u32| {
        let found = list.iter().find(|fields| fields[2] == id.to_string());
        found.map_or_else(|| id.to_string(), |fields| fields[0].clone())
    };
    let users = passwd.iter().filter(|fields| fields[0] != "root").map(|fields| {
        let primary = name(&group, fields[3].parse().unwrap());
        let uid = given(fields[2].parse().unwrap());
        (fields[0].clone(), format!("{uid} {primary} {} {} {}", fields[5], fields[6], fields[4]))
    });
    let groups = group
        .iter()
        .filter(|fields| fields[0] != "root")
        .map(|fields| (fields[0].clone(), format!("{} {}", given(fields[2].parse().unwrap()), fields[3])));
    let mut files = Made::new();
    let mut open = vec![root.to_owned()];
    while let Some(folder) = open.pop() {
        for entry in std::fs::read_dir(folder).unwrap().map(Result::unwrap) {
            let path = entry.path();
            let place = format!("/{}", path.strip_prefix(root).unwrap().to_str().unwrap());
            if OWN.iter().any(|own| place.starts_with(own)) {
                continue;
            }
            let found = path.symlink_metadata().unwrap();
            let file_type = found.file_type();
            let (user, group) = (name(&passwd, found.uid()), name(&group, found.gid()));
            let owned = |rest: String| format!("{:04o} {user}:{group} {rest}", found.mode() & 0o7777);
            let device = || format!("{}:{}", found.rdev() >> 8 & 0xfff, found.rdev() & 0xff);
            let said = if file_type.is_symlink() {
                format!("link {}", std::fs::read_link(&path).unwrap().display())
            } else if file_type.is_dir() {
                open.push(path);
                format!("directory {}", owned(String::new()))
            } else if file_type.is_fifo() {
                owned("fifo".to_owned())
            } else if file_type.is_char_device() {
                owned(format!("char {}", device()))
            } else if file_type.is_block_device() {
                owned(format!("block {}", device()))
            } else {
                format!("file {}", owned(std::fs::read_to_string(&path).unwrap()))
            };
            files.insert(place, said);
        }
    }
    (users.collect(), groups.collect(), files)
}

/// Whether a program of systemd can be asked here; says loudly when it cannot.
fn can_ask(program: &str) -> bool {
    let there = Command::new(program).arg("--version").output().is_ok_and(|output| output.status.success());
    let is_root = std::fs::metadata("/proc/self").is_ok_and(|own| own.uid() == 0);
    if !there || !is_root {
        let why = if there { "only root can give files to others" } else { "it is not installed" };
        // Past what the test runner keeps back of a test that passes.
        let _ =
            writeln!(std::io::stderr(), "!!! SKIPPED: what {program} makes of real snippets is not compared: {why}");
    }
    there && is_root
}

fn run(program: &str, arguments: &[&str], root: &Path) {
    let output = Command::new(program)
        .arg(format!("--root={}", root.display()))
        .args(arguments)
        .env("LC_ALL", "C.UTF-8")
        .output()
        .unwrap();
    assert!(output.status.success(), "{program}: {}", String::from_utf8_lossy(&output.stderr));
}

/// What differs between two lists, each difference as one line.
fn differences(planned: &Made, made: &Made) -> Vec<String> {
    let places: BTreeSet<&String> = planned.keys().chain(made.keys()).collect();
    places
        .into_iter()
        .filter(|place| planned.get(*place) != made.get(*place))
        .map(|place| format!("{place}: planned {:?}, made {:?}", planned.get(place), made.get(place)))
        .collect()
}

#[test]
fn systemd_makes_of_real_snippets_what_the_plan_says() {
    if !can_ask("systemd-sysusers") || !can_ask("systemd-tmpfiles") {
        return;
    }
    let folder = lay_out();
    let root = folder.path().join("root");
    declare_the_rest(&root);
    let (users, groups, mut files) = planned(&plan_in(folder.path(), "debian.image.toml"));
    files.retain(|place, _| !matches!(place.as_str(), "/etc/passwd" | "/etc/group"));
    run("systemd-sysusers", &[], &root);
    run("systemd-tmpfiles", &["--create", "--boot"], &root);
    let (made_users, made_groups, made_files) = made(&root);
    assert!(
        users.len() > 30 && groups.len() > 50 && files.len() > 80,
        "{} {} {}",
        users.len(),
        groups.len(),
        files.len()
    );
    assert_eq!(differences(&users, &made_users), Vec::<String>::new());
    assert_eq!(differences(&groups, &made_groups), Vec::<String>::new());
    assert_eq!(differences(&files, &made_files), Vec::<String>::new());
}

#[test]
fn manifests_that_somebody_else_wrote_from_the_same_packages_agree() {
    let folder = lay_out();
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/snippets");
    let mut includes = Vec::new();
    for sort in ["tmpfiles", "sysusers"] {
        for entry in
            std::fs::read_dir(folder.path().join(format!("root/usr/lib/{sort}.d"))).unwrap().map(Result::unwrap)
        {
            let text = std::fs::read_to_string(entry.path()).unwrap();
            let package = text.split_once("package ").unwrap().1.split(' ').next().unwrap();
            let name = entry.file_name().into_string().unwrap();
            let manifest = format!("{sort}-d-{package}-{}.{sort}.features.toml", name.trim_end_matches(".conf"));
            if examples.join(&manifest).exists() {
                std::fs::copy(examples.join(&manifest), folder.path().join(&manifest)).unwrap();
                includes.push(format!("{manifest:?}"));
            }
        }
    }
    assert!(includes.len() > 50, "{}", includes.len());
    let image = IMAGE.replace("include = [", &format!("include = [{}, ", includes.join(", ")));
    std::fs::write(folder.path().join("debian.image.toml"), image).unwrap();
    let mut workspace = featgraph::compile::Workspace::new();
    workspace.open("debian.image.toml");
    featgraph::load::load(&mut workspace, folder.path(), &featgraph::load::Overlay::default());
    let report = workspace.check(&featgraph::compile::Levels::default());
    let differences: Vec<String> = report
        .diagnostics
        .into_iter()
        .filter(|found| found.code == featgraph::catalog::Code::Conflict)
        .map(|found| found.message)
        // Theirs are all `/`.
        .filter(|message| !(message.contains("with different homes: ") && message.contains("`/`")))
        .collect();
    // Theirs lacks the quotes, which belong to the text.
    assert_eq!(differences, ["`/run/nologin` is provided twice, with different contents"]);
}

/// Lines without their path, `@` in its place: each sort, and what may differ.
const SORTS: [&str; 18] = [
    "d @",
    "d @ 0700",
    "d @ - - - 10d",
    "d @ - - - 20d",
    "D @ 00700",
    "f @",
    "f @ - - - - text",
    "F @ 0600",
    "L @ - - - - /to@",
    "e @",
    "e @ 0700 0",
    "e @ 0700 root - 5d",
    "r @",
    "R @ - - - -",
    "x @ - - - 10d",
    "w @ - - - - text",
    "C @ - - - - /source",
    "z @ 0700",
];

#[test]
fn lines_that_are_passed_over_are_those_that_systemd_passes_over() {
    if !can_ask("systemd-tmpfiles") {
        return;
    }
    // Every sort before every other one, each pair with a path of its own. The same line twice is another matter.
    let all = SORTS.iter().flat_map(|first| SORTS.iter().map(move |second| [*first, *second]));
    let pairs = all.filter(|[first, second]| first != second);
    let lines: Vec<String> = pairs
        .enumerate()
        .flat_map(|(number, pair)| pair.map(|line| line.replace('@', &format!("/p{number}"))))
        .collect();
    let folder = tempfile::tempdir().unwrap();
    let snippets = folder.path().join("usr/lib/tmpfiles.d");
    std::fs::create_dir_all(&snippets).unwrap();
    std::fs::write(snippets.join("pairs.conf"), lines.join("\n") + "\n").unwrap();
    // A line that copies from nowhere is not looked at.
    std::fs::write(folder.path().join("source"), "").unwrap();
    // What comes of the lines is of no interest, and some fail.
    let output = Command::new("systemd-tmpfiles")
        .arg(format!("--root={}", folder.path().display()))
        .arg("--create")
        .env("LC_ALL", "C.UTF-8")
        .output()
        .unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    let number =
        |line: &str| -> usize { line.split_once(".conf:").unwrap().1.split(':').next().unwrap().parse().unwrap() };
    let passed_over: Vec<usize> = said.lines().filter(|line| line.contains("Duplicate line")).map(number).collect();
    let mut found: Vec<usize> = found_in(folder.path(), "usr/lib/tmpfiles.d")
        .iter()
        .filter(|found| found.contains(" duplicate") || found.contains(" conflict"))
        // Both lines of a pair stand behind each other; which of them a conflict stands at is another matter.
        .map(|found| number(found).next_multiple_of(2))
        .collect();
    found.sort_unstable();
    assert!(passed_over.len() > 50, "{said}");
    let shown = |numbers: &[usize]| -> Vec<String> {
        numbers.iter().map(|&number| format!("{} | {}", lines[number - 2], lines[number - 1])).collect()
    };
    assert_eq!(shown(&found), shown(&passed_over));
}
