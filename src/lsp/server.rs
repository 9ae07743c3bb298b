//! The main loop: what the client says goes to the worker, what the worker has goes to the client. Nothing here takes long.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};

use crossbeam_channel::{Receiver, Sender, never, select, unbounded};
use gen_lsp_types as lsp;
use lsp_server::{Connection, ErrorCode, Message, Notification, Request, RequestId, Response};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::client::{self, Client};
use super::documents::{Documents, path_of};
use super::positions::Encoding;
use super::worker::{Done, Task, work};
use crate::ide::Hints;

/// Serves one client until it says goodbye, or goes away. The exit status is 0 if it said `shutdown` before `exit`.
pub fn run(connection: Connection) -> i32 {
    let mut server = Server {
        sender: connection.sender,
        stage: Stage::New,
        client: Client::default(),
        hints: Hints::default(),
        documents: Documents::default(),
        worker: None,
        done: never(),
        waiting: HashMap::new(),
        asked: HashMap::new(),
        next: 0,
    };
    let status = server.serve(&connection.receiver);
    // The worker may be in the middle of something that nobody wants to know any more.
    server.worker = None;
    status
}

/// How far the conversation is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// Nobody has introduced themselves.
    New,
    /// Talking.
    Running,
    /// Only `exit` is still to come.
    Over,
}

/// A request of ours that the client has not answered.
enum Asked {
    /// Nothing comes of it.
    Nothing,
    /// The user's settings.
    Configuration,
}

struct Worker {
    tasks: Sender<Task>,
    /// Not waited for: the process ends when the loop does.
    _thread: JoinHandle<()>,
}

struct Server {
    sender: Sender<Message>,
    stage: Stage,
    client: Client,
    hints: Hints,
    documents: Documents,
    worker: Option<Worker>,
    done: Receiver<Done>,
    /// Requests that are not answered yet.
    waiting: HashMap<RequestId, Arc<AtomicBool>>,
    asked: HashMap<RequestId, Asked>,
    next: i32,
}

impl Server {
    fn serve(&mut self, messages: &Receiver<Message>) -> i32 {
        loop {
            let done = self.done.clone();
            select! {
                recv(messages) -> message => match message {
                    Ok(Message::Request(request)) => self.request(request),
                    Ok(Message::Response(response)) => self.response(response),
                    Ok(Message::Notification(notification)) => {
                        if notification.method == "exit" {
                            return i32::from(self.stage != Stage::Over);
                        }
                        self.notification(notification);
                    }
                    // It went away without a word.
                    Err(_) => return 1,
                },
                recv(done) -> done => match done {
                    Ok(done) => self.pass_on(done),
                    Err(_) => self.done = never(),
                },
            }
        }
    }

    /// A client that went away hears nothing.
    fn send(&self, message: impl Into<Message>) {
        drop(self.sender.send(message.into()));
    }

    fn refuse(&self, id: RequestId, code: ErrorCode, message: &str) {
        self.send(Response::new_err(id, code as i32, message.to_owned()));
    }

    fn ask(&mut self, method: &str, params: Value, purpose: Asked) {
        let id = RequestId::from(self.next);
        self.next += 1;
        self.asked.insert(id.clone(), purpose);
        self.send(Request { id, method: method.to_owned(), params });
    }

    fn task(&self, task: Task) {
        if let Some(worker) = &self.worker {
            drop(worker.tasks.send(task));
        }
    }

    // ---- what the client asks --------------------------------------------------------------------------------

    fn request(&mut self, request: Request) {
        match (self.stage, request.method.as_str()) {
            (Stage::New, "initialize") => self.initialize(request),
            (Stage::New, _) => {
                self.refuse(request.id, ErrorCode::ServerNotInitialized, "the first request is `initialize`");
            }
            (Stage::Over, _) => {
                self.refuse(request.id, ErrorCode::InvalidRequest, "only `exit` comes after `shutdown`")
            }
            (Stage::Running, "initialize") => {
                self.refuse(request.id, ErrorCode::InvalidRequest, "`initialize` comes once");
            }
            (Stage::Running, "shutdown") => {
                self.stage = Stage::Over;
                // What is asked and not answered is answered before the end.
                let mut open: Vec<RequestId> = self.waiting.drain().map(|(id, _)| id).collect();
                open.sort();
                for id in open {
                    self.refuse(id, ErrorCode::RequestCanceled, "the server is shutting down");
                }
                self.worker = None;
                self.send(Response::new_ok(request.id, Value::Null));
            }
            (Stage::Running, _) => {
                let cancelled = Arc::new(AtomicBool::new(false));
                self.waiting.insert(request.id.clone(), cancelled.clone());
                self.task(Task::Ask { id: request.id, method: request.method, params: request.params, cancelled });
            }
        }
    }

