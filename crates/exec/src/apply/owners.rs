//! Names and numbers of accounts, as the root being built lists them.

use super::{Applier, StepError};
use crate::contents::read_all;
use crate::root::{Kind, Root};

/// Whom something belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Owner {
    pub(super) uid: u32,
    pub(super) gid: u32,
}

impl Owner {
    /// root and its group.
    pub(super) const ROOT: Self = Self { uid: 0, gid: 0 };
}

impl Applier<'_> {
    /// The numbers of an owner: those of the plan, else those of the root being built.
    pub(super) fn owner(
        &mut self,
        user: &str,
        uid: Option<u32>,
        group: &str,
        gid: Option<u32>,
    ) -> Result<Owner, StepError> {
        Ok(Owner { uid: self.uid(user, uid)?, gid: self.gid(group, gid)? })
    }

    pub(super) fn uid(&mut self, user: &str, uid: Option<u32>) -> Result<u32, StepError> {
        match uid.or_else(|| user.parse().ok()) {
            Some(uid) => Ok(uid),
            None => self.accounts.uid(self.root, user),
        }
    }

    pub(super) fn gid(&mut self, group: &str, gid: Option<u32>) -> Result<u32, StepError> {
        match gid.or_else(|| group.parse().ok()) {
            Some(gid) => Ok(gid),
            None => self.accounts.gid(self.root, group),
        }
    }
}

/// The lines of an account file of a root: names with their numbers. Nothing where there is no such file.
pub(crate) fn listed(root: &Root, path: &str) -> Vec<(String, u32)> {
    let Some(bytes) = text_of(root, path) else { return Vec::new() };
    let text = String::from_utf8_lossy(&bytes);
    text.lines()
        .filter_map(|line| {
            let mut fields = line.split(':');
            let (name, number) = (fields.next()?, fields.nth(1)?.parse().ok()?);
            Some((name.to_owned(), number))
        })
        .collect()
}

/// The bytes of a file of a root, links followed. Account files are small; a larger one is none.
pub(crate) fn text_of(root: &Root, path: &str) -> Option<Vec<u8>> {
    let place = root.resolve(path.as_bytes()).ok().flatten()?;
    match &root.get(&place)?.kind {
        Kind::File(content) if content.size <= 64 << 20 => read_all(content).ok(),
        _ => None,
    }
}
