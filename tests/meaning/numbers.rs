//! Numbers of users and groups: which are taken, and what happens when none is left.

use crate::workspace::{ETC, found, messages, plan, step};

#[test]
fn numbers_that_commands_and_the_configuration_run_as_are_not_allocated() {
    let image = format!(
        "[image]\n{ETC}[[user]]\nname = \"a\"\n[[oci]]\nuser = \"1000:1001\"\n[[run]]\ncommand = [\"true\"]\nuser = 1002\nphase = \"finalize\"\n[[user]]\nname = \"b\"\n"
    );
    let plan = plan(&[("top.image.toml", &image)]);
    let number = |id: &str, key: &str| step(&plan, id)["op"][key].as_u64();
    assert_eq!((number("user:a", "uid"), number("group:a", "gid")), (Some(1001), Some(1000)));
    assert_eq!((number("user:b", "uid"), number("group:b", "gid")), (Some(1003), Some(1003)));
}

#[test]
fn who_finds_no_number_left_is_told() {
    let mut image = format!("[image]\n{ETC}");
    for number in 0..902 {
        image.push_str(&format!("[[group]]\nname = \"g{number:03}\"\nsystem = true\n"));
    }
    assert_eq!(found(&[("top.image.toml", &image)]), ["id-conflict group:g900"]);
    let said = "no gid is left for group `g900`: all from 100 to 999 are taken, nor for 1 other";
    assert_eq!(messages(&[("top.image.toml", &image)]), [said]);
}
