//! What lies beside manifests in a random workspace: snippets, folders, archives, package files, a root file system; and
//! the answers made of them.

use std::sync::Arc;

use featgraph::facts::Facts;
use featgraph::inputs::{ArchiveState, DigestState, PackageState, RootState, SourceState};
use featgraph::tree::package::{PackageFile, PackageFormat};
use featgraph::tree::{Entry, FileType, Tree};

use crate::oracle::execute::Choices;

/// Files that are no manifests.
pub const NAMES: [&str; 9] = [
    "etc/tmpfiles.d/x.conf",
    "usr/lib/tmpfiles.d/x.conf",
    "usr/lib/tmpfiles.d/y.conf",
    "usr/lib/sysusers.d/w.conf",
    "typed.conf",
    "tree/f1",
    "tree/e/f2",
    "p.deb",
    "rootfs",
];

/// What an image or a set may include beside sets, each with the bracket or quote that it needs.
pub const INCLUDES: [&str; 6] = [
    r#""etc/tmpfiles.d""#,
    r#""usr/lib/tmpfiles.d""#,
    r#""usr/lib/tmpfiles.d/x.conf""#,
    r#""usr/lib/sysusers.d/w.conf""#,
    r#"{ path = "typed.conf", type = "tmpfiles" }"#,
    r#"{ path = "typed.conf", type = "sysusers" }"#,
];

/// Features whose source is one of these files, and of kinds that reach far.
pub const FEATURES: [&str; 18] = [
    "[[install]]\nsrc = \"tree\"\ndst = \"/s/d0\"\n",
    "[[install]]\nsrc = \"tree\"\ndst = \"/t/\"\nexclude = [\"e\"]\n",
    "[[install]]\nsrc = \"tree/f1\"\ndst = \"/s/d1/\"\nparents = true\n",
    "[[extract]]\nsrc = \"a.tar\"\ndst = \"/s/d1\"\n",
    "[[clone]]\nfrom = \"base.image.toml\"\nsrc = \"/s/d0\"\ndst = \"/t/c\"\nparents = true\n",
    "[[clone]]\nfrom = \"rootfs\"\nsrc = \"/s\"\ndst = \"/t/r\"\nparents = true\n",
    "[[package]]\nfiles = [\"p.deb\"]\nmanager = \"apt\"\n",
    "[[package]]\nnames = [\"nginx\"]\nmanager = \"apt\"\nfacts = \"base.facts.json\"\n",
    "[[run]]\ncommand = [\"/s/d0/f1\"]\nfacts = \"base.facts.json\"\n",
    "[[usermod]]\nname = \"web\"\nadd_groups = [\"db\"]\n",
    "[[oci]]\nuser = \"web\"\nworking_dir = \"/s/d0\"\n",
    "[[mount]]\nmountpoint = \"/s/d2\"\nsource = \"/srv\"\n",
    "[[device]]\npath = \"/s/d0/f3\"\nnode = \"char\"\nmajor = 1\nminor = 3\nmode = \"0666\"\n",
    "[[stamp]]\npath = \"/s/d0/f4\"\nvalues = { a = \"b\" }\n",
    "[[remove]]\npath = \"/s/d0/f1\"\nmust_exist = false\n",
    "[[remove]]\npath = \"/s/d1\"\nrecursive = true\nphase = \"finalize\"\n",
    "[[user]]\nname = \"web\"\nhome = \"/s/d0\"\n",
    "[[install]]\ntext = \"web:x:600:600::/s:/bin/sh\\n\"\ndst = \"/etc/passwd\"\nparents = true\n",
];

