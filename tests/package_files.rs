//! Package files: what they unpack is known before anything is installed, and so is what they cannot be installed with.
#![allow(clippy::disallowed_methods, reason = "a test lays out what is read")]
#![allow(clippy::unwrap_used, reason = "a test fails by a panic, in its helpers, too")]

#[path = "package_files/deb.rs"]
mod deb;
#[path = "package_files/real.rs"]
mod real;

use std::path::{Path, PathBuf};

use deb::{Compression, Deb};
use featgraph::compile::{Levels, Workspace};
use featgraph::inputs::PackageState;
use featgraph::load::{Overlay, load};
use featgraph::scan::{Limits, read_package};
use featgraph::tree::package::PackageFile;

/// A folder with an image that installs package files.
struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn deb(self, name: &str, deb: Deb) -> Self {
        std::fs::write(self.path(name), deb.bytes()).unwrap();
        self
    }

    /// What is found in an image, a line each: code and message.
    fn findings(&self, image: &str) -> Vec<String> {
        std::fs::write(self.path("a.image.toml"), image).unwrap();
        let mut workspace = Workspace::new();
        workspace.open("a.image.toml");
        load(&mut workspace, self.0.path(), &Overlay::default());
        let report = workspace.check(&Levels::default());
        report.diagnostics.iter().map(|found| format!("{}: {}", found.code.name(), found.message)).collect()
    }
}

/// Two packages are installed, and then nothing else.
fn both(a: &str, b: &str) -> String {
    format!("[image]\npackage_manager = \"apt\"\n[[package]]\nfiles = [\"{a}\", \"{b}\"]\n")
}

fn package(path: &Path) -> PackageFile {
    match read_package(path, &Limits::DEFAULT) {
        PackageState::Package(package) => (*package).clone(),
        other => panic!("{}: {other:?}", path.display()),
    }
}

fn listed(package: &PackageFile) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for entry in package.tree.entries().iter().filter(|entry| entry.listed) {
        let owner =
            |owner: &Option<featgraph::tree::Owner>| owner.as_ref().map(ToString::to_string).unwrap_or_default();
        let target = entry.target.as_deref().map(|target| format!(" -> {target}")).unwrap_or_default();
        lines.push(format!(
            "{} {:04o} {}:{} /{}{target}",
            entry.file_type.name(),
            entry.mode.unwrap_or(if entry.link_text().is_some() { 0o777 } else { 0 }),
            owner(&entry.user),
            owner(&entry.group),
            entry.path
        ));
    }
    lines
}

#[test]
fn a_deb_says_its_name_version_relations_and_scripts() {
    let folder = Folder::new().deb(
        "a.deb",
        Deb::new("mailer", "1:2.0-3")
            .field("Depends", "libc6 (>= 2.34), debconf | cdebconf:any (>= 0.5)")
            .field("Conflicts", "old-mailer (<< 2)")
            .field("Provides", "mail-transport-agent")
            .control_file("postinst", "#!/bin/sh\n")
            .control_file("conffiles", "/etc/mailer.conf\n")
            .file("etc/mailer.conf", "x = 1\n"),
    );
    let package = package(&folder.path("a.deb"));
    assert_eq!((&*package.name, &*package.version, &*package.architecture), ("mailer", "1:2.0-3", "all"));
    assert_eq!(package.scripts, ["postinst"]);
    let depends: Vec<String> = package.depends.iter().flatten().map(ToString::to_string).collect();
    assert_eq!(depends, ["libc6 (>= 2.34)", "debconf", "cdebconf (>= 0.5)"]);
    assert_eq!(package.conflicts[0].to_string(), "old-mailer (< 2)");
    assert_eq!(&*package.provides[0].name, "mail-transport-agent");
    assert!(package.is_conffile("etc/mailer.conf") && !package.is_conffile("etc/other"));
}

#[test]
fn every_compression_of_debs_is_read() {
    for compression in Compression::ALL {
        let folder =
            Folder::new().deb("a.deb", Deb::new("a", "1").compression(compression).file("usr/share/a", "contents"));
        assert_eq!(listed(&package(&folder.path("a.deb"))), ["file 0644 root:root /usr/share/a"], "{compression:?}");
    }
}

