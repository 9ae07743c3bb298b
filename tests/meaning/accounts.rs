//! Accounts that files list: where those files are, and what a file that takes another's place no longer lists.

use crate::workspace::{ETC, found, messages, plan, step, texts};

/// Lists `web`, with the number 33.
const PASSWD: &str = r#"text = "root:x:0:0:root:/root:/bin/sh\nweb:x:33:33::/nonexistent:/usr/sbin/nologin\n""#;
const GROUP: &str = r#"text = "root:x:0:\nweb:x:33:\n""#;
const OWNED: &str = "[[install]]\ndst = \"/x\"\ntext = \"x\"\nuser = \"web\"\n";

fn files_at(passwd: &str, group: &str) -> String {
    format!("[[install]]\ndst = \"{passwd}\"\n{PASSWD}\n[[install]]\ndst = \"{group}\"\n{GROUP}\n")
}

#[test]
fn an_account_file_in_a_directory_behind_a_link_provides_its_accounts() {
    let image = format!(
        "{}[[ensure_dir]]\npath = \"/usr/etc\"\n[[symlink]]\nlink = \"/etc\"\ntarget = \"usr/etc\"\n{OWNED}group = \"web\"\n",
        files_at("/usr/etc/passwd", "/etc/group")
    );
    assert_eq!(found(&[("top.image.toml", &format!("[image]\n{image}"))]), [""; 0]);
}

#[test]
fn an_account_file_that_is_a_link_provides_the_accounts_of_what_it_leads_to() {
    let image = format!(
        "[image]\n[[ensure_dir]]\npath = [\"/etc\", \"/usr/lib\"]\n[[symlink]]\nlink = \"/etc/passwd\"\ntarget = \"/usr/lib/passwd\"\n{}{OWNED}",
        files_at("/usr/lib/passwd", "/etc/group")
    );
    assert_eq!(found(&[("top.image.toml", &image)]), [""; 0]);
    let plan = plan(&[("top.image.toml", &format!("{image}[[user]]\nname = \"db\"\n"))]);
    assert_eq!(texts(&step(&plan, "user:db")["modifies"]), ["/etc/group", "/usr/lib/passwd"]);
}

#[test]
fn an_account_file_behind_a_link_of_the_parent_provides_its_accounts() {
    let base = "[image]\n[[ensure_dir]]\npath = \"/usr/etc\"\n[[symlink]]\nlink = \"/etc\"\ntarget = \"usr/etc\"\n";
    let top =
        format!("[image]\nparent = \"base.image.toml\"\n{}{OWNED}", files_at("/usr/etc/passwd", "/usr/etc/group"));
    assert_eq!(found(&[("base.image.toml", base), ("top.image.toml", &top)]), [""; 0]);
}

const REPLACED: &str =
    "[[install]]\ndst = \"/etc/passwd\"\ntext = \"root:x:0:0:root:/root:/bin/sh\\n\"\nreplace = true\n";

#[test]
fn whom_a_replaced_account_file_no_longer_lists_is_gone_in_its_whole_phase() {
    let base = format!("[image]\n[[ensure_dir]]\npath = \"/etc\"\n{}", files_at("/etc/passwd", "/etc/group"));
    let top = |rest: &str| format!("[image]\nparent = \"base.image.toml\"\n{REPLACED}{rest}");
    let check = |rest: &str| found(&[("base.image.toml", &base), ("top.image.toml", &top(rest))]);
    assert_eq!(check(OWNED), ["missing user:web"]);
    let said = messages(&[("base.image.toml", &base), ("top.image.toml", &top(OWNED))]);
    assert_eq!(
        said,
        ["user `web`, to whom `/x` is to belong, is no longer listed by what takes the place of `/etc/passwd`"]
    );
    // The number is free again, and so is the name.
    assert_eq!(check("[[user]]\nname = \"db\"\nuid = 33\n"), [""; 0]);
    let top = top("[[user]]\nname = \"web\"\ngroup = \"root\"\n");
    let plan = plan(&[("base.image.toml", &base), ("top.image.toml", &top)]);
    let web = step(&plan, "user:web");
    assert_eq!(web["op"]["uid"], 1000);
    assert_eq!(texts(&web["requires"]), ["install:/etc/passwd"]);
}

#[test]
fn an_account_file_of_an_included_file_lists_nobody_once_it_is_replaced() {
    let included = format!("[[ensure_dir]]\npath = \"/etc\"\n{}", files_at("/etc/passwd", "/etc/group"));
    let check = |rest: &str| {
        let top = format!("[image]\ninclude = [\"etc.features.toml\"]\n{REPLACED}{rest}");
        found(&[("etc.features.toml", &included), ("top.image.toml", &top)])
    };
    assert_eq!(check(OWNED), ["missing user:web"]);
    assert_eq!(check("[[user]]\nname = \"db\"\nuid = 33\n"), [""; 0]);
}

const FACTS: &str = r#"{ "format_version": "1.0",
  "users": [ { "name": "nginx", "uid": 101, "group": "nginx", "home": "/nonexistent", "shell": "/bin/false" } ],
  "groups": [ { "name": "nginx", "gid": 101, "members": [] } ],
  "packages": [ { "name": "nginx", "version": "1", "manager": "apt" } ] }"#;

#[test]
fn a_step_that_is_known_to_bring_accounts_edits_the_account_files() {
    let image = format!(
        "[image]\npackage_manager = \"apt\"\n{}[[package]]\nnames = [\"nginx\"]\nfacts = \"nginx.facts.json\"\nphase = \"main\"\n",
        ETC
    );
    let plan = plan(&[("nginx.facts.json", FACTS), ("top.image.toml", &image)]);
    let packages = step(&plan, "packages:apt");
    assert_eq!(texts(&packages["modifies"]), ["/etc/group", "/etc/passwd"]);
    assert_eq!(texts(&packages["requires"]), ["install:/etc/group", "install:/etc/passwd"]);
}
