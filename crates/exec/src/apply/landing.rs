//! Where the entries of a tree come to stand: below the tree's place, through the links of the image and of the tree itself.

use std::collections::{BTreeMap, BTreeSet};

use super::owners::Owner;
use super::{Applier, StepError, place};
use crate::root::{ChangeError, Inode, InodeId, PathBytes, join, name, parent, shown};

/// An entry of a tree, ready to be put into the root.
pub(super) struct TreeEntry {
    /// Below the tree's place; of its root, empty.
    pub(super) path: Vec<u8>,
    pub(super) what: What,
}

/// What an entry becomes.
pub(super) enum What {
    /// Something of its own.
    Inode(Inode),
    /// Another name of the file at a path of the tree.
    HardLink(Vec<u8>),
    /// A directory that only other entries need: it is created where there is none.
    Implied,
}

impl Applier<'_> {
    /// Puts the entries of a tree below `dst`, except those at the places in `skip`. Gives the inode that each entry became.
    ///
    /// Links may lead to what comes later in the tree, so what finds no directory yet is tried again, as long as that helps.
    pub(super) fn land(
        &mut self,
        dst: &str,
        skip: &[String],
        entries: Vec<TreeEntry>,
    ) -> Result<BTreeMap<Vec<u8>, InodeId>, StepError> {
        let top = place(dst)?;
        let skip: BTreeSet<Vec<u8>> = skip.iter().map(|path| place(path)).collect::<Result<_, _>>()?;
        let mut landed = BTreeMap::new();
        let mut waiting = entries;
        loop {
            let before = waiting.len();
            let mut later = Vec::new();
            // The directories of entries that stand side by side lead to one place.
            let mut last: Option<(Vec<u8>, PathBytes)> = None;
            for entry in waiting {
                let whole = join(&top, &entry.path);
                let directory = match &last {
                    Some((known, place)) if known == parent(&whole) => Some(place.clone()),
                    _ => self.root.resolve(parent(&whole))?,
                };
                let Some(directory) = directory else {
                    later.push(entry);
                    continue;
                };
                last = Some((parent(&whole).to_vec(), directory.clone()));
                let target = match &entry.what {
                    What::HardLink(first) => match landed.get(first) {
                        Some(_) => Some(first.clone()),
                        None => {
                            later.push(entry);
                            continue;
                        }
                    },
                    _ => None,
                };
                let at = if whole.is_empty() { whole } else { join(&directory, name(&whole)) };
                if let Some(id) = self.land_one(&at, entry.what, target.map(|first| join(&top, &first)), &skip)? {
                    landed.insert(entry.path, id);
                }
            }
            if later.is_empty() {
                return Ok(landed);
            }
            if later.len() == before {
                let whole = join(&top, &later[0].path);
                return Err(ChangeError::NoParent(shown(&whole)).into());
            }
            waiting = later;
        }
    }

    fn land_one(
        &mut self,
        at: &[u8],
        what: What,
        target: Option<Vec<u8>>,
        skip: &BTreeSet<Vec<u8>>,
    ) -> Result<Option<InodeId>, StepError> {
        if name(at).starts_with(b".wh.") {
            let shown = shown(at);
            return Err(StepError::Other(format!("`{shown}` cannot be part of an image: layers reserve such names")));
        }
        // A directory that is provided where a link stands is the place that the link leads to.
        let directory = match &what {
            What::Implied => true,
            What::Inode(inode) => inode.is_directory(),
            What::HardLink(_) => false,
        };
        let at = match directory {
            true => self.root.resolve(at)?.map_or_else(|| at.to_vec(), |place| place.into_vec()),
            false => at.to_vec(),
        };
        if skip.contains(&at) {
            return Ok(self.root.id(&at));
        }
        match what {
            What::Implied => {
                if self.root.id(&at).is_none() {
                    self.root.add(&at, Inode::implied_directory())?;
                }
            }
            What::Inode(inode) if directory => {
                self.directory(&at, inode.mode, Owner { uid: inode.uid, gid: inode.gid })?;
                if !inode.xattrs.is_empty() {
                    self.root.change(&at, |there| there.xattrs = inode.xattrs)?;
                }
            }
            What::Inode(inode) => {
                self.root.add(&at, inode)?;
            }
            What::HardLink(_) => {
                let target = target.unwrap_or_default();
                let target = match self.root.resolve(parent(&target))? {
                    Some(directory) => join(&directory, name(&target)),
                    None => target,
                };
                self.root.hard_link(&at, &target)?;
            }
        }
        Ok(self.root.id(&at))
    }
}
