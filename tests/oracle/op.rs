//! Every primitive of a plan, in two halves as in real life: what a step reads and refuses, then the edits it makes.

use std::collections::BTreeMap;

use serde_json::Value;

use super::accounts::{account, append, join_groups};
use super::plan::{Plan, Step, text};
use super::root::{Inode, Node, Root};
use super::walk::above;

/// Something from outside that a step takes in.
#[derive(Clone, Debug)]
pub enum Input {
    /// A file.
    File {
        /// What is in it.
        content: String,
        /// Whether its owner may execute it.
        executable: bool,
    },
    /// A folder, archive or a part of an image: entries by path below it, `""` for itself.
    Tree(BTreeMap<String, Inode>),
}

/// Inputs by the path that a plan names them by.
pub type Inputs = BTreeMap<String, Input>;

/// One indivisible change of a root.
#[derive(Clone, Debug)]
pub enum Edit {
    /// Sets down a new node where nothing is.
    Put(String, Inode),
    /// One more name for what is at the second place.
    Link(String, String),
    /// Takes a place away, with all below it.
    Delete(String),
    /// Mode, user and group of a directory.
    Own(String, u32, String, String),
    /// Something is mounted there.
    Mount(String, String),
    /// New contents, written beside and renamed into place.
    Rewrite(String, String),
    /// A package comes, or goes.
    Package(String, bool),
    /// Image configuration.
    Setting(String, String),
    /// An opaque step has seen the root.
    Saw(String),
}

/// Carries out one edit; it refuses what two steps at once would spoil for each other.
pub fn apply(root: &mut Root, edit: Edit) -> Result<(), String> {
    match edit {
        Edit::Put(place, inode) => {
            vacant(root, &place)?;
            root.put(&place, inode);
        }
        Edit::Link(place, target) => {
            vacant(root, &place)?;
            root.link(&place, &target)?;
        }
        Edit::Delete(place) => root.delete(&place),
        Edit::Own(place, mode, user, group) => {
            root.change(&place, |inode| (inode.mode, inode.user, inode.group) = (mode, user, group))?;
        }
        Edit::Mount(place, what) => root.change(&place, |inode| inode.mounted = Some(what))?,
        Edit::Rewrite(place, content) => {
            let mut inode = root.get(&place).cloned().ok_or_else(|| format!("{place} is gone"))?;
            inode.node = Node::File { content, edited: true };
            root.put(&place, inode);
        }
        Edit::Package(name, true) => drop(root.packages.insert(name)),
        Edit::Package(name, false) => drop(root.packages.remove(&name)),
        Edit::Setting(key, value) => {
            if root.settings.get(&key).is_some_and(|there| *there != value) {
                return Err(format!("{key} is configured twice"));
            }
            root.settings.insert(key, value);
        }
        Edit::Saw(what) => root.seen.push(what),
    }
    Ok(())
}

/// Nothing at the place, a real directory above it, no mount on the way.
fn vacant(root: &Root, place: &str) -> Result<(), String> {
    if root.get(place).is_some() {
        return Err(format!("there is something at {place} already"));
    }
    inside(root, place)
}

/// A real directory above the place (a plan's places are canonical, so no links), and no mount on the way.
fn inside(root: &Root, place: &str) -> Result<(), String> {
    for directory in above(place) {
        match root.get(&directory) {
            Some(inode) if inode.node == Node::Directory => {}
            Some(_) => return Err(format!("{directory}, above {place}, is not a directory")),
            None => return Err(format!("{directory}, above {place}, is not there")),
        }
    }
    match root.mount_above(place) {
        Some(mount) => Err(format!("{place} is inside the mount {mount}")),
        None => Ok(()),
    }
}

/// Octal text to bits.
fn mode(op: &Value, field: &str) -> Result<u32, String> {
    u32::from_str_radix(text(op, field)?, 8).map_err(|_| format!("`{field}` of {op} is not octal"))
}

fn owners(root: &Root, op: &Value) -> Result<(String, String), String> {
    Ok((account(root, op, "user", "uid")?, account(root, op, "group", "gid")?))
}

fn xattrs(op: &Value) -> BTreeMap<String, String> {
    let pairs = op["xattrs"].as_object().into_iter().flatten();
    pairs.map(|(name, value)| (name.clone(), value.to_string())).collect()
}

