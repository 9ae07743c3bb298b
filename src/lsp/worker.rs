//! The thread that works: it takes edits and questions in the order in which they came, and looks for findings when there is time.

use std::collections::{BTreeMap, VecDeque};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender};
use gen_lsp_types as lsp;
use gen_lsp_types::Uri;
use lsp_server::{ErrorCode, Notification, RequestId, Response, ResponseError};
use serde_json::Value;

use super::answers;
use super::client::Client;
use super::diagnostics::{Board, ByFile, collect};
use super::documents::Document;
use super::project::{Open, Project};
use crate::compile::Report;
use crate::ide::Hints;

/// How often the findings of images that are done are shown while others are not.
const SHOWN_EVERY: Duration = Duration::from_millis(50);

/// How long nothing is to be done until the next edits are prepared for.
const IDLE: Duration = Duration::from_millis(300);

/// How often questions end what is being looked for until it may come to its end.
const MOST_ENDED: u32 = 3;

/// Something for the worker.
pub(super) enum Task {
    /// A document was opened or edited.
    Edit(Box<Document>),
    /// A document was closed.
    Close(PathBuf),
    /// Files on the disk changed.
    Changed(Vec<PathBuf>),
    /// Folders came and went.
    Folders {
        /// New ones.
        added: Vec<PathBuf>,
        /// Those that are no longer worked in.
        removed: Vec<PathBuf>,
    },
    /// The user wants other hints.
    Hints(Hints),
    /// A question.
    Ask {
        /// What it is answered under.
        id: RequestId,
        /// What is asked.
        method: String,
        /// About what.
        params: Value,
        /// Nobody waits for the answer any more.
        cancelled: Arc<AtomicBool>,
    },
}

/// What the worker has for the client.
pub(super) enum Done {
    /// An answer.
    Answer(Response),
    /// News.
    Tell(Notification),
    /// Diagnostics changed for a reason that the client does not see.
    Refresh,
}

/// What is to be done, in the order in which it came.
struct Pending {
    tasks: Receiver<Task>,
    /// Those that were looked at and not begun.
    taken: Mutex<VecDeque<Task>>,
}

impl Pending {
    /// The next task; waited for as long as there is patience, and for ever where none is named.
    fn next(&self, patience: Option<Duration>) -> Result<Task, RecvTimeoutError> {
        if let Some(task) = self.taken.lock().unwrap_or_else(PoisonError::into_inner).pop_front() {
            return Ok(task);
        }
        match patience {
            Some(patience) => self.tasks.recv_timeout(patience),
            None => self.tasks.recv().map_err(|_| RecvTimeoutError::Disconnected),
        }
    }

    /// Whether a task of some sort waits.
    fn any(&self, of: impl Fn(&Task) -> bool) -> bool {
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        taken.extend(self.tasks.try_iter());
        taken.iter().any(of)
    }
}

/// What the worker works on.
pub(super) struct Desk {
    /// Who is spoken to.
    pub client: Client,
    /// Which hints the user wants.
    pub hints: Hints,
    /// Open documents.
    pub open: Open,
    /// What was last found.
    pub board: Board,
    projects: Vec<Project>,
    out: Sender<Done>,
    pending: Arc<Pending>,
    /// How often looking for findings was ended since it last came to its end.
    ended: u32,
    /// Whether nothing came since the next edits were prepared for.
    prepared: bool,
    /// What was edited last.
    near: Option<PathBuf>,
    /// Something has changed since findings were looked for.
    changed: bool,
    /// Something failed since anything changed.
    failed: bool,
    /// How long that took.
    took: Duration,
}

/// Works until nobody has anything to do any more.
pub(super) fn work(client: Client, hints: Hints, folders: Vec<PathBuf>, tasks: &Receiver<Task>, out: Sender<Done>) {
    let projects = folders.into_iter().map(|folder| Project::new(folder, false)).collect();
    let mut desk = Desk {
        client,
        hints,
        open: BTreeMap::new(),
        board: Board::default(),
        projects,
        out,
        pending: Arc::new(Pending { tasks: tasks.clone(), taken: Mutex::default() }),
        ended: 0,
        prepared: false,
        near: None,
        changed: true,
        failed: false,
        took: Duration::ZERO,
    };
    loop {
        let looks = desk.changed && !desk.client.pulls_diagnostics;
        let patience = match looks {
            true => Some(desk.patience()),
            false => (!desk.prepared).then_some(IDLE),
        };
        match desk.pending.next(patience) {
            Ok(task) => {
                desk.prepared = false;
                desk.take(task);
            }
            Err(RecvTimeoutError::Timeout) => {
                desk.guarded(if looks { Desk::look } else { Desk::prepare });
            }
            Err(RecvTimeoutError::Disconnected) => return,
        }
    }
}

