//! The documents that are open in the client, kept as it edits them.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;

use gen_lsp_types::{
    DidChangeTextDocumentParams, DidOpenTextDocumentParams, TextDocumentContentChangeEvent as Change, Uri,
};

use super::positions::{Encoding, Positions};
use crate::text::Source;

/// An open document.
#[derive(Clone, Debug)]
pub(super) struct Document {
    /// As the client names it.
    pub uri: Uri,
    /// Where it is.
    pub path: PathBuf,
    /// As the client counts.
    pub version: i32,
    /// What is in it.
    pub source: Arc<Source>,
}

/// All that are open.
#[derive(Default)]
pub(super) struct Documents {
    open: HashMap<Uri, Document>,
    /// What columns are counted in.
    pub encoding: Encoding,
}

impl Documents {
    /// One was opened; again, if the client forgot to close it. What is no file on a disk is left alone.
    pub fn open(&mut self, params: DidOpenTextDocumentParams) -> Option<&Document> {
        let item = params.text_document;
        let path = path_of(&item.uri)?;
        let source = Source::new(path.to_string_lossy(), item.text);
        let document = Document { uri: item.uri.clone(), path, version: item.version, source };
        self.open.insert(item.uri.clone(), document);
        self.open.get(&item.uri)
    }

    /// One was edited; nothing if it is not open.
    pub fn change(&mut self, params: DidChangeTextDocumentParams) -> Option<&Document> {
        let document = self.open.get_mut(&params.text_document.text_document_identifier.uri)?;
        document.version = params.text_document.version;
        for change in params.content_changes {
            let text = match change {
                Change::TextDocumentContentChangeWholeDocument(whole) => whole.text,
                Change::TextDocumentContentChangePartial(part) => {
                    let span = Positions::new(&document.source, self.encoding).span(part.range);
                    let mut text = String::with_capacity(document.source.text.len() + part.text.len());
                    text.push_str(&document.source.text[..span.start as usize]);
                    text.push_str(&part.text);
                    text.push_str(&document.source.text[span.end as usize..]);
                    text
                }
            };
            document.source = Source::new(document.source.name.as_str(), text);
        }
        Some(document)
    }

    /// One was closed: from now on the disk counts.
    pub fn close(&mut self, uri: &Uri) -> Option<Document> {
        self.open.remove(uri)
    }
}

/// The path that a URI means; nothing for what is not on this machine's disk.
pub(super) fn path_of(uri: &Uri) -> Option<PathBuf> {
    (uri.scheme() == "file").then(|| uri.to_file_path().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn documents(text: &str) -> (Documents, Uri) {
        let uri = Uri::parse("file:///a%20%C3%A9/x.image.toml").unwrap();
        let mut documents = Documents::default();
        let item = json!({ "textDocument": { "uri": uri, "languageId": "toml", "version": 1, "text": text } });
        documents.open(serde_json::from_value(item).unwrap());
        (documents, uri)
    }

    fn change(documents: &mut Documents, uri: &Uri, changes: serde_json::Value) -> Option<String> {
        let params = json!({ "textDocument": { "uri": uri, "version": 2 }, "contentChanges": changes });
        let document = documents.change(serde_json::from_value(params).unwrap())?;
        Some(document.source.text.clone())
    }

    fn range(start: (u32, u32), end: (u32, u32)) -> serde_json::Value {
        json!({ "start": { "line": start.0, "character": start.1 }, "end": { "line": end.0, "character": end.1 } })
    }

    #[test]
    fn edits_follow_each_other() {
        let (mut documents, uri) = documents("a𝄞b\nc\n");
        let edits = json!([
            { "range": range((0, 3), (0, 4)), "text": "X" },
            { "range": range((1, 0), (1, 0)), "text": "1\n2" },
        ]);
        assert_eq!(change(&mut documents, &uri, edits).unwrap(), "a𝄞X\n1\n2c\n");
        assert_eq!(change(&mut documents, &uri, json!([{ "text": "new" }])).unwrap(), "new");
    }

    #[test]
    fn edits_outside_the_document_are_moved_inside() {
        let (mut documents, uri) = documents("ab\n");
        let edit = json!([{ "range": range((9, 9), (0, 1)), "text": "!" }]);
        assert_eq!(change(&mut documents, &uri, edit).unwrap(), "a!");
    }

    #[test]
    fn a_document_that_is_not_open_is_not_edited() {
        let (mut documents, uri) = documents("a");
        assert_eq!(documents.close(&uri).unwrap().path.to_str(), Some("/a é/x.image.toml"));
        assert_eq!(change(&mut documents, &uri, json!([{ "text": "b" }])), None);
        assert!(path_of(&Uri::parse("untitled:Untitled-1").unwrap()).is_none());
    }
}