fn strings(value: &Value) -> Vec<String> {
    let items = value.as_array().into_iter().flatten();
    items.map(|item| item.as_str().map_or_else(|| item.to_string(), str::to_owned)).collect()
}

/// What a step reads, checks and is going to do.
pub fn begin(root: &Root, step: &Step, inputs: &Inputs) -> Result<Vec<Edit>, String> {
    let mut edits = Vec::new();
    if step.opaque {
        let saw = blake3::hash(root.describe(true).join("\n").as_bytes());
        edits.push(Edit::Saw(format!("{}: {}", step.id, saw.to_hex())));
    }
    let op = &step.op;
    let place = ["dst", "path", "link", "mountpoint"].iter().find_map(|field| op[*field].as_str());
    // What is to be replaced goes first; the rest of the step is worked out as if it were gone.
    let cleared;
    let mut root = root;
    if let (Some(what), Some(place)) = (&step.replaces, place) {
        if root.get(place).is_none() && what["type"] != "unknown" {
            return Err(format!("there is nothing to replace at {place}"));
        }
        edits.push(Edit::Delete(place.to_owned()));
        let mut without = root.clone();
        without.delete(place);
        cleared = without;
        root = &cleared;
    }
    edits.extend(operation(root, op, inputs)?);
    for edit in &edits {
        if let Edit::Rewrite(place, _) = edit
            && !step.modifies.contains(place)
        {
            return Err(format!("{} edits {place} and does not say so in `modifies`", step.id));
        }
    }
    Ok(edits)
}

