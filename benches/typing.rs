//! How long an editor waits: drives `featgraph lsp` over its standard input and output, edits one file of a large image, and
//! measures until its new findings are there.
//!
//! `cargo bench --bench typing -- [FEATURES] [EDITS]`, by default 100,000 features in 100 files and 10,000 edits. Printed are the
//! median and the 99th percentile, and the server's memory at the beginning and at the end. Nothing is asserted: times belong to
//! the machine.
#![allow(clippy::disallowed_methods, clippy::print_stdout, clippy::unwrap_used, reason = "it measures, and prints")]
#![allow(dead_code, reason = "only one of the shapes is needed here")]

mod generate;

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use generate::Shape;
use serde_json::{Value, json};

/// What is edited: one feature at the end of one file. With the unknown user there is a finding, without it there is none.
const FEATURE: &str = "\n[[ensure_dir]]\npath = \"/typing\"\nuser = \"";

fn main() {
    let numbers: Vec<usize> = std::env::args().skip(1).filter_map(|argument| argument.parse().ok()).collect();
    let features = numbers.first().copied().unwrap_or(100_000);
    let edits = numbers.get(1).copied().unwrap_or(10_000);
    let folder = tempfile::tempdir().unwrap();
    let input = Shape::Mixed.generate(features, folder.path()).unwrap();
    let mut files: Vec<_> = fs::read_dir(&input.folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.to_string_lossy().ends_with(".features.toml"));
    files.sort();
    let edited = files[files.len() / 2].clone();
    let text = fs::read_to_string(&edited).unwrap() + FEATURE + "root\"\n";

    let mut server = Server::start(&input.folder);
    let started = Instant::now();
    server.open(&edited, &text);
    // The first edit is answered when all was read and compiled once.
    server.edit(&edited, &text, 1);
    let first = started.elapsed();
    let begin = server.memory();
    let mut times: Vec<Duration> = (2..=edits.max(2)).map(|number| server.edit(&edited, &text, number)).collect();
    let end = server.memory();
    times.sort_unstable();
    let at = |percent: usize| times[(times.len() - 1) * percent / 100].as_secs_f64() * 1e3;
    println!("{features} features in {} files, {edits} edits", files.len());
    println!("first findings {:>8.0} ms", first.as_secs_f64() * 1e3);
    println!("median         {:>8.1} ms   (bound 50, aim 10)", at(50));
    println!("99 % within    {:>8.1} ms   (bound 100)", at(99));
    println!("longest        {:>8.1} ms", at(100));
    println!("memory         {:>8} MiB at the first edit, {} MiB at the last", begin >> 10, end >> 10);
    server.stop();
}

/// The real server, as a process.
struct Server {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl Server {
    fn start(folder: &Path) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_featgraph"))
            .arg("lsp")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let input = child.stdin.take().unwrap();
        let output = BufReader::new(child.stdout.take().unwrap());
        let mut server = Self { child, input, output };
        let folders = json!([{ "uri": uri(folder), "name": "bench" }]);
        let capabilities = json!({ "general": { "positionEncodings": ["utf-8"] } });
        server.say(json!({ "id": 0, "method": "initialize", "params": { "capabilities": capabilities, "workspaceFolders": folders } }));
        server.hear();
        server.say(json!({ "method": "initialized", "params": {} }));
        server
    }

    fn say(&mut self, mut message: Value) {
        message["jsonrpc"] = "2.0".into();
        let body = message.to_string();
        write!(self.input, "Content-Length: {}\r\n\r\n{body}", body.len()).unwrap();
        self.input.flush().unwrap();
    }

    fn hear(&mut self) -> Value {
        let mut length = 0;
        loop {
            let mut line = String::new();
            assert!(self.output.read_line(&mut line).unwrap() > 0, "the server went away");
            match line.trim().strip_prefix("Content-Length: ") {
                Some(number) => length = number.parse().unwrap(),
                None if line.trim().is_empty() => break,
                None => {}
            }
        }
        let mut body = vec![0; length];
        self.output.read_exact(&mut body).unwrap();
        serde_json::from_slice(&body).unwrap()
    }

    fn open(&mut self, file: &Path, text: &str) {
        let item = json!({ "uri": uri(file), "languageId": "toml", "version": 0, "text": text });
        self.say(json!({ "method": "textDocument/didOpen", "params": { "textDocument": item } }));
    }

    /// Makes the user of the last feature unknown or known, and waits for what follows. Every edit changes what is found.
    fn edit(&mut self, file: &Path, text: &str, number: usize) -> Duration {
        let line = text.lines().count() - 1;
        let from = "user = \"".len();
        let known = number.is_multiple_of(2);
        let new = if known { "root" } else { "none" };
        let range = json!({
            "start": { "line": line, "character": from },
            "end": { "line": line, "character": from + new.len() },
        });
        let document = json!({ "uri": uri(file), "version": number });
        let changes = json!([{ "range": range, "text": new }]);
        let started = Instant::now();
        self.say(json!({ "method": "textDocument/didChange", "params": { "textDocument": document, "contentChanges": changes } }));
        loop {
            let heard = self.hear();
            if heard["method"] == "textDocument/publishDiagnostics" && heard["params"]["version"] == number {
                let found = heard["params"]["diagnostics"].as_array().unwrap();
                assert_eq!(found.is_empty(), known, "{found:#?}");
                return started.elapsed();
            }
        }
    }

    /// What the process has in memory, in KiB.
    fn memory(&self) -> usize {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        line.and_then(|line| line.trim().trim_end_matches(" kB").parse().ok()).unwrap_or(0)
    }

    fn stop(mut self) {
        self.say(json!({ "id": 1, "method": "shutdown" }));
        while self.hear()["id"] != 1 {}
        self.say(json!({ "method": "exit" }));
        self.child.wait().unwrap();
    }
}

fn uri(path: &Path) -> Value {
    gen_lsp_types::Uri::from_file_path(path.canonicalize().unwrap()).unwrap().as_str().into()
}
