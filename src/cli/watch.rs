//! `check --watch`: checks again whenever something has changed that the last check looked at. It asks the disk a few times a second, which
//! works on every file system, also on those that send no notice of changes: network folders, folders shared with containers.

use std::collections::BTreeSet;
use std::fs::Metadata;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::sleep;
use std::time::{Duration, Instant, SystemTime};

use super::check::Check;
use super::discover::{relative, shown};
use super::failure::{Complaint, Failure, reason};
use super::terminal::Terminal;
use super::{Status, unless_closed};
use crate::compile::Workspace;
use crate::inputs::{Ask, SourceState};
use crate::message::count;

/// Time between two looks at the disk. Where a look takes long there is more of it, so that watching costs little.
const PAUSE: Duration = Duration::from_millis(150);

/// How many times longer than a look the pause behind it is, at least.
const PAUSES_A_LOOK: u32 = 8;

/// How far the clock of a file system may be behind.
const COARSE: Duration = Duration::from_millis(10);

/// How soon the end is heeded.
const TICK: Duration = Duration::from_millis(30);

/// What a check has looked at.
#[derive(Default)]
pub(super) struct Looked {
    /// Files, and what is in source trees; also what was not there.
    files: BTreeSet<PathBuf>,
    /// Folders that were searched for manifests, and what decides which of them count.
    folders: BTreeSet<PathBuf>,
    /// The manifests that were found in them.
    pub found: Vec<String>,
}

impl Looked {
    /// Something that the check depends on.
    pub fn at_file(&mut self, path: impl Into<PathBuf>) {
        self.files.insert(path.into());
    }

    /// A folder in which manifests may appear and vanish.
    pub fn at_folder(&mut self, path: &Path) {
        self.at_ignored(path);
        self.folders.insert(path.to_owned());
    }

    /// A folder whose .gitignore counts for folders that were searched.
    pub fn at_ignored(&mut self, path: &Path) {
        self.folders.insert(path.join(".gitignore"));
    }

    /// All that the engine asked for. Names are relative to the working directory.
    pub fn at_inputs(&mut self, workspace: &Workspace) {
        for ask in workspace.asked() {
            let path = Path::new(&**ask.path());
            self.at_file(path);
            if let Ask::Source(name) = ask
                && let Some(SourceState::Directory(tree)) = workspace.inputs().source(name)
            {
                self.files.extend(tree.entries().iter().map(|entry| path.join(&*entry.path)));
            }
        }
    }
}

/// What a place was like, as far as a change of it shows.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Stamp {
    node: (u64, u64),
    mode: u32,
    size: u64,
    modified: (i64, i64),
    changed: (i64, i64),
}

impl Stamp {
    fn of(path: &Path) -> Option<Self> {
        let known: Metadata = std::fs::metadata(path).ok()?;
        Some(Self {
            node: (known.dev(), known.ino()),
            mode: known.mode(),
            size: known.size(),
            modified: (known.mtime(), known.mtime_nsec()),
            changed: (known.ctime(), known.ctime_nsec()),
        })
    }

    /// Whether it was changed after a moment.
    fn is_after(self, moment: SystemTime) -> bool {
        let since = moment.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        (self.changed.0, self.changed.1) > (since.as_secs() as i64, i64::from(since.subsec_nanos()))
    }
}

/// What places were like at one moment, in the order of their names.
fn stamps(paths: &BTreeSet<PathBuf>) -> Vec<Option<Stamp>> {
    paths.iter().map(|path| Stamp::of(path)).collect()
}

/// Checks again and again until somebody ends it; then the status is that of the last check.
pub(super) fn run(check: &Check<'_>, terminal: &mut Terminal) -> Result<Status, Failure> {
    let ended = on_end()?;
    let mut again_at_once = false;
    loop {
        // The clock that files are stamped by may be a tick behind.
        let began = SystemTime::now() - COARSE;
        let mut looked = Looked::default();
        if terminal.is_terminal {
            // Empty the screen and what was above it.
            unless_closed(terminal.out.write_all(b"\x1b[2J\x1b[3J\x1b[H"))?;
        }
        let status = match check.once(&mut looked, terminal) {
            Ok((status, ..)) => status,
            Err(Failure::Output(error)) => return Err(Failure::Output(error)),
            Err(failure) => {
                failure.write(terminal);
                Status::Failed
            }
        };
        if terminal.out.flush().is_err() {
            return Ok(status);
        }
        let files = stamps(&looked.files);
        // What was written while it was read may have been read half.
        let late = files.iter().flatten().any(|stamp| stamp.is_after(began));
        if late && !again_at_once && !ended.load(Ordering::Relaxed) {
            again_at_once = true;
            continue;
        }
        again_at_once = false;
        let number = count(files.iter().flatten().count(), "file", "files");
        terminal.complain("note", &format!("watching {number}; Ctrl-C ends"), None);
        match changed(check, &mut looked, &files, &ended) {
            None => return Ok(status),
            Some(what) => {
                let name = relative(&check.folder, &what).map_or(what, PathBuf::from);
                terminal.complain("note", &format!("{} changed", shown(&name)), None);
            }
        }
    }
}

/// Waits until something is not as it was, and returns what; nothing if somebody ends it.
fn changed(check: &Check<'_>, looked: &mut Looked, files: &[Option<Stamp>], ended: &AtomicBool) -> Option<PathBuf> {
    // Unknown at first: a manifest may have come while the others were checked.
    let mut folders: Option<Vec<Option<Stamp>>> = None;
    let mut pause = PAUSE;
    loop {
        let until = Instant::now() + pause;
        while Instant::now() < until {
            if ended.load(Ordering::Relaxed) {
                return None;
            }
            sleep(TICK);
        }
        let began = Instant::now();
        let differs = |(path, known): (&PathBuf, &Option<Stamp>)| (Stamp::of(path) != *known).then(|| path.clone());
        if let Some(path) = looked.files.iter().zip(files).find_map(differs) {
            return Some(path);
        }
        let now = stamps(&looked.folders);
        if folders.as_ref() != Some(&now) {
            // A folder changes with whatever is put into it; what counts is which manifests are found now.
            let mut fresh = Looked::default();
            check.search(&mut fresh);
            if let Some(name) = difference(&looked.found, &fresh.found) {
                return Some(PathBuf::from(name));
            }
            folders = (fresh.folders == looked.folders).then_some(now);
            looked.folders = fresh.folders;
        }
        pause = PAUSE.max(began.elapsed() * PAUSES_A_LOOK);
    }
}

/// The first name that is in one of two sorted lists only.
fn difference<'n>(one: &'n [String], other: &'n [String]) -> Option<&'n String> {
    let one_only = one.iter().find(|name| other.binary_search(name).is_err());
    one_only.or_else(|| other.iter().find(|name| one.binary_search(name).is_err()))
}

/// A flag that is raised when the process is asked to end. Who asks twice gets it at once.
fn on_end() -> Result<Arc<AtomicBool>, Failure> {
    use signal_hook::consts::{SIGINT, SIGTERM};
    use signal_hook::flag;
    super::interrupt::answered();
    let ended = Arc::new(AtomicBool::new(false));
    for signal in [SIGINT, SIGTERM] {
        flag::register_conditional_shutdown(signal, 128 + signal, ended.clone())
            .and_then(|_| flag::register(signal, ended.clone()))
            .map_err(|error| Complaint::new(format!("`--watch` cannot be ended by a signal: {}", reason(&error))))?;
    }
    Ok(ended)
}
