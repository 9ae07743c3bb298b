//! Pure steps: what each primitive does to a [`Root`]. No file system is touched but to read sources.

mod accounts;
mod archive;
mod attributes;
mod cloned;
mod configure;
mod folder;
mod inputs;
mod landing;
mod owners;
mod placed;

use std::collections::BTreeMap;
use std::fs::File;
use std::path::{Path, PathBuf};

use featgraph_plan::{Op, Replaced, ReplacedType, Step};

use crate::contents::ContentError;
use crate::finding::{Code, Finding};
use crate::root::{ChangeError, Root, components};
use accounts::Accounts;
pub use configure::Settings;
pub use inputs::Expectations;

/// Why a step cannot be carried out.
#[derive(Debug, thiserror::Error)]
pub enum StepError {
    /// The root is not as the plan needs it.
    #[error(transparent)]
    Change(#[from] ChangeError),
    /// A source cannot be read.
    #[error(transparent)]
    Content(#[from] ContentError),
    /// A source is not what was planned with.
    #[error("{0}")]
    ChangedInput(String),
    /// Anything else, in words for the author of the manifest.
    #[error("{0}")]
    Other(String),
}

impl StepError {
    /// The finding that reports it for a step.
    pub fn finding(&self, step: &str) -> Finding {
        let code = match self {
            Self::ChangedInput(_) | Self::Content(ContentError::Changed { .. } | ContentError::Unreadable { .. }) => {
                Code::ChangedInput
            }
            _ => Code::StepFailed,
        };
        Finding { code, message: self.to_string(), step: step.to_owned(), help: None }
    }
}

/// Gives the root of another image that steps clone from, by the path that the plan names it by.
pub trait Images {
    /// The root of the image at a path.
    ///
    /// # Errors
    /// It is not known, or cannot be read.
    fn root(&self, from: &str) -> Result<&Root, String>;
}

/// Images by the path that a plan names them by.
impl Images for BTreeMap<String, Root> {
    fn root(&self, from: &str) -> Result<&Root, String> {
        self.get(from).ok_or_else(|| format!("image `{from}` has not been built"))
    }
}

/// Carries out pure steps on a root, one after the other.
pub struct Applier<'a> {
    root: &'a mut Root,
    /// The folder that host paths are relative to.
    sources: &'a Path,
    /// Where contents of archives are unpacked to.
    scratch: &'a Path,
    images: &'a dyn Images,
    accounts: Accounts,
    settings: Settings,
    expectations: Expectations,
}

/// What the steps of a layer leave beside the changed root.
#[derive(Debug, Default)]
pub struct Applied {
    /// Image configuration that they set.
    pub settings: Settings,
    /// Digests that the contents must turn out to have when they are read.
    pub expectations: Expectations,
}

impl<'a> Applier<'a> {
    /// On a root; sources are below `sources`, and `scratch` is a folder for contents of archives.
    pub fn new(root: &'a mut Root, sources: &'a Path, scratch: &'a Path, images: &'a dyn Images) -> Self {
        Self {
            root,
            sources,
            scratch,
            images,
            accounts: Accounts::default(),
            settings: Settings::default(),
            expectations: Expectations::default(),
        }
    }

