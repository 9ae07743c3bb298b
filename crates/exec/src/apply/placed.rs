//! Operations that put one thing at a place, or take it away.

use std::collections::BTreeMap;
use std::sync::Arc;

use featgraph_plan::{Mode, Node, Step};

use super::owners::Owner;
use super::{Applier, StepError, place};
use crate::contents::open_regular;
use crate::root::{ChangeError, Content, Inode, Kind, Place, Xattr, shown};

impl Applier<'_> {
    pub(super) fn make_dir(&mut self, path: &str, mode: Mode, owner: Owner) -> Result<(), StepError> {
        self.directory(&place(path)?, mode.bits().into(), owner)
    }

    /// A new directory, or mode and owner of one that is there.
    pub(super) fn directory(&mut self, path: &[u8], mode: u32, owner: Owner) -> Result<(), StepError> {
        let same = |inode: &mut Inode| (inode.mode, inode.uid, inode.gid) = (mode, owner.uid, owner.gid);
        match self.root.get(path) {
            Some(inode) if inode.is_directory() => {
                if (inode.mode, inode.uid, inode.gid) != (mode, owner.uid, owner.gid) {
                    self.root.change(path, same)?;
                }
            }
            _ => {
                let mut inode = Inode::implied_directory();
                same(&mut inode);
                self.root.add(path, inode)?;
            }
        }
        Ok(())
    }

    pub(super) fn copy_file(
        &mut self,
        step: &Step<'_>,
        src: &str,
        dst: &str,
        mode: Mode,
        owner: Owner,
        xattrs: &BTreeMap<String, String>,
    ) -> Result<(), StepError> {
        let host = self.host(src);
        let size = open_regular(&host)?.metadata().map_err(crate::contents::ContentError::Sink)?.len();
        let content = Content { size, digest: None, place: Place::Host(Arc::from(host.as_path())) };
        let id = self.root.add(&place(dst)?, file(content, mode.bits().into(), owner, xattrs)?)?;
        if let Some(input) = step.inputs.iter().find(|input| input.path == src) {
            self.expectations.file(step, input, size, id)?;
        }
        Ok(())
    }

    pub(super) fn write_file(
        &mut self,
        dst: &str,
        text: &str,
        mode: Mode,
        owner: Owner,
        xattrs: &BTreeMap<String, String>,
    ) -> Result<(), StepError> {
        let inode = file(in_memory(text.as_bytes()), mode.bits().into(), owner, xattrs)?;
        self.root.add(&place(dst)?, inode)?;
        Ok(())
    }

    pub(super) fn make_symlink(&mut self, link: &str, target: &str) -> Result<(), StepError> {
        let kind = Kind::Symlink(target.as_bytes().into());
        self.root.add(&place(link)?, Inode { kind, mode: 0o777, ..Inode::implied_directory() })?;
        Ok(())
    }

    pub(super) fn make_node(
        &mut self,
        path: &str,
        node: Node,
        numbers: (Option<u32>, Option<u32>),
        mode: Mode,
        owner: Owner,
    ) -> Result<(), StepError> {
        let kind = match (node, numbers) {
            (Node::Char, (Some(major), Some(minor))) => Kind::Char(major, minor),
            (Node::Block, (Some(major), Some(minor))) => Kind::Block(major, minor),
            (Node::Fifo, _) => Kind::Fifo,
            _ => return Err(StepError::Other(format!("device `{path}` has no major and minor number"))),
        };
        let Owner { uid, gid } = owner;
        self.root.add(&place(path)?, Inode { kind, mode: mode.bits().into(), uid, gid, xattrs: Vec::new() })?;
        Ok(())
    }

    pub(super) fn remove(&mut self, path: &str, must_exist: bool, recursive: bool) -> Result<(), StepError> {
        let at = place(path)?;
        if self.root.id(&at).is_none() {
            return if must_exist { Err(ChangeError::Missing(shown(&at)).into()) } else { Ok(()) };
        }
        if at.is_empty() {
            return Err(StepError::Other(String::from("the root directory cannot be removed")));
        }
        if !recursive && self.root.below(&at).next().is_some() {
            return Err(ChangeError::NotEmpty(shown(&at)).into());
        }
        self.root.remove(&at);
        Ok(())
    }

    pub(super) fn mountpoint(&mut self, path: &str, directory: bool) -> Result<(), StepError> {
        let at = place(path)?;
        match self.root.get(&at).map(|inode| &inode.kind) {
            Some(Kind::Directory) if directory => Ok(()),
            Some(Kind::File(_)) if !directory => Ok(()),
            Some(_) => Err(StepError::Other(format!("`{path}` is there, and nothing can be mounted on it"))),
            None if directory => self.directory(&at, 0o755, Owner::ROOT),
            None => {
                self.root.add(&at, file(in_memory(b""), 0o644, Owner::ROOT, &BTreeMap::new())?)?;
                Ok(())
            }
        }
    }
}

/// Contents that are held in memory.
pub(super) fn in_memory(bytes: &[u8]) -> Content {
    let digest = Some(*blake3::hash(bytes).as_bytes());
    Content { size: bytes.len() as u64, digest, place: Place::Bytes(bytes.into()) }
}

/// A regular file.
pub(super) fn file(
    content: Content,
    mode: u32,
    owner: Owner,
    xattrs: &BTreeMap<String, String>,
) -> Result<Inode, StepError> {
    let Owner { uid, gid } = owner;
    Ok(Inode { kind: Kind::File(content), mode, uid, gid, xattrs: values(xattrs)? })
}

/// Extended attributes as bytes. A value that starts with `0x` is hexadecimal, as `setfattr` reads it.
pub(super) fn values(xattrs: &BTreeMap<String, String>) -> Result<Vec<Xattr>, StepError> {
    let value = |(name, value): (&String, &String)| -> Result<Xattr, StepError> {
        let bytes = match value.strip_prefix("0x").or_else(|| value.strip_prefix("0X")) {
            Some(digits) => unhex(digits).ok_or_else(|| {
                StepError::Other(format!("attribute `{name}` has the value `{value}`, which is not hexadecimal"))
            })?,
            None => value.as_bytes().to_vec(),
        };
        Ok((name.as_bytes().into(), bytes.into()))
    };
    xattrs.iter().map(value).collect()
}

fn unhex(digits: &str) -> Option<Vec<u8>> {
    let digits = digits.as_bytes();
    let pair = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok();
    (digits.len().is_multiple_of(2) && digits.iter().all(u8::is_ascii_hexdigit))
        .then(|| digits.chunks(2).map(pair).collect())?
}
