//! A root file system in memory: places, inodes, and the accounts in its own /etc/passwd and /etc/group.

use std::collections::{BTreeMap, BTreeSet};

use super::walk::{Last, Lost, Seen, is_at_or_below, parent, walk};

/// What an inode is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Node {
    /// A directory.
    Directory,
    /// A file, with what stands for its contents.
    File {
        /// The text, or a name for it.
        content: String,
        /// Lines were added by steps: what order they stand in says nothing.
        edited: bool,
    },
    /// A link, with its text.
    Link(String),
    /// A device or fifo, described.
    Device(String),
}

/// A node with all that `stat` tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inode {
    /// What it is.
    pub node: Node,
    /// Permission bits; 0o777 for links.
    pub mode: u32,
    /// Owner, by name.
    pub user: String,
    /// Group, by name.
    pub group: String,
    /// Extended attributes.
    pub xattrs: BTreeMap<String, String>,
    /// What is mounted on it.
    pub mounted: Option<String>,
}

impl Inode {
    /// A node that belongs to root.
    pub fn of_root(node: Node, mode: u32) -> Inode {
        Inode { node, mode, user: "root".into(), group: "root".into(), xattrs: BTreeMap::new(), mounted: None }
    }
}

/// A user as /etc/passwd and /etc/group tell it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    /// Number.
    pub uid: u32,
    /// Number of the primary group.
    pub gid: u32,
    /// The comment field.
    pub comment: String,
    /// Home directory.
    pub home: String,
    /// Login shell.
    pub shell: String,
}

/// The root file system, and what else an image has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Root {
    next: u32,
    places: BTreeMap<String, u32>,
    inodes: BTreeMap<u32, Inode>,
    /// Installed packages.
    pub packages: BTreeSet<String>,
    /// Image configuration.
    pub settings: BTreeMap<String, String>,
    /// What every opaque step saw: its name and the whole root before it.
    pub seen: Vec<String>,
}

impl Default for Root {
    /// The root from scratch: `/` alone.
    fn default() -> Root {
        let mut root = Root {
            next: 0,
            places: BTreeMap::new(),
            inodes: BTreeMap::new(),
            packages: BTreeSet::new(),
            settings: BTreeMap::new(),
            seen: Vec::new(),
        };
        root.put("/", Inode::of_root(Node::Directory, 0o755));
        root
    }
}

impl Root {
    /// What stands at a place, links not followed.
    pub fn get(&self, place: &str) -> Option<&Inode> {
        self.inodes.get(self.places.get(place)?)
    }

    /// The number of the inode at a place.
    pub fn inode(&self, place: &str) -> Option<u32> {
        self.places.get(place).copied()
    }

    /// What a walker sees at a place.
    pub fn look(&self, place: &str) -> Seen {
        match self.get(place).map(|inode| &inode.node) {
            None => Seen::Nothing,
            Some(Node::Directory) => Seen::Directory,
            Some(Node::Link(target)) => Seen::Link(target.clone()),
            Some(_) => Seen::Other,
        }
    }

    /// Walks as an operating system does.
    pub fn walk(&self, from: &str, path: &str, last: Last) -> Result<String, Lost> {
        walk(from, path, last, true, &|place| self.look(place))
    }

    /// What a path leads to, links followed.
    pub fn stat(&self, path: &str) -> Option<&Inode> {
        self.get(&self.walk("/", path, Last::Follow).ok()?)
    }

    /// Whether a path leads to a directory.
    pub fn is_directory(&self, path: &str) -> bool {
        self.stat(path).is_some_and(|inode| inode.node == Node::Directory)
    }

    /// Whether a path leads to a file.
    pub fn is_file(&self, path: &str) -> bool {
        self.stat(path).is_some_and(|inode| matches!(inode.node, Node::File { .. }))
    }

    /// Whether a path leads to a file that can be executed.
    pub fn is_executable(&self, path: &str) -> bool {
        self.is_file(path) && self.stat(path).is_some_and(|inode| inode.mode & 0o111 != 0)
    }

    /// All places, sorted.
    pub fn places(&self) -> impl Iterator<Item = &str> {
        self.places.keys().map(String::as_str)
    }

    /// Sets down a new inode at a place, whatever was there.
    pub fn put(&mut self, place: &str, inode: Inode) {
        self.next += 1;
        self.inodes.insert(self.next, inode);
        self.places.insert(place.to_owned(), self.next);
    }

    /// One more name for the inode at `target`.
    pub fn link(&mut self, place: &str, target: &str) -> Result<(), String> {
        let number = self.inode(target).ok_or_else(|| format!("{target} is not there to be linked"))?;
        self.places.insert(place.to_owned(), number);
        Ok(())
    }

