use std::fs;
use std::io::Read;

use featgraph::facts::Facts;

use super::ground::{Archive, GROUP, PASSWD, Place};

fn root() -> Archive {
    Archive::new().directory("./").file("./etc/passwd", PASSWD).file("./etc/group", GROUP).file("./etc/motd", "hello")
}

#[test]
fn facts_go_to_standard_output_or_into_a_file_that_its_name_compresses() {
    let place = Place::new();
    place.write("base.tar", root().bytes());
    let plain = place.run(&["facts", "base.tar"]);
    assert_eq!((plain.status, plain.err.as_str()), (0, ""));
    insta::assert_snapshot!(plain.out, @r#"
    {
      "format_version": "1.0",
      "name": "base",
      "opaque": false,
      "paths": [
        {"path":"/","type":"directory","mode":"0755","user":"root","group":"root"},
        {"path":"/etc/group","type":"file","mode":"0644","user":"root","group":"root","size":28},
        {"path":"/etc/motd","type":"file","mode":"0644","user":"root","group":"root","size":5},
        {"path":"/etc/passwd","type":"file","mode":"0644","user":"root","group":"root","size":70}
      ],
      "users": [
        {"name":"root","uid":0,"group":"root","home":"/root","shell":"/bin/sh","comment":"root"},
        {"name":"web","uid":33,"group":"www","home":"/srv/web","shell":"/usr/sbin/nologin"}
      ],
      "groups": [
        {"name":"root","gid":0,"members":[]},
        {"name":"www","gid":34,"members":["root","web"]}
      ],
      "packages": []
    }
    "#);
    for name in ["base.facts.json", "base.facts.json.gz", "base.facts.json.zst"] {
        assert_eq!(place.run(&["facts", "base.tar", "-o", name]).status, 0);
    }
    let mut unpacked = String::new();
    flate2::read::GzDecoder::new(fs::File::open(place.path("base.facts.json.gz")).unwrap())
        .read_to_string(&mut unpacked)
        .unwrap();
    assert_eq!(fs::read_to_string(place.path("base.facts.json")).unwrap(), plain.out);
    assert_eq!(unpacked, plain.out);
    assert!(fs::read(place.path("base.facts.json.zst")).unwrap().starts_with(&[0x28, 0xb5, 0x2f, 0xfd]));
    // And each of them is a source again.
    for name in ["base.facts.json", "base.facts.json.gz", "base.facts.json.zst"] {
        assert_eq!(place.run(&["facts", name]).out, plain.out, "{name}");
    }
}

#[test]
fn the_same_source_gives_the_same_bytes() {
    let place = Place::new();
    place.write("base.tar", root().bytes());
    for name in ["a.facts.json.zst", "b.facts.json.zst", "a.facts.json.gz", "b.facts.json.gz"] {
        assert_eq!(place.run(&["facts", "base.tar", "--digests", "-o", name]).status, 0);
    }
    let read = |name: &str| fs::read(place.path(name)).unwrap();
    assert_eq!(read("a.facts.json.zst"), read("b.facts.json.zst"));
    assert_eq!(read("a.facts.json.gz"), read("b.facts.json.gz"));
}

#[test]
fn a_name_can_be_given_and_otherwise_comes_from_the_source() {
    let place = Place::new();
    place.write("debian-12.tar", root().bytes());
    assert_eq!(place.facts(&["debian-12.tar"]).name.as_deref(), Some("debian-12"));
    assert_eq!(place.facts(&["debian-12.tar", "--name", "ground"]).name.as_deref(), Some("ground"));
}

#[test]
fn since_leaves_what_is_new_or_otherwise() {
    let place = Place::new();
    place.write("old.tar", root().file("./opt/same", "x").bytes());
    let passwd = format!("{PASSWD}nginx:x:101:34::/:/bin/false\n");
    let new = Archive::new().directory("./").file("./etc/passwd", passwd).file("./etc/group", GROUP);
    place.write("new.tar", new.file("./etc/motd", "hello").file("./opt/same", "y").file("./opt/more", "z").bytes());
    let run = place.run(&["facts", "new.tar", "--since", "old.tar"]);
    assert_eq!(run.status, 0);
    insta::assert_snapshot!(run.out, @r#"
    {
      "format_version": "1.0",
      "name": "new",
      "opaque": false,
      "paths": [
        {"path":"/etc/passwd","type":"file","mode":"0644","user":"root","group":"root","size":99},
        {"path":"/opt/more","type":"file","mode":"0644","user":"root","group":"root","size":1}
      ],
      "users": [
        {"name":"nginx","uid":101,"group":"www","home":"/","shell":"/bin/false"}
      ],
      "groups": [],
      "packages": []
    }
    "#);
    // Contents of one length are told apart by their digests only.
    let run = place.run(&["facts", "new.tar", "--since", "old.tar", "--digests"]);
    assert!(run.out.contains("/opt/same"), "{}", run.out);
    place.run(&["facts", "old.tar", "-o", "old.facts.json.zst"]);
    let from_facts = place.run(&["facts", "new.tar", "--since", "old.facts.json.zst"]);
    assert!(!from_facts.out.contains("/opt/same") && from_facts.out.contains("/opt/more"), "{}", from_facts.out);
    let nothing = place.run(&["facts", "old.tar", "--since", "old.facts.json.zst", "--digests"]);
    assert!(nothing.out.contains("\"paths\": []"), "{}", nothing.out);
}

#[test]
fn what_cannot_be_read_is_wrong_use_and_nothing_is_written() {
    let place = Place::new();
    place.write("text.tar", "not an archive at all");
    let bytes = root().bytes();
    place.write("cut.tar", &bytes[..bytes.len() / 2 - 100]);
    place.write("bad.facts.json", "{ \"paths\": [ { \"path\": \"etc\", \"type\": \"file\" } ] }");
    place.write("kept.json", "before");
    let check = |args: &[&str], status: i32, said: &str| {
        let run = place.run(&[&["facts"], args, &["-o", "kept.json"]].concat());
        assert_eq!((run.status, run.out.as_str()), (status, ""), "{run:?}");
        assert_eq!(run.err.trim_end(), said);
        assert_eq!(fs::read_to_string(place.path("kept.json")).unwrap(), "before");
    };
    check(&["absent"], 2, "error: `absent` cannot be read: it does not exist");
    check(&["text.tar"], 2, "error: `text.tar` cannot be read: it is not a tar archive");
    check(&["cut.tar"], 2, "error: `cut.tar` cannot be read: it is cut short");
    check(&["bad.facts.json"], 1, "error[invalid-value]: bad.facts.json:1:24: the path `etc` is not absolute");
    check(&["text.tar", "--since", "absent"], 2, "error: `text.tar` cannot be read: it is not a tar archive");
    let run = place.run(&["facts", "kept.json", "-o", "kept.json"]);
    assert_eq!(run.status, 2);
    assert_eq!(fs::read_to_string(place.path("kept.json")).unwrap(), "before");
}

#[test]
fn an_archive_is_also_read_from_standard_input() {
    let place = Place::new();
    place.write("base.tar", root().bytes());
    let input = fs::File::open(place.path("base.tar")).unwrap();
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_featgraph"))
        .args(["facts", "-", "--name", "base"])
        .stdin(input)
        .output()
        .unwrap();
    assert_eq!(String::from_utf8(output.stdout).unwrap(), place.run(&["facts", "base.tar"]).out);
}

#[test]
fn a_source_that_looks_like_no_root_is_warned_of() {
    let place = Place::new();
    place.write("project/src/main.c", "");
    place.write("project/rootfs/etc/passwd", PASSWD);
    let run = place.run(&["facts", "project"]);
    assert_eq!(run.status, 0, "{run:?}");
    assert_eq!(
        run.err,
        "warning: `project` does not look like a root file system: it has no `/etc` and no accounts\n  \
         help: did you mean `rootfs` in it?\n"
    );
    assert!(Facts::parse(&run.out).is_ok_and(|facts| !facts.opaque), "what is there is known, whatever it is");
    // An archive of something else, and an empty folder.
    place.write("source.tar", Archive::new().directory("./").file("./README", "").bytes());
    fs::create_dir(place.path("empty")).unwrap();
    for source in ["source.tar", "empty"] {
        let run = place.run(&["facts", source]);
        assert_eq!(run.status, 0, "{run:?}");
        assert!(run.err.contains(&format!("`{source}` does not look like a root file system")), "{run:?}");
    }
    // With any of these it is one.
    place.write("configured/etc/hostname", "");
    for source in ["configured", "project/rootfs"] {
        let run = place.run(&["facts", source]);
        assert_eq!((run.status, run.err.as_str()), (0, ""), "{source}");
    }
}
