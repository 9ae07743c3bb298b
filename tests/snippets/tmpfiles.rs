//! The lines of tmpfiles.d.

use super::{found, messages, operations, plan_of, shown};

/// The operations of the lines, each as its line, its type and what is asked for.
fn check(lines: &str, keys: &[&str], expected: &[&str]) {
    let plan = plan_of("tmpfiles", lines);
    let all: Vec<String> = operations(&plan)
        .iter()
        .map(|(line, op)| format!("{line} {} {}", op["type"].as_str().unwrap(), shown(op, keys)))
        .collect();
    assert_eq!(all, expected, "{lines}");
}

#[test]
fn a_directory_has_systemds_defaults_and_what_its_fields_say() {
    check(
        "d /run/a\nD /run/b 0700 0 5 10d -\nv /run/c - - - -\nq /run/d :0711\nQ /run/e ~2755\nd /run/f 00755\n",
        &["path", "mode", "user", "group"],
        &[
            "1 make_dir path=/run/a mode=0755 user=root group=root",
            "2 make_dir path=/run/b mode=0700 user=root group=5",
            "3 make_dir path=/run/c mode=0755 user=root group=root",
            "4 make_dir path=/run/d mode=0711 user=root group=root",
            "5 make_dir path=/run/e mode=2755 user=root group=root",
            "6 make_dir path=/run/f mode=0755 user=root group=root",
        ],
    );
}

#[test]
fn a_file_has_the_argument_as_its_contents_with_escapes_and_specifiers() {
    check(
        "f /a - - - - one  two\\n\nf+ /b 0600\nF /c - - - - %t/%S 100%%\nf~ /d - - - - aGVsbG8=\nf /e - - - - \"q\" %\n",
        &["dst", "text", "mode"],
        &[
            "1 write_file dst=/a text=one  two\n mode=0644",
            "2 write_file dst=/b text= mode=0600",
            "3 write_file dst=/c text=/run//var/lib 100% mode=0644",
            "4 write_file dst=/d text=hello mode=0644",
            "5 write_file dst=/e text=\"q\" % mode=0644",
        ],
    );
}

#[test]
fn a_link_without_an_argument_leads_to_the_factory() {
    check(
        "f /usr/share/factory/etc/x\nL /etc/x\nL+ /etc/y - - - - x\n",
        &["link", "target"],
        &[
            "1 write_file link=null target=null",
            "2 make_symlink link=/etc/x target=/usr/share/factory/etc/x",
            "3 make_symlink link=/etc/y target=x",
        ],
    );
}

#[test]
fn nodes_have_the_mode_that_systemd_gives_them() {
    check(
        "p /run/p\nc /n - - - - 1:3\nb+ /b 0660 - - - 8:16\n",
        &["path", "node", "major", "minor", "mode"],
        &[
            "1 make_node path=/run/p node=fifo major=null minor=null mode=0644",
            "2 make_node path=/n node=char major=1 minor=3 mode=0644",
            "3 make_node path=/b node=block major=8 minor=16 mode=0660",
        ],
    );
}

#[test]
fn quotes_and_escapes_are_taken_off_paths() {
    check(
        "d \"/with space\"\nd '/si\\x6egle'\nd /a\\x20b\n\td /tab\t0711  \nd /trailing///\nd /var/run/old\n",
        &["path", "mode"],
        &[
            "1 make_dir path=/with space mode=0755",
            "2 make_dir path=/single mode=0755",
            "3 make_dir path=/a b mode=0755",
            "4 make_dir path=/tab mode=0711",
            "5 make_dir path=/trailing mode=0755",
            "6 make_dir path=/run/old mode=0755",
        ],
    );
}

#[test]
fn comments_empty_lines_and_line_ends_of_other_systems_are_no_lines() {
    check("# d /a\n\n   \n  # x\r\nd /b\r\nd /c", &["path"], &["5 make_dir path=/b", "6 make_dir path=/c"]);
}

#[test]
fn a_line_for_the_running_system_makes_nothing() {
    let lines = "x /a\nX /b\nr! /c/*\nR /d\ne /e - - - 10d\nw /f - - - - text\nz /g\nZ /h\nt /i - - - - user.a=b\n\
                 h /j - - - - +i\na /k - - - - u::rwx\nC /l - - - - /m\nd /var/log/%m\nf /n - - - - %b\nL /o - - - - %H\n\
                 f^ /p - - - - name\nL? /q - - - - /r\n";
    check(lines, &[], &[]);
}

