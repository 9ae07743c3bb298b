//! The members of an operation, told one by one: in the order of the plan for a plan, sorted and with digests for a key.
//!
//! It says again what the derived form of [`Op`] says, because every step is written and goes into a key, and this way needs neither a
//! tree of values nor a buffer for each. Every field is bound, so one that is added cannot be forgotten; tests hold the forms together.

use std::collections::BTreeMap;

use super::digest::Digest;
use super::json::{Form, Object};
use super::mode::Mode;
use super::op::Op;

/// More members than any operation has.
const MOST: usize = 16;

/// The value of a member.
#[derive(Clone, Copy)]
enum Value<'o> {
    Flag(bool),
    Number(u32),
    NumberOrNull(Option<u32>),
    Mode(Mode),
    Text(&'o str),
    TextOrNull(Option<&'o str>),
    List(&'o [String]),
    Map(&'o BTreeMap<String, String>),
    Source(&'o str),
    Sources(&'o [String]),
}

/// Writes an operation as it stands in a plan.
pub(super) fn write_op(out: &mut Vec<u8>, form: Form, op: &Op) {
    let mut object = Object::open(out, form);
    each(op, |key, value| match value {
        Value::Source(path) => object.text(key, path),
        Value::Sources(paths) => object.texts(key, paths.iter().map(String::as_str)),
        value => plain(&mut object, key, value),
    });
    object.close();
}

/// Writes an operation as it goes into a key: canonical JSON, each source by its digest; by its name only where nobody knows the digest.
pub(super) fn write_key_op(out: &mut Vec<u8>, op: &Op, source: &impl Fn(&str) -> Option<Digest>) {
    let mut members = [("", Value::Flag(false)); MOST];
    let mut count = 0;
    each(op, |key, value| {
        members[count] = (key, value);
        count += 1;
    });
    let members = &mut members[..count];
    members.sort_unstable_by_key(|member| member.0);
    let mut object = Object::open(out, Form::Canonical);
    for &(key, value) in &*members {
        match value {
            Value::Source(path) => match source(path) {
                Some(digest) => object.digest(key, digest),
                None => object.text(key, path),
            },
            Value::Sources(paths) => {
                // Sorted by what is written of them, so that their names do not even show in the order.
                let written = |path: &String| source(path).map_or_else(|| path.clone(), |digest| digest.to_string());
                let mut written: Vec<String> = paths.iter().map(written).collect();
                written.sort_unstable();
                object.texts(key, written.iter().map(String::as_str));
            }
            value => plain(&mut object, key, value),
        }
    }
    object.close();
}

/// Writes a value that is the same in both forms.
fn plain(object: &mut Object<'_>, key: &'static str, value: Value<'_>) {
    match value {
        Value::Flag(flag) => object.flag(key, flag),
        Value::Number(number) => object.number(key, number),
        Value::NumberOrNull(number) => object.number_or_null(key, number),
        Value::Mode(mode) => object.mode(key, mode),
        Value::Text(text) | Value::Source(text) => object.text(key, text),
        Value::TextOrNull(text) => object.text_or_null(key, text),
        Value::List(texts) | Value::Sources(texts) => object.texts(key, texts.iter().map(String::as_str)),
        Value::Map(map) => object.map(key, map),
    }
}

/// Tells every member, `type` first and then in the order of the plan.
fn each<'o>(op: &'o Op, mut tell: impl FnMut(&'static str, Value<'o>)) {
    use Value::{Flag, List, Map, Number, NumberOrNull, Source, Sources, Text, TextOrNull};
    let mut tell = |members: &[(&'static str, Option<Value<'o>>)]| {
        for &(key, value) in members {
            if let Some(value) = value {
                tell(key, value);
            }
        }
    };
    let list_if_any = |list: &'o [String]| (!list.is_empty()).then_some(List(list));
    let map_if_any = |map: &'o BTreeMap<String, String>| (!map.is_empty()).then_some(Map(map));
    let of_type = |name| ("type", Some(Text(name)));
    match op {
        Op::MakeDir { path, mode, user, uid, group, gid } => tell(&[
            of_type("make_dir"),
            ("path", Some(Text(path))),
            ("mode", Some(Value::Mode(*mode))),
            ("user", Some(Text(user))),
            ("uid", Some(NumberOrNull(*uid))),
            ("group", Some(Text(group))),
            ("gid", Some(NumberOrNull(*gid))),
        ]),
        Op::CopyFile { src, dst, mode, user, uid, group, gid, xattrs } => tell(&[
            of_type("copy_file"),
            ("src", Some(Source(src))),
            ("dst", Some(Text(dst))),
            ("mode", Some(Value::Mode(*mode))),
            ("user", Some(Text(user))),
            ("uid", Some(NumberOrNull(*uid))),
            ("group", Some(Text(group))),
            ("gid", Some(NumberOrNull(*gid))),
            ("xattrs", map_if_any(xattrs)),
        ]),
        Op::CopyTree {
            src,
            dst,
            file_mode,
            executable_mode,
            directory_mode,
            user,
            uid,
            group,
            gid,
            xattrs,
            exclude,
            skip,
        } => tell(&[
            of_type("copy_tree"),
            ("src", Some(Source(src))),
            ("dst", Some(Text(dst))),
            ("file_mode", Some(Value::Mode(*file_mode))),
            ("executable_mode", Some(Value::Mode(*executable_mode))),
            ("directory_mode", Some(Value::Mode(*directory_mode))),
            ("user", Some(TextOrNull(user.as_deref()))),
            ("uid", Some(NumberOrNull(*uid))),
            ("group", Some(TextOrNull(group.as_deref()))),
            ("gid", Some(NumberOrNull(*gid))),
            ("xattrs", map_if_any(xattrs)),
            ("exclude", list_if_any(exclude)),
            ("skip", list_if_any(skip)),
        ]),
        Op::WriteFile { dst, text, mode, user, uid, group, gid, xattrs } => tell(&[
            of_type("write_file"),
            ("dst", Some(Text(dst))),
            ("text", Some(Text(text))),
            ("mode", Some(Value::Mode(*mode))),
            ("user", Some(Text(user))),
            ("uid", Some(NumberOrNull(*uid))),
            ("group", Some(Text(group))),
            ("gid", Some(NumberOrNull(*gid))),
            ("xattrs", map_if_any(xattrs)),
        ]),
        Op::MakeSymlink { link, target } => {
            tell(&[of_type("make_symlink"), ("link", Some(Text(link))), ("target", Some(Text(target)))]);
        }
        Op::MakeHardlink { link, target } => {
            tell(&[of_type("make_hardlink"), ("link", Some(Text(link))), ("target", Some(Text(target)))]);
        }
        Op::MakeNode { path, node, major, minor, mode, user, uid, group, gid } => tell(&[
            of_type("make_node"),
            ("path", Some(Text(path))),
            ("node", Some(Text(node.name()))),
            ("major", major.map(Number)),
            ("minor", minor.map(Number)),
            ("mode", Some(Value::Mode(*mode))),
            ("user", Some(Text(user))),
            ("uid", Some(NumberOrNull(*uid))),
            ("group", Some(Text(group))),
            ("gid", Some(NumberOrNull(*gid))),
        ]),
        Op::Remove { path, must_exist, recursive } => tell(&[
            of_type("remove"),
            ("path", Some(Text(path))),
            ("must_exist", Some(Flag(*must_exist))),
            ("recursive", Some(Flag(*recursive))),
        ]),
        Op::Mount { mountpoint, source, source_type, directory } => tell(&[
            of_type("mount"),
            ("mountpoint", Some(Text(mountpoint))),
            ("source", Some(Text(source))),
            ("source_type", Some(Text(source_type.name()))),
            ("directory", Some(Flag(*directory))),
        ]),
        Op::Extract { src, dst, strip_components, owners, user, uid, group, gid, skip } => tell(&[
            of_type("extract"),
            ("src", Some(Source(src))),
            ("dst", Some(Text(dst))),
            ("strip_components", Some(Number(*strip_components))),
            ("owners", Some(Text(owners.name()))),
            ("user", Some(TextOrNull(user.as_deref()))),
            ("uid", Some(NumberOrNull(*uid))),
            ("group", Some(TextOrNull(group.as_deref()))),
            ("gid", Some(NumberOrNull(*gid))),
            ("skip", list_if_any(skip)),
        ]),
        Op::Clone { from, src, dst, user, uid, group, gid, skip } => tell(&[
            of_type("clone"),
            ("from", Some(Source(from))),
            ("src", Some(Text(src))),
            ("dst", Some(Text(dst))),
            ("user", Some(TextOrNull(user.as_deref()))),
            ("uid", Some(NumberOrNull(*uid))),
            ("group", Some(TextOrNull(group.as_deref()))),
            ("gid", Some(NumberOrNull(*gid))),
            ("skip", list_if_any(skip)),
        ]),
        Op::AddGroup { name, gid, system } => tell(&[
            of_type("add_group"),
            ("name", Some(Text(name))),
            ("gid", Some(NumberOrNull(*gid))),
            ("system", Some(Flag(*system))),
        ]),
        Op::AddUser { name, uid, group, gid, groups, home, shell, comment, system } => tell(&[
            of_type("add_user"),
            ("name", Some(Text(name))),
            ("uid", Some(NumberOrNull(*uid))),
            ("group", Some(Text(group))),
            ("gid", Some(NumberOrNull(*gid))),
            ("groups", Some(List(groups))),
            ("home", Some(Text(home))),
            ("shell", Some(Text(shell))),
            ("comment", Some(Text(comment))),
            ("system", Some(Flag(*system))),
        ]),
        Op::AddToGroups { name, groups } => {
            tell(&[of_type("add_to_groups"), ("name", Some(Text(name))), ("groups", Some(List(groups)))]);
        }
        Op::Packages { manager, install, remove, remove_if_exists, upgrade, files } => tell(&[
            of_type("packages"),
            ("manager", Some(Text(manager.name()))),
            ("install", Some(List(install))),
            ("remove", Some(List(remove))),
            ("remove_if_exists", Some(List(remove_if_exists))),
            ("upgrade", Some(List(upgrade))),
            ("files", Some(Sources(files))),
        ]),
        Op::Run { command, user, uid, cwd, env, network } => tell(&[
            of_type("run"),
            ("command", Some(List(command))),
            ("user", Some(Text(user))),
            ("uid", Some(NumberOrNull(*uid))),
            ("cwd", Some(Text(cwd))),
            ("env", Some(Map(env))),
            ("network", Some(Flag(*network))),
        ]),
        Op::Configure { entrypoint, cmd, env, labels, user, uid, working_dir, exposed_ports, volumes, stop_signal } => {
            tell(&[
                of_type("configure"),
                ("entrypoint", entrypoint.as_deref().map(List)),
                ("cmd", cmd.as_deref().map(List)),
                ("env", map_if_any(env)),
                ("labels", map_if_any(labels)),
                ("user", Some(TextOrNull(user.as_deref()))),
                ("uid", Some(NumberOrNull(*uid))),
                ("working_dir", working_dir.as_deref().map(Text)),
                ("exposed_ports", list_if_any(exposed_ports)),
                ("volumes", list_if_any(volumes)),
                ("stop_signal", stop_signal.as_deref().map(Text)),
            ]);
        }
    }
}
