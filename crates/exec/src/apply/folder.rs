//! `copy_tree`: a folder of the host with all that is in it.

use std::collections::BTreeMap;
use std::fs::Metadata;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;
use std::sync::Arc;

use featgraph_plan::{Op, Step};
use ignore::gitignore::{Gitignore, GitignoreBuilder};

use super::inputs::{Line, LineContent};
use super::landing::{TreeEntry, What};
use super::placed::values;
use super::{Applier, StepError, place};
use crate::root::{Content, Inode, Kind, Place, join, name, parent};

/// An entry of a folder.
struct Found {
    path: String,
    kind: FoundKind,
}

enum FoundKind {
    Directory,
    File { size: u64, executable: bool },
    Symlink(Vec<u8>),
}

impl Applier<'_> {
    pub(super) fn copy_tree(&mut self, step: &Step<'_>) -> Result<(), StepError> {
        let Op::CopyTree {
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
        } = &step.op
        else {
            return Ok(());
        };
        let host = self.host(src);
        let found = walk(&host, &matcher(exclude)?)?;
        let uid = user.as_ref().map_or(Ok(0), |user| self.uid(user, *uid))?;
        let gid = group.as_ref().map_or(Ok(0), |group| self.gid(group, *gid))?;
        let xattrs = values(xattrs)?;
        let entry = |found: &Found| {
            let (kind, mode) = match &found.kind {
                FoundKind::Directory => (Kind::Directory, *directory_mode),
                FoundKind::File { size, executable } => {
                    let content = host_file(&host, &found.path, *size);
                    (Kind::File(content), if *executable { *executable_mode } else { *file_mode })
                }
                FoundKind::Symlink(text) => (Kind::Symlink(text.as_slice().into()), *directory_mode),
            };
            let inode = match kind {
                // Links have no mode of their own.
                Kind::Symlink(_) => Inode { kind, mode: 0o777, uid, gid, xattrs: Vec::new() },
                Kind::File(_) => Inode { kind, mode: mode.bits().into(), uid, gid, xattrs: xattrs.clone() },
                _ => Inode { kind, mode: mode.bits().into(), uid, gid, xattrs: Vec::new() },
            };
            TreeEntry { path: found.path.clone().into_bytes(), what: What::Inode(inode) }
        };
        let entries = found.iter().map(entry).collect();
        let landed = self.land(dst, skip, entries)?;
        let skipped: std::collections::BTreeSet<Vec<u8>> =
            skip.iter().map(|path| place(path)).collect::<Result<_, _>>()?;
        let top = place(dst)?;
        let mut lines = Vec::with_capacity(found.len());
        for found in found {
            let mut line = Line {
                entry_type: "directory",
                mode: None,
                owner: String::new(),
                path: found.path,
                content: LineContent::Text(String::new()),
            };
            match found.kind {
                FoundKind::Directory => {}
                FoundKind::File { size, executable } => {
                    (line.entry_type, line.mode) = ("file", Some(if executable { 0o755 } else { 0o644 }));
                    let whole = join(&top, line.path.as_bytes());
                    let directory = self.root.resolve(parent(&whole))?.unwrap_or_default();
                    let content = host_file(&host, &line.path, size);
                    line.content = match landed.get(line.path.as_bytes()) {
                        Some(id) if !skipped.contains(&join(&directory, name(&whole))) => {
                            LineContent::File(*id, content)
                        }
                        // Another step provides it equally, and the tree was planned with it all the same.
                        _ => LineContent::Digest(crate::contents::digest_of(&content)?),
                    };
                }
                FoundKind::Symlink(text) => {
                    line.entry_type = "symlink";
                    line.content = LineContent::Text(String::from_utf8_lossy(&text).into_owned());
                }
            }
            lines.push(line);
        }
        self.expectations.tree(step, src, lines);
        Ok(())
    }
}

/// The contents of a file in a folder of the host.
fn host_file(folder: &Path, path: &str, size: u64) -> Content {
    Content { size, digest: None, place: Place::Host(Arc::from(folder.join(path).as_path())) }
}

/// A matcher of gitignore patterns below the root of a tree.
pub(super) fn matcher(patterns: &[String]) -> Result<Gitignore, StepError> {
    let mut builder = GitignoreBuilder::new("/");
    let refused = |error: ignore::Error| StepError::Other(format!("a pattern in `exclude` cannot be read: {error}"));
    for pattern in patterns {
        builder.add_line(None, pattern).map_err(refused)?;
    }
    builder.build().map_err(refused)
}

/// All that is in a folder, sorted, without what is excluded. Links are not followed.
fn walk(host: &Path, exclude: &Gitignore) -> Result<Vec<Found>, StepError> {
    let mut found = BTreeMap::from([(String::new(), FoundKind::Directory)]);
    let mut waiting = vec![String::new()];
    while let Some(directory) = waiting.pop() {
        let failed = |error: std::io::Error| {
            let path = host.join(&directory);
            StepError::ChangedInput(format!(
                "`{}` cannot be read: {}",
                path.display(),
                featgraph_archive::reason(&error)
            ))
        };
        for item in std::fs::read_dir(host.join(&directory)).map_err(failed)? {
            let item = item.map_err(failed)?;
            let (name, about) = (item.file_name(), item.metadata().map_err(failed)?);
            let Some(name) = name.to_str() else {
                let shown = name.as_bytes().escape_ascii();
                return Err(StepError::ChangedInput(format!(
                    "`{shown}` in `{directory}` has a name that is not UTF-8"
                )));
            };
            let path = if directory.is_empty() { name.to_owned() } else { format!("{directory}/{name}") };
            if exclude.matched(&path, about.is_dir()).is_ignore() {
                continue;
            }
            let kind = kind(&item.path(), &about)?;
            if matches!(kind, FoundKind::Directory) {
                waiting.push(path.clone());
            }
            found.insert(path, kind);
        }
    }
    Ok(found.into_iter().map(|(path, kind)| Found { path, kind }).collect())
}

fn kind(path: &Path, about: &Metadata) -> Result<FoundKind, StepError> {
    let file_type = about.file_type();
    if file_type.is_dir() {
        Ok(FoundKind::Directory)
    } else if file_type.is_file() {
        Ok(FoundKind::File { size: about.size(), executable: about.permissions().mode() & 0o100 != 0 })
    } else if file_type.is_symlink() {
        let failed = |error| StepError::ChangedInput(format!("`{}` cannot be read: {error}", path.display()));
        Ok(FoundKind::Symlink(std::fs::read_link(path).map_err(failed)?.as_os_str().as_bytes().to_vec()))
    } else {
        Err(StepError::ChangedInput(format!("`{}` is neither a file, a folder nor a link", path.display())))
    }
}
