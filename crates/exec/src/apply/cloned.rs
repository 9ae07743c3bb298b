//! `clone`: a part of another image, with its attributes. Owners go by name.

use std::collections::HashMap;

use featgraph_plan::{Op, Step};

use super::folder::matcher;
use super::landing::{TreeEntry, What};
use super::owners::listed;
use super::{Applier, StepError, place};
use crate::root::{ChangeError, InodeId, Root, shown};

impl Applier<'_> {
    pub(super) fn clone_tree(&mut self, step: &Step<'_>) -> Result<(), StepError> {
        let Op::Clone { from, src, dst, user, uid, group, gid, exclude, skip } = &step.op else { return Ok(()) };
        let exclude = matcher(exclude)?;
        let images = self.images;
        let other = images.root(from).map_err(StepError::Other)?;
        let missing =
            |path: &[u8]| StepError::Change(ChangeError::Missing(format!("{} of image `{from}`", shown(path))));
        let asked = place(src)?;
        let top = other.resolve(&asked)?.ok_or_else(|| missing(&asked))?;
        let given = (
            user.as_ref().map(|user| self.uid(user, *uid)).transpose()?,
            group.as_ref().map(|group| self.gid(group, *gid)).transpose()?,
        );
        let mut owners = Translation::new(other);
        let mut first: HashMap<InodeId, Vec<u8>> = HashMap::new();
        let mut entries = Vec::new();
        let own = other.id(&top).map(|id| (&*top, id));
        for (path, id) in own.into_iter().chain(other.below(&top)) {
            let below = if top.is_empty() { path } else { path[top.len()..].strip_prefix(b"/").unwrap_or_default() };
            let is_directory = other.inode(id).is_directory();
            let text = String::from_utf8_lossy(below);
            if !below.is_empty() && exclude.matched_path_or_any_parents(&*text, is_directory).is_ignore() {
                continue;
            }
            if let Some(first) = first.get(&id) {
                entries.push(TreeEntry { path: below.to_vec(), what: What::HardLink(first.clone()) });
                continue;
            }
            first.insert(id, below.to_vec());
            let mut inode = other.inode(id).clone();
            inode.uid = given.0.map_or_else(|| owners.uid(self, inode.uid), Ok)?;
            inode.gid = given.1.map_or_else(|| owners.gid(self, inode.gid), Ok)?;
            entries.push(TreeEntry { path: below.to_vec(), what: What::Inode(inode) });
        }
        self.land(dst, skip, entries)?;
        Ok(())
    }
}

/// The numbers of another image as those of this one, through the names in its account files.
struct Translation {
    users: HashMap<u32, String>,
    groups: HashMap<u32, String>,
    known: HashMap<(bool, u32), u32>,
}

impl Translation {
    fn new(other: &Root) -> Self {
        let names = |path| {
            let mut names = HashMap::new();
            for (name, number) in listed(other, path) {
                names.entry(number).or_insert(name);
            }
            names
        };
        Self { users: names("etc/passwd"), groups: names("etc/group"), known: HashMap::new() }
    }

    fn uid(&mut self, here: &mut Applier<'_>, number: u32) -> Result<u32, StepError> {
        self.number(true, number, |name| here.uid(name, None))
    }

    fn gid(&mut self, here: &mut Applier<'_>, number: u32) -> Result<u32, StepError> {
        self.number(false, number, |name| here.gid(name, None))
    }

    fn number(
        &mut self,
        user: bool,
        number: u32,
        here: impl FnOnce(&str) -> Result<u32, StepError>,
    ) -> Result<u32, StepError> {
        if let Some(known) = self.known.get(&(user, number)) {
            return Ok(*known);
        }
        let name = if user { self.users.get(&number) } else { self.groups.get(&number) };
        let found = match name.map(String::as_str) {
            // root is root everywhere, whether or not it is listed; what has no name keeps its number.
            None | Some("root") if number == 0 => 0,
            None => number,
            Some(name) => here(name)?,
        };
        self.known.insert((user, number), found);
        Ok(found)
    }
}