    fn initialize(&mut self, request: Request) {
        if !request.params.is_object() {
            return self.refuse(request.id, ErrorCode::InvalidParams, "`initialize` has an object of parameters");
        }
        self.client = Client::new(&request.params);
        self.documents.encoding = self.client.encoding;
        if let Some(options) = request.params.get("initializationOptions") {
            self.hints = client::updated(self.hints, options);
        }
        let folders: Vec<PathBuf> = client::folders(&request.params).iter().filter_map(path_of).collect();
        let (tasks, to_do) = unbounded();
        let (out, done) = unbounded();
        let (client, hints) = (self.client.clone(), self.hints);
        let thread =
            thread::Builder::new().name("worker".to_owned()).spawn(move || work(client, hints, folders, &to_do, out));
        match thread {
            Ok(thread) => self.worker = Some(Worker { tasks, _thread: thread }),
            Err(error) => {
                let message = format!("the worker cannot be started: {error}");
                return self.refuse(request.id, ErrorCode::InternalError, &message);
            }
        }
        self.done = done;
        self.stage = Stage::Running;
        let result = lsp::InitializeResult {
            capabilities: capabilities(&self.client),
            server_info: Some(lsp::ServerInfo {
                name: "featgraph".to_owned(),
                version: Some(env!("CARGO_PKG_VERSION").to_owned()),
            }),
        };
        self.send(Response::new_ok(request.id, result));
    }

    // ---- what the client tells -------------------------------------------------------------------------------

    fn notification(&mut self, notification: Notification) {
        if self.stage != Stage::Running {
            return;
        }
        let Notification { method, params } = notification;
        match method.as_str() {
            "initialized" => self.introduce(),
            "$/cancelRequest" => self.cancel(&params),
            "textDocument/didOpen" => {
                if let Some(document) = read(params).and_then(|params| self.documents.open(params)) {
                    let document = Box::new(document.clone());
                    self.task(Task::Edit(document));
                }
            }
            "textDocument/didChange" => {
                if let Some(document) = read(params).and_then(|params| self.documents.change(params)) {
                    let document = Box::new(document.clone());
                    self.task(Task::Edit(document));
                }
            }
            "textDocument/didClose" => {
                let closed: Option<lsp::DidCloseTextDocumentParams> = read(params);
                if let Some(document) = closed.and_then(|closed| self.documents.close(&closed.text_document.uri)) {
                    self.task(Task::Close(document.path));
                }
            }
            "textDocument/didSave" => {
                let saved: Option<lsp::DidSaveTextDocumentParams> = read(params);
                let path = saved.and_then(|saved| path_of(&saved.text_document.uri));
                self.task(Task::Changed(path.into_iter().collect()));
            }
            "workspace/didChangeWatchedFiles" => {
                let changed: Option<lsp::DidChangeWatchedFilesParams> = read(params);
                let paths = changed.into_iter().flat_map(|changed| changed.changes);
                self.task(Task::Changed(paths.filter_map(|event| path_of(&event.uri)).collect()));
            }
            "workspace/didChangeWorkspaceFolders" => {
                let changed: Option<lsp::DidChangeWorkspaceFoldersParams> = read(params);
                let Some(lsp::DidChangeWorkspaceFoldersParams { event }) = changed else { return };
                let paths = |folders: Vec<lsp::WorkspaceFolder>| {
                    folders.iter().filter_map(|folder| path_of(&folder.uri)).collect()
                };
                self.task(Task::Folders { added: paths(event.added), removed: paths(event.removed) });
            }
            "workspace/didChangeConfiguration" => {
                if self.client.configuration {
                    return self.ask_for_settings();
                }
                if let Some(settings) = params.get("settings") {
                    self.set(client::updated(self.hints, settings));
                }
            }
            // Notifications that are not known are passed over, as the protocol says.
            _ => {}
        }
    }

    /// After the greeting: what is wanted of the client.
    fn introduce(&mut self) {
        let mut registrations = Vec::new();
        if self.client.watches {
            let watcher = json!({ "watchers": [{ "globPattern": "**/*" }] });
            registrations.push(registration("workspace/didChangeWatchedFiles", watcher));
        }
        if self.client.registers_configuration {
            registrations.push(registration("workspace/didChangeConfiguration", json!({ "section": "featgraph" })));
        }
        if !registrations.is_empty() {
            self.ask("client/registerCapability", json!({ "registrations": registrations }), Asked::Nothing);
        }
        if self.client.configuration {
            self.ask_for_settings();
        }
    }

    fn ask_for_settings(&mut self) {
        let items = json!({ "items": [{ "section": "featgraph" }] });
        self.ask("workspace/configuration", items, Asked::Configuration);
    }

    fn set(&mut self, hints: Hints) {
        if hints == self.hints {
            return;
        }
        self.hints = hints;
        self.task(Task::Hints(hints));
        if self.client.refreshes_hints {
            self.ask("workspace/inlayHint/refresh", Value::Null, Asked::Nothing);
        }
    }