/// The edits of one operation.
fn operation(root: &Root, op: &Value, inputs: &Inputs) -> Result<Vec<Edit>, String> {
    let one = |node: Node, place: &str, bits: u32| -> Result<Vec<Edit>, String> {
        vacant(root, place)?;
        let (user, group) = owners(root, op)?;
        Ok(vec![Edit::Put(place.into(), Inode { node, mode: bits, user, group, xattrs: xattrs(op), mounted: None })])
    };
    match text(op, "type")? {
        "make_dir" => {
            let place = text(op, "path")?;
            match root.get(place) {
                Some(inode) if inode.node == Node::Directory && (!root.seen.is_empty() || place == "/") => {
                    let (user, group) = owners(root, op)?;
                    Ok(vec![Edit::Own(place.into(), mode(op, "mode")?, user, group)])
                }
                _ => one(Node::Directory, place, mode(op, "mode")?),
            }
        }
        "write_file" => {
            let node = Node::File { content: text(op, "text")?.into(), edited: false };
            one(node, text(op, "dst")?, mode(op, "mode")?)
        }
        "copy_file" => {
            let src = text(op, "src")?;
            let content = match inputs.get(src) {
                Some(Input::File { content, .. }) => content.clone(),
                Some(Input::Tree(_)) => return Err(format!("{src} is not a file")),
                None => return Err(format!("there is no input {src}")),
            };
            one(Node::File { content, edited: false }, text(op, "dst")?, mode(op, "mode")?)
        }
        "make_symlink" => {
            let place = text(op, "link")?;
            vacant(root, place)?;
            let node = Node::Link(text(op, "target")?.into());
            Ok(vec![Edit::Put(place.into(), Inode::of_root(node, 0o777))])
        }
        "make_hardlink" => {
            let (place, target) = (text(op, "link")?, text(op, "target")?);
            vacant(root, place)?;
            match root.get(target).map(|inode| &inode.node) {
                Some(Node::File { .. }) => Ok(vec![Edit::Link(place.into(), target.into())]),
                _ => Err(format!("there is no file {target} to link to")),
            }
        }
        "make_node" => {
            let what = format!("{} {} {}", op["node"], op["major"], op["minor"]);
            one(Node::Device(what), text(op, "path")?, mode(op, "mode")?)
        }
        "remove" => remove(root, op),
        "mount" => {
            let place = text(op, "mountpoint")?;
            let directory = op["directory"] != Value::Bool(false);
            let source = Edit::Mount(place.into(), format!("{} {}", op["source_type"], op["source"]));
            let file = Node::File { content: String::new(), edited: false };
            match root.get(place).map(|inode| &inode.node) {
                None => {
                    vacant(root, place)?;
                    let (node, bits) = if directory { (Node::Directory, 0o755) } else { (file, 0o644) };
                    Ok(vec![Edit::Put(place.into(), Inode::of_root(node, bits)), source])
                }
                Some(Node::Directory) if directory => Ok(vec![source]),
                Some(Node::File { .. }) if !directory => Ok(vec![source]),
                Some(_) => Err(format!("what is at {place} cannot be mounted on")),
            }
        }
        "copy_tree" | "extract" | "clone" => super::tree::place(root, op, inputs),
        "add_group" => {
            let (name, gid) = (text(op, "name")?, op["gid"].as_u64().ok_or("a group needs a number")?);
            let groups = root.groups();
            if groups.contains_key(name) || groups.values().any(|(there, _)| u64::from(*there) == gid) {
                return Err(format!("there is a group {name} or a number {gid} already"));
            }
            Ok(vec![append(root, "/etc/group", &format!("{name}:x:{gid}:"))?])
        }
        "add_user" => {
            let (name, uid) = (text(op, "name")?, op["uid"].as_u64().ok_or("a user needs a number")?);
            let users = root.users();
            if users.contains_key(name) || users.values().any(|there| u64::from(there.uid) == uid) {
                return Err(format!("there is a user {name} or a number {uid} already"));
            }
            let group = account(root, op, "group", "gid")?;
            let gid = root.groups().get(&group).map_or(group, |(gid, _)| gid.to_string());
            let (comment, home, shell) = (op["comment"].as_str(), text(op, "home")?, text(op, "shell")?);
            let line = format!("{name}:x:{uid}:{gid}:{}:{home}:{shell}", comment.unwrap_or(""));
            let mut edits = vec![append(root, "/etc/passwd", &line)?];
            edits.extend(join_groups(root, name, &strings(&op["groups"]))?);
            Ok(edits)
        }
        "add_to_groups" => {
            let name = text(op, "name")?;
            if !root.users().contains_key(name) {
                return Err(format!("there is no user {name} yet"));
            }
            Ok(join_groups(root, name, &strings(&op["groups"]))?.into_iter().collect())
        }
        "packages" => {
            let come = ["install", "upgrade", "files"].iter().flat_map(|field| strings(&op[*field]));
            let go = ["remove", "remove_if_exists"].iter().flat_map(|field| strings(&op[*field]));
            let come = come.map(|name| Edit::Package(name, true));
            Ok(come.chain(go.map(|name| Edit::Package(name, false))).collect())
        }
        "run" => {
            account(root, op, "user", "uid")?;
            let cwd = op["cwd"].as_str().unwrap_or("/");
            let command = strings(&op["command"]);
            match command.first() {
                _ if !root.is_directory(cwd) => Err(format!("there is no directory {cwd} to run in")),
                Some(first) if first.starts_with('/') && root.seen.is_empty() && !root.is_executable(first) => {
                    Err(format!("{first} cannot be executed"))
                }
                Some(_) => Ok(Vec::new()),
                None => Err("there is no command to run".into()),
            }
        }
        "configure" => {
            let settings = op.as_object().into_iter().flatten().filter(|(key, _)| *key != "type");
            Ok(settings.map(|(key, value)| Edit::Setting(key.clone(), value.to_string())).collect())
        }
        other => Err(format!("there is no operation {other}")),
    }
}

fn remove(root: &Root, op: &Value) -> Result<Vec<Edit>, String> {
    let place = text(op, "path")?;
    let Some(inode) = root.get(place) else {
        let optional = op["must_exist"] == Value::Bool(false);
        return if optional { Ok(Vec::new()) } else { Err(format!("there is nothing to remove at {place}")) };
    };
    let recursive = op["recursive"] != Value::Bool(false);
    if inode.node == Node::Directory && !recursive && !root.is_empty(place) {
        return Err(format!("the directory {place} is not empty"));
    }
    // No link may stand above: the plan's places are canonical.
    inside(root, place)?;
    Ok(vec![Edit::Delete(place.into())])
}

/// Whether every place that the step says it provides is there.
pub fn provided(root: &Root, step: &Step) -> Result<(), String> {
    for entity in &step.provides {
        let there = match entity.split_once(':') {
            Some(("path", place)) => root.get(place).is_some(),
            Some(("user", name)) => root.users().contains_key(name),
            Some(("group", name)) => root.groups().contains_key(name),
            _ => true,
        };
        if !there {
            return Err(format!("{} provides {entity}, but it is not there", step.id));
        }
    }
    Ok(())
}

/// The step of an id.
pub fn step<'a>(plan: &'a Plan, id: &str) -> Option<&'a Step> {
    plan.steps.get(*plan.at.get(id)?)
}
