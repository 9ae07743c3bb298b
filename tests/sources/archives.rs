use std::fs;
use std::io::Write;
use std::path::Path;

use featgraph::inputs::ArchiveState;
use featgraph::scan::{Limits, read_archive};
use featgraph::tree::{Entry, FileType, Owner, Tree};
use tar::{Builder, EntryType, Header};

/// Adds a member with a path as it is, even one that a well-behaved archiver would not write.
pub fn add(builder: &mut Builder<Vec<u8>>, kind: EntryType, path: &str, link: &str, contents: &[u8]) {
    let mut header = Header::new_gnu();
    let name = &mut header.as_old_mut().name;
    name[..path.len()].copy_from_slice(path.as_bytes());
    header.as_old_mut().linkname[..link.len()].copy_from_slice(link.as_bytes());
    header.set_entry_type(kind);
    header.set_mode(if kind == EntryType::Directory { 0o755 } else { 0o640 });
    header.set_uid(33);
    header.set_gid(34);
    header.set_username("web").unwrap();
    header.set_size(contents.len() as u64);
    header.set_device_major(1).unwrap();
    header.set_device_minor(3).unwrap();
    header.set_cksum();
    builder.append(&header, contents).unwrap();
}

pub fn read(name: &str, bytes: &[u8]) -> Result<Tree, String> {
    read_within(name, bytes, &Limits::DEFAULT)
}

fn read_within(name: &str, bytes: &[u8], limits: &Limits) -> Result<Tree, String> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    fs::write(&path, bytes).unwrap();
    match read_archive(&path, true, limits) {
        ArchiveState::Tree(tree) => Ok(Tree::clone(&tree)),
        ArchiveState::Broken(reason) => Err(reason),
        ArchiveState::Missing(reason) => panic!("missing: {reason}"),
    }
}

pub fn listing(tree: &Tree) -> Vec<String> {
    let line = |entry: &Entry| {
        let mark = if entry.listed { "" } else { " (implied)" };
        let target = entry.target.as_ref().map(|t| format!("{}{t}", if entry.same_as { " = " } else { " -> " }));
        format!("{} {}{}{mark}", entry.file_type.name(), entry.path, target.unwrap_or_default())
    };
    tree.entries().iter().map(line).collect()
}

fn problems(tree: &Tree) -> Vec<String> {
    tree.problems().iter().map(|problem| format!("`{}` {}", problem.path, problem.message)).collect()
}

