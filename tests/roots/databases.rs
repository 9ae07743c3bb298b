//! The databases of apk and rpm.

use std::io::Read;
use std::os::unix::fs::MetadataExt;
use std::process::{Command, Stdio};

use super::ground::{Archive, Place};

const INSTALLED: &str = "\
C:Q1abc=
P:musl
V:1.2.4-r2
A:x86_64
F:lib
R:ld-musl-x86_64.so.1
a:0:0:755
F:lib/sub
R:file

P:busybox
V:1.36
A:x86_64
F:bin
R:busybox
R:sh
F:lib
";

#[test]
fn apk_lists_packages_with_their_directories_and_files() {
    let place = Place::new();
    let archive = Archive::new()
        .link("lib", "usr/lib")
        .directory("usr/lib")
        .file("usr/lib/ld-musl-x86_64.so.1", "")
        .directory("usr/lib/sub")
        .file("usr/lib/sub/file", "")
        .directory("bin")
        .file("bin/busybox", "")
        .link("bin/sh", "/bin/busybox")
        .file("usr/lib/apk/db/installed", INSTALLED);
    place.write("root.tar", archive.bytes());
    let facts = place.facts(&["root.tar"]);
    let owned = facts.tree.entries().iter().filter_map(|entry| Some((&*entry.path, &**entry.package.as_ref()?)));
    assert_eq!(
        owned.collect::<Vec<_>>(),
        [
            ("bin", "busybox"),
            ("bin/busybox", "busybox"),
            ("bin/sh", "busybox"),
            ("usr/lib/ld-musl-x86_64.so.1", "musl"),
            ("usr/lib/sub", "musl"),
            ("usr/lib/sub/file", "musl"),
        ]
    );
    let packages: Vec<_> = facts.packages.iter().map(|package| (&*package.name, package.version.as_deref())).collect();
    assert_eq!(packages, [("busybox", Some("1.36")), ("musl", Some("1.2.4-r2"))]);
    assert!(facts.packages.iter().all(|package| package.manager.as_deref() == Some("apk")));
}

#[test]
fn a_damaged_database_of_apk_is_named_with_its_line() {
    let place = Place::new();
    place.write("root.tar", Archive::new().file("lib/apk/db/installed", format!("{INSTALLED}\nV:1\n")).bytes());
    let run = place.run(&["facts", "root.tar"]);
    assert_eq!(
        run.err,
        "warning: `root.tar`: the package database `/lib/apk/db/installed` is damaged at line 19: an entry names no package\n"
    );
    assert!(run.out.contains("\"name\":\"musl\""));
}

const SPEC: &str = "\
Name: demo
Version: 2
Release: 1
Epoch: 3
Summary: s
License: MIT
BuildArch: noarch
%description
d
%install
mkdir -p %{buildroot}/usr/bin
echo x > %{buildroot}/usr/bin/demo
%files
/usr/bin/demo
";

fn works(command: &mut Command) -> bool {
    command.output().is_ok_and(|output| output.status.success())
}

#[test]
fn rpm_lists_packages_with_their_files_and_its_database_is_left_as_it_was() {
    let place = Place::new();
    place.write("demo.spec", SPEC);
    place.write("root/usr/bin/demo", "x\n");
    std::fs::create_dir_all(place.path("root/usr/lib/sysimage/rpm")).unwrap();
    let home = |command: &str| {
        let mut command = Command::new(command);
        command.env("HOME", place.path("")).current_dir(place.path(""));
        command
    };
    let top = format!("_topdir {}", place.path("build").display());
    let built = works(home("rpmbuild").args(["-bb", "--define", &top, "demo.spec"]));
    let mut install = home("rpm");
    install.arg("--dbpath").arg(place.path("root/usr/lib/sysimage/rpm")).args(["--justdb", "--nodeps", "-i"]);
    if !built || !works(install.arg("build/RPMS/noarch/demo-2-1.noarch.rpm")) {
        eprintln!("SKIPPED rpm_lists_packages: there is no rpmbuild, or it makes no package here");
        return;
    }
    let names = || {
        let listing = std::fs::read_dir(place.path("root/usr/lib/sysimage/rpm")).unwrap();
        let mut names: Vec<_> = listing.map(|entry| entry.unwrap().file_name()).collect();
        names.sort();
        names
    };
    let before = names();
    let facts = place.facts(&["root"]);
    assert_eq!(facts.packages.len(), 1);
    assert_eq!((&*facts.packages[0].name, facts.packages[0].version.as_deref()), ("demo", Some("3:2-1")));
    assert_eq!(facts.tree.get("usr/bin/demo").unwrap().package.as_deref(), Some("demo"));
    assert_eq!(names(), before);
}