#[test]
fn an_rpm_says_what_it_holds() {
    let package = package(Path::new("tests/package_files/left.rpm"));
    assert_eq!((&*package.name, &*package.version, &*package.architecture), ("left", "2:1.0-1", "noarch"));
    assert_eq!(package.scripts, ["%post"]);
    let depends: Vec<String> = package.depends.iter().flatten().map(ToString::to_string).collect();
    assert_eq!(depends, ["/bin/sh", "config(left) (= 2:1.0-1)", "right (>= 1)"]);
    assert_eq!(package.conflicts[0].to_string(), "other (< 3)");
    assert!(package.is_conffile("etc/left.conf"));
    // What is a `%ghost` belongs to it and does not come with it.
    assert_eq!(
        listed(&package),
        [
            "file 0644 root:root /etc/left.conf",
            "file 4755 root:mail /usr/bin/left",
            "directory 0755 root:root /usr/share/left",
            "symlink 0777 root:root /usr/share/left/link -> one",
            "file 0644 root:root /usr/share/left/one",
            "file 0644 root:root /usr/share/left/two -> usr/share/left/one",
            "file 0644 root:root /usr/share/shared",
        ]
    );
    let one = package.tree.get("usr/share/left/one").unwrap();
    assert_eq!(one.digest, Some(*blake3::hash(b"one\n").as_bytes()));
}

#[test]
fn every_compression_of_rpms_is_read() {
    for compression in ["gzip", "bzip2", "xz", "lzma", "zstd", "none"] {
        let package = package(&PathBuf::from(format!("tests/package_files/right-{compression}.rpm")));
        let digest = package.tree.get("usr/share/shared").unwrap().digest;
        assert_eq!(digest, Some(*blake3::hash(b"shared\n").as_bytes()), "{compression}");
    }
}

#[test]
fn a_file_in_two_debs_is_a_conflict_and_in_two_rpms_only_if_it_differs() {
    let folder = Folder::new()
        .deb("a.deb", Deb::new("a", "1").file("usr/share/shared", "same"))
        .deb("b.deb", Deb::new("b", "1").file("usr/share/shared", "same"));
    let found = folder.findings(&both("a.deb", "b.deb"));
    assert_eq!(found.len(), 1, "{found:#?}");
    assert!(found[0].starts_with("conflict: ") && found[0].contains("`/usr/share/shared`"), "{found:#?}");

    for (from, to) in [("left", "left"), ("right-xz", "right")] {
        std::fs::copy(format!("tests/package_files/{from}.rpm"), folder.path(&format!("{to}.rpm"))).unwrap();
    }
    assert_eq!(folder.findings(&both("left.rpm", "right.rpm").replace("apt", "dnf")), Vec::<String>::new());
}

#[test]
fn a_package_takes_over_the_files_of_those_it_replaces() {
    let folder = Folder::new()
        .deb("a.deb", Deb::new("a", "1").file("usr/bin/tool", "old"))
        .deb("b.deb", Deb::new("b", "1").field("Replaces", "a (<< 2)").file("usr/bin/tool", "new"))
        .deb("c.deb", Deb::new("c", "1").field("Replaces", "a (<< 1)").file("usr/bin/tool", "new"));
    assert_eq!(folder.findings(&both("a.deb", "b.deb")), Vec::<String>::new());
    assert!(folder.findings(&both("a.deb", "c.deb"))[0].starts_with("conflict: "));
}

#[test]
fn packages_that_exclude_each_other_are_found() {
    let folder = Folder::new()
        .deb("a.deb", Deb::new("a", "1").field("Provides", "mta").field("Conflicts", "mta"))
        .deb("b.deb", Deb::new("b", "2:1").field("Provides", "mta"))
        .deb("c.deb", Deb::new("c", "1").field("Breaks", "b (<< 2:1)"))
        .deb("d.deb", Deb::new("d", "1").field("Breaks", "b (<= 2:1)"));
    let said = |other: &str| folder.findings(&both("b.deb", other));
    assert_eq!(
        said("a.deb"),
        ["conflict: package `a` cannot be installed with `mta`, and `b 2:1` is to be installed, too"]
    );
    assert_eq!(said("c.deb"), Vec::<String>::new());
    assert_eq!(
        said("d.deb"),
        ["conflict: package `d` cannot be installed with `b (<= 2:1)`, and `b 2:1` is to be installed, too"]
    );
}

