//! Faults that were seen on public manifests, each with what is right: on a small Debian-like parent.

use crate::workspace::{File, Folder, messages, plan, step, texts};

const BASE: &str = include_str!("base.facts.json");

fn image(body: &str) -> String {
    format!("[image]\nname = \"t\"\nparent = \"base.facts.json\"\npackage_manager = \"apt\"\n{body}")
}

fn with<'f>(files: &[File<'f>], body: &'f str) -> Vec<File<'f>> {
    let mut all = vec![("base.facts.json", BASE), ("top.image.toml", body)];
    all.extend(files);
    all
}

fn check(body: &str) -> Vec<String> {
    check_with(&[], body)
}

fn check_with(files: &[File<'_>], body: &str) -> Vec<String> {
    let text = image(body);
    Folder::new(&with(files, &text)).found("top.image.toml")
}

fn helps(body: &str) -> Vec<String> {
    let text = image(body);
    let report = Folder::new(&with(&[], &text)).report("top.image.toml");
    report.diagnostics.into_iter().filter_map(|found| found.help).collect()
}

#[test]
fn a_name_and_a_number_of_one_account_are_one_owner() {
    let none: [&str; 0] = [];
    assert_eq!(check("[[ensure_dir]]\npath = \"/srv/www\"\nmode = \"0750\"\nuser = 33\ngroup = 33\n"), none);
    let user = "[[user]]\nname = \"app\"\nuid = 1500\n";
    let owned = "[[ensure_dir]]\npath = \"/srv/app\"\nuser = \"app\"\ngroup = \"app\"\n";
    let required = |owner: &str| format!("{user}{owned}[[require]]\nrequires = [{{ path = \"/srv/app\", {owner} }}]\n");
    assert_eq!(check(&required("user = 1500")), none);
    assert_eq!(check(&required("group = 1500")), none);
    assert_eq!(check(&required("user = 1501")), ["mismatch path:/srv/app"]);
    let twice = "[[ensure_dir]]\npath = \"/srv/app\"\nuser = 1500\ngroup = 1500\n";
    assert_eq!(check(&format!("{user}{owned}{twice}")), none);
    assert_eq!(check("[[require]]\nrequires = [{ path = \"/srv/www\", user = 33, group = \"www-data\" }]\n"), none);
}

#[test]
fn the_own_group_of_a_user_gets_the_number_that_was_asked_for() {
    let text = image("[[user]]\nname = \"nobody\"\nuid = 65534\n");
    let plan = plan(&with(&[], &text));
    assert_eq!(step(&plan, "group:nobody")["op"]["gid"], 65534);
}

#[test]
fn equal_content_is_equal_however_it_comes() {
    let none: [&str; 0] = [];
    let other = "[image]\nname = \"b\"\n[[ensure_dir]]\npath = [\"/out\", \"/out/bin\"]\n[[install]]\ntext = \"x\"\ndst = \"/out/bin/app\"\n";
    let clone = |src: &str, dst: &str| {
        format!("[[clone]]\nfrom = \"b.image.toml\"\nsrc = \"{src}\"\ndst = \"{dst}\"\nparents = true\n")
    };
    let clones = clone("/out/bin/app", "/srv/bin/app") + &clone("/out", "/srv");
    assert_eq!(check_with(&[("b.image.toml", other)], &clones), none);
    let text = "[[install]]\ntext = \"x\"\ndst = \"/srv/bin/app\"\n";
    assert_eq!(check_with(&[("b.image.toml", other)], &(clone("/out", "/srv") + text)), none);
    let otherwise = text.replace("\"x\"", "\"y\"");
    let found = check_with(&[("b.image.toml", other)], &(clone("/out", "/srv") + &otherwise));
    assert_eq!(found, ["conflict path:/srv/bin/app"]);
}

#[test]
fn an_image_can_be_squashed() {
    let text = "[image]\n[[clone]]\nfrom = \"base.facts.json\"\nsrc = \"/\"\ndst = \"/\"\n";
    assert_eq!(Folder::new(&[("base.facts.json", BASE), ("top.image.toml", text)]).found("top.image.toml"), [""; 0]);
}

#[test]
fn no_condition_on_a_version_is_taken_for_a_package() {
    for name in ["libc6>=2.3", "nginx (>= 1)", "nginx*", "nginx==1", "a | b", "nginx<2", "@core", "nginx~1", "./x.deb"]
    {
        assert_eq!(check(&format!("[[package]]\nnames = [\"{name}\"]\n")), ["invalid-value -"], "{name}");
    }
    for name in ["g++", "libc6:amd64", "python3.11", "nginx=1.2~rc1-1+b2"] {
        assert_eq!(check(&format!("[[package]]\nnames = [\"{name}\"]\n")), [""; 0], "{name}");
    }
}

#[test]
fn a_package_that_is_removed_is_named_where_its_files_are_missing() {
    let remove = "[[package]]\nnames = [\"nginx-light\"]\naction = \"remove\"\n";
    let require = "[[require]]\nexecutables = [\"/usr/sbin/nginx\"]\n";
    let text = image(&format!("{remove}{require}"));
    let report = Folder::new(&with(&[], &text)).report("top.image.toml");
    let related: Vec<&str> = report.diagnostics[0].related.iter().map(|related| related.message.as_str()).collect();
    assert_eq!(related, ["removed here with package `nginx-light`, in phase `packages`"]);
    let beside = messages(&with(&[], &image(&format!("{remove}{require}[[run]]\nscript = \"x\"\n"))));
    assert!(beside[0].ends_with("only the script `x` may provide it"), "{beside:?}");
}

#[test]
fn links_of_the_parent_on_the_way_are_named() {
    let notes = |body: &str| {
        let text = image(body);
        let report = Folder::new(&with(&[], &text)).report("top.image.toml");
        report
            .diagnostics
            .into_iter()
            .flat_map(|found| found.notes)
            .filter(|note| note.contains("link"))
            .collect::<Vec<_>>()
    };
    let sbin = "`/sbin` is a link to `usr/sbin` in parent `base`";
    assert_eq!(notes("[[symlink]]\nlink = \"/sbin/bbb\"\ntarget = \"../usr/sbin/bbb\"\n"), [sbin]);
    assert_eq!(notes("[[install]]\ntext = \"x\"\ndst = \"/sbin/nginx\"\n"), [sbin]);
    assert_eq!(notes("[[require]]\nfiles = [\"/sbin/nope\"]\n"), [sbin]);
    assert_eq!(notes("[[require]]\ndirectories = [\"/sbin/nginx\"]\n"), [sbin]);
    let help = helps("[[install]]\ntext = \"x\"\ndst = \"/sbin/nginx\"\n").concat();
    assert!(
        help.starts_with("the path leads through links to `/usr/sbin/nginx`: write the path that is meant"),
        "{help}"
    );
}

#[test]
fn accounts_are_there_as_long_as_the_file_that_lists_them() {
    let file = "[[install]]\ntext = \"x\"\ndst = \"/srv/a\"\nuser = \"www-data\"\n";
    let after = |before: &str| check(&format!("{before}{file}"));
    assert_eq!(after("[[remove]]\npath = \"/etc/passwd\"\n"), ["missing user:www-data"]);
    let list = |name: &str| format!("[[install]]\ntext = \"{name}:x:33:33:::\\n\"\ndst = \"/srv/list\"\n");
    let link = "[[symlink]]\nlink = \"/etc/passwd\"\ntarget = \"/srv/list\"\nreplace = true\n";
    assert_eq!(after(&(link.to_owned() + &list("root"))), ["missing user:www-data"]);
    assert_eq!(after(&(link.to_owned() + &list("www-data"))), [""; 0]);
    let again =
        "[[remove]]\npath = \"/etc/passwd\"\n[[install]]\ndst = \"/etc/passwd\"\ntext = \"www-data:x:33:33:::\\n\"\n";
    assert_eq!(after(again), [""; 0]);
}

#[test]
fn a_typo_behind_something_opaque_is_likely_missing() {
    let package = "[[package]]\nnames = [\"nodejs\"]\n[[user]]\nname = \"shop\"\nuid = 1000\n";
    let of = |user: &str| format!("{package}[[ensure_dir]]\npath = \"/srv/shop\"\nuser = \"{user}\"\n");
    assert_eq!(check(&of("shpo")), ["likely-missing user:shpo"]);
    assert_eq!(check(&of("www-dta")), ["likely-missing user:www-dta"]);
    assert_eq!(check(&of("nodejs")), ["unproven user:nodejs"]);
    assert_eq!(helps(&of("shpo"))[0].split_once('?').unwrap().0, "did you mean user `shop`");
    let run = "[[run]]\nscript = \"x\"\n[[run]]\ncommand = [\"/usr/bin/bash\"]\ncwd = \"/moac\"\nrequires = [\"virtual:v\"]\n";
    let late = format!("{run}[[ensure_dir]]\npath = \"/moac\"\n[[run]]\nscript = \"y\"\nprovides = [\"virtual:v\"]\n");
    assert!(check(&late).contains(&String::from("likely-missing path:/moac")), "{:?}", check(&late));
}

#[test]
fn a_command_that_names_what_comes_later_is_likely_to_miss_it() {
    let run = |rest: &str| {
        format!(
            "[[run]]\ncommand = [\"/usr/sbin/nginx\", \"-c\", \"/etc/nginx/my.conf\"]\n{rest}[[install]]\ntext = \"a\"\ndst = \"/etc/nginx/my.conf\"\n"
        )
    };
    assert_eq!(check(&run("")), ["likely-missing path:/etc/nginx/my.conf"]);
    assert_eq!(check(&run("phase = \"finalize\"\n")), [""; 0]);
    assert_eq!(check(&run("allow = [\"likely-missing\"]\n")), [""; 0]);
}

#[test]
fn what_an_image_runs_must_be_there() {
    let oci = |settings: &str| check(&format!("[[oci]]\n{settings}\n"));
    assert_eq!(oci("entrypoint = [\"/usr/bin/nope\"]"), ["missing path:/usr/bin/nope"]);
    assert_eq!(oci("cmd = [\"/etc/passwd\"]"), ["mismatch path:/etc/passwd"]);
    assert_eq!(oci("entrypoint = [\"/bin/bash\"]\ncmd = [\"/nope\"]"), [""; 0]);
    assert_eq!(oci("entrypoint = [\"nginx\"]"), [""; 0]);
    assert_eq!(oci("entrypoint = [\"nginx\"]\nenv = { PATH = \"/usr/bin:/bin\" }"), ["missing path:/usr/bin/nginx"]);
    assert_eq!(oci("working_dir = \"/nope\""), ["missing path:/nope"]);
    assert_eq!(oci("working_dir = \"/etc/passwd\""), ["mismatch path:/etc/passwd"]);
    assert_eq!(oci("stop_signal = \"SIGFOO\""), ["invalid-value -"]);
    for signal in ["SIGTERM", "quit", "15", "SIGRTMIN+3", "RTMAX-1"] {
        assert_eq!(oci(&format!("stop_signal = \"{signal}\"")), [""; 0], "{signal}");
    }
    // It may be made by anything, as late as that is.
    assert_eq!(
        check(
            "[[oci]]\ncmd = [\"/srv/go\"]\n[[install]]\ntext = \"\"\ndst = \"/srv/go\"\nmode = \"0755\"\nphase = \"finalize\"\n"
        ),
        [""; 0]
    );
}

#[test]
fn words_of_other_tools_are_known() {
    let kind = |word: &str| helps(&format!("[[{word}]]\nx = 1\n")).concat();
    for (word, meant) in [
        ("file", "install"),
        ("directory", "ensure_dir"),
        ("copy", "install"),
        ("link", "symlink"),
        ("service", "symlink"),
        ("dir", "ensure_dir"),
        ("chmod", "attributes"),
    ] {
        assert_eq!(kind(word), format!("did you mean `{meant}`?"));
    }
    let key = |kind: &str, key: &str| helps(&format!("[[{kind}]]\n{key} = \"x\"\n"));
    for (of, word, meant) in [
        ("install", "owner", "user"),
        ("install", "contents", "text"),
        ("install", "content", "text"),
        ("install", "permissions", "mode"),
        ("install", "dest", "dst"),
        ("install", "source", "src"),
        ("user", "gecos", "comment"),
        ("user", "primary_group", "group"),
        ("user", "gid", "group"),
        ("ensure_dir", "name", "path"),
        ("symlink", "dst", "link"),
    ] {
        assert!(key(of, word).contains(&format!("did you mean `{meant}`?")), "{of}.{word}: {:?}", key(of, word));
    }
}

#[test]
fn attributes_are_seen_by_what_comes_after_them() {
    let change = |rest: &str| format!("[[attributes]]\npath = \"/usr/sbin/nginx\"\n{rest}");
    let require = "[[require]]\nrequires = [{ path = \"/usr/sbin/nginx\", mode = \"0700\", user = \"www-data\" }]\n";
    assert_eq!(check(&format!("{}{require}", change("mode = \"0700\"\nuser = \"www-data\"\n"))), [""; 0]);
    assert_eq!(check(&format!("{}{require}", change("mode = \"0700\"\n"))), ["mismatch path:/usr/sbin/nginx"]);
    let twice = change("mode = \"0700\"\n") + &change("mode = \"0750\"\n");
    assert_eq!(check(&twice), ["conflict path:/usr/sbin/nginx"]);
    let equal = change("mode = \"0700\"\n").repeat(2);
    assert_eq!(check(&equal), ["duplicate path:/usr/sbin/nginx"]);
    let own = "[[install]]\ntext = \"\"\ndst = \"/srv/a\"\nmode = \"0600\"\n[[attributes]]\npath = \"/srv/a\"\n";
    assert_eq!(check(&format!("{own}mode = \"0644\"\n")), ["conflict path:/srv/a"]);
    assert_eq!(check(&format!("{own}user = \"www-data\"\n")), [""; 0]);
    assert_eq!(check("[[attributes]]\npath = \"/srv/nope\"\nmode = \"0644\"\n"), ["missing path:/srv/nope"]);
    assert_eq!(check("[[attributes]]\npath = \"/srv/www\"\nmode = \"0777\"\n"), ["world-writable path:/srv/www"]);
}

#[test]
fn attributes_of_all_below_a_place_come_after_what_is_put_there() {
    let body = "[[attributes]]\npath = \"/srv/www\"\nuser = \"www-data\"\nrecursive = true\n[[install]]\ntext = \"\"\ndst = \"/srv/www/a\"\n[[require]]\nrequires = [{ path = \"/srv/www/a\", user = \"www-data\" }]\n";
    assert_eq!(check(body), [""; 0]);
    let text = image(body);
    let plan = plan(&with(&[], &text));
    assert_eq!(texts(&step(&plan, "attributes:/srv/www")["requires"]), ["install:/srv/www/a"]);
    let child =
        "[image]\nparent = \"top.image.toml\"\n[[require]]\nrequires = [{ path = \"/srv/www/a\", user = 33 }]\n";
    let mut files = with(&[], &text);
    files.push(("child.image.toml", child));
    assert_eq!(Folder::new(&files).found("child.image.toml"), [""; 0]);
}

#[test]
fn tools_can_be_what_a_command_requires() {
    let tool = [("tool/bin/go", ""), ("tool/README", "")];
    let run = |word: &str, at: &str| {
        format!("[[run]]\ncommand = [\"{word}\"]\ntools = [{{ from = \"tool\", at = \"{at}\" }}]\n")
    };
    assert_eq!(check_with(&tool, &run("/opt/go/bin/go", "/opt/go")), ["mismatch path:/opt/go/bin/go"]);
    assert_eq!(check_with(&tool, &run("/opt/go/bin/gox", "/opt/go")), ["missing path:/opt/go/bin/gox"]);
    assert_eq!(check_with(&tool, &run("/usr/bin/bash", "/")), ["invalid-value -"]);
    assert_eq!(check_with(&tool, &run("/usr/bin/bash", "/opt/go").replace("tool\"", "none\"")), ["missing-file -"]);
    assert_eq!(
        check_with(&tool, &(run("/usr/bin/bash", "/opt/go") + "[[require]]\nfiles = [\"/opt/go/README\"]\n")),
        ["unproven path:/opt/go/README"]
    );
}

#[test]
fn a_version_may_be_said_in_another_file_than_the_name() {
    let other = "[[ensure_dir]]\npath = \"/srv/a\"\n[[ensure_dir]]\npath = \"/srv/b\"\n[[package]]\naction = \"install\"\nnames = [\"curl=2\"]\n";
    let top = image("[[package]]\naction = \"install\"\nnames = [\"curl\"]\n");
    let top = format!("include = [\"other.features.toml\"]\n{top}");
    assert_eq!(Folder::new(&with(&[("other.features.toml", other)], &top)).found("top.image.toml"), [""; 0]);
}

#[test]
fn a_link_of_a_tree_is_not_judged_while_something_is_unread() {
    let folder = Folder::new(&with(
        &[("tree/readme", "")],
        "include = [\"gone.features.toml\"]\n[image]\nname = \"t\"\nparent = \"base.facts.json\"\n[[install]]\nsrc = \"tree\"\ndst = \"/tree\"\n",
    ));
    std::os::unix::fs::symlink("nowhere", folder.path().join("tree/link")).expect("a link");
    assert_eq!(folder.found("top.image.toml"), ["missing-file -"]);
    std::fs::write(folder.path().join("gone.features.toml"), "").expect("a file");
    assert_eq!(folder.found("top.image.toml"), ["dangling-link path:/tree/link"]);
}

/// The help of the first finding in a manifest.
fn help_of(text: &str) -> String {
    let report = Folder::new(&with(&[], text)).report("top.image.toml");
    report.diagnostics.into_iter().next().and_then(|found| found.help).unwrap_or_default()
}

#[test]
fn names_of_registries_patterns_and_addresses_are_told_from_files_that_are_gone() {
    let parent = |name: &str| help_of(&format!("[image]\nparent = \"{name}\"\n"));
    assert!(
        parent("debian:12").contains("write `parent = { name = \"debian:12\", opaque = true }`"),
        "{}",
        parent("debian:12")
    );
    let whole = "quay.io:443/fedora/fedora@sha256:0123";
    assert!(parent(whole).contains(&format!("skopeo copy docker://{whole} oci:fedora`")), "{}", parent(whole));
    assert!(
        parent("docker://debian:12").contains("{ name = \"debian:12\", opaque"),
        "{}",
        parent("docker://debian:12")
    );
    for file in ["gone.facts.json", "../roots/debian", "localhost:5000/debian"] {
        assert_eq!(parent(file), "", "{file}");
    }
    let source = |src: &str| helps(&format!("[[install]]\nsrc = \"{src}\"\ndst = \"/srv/x\"\n")).concat();
    assert!(source("files/*.conf").starts_with("patterns are not read here"), "{}", source("files/*.conf"));
    assert!(source("https://example.org/x.tar").starts_with("nothing is fetched"));
    assert!(source("files/a.conf").starts_with("correct the path"));
}

#[test]
fn a_command_line_is_not_to_be_put_in_brackets() {
    let run = helps("[[run]]\ncommand = \"apt-get update\"\n").concat();
    assert!(run.contains("a string of their own") && run.ends_with("goes into `script`"), "{run}");
    let oci = helps("[[oci]]\ncmd = \"nginx -g x\"\n").concat();
    assert!(oci.contains("a string of their own") && !oci.contains("script"), "{oci}");
}