impl Desk {
    /// How long to wait for another edit: a newer one ends what an older one began, so only what takes long waits at all.
    fn patience(&self) -> Duration {
        match self.took {
            took if took < Duration::from_millis(100) => Duration::ZERO,
            took => (took / 4).min(Duration::from_millis(100)),
        }
    }

    fn take(&mut self, task: Task) {
        match task {
            Task::Ask { id, method, params, cancelled } => {
                if cancelled.load(Ordering::Relaxed) {
                    return;
                }
                let response_result =
                    self.guarded(|desk| answers::answer(desk, &method, params)).unwrap_or_else(|| {
                        let message = format!("`{method}` failed; this is a mistake in featgraph, and it goes on");
                        Err(ResponseError { code: ErrorCode::InternalError as i32, message, data: None })
                    });
                self.send(Done::Answer(Response { id, response_result }));
            }
            task => {
                self.failed = false;
                self.guarded(|desk| desk.apply(task));
                self.changed = true;
            }
        }
    }

    /// Does something that must not end the server. What it had in hand when it failed is read anew, and findings are looked for
    /// once more; but not for ever, where that is what fails.
    fn guarded<T>(&mut self, work: impl FnOnce(&mut Self) -> T) -> Option<T> {
        let roots: Vec<(PathBuf, bool)> =
            self.projects.iter().map(|project| (project.root.clone(), project.shallow)).collect();
        let done = catch_unwind(AssertUnwindSafe(|| work(self))).ok();
        if done.is_none() {
            self.projects = roots.into_iter().map(|(root, shallow)| Project::new(root, shallow)).collect();
            self.changed |= !std::mem::replace(&mut self.failed, true);
        }
        done
    }

    fn apply(&mut self, task: Task) {
        match task {
            Task::Edit(document) => {
                let path = document.path.clone();
                self.ensure_project(&path);
                for project in &mut self.projects {
                    project.edit(&document);
                }
                self.near = Some(path.clone());
                self.open.insert(path, *document);
            }
            Task::Close(path) => {
                if let Some(document) = self.open.remove(&path) {
                    self.closed(&document);
                }
            }
            Task::Changed(paths) => {
                let mut concerned = false;
                // What lies on the disk below an open document does not count.
                for path in paths.iter().filter(|path| !self.open.contains_key(*path)) {
                    for project in self.projects.iter_mut().filter(|project| project.depends_on(path)) {
                        project.disk_changed(path);
                        concerned = true;
                    }
                }
                if concerned {
                    self.send(Done::Refresh);
                }
            }
            Task::Folders { added, removed } => {
                self.projects.retain(|project| !removed.contains(&project.root));
                for root in added {
                    if !self.projects.iter().any(|project| project.root == root) {
                        // What was looked at by itself is part of the folder now.
                        self.projects.retain(|project| !project.shallow || !project.root.starts_with(&root));
                        self.projects.push(Project::new(root, false));
                    }
                }
                let orphans: Vec<PathBuf> = self.open.keys().cloned().collect();
                for path in orphans {
                    self.ensure_project(&path);
                }
                self.send(Done::Refresh);
            }
            Task::Hints(hints) => self.hints = hints,
            Task::Ask { .. } => {}
        }
    }

    /// A document that was closed may differ from what is on the disk.
    fn closed(&mut self, document: &Document) {
        let open = &self.open;
        // A folder that was only looked at because of it is let go.
        self.projects.retain(|project| !project.shallow || open.keys().any(|path| project.contains(path)));
        for project in &mut self.projects {
            project.close(document);
        }
    }

    /// A document outside all folders is looked at with what lies beside it.
    fn ensure_project(&mut self, path: &Path) {
        if self.projects.iter().any(|project| project.contains(path)) {
            return;
        }
        if let Some(folder) = path.parent() {
            self.projects.push(Project::new(folder.to_owned(), true));
        }
    }

    /// The project of a file, the innermost one, and the open documents.
    pub fn project_of(&mut self, path: &Path) -> Option<(&mut Project, &Open)> {
        let holding = self.projects.iter_mut().filter(|project| project.contains(path));
        let project = holding.max_by_key(|project| project.root.as_os_str().len())?;
        Some((project, &self.open))
    }

    /// All projects, and the open documents.
    pub fn projects(&mut self) -> (&mut [Project], &Open) {
        (&mut self.projects, &self.open)
    }