#[test]
fn features_meet_the_files_of_packages() {
    let folder = Folder::new().deb("a.deb", Deb::new("a", "1").file("etc/a.conf", "x").file("usr/bin/a", "#!"));
    let image = "[image]\npackage_manager = \"apt\"\n[[package]]\nfiles = [\"a.deb\"]\n\
                 [[install]]\ndst = \"/etc/a.conf\"\ntext = \"y\"\n[[require]]\nfiles = [\"/usr/bin/a\", \"/usr/bin/b\"]\n";
    // Nothing runs, and nothing else is installed: what is not in it is not there.
    assert_eq!(
        folder.findings(image),
        [
            "overwrite: `/etc/a.conf` of package `a` (1) is already there in phase `packages`: its contents differ",
            "missing: nothing provides `/usr/bin/b`, which a `require` asserts",
        ]
    );
}

#[test]
fn what_scripts_do_stays_unproven_and_the_message_says_so() {
    let folder =
        Folder::new().deb("a.deb", Deb::new("a", "1").control_file("postinst", "#!/bin/sh\n").file("usr/bin/a", "#!"));
    let image = "[image]\npackage_manager = \"apt\"\n[[package]]\nfiles = [\"a.deb\"]\n\
                 [[require]]\nfiles = [\"/usr/bin/a\", \"/var/lib/a/made\"]\n";
    assert_eq!(
        folder.findings(image),
        [
            "unproven: `/var/lib/a/made`, which a `require` asserts, is not known to be there: only package `a` by its scripts (postinst) may provide it"
        ]
    );
}

#[test]
fn what_a_package_depends_on_makes_it_opaque_unless_it_is_there() {
    let folder = Folder::new()
        .deb("a.deb", Deb::new("a", "1").field("Depends", "b (>= 2)"))
        .deb("b.deb", Deb::new("b", "3"))
        .deb("old.deb", Deb::new("b", "1"));
    let image = |other: &str| format!("{}[[require]]\nfiles = [\"/usr/bin/x\"]\n", both("a.deb", other));
    assert!(folder.findings(&image("b.deb"))[0].starts_with("missing: "));
    assert!(folder.findings(&image("old.deb"))[0].starts_with("unproven: "));
}

#[test]
fn what_is_installed_is_installed_once_and_upgraded_without_complaint() {
    let folder = Folder::new().deb(
        "a.deb",
        Deb::new("a", "2")
            .control_file("conffiles", "/etc/a.conf\n")
            .file("usr/bin/a", "new")
            .file("etc/a.conf", "new"),
    );
    let image = "[image]\nparent = \"base.facts.json\"\npackage_manager = \"apt\"\n[[package]]\nfiles = [\"a.deb\"]\n";
    let facts = |version: &str, owner: &str| {
        let file = |path: &str, owner: &str| {
            format!(
                r#"{{"path": "{path}", "type": "file", "mode": "0644", "user": "root", "group": "root", "package": "{owner}"}}"#
            )
        };
        // An administrator's own configuration file, which dpkg leaves alone.
        let conf = r#"{"path": "/etc/a.conf", "type": "file", "mode": "0600", "user": "root", "group": "root"}"#;
        format!(
            r#"{{"format_version": "1.0", "name": "base", "opaque": false,
               "paths": [{{"path": "/etc", "type": "directory", "mode": "0755", "user": "root", "group": "root"}}, {conf}, {}],
               "users": [], "groups": [],
               "packages": [{{"name": "a", "version": "{version}", "manager": "apt"}}]}}"#,
            file("/usr/bin/a", owner)
        )
    };
    for version in ["1", "2"] {
        std::fs::write(folder.path("base.facts.json"), facts(version, "a")).unwrap();
        assert_eq!(folder.findings(image), Vec::<String>::new(), "version {version}");
    }
    std::fs::write(folder.path("base.facts.json"), facts("1", "b")).unwrap();
    let found = folder.findings(image);
    assert!(found.len() == 1 && found[0].starts_with("overwrite: `/usr/bin/a` of package `b`"), "{found:#?}");
}

