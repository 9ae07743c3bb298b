//! What the client can do and wants, read leniently: an odd capability is one that it does not have.

use gen_lsp_types::Uri;
use serde_json::Value;

use super::positions::Encoding;
use crate::ide::Hints;

/// What is to be known of a client.
#[derive(Clone, Debug, Default)]
pub(super) struct Client {
    /// What columns are counted in.
    pub encoding: Encoding,
    /// It asks for diagnostics itself, and again when it is told to: an edit changes what is found in other files, too.
    pub pulls_diagnostics: bool,
    /// It shows other places of a diagnostic.
    pub related_information: bool,
    /// It shows tags of diagnostics.
    pub tags: bool,
    /// It watches files that it is told to.
    pub watches: bool,
    /// It tells its settings when asked.
    pub configuration: bool,
    /// It tells when its settings change, once it is asked to.
    pub registers_configuration: bool,
    /// It shows Markdown in hovers and completions.
    pub markdown: bool,
    /// It can put the cursor into what it inserts.
    pub snippets: bool,
    /// It shows an outline as a tree.
    pub outlines: bool,
    /// It shows where a definition was asked from.
    pub definition_links: bool,
    /// It takes edits with the versions that they are for.
    pub document_changes: bool,
    /// It takes code actions, not only commands.
    pub code_actions: bool,
    /// It asks again for inlay hints when it is told to.
    pub refreshes_hints: bool,
}

impl Client {
    /// From the parameters of `initialize`.
    pub fn new(params: &Value) -> Self {
        let capability = |path: &str| params.pointer("/capabilities").and_then(|all| all.pointer(path));
        let can = |path: &str| capability(path).and_then(Value::as_bool) == Some(true);
        let lists = |path: &str, word: &str| {
            capability(path).and_then(Value::as_array).is_some_and(|words| words.iter().any(|one| one == word))
        };
        let pulls = capability("/textDocument/diagnostic").is_some_and(Value::is_object)
            && can("/workspace/diagnostics/refreshSupport");
        let either = |name: &str| {
            can(&format!("/textDocument/publishDiagnostics/{name}")) || can(&format!("/textDocument/diagnostic/{name}"))
        };
        Self {
            encoding: match lists("/general/positionEncodings", "utf-8") {
                true => Encoding::Utf8,
                false => Encoding::Utf16,
            },
            pulls_diagnostics: pulls,
            related_information: either("relatedInformation"),
            tags: capability("/textDocument/publishDiagnostics/tagSupport").is_some_and(Value::is_object)
                || capability("/textDocument/diagnostic/tagSupport").is_some_and(Value::is_object),
            watches: can("/workspace/didChangeWatchedFiles/dynamicRegistration"),
            configuration: can("/workspace/configuration"),
            registers_configuration: can("/workspace/didChangeConfiguration/dynamicRegistration"),
            markdown: lists("/textDocument/hover/contentFormat", "markdown"),
            snippets: can("/textDocument/completion/completionItem/snippetSupport"),
            outlines: can("/textDocument/documentSymbol/hierarchicalDocumentSymbolSupport"),
            definition_links: can("/textDocument/definition/linkSupport"),
            document_changes: can("/workspace/workspaceEdit/documentChanges"),
            code_actions: capability("/textDocument/codeAction/codeActionLiteralSupport").is_some_and(Value::is_object),
            refreshes_hints: can("/workspace/inlayHint/refreshSupport"),
        }
    }
}

/// The folders that the client works in.
pub(super) fn folders(params: &Value) -> Vec<Uri> {
    let uri = |value: &Value| value.as_str().and_then(|text| Uri::parse(text).ok());
    let listed = params.pointer("/workspaceFolders").and_then(Value::as_array);
    let listed: Vec<Uri> = listed.into_iter().flatten().filter_map(|folder| folder.get("uri").and_then(uri)).collect();
    if !listed.is_empty() {
        return listed;
    }
    let root = params.get("rootUri").and_then(uri);
    let path = params.get("rootPath").and_then(Value::as_str).and_then(|path| Uri::from_file_path(path).ok());
    root.or(path).into_iter().collect()
}

/// What the user has set: from `{ "inlayHints": { "defaults": true } }`, with or without `featgraph` around it. What is not there
/// stays as it is.
pub(super) fn updated(hints: Hints, value: &Value) -> Hints {
    let own = value.get("featgraph").unwrap_or(value);
    let set = |path: &str, before: bool| own.pointer(path).and_then(Value::as_bool).unwrap_or(before);
    Hints { defaults: set("/inlayHints/defaults", hints.defaults), order: set("/inlayHints/order", hints.order) }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn odd_capabilities_are_ones_that_it_does_not_have() {
        let client = Client::new(
            &json!({ "capabilities": { "workspace": 3, "general": { "positionEncodings": [1, "utf-8"] } } }),
        );
        assert_eq!(client.encoding, Encoding::Utf8);
        assert!(!client.watches && !client.pulls_diagnostics);
        assert_eq!(Client::new(&Value::Null).encoding, Encoding::Utf16);
    }

    #[test]
    fn folders_come_before_the_root() {
        let of = |params| folders(&params).iter().map(Uri::to_string).collect::<Vec<_>>();
        assert_eq!(
            of(json!({ "rootUri": "file:///a", "workspaceFolders": [{ "uri": "file:///b", "name": "b" }] })),
            ["file:///b"]
        );
        assert_eq!(of(json!({ "rootUri": "file:///a", "workspaceFolders": null })), ["file:///a"]);
        assert_eq!(of(json!({ "rootPath": "/a b" })), ["file:///a%20b"]);
        assert_eq!(of(json!({})), [""; 0]);
    }

    #[test]
    fn settings_that_are_not_named_stay() {
        let hints = updated(Hints::default(), &json!({ "featgraph": { "inlayHints": { "order": true } } }));
        assert_eq!(hints, Hints { defaults: false, order: true });
        assert_eq!(updated(hints, &Value::Null), hints);
    }
}
