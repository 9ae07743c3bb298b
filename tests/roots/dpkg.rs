use super::ground::{Archive, Place};

const STATUS: &str = "\
Package: base
Status: install ok installed
Architecture: all
Version: 1:2.0-3
Description: the base
 with a second line: and a colon

Package: tool
Status: install ok installed
Architecture: amd64
Multi-Arch: same
Version: 7

Package: gone
Status: deinstall ok config-files
Architecture: amd64
Version: 1

Package: never
Status: unknown ok not-installed
";

fn root() -> Archive {
    Archive::new()
        .directory("etc")
        .link("bin", "usr/bin")
        .file("usr/bin/ls", "")
        .file("usr/bin/tool", "")
        .file("usr/bin/tool.real", "")
        .file("etc/gone.conf", "")
        .file("usr/share/doc/notes", "")
        .file("var/lib/dpkg/info/base.list", "/.\n/bin\n/bin/ls\n/usr\n/usr/share/doc\n/bin/tool\n")
        .file("var/lib/dpkg/info/tool:amd64.list", "/.\n/usr\n/usr/bin/tool\n/usr/share/doc\n/usr/share/doc/notes\n")
        .file("var/lib/dpkg/info/gone.list", "/etc\n/etc/gone.conf\n")
        .file("var/lib/dpkg/diversions", "/bin/tool\n/usr/bin/tool.real\ntool\n")
}

/// Who owns what, and what is installed.
fn check(archive: Archive, owners: &[(&str, &str)], packages: &[&str]) {
    let place = Place::new();
    place.write("root.tar", archive.bytes());
    let facts = place.facts(&["root.tar"]);
    let owned = facts.tree.entries().iter().filter_map(|entry| Some((&*entry.path, &**entry.package.as_ref()?)));
    assert_eq!(owned.collect::<Vec<_>>(), owners);
    let text = |text: &Option<Box<str>>| text.as_deref().unwrap_or("-").to_owned();
    let listed = facts
        .packages
        .iter()
        .map(|package| format!("{} {} {}", package.name, text(&package.version), text(&package.architecture)));
    assert_eq!(listed.collect::<Vec<_>>(), packages);
}

#[test]
fn packages_own_paths_through_links_and_diversions_and_what_several_own_is_nobodys() {
    check(
        root().file("var/lib/dpkg/status", STATUS),
        &[
            ("bin", "base"),
            ("etc", "gone"),
            ("etc/gone.conf", "gone"),
            ("usr/bin/ls", "base"),
            ("usr/bin/tool", "tool"),
            ("usr/bin/tool.real", "base"),
            ("usr/share/doc/notes", "tool"),
        ],
        &["base 1:2.0-3 all", "tool 7 amd64"],
    );
}

#[test]
fn what_an_interrupted_run_left_counts_over_the_status() {
    let update = "Package: base\nStatus: install ok half-configured\nArchitecture: all\nVersion: 3\n";
    check(
        Archive::new()
            .file("var/lib/dpkg/status", "Package: base\nStatus: install ok installed\nArchitecture: all\nVersion: 2\n")
            .file("var/lib/dpkg/updates/0001", update)
            .file("var/lib/dpkg/info/base.list", "/.\n"),
        &[("", "base")],
        &["base 3 all"],
    );
}

#[test]
fn distroless_images_have_a_file_for_each_package() {
    let archive = Archive::new()
        .file("usr/lib/libc.so", "")
        .file("var/lib/dpkg/status.d/bGliYzY", "Package: libc6\nVersion: 2.36\nArchitecture: amd64\n")
        .file("var/lib/dpkg/status.d/bGliYzY.md5sums", "0123456789abcdef0123456789abcdef  usr/lib/libc.so\n");
    check(archive, &[("usr/lib/libc.so", "libc6")], &["libc6 2.36 amd64"]);
}

#[test]
fn a_damaged_database_is_reported_and_the_rest_stands() {
    let place = Place::new();
    let damaged = format!("{STATUS}\n\x00\x01garbage\nPackage: late\nStatus: who knows\n\nVersion: 5\n");
    place.write(
        "root.tar",
        root().file("var/lib/dpkg/status", damaged).file("var/lib/dpkg/diversions", "/a\n/b\n").bytes(),
    );
    let run = place.run(&["facts", "root.tar"]);
    assert_eq!(run.status, 0);
    insta::assert_snapshot!(run.err, @r"
    warning: `root.tar`: the package database `/var/lib/dpkg/status` is damaged at line 22: a line has no `:`, and 1 more line or entry like it
    warning: `root.tar`: the package database `/var/lib/dpkg/diversions` is damaged: it ends in the midst of an entry
    warning: `root.tar`: the package database `/var/lib/dpkg/status` is damaged: package `late` has no state (`Status: who knows`)
    ");
    assert!(run.out.contains("\"opaque\": true") && run.out.contains("\"name\":\"tool\""), "{}", run.out);
}

#[test]
fn a_package_without_a_list_is_installed_and_owns_nothing() {
    let place = Place::new();
    place.write("root/var/lib/dpkg/status", "Package: a\nStatus: install ok installed\nVersion: 1\n");
    let run = place.run(&["facts", "root"]);
    assert_eq!(
        run.err,
        "warning: `root`: the package database has no list of the files of package `a` (`/var/lib/dpkg/info/a.list`); \
         what it owns is not known\n"
    );
    assert!(run.out.contains("{\"name\":\"a\",\"version\":\"1\",\"manager\":\"apt\"}"), "{}", run.out);
}
