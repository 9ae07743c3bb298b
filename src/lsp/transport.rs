//! Messages as bytes: a header with a length, then JSON. What cannot be understood is refused here, and reading goes on.

use std::io::{self, BufRead, Read, Write};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};

use crossbeam_channel::{Sender, bounded, unbounded};
use lsp_server::{Connection, ErrorCode, Message};
use serde_json::{Value, json};

/// No header line is longer.
const LINE: u64 = 4096;
/// No message is longer: a manifest of a gigabyte is none.
const LONGEST: u64 = 1 << 30;

/// The threads that read and write.
pub(super) struct Threads {
    writer: JoinHandle<io::Result<()>>,
}

impl Threads {
    /// Waits until everything is written.
    pub fn finish(self) -> io::Result<()> {
        self.writer.join().unwrap_or_else(|_| Err(io::Error::other("the writer gave up")))
    }
}

/// A connection on standard input and output.
pub(super) fn stdio() -> io::Result<(Connection, Threads)> {
    let out = Arc::new(Mutex::new(io::stdout()));
    let (sender, to_write) = unbounded::<Message>();
    let (to_read, receiver) = bounded::<Message>(0);
    let written = out.clone();
    let writer = thread::Builder::new().name("writer".to_owned()).spawn(move || {
        for message in to_write {
            write(&written, &message)?;
        }
        Ok(())
    })?;
    thread::Builder::new().name("reader".to_owned()).spawn(move || {
        // When the input ends or breaks the channel closes, and that is all there is to say.
        drop(read_all(&mut io::stdin().lock(), &out, &to_read));
    })?;
    Ok((Connection { sender, receiver }, Threads { writer }))
}

fn write(out: &Mutex<impl Write>, message: &Message) -> io::Result<()> {
    let mut out = out.lock().unwrap_or_else(PoisonError::into_inner);
    message.write(&mut *out)
}

/// Reads until the end, refusing what is no message.
fn read_all(input: &mut impl BufRead, out: &Mutex<impl Write>, sender: &Sender<Message>) -> io::Result<()> {
    while let Some(body) = read_body(input)? {
        match understand(&body) {
            Ok(message) => {
                let is_last = matches!(&message, Message::Notification(last) if last.method == "exit");
                if sender.send(message).is_err() || is_last {
                    return Ok(());
                }
            }
            Err(refusal) => refusal.write(&mut *out.lock().unwrap_or_else(PoisonError::into_inner))?,
        }
    }
    Ok(())
}

/// The bytes of the next message; nothing at the end. Header lines that mean nothing are passed over.
fn read_body(input: &mut impl BufRead) -> io::Result<Option<Vec<u8>>> {
    let mut length: Option<u64> = None;
    loop {
        let mut line = Vec::new();
        if input.by_ref().take(LINE).read_until(b'\n', &mut line)? == 0 {
            return Ok(None);
        }
        let line = String::from_utf8_lossy(&line);
        let line = line.trim();
        match (line.split_once(':'), length) {
            (Some((name, value)), _) if name.trim().eq_ignore_ascii_case("Content-Length") => {
                length = value.trim().parse().ok();
            }
            (None, Some(length)) if line.is_empty() => {
                let mut body = Vec::new();
                let read = input.by_ref().take(length.min(LONGEST)).read_to_end(&mut body)? as u64;
                if length > LONGEST {
                    io::copy(&mut input.by_ref().take(length - LONGEST), &mut io::sink())?;
                    body.clear();
                }
                return Ok((read == length.min(LONGEST)).then_some(body));
            }
            _ => {}
        }
    }
}

/// Why something is no message, for who sent it.
#[derive(Debug, PartialEq)]
struct Refusal {
    id: Value,
    code: i32,
    message: String,
}

impl Refusal {
    fn new(id: Option<&Value>, code: ErrorCode, message: impl Into<String>) -> Self {
        Self { id: id.cloned().unwrap_or(Value::Null), code: code as i32, message: message.into() }
    }

    fn write(&self, out: &mut impl Write) -> io::Result<()> {
        let body = json!({ "jsonrpc": "2.0", "id": self.id, "error": { "code": self.code, "message": self.message } });
        let body = body.to_string();
        write!(out, "Content-Length: {}\r\n\r\n{body}", body.len())?;
        out.flush()
    }
}

