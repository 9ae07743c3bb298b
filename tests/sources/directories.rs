use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::os::unix::net::UnixListener;
use std::path::Path;

use featgraph::inputs::{Answer, Ask, ContentsState, DigestState, SourceState, TextState};
use featgraph::scan::{Limits, answer, read_directory};
use featgraph::tree::{FileType, ProblemKind, Tree};

fn listing(tree: &Tree) -> Vec<String> {
    let line = |entry: &featgraph::tree::Entry| {
        let arrow = entry.link_text().map(|text| format!(" -> {text}")).unwrap_or_default();
        format!("{} {}{arrow}", entry.file_type.name(), entry.path)
    };
    tree.entries().iter().map(line).collect()
}

fn source(base: &Path, path: &str) -> SourceState {
    match answer(base, &Ask::Source(path.into())) {
        Answer::Source(state) => state,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_directory_is_read_with_its_links_and_loops() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    fs::create_dir_all(root.join("a/b")).unwrap();
    fs::write(root.join("a.txt"), "four").unwrap();
    fs::write(root.join("a/run"), "#!").unwrap();
    fs::set_permissions(root.join("a/run"), fs::Permissions::from_mode(0o750)).unwrap();
    symlink("..", root.join("a/b/up")).unwrap();
    symlink("self", root.join("self")).unwrap();
    symlink("/nowhere", root.join("dangling")).unwrap();
    let tree = read_directory(root, &Limits::DEFAULT).unwrap();
    let expected = [
        "directory ",
        "directory a",
        "directory a/b",
        "symlink a/b/up -> ..",
        "file a/run",
        "file a.txt",
        "symlink dangling -> /nowhere",
        "symlink self -> self",
    ];
    assert_eq!(listing(&tree), expected);
    assert_eq!(tree.get("a.txt").unwrap().size, Some(4));
    assert_eq!(tree.get("a.txt").unwrap().executable(), Some(false));
    assert_eq!(tree.get("a/run").unwrap().mode, Some(0o750));
    assert_eq!(tree.get("a/run").unwrap().executable(), Some(true));
    assert!(tree.get("a/run").unwrap().user.is_none());
    assert!(tree.problems().is_empty());
}

#[test]
fn what_cannot_be_in_an_image_is_a_problem_and_the_rest_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    let _socket = UnixListener::bind(root.join("socket")).unwrap();
    fs::write(root.join(OsStr::from_bytes(b"caf\xe9")), "").unwrap();
    symlink(OsStr::from_bytes(b"\xff"), root.join("link")).unwrap();
    fs::write(root.join("good"), "").unwrap();
    let made = std::process::Command::new("mkfifo").arg(root.join("pipe")).status();
    let tree = read_directory(root, &Limits::DEFAULT).unwrap();
    assert_eq!(listing(&tree), ["directory ", "file good"]);
    let problems: Vec<String> = tree.problems().iter().map(|p| format!("`{}` {}", p.path, p.message)).collect();
    assert!(problems.contains(&String::from("`caf\\xe9` has a name that is not UTF-8")), "{problems:?}");
    assert!(problems.contains(&String::from("`link` is a link whose target `\\xff` is not UTF-8")), "{problems:?}");
    assert!(problems.iter().any(|problem| problem.starts_with("`socket` is a socket")), "{problems:?}");
    if made.is_ok_and(|status| status.success()) {
        assert!(problems.iter().any(|problem| problem.starts_with("`pipe` is a named pipe")), "{problems:?}");
        assert!(matches!(source(root, "pipe"), SourceState::Special("a named pipe")));
        let Answer::Digest(DigestState::Missing(reason)) = answer(root, &Ask::Digest("pipe".into())) else { panic!() };
        assert_eq!(reason, "it is a named pipe");
    }
    assert!(tree.problems().iter().all(|problem| problem.kind != ProblemKind::Unreadable));
}

