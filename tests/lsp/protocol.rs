//! How a conversation begins and ends, and what is answered to what cannot be done.

use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Command, Stdio};

use lsp_server::{Request, RequestId};
use serde_json::{Value, json};

use crate::session::Session;

const METHOD_NOT_FOUND: i32 = -32601;
const INVALID_REQUEST: i32 = -32600;
const INVALID_PARAMS: i32 = -32602;
const NOT_INITIALIZED: i32 = -32002;
const CANCELLED: i32 = -32800;

fn silent() -> Session {
    Session::silent(std::env::temp_dir(), None)
}

#[test]
fn nothing_is_answered_before_the_greeting() {
    let mut session = silent();
    let refused = session.try_request("textDocument/hover", json!({})).unwrap_err();
    assert_eq!(refused.0, NOT_INITIALIZED);
    // What is told is passed over.
    session.notify("textDocument/didOpen", json!(3));
    assert!(session.try_request("initialize", json!(3)).is_err_and(|refused| refused.0 == INVALID_PARAMS));
    let greeting = session.request("initialize", json!({ "capabilities": {}, "processId": null, "rootUri": null }));
    assert_eq!(greeting["serverInfo"]["name"], "featgraph");
    let again = session.try_request("initialize", json!({ "capabilities": {} })).unwrap_err();
    assert_eq!(again.0, INVALID_REQUEST);
    assert_eq!(session.end(), 0);
}

#[test]
fn an_exit_without_a_shutdown_is_status_1() {
    let session = Session::new(&[]);
    session.notify("exit", Value::Null);
    assert_eq!(session.leave(), 1);
    let session = silent();
    session.notify("exit", Value::Null);
    assert_eq!(session.leave(), 1);
}

#[test]
fn a_client_that_goes_away_ends_the_server() {
    assert_eq!(Session::new(&[]).leave(), 1);
}

#[test]
fn after_the_shutdown_only_the_exit_is_taken() {
    let mut session = Session::new(&[]);
    session.request("shutdown", Value::Null);
    let refused = session.try_request("workspace/symbol", json!({ "query": "" })).unwrap_err();
    assert_eq!(refused.0, INVALID_REQUEST);
    session.notify("exit", Value::Null);
    assert_eq!(session.leave(), 0);
}

#[test]
fn unknown_methods_and_wrong_parameters_are_said() {
    let mut session = Session::new(&[]);
    assert_eq!(session.try_request("textDocument/magic", json!({})).unwrap_err().0, METHOD_NOT_FOUND);
    assert_eq!(session.try_request("$/magic", json!({})).unwrap_err().0, METHOD_NOT_FOUND);
    assert_eq!(session.try_request("textDocument/hover", json!([1])).unwrap_err().0, INVALID_PARAMS);
    // Notifications cannot be answered, so they are passed over.
    for method in ["$/magic", "textDocument/didChange", "textDocument/didOpen", "workspace/didChangeWatchedFiles"] {
        session.notify(method, json!({ "odd": true }));
    }
    assert_eq!(session.end(), 0);
}

#[test]
fn what_is_cancelled_is_answered_once() {
    let mut session = Session::new(&[]);
    let id = session.ask("workspace/symbol", json!({ "query": "" }));
    session.notify("$/cancelRequest", json!({ "id": 2 }));
    // It may have been answered before it was cancelled; either way there is one answer, and the server goes on.
    if let Err(refused) = session.answer(&id) {
        assert_eq!(refused.0, CANCELLED);
    }
    session.notify("$/cancelRequest", json!({ "id": 2 }));
    session.notify("$/cancelRequest", json!({ "id": {} }));
    session.send(Request {
        id: RequestId::from("text".to_owned()),
        method: "workspace/symbol".into(),
        params: json!({ "query": "" }),
    });
    assert!(session.answer(&RequestId::from("text".to_owned())).is_ok());
    assert_eq!(session.end(), 0);
}

#[test]
fn positions_are_in_utf8_only_where_the_client_offers_it() {
    for (offered, chosen) in
        [(json!(["utf-16", "utf-8"]), "utf-8"), (json!(["utf-16"]), "utf-16"), (Value::Null, "utf-16")]
    {
        let mut session = silent();
        let capabilities = json!({ "general": { "positionEncodings": offered } });
        let greeting = session.request("initialize", json!({ "capabilities": capabilities }));
        assert_eq!(greeting["capabilities"]["positionEncoding"], chosen);
    }
}

#[test]
fn files_are_watched_where_the_client_can() {
    let mut session =
        Session::with(&[], json!({ "workspace": { "didChangeWatchedFiles": { "dynamicRegistration": true } } }));
    session.until("a registration", |session| !session.asked.is_empty());
    let (method, params) = &session.asked[0];
    assert_eq!(method, "client/registerCapability");
    assert_eq!(params["registrations"][0]["method"], "workspace/didChangeWatchedFiles");
    let mut session = Session::new(&[]);
    session.settle();
    assert!(session.asked.is_empty(), "{:?}", session.asked);
}

/// The real thing: the command, with bytes on its standard input.
#[test]
fn the_command_speaks_on_standard_input_and_output() {
    let mut child = Command::new(env!("CARGO_BIN_EXE_featgraph"))
        .args(["lsp", "--stdio"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = child.stdin.take().unwrap();
    let mut output = BufReader::new(child.stdout.take().unwrap());
    let mut say = |body: &str| {
        write!(input, "Content-Length: {}\r\n\r\n{body}", body.len()).unwrap();
        input.flush().unwrap();
    };
    say("{ this is no JSON");
    assert_eq!(read(&mut output)["error"]["code"], -32700);
    say(r#"{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"capabilities":{}}}"#);
    assert_eq!(read(&mut output)["result"]["serverInfo"]["name"], "featgraph");
    say(r#"{"jsonrpc":"2.0","id":2,"method":"shutdown"}"#);
    let answer = read(&mut output);
    assert_eq!((&answer["id"], &answer["result"]), (&json!(2), &Value::Null));
    say(r#"{"jsonrpc":"2.0","method":"exit"}"#);
    let mut rest = String::new();
    output.read_to_string(&mut rest).unwrap();
    assert_eq!((rest.as_str(), child.wait().unwrap().code()), ("", Some(0)));
}

fn read(output: &mut impl BufRead) -> Value {
    let mut length = 0;
    loop {
        let mut line = String::new();
        output.read_line(&mut line).unwrap();
        match line.trim().strip_prefix("Content-Length: ") {
            Some(number) => length = number.parse().unwrap(),
            None if line.trim().is_empty() => break,
            None => {}
        }
    }
    let mut body = vec![0; length];
    output.read_exact(&mut body).unwrap();
    serde_json::from_slice(&body).unwrap()
}