    /// Carries out one step.
    ///
    /// # Errors
    /// The root is not as the plan needs it, or a source is not.
    pub fn apply(&mut self, step: &Step<'_>) -> Result<(), StepError> {
        if accounts::may_meet(&step.op) {
            self.accounts.write(self.root)?;
        }
        if let Some(replaced) = step.replaces {
            self.take_away(&step.op, replaced)?;
        }
        match &step.op {
            Op::MakeDir { path, mode, user, uid, group, gid } => {
                let owner = self.owner(user, *uid, group, *gid)?;
                self.make_dir(path, *mode, owner)
            }
            Op::CopyFile { src, dst, mode, user, uid, group, gid, xattrs } => {
                let owner = self.owner(user, *uid, group, *gid)?;
                self.copy_file(step, src, dst, *mode, owner, xattrs)
            }
            Op::WriteFile { dst, text, mode, user, uid, group, gid, xattrs } => {
                let owner = self.owner(user, *uid, group, *gid)?;
                self.write_file(dst, &text.value(), *mode, owner, xattrs)
            }
            Op::MakeSymlink { link, target } => self.make_symlink(link, target),
            Op::MakeHardlink { link, target } => Ok(self.root.hard_link(&place(link)?, &place(target)?)?),
            Op::MakeNode { path, node, major, minor, mode, user, group, uid, gid } => {
                let owner = self.owner(user, *uid, group, *gid)?;
                self.make_node(path, *node, (*major, *minor), *mode, owner)
            }
            Op::Remove { path, must_exist, recursive } => self.remove(path, *must_exist, *recursive),
            Op::Mount { mountpoint, source, source_type, directory } => {
                self.settings
                    .mounts
                    .insert(mountpoint.clone().into_owned(), (*source_type, source.clone().into_owned()));
                self.mountpoint(mountpoint, *directory)
            }
            Op::SetAttributes { .. } => self.set_attributes(step),
            Op::CopyTree { .. } => self.copy_tree(step),
            Op::Extract { .. } => self.extract(step),
            Op::Clone { .. } => self.clone_tree(step),
            Op::AddGroup { name, gid, system } => self.accounts.add_group(self.root, name, *gid, *system),
            Op::AddUser { .. } => self.accounts.add_user(self.root, &step.op),
            Op::AddToGroups { name, groups } => self.accounts.join(self.root, name, groups),
            Op::Configure { .. } => {
                self.settings.set(&step.op);
                Ok(())
            }
            Op::Packages { .. } | Op::Run { .. } => {
                Err(StepError::Other(format!("step `{}` is not pure: it needs a sandbox", step.id)))
            }
        }
    }

    /// Ends the layer: what is pending is written into the root.
    ///
    /// # Errors
    /// An account file cannot be written back.
    pub fn finish(mut self) -> Result<Applied, StepError> {
        self.accounts.write(self.root)?;
        Ok(Applied { settings: self.settings, expectations: self.expectations })
    }

    /// Takes away what the plan says is in a step's place.
    fn take_away(&mut self, op: &Op<'_>, replaced: Replaced) -> Result<(), StepError> {
        let path = match (op, replaced.what) {
            (Op::AddUser { name, .. }, _) => return self.accounts.remove_user(self.root, name),
            (Op::AddGroup { name, .. }, _) => return self.accounts.remove_group(self.root, name),
            _ => place(target(op))?,
        };
        if replaced.what != ReplacedType::Unknown && self.root.id(&path).is_none() {
            let shown = crate::root::shown(&path);
            return Err(StepError::Other(format!(
                "nothing is at `{shown}`, where the plan expects something to replace"
            )));
        }
        self.root.remove(&path);
        Ok(())
    }

    /// A path of the host, as a plan names it.
    fn host(&self, path: &str) -> PathBuf {
        self.sources.join(path)
    }

    /// A file of which nothing is left once it is closed, for contents that are nowhere else.
    fn spool(&self) -> Result<File, StepError> {
        let failed = |error: std::io::Error| StepError::Other(format!("no temporary file can be made: {error}"));
        tempfile::tempfile_in(self.scratch).map_err(failed)
    }
}

/// The place of the image that an operation is about.
fn target<'o>(op: &'o Op<'_>) -> &'o str {
    match op {
        Op::MakeDir { path, .. } | Op::MakeNode { path, .. } | Op::Remove { path, .. } => path,
        Op::CopyFile { dst, .. }
        | Op::CopyTree { dst, .. }
        | Op::WriteFile { dst, .. }
        | Op::Extract { dst, .. }
        | Op::Clone { dst, .. } => dst,
        Op::MakeSymlink { link, .. } | Op::MakeHardlink { link, .. } => link,
        Op::Mount { mountpoint, .. } => mountpoint,
        _ => "/",
    }
}

/// An absolute place of a plan as a path of a root. Plans come from anywhere, so nothing is taken on trust.
fn place(path: &str) -> Result<Vec<u8>, StepError> {
    let refuse = |why: &str| Err(StepError::Other(format!("the plan names the place `{path}`, which {why}")));
    if !path.starts_with('/') {
        return refuse("is not absolute");
    }
    if path.len() > 4095 || path.contains('\0') {
        return refuse("no file system can hold");
    }
    let mut out = Vec::with_capacity(path.len());
    for component in components(path.as_bytes()) {
        if component == b".." {
            return refuse("contains `..`");
        }
        if component.len() > 255 {
            return refuse("no file system can hold");
        }
        if component.starts_with(b".wh.") {
            return refuse("image layers reserve: names that start with `.wh.` mean removals there");
        }
        if !out.is_empty() {
            out.push(b'/');
        }
        out.extend_from_slice(component);
    }
    Ok(out)
}
