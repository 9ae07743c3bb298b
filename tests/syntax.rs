//! What the two languages give, measured against the `toml` and `serde_json` crates, and what is left of broken files.

#![allow(clippy::disallowed_methods, reason = "a test measures time")]

#[path = "syntax/json.rs"]
mod json;
#[path = "syntax/laws.rs"]
mod laws;
#[path = "syntax/recovery.rs"]
mod recovery;
#[path = "syntax/toml_cases.rs"]
mod toml_cases;

use featgraph::syntax::{Document, Language, NodeId, Shape};

/// A value in one line: keys, values and shapes, in source order.
pub fn outline(document: &Document, id: NodeId, text: &str) -> String {
    let mut out = String::new();
    write(document, id, text, &mut out);
    out
}

fn write(document: &Document, id: NodeId, text: &str, out: &mut String) {
    let list = |out: &mut String, open, close, keys: bool| {
        out.push(open);
        for (position, child) in document.children(id).enumerate() {
            if position > 0 {
                out.push(' ');
            }
            if keys {
                out.push_str(&document.key_text(child, text));
                out.push('=');
            }
            write(document, child, text, out);
        }
        out.push(close);
    };
    match document.shape(id) {
        Shape::Table => list(out, '{', '}', true),
        Shape::Array => list(out, '[', ']', false),
        Shape::String => out.push_str(&format!("{:?}", document.string(id, text))),
        Shape::Broken => out.push('?'),
        _ => out.push_str(document.span(id).of(text)),
    }
}

/// Every place is inside the text and on the bounds of characters; children lie in the right order of their ids.
pub fn check_places(document: &Document, text: &str) {
    let good = |start: u32, end: u32| start <= end && text.get(start as usize..end as usize).is_some();
    for error in &document.errors {
        assert!(good(error.span.start, error.span.end), "{error:?} in {text:?}");
        if let Some((span, _)) = error.related {
            assert!(good(span.start, span.end), "{error:?} in {text:?}");
        }
    }
    assert!(document.errors.is_sorted_by_key(|error| error.span));
    let mut open = vec![NodeId::ROOT];
    while let Some(id) = open.pop() {
        for span in [document.span(id), document.key(id)] {
            assert!(good(span.start, span.end), "{id:?} {span:?} in {text:?}");
        }
        if let Some(inner) = document.string_is_plain(id) {
            assert!(good(inner.start, inner.end), "{id:?} {inner:?} in {text:?}");
        }
        open.extend(document.children(id));
    }
}

/// Compares outline and errors. An error is written as the text it points at and what it says.
pub fn check(language: Language, text: &str, outlined: &str, errors: &[(&str, &str)]) {
    let document = Document::parse(text, language);
    check_places(&document, text);
    let found: Vec<(&str, &str)> =
        document.errors.iter().map(|error| (error.span.of(text), error.message.as_str())).collect();
    assert_eq!((outline(&document, NodeId::ROOT, text).as_str(), found.as_slice()), (outlined, errors), "of\n{text}");
}