/// A message, or what is to be answered in its place.
fn understand(body: &[u8]) -> Result<Message, Refusal> {
    let value: Value = serde_json::from_slice(body)
        .map_err(|error| Refusal::new(None, ErrorCode::ParseError, format!("the message is no JSON: {error}")))?;
    let invalid = |id: Option<&Value>, message: &str| Err(Refusal::new(id, ErrorCode::InvalidRequest, message));
    let Some(members) = value.as_object() else {
        return invalid(None, "a message is one JSON object");
    };
    let id = members.get("id");
    let id_is_right = id.is_none_or(|id| id.is_string() || id.as_i64().is_some_and(|id| i32::try_from(id).is_ok()));
    let is_answer = members.contains_key("result") || members.contains_key("error");
    match members.get("method") {
        Some(method) if !method.is_string() => return invalid(id.filter(|_| id_is_right), "`method` must be a string"),
        None if !is_answer => return invalid(id.filter(|_| id_is_right), "a message has a `method`"),
        // An answer to what could not be understood, which nobody is waiting for.
        None if id.is_some_and(Value::is_null) => {
            return Ok(Message::Notification(lsp_server::Notification::new("$/unanswered".to_owned(), Value::Null)));
        }
        _ => {}
    }
    if !id_is_right {
        return invalid(None, "`id` must be a string or a whole number of 32 bits");
    }
    let id = id.cloned();
    serde_json::from_value(value)
        .map_err(|error| Refusal::new(id.as_ref(), ErrorCode::InvalidRequest, format!("the message is wrong: {error}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn exchange(input: &[u8]) -> (Vec<Message>, Vec<Value>) {
        let out = Mutex::new(Vec::new());
        let (sender, receiver) = unbounded();
        read_all(&mut &input[..], &out, &sender).unwrap();
        drop(sender);
        let out = out.into_inner().unwrap();
        let mut rest = &out[..];
        let mut refused = Vec::new();
        while let Some(body) = read_body(&mut rest).unwrap() {
            refused.push(serde_json::from_slice(&body).unwrap());
        }
        (receiver.iter().collect(), refused)
    }

    fn framed(bodies: &[&str]) -> Vec<u8> {
        bodies.iter().flat_map(|body| format!("Content-Length: {}\r\n\r\n{body}", body.len()).into_bytes()).collect()
    }

    #[test]
    fn what_is_no_message_is_refused_and_the_next_one_is_read() {
        let input = framed(&[
            "{",
            "[]",
            r#"{"id":7}"#,
            r#"{"id":1.5,"method":"shutdown"}"#,
            r#"{"id":8,"method":3}"#,
            "\u{0}",
            r#"{"jsonrpc":"2.0","id":9,"method":"shutdown"}"#,
        ]);
        let (messages, refused) = exchange(&input);
        let said: Vec<(Value, i64)> =
            refused.iter().map(|refusal| (refusal["id"].clone(), refusal["error"]["code"].as_i64().unwrap())).collect();
        assert_eq!(
            said,
            [
                (Value::Null, -32700),
                (Value::Null, -32600),
                (json!(7), -32600),
                (Value::Null, -32600),
                (json!(8), -32600),
                (Value::Null, -32700)
            ]
        );
        assert!(matches!(messages.as_slice(), [Message::Request(request)] if request.method == "shutdown"));
    }

    #[test]
    fn headers_may_have_more_and_be_odd() {
        let body = r#"{"method":"a"}"#;
        let input = format!(
            "nonsense\r\n\r\ncontent-length:{}\nContent-Type: application/vscode-jsonrpc; charset=utf-8\n\n{body}Content-Length: 99\r\n\r\n{{",
            body.len()
        );
        let (messages, refused) = exchange(input.as_bytes());
        assert_eq!((messages.len(), refused.len()), (1, 0));
    }

    #[test]
    fn nothing_is_read_after_the_exit() {
        let (messages, _) = exchange(&framed(&[r#"{"method":"exit"}"#, r#"{"method":"a"}"#]));
        assert_eq!(messages.len(), 1);
    }
}