/// What a file of a name may have in it.
pub fn text(name: &str, choices: &mut Choices) -> String {
    const TMPFILES: [&str; 11] = [
        "d /s/d0 0755 root root -\n",
        "d /s/d0\n",
        "d /s/d1 0700 web db\n",
        "f /s/d0/f1 0644 - - - one\n",
        "f /s/d0/f1 - - - - one\n",
        "f+ /s/d2/f2 0666 - - - two\n",
        "L /s/l - - - - /s/d0\n",
        "d /s\n",
        "r /s/d1/f2\n",
        "# a comment\n",
        "d\n",
    ];
    const SYSUSERS: [&str; 6] =
        ["u web 600 - /s/d0\n", "u web\n", "g db 7\n", "m web db\n", "u db - - /t\n", "# none\n"];
    let lines = |lines: &[&str], choices: &mut Choices| -> String {
        (0..choices.below(4)).map(|_| lines[choices.below(lines.len())]).collect()
    };
    match name {
        "typed.conf" if choices.below(2) == 0 => lines(&SYSUSERS, choices),
        "usr/lib/sysusers.d/w.conf" => lines(&SYSUSERS, choices),
        "p.deb" => ["/s/d0/f1\n/s/d0/f9\n", "/t/f1\n/etc/passwd\n", ""][choices.below(3)].to_owned(),
        "rootfs" => super::random::facts(choices),
        _ if name.ends_with(".conf") => lines(&TMPFILES, choices),
        _ => ["one\n", "two\n", "#!/bin/sh\n"][choices.below(3)].to_owned(),
    }
}

/// The tree of what stands below a path.
fn tree<'f>(files: impl Iterator<Item = (&'f str, &'f str)>) -> Option<Arc<Tree>> {
    let mut entries: Vec<Entry> = Vec::new();
    for (path, text) in files {
        for (at, _) in path.match_indices('/') {
            if !entries.iter().any(|entry| *entry.path == path[..at]) {
                entries.push(Entry { mode: Some(0o755), ..Entry::new(&path[..at], FileType::Directory) });
            }
        }
        let mode = if text.starts_with("#!") { 0o755 } else { 0o644 };
        entries.push(Entry {
            mode: Some(mode),
            size: Some(text.len() as u64),
            digest: Some(*blake3::hash(text.as_bytes()).as_bytes()),
            ..Entry::new(path, FileType::File)
        });
    }
    if entries.is_empty() {
        return None;
    }
    entries.push(Entry { mode: Some(0o755), ..Entry::new("", FileType::Directory) });
    Some(Arc::new(Tree::new(entries, Vec::new())))
}

fn missing() -> String {
    "there is no such file".to_owned()
}

/// What a source is.
pub fn source<'f>(text: Option<&str>, below: impl Iterator<Item = (&'f str, &'f str)>) -> SourceState {
    match (text, tree(below)) {
        (Some(text), _) => SourceState::File { size: text.len() as u64, executable: text.starts_with("#!") },
        (None, Some(tree)) => SourceState::Directory(tree),
        (None, None) => SourceState::Missing(missing()),
    }
}

/// What a source holds.
pub fn digest<'f>(text: Option<&str>, below: impl Iterator<Item = (&'f str, &'f str)>) -> DigestState {
    match (text, tree(below)) {
        (Some(text), _) => {
            DigestState::File { size: text.len() as u64, digest: *blake3::hash(text.as_bytes()).as_bytes() }
        }
        (None, Some(tree)) => DigestState::Tree(tree),
        (None, None) => DigestState::Missing(missing()),
    }
}

/// An archive that is always there.
pub fn archive(path: &str) -> ArchiveState {
    match tree([("f5", "five"), ("e/f2", "two")].into_iter()).filter(|_| path == "a.tar") {
        Some(tree) => ArchiveState::Tree(tree),
        None => ArchiveState::Missing(missing()),
    }
}

/// A package whose file lists its paths.
pub fn package(text: Option<&str>) -> PackageState {
    let Some(text) = text else { return PackageState::Missing(missing()) };
    match tree(text.lines().map(|line| (line.trim_start_matches('/'), "of the package"))) {
        Some(tree) => PackageState::Package(Arc::new(PackageFile {
            format: PackageFormat::Deb,
            name: "nginx".into(),
            version: "1".into(),
            architecture: "all".into(),
            tree,
            scripts: if text.contains("passwd") { vec!["postinst"] } else { Vec::new() },
            conffiles: Vec::new(),
            depends: Vec::new(),
            conflicts: Vec::new(),
            replaces: Vec::new(),
            provides: Vec::new(),
        })),
        None => PackageState::Broken("it holds nothing".to_owned()),
    }
}

/// A root whose file has its facts.
pub fn root(text: Option<&str>) -> RootState {
    match text.map(Facts::parse) {
        Some(Ok(facts)) => RootState::Facts { facts: Arc::new(facts), lost: Arc::default() },
        _ => RootState::Missing(missing()),
    }
}