    /// Changes the inode at a place itself, for all its names.
    pub fn change(&mut self, place: &str, by: impl FnOnce(&mut Inode)) -> Result<(), String> {
        let number = self.inode(place).ok_or_else(|| format!("{place} is not there to be changed"))?;
        self.inodes.get_mut(&number).map(by).ok_or_else(|| format!("{place} has no inode"))
    }

    /// Takes away a place and all below it.
    pub fn delete(&mut self, place: &str) {
        self.places.retain(|at, _| !is_at_or_below(at, place));
    }

    /// Whether there is anything in a directory.
    pub fn is_empty(&self, place: &str) -> bool {
        !self.places().any(|at| at != place && is_at_or_below(at, place))
    }

    /// The nearest mountpoint strictly above a place.
    pub fn mount_above(&self, place: &str) -> Option<String> {
        let mut at = place;
        while at != "/" {
            at = parent(at);
            if self.get(at).is_some_and(|inode| inode.mounted.is_some()) {
                return Some(at.to_owned());
            }
        }
        None
    }

    /// The lines of an account file, each in its fields.
    fn lines(&self, path: &str) -> Vec<Vec<String>> {
        match self.stat(path).map(|inode| &inode.node) {
            Some(Node::File { content, .. }) => {
                content.lines().map(|line| line.split(':').map(str::to_owned).collect()).collect()
            }
            _ => Vec::new(),
        }
    }

    /// The users there are; lines that do not parse are passed over.
    pub fn users(&self) -> BTreeMap<String, User> {
        let mut users = BTreeMap::new();
        users.insert(
            "root".to_owned(),
            User { uid: 0, gid: 0, comment: String::new(), home: "/root".into(), shell: "/bin/sh".into() },
        );
        for line in self.lines("/etc/passwd") {
            if let [name, _, uid, gid, comment, home, shell] = line.as_slice()
                && let (Ok(uid), Ok(gid)) = (uid.parse(), gid.parse())
            {
                users.insert(
                    name.clone(),
                    User { uid, gid, comment: comment.clone(), home: home.clone(), shell: shell.clone() },
                );
            }
        }
        users
    }

    /// The groups there are, with number and members.
    pub fn groups(&self) -> BTreeMap<String, (u32, BTreeSet<String>)> {
        let mut groups = BTreeMap::from([("root".to_owned(), (0, BTreeSet::new()))]);
        for line in self.lines("/etc/group") {
            if let [name, _, gid, members] = line.as_slice()
                && let Ok(gid) = gid.parse()
            {
                let members = members.split(',').filter(|member| !member.is_empty()).map(str::to_owned).collect();
                groups.insert(name.clone(), (gid, members));
            }
        }
        groups
    }

    /// The root as sorted lines, one a place, to be compared: hard links by their first name, edited lines as a set.
    /// With `numbers` false, numbers from 1000 on (those that are allocated) are not told.
    pub fn describe(&self, numbers: bool) -> Vec<String> {
        let mut first: BTreeMap<u32, &str> = BTreeMap::new();
        let mut lines = Vec::new();
        for (place, number) in &self.places {
            if let Some(same) = first.get(number) {
                lines.push(format!("{place} = {same}"));
                continue;
            }
            first.insert(*number, place);
            let Some(inode) = self.inodes.get(number) else {
                continue;
            };
            let node = match &inode.node {
                Node::Directory => "directory".to_owned(),
                Node::Link(target) => format!("-> {target}"),
                Node::Device(what) => what.clone(),
                Node::File { content, edited } => {
                    format!("file {}", as_compared(content, *edited, numbers))
                }
            };
            lines.push(format!(
                "{place} {node} {:04o} {}:{} {:?} {:?}",
                inode.mode, inode.user, inode.group, inode.xattrs, inode.mounted
            ));
        }
        lines.extend(self.packages.iter().map(|name| format!("package {name}")));
        lines.extend(self.settings.iter().map(|(key, value)| format!("setting {key} = {value}")));
        lines.extend(self.seen.iter().map(|seen| format!("seen by {seen}")));
        lines
    }
}

/// The contents as they are compared.
fn as_compared(content: &str, edited: bool, numbers: bool) -> String {
    if !edited {
        return format!("{content:?}");
    }
    let masked = |field: &str| match field.parse::<u32>() {
        Ok(number) if !numbers && number >= 1000 => "*".to_owned(),
        _ => field.to_owned(),
    };
    let line = |line: &str| line.split(':').map(masked).collect::<Vec<_>>().join(":");
    let lines: BTreeSet<String> = content.lines().map(line).collect();
    format!("{lines:?}")
}
