//! Any bytes parse, in every language, and every place that comes out is inside the text.

use featgraph::syntax::{Document, Language, NodeId};

/// Fails if the sentence above does not hold of these bytes.
pub fn check(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    for language in [Language::Toml, Language::Json, Language::Tmpfiles, Language::Sysusers] {
        let document = Document::parse(&text, language);
        for error in &document.errors {
            assert!(text.get(error.span.range()).is_some(), "{error:?}");
            assert!(error.related.is_none_or(|(span, _)| text.get(span.range()).is_some()), "{error:?}");
        }
        let mut open = vec![NodeId::ROOT];
        while let Some(id) = open.pop() {
            assert!(text.get(document.span(id).range()).is_some());
            assert!(text.get(document.key(id).range()).is_some());
            let _ = document.key_text(id, &text);
            if let Some(inner) = document.string_is_plain(id) {
                assert_eq!(text.get(inner.range()), Some(document.string(id, &text).as_ref()));
            }
            let _ = (document.string(id, &text), document.integer(id, &text), document.float(id, &text));
            open.extend(document.children(id));
        }
    }
}
