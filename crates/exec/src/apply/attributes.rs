//! `set_attributes`: mode, owner and extended attributes of what is there.

use std::collections::BTreeMap;

use featgraph_plan::{Op, Step};

use super::placed::values;
use super::{Applier, StepError, place};
use crate::root::{ChangeError, Inode, Kind, shown};

impl Applier<'_> {
    pub(super) fn set_attributes(&mut self, step: &Step<'_>) -> Result<(), StepError> {
        let Op::SetAttributes { path, mode, user, uid, group, gid, xattrs, recursive } = &step.op else {
            return Ok(());
        };
        let uid = user.as_ref().map(|user| self.uid(user, *uid)).transpose()?;
        let gid = group.as_ref().map(|group| self.gid(group, *gid)).transpose()?;
        let xattrs = values(xattrs)?;
        let at = place(path)?;
        if self.root.id(&at).is_none() {
            return Err(ChangeError::Missing(shown(&at)).into());
        }
        let mut paths = vec![at.clone()];
        if *recursive {
            paths.extend(self.root.below(&at).map(|(path, _)| path.to_vec()));
        }
        for path in paths {
            let change = |inode: &mut Inode| {
                let is_link = matches!(inode.kind, Kind::Symlink(_));
                inode.uid = uid.unwrap_or(inode.uid);
                inode.gid = gid.unwrap_or(inode.gid);
                // A link has no mode, and its attributes are those of what it leads to.
                if let Some(mode) = mode.filter(|_| !is_link) {
                    inode.mode = mode.bits().into();
                }
                if !xattrs.is_empty() && !is_link {
                    let mut all: BTreeMap<_, _> = std::mem::take(&mut inode.xattrs).into_iter().collect();
                    all.extend(xattrs.iter().cloned());
                    inode.xattrs = all.into_iter().collect();
                }
            };
            self.root.change(&path, change)?;
        }
        Ok(())
    }
}
