use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};

use featgraph::tree::{FileType, Owner};

use super::ground::{Place, paths};

#[test]
fn a_directory_is_told_with_modes_links_sizes_and_further_names_of_files() {
    let place = Place::new();
    place.write("root/usr/bin/tool", "12345");
    place.write("root/etc/hosts", "x");
    fs::set_permissions(place.path("root/usr/bin/tool"), PermissionsExt::from_mode(0o4755)).unwrap();
    fs::hard_link(place.path("root/usr/bin/tool"), place.path("root/usr/bin/also")).unwrap();
    fs::hard_link(place.path("root/usr/bin/tool"), place.path("outside")).unwrap();
    symlink("usr/bin", place.path("root/bin")).unwrap();
    let facts = place.facts(&["root"]);
    let found: Vec<&str> = facts.tree.entries().iter().map(|entry| &*entry.path).collect();
    assert_eq!(found, ["", "bin", "etc", "etc/hosts", "usr", "usr/bin", "usr/bin/also", "usr/bin/tool"]);
    let entry = |path: &str| facts.tree.get(path).unwrap();
    assert_eq!((entry("bin").link_text(), entry("bin").mode), (Some("usr/bin"), None));
    assert_eq!((entry("usr/bin/also").first_name(), entry("usr/bin/also").size), (None, Some(5)));
    assert_eq!((entry("usr/bin/tool").first_name(), entry("usr/bin/tool").mode), (Some("usr/bin/also"), Some(0o4755)));
    // Without a passwd file of its own a root has numbers only.
    let uid = fs::metadata(place.path("root/etc/hosts")).unwrap().uid();
    assert_eq!(entry("etc/hosts").user, Some(Owner::Number(uid)));
    assert!(!facts.opaque);
}

#[test]
fn owners_have_the_names_of_the_roots_own_accounts() {
    let place = Place::new();
    place.write("root/etc/motd", "");
    let uid = fs::metadata(place.path("root/etc/motd")).unwrap().uid();
    place.write("root/etc/passwd", format!("first:x:{uid}:7::/:\nsecond:x:{uid}:8::/:\n"));
    let facts = place.facts(&["root"]);
    assert_eq!(facts.tree.get("etc/motd").unwrap().user, Some(Owner::Name("first".into())));
    assert_eq!(facts.users.len(), 2);
}

#[test]
fn links_are_never_followed_neither_in_circles_nor_out() {
    let place = Place::new();
    place.write("root/a/file", "");
    place.write("outside/secret", "");
    symlink("../a", place.path("root/a/self")).unwrap();
    symlink("/", place.path("root/a/top")).unwrap();
    symlink("../outside", place.path("root/out")).unwrap();
    symlink("one", place.path("root/two")).unwrap();
    symlink("two", place.path("root/one")).unwrap();
    let facts = place.facts(&["root"]);
    let found: Vec<&str> = facts.tree.entries().iter().map(|entry| &*entry.path).collect();
    assert_eq!(found, ["", "a", "a/file", "a/self", "a/top", "one", "out", "two"]);
    // Even where the accounts are said to lie outside.
    place.write("outside/passwd", "evil:x:0:0:::\n");
    fs::create_dir_all(place.path("root/etc")).unwrap();
    symlink("../../outside/passwd", place.path("root/etc/passwd")).unwrap();
    assert_eq!(place.facts(&["root"]).users, []);
}

#[test]
fn accounts_are_read_through_links_of_the_root() {
    let place = Place::new();
    place.write("root/usr/lib/accounts/passwd", "web:x:33:33:::\n");
    fs::create_dir_all(place.path("root/etc")).unwrap();
    symlink("/usr/lib/accounts/passwd", place.path("root/etc/passwd")).unwrap();
    let facts = place.facts(&["root"]);
    assert_eq!(facts.users.iter().map(|user| &*user.name).collect::<Vec<_>>(), ["web"]);
}

#[test]
fn accounts_of_the_system_are_kept_below_usr_too() {
    let place = Place::new();
    place.write("root/etc/passwd", "root:x:0:0::/root:/bin/sh\nweb:x:33:33::/srv:\n");
    place.write("root/etc/group", "web:x:33:\n");
    place.write("root/usr/lib/passwd", "daemon:x:2:2::/:\nweb:x:99:2:::\n");
    place.write("root/usr/lib/group", "daemon:x:2:\n");
    let facts = place.facts(&["root"]);
    let users: Vec<_> = facts.users.iter().map(|user| (&*user.name, user.uid)).collect();
    assert_eq!(users, [("daemon", Some(2)), ("root", Some(0)), ("web", Some(33))]);
    let groups: Vec<_> = facts.groups.iter().map(|group| (&*group.name, group.gid)).collect();
    assert_eq!(groups, [("daemon", Some(2)), ("web", Some(33))]);
}

