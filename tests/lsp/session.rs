//! An editor for tests: a folder with files, and a conversation with the server.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use gen_lsp_types::Uri;
use lsp_server::{Connection, Message, Notification, Request, RequestId, Response};
use serde_json::{Value, json};
use tempfile::TempDir;

/// Nothing that is waited for takes so long.
const PATIENCE: Duration = Duration::from_secs(60);

/// A conversation.
pub struct Session {
    folder: Option<TempDir>,
    root: PathBuf,
    client: Connection,
    server: Option<JoinHandle<i32>>,
    next: i32,
    versions: BTreeMap<String, i32>,
    /// What was last published, by file name.
    pub published: BTreeMap<String, Value>,
    /// Requests of the server, in order.
    pub asked: Vec<(String, Value)>,
    /// What is answered to `workspace/configuration`.
    pub settings: Value,
}

impl Session {
    /// In a folder with these files, with a client that can nothing special.
    pub fn new(files: &[(&str, &str)]) -> Self {
        Self::with(files, json!({}))
    }

    /// With a client that has these capabilities.
    pub fn with(files: &[(&str, &str)], capabilities: Value) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().canonicalize().unwrap();
        for (name, text) in files {
            write(&root, name, text.as_bytes());
        }
        let mut session = Self::silent(root, Some(folder));
        session.initialize(capabilities);
        session
    }

    /// In a folder that is there already.
    pub fn at(root: &Path, capabilities: Value) -> Self {
        let mut session = Self::silent(root.canonicalize().unwrap(), None);
        session.initialize(capabilities);
        session
    }

    /// Before anything is said.
    pub fn silent(root: PathBuf, folder: Option<TempDir>) -> Self {
        let (client, server) = Connection::memory();
        let server = thread::spawn(move || featgraph::lsp::run(server));
        Self {
            folder,
            root,
            client,
            server: Some(server),
            next: 0,
            versions: BTreeMap::new(),
            published: BTreeMap::new(),
            asked: Vec::new(),
            settings: Value::Null,
        }
    }

    fn initialize(&mut self, capabilities: Value) {
        let root = Uri::from_file_path(&self.root).unwrap();
        let params = json!({
            "processId": null,
            "capabilities": capabilities,
            "workspaceFolders": [{ "uri": root, "name": "test" }],
        });
        self.request("initialize", params);
        self.notify("initialized", json!({}));
    }

    /// The folder.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The URI of a file.
    pub fn uri(&self, name: &str) -> Uri {
        Uri::from_file_path(self.root.join(name)).unwrap()
    }

    fn name(&self, uri: &str) -> String {
        let path = Uri::parse(uri).unwrap().to_file_path().unwrap();
        path.strip_prefix(&self.root).unwrap_or(&path).to_str().unwrap().to_owned()
    }

    /// Writes a file on the disk, and tells nobody.
    pub fn write(&self, name: &str, text: &str) {
        write(&self.root, name, text.as_bytes());
    }

    /// Takes a file off the disk, and tells nobody.
    pub fn delete(&self, name: &str) {
        fs::remove_file(self.root.join(name)).unwrap();
    }

    // ---- messages --------------------------------------------------------------------------------------------

    /// Sends a message as it is.
    pub fn send(&self, message: impl Into<Message>) {
        self.client.sender.send(message.into()).unwrap();
    }

    /// Tells something.
    pub fn notify(&self, method: &str, params: Value) {
        self.send(Notification { method: method.to_owned(), params });
    }

    /// Asks, and does not wait.
    pub fn ask(&mut self, method: &str, params: Value) -> RequestId {
        self.next += 1;
        let id = RequestId::from(self.next);
        self.send(Request { id: id.clone(), method: method.to_owned(), params });
        id
    }

    /// Asks, and waits for the answer.
    pub fn try_request(&mut self, method: &str, params: Value) -> Result<Value, (i32, String)> {
        let id = self.ask(method, params);
        self.answer(&id)
    }

    /// Asks for what must not fail.
    pub fn request(&mut self, method: &str, params: Value) -> Value {
        self.try_request(method, params).unwrap_or_else(|error| panic!("{method}: {error:?}"))
    }

    /// Waits for an answer.
    pub fn answer(&mut self, id: &RequestId) -> Result<Value, (i32, String)> {
        let until = Instant::now() + PATIENCE;
        loop {
            match self.receive(until) {
                Some(Message::Response(response)) if response.id == *id => {
                    return response.response_result.map_err(|error| (error.code, error.message));
                }
                Some(_) => {}
                None => panic!("no answer to {id}"),
            }
        }
    }

    /// The next message; notes what the server publishes and answers what it asks.
    fn receive(&mut self, until: Instant) -> Option<Message> {
        let left = until.saturating_duration_since(Instant::now());
        let message = self.client.receiver.recv_timeout(left).ok()?;
        match &message {
            Message::Notification(told) if told.method == "textDocument/publishDiagnostics" => {
                let name = self.name(told.params["uri"].as_str().unwrap());
                self.published.insert(name, told.params.clone());
            }
            Message::Request(request) => {
                self.asked.push((request.method.clone(), request.params.clone()));
                let result = match request.method.as_str() {
                    "workspace/configuration" => json!([self.settings]),
                    _ => Value::Null,
                };
                self.send(Response::new_ok(request.id.clone(), result));
            }
            _ => {}
        }
        Some(message)
    }

    /// Waits until something is so.
    pub fn until(&mut self, what: &str, so: impl Fn(&Self) -> bool) {
        let until = Instant::now() + PATIENCE;
        while !so(self) {
            assert!(self.receive(until).is_some(), "waited in vain: {what}; {:#?}", self.published);
        }
    }

    /// Waits until the server has done all it was told: a question is answered after what came before it. What it then still
    /// has to publish comes within a moment.
    pub fn settle(&mut self) {
        self.request("workspace/symbol", json!({ "query": "nothing is called so" }));
        let until = Instant::now() + Duration::from_millis(150);
        while self.receive(until).is_some() {}
    }

    // ---- documents -------------------------------------------------------------------------------------------

    /// Opens a document with this text.
    pub fn open(&mut self, name: &str, text: &str) {
        self.versions.insert(name.to_owned(), 1);
        let item = json!({ "uri": self.uri(name), "languageId": "toml", "version": 1, "text": text });
        self.notify("textDocument/didOpen", json!({ "textDocument": item }));
    }

    /// Opens a document as it is on the disk.
    pub fn open_file(&mut self, name: &str) {
        let text = fs::read_to_string(self.root.join(name)).unwrap();
        self.open(name, &text);
    }

    /// Edits a document.
    pub fn change(&mut self, name: &str, changes: Value) {
        let version = self.versions.get_mut(name).unwrap();
        *version += 1;
        let document = json!({ "uri": Uri::from_file_path(self.root.join(name)).unwrap(), "version": version });
        self.notify("textDocument/didChange", json!({ "textDocument": document, "contentChanges": changes }));
    }

    /// Gives a document a new text.
    pub fn replace(&mut self, name: &str, text: &str) {
        self.change(name, json!([{ "text": text }]));
    }

    /// Closes a document.
    pub fn close(&mut self, name: &str) {
        self.notify("textDocument/didClose", json!({ "textDocument": { "uri": self.uri(name) } }));
    }

    /// Tells that a file on the disk changed.
    pub fn changed(&self, name: &str) {
        let changes = json!([{ "uri": self.uri(name), "type": 2 }]);
        self.notify("workspace/didChangeWatchedFiles", json!({ "changes": changes }));
    }

    /// What is published for a file, a line each: `line:column code message`, from zero as the protocol counts.
    pub fn findings(&self, name: &str) -> Vec<String> {
        let Some(published) = self.published.get(name) else { return Vec::new() };
        lines_of(&published["diagnostics"])
    }

    /// Asks about a place in a file.
    pub fn about(&mut self, method: &str, name: &str, at: (u32, u32)) -> Value {
        let params = self.place(name, at);
        self.request(method, params)
    }

    /// A place in a file, as parameters.
    pub fn place(&self, name: &str, (line, character): (u32, u32)) -> Value {
        json!({ "textDocument": { "uri": self.uri(name) }, "position": { "line": line, "character": character } })
    }

    /// Says goodbye; the exit status.
    pub fn end(mut self) -> i32 {
        self.request("shutdown", Value::Null);
        self.notify("exit", Value::Null);
        self.leave()
    }

    /// Waits for the server to end; the exit status.
    pub fn leave(mut self) -> i32 {
        let server = self.server.take().unwrap();
        drop((self.client, self.folder));
        server.join().unwrap()
    }
}