#[test]
fn a_line_for_the_running_system_needs_those_whom_it_names() {
    let lines = "z /g 0640 root one\ne /e - two three 10d\na+ /k - - - - d:group:four:r-x,u:five:rwx,group::r--,m::rwx\n\
                 Z /run/%m - 0 six\nL /l - seven - - /etc\nd /etc\n";
    let image = "[image]\ninclude = [\"tmpfiles.d/x.conf\"]\n";
    assert_eq!(
        found(&[("x.image.toml", image), ("tmpfiles.d/x.conf", lines)]),
        [
            "tmpfiles.d/x.conf:1:16 missing group:one",
            "tmpfiles.d/x.conf:2:8 missing user:two",
            "tmpfiles.d/x.conf:2:12 missing group:three",
            "tmpfiles.d/x.conf:3:23 missing group:four",
            "tmpfiles.d/x.conf:3:34 missing user:five",
            "tmpfiles.d/x.conf:4:15 missing group:six",
            "tmpfiles.d/x.conf:5:8 missing user:seven",
        ]
    );
}

#[test]
fn what_is_wrong_stands_at_the_narrowest_word_and_healthy_lines_count() {
    let lines = "k /a\nd\nd rel\nd /b 0999\nd /c - - - soon\nd? /d\nd!! /e\nd /f%q\nf /g - - - - a\\q\nd \"/h\nc /i\nc /j - - - - 1\n\
                 w /k\nf~ /l - - - - !\nd /m/../n\nd /dup 0700\nd /dup 0711\n";
    assert_eq!(
        found(&[("tmpfiles.d/x.conf", lines)]),
        [
            "tmpfiles.d/x.conf:1:1 unknown-kind",
            "tmpfiles.d/x.conf:2:1 missing-key",
            "tmpfiles.d/x.conf:3:3 invalid-value",
            "tmpfiles.d/x.conf:4:6 invalid-value",
            "tmpfiles.d/x.conf:5:12 invalid-value",
            "tmpfiles.d/x.conf:6:2 invalid-value",
            "tmpfiles.d/x.conf:7:3 invalid-value",
            "tmpfiles.d/x.conf:8:5 invalid-value",
            "tmpfiles.d/x.conf:9:15 syntax",
            "tmpfiles.d/x.conf:10:3 syntax",
            "tmpfiles.d/x.conf:11:1 missing-key",
            "tmpfiles.d/x.conf:12:14 invalid-value",
            "tmpfiles.d/x.conf:13:1 missing-key",
            "tmpfiles.d/x.conf:14:15 invalid-value",
            "tmpfiles.d/x.conf:15:3 invalid-value",
            "tmpfiles.d/x.conf:17:8 conflict path:/dup",
        ]
    );
}

#[test]
fn messages_speak_of_lines() {
    let lines = "d /a%q\nw /b\nd!! /c\n";
    assert_eq!(
        messages(&[("tmpfiles.d/x.conf", lines)]),
        [
            "`%q` is no specifier that is known here",
            "a line of type `w` needs an argument: what is to be written",
            "a line of type `d` cannot have `!` here",
        ]
    );
}

#[test]
fn a_line_that_systemd_passes_over_without_a_contradiction_is_a_duplicate() {
    let first = "d /run/a\nd /run/b 0700\nd /run/c 0700\n";
    let second = "d /run/a 0700\nd /run/b\nd /run/c 0700\n";
    let image = "[image]\ninclude = [\"tmpfiles.d\"]\n";
    let files = [("x.image.toml", image), ("tmpfiles.d/b.conf", first), ("tmpfiles.d/a.conf", second)];
    assert_eq!(
        found(&files),
        ["tmpfiles.d/b.conf:1:3 duplicate path:/run/a", "tmpfiles.d/b.conf:2:3 duplicate path:/run/b"]
    );
    // The first by file name is carried out, and nothing of the other.
    let plan = super::plan_in(super::lay_out(&files).path(), "x.image.toml");
    let mode = |path: &str| {
        let steps = plan["steps"].as_array().unwrap();
        steps.iter().find(|step| step["op"]["path"] == path).unwrap()["op"]["mode"].as_str().unwrap().to_owned()
    };
    assert_eq!([mode("/run/a"), mode("/run/b"), mode("/run/c")], ["0700", "0755", "0700"]);
}

#[test]
fn any_text_is_read_without_a_panic() {
    for text in [
        "d",
        "\"",
        "d \\",
        "f /a - - - - \\u12",
        "f /\u{e9} - - - - \\U00110000",
        "d /\\xff",
        "d /%",
        "a+ / - - - - d:",
        "L \u{1F600} x",
        "\0d /a\0",
    ] {
        found(&[("tmpfiles.d/x.conf", text)]);
        found(&[("sysusers.d/x.conf", text)]);
    }
}