    /// Looks for findings if something has changed, and tells what is new. Ends early when something was edited, or is asked;
    /// but who asks again and again waits at last.
    fn look(&mut self) {
        let (pending, listens) = (self.pending.clone(), self.ended < MOST_ENDED);
        self.check(None, &|| pending.any(|task| listens || !matches!(task, Task::Ask { .. })));
        self.ended = if self.changed { self.ended + 1 } else { 0 };
    }

    /// Makes the next edits cheap, until something is to be done.
    fn prepare(&mut self) {
        let pending = self.pending.clone();
        self.projects.iter_mut().for_each(|project| project.prepare(&|| pending.any(|_| true)));
        self.prepared = true;
    }

    /// The same for a client that asks, perhaps about one file, and is told that there is news of others.
    pub fn check_for(&mut self, asked: Option<&Path>) {
        self.check(asked, &|| false);
    }

    fn check(&mut self, asked: Option<&Path>, stop: &(dyn Fn() -> bool + Sync)) {
        if !std::mem::take(&mut self.changed) {
            return;
        }
        let started = Instant::now();
        let near = asked.map(Path::to_owned).or_else(|| self.near.clone());
        let mut projects = std::mem::take(&mut self.projects);
        let mut current = true;
        let mut shown = started;
        for at in 0..projects.len() {
            let (before, rest) = projects.split_at_mut(at);
            let Some((project, after)) = rest.split_first_mut() else { continue };
            current &= project.advance(&self.open, near.as_deref(), stop, |project, report| {
                // What is nearest is not kept waiting for what is far.
                if !self.client.pulls_diagnostics && shown.elapsed() > SHOWN_EVERY {
                    let others = before.iter().chain(after.iter());
                    let news = self.board.update(found(&self.client, &self.open, others, Some((project, report))));
                    news.iter().for_each(|path| publish(&self.board, &self.open, &self.out, path));
                    shown = Instant::now();
                }
            });
            if !current {
                break;
            }
        }
        self.projects = projects;
        if !current {
            self.changed = true;
            return;
        }
        let news = self.board.update(found(&self.client, &self.open, self.projects.iter(), None));
        if !self.client.pulls_diagnostics {
            news.iter().for_each(|path| publish(&self.board, &self.open, &self.out, path));
        } else if asked.is_some_and(|asked| news.iter().any(|path| path != asked)) {
            self.send(Done::Refresh);
        }
        self.took = started.elapsed();
    }

    /// A client that went away needs no news.
    fn send(&self, done: Done) {
        drop(self.out.send(done));
    }
}

/// What is found by now, in all projects.
fn found<'p>(
    client: &Client,
    open: &Open,
    projects: impl Iterator<Item = &'p Project>,
    now: Option<(&Project, &Report)>,
) -> ByFile {
    let mut found = ByFile::new();
    for project in projects {
        collect(project, &project.report(), client, open, &mut found);
    }
    if let Some((project, report)) = now {
        collect(project, report, client, open, &mut found);
    }
    found
}

fn publish(board: &Board, open: &Open, out: &Sender<Done>, path: &Path) {
    let open = open.get(path);
    let uri = open.map(|document| document.uri.clone()).or_else(|| Uri::from_file_path(path).ok());
    let Some(uri) = uri else { return };
    let params = lsp::PublishDiagnosticsParams {
        uri,
        version: open.map(|document| document.version),
        diagnostics: board.of(path).diagnostics,
    };
    drop(out.send(Done::Tell(Notification::new("textDocument/publishDiagnostics".to_owned(), params))));
}

#[cfg(test)]
mod tests {
    use crossbeam_channel::unbounded;

    use super::*;

    #[test]
    fn what_fails_ends_nothing_and_is_read_anew() {
        let (_, tasks) = unbounded();
        let (out, _) = unbounded();
        let mut desk = Desk {
            client: Client::default(),
            hints: Hints::default(),
            open: Open::new(),
            board: Board::default(),
            projects: vec![Project::new(PathBuf::from("/nowhere"), true)],
            out,
            pending: Arc::new(Pending { tasks, taken: Mutex::default() }),
            ended: 0,
            prepared: false,
            near: None,
            changed: false,
            failed: false,
            took: Duration::ZERO,
        };
        let failed: Option<()> = desk.guarded(|desk| {
            desk.projects.clear();
            panic!("a mistake")
        });
        assert!(failed.is_none());
        assert_eq!(desk.projects.len(), 1);
        assert_eq!(desk.guarded(|_| 1), Some(1));
        assert!(desk.changed, "what was published may be of before it failed");
        desk.changed = false;
        assert!(desk.guarded(|_| -> () { panic!("the same mistake") }).is_none());
        assert!(!desk.changed, "it is not tried for ever");
    }
}