#[test]
fn names_that_are_not_utf_8_are_reported_and_kept_apart() {
    let place = Place::new();
    place.write("root/etc/good", "");
    fs::write(place.path("root").join(std::ffi::OsStr::from_bytes(b"bad\xff")), "").unwrap();
    let run = place.run(&["facts", "root"]);
    assert_eq!(run.status, 0);
    assert_eq!(run.err, "warning: `root`: `/bad\\xff` has a name that is not UTF-8\n");
    assert!(run.out.contains("\"/etc/good\"") && !run.out.contains("bad"), "{}", run.out);
    // Nobody can ask for such a name, so nothing that could be asked for is unknown.
    assert!(run.out.contains("\"opaque\": false"));
}

#[test]
fn what_cannot_be_read_is_reported_and_makes_the_facts_opaque() {
    let place = Place::new();
    place.write("root/locked/inside", "");
    fs::set_permissions(place.path("root/locked"), PermissionsExt::from_mode(0o000)).unwrap();
    if fs::read_dir(place.path("root/locked")).is_ok() {
        eprintln!("SKIPPED what_cannot_be_read_is_reported: whoever runs this may read everything");
        return;
    }
    let run = place.run(&["facts", "root"]);
    fs::set_permissions(place.path("root/locked"), PermissionsExt::from_mode(0o755)).unwrap();
    assert_eq!(run.status, 0);
    assert_eq!(run.err, "warning: `root`: `/locked` cannot be listed: permission denied\n");
    assert!(run.out.contains("\"/locked\"") && run.out.contains("\"opaque\": true"), "{}", run.out);
}

#[test]
fn special_files_are_what_they_are() {
    let place = Place::new();
    place.write("root/file", "");
    let _socket = std::os::unix::net::UnixListener::bind(place.path("root/socket")).unwrap();
    let made = std::process::Command::new("mkfifo").arg(place.path("root/pipe")).status();
    let facts = place.facts(&["root"]);
    assert_eq!(facts.tree.get("socket").unwrap().file_type, FileType::Socket);
    if made.is_ok_and(|status| status.success()) {
        assert_eq!(facts.tree.get("pipe").unwrap().file_type, FileType::Fifo);
    }
}

#[test]
fn extended_attributes_are_told_where_they_are() {
    let place = Place::new();
    place.write("root/file", "");
    let set = std::process::Command::new("python3")
        .args(["-c", "import os,sys; os.setxattr(sys.argv[1], 'user.colour', b'blue'); os.setxattr(sys.argv[1], 'user.raw', b'\\0')"])
        .arg(place.path("root/file"))
        .output();
    if !set.is_ok_and(|output| output.status.success()) {
        eprintln!("SKIPPED extended_attributes_are_told: none can be set here");
        return;
    }
    let told = paths(&place.facts(&["root"]));
    assert!(told[1].ends_with("xattrs:{user.colour:blue user.raw:0x00"), "{told:?}");
}

#[test]
fn lines_that_are_no_accounts_are_named() {
    let place = Place::new();
    place.write("root/etc/passwd", "root:x:0:0::/:\n# comment\n+\nbad\nbad:x:y:z:::\nweb:x:33:33:::\n\n");
    place.write("root/etc/group", b"root:x:0:\nbroken:\xff\n");
    let run = place.run(&["facts", "root"]);
    assert_eq!(run.status, 0);
    assert_eq!(
        run.err,
        "warning: `root`: line 2 of `/etc/group` is no account and is passed over\n\
         warning: `root`: lines 4, 5 of `/etc/passwd` are no accounts and are passed over\n"
    );
    assert_eq!(run.out.matches("\"uid\"").count(), 2);
}

#[test]
fn a_file_with_holes_has_its_whole_size_and_digest() {
    let place = Place::new();
    place.write("root/holes", "x");
    let file = fs::OpenOptions::new().write(true).open(place.path("root/holes")).unwrap();
    file.set_len(3 << 20).unwrap();
    let facts = place.facts(&["root", "--digests"]);
    let entry = facts.tree.get("holes").unwrap();
    let mut contents = vec![0; 3 << 20];
    contents[0] = b'x';
    assert_eq!((entry.size, entry.digest), (Some(3 << 20), Some(*blake3::hash(&contents).as_bytes())));
}