#[test]
fn an_unreadable_directory_is_a_problem_of_its_own() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    fs::create_dir(root.join("closed")).unwrap();
    fs::write(root.join("open"), "").unwrap();
    fs::set_permissions(root.join("closed"), fs::Permissions::from_mode(0o000)).unwrap();
    // To the superuser nothing is closed.
    let closed = fs::read_dir(root.join("closed")).is_err();
    let tree = read_directory(root, &Limits::DEFAULT).unwrap();
    assert_eq!(listing(&tree), ["directory ", "directory closed", "file open"]);
    if closed {
        assert_eq!(tree.problems()[0].message, "cannot be listed: permission denied");
        assert_eq!(tree.problems()[0].kind, ProblemKind::Unreadable);
    }
    fs::set_permissions(root.join("closed"), fs::Permissions::from_mode(0o700)).unwrap();
}

#[test]
fn deep_and_large_directories_end_in_an_answer() {
    let folder = tempfile::tempdir().unwrap();
    let mut deep = folder.path().to_path_buf();
    for _ in 0..300 {
        deep.push("d");
    }
    fs::create_dir_all(&deep).unwrap();
    let tree = read_directory(folder.path(), &Limits::DEFAULT).unwrap();
    assert_eq!(tree.entries().len(), 301);
    let limits = Limits { entries: 100, ..Limits::DEFAULT };
    assert!(read_directory(folder.path(), &limits).unwrap_err().starts_with("it has more entries"));
}

#[test]
fn sources_say_what_they_are() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    fs::write(root.join("tool"), "12345").unwrap();
    fs::set_permissions(root.join("tool"), fs::Permissions::from_mode(0o755)).unwrap();
    symlink("tool", root.join("to-tool")).unwrap();
    symlink("round", root.join("round")).unwrap();
    assert!(matches!(source(root, "tool"), SourceState::File { size: 5, executable: true }));
    assert!(matches!(source(root, "to-tool"), SourceState::File { size: 5, executable: true }));
    assert!(matches!(source(root, "."), SourceState::Directory(_)));
    assert!(matches!(source(Path::new("/"), "dev/null"), SourceState::Special("a character device")));
    for (path, expected) in [
        ("none", "it does not exist"),
        ("tool/x", "a part of its path is not a directory"),
        ("round", "too many levels of symbolic links"),
    ] {
        let SourceState::Missing(reason) = source(root, path) else { panic!("{path}") };
        assert_eq!(reason, expected, "{path}");
    }
}

#[test]
fn texts_and_digests_are_read() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    fs::create_dir_all(root.join("etc")).unwrap();
    fs::write(root.join("etc/passwd"), b"r\xe9:x:1:1:::\nok:x:2:2:::\n").unwrap();
    fs::write(root.join("a.toml"), "x = 1\n").unwrap();
    fs::write(root.join("latin"), b"a\n\xe9").unwrap();
    let text = |path: &str| match answer(root, &Ask::Text(path.into())) {
        Answer::Text(TextState::Text(source)) => format!("{}: {}", source.name, source.text),
        Answer::Text(TextState::Missing(reason) | TextState::Broken(reason)) => reason,
        other => panic!("{other:?}"),
    };
    assert_eq!(text("a.toml"), "a.toml: x = 1\n");
    // The rest of it is read: a `?` stands for each byte that is no text, and the first of them is remembered.
    assert_eq!(text("latin"), "latin: a\n?");
    let damaged = |path: &str| match answer(root, &Ask::Text(path.into())) {
        Answer::Text(TextState::Text(source)) => source.damaged,
        other => panic!("{other:?}"),
    };
    assert_eq!(damaged("latin"), Some(2));
    assert_eq!(damaged("a.toml"), None);
    assert_eq!(text("etc"), "it is a directory");
    assert_eq!(text("none.toml"), "it does not exist");
    let Answer::Contents(ContentsState::Text(accounts)) = answer(root, &Ask::Contents("etc/passwd".into())) else {
        panic!()
    };
    assert!(accounts.contains("ok:x:2:2"));
    let Answer::Digest(DigestState::Tree(tree)) = answer(root, &Ask::Digest(".".into())) else { panic!() };
    assert_eq!(tree.get("a.toml").unwrap().digest, Some(*blake3::hash(b"x = 1\n").as_bytes()));
    assert_eq!(tree.get("etc").unwrap().file_type, FileType::Directory);
    assert_eq!(tree.text("etc/passwd"), Some(&accounts));
    let Answer::Digest(DigestState::File { size: 6, digest }) = answer(root, &Ask::Digest("a.toml".into())) else {
        panic!()
    };
    assert_eq!(digest, *blake3::hash(b"x = 1\n").as_bytes());
}
