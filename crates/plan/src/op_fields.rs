//! The members of an operation, told one by one: in the order of the plan for a plan, sorted and with digests for a key.
//!
//! It says again what the derived form of [`Op`] says, because every step is written and goes into a key, and this way needs neither a
//! tree of values nor a buffer for each. Every field is bound, so one that is added cannot be forgotten; tests hold the forms together.

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::contents;
use super::digest::Digest;
use super::json::{Form, Key, Object, key};
use super::mode::Mode;
use super::op::{Op, Tool};

/// More members than any operation has.
const MOST: usize = 16;

/// The value of a member.
#[derive(Clone, Copy)]
enum Value<'o> {
    Flag(bool),
    Number(u32),
    NumberOrNull(Option<u32>),
    Mode(Mode),
    ModeOrNull(Option<Mode>),
    Text(&'o str),
    Contents(&'o contents::Text<'o>),
    TextOrNull(Option<&'o str>),
    List(&'o [String]),
    Map(&'o BTreeMap<String, String>),
    Source(&'o str),
    Sources(&'o [String]),
    Tools(&'o [Tool]),
}

/// Writes an operation as it stands in a plan.
pub(super) fn write_op(out: &mut Vec<u8>, form: Form, op: &Op<'_>) {
    let mut object = Object::open(out, form);
    each(op, |key, value| match value {
        Value::Source(path) => object.text(key, path),
        Value::Sources(paths) => object.texts(key, paths.iter().map(String::as_str)),
        Value::Tools(tools) => object.list(key, tools, |out, tool| {
            let mut object = Object::open(out, form);
            object.text(key!("from"), &tool.from);
            object.text(key!("at"), &tool.at);
            object.close();
        }),
        value => plain(&mut object, key, value),
    });
    object.close();
}

/// Writes an operation as it goes into a key: canonical JSON, each source by its digest; by its name only where nobody knows the digest.
pub(super) fn write_key_op(out: &mut Vec<u8>, op: &Op<'_>, source: &impl Fn(&str) -> Option<Digest>) {
    let mut members = [(key!(""), Value::Flag(false)); MOST];
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
            Value::Tools(tools) => object.list(key, tools, |out, tool| {
                let mut object = Object::open(out, Form::Canonical);
                object.text(key!("at"), &tool.at);
                match source(&tool.from) {
                    Some(digest) => object.digest(key!("from"), digest),
                    None => object.text(key!("from"), &tool.from),
                }
                object.close();
            }),
            value => plain(&mut object, key, value),
        }
    }
    object.close();
}

/// Writes a value that is the same in both forms.
fn plain(object: &mut Object<'_>, key: Key, value: Value<'_>) {
    match value {
        Value::Flag(flag) => object.flag(key, flag),
        Value::Number(number) => object.number(key, number),
        Value::NumberOrNull(number) => object.number_or_null(key, number),
        Value::Mode(mode) => object.mode(key, mode),
        Value::ModeOrNull(Some(mode)) => object.mode(key, mode),
        Value::ModeOrNull(None) => object.raw(key, "null"),
        Value::Text(text) | Value::Source(text) => object.text(key, text),
        Value::TextOrNull(text) => object.text_or_null(key, text),
        Value::Contents(text) => object.contents(key, text),
        Value::List(texts) | Value::Sources(texts) => object.texts(key, texts.iter().map(String::as_str)),
        Value::Map(map) => object.map(key, map),
        Value::Tools(tools) => object.texts(key, tools.iter().map(|tool| tool.at.as_str())),
    }
}

/// Tells every member, `type` first and then in the order of the plan.
fn each<'o>(op: &'o Op<'_>, mut tell: impl FnMut(Key, Value<'o>)) {
    use Value::{Contents, Flag, List, Map, Number, NumberOrNull, Source, Sources, Text, TextOrNull};
    let mut tell = |members: &[(Key, Option<Value<'o>>)]| {
        for &(key, value) in members {
            if let Some(value) = value {
                tell(key, value);
            }
        }
    };
    // Whom what is made belongs to.
    let owned = |user: &'o str, uid: &Option<u32>, group: &'o str, gid: &Option<u32>| {
        [
            (key!("user"), Some(Text(user))),
            (key!("uid"), Some(NumberOrNull(*uid))),
            (key!("group"), Some(Text(group))),
            (key!("gid"), Some(NumberOrNull(*gid))),
        ]
    };
    // Whom it belongs to where that is not left to the source.
    let given =
        |user: &'o Option<Cow<'_, str>>, uid: &Option<u32>, group: &'o Option<Cow<'_, str>>, gid: &Option<u32>| {
            [
                (key!("user"), Some(TextOrNull(user.as_deref()))),
                (key!("uid"), Some(NumberOrNull(*uid))),
                (key!("group"), Some(TextOrNull(group.as_deref()))),
                (key!("gid"), Some(NumberOrNull(*gid))),
            ]
        };
    let list_if_any = |list: &'o [String]| (!list.is_empty()).then_some(List(list));
    let map_if_any = |map: &'o BTreeMap<String, String>| (!map.is_empty()).then_some(Map(map));
    let of_type = |name| (key!("type"), Some(Text(name)));
    match op {
        Op::MakeDir { path, mode, user, uid, group, gid } => {
            tell(&[of_type("make_dir"), (key!("path"), Some(Text(path))), (key!("mode"), Some(Value::Mode(*mode)))]);
            tell(&owned(user, uid, group, gid));
        }
        Op::CopyFile { src, dst, mode, user, uid, group, gid, xattrs } => {
            tell(&[
                of_type("copy_file"),
                (key!("src"), Some(Source(src))),
                (key!("dst"), Some(Text(dst))),
                (key!("mode"), Some(Value::Mode(*mode))),
            ]);
            tell(&owned(user, uid, group, gid));
            tell(&[(key!("xattrs"), map_if_any(xattrs))]);
        }
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
        } => {
            tell(&[
                of_type("copy_tree"),
                (key!("src"), Some(Source(src))),
                (key!("dst"), Some(Text(dst))),
                (key!("file_mode"), Some(Value::Mode(*file_mode))),
                (key!("executable_mode"), Some(Value::Mode(*executable_mode))),
                (key!("directory_mode"), Some(Value::Mode(*directory_mode))),
            ]);
            tell(&given(user, uid, group, gid));
            tell(&[
                (key!("xattrs"), map_if_any(xattrs)),
                (key!("exclude"), list_if_any(exclude)),
                (key!("skip"), list_if_any(skip)),
            ]);
        }
        Op::WriteFile { dst, text, mode, user, uid, group, gid, xattrs } => {
            tell(&[
                of_type("write_file"),
                (key!("dst"), Some(Text(dst))),
                (key!("text"), Some(Contents(text))),
                (key!("mode"), Some(Value::Mode(*mode))),
            ]);
            tell(&owned(user, uid, group, gid));
            tell(&[(key!("xattrs"), map_if_any(xattrs))]);
        }
        Op::MakeSymlink { link, target } => {
            tell(&[of_type("make_symlink"), (key!("link"), Some(Text(link))), (key!("target"), Some(Text(target)))]);
        }
        Op::MakeHardlink { link, target } => {
            tell(&[of_type("make_hardlink"), (key!("link"), Some(Text(link))), (key!("target"), Some(Text(target)))]);
        }
        Op::SetAttributes { path, mode, user, uid, group, gid, xattrs, recursive } => {
            tell(&[
                of_type("set_attributes"),
                (key!("path"), Some(Text(path))),
                (key!("mode"), Some(Value::ModeOrNull(*mode))),
            ]);
            tell(&given(user, uid, group, gid));
            tell(&[(key!("xattrs"), map_if_any(xattrs)), (key!("recursive"), Some(Flag(*recursive)))]);
        }
        Op::MakeNode { path, node, major, minor, mode, user, uid, group, gid } => {
            tell(&[
                of_type("make_node"),
                (key!("path"), Some(Text(path))),
                (key!("node"), Some(Text(node.name()))),
                (key!("major"), major.map(Number)),
                (key!("minor"), minor.map(Number)),
                (key!("mode"), Some(Value::Mode(*mode))),
            ]);
            tell(&owned(user, uid, group, gid));
        }
        Op::Remove { path, must_exist, recursive } => tell(&[
            of_type("remove"),
            (key!("path"), Some(Text(path))),
            (key!("must_exist"), Some(Flag(*must_exist))),
            (key!("recursive"), Some(Flag(*recursive))),
        ]),
        Op::Mount { mountpoint, source, source_type, directory } => tell(&[
            of_type("mount"),
            (key!("mountpoint"), Some(Text(mountpoint))),
            (key!("source"), Some(Text(source))),
            (key!("source_type"), Some(Text(source_type.name()))),
            (key!("directory"), Some(Flag(*directory))),
        ]),
        Op::Extract { src, dst, strip_components, owners, user, uid, group, gid, exclude, skip } => {
            tell(&[
                of_type("extract"),
                (key!("src"), Some(Source(src))),
                (key!("dst"), Some(Text(dst))),
                (key!("strip_components"), Some(Number(*strip_components))),
                (key!("owners"), Some(Text(owners.name()))),
            ]);
            tell(&given(user, uid, group, gid));
            tell(&[(key!("exclude"), list_if_any(exclude)), (key!("skip"), list_if_any(skip))]);
        }
        Op::Clone { from, src, dst, user, uid, group, gid, exclude, skip } => {
            tell(&[
                of_type("clone"),
                (key!("from"), Some(Source(from))),
                (key!("src"), Some(Text(src))),
                (key!("dst"), Some(Text(dst))),
            ]);
            tell(&given(user, uid, group, gid));
            tell(&[(key!("exclude"), list_if_any(exclude)), (key!("skip"), list_if_any(skip))]);
        }
        Op::AddGroup { name, gid, system } => tell(&[
            of_type("add_group"),
            (key!("name"), Some(Text(name))),
            (key!("gid"), Some(NumberOrNull(*gid))),
            (key!("system"), Some(Flag(*system))),
        ]),
        Op::AddUser { name, uid, group, gid, groups, home, shell, comment, system } => tell(&[
            of_type("add_user"),
            (key!("name"), Some(Text(name))),
            (key!("uid"), Some(NumberOrNull(*uid))),
            (key!("group"), Some(Text(group))),
            (key!("gid"), Some(NumberOrNull(*gid))),
            (key!("groups"), Some(List(groups))),
            (key!("home"), Some(Text(home))),
            (key!("shell"), Some(Text(shell))),
            (key!("comment"), Some(Text(comment))),
            (key!("system"), Some(Flag(*system))),
        ]),
        Op::AddToGroups { name, groups } => {
            tell(&[of_type("add_to_groups"), (key!("name"), Some(Text(name))), (key!("groups"), Some(List(groups)))]);
        }
        Op::Packages { manager, install, remove, remove_if_exists, upgrade, files } => tell(&[
            of_type("packages"),
            (key!("manager"), Some(Text(manager.name()))),
            (key!("install"), Some(List(install))),
            (key!("remove"), Some(List(remove))),
            (key!("remove_if_exists"), Some(List(remove_if_exists))),
            (key!("upgrade"), Some(List(upgrade))),
            (key!("files"), Some(Sources(files))),
        ]),
        Op::Run { command, user, uid, cwd, env, network, tools } => tell(&[
            of_type("run"),
            (key!("command"), Some(List(command))),
            (key!("user"), Some(Text(user))),
            (key!("uid"), Some(NumberOrNull(*uid))),
            (key!("cwd"), Some(Text(cwd))),
            (key!("env"), Some(Map(env))),
            (key!("network"), Some(Flag(*network))),
            (key!("tools"), (!tools.is_empty()).then_some(Value::Tools(tools))),
        ]),
        Op::Configure { entrypoint, cmd, env, labels, user, uid, working_dir, exposed_ports, volumes, stop_signal } => {
            tell(&[
                of_type("configure"),
                (key!("entrypoint"), entrypoint.as_deref().map(List)),
                (key!("cmd"), cmd.as_deref().map(List)),
                (key!("env"), map_if_any(env)),
                (key!("labels"), map_if_any(labels)),
                (key!("user"), Some(TextOrNull(user.as_deref()))),
                (key!("uid"), Some(NumberOrNull(*uid))),
                (key!("working_dir"), working_dir.as_deref().map(Text)),
                (key!("exposed_ports"), list_if_any(exposed_ports)),
                (key!("volumes"), list_if_any(volumes)),
                (key!("stop_signal"), stop_signal.as_deref().map(Text)),
            ]);
        }
    }
}
