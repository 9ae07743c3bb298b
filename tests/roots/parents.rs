use super::ground::{Archive, GROUP, PASSWD, Place};

const CHILD: &str = r#"
[image]
name = "child"
parent = "PARENT"

[[install]]
text = "hello"
dst = "/etc/motd"

[[install]]
text = "tool"
dst = "/bin/tool"
mode = "0755"
user = "web"

[[require]]
packages = ["base"]
executables = ["/usr/bin/ls"]
"#;

fn root() -> Archive {
    Archive::new()
        .directory("./")
        .file("etc/passwd", PASSWD)
        .file("etc/group", GROUP)
        .file("etc/motd", "hello")
        .link("bin", "usr/bin")
        .add(tar::EntryType::Regular, "usr/bin/ls", "", (0, 0), b"x")
        .file("var/lib/dpkg/status", "Package: base\nStatus: install ok installed\nVersion: 1\n")
        .file("var/lib/dpkg/info/base.list", "/bin/ls\n")
}

fn place(parent: &str) -> Place {
    let place = Place::new();
    place.write("base.tar", root().bytes());
    place.write("child.image.toml", CHILD.replace("PARENT", parent));
    place
}

#[test]
fn an_archive_is_a_parent_and_so_are_its_facts_compressed_or_not() {
    let said = "child.image.toml:19:16: error[mismatch]: `/usr/bin/ls` is there and is not executable by its owner\n";
    for parent in ["base.tar", "base.facts.json", "base.facts.json.zst", "base.facts.json.gz"] {
        let place = place(parent);
        if parent != "base.tar" {
            assert_eq!(place.run(&["facts", "base.tar", "--digests", "-o", parent]).status, 0);
        }
        let run = place.run(&["check", "--format", "concise"]);
        assert_eq!((run.status, run.out.lines().count()), (1, 1), "{run:?}");
        assert!(run.out.contains("mismatch") && run.out.contains("/usr/bin/ls"), "{said} {}", run.out);
    }
}

#[test]
fn the_plan_names_the_digest_of_the_facts_whichever_way_they_come() {
    let mut digests = Vec::new();
    for parent in ["base.tar", "base.facts.json.zst"] {
        let place = place(parent);
        place.write("child.image.toml", CHILD.replace("PARENT", parent).replace("executables = [\"/usr/bin/ls\"]", ""));
        assert_eq!(place.run(&["facts", "base.tar", "--digests", "-o", "base.facts.json.zst"]).status, 0);
        let run = place.run(&["plan", "child.image.toml"]);
        assert_eq!(run.status, 0, "{run:?}");
        let plan: serde_json::Value = serde_json::from_str(&run.out).unwrap();
        assert_eq!(plan["parent"]["name"], "base");
        // What is there exactly so is no step, and the other goes where the link leads.
        let ids: Vec<_> = plan["steps"].as_array().unwrap().iter().map(|step| step["id"].clone()).collect();
        assert_eq!(ids, ["install:/usr/bin/tool"]);
        digests.push(plan["parent"]["digest"].clone());
    }
    assert!(digests[0].as_str().is_some_and(|digest| digest.starts_with("blake3:")));
    assert_eq!(digests[0], digests[1]);
}

#[test]
fn a_directory_of_a_root_is_cloned_from() {
    let place = Place::new();
    place.write("base.tar", root().bytes());
    let manifest = "[image]\nname = \"c\"\n[[clone]]\nfrom = \"base.tar\"\nsrc = \"/etc\"\ndst = \"/etc\"\n";
    place.write("c.image.toml", manifest);
    let run = place.run(&["plan", "c.image.toml", "--entries", "--no-origins"]);
    assert_eq!(run.status, 0, "{run:?}");
    assert!(run.out.contains("path:/etc/motd") && run.out.contains("\"from\": \"base.tar\""), "{}", run.out);
    // For people, too; and only where they are asked for.
    let entries = "                    /etc/group\n                    /etc/motd\n                    /etc/passwd\n";
    let run = place.run(&["plan", "c.image.toml", "--entries", "--format", "text"]);
    assert_eq!((run.status, run.out.contains(entries)), (0, true), "{}", run.out);
    let run = place.run(&["plan", "c.image.toml", "--format", "text"]);
    assert_eq!((run.status, run.out.contains("/etc/motd")), (0, false), "{}", run.out);
}

#[test]
fn a_parent_that_cannot_be_read_is_a_missing_file() {
    let place = place("absent.tar");
    let run = place.run(&["check", "--format", "concise"]);
    assert_eq!(run.status, 1);
    assert_eq!(
        run.out,
        "child.image.toml:4:10: error[missing-file]: the parent `absent.tar` cannot be read: it does not exist\n"
    );
    // A slip in the name of a manifest is still seen as one.
    let place = self::place("bsae.image.tml");
    place.write("base.image.toml", "");
    let run = place.run(&["check", "--format", "full"]);
    assert!(run.out.contains("did you mean `base.image.toml`?"), "{}", run.out);
}