    fn cancel(&mut self, params: &Value) {
        let id = match params.get("id") {
            Some(Value::String(id)) => RequestId::from(id.clone()),
            Some(Value::Number(id)) => match id.as_i64().and_then(|id| i32::try_from(id).ok()) {
                Some(id) => RequestId::from(id),
                None => return,
            },
            _ => return,
        };
        if let Some(cancelled) = self.waiting.remove(&id) {
            cancelled.store(true, Ordering::Relaxed);
            self.refuse(id, ErrorCode::RequestCanceled, "cancelled by the client");
        }
    }

    fn response(&mut self, response: Response) {
        let Some(purpose) = self.asked.remove(&response.id) else { return };
        if let (Asked::Configuration, Ok(settings)) = (purpose, response.response_result)
            && let Some(settings) = settings.get(0)
        {
            self.set(client::updated(self.hints, settings));
        }
    }

    // ---- what the worker has ---------------------------------------------------------------------------------

    fn pass_on(&mut self, done: Done) {
        match done {
            // An answer to what was cancelled has been given already.
            Done::Answer(response) => {
                if self.waiting.remove(&response.id).is_some() {
                    self.send(response);
                }
            }
            Done::Tell(notification) => self.send(notification),
            Done::Refresh => {
                if self.client.pulls_diagnostics {
                    self.ask("workspace/diagnostic/refresh", Value::Null, Asked::Nothing);
                }
            }
        }
    }
}

/// The parameters of a notification; one that is wrong is passed over, because there is no way to say so.
fn read<T: DeserializeOwned>(params: Value) -> Option<T> {
    serde_json::from_value(params).ok()
}

fn registration(method: &str, options: Value) -> Value {
    json!({ "id": format!("featgraph {method}"), "method": method, "registerOptions": options })
}

/// What this server can do for a client.
fn capabilities(client: &Client) -> lsp::ServerCapabilities {
    let encoding = match client.encoding {
        Encoding::Utf8 => lsp::PositionEncodingKind::UTF8,
        Encoding::Utf16 => lsp::PositionEncodingKind::UTF16,
    };
    lsp::ServerCapabilities {
        position_encoding: Some(encoding),
        text_document_sync: Some(lsp::TextDocumentSync::Options(lsp::TextDocumentSyncOptions {
            open_close: Some(true),
            change: Some(lsp::TextDocumentSyncKind::Incremental),
            save: Some(lsp::Save::Bool(true)),
            ..lsp::TextDocumentSyncOptions::default()
        })),
        completion_provider: Some(lsp::CompletionOptions {
            trigger_characters: Some(["[", "\"", "'", "/", "=", ":"].map(str::to_owned).to_vec()),
            ..lsp::CompletionOptions::default()
        }),
        hover_provider: Some(lsp::HoverProvider::Bool(true)),
        definition_provider: Some(lsp::DefinitionProvider::Bool(true)),
        references_provider: Some(lsp::ReferencesProvider::Bool(true)),
        document_highlight_provider: Some(lsp::DocumentHighlightProvider::Bool(true)),
        rename_provider: Some(lsp::RenameProvider::RenameOptions(lsp::RenameOptions {
            prepare_provider: Some(true),
            ..lsp::RenameOptions::default()
        })),
        code_action_provider: Some(lsp::CodeActionProvider::CodeActionOptions(lsp::CodeActionOptions {
            code_action_kinds: Some(vec![lsp::CodeActionKind::QuickFix]),
            ..lsp::CodeActionOptions::default()
        })),
        document_symbol_provider: Some(lsp::DocumentSymbolProvider::Bool(true)),
        workspace_symbol_provider: Some(lsp::WorkspaceSymbolProvider::Bool(true)),
        folding_range_provider: Some(lsp::FoldingRangeProvider::Bool(true)),
        document_link_provider: Some(lsp::DocumentLinkOptions::default()),
        inlay_hint_provider: Some(lsp::InlayHintProvider::Bool(true)),
        diagnostic_provider: client.pulls_diagnostics.then(|| {
            lsp::DiagnosticProvider::DiagnosticOptions(lsp::DiagnosticOptions {
                identifier: Some("featgraph".to_owned()),
                inter_file_dependencies: true,
                workspace_diagnostics: true,
                ..lsp::DiagnosticOptions::default()
            })
        }),
        workspace: Some(lsp::WorkspaceOptions {
            workspace_folders: Some(lsp::WorkspaceFoldersServerCapabilities {
                supported: Some(true),
                change_notifications: Some(lsp::ChangeNotifications::Bool(true)),
            }),
            ..lsp::WorkspaceOptions::default()
        }),
        ..lsp::ServerCapabilities::default()
    }
}
