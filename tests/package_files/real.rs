//! Packages of a distribution against the distribution's own tools. `.ci/run` puts some into `target/real-packages`; without
//! them, or without the tools, this says loudly that it looked at nothing.

#![allow(clippy::print_stderr, reason = "what is skipped is said loudly")]

use std::path::{Path, PathBuf};
use std::process::Command;

use super::{listed, package};

fn real(ending: &str, tool: &str) -> Vec<PathBuf> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("target/real-packages");
    let mut found: Vec<PathBuf> = std::fs::read_dir(&folder)
        .into_iter()
        .flatten()
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.to_string_lossy().ends_with(ending))
        .collect();
    found.sort();
    if found.is_empty() || Command::new(tool).arg("--version").output().is_err() {
        eprintln!("!!! SKIPPED: no {ending} files in {} or no `{tool}`; .ci/run gets them", folder.display());
        return Vec::new();
    }
    found
}

fn output(program: &str, arguments: &[&str], path: &PathBuf) -> String {
    let output = Command::new(program).args(arguments).arg(path).env("TZ", "UTC").output().unwrap();
    assert!(output.status.success(), "{program} {arguments:?} {}", path.display());
    String::from_utf8(output.stdout).unwrap()
}

/// Names only what differs: packages have many files.
fn same(ours: &mut [String], theirs: &mut [String], path: &Path) {
    ours.sort();
    theirs.sort();
    let only = |these: &[String], those: &[String]| -> Vec<String> {
        these.iter().filter(|line| those.binary_search(line).is_err()).cloned().collect()
    };
    let (own, their) = (only(ours, theirs), only(theirs, ours));
    assert!(own.is_empty() && their.is_empty(), "{}: only here {own:#?}, only there {their:#?}", path.display());
    assert_eq!(ours.len(), theirs.len(), "{}", path.display());
}

/// `drwxr-sr-x` as octal digits.
fn mode(letters: &str) -> u32 {
    let letters: Vec<char> = letters.chars().collect();
    let mut mode = 0;
    for (at, letter) in letters[1..10].iter().enumerate() {
        if !matches!(letter, '-' | 'S' | 'T') {
            mode |= 0o400 >> at;
        }
        if matches!(letter, 's' | 'S' | 't' | 'T') {
            mode |= [0o4000, 0o2000, 0o1000][at / 3];
        }
    }
    mode
}

fn type_of(letter: char) -> &'static str {
    match letter {
        'd' => "directory",
        'l' => "symlink",
        'c' => "char",
        'b' => "block",
        'p' => "fifo",
        // dpkg-deb says `h` of a hard link.
        _ => "file",
    }
}

#[test]
fn debs_hold_what_dpkg_deb_lists() {
    for path in real(".deb", "dpkg-deb") {
        // drwxr-xr-x root/root         0 2022-12-26 20:30 ./usr/bin/
        let mut theirs: Vec<String> = output("dpkg-deb", &["-c"], &path)
            .lines()
            .filter_map(|line| {
                let fields: Vec<&str> = line.splitn(6, ' ').filter(|field| !field.is_empty()).collect();
                let letters = fields[0];
                let owner = fields[1].replace('/', ":");
                let at = line.find(" ./")? + 3;
                let (name, target) = match line[at..].split_once(" -> ").or(line[at..].split_once(" link to ./")) {
                    Some((name, target)) => (name, format!(" -> {target}")),
                    None => (&line[at..], String::new()),
                };
                let name = name.trim_end_matches('/');
                let first = letters.chars().next()?;
                (!name.is_empty()).then(|| format!("{} {:04o} {owner} /{name}{target}", type_of(first), mode(letters)))
            })
            .collect();
        let mut ours = listed(&package(&path));
        same(&mut ours, &mut theirs, &path);
        let fields = output("dpkg-deb", &["-W", "--showformat=${Package} ${Version} ${Architecture}"], &path);
        let package = package(&path);
        assert_eq!(fields, format!("{} {} {}", package.name, package.version, package.architecture));
    }
}

#[test]
fn rpms_hold_what_rpm_lists() {
    let shipped = ["left", "right-gzip", "right-zstd"];
    let shipped = shipped.iter().map(|name| PathBuf::from(format!("tests/package_files/{name}.rpm")));
    let has_tool = Command::new("rpm").arg("--version").output().is_ok();
    if !has_tool {
        eprintln!("!!! SKIPPED: no `rpm`; .ci/run installs it");
        return;
    }
    for path in shipped.chain(real(".rpm", "rpm")) {
        let format =
            "[%{FILEMODES:perms} %{FILEUSERNAME}:%{FILEGROUPNAME} %{FILEFLAGS:fflags} %{FILENAMES} %{FILELINKTOS}\n]";
        let mut theirs: Vec<String> = output("rpm", &["-qp", "--nosignature", "--qf", format], &path)
            .lines()
            .filter_map(|line| {
                let fields: Vec<&str> = line.splitn(5, ' ').collect();
                let [letters, owner, flags, name, target] = fields[..] else { return None };
                let target = if target.is_empty() { String::new() } else { format!(" -> {target}") };
                let first = letters.chars().next()?;
                (!flags.contains('g'))
                    .then(|| format!("{} {:04o} {owner} {name}{target}", type_of(first), mode(letters)))
            })
            .collect();
        // rpm does not say which names are of one file.
        let mut ours: Vec<String> = listed(&package(&path))
            .into_iter()
            .map(|line| if line.starts_with("file") { line.split(" -> ").next().unwrap().to_owned() } else { line })
            .collect();
        same(&mut ours, &mut theirs, &path);
    }
}