fn ordinary() -> Vec<u8> {
    let mut builder = Builder::new(Vec::new());
    add(&mut builder, EntryType::Directory, "./", "", b"");
    add(&mut builder, EntryType::Directory, "./etc/", "", b"");
    add(&mut builder, EntryType::Regular, "./etc/passwd", "", b"root:x:0:0:::\n");
    add(&mut builder, EntryType::Symlink, "./bin", "usr/bin", b"");
    add(&mut builder, EntryType::Regular, "./usr/bin/sh", "", b"shell");
    add(&mut builder, EntryType::Link, "./usr/bin/bash", "./usr/bin/sh", b"");
    add(&mut builder, EntryType::Char, "./dev/null", "", b"");
    add(&mut builder, EntryType::Fifo, "./run/pipe", "", b"");
    builder.into_inner().unwrap()
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn xz(bytes: &[u8]) -> Vec<u8> {
    liblzma::encode_all(bytes, 1).unwrap()
}

fn zstd(bytes: &[u8]) -> Vec<u8> {
    zstd::encode_all(bytes, 1).unwrap()
}

#[test]
fn every_compression_gives_the_same_tree_whatever_the_name() {
    let plain = read("a.tar", &ordinary()).unwrap();
    let expected = [
        "symlink bin -> usr/bin",
        "directory dev (implied)",
        "char dev/null",
        "directory etc",
        "file etc/passwd",
        "directory run (implied)",
        "fifo run/pipe",
        "directory usr (implied)",
        "directory usr/bin (implied)",
        "file usr/bin/bash = usr/bin/sh",
        "file usr/bin/sh",
    ];
    assert_eq!(listing(&plain), expected);
    assert!(plain.problems().is_empty());
    assert_eq!(plain.get("dev/null").unwrap().device, Some((1, 3)));
    let shell = plain.get("usr/bin/bash").unwrap();
    assert_eq!(shell.digest, Some(*blake3::hash(b"shell").as_bytes()));
    assert_eq!((shell.size, shell.mode, shell.uid, shell.gid), (Some(5), Some(0o640), Some(33), Some(34)));
    assert_eq!((shell.user.clone(), shell.group.clone()), (Some(Owner::Name("web".into())), Some(Owner::Number(34))));
    assert_eq!(&**plain.text("etc/passwd").unwrap(), "root:x:0:0:::\n");
    for (name, bytes) in [
        ("a.tar.gz", gzip(&ordinary())),
        ("a.tar.xz", xz(&ordinary())),
        ("a.tar.zst", zstd(&ordinary())),
        ("misnamed.tar.xz", gzip(&ordinary())),
    ] {
        assert_eq!(read(name, &bytes).as_ref(), Ok(&plain), "{name}");
    }
}

#[test]
fn several_compressed_streams_are_one() {
    let bytes = ordinary();
    let (a, b) = bytes.split_at(700);
    for both in [[gzip(a), gzip(b)].concat(), [xz(a), xz(b)].concat(), [zstd(a), zstd(b)].concat()] {
        assert_eq!(listing(&read("a.tar", &both).unwrap()).len(), 11);
    }
}

#[test]
fn truncated_archives_are_broken_wherever_they_end() {
    let bytes = ordinary();
    // Cut in a header, in contents, in the padding after contents.
    for at in [100, 512 * 2 + 3, 512 * 3 + 5, 512 * 3 + 100] {
        let reason = read("a.tar", &bytes[..at]).unwrap_err();
        assert!(reason == "it is cut short" || at == 100, "{at}: {reason}");
    }
    for bytes in [gzip(&bytes), xz(&bytes), zstd(&bytes)] {
        for at in [bytes.len() / 3, bytes.len() / 2, bytes.len() - 5] {
            let reason = read("a.tar", &bytes[..at]).unwrap_err();
            assert!(!reason.is_empty() && !reason.contains("os error"), "{reason}");
        }
    }
}

#[test]
fn what_is_no_archive_says_so() {
    let reason = |bytes: &[u8]| read("a.tar", bytes).unwrap_err();
    assert_eq!(reason(b""), "it is empty");
    assert_eq!(reason(b"hello"), "it is not a tar archive");
    assert_eq!(reason(&[b'x'; 2000]), "it is not a tar archive");
    assert_eq!(reason(&gzip(b"hello")), "it is not a tar archive");
    assert_eq!(reason(b"BZh91AY"), "it is bzip2 data; .tar, .tar.gz, .tar.xz and .tar.zst can be read");
    assert!(reason(b"\x1f\x8bgarbage follows here").len() > 5);
    let mut damaged = ordinary();
    damaged[512 + 20] ^= 1;
    assert_eq!(reason(&damaged), "the header of an entry is damaged");
    assert!(read("a.tar", &[0; 10240]).unwrap().entries().is_empty());
    let folder = tempfile::tempdir().unwrap();
    let missing = |path: &Path| match read_archive(path, true, &Limits::DEFAULT) {
        ArchiveState::Missing(reason) => reason,
        other => panic!("{other:?}"),
    };
    assert_eq!(missing(&folder.path().join("none.tar")), "it does not exist");
    assert_eq!(missing(folder.path()), "it is a directory");
}

#[test]
fn entries_that_escape_are_problems_and_the_rest_is_read() {
    let mut builder = Builder::new(Vec::new());
    add(&mut builder, EntryType::Regular, "/etc/absolute", "", b"");
    add(&mut builder, EntryType::Regular, "../above", "", b"");
    add(&mut builder, EntryType::Regular, "a/../../above", "", b"");
    add(&mut builder, EntryType::Link, "hard", "/etc/shadow", b"");
    add(&mut builder, EntryType::Link, "lost", "nothing", b"");
    add(&mut builder, EntryType::Link, "lost-too", "lost", b"");
    add(&mut builder, EntryType::Symlink, "soft", "../../etc/shadow", b"");
    add(&mut builder, EntryType::Regular, "file", "", b"");
    add(&mut builder, EntryType::Regular, "file/below", "", b"");
    add(&mut builder, EntryType::Regular, "good", "", b"");
    add(&mut builder, EntryType::Regular, "in/../and/out", "", b"");
    add(&mut builder, EntryType::new(b'Q'), "odd", "", b"");
    let tree = read("a.tar", &builder.into_inner().unwrap()).unwrap();
    let inside =
        ["directory and (implied)", "file and/out", "file file", "file good", "symlink soft -> ../../etc/shadow"];
    assert_eq!(listing(&tree), inside);
    let expected = [
        "`../above` leaves its destination by `..`",
        "`/etc/absolute` is absolute; the entries of an archive must be relative",
        "`a/../../above` leaves its destination by `..`",
        "`file/below` is below `file`, which is a file",
        "`hard` is a hard link to `/etc/shadow`, which is absolute; the entries of an archive must be relative",
        "`lost` is a hard link to `nothing`, which does not come before it in the archive",
        "`lost-too` is a hard link to `lost`, which does not come before it in the archive",
        "`odd` is of a type (`Q`) that no image can have",
    ];
    assert_eq!(problems(&tree), expected);
}

#[test]
fn the_later_of_two_entries_at_one_path_stands() {
    let mut builder = Builder::new(Vec::new());
    add(&mut builder, EntryType::Regular, "a", "", b"old");
    add(&mut builder, EntryType::Link, "of-old", "a", b"");
    add(&mut builder, EntryType::Regular, "etc/passwd", "", b"old:x:1:1:::\n");
    add(&mut builder, EntryType::Regular, "./a", "", b"new one");
    add(&mut builder, EntryType::Symlink, "etc/passwd", "elsewhere", b"");
    add(&mut builder, EntryType::Link, "of-new", "a", b"");
    let tree = read("a.tar", &builder.into_inner().unwrap()).unwrap();
    let expected =
        ["file a", "directory etc (implied)", "symlink etc/passwd -> elsewhere", "file of-new = a", "file of-old"];
    assert_eq!(listing(&tree), expected);
    assert_eq!(tree.get("a").unwrap().size, Some(7));
    assert_eq!(tree.get("of-new").unwrap().digest, tree.get("a").unwrap().digest);
    assert_eq!(tree.get("of-old").unwrap().digest, Some(*blake3::hash(b"old").as_bytes()));
    assert!(tree.texts().is_empty());
}

#[test]
fn long_names_are_whole_and_too_long_ones_are_refused() {
    let long = format!("{}/{}", "d".repeat(200), "f".repeat(250));
    let mut builder = Builder::new(Vec::new());
    let mut header = Header::new_gnu();
    header.set_size(2);
    header.set_mode(0o644);
    builder.append_data(&mut header, &long, &b"hi"[..]).unwrap();
    header.set_size(0);
    header.set_entry_type(EntryType::Symlink);
    builder.append_link(&mut header, "link", &long).unwrap();
    header.set_entry_type(EntryType::Regular);
    builder.append_data(&mut header, "x".repeat(256), &b""[..]).unwrap();
    let tree = read("a.tar", &builder.into_inner().unwrap()).unwrap();
    assert_eq!(tree.get(&long).unwrap().size, Some(2));
    assert_eq!(tree.get("link").unwrap().link_text(), Some(long.as_str()));
    assert_eq!(tree.problems().len(), 1);
    assert_eq!(tree.problems()[0].message, "has a name longer than 255 bytes");
}

#[test]
fn what_expands_without_end_is_stopped() {
    let mut builder = Builder::new(Vec::new());
    add(&mut builder, EntryType::Regular, "zeros", "", &vec![0; 8 << 20]);
    let bytes = zstd(&builder.into_inner().unwrap());
    let by_size = Limits { expanded_bytes: 1 << 20, ..Limits::DEFAULT };
    assert_eq!(
        read_within("a", &bytes, &by_size).unwrap_err(),
        "it expands to more than 1 MiB, which no real archive does"
    );
    let by_ratio = Limits { ratio: 100, ratio_from: 2 << 20, ..Limits::DEFAULT };
    assert!(read_within("a", &bytes, &by_ratio).unwrap_err().starts_with("it expands to more than 2 "));
    assert!(read("a", &bytes).is_ok());
    let mut builder = Builder::new(Vec::new());
    for at in 0..100 {
        add(&mut builder, EntryType::Regular, &format!("f{at}"), "", b"");
    }
    let many = builder.into_inner().unwrap();
    let few = Limits { entries: 50, ..Limits::DEFAULT };
    assert!(read_within("a", &many, &few).unwrap_err().starts_with("it has more entries"));
    assert_eq!(read("a", &many).unwrap().entries().len(), 100);
}

#[test]
fn paths_that_imply_endlessly_many_directories_are_cut_off() {
    // Each of these implies two thousand directories of its own.
    let mut builder = Builder::new(Vec::new());
    for at in 0..200 {
        let path = format!("{at}/{}f", "d/".repeat(2000));
        let mut header = Header::new_gnu();
        header.set_size(0);
        builder.append_data(&mut header, path, &b""[..]).unwrap();
    }
    let tree = read("a", &builder.into_inner().unwrap()).unwrap();
    assert!(tree.entries().len() < 400_000);
    assert!(tree.entries().iter().any(|entry| entry.file_type == FileType::File));
    assert!(tree.problems().iter().any(|problem| problem.message.starts_with("implies more directories")));
}