#[test]
fn a_parent_with_entries_that_lead_out_is_an_invalid_value() {
    let place = place("evil.tar");
    place.write("evil.tar", root().file("../../etc/shadow", "").file("/etc/x", "").bytes());
    let run = place.run(&["check", "--format", "concise"]);
    assert_eq!(
        run.out,
        "child.image.toml:4:10: error[invalid-value]: the parent `evil.tar` has an entry that would stand outside of it, \
         and so would 1 other entry: `/../../etc/shadow` leaves its destination by `..`\n"
    );
}

#[test]
fn a_parent_that_cannot_be_read_as_a_whole_is_told_and_what_it_lacks_is_unproven() {
    let place = place("base.tar");
    let broken = root().hard_link("lost", "absent").file("var/lib/dpkg/diversions", "/bin/ls\n");
    place.write("base.tar", broken.bytes());
    let image = "[image]\nparent = \"base.tar\"\n[[require]]\nfiles = [\"/lost\"]\n";
    place.write("child.image.toml", image);
    let run = place.run(&["check", "--format", "concise"]);
    let expected = "\
child.image.toml:2:10: error[missing-source]: the parent `base.tar` cannot be read as a whole: `/lost` is a hard link to `absent`, which does not come before it in the archive
child.image.toml:4:10: info[unproven]: `/lost`, which a `require` asserts, is not known to be there: only parent `base`, of which not everything is known, may provide it
";
    assert_eq!((run.status, &*run.out), (1, expected));
    let run = place.run(&["check", "--format", "full"]);
    let database = "the package database `/var/lib/dpkg/diversions` is damaged: it ends in the midst of an entry";
    let text = run.out.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(text.contains(&format!("note: {database}")) && text.contains("write its facts"), "{}", run.out);
    // Who knows and accepts it says so, once; a plan takes what is known only from facts that are written down.
    assert_eq!(place.run(&["check", "--warn", "missing-source"]).status, 0);
    assert_eq!(place.run(&["plan", "child.image.toml"]).status, 1);
    assert_eq!(place.run(&["facts", "base.tar", "-o", "base.facts.json"]).status, 0);
    place.write("child.image.toml", image.replace("base.tar", "base.facts.json"));
    assert_eq!(place.run(&["plan", "child.image.toml"]).status, 0);
    // Of what is cloned from, the same.
    let clone = "[image]\n[[clone]]\nfrom = \"base.tar\"\nsrc = \"/etc/motd\"\ndst = \"/motd\"\n";
    place.write("child.image.toml", clone);
    let run = place.run(&["check", "--format", "concise"]);
    let said = "child.image.toml:3:8: error[missing-source]: the file `base.tar` cannot be read as a whole: ";
    assert!(run.out.starts_with(said), "{}", run.out);
}

#[test]
fn a_name_of_a_parent_that_is_not_utf_8_is_missed_by_nobody() {
    let place = place("base.tar");
    place.write("base.tar", root().add(tar::EntryType::Regular, b"caf\xe9", "", (0, 0), b"").bytes());
    place.write("child.image.toml", "[image]\nparent = \"base.tar\"\n");
    let run = place.run(&["check"]);
    assert_eq!(run.status, 0, "{run:?}");
    assert!(place.run(&["facts", "base.tar"]).err.contains("caf\\xe9"));
}

#[test]
fn a_feature_set_is_no_parent() {
    let place = place("base.features.toml");
    let run = place.run(&["check", "--format", "concise"]);
    assert_eq!(
        run.out,
        "child.image.toml:4:10: error[invalid-value]: `base.features.toml` is a feature set, and an image stands on an image\n"
    );
}

#[test]
fn every_mistake_of_a_parents_facts_is_found_in_one_run() {
    let place = place("base.facts.json");
    let facts = r#"{ "opaque": 0,
"paths": [ { "path": "etc", "type": "directory", "mod": "0755" },
  { "type": "file" } ] }"#;
    place.write("base.facts.json", facts);
    let expected = "\
base.facts.json:1:13: error[wrong-type]: `opaque` must be `true` or `false`, and this is a number
base.facts.json:2:22: error[invalid-value]: the path `etc` is not absolute
base.facts.json:2:50: error[unknown-key]: facts have no key `mod` here (did you mean `mode`?)
base.facts.json:3:3: error[missing-key]: the key `path` is not given
";
    let run = place.run(&["check", "--format", "concise"]);
    assert_eq!((run.status, &*run.out), (1, expected));
    // The command that reads it says the same.
    let run = place.run(&["facts", "base.facts.json"]);
    assert_eq!(run.err.matches("error[").count(), 4, "{}", run.err);
    assert!(run.status == 1 && run.out.is_empty(), "{run:?}");
    place.write("base.facts.json", "{}");
    let run = place.run(&["check", "--format", "concise"]);
    assert!(run.out.starts_with("base.facts.json:1:1: error[missing-key]: this file says nothing"), "{}", run.out);
}
