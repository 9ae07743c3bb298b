//! An operation as it goes into a key: its canonical JSON, with the digests of sources instead of their names.
//!
//! It says again what the derived form of [`Op`] says, because a key is computed for every step and this way needs no value tree and no
//! sorting. Every field is bound, so one that is added cannot be forgotten; a test holds the two forms together.

use super::digest::Digest;
use super::key::Object;
use super::op::Op;

pub(super) fn write_op(out: &mut Vec<u8>, op: &Op, source: &impl Fn(&str) -> Option<Digest>) {
    let mut o = Object::open(out);
    match op {
        Op::MakeDir { path, mode, user, uid, group, gid } => {
            o.number_or_null("gid", *gid);
            o.text("group", group);
            o.mode("mode", *mode);
            o.text("path", path);
            o.text("type", "make_dir");
            o.number_or_null("uid", *uid);
            o.text("user", user);
        }
        Op::CopyFile { src, dst, mode, user, uid, group, gid, xattrs } => {
            o.text("dst", dst);
            o.number_or_null("gid", *gid);
            o.text("group", group);
            o.mode("mode", *mode);
            write_source(&mut o, "src", src, source);
            o.text("type", "copy_file");
            o.number_or_null("uid", *uid);
            o.text("user", user);
            o.map_if_any("xattrs", xattrs);
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
            o.mode("directory_mode", *directory_mode);
            o.text("dst", dst);
            o.list_if_any("exclude", exclude);
            o.mode("executable_mode", *executable_mode);
            o.mode("file_mode", *file_mode);
            o.number_or_null("gid", *gid);
            o.text_or_null("group", group.as_deref());
            o.list_if_any("skip", skip);
            write_source(&mut o, "src", src, source);
            o.text("type", "copy_tree");
            o.number_or_null("uid", *uid);
            o.text_or_null("user", user.as_deref());
            o.map_if_any("xattrs", xattrs);
        }
        Op::WriteFile { dst, text, mode, user, uid, group, gid, xattrs } => {
            o.text("dst", dst);
            o.number_or_null("gid", *gid);
            o.text("group", group);
            o.mode("mode", *mode);
            o.text("text", text);
            o.text("type", "write_file");
            o.number_or_null("uid", *uid);
            o.text("user", user);
            o.map_if_any("xattrs", xattrs);
        }
        Op::MakeSymlink { link, target } => {
            o.text("link", link);
            o.text("target", target);
            o.text("type", "make_symlink");
        }
        Op::MakeHardlink { link, target } => {
            o.text("link", link);
            o.text("target", target);
            o.text("type", "make_hardlink");
        }
        Op::MakeNode { path, node, major, minor, mode, user, uid, group, gid } => {
            o.number_or_null("gid", *gid);
            o.text("group", group);
            o.number_if("major", *major);
            o.number_if("minor", *minor);
            o.mode("mode", *mode);
            o.text("node", node.name());
            o.text("path", path);
            o.text("type", "make_node");
            o.number_or_null("uid", *uid);
            o.text("user", user);
        }
        Op::Remove { path, must_exist, recursive } => {
            o.flag("must_exist", *must_exist);
            o.text("path", path);
            o.flag("recursive", *recursive);
            o.text("type", "remove");
        }
        Op::Mount { mountpoint, source, source_type, directory } => {
            o.flag("directory", *directory);
            o.text("mountpoint", mountpoint);
            o.text("source", source);
            o.text("source_type", source_type.name());
            o.text("type", "mount");
        }
        Op::Extract { src, dst, strip_components, owners, user, uid, group, gid, skip } => {
            o.text("dst", dst);
            o.number_or_null("gid", *gid);
            o.text_or_null("group", group.as_deref());
            o.text("owners", owners.name());
            o.list_if_any("skip", skip);
            write_source(&mut o, "src", src, source);
            o.number("strip_components", *strip_components);
            o.text("type", "extract");
            o.number_or_null("uid", *uid);
            o.text_or_null("user", user.as_deref());
        }
        Op::Clone { from, src, dst, user, uid, group, gid, skip } => {
            o.text("dst", dst);
            write_source(&mut o, "from", from, source);
            o.number_or_null("gid", *gid);
            o.text_or_null("group", group.as_deref());
            o.list_if_any("skip", skip);
            o.text("src", src);
            o.text("type", "clone");
            o.number_or_null("uid", *uid);
            o.text_or_null("user", user.as_deref());
        }
        Op::AddGroup { name, gid, system } => {
            o.number_or_null("gid", *gid);
            o.text("name", name);
            o.flag("system", *system);
            o.text("type", "add_group");
        }
        Op::AddUser { name, uid, group, gid, groups, home, shell, comment, system } => {
            o.text("comment", comment);
            o.number_or_null("gid", *gid);
            o.text("group", group);
            o.list("groups", groups);
            o.text("home", home);
            o.text("name", name);
            o.text("shell", shell);
            o.flag("system", *system);
            o.text("type", "add_user");
            o.number_or_null("uid", *uid);
        }
        Op::AddToGroups { name, groups } => {
            o.list("groups", groups);
            o.text("name", name);
            o.text("type", "add_to_groups");
        }
        Op::Packages { manager, install, remove, remove_if_exists, upgrade, files } => {
            write_sources(&mut o, "files", files, source);
            o.list("install", install);
            o.text("manager", manager.name());
            o.list("remove", remove);
            o.list("remove_if_exists", remove_if_exists);
            o.text("type", "packages");
            o.list("upgrade", upgrade);
        }
        Op::Run { command, user, uid, cwd, env, network } => {
            o.list("command", command);
            o.text("cwd", cwd);
            o.map("env", env);
            o.flag("network", *network);
            o.text("type", "run");
            o.number_or_null("uid", *uid);
            o.text("user", user);
        }
        Op::Configure { entrypoint, cmd, env, labels, user, uid, working_dir, exposed_ports, volumes, stop_signal } => {
            if let Some(cmd) = cmd {
                o.list("cmd", cmd);
            }
            if let Some(entrypoint) = entrypoint {
                o.list("entrypoint", entrypoint);
            }
            o.map_if_any("env", env);
            o.list_if_any("exposed_ports", exposed_ports);
            o.map_if_any("labels", labels);
            o.text_if("stop_signal", stop_signal.as_deref());
            o.text("type", "configure");
            o.number_or_null("uid", *uid);
            o.text_or_null("user", user.as_deref());
            o.list_if_any("volumes", volumes);
            o.text_if("working_dir", working_dir.as_deref());
        }
    }
    o.close();
}

/// A source by its digest; by its name only where nobody knows the digest.
fn write_source(object: &mut Object<'_>, key: &'static str, path: &str, source: &impl Fn(&str) -> Option<Digest>) {
    match source(path) {
        Some(digest) => object.digest(key, digest),
        None => object.text(key, path),
    }
}

/// Several sources, sorted by what is written of them, so that their names do not even show in the order.
fn write_sources(
    object: &mut Object<'_>,
    key: &'static str,
    paths: &[String],
    source: &impl Fn(&str) -> Option<Digest>,
) {
    let mut written: Vec<String> =
        paths.iter().map(|path| source(path).map_or_else(|| path.clone(), |digest| digest.to_string())).collect();
    written.sort_unstable();
    object.texts(key, written.iter().map(String::as_str));
}