#[test]
fn an_rpm_database_that_cannot_be_read_is_told_and_the_paths_stand() {
    let place = Place::new();
    place.write("root.tar", Archive::new().file("var/lib/rpm/rpmdb.sqlite", "no database").file("file", "").bytes());
    let run = place.run(&["facts", "root.tar"]);
    assert_eq!(run.status, 0);
    let said = "warning: `root.tar`: the rpm database in `/var/lib/rpm` cannot be read, so no package of it is known: ";
    assert!(run.err.starts_with(said), "{}", run.err);
    assert!(run.out.contains("\"/file\"") && run.out.contains("\"opaque\": true"));
}

#[test]
fn what_an_interrupted_change_of_rpms_database_left_is_read_with_it_and_told() {
    let place = Place::new();
    let archive = Archive::new()
        .file("var/lib/rpm/rpmdb.sqlite", "no database")
        .file("var/lib/rpm/rpmdb.sqlite-journal", "what was before");
    place.write("root.tar", archive.bytes());
    let run = place.run(&["facts", "root.tar"]);
    let said = "warning: `root.tar`: the rpm database was not closed by whoever used it last \
                (`/var/lib/rpm/rpmdb.sqlite-journal`): a change was interrupted, and what was before it is read";
    assert!(run.err.lines().any(|line| line == said), "{}", run.err);
}

/// Holds a lock as a package manager does, until it is dropped.
struct Holder(std::process::Child);

impl Holder {
    fn of(path: &std::path::Path) -> Option<Self> {
        let spawned = Command::new("flock")
            .arg("-F")
            .arg(path)
            .args(["sh", "-c", "echo held; exec sleep 60"])
            .stdout(Stdio::piped())
            .spawn();
        let mut child = spawned.ok()?;
        let mut said = [0; 4];
        let told = child.stdout.as_mut().is_some_and(|out| out.read_exact(&mut said).is_ok());
        let holder = Self(child);
        let inode = format!(":{} ", std::fs::metadata(path).ok()?.ino());
        let listed = std::fs::read_to_string("/proc/locks").is_ok_and(|locks| locks.contains(&inode));
        (told && listed).then_some(holder)
    }
}

impl Drop for Holder {
    fn drop(&mut self) {
        drop((self.0.kill(), self.0.wait()));
    }
}

#[test]
fn a_database_that_is_locked_is_told_and_an_idle_lock_file_is_not() {
    let place = Place::new();
    place.write("root/var/lib/dpkg/status", "Package: base\nStatus: install ok installed\nVersion: 1\n");
    place.write("root/var/lib/dpkg/lock", "");
    place.write("root/var/lib/dpkg/lock-frontend", "");
    place.write("child.image.toml", "[image]\nparent = \"root\"\n");
    let run = place.run(&["facts", "root"]);
    assert!(run.err.lines().all(|line| line.contains("no list of the files")), "{}", run.err);
    assert_eq!(place.run(&["check"]).status, 0);
    let Some(holder) = Holder::of(&place.path("root/var/lib/dpkg/lock-frontend")) else {
        eprintln!("SKIPPED a_database_that_is_locked: there is no `flock`, or the kernel lists no locks here");
        return;
    };
    let run = place.run(&["facts", "root"]);
    let said = "warning: `root`: the dpkg database is being changed: another process holds `/var/lib/dpkg/lock-frontend`, \
                so what is read of it may be half a change";
    assert!(run.err.lines().any(|line| line == said), "{}", run.err);
    assert!(run.status == 0 && run.out.contains("\"opaque\": true"));
    let run = place.run(&["check", "--format", "concise"]);
    let said = "child.image.toml:2:10: error[missing-source]: the parent `root` cannot be read as a whole: the dpkg database is being changed";
    assert!(run.status == 1 && run.out.starts_with(said), "{run:?}");
    drop(holder);
    assert_eq!(place.run(&["check"]).status, 0);
}