#[test]
fn files_that_the_next_version_lacks_are_gone_after_the_upgrade() {
    let folder = Folder::new()
        .deb("a.deb", Deb::new("a", "2").file("bin/a", "new"))
        .deb("b.deb", Deb::new("b", "1").field("Replaces", "a").file("usr/bin/moved", "new"));
    let owned = |path: &str| {
        format!(
            r#"{{"path": "{path}", "type": "file", "mode": "0644", "user": "root", "group": "root", "package": "a"}}"#
        )
    };
    let facts = |version: &str| {
        let files = ["/etc/old.conf", "/usr/bin/a", "/usr/bin/moved", "/usr/bin/old"].map(owned).join(", ");
        format!(
            r#"{{"format_version": "1.0", "name": "base",
               "paths": [{files}, {{"path": "/bin", "type": "symlink", "target": "usr/bin"}},
                 {{"path": "/usr/share/a", "type": "directory", "mode": "0755", "package": "a"}}],
               "packages": [{{"name": "a", "version": "{version}", "manager": "apt"}}]}}"#
        )
    };
    let image = "[image]\nparent = \"base.facts.json\"\npackage_manager = \"apt\"\n[[package]]\nfiles = [\"a.deb\", \"b.deb\"]\n\
                 [[require]]\nfiles = [\"/usr/bin/a\", \"/usr/bin/moved\", \"/etc/old.conf\", \"/usr/bin/old\"]\n\
                 directories = [\"/usr/share/a\"]\n";
    std::fs::write(folder.path("base.facts.json"), facts("1")).unwrap();
    assert_eq!(folder.findings(image), ["missing: nothing provides `/usr/bin/old`, which a `require` asserts"]);
    std::fs::write(folder.path("base.facts.json"), facts("2")).unwrap();
    assert_eq!(folder.findings(&image.replace(", \"b.deb\"", "")), Vec::<String>::new());
}

#[test]
fn a_damaged_package_is_a_missing_source_with_its_reason() {
    let folder = Folder::new().deb("a.deb", Deb::new("a", "1").file("x", "y"));
    let whole = std::fs::read(folder.path("a.deb")).unwrap();
    let rpm = std::fs::read("tests/package_files/right-none.rpm").unwrap();
    let image = "[image]\npackage_manager = \"apt\"\n[[package]]\nfiles = [\"a.deb\"]\n";
    let mut said = std::collections::BTreeSet::new();
    for (bytes, step) in [(&whole, 13), (&rpm, 211)] {
        for length in (0..bytes.len()).step_by(step) {
            std::fs::write(folder.path("a.deb"), &bytes[..length]).unwrap();
            let found = folder.findings(image);
            // What is cut off after the last file is not missed by every compression.
            assert!(found.is_empty() || found[0].starts_with("missing-source: "), "{length}: {found:#?}");
            said.extend(found.first().and_then(|line| Some(line.split_once("cannot be read: ")?.1.to_owned())));
        }
    }
    assert!(said.contains("it is cut short"), "{said:#?}");
    assert!(said.contains("it is neither a .deb nor an .rpm"), "{said:#?}");
}

#[test]
fn no_byte_of_a_package_can_stop_the_reader() {
    let folder = Folder::new().deb("a.deb", Deb::new("a", "1").compression(Compression::None).file("x", "y"));
    let mut all = vec![std::fs::read(folder.path("a.deb")).unwrap()];
    all.push(std::fs::read("tests/package_files/left.rpm").unwrap());
    all.push(std::fs::read("tests/package_files/right-none.rpm").unwrap());
    let path = folder.path("changed");
    for bytes in &all {
        for at in (0..bytes.len()).step_by(17) {
            for value in [0x00, 0xff] {
                let mut bytes = bytes.clone();
                bytes[at] = value;
                std::fs::write(&path, bytes).unwrap();
                // Whatever comes of it, it is an answer.
                let answer = read_package(&path, &Limits::DEFAULT);
                assert!(!matches!(answer, PackageState::Missing(_)), "byte {at} as {value:#x}: {answer:?}");
            }
        }
    }
}