fn write(root: &Path, name: &str, text: &[u8]) {
    let path = root.join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

/// Diagnostics, a line each.
pub fn lines_of(diagnostics: &Value) -> Vec<String> {
    let line = |diagnostic: &Value| {
        let start = &diagnostic["range"]["start"];
        let message = diagnostic["message"].as_str().unwrap().lines().next().unwrap().to_owned();
        format!("{}:{} {} {message}", start["line"], start["character"], diagnostic["code"].as_str().unwrap_or("-"))
    };
    diagnostics.as_array().unwrap().iter().map(line).collect()
}

/// A text without its `|`, and where that was, as the protocol counts in UTF-16.
pub fn cursor(marked: &str) -> (String, (u32, u32)) {
    let at = marked.find('|').expect("a cursor");
    let before = &marked[..at];
    let line = before.matches('\n').count() as u32;
    let start = before.rfind('\n').map_or(0, |at| at + 1);
    let column = before[start..].encode_utf16().count() as u32;
    (marked.replacen('|', "", 1), (line, column))
}

/// A part of a text as a range: its first line and column to its last.
pub fn text_at(text: &str, range: &Value) -> String {
    let offset = |position: &Value| {
        let line = position["line"].as_u64().unwrap() as usize;
        let start: usize = text.split_inclusive('\n').take(line).map(str::len).sum();
        let mut units = position["character"].as_u64().unwrap() as usize;
        let mut at = start;
        for c in text[start..].chars() {
            if units == 0 || c == '\n' {
                break;
            }
            units -= c.len_utf16().min(units);
            at += c.len_utf8();
        }
        at
    };
    text[offset(&range["start"])..offset(&range["end"])].to_owned()
}

/// Edits of one text, carried out.
pub fn apply(text: &str, edits: &Value) -> String {
    let offset = |position: &Value| {
        let line = position["line"].as_u64().unwrap() as usize;
        let start: usize = text.split_inclusive('\n').take(line).map(str::len).sum();
        start + position["character"].as_u64().unwrap() as usize
    };
    let mut all: Vec<(usize, usize, &str)> = edits
        .as_array()
        .unwrap()
        .iter()
        .map(|edit| {
            let range = &edit["range"];
            (offset(&range["start"]), offset(&range["end"]), edit["newText"].as_str().unwrap())
        })
        .collect();
    all.sort();
    let mut out = text.to_owned();
    for (start, end, new) in all.into_iter().rev() {
        out.replace_range(start..end, new);
    }
    out
}
