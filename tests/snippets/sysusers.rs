//! The lines of sysusers.d.

use super::{found, operations, plan_of, shown};

const USER: &[&str] = &["name", "uid", "group", "gid", "home", "shell", "comment", "system"];

fn check(lines: &str, expected: &[&str]) {
    let plan = plan_of("sysusers", lines);
    let all: Vec<String> = operations(&plan)
        .iter()
        .map(|(line, op)| {
            let keys = match op["type"].as_str().unwrap() {
                "add_user" => USER,
                "add_group" => &["name", "gid", "system"],
                _ => &["name", "groups"],
            };
            format!("{line} {} {}", op["type"].as_str().unwrap(), shown(op, keys))
        })
        .collect();
    assert_eq!(all, expected, "{lines}");
}

#[test]
fn a_user_has_systemds_defaults_and_what_its_fields_say() {
    check(
        "u a 500 \"The A, of \\\"all\\\"\" /srv/a -\nu b 501\nu! c 502 'C' -\n",
        &[
            "1 add_user name=a uid=500 group=a gid=500 home=/srv/a shell=/usr/sbin/nologin comment=The A, of \"all\" system=true",
            "2 add_user name=b uid=501 group=b gid=501 home=/ shell=/usr/sbin/nologin comment= system=true",
            "3 add_user name=c uid=502 group=c gid=502 home=/ shell=/usr/sbin/nologin comment=C system=true",
        ],
    );
}

#[test]
fn a_primary_group_is_a_number_or_a_name_behind_the_colon() {
    check(
        "u a 500:600\nu b 501:grp\nu c -:grp\ng grp 601\n",
        &[
            "1 add_user name=a uid=500 group=600 gid=600 home=/ shell=/usr/sbin/nologin comment= system=true",
            "2 add_user name=b uid=501 group=grp gid=601 home=/ shell=/usr/sbin/nologin comment= system=true",
            "3 add_user name=c uid=999 group=grp gid=601 home=/ shell=/usr/sbin/nologin comment= system=true",
            "4 add_group name=grp gid=601 system=true",
        ],
    );
}

#[test]
fn a_number_taken_from_a_file_of_the_running_system_is_allocated() {
    check(
        "g grp /usr/bin/x\nu a /usr/bin/y\n",
        &[
            "1 add_group name=grp gid=998 system=true",
            "2 add_user name=a uid=999 group=a gid=999 home=/ shell=/usr/sbin/nologin comment= system=true",
        ],
    );
}

#[test]
fn a_membership_brings_along_who_is_not_declared() {
    check(
        "m a grp\nm a b\nm c c\nu c 500\nr - 500-900\n",
        &[
            "1 add_group name=grp gid=997 system=true",
            "1 add_user name=a uid=999 group=a gid=999 home=/ shell=/usr/sbin/nologin comment= system=true",
            "1 add_to_groups name=a groups=[\"grp\"]",
            "2 add_group name=b gid=998 system=true",
            "2 add_to_groups name=a groups=[\"b\"]",
            "3 add_to_groups name=c groups=[\"c\"]",
            "4 add_user name=c uid=500 group=c gid=500 home=/ shell=/usr/sbin/nologin comment= system=true",
        ],
    );
}

#[test]
fn a_user_and_a_group_of_one_name_are_no_duplicates() {
    assert_eq!(found(&[("sysusers.d/x.conf", "g a\nu a\nm a a\nm a b\nm b b\n")]), Vec::<String>::new());
}

#[test]
fn a_home_is_entered_and_need_not_be_there_and_a_shell_must_be() {
    let image = "[image]\ninclude = [\"sysusers.d/x.conf\"]\n[[assume]]\nfiles = [\"/etc/passwd\", \"/etc/group\"]\nreason = \"base\"\n";
    assert_eq!(
        found(&[("x.image.toml", image), ("sysusers.d/x.conf", "u a - - /srv/a /bin/sh\nu b -:grp\n")]),
        ["sysusers.d/x.conf:1:16 missing path:/bin/sh", "sysusers.d/x.conf:2:7 missing group:grp"]
    );
}

#[test]
fn what_is_wrong_stands_at_the_narrowest_word_and_healthy_lines_count() {
    let lines = "k a\nu\nu bad:name\nu a x\nu b 65535\ng c - \"C\"\nr foo 1\nr - 9-1\nm d\nu e - - - - more\nu f - - rel\nu g 5:\nu h%q\n\
                 u i - \"I\nu j 500\nu j 501\ng k 7\ng k 8\nu l - one\nu l - two\n";
    assert_eq!(
        found(&[("sysusers.d/x.conf", lines)]),
        [
            "sysusers.d/x.conf:1:1 unknown-kind",
            "sysusers.d/x.conf:2:1 missing-key",
            "sysusers.d/x.conf:3:3 invalid-value",
            "sysusers.d/x.conf:4:5 invalid-value",
            "sysusers.d/x.conf:5:5 invalid-value",
            "sysusers.d/x.conf:6:7 invalid-value",
            "sysusers.d/x.conf:7:3 invalid-value",
            "sysusers.d/x.conf:8:5 invalid-value",
            "sysusers.d/x.conf:9:1 missing-key",
            "sysusers.d/x.conf:10:13 syntax",
            "sysusers.d/x.conf:11:9 invalid-value",
            "sysusers.d/x.conf:12:7 missing-key",
            "sysusers.d/x.conf:13:4 invalid-value",
            "sysusers.d/x.conf:14:7 syntax",
            "sysusers.d/x.conf:16:5 conflict user:j",
            "sysusers.d/x.conf:18:5 conflict group:k",
            "sysusers.d/x.conf:20:7 conflict user:l",
        ]
    );
}

#[test]
fn a_line_that_systemd_passes_over_without_a_contradiction_is_a_duplicate() {
    let files = [("sysusers.d", ""), ("sysusers.d/a.conf", "u a 500\n"), ("sysusers.d/b.conf", "u a 500 \"A\"\nu a\n")];
    assert_eq!(found(&files[1..]), Vec::<String>::new());
    let folder = super::lay_out(&files[1..]);
    assert_eq!(super::found_in(folder.path(), "sysusers.d"), ["sysusers.d/b.conf:1:3 duplicate user:a"]);
}
