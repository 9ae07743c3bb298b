use tar::EntryType;

use super::ground::{Archive, GROUP, PASSWD, Place, paths};

/// What the facts of an archive say of its paths.
fn check(archive: Archive, expected: &[&str]) {
    let place = Place::new();
    place.write("root.tar", archive.bytes());
    assert_eq!(paths(&place.facts(&["root.tar"])), expected);
}

#[test]
fn names_of_owners_come_from_the_image_and_not_from_the_archive() {
    let archive = Archive::new()
        .add(EntryType::Regular, "srv/web", "", (33, 34), b"x")
        .add(EntryType::Regular, "srv/other", "", (5, 6), b"")
        .file("etc/passwd", PASSWD)
        .file("etc/group", GROUP);
    check(
        archive,
        &[
            "/ type:directory mode:0755 user:root group:root",
            "/etc/group type:file mode:0644 user:root group:root size:28",
            "/etc/passwd type:file mode:0644 user:root group:root size:70",
            "/srv/other type:file mode:0644 user:5 group:6 size:0",
            "/srv/web type:file mode:0644 user:web group:www size:1",
        ],
    );
}

#[test]
fn devices_and_further_names_are_told_and_the_least_name_is_the_first() {
    let archive = Archive::new()
        .file("z", "zz")
        .hard_link("b", "z")
        .hard_link("a", "b")
        .add(EntryType::Char, "dev/null", "", (0, 0), b"")
        .add(EntryType::Fifo, "pipe", "", (0, 0), b"");
    check(
        archive,
        &[
            "/ type:directory mode:0755 user:0 group:0",
            "/a type:file mode:0644 user:0 group:0 size:2",
            "/b type:file mode:0644 user:0 group:0 size:2 same_as:/a",
            "/dev/null type:char mode:0644 user:0 group:0 major:1 minor:3",
            "/pipe type:fifo mode:0644 user:0 group:0",
            "/z type:file mode:0644 user:0 group:0 size:2 same_as:/a",
        ],
    );
}

#[test]
fn of_entries_at_one_place_the_last_counts_by_whichever_name() {
    let archive = Archive::new()
        .file("usr/bin/sh", "old")
        .link("bin", "usr/bin")
        .file("bin/sh", "newer")
        .link("sbin", "/bin")
        .file("sbin/init", "x")
        .file("usr/bin/sh", "newest");
    check(
        archive,
        &[
            "/ type:directory mode:0755 user:0 group:0",
            "/bin type:symlink user:0 group:0 target:usr/bin",
            "/sbin type:symlink user:0 group:0 target:/bin",
            "/usr/bin/init type:file mode:0644 user:0 group:0 size:1",
            "/usr/bin/sh type:file mode:0644 user:0 group:0 size:6",
        ],
    );
}

#[test]
fn links_that_lead_up_and_out_stay_within_the_root() {
    let archive = Archive::new().link("up", "../../../etc").file("up/passwd", PASSWD);
    check(
        archive,
        &[
            "/ type:directory mode:0755 user:root group:0",
            "/etc/passwd type:file mode:0644 user:root group:0 size:70",
            "/up type:symlink user:root group:0 target:../../../etc",
        ],
    );
}

/// What is said of an archive, and with which status it ends.
fn check_said(archive: Archive, status: i32, said: &[&str]) {
    let place = Place::new();
    place.write("root.tar", archive.bytes());
    let run = place.run(&["facts", "root.tar"]);
    assert_eq!(run.err.lines().collect::<Vec<_>>(), said);
    assert_eq!(run.status, status);
    assert_eq!(run.out.is_empty(), status != 0);
}

#[test]
fn entries_that_lead_out_of_the_root_are_errors_and_nothing_is_written() {
    let note = "note: an archive with entries that lead out of the root is not a root file system; nothing is written";
    check_said(
        Archive::new().file("../evil", "").file("good", "").file("/etc/passwd", "").file("a/../../b", ""),
        1,
        &[
            "error: `root.tar`: `/../evil` leaves its destination by `..`",
            "error: `root.tar`: `/etc/passwd` is absolute; the entries of an archive must be relative",
            "error: `root.tar`: `/a/../../b` leaves its destination by `..`",
            note,
        ],
    );
    check_said(
        Archive::new().hard_link("a", "../../etc/shadow"),
        1,
        &["error: `root.tar`: `/a` is a hard link to `../../etc/shadow`, which leaves its destination by `..`", note],
    );
}

#[test]
fn what_of_an_archive_is_not_among_the_facts_is_said() {
    check_said(
        Archive::new()
            .add(EntryType::Regular, b"bad\xff", "", (0, 0), b"")
            .hard_link("lost", "absent")
            .file("file", "")
            .file("file/below", "")
            .link("round", "round")
            .file("round/inside", ""),
        0,
        &[
            "warning: `root.tar`: `/bad\\xff` has a name that is not UTF-8",
            "warning: `root.tar`: `/file/below` is below `file`, which is a file",
            "warning: `root.tar`: `/lost` is a hard link to `absent`, which does not come before it in the archive",
            "warning: `root.tar`: `/round/inside` is below links that lead in a circle",
        ],
    );
}

#[test]
fn an_archive_within_an_archive_is_a_file() {
    let inner = Archive::new().file("etc/passwd", PASSWD).bytes();
    let place = Place::new();
    place.write("root.tar", Archive::new().file("inner.tar", &inner).bytes());
    let facts = place.facts(&["root.tar"]);
    assert_eq!(facts.tree.get("inner.tar").unwrap().size, Some(inner.len() as u64));
    assert!(facts.users.is_empty());
}

#[test]
fn compressed_archives_are_told_by_their_bytes() {
    let place = Place::new();
    let bytes = Archive::new().file("etc/passwd", PASSWD).bytes();
    place.write("root.tar", &bytes);
    place.write("zst", zstd::encode_all(bytes.as_slice(), 3).unwrap());
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    std::io::Write::write_all(&mut encoder, &bytes).unwrap();
    place.write("gz", encoder.finish().unwrap());
    let plain = place.run(&["facts", "root.tar", "--name", "x"]).out;
    for name in ["zst", "gz"] {
        assert_eq!(place.run(&["facts", name, "--name", "x"]).out, plain);
    }
}

#[test]
fn an_archive_that_is_cut_short_is_no_root_wherever_it_ends() {
    let place = Place::new();
    let whole = Archive::new().directory("etc/").file("etc/passwd", PASSWD).link("a", "b").bytes();
    // Between members it may end: some programs leave out the blocks of zeros at the end.
    for end in [1, 100, 511, 513, 1100, 1600, 2047] {
        place.write("root.tar", &whole[..end]);
        let run = place.run(&["facts", "root.tar"]);
        assert!(
            run.status == 2 && run.out.is_empty() && run.err.contains("`root.tar` cannot be read: "),
            "{end} {run:?}"
        );
    }
    for (name, bytes) in [
        ("root.tar.gz", {
            let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
            std::io::Write::write_all(&mut encoder, &whole).unwrap();
            encoder.finish().unwrap()
        }),
        ("root.tar.zst", zstd::encode_all(&*whole, 0).unwrap()),
    ] {
        place.write(name, &bytes[..bytes.len() - 5]);
        let run = place.run(&["facts", name]);
        assert!(run.status == 2 && run.out.is_empty(), "{name} {run:?}");
    }
}
