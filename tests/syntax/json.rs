//! JSON against `serde_json`, and what is left of broken JSON.

use featgraph::syntax::{Document, Language, NodeId, Shape};
use serde_json::{Map, Value};

use crate::check_places;

/// Errors exactly when the oracle has some; else equal values. Duplicate keys, which it lets pass, aside.
pub fn agrees(text: &str) {
    let document = Document::parse(text, Language::Json);
    check_places(&document, text);
    let duplicate = |error: &featgraph::syntax::SyntaxError| error.code.name() == "duplicate-key";
    match serde_json::from_str::<Map<String, Value>>(text) {
        Ok(value) => {
            assert!(document.errors.iter().all(duplicate), "{:?} in {text:?}", document.errors);
            if document.errors.is_empty() {
                assert!(equal(&document, NodeId::ROOT, text, &Value::Object(value)), "{text:?}");
                assert!(!document.lost);
            }
        }
        // Numbers too large for a float are JSON all the same.
        Err(error) if error.to_string().contains("out of range") => {}
        Err(error) => assert!(!document.errors.is_empty(), "accepted {text:?}, but {error}"),
    }
}

fn equal(document: &Document, id: NodeId, text: &str, value: &Value) -> bool {
    let shape = document.shape(id);
    match value {
        Value::Null => shape == Shape::Null,
        Value::Bool(value) => document.boolean(id, text) == Some(*value),
        Value::Number(number) => {
            // The oracle rounds the last digits of large and small numbers as it likes.
            let close = |ours: f64| {
                number.as_f64().is_some_and(|theirs| (ours - theirs).abs() <= theirs.abs() * 1e-14 + 1e-300)
            };
            match document.integer(id, text) {
                Some(integer) => number.as_i128() == Some(integer) || close(integer as f64),
                None => document.float(id, text).map_or(shape == Shape::Integer, close),
            }
        }
        Value::String(value) => shape == Shape::String && document.string(id, text) == *value,
        Value::Array(array) => {
            shape == Shape::Array
                && document.children(id).count() == array.len()
                && document.children(id).zip(array).all(|(id, value)| equal(document, id, text, value))
        }
        Value::Object(object) => {
            shape == Shape::Table
                && document.children(id).count() == object.len()
                && object
                    .iter()
                    .all(|(key, value)| document.get(id, key, text).is_some_and(|id| equal(document, id, text, value)))
        }
    }
}

fn check(text: &str, outlined: &str, errors: &[(&str, &str)]) {
    agrees(text);
    crate::check(Language::Json, text, outlined, errors);
}

#[test]
fn values_are_those_of_serde_json() {
    for text in [
        "{}",
        " {\n} ",
        r#"{"a": [1, -2, 0, -0, 1.5, 1e3, -1.5E-3, true, false, null, "x", {}, []]}"#,
        r#"{"a": "\"\\\/\b\f\n\r\té😀"}"#,
        r#"{"": {"": []}}"#,
        r#"{"a": 123456789012345678901234567890}"#,
        "{\"a\": \"\u{7f}\u{e9}\u{1f600}\"}",
        r#"{"ab": 1}"#,
        r#"{"a": 1, "a": 2}"#,
    ] {
        agrees(text);
    }
    let text = r#"{"ab": 1}"#;
    let document = Document::parse(text, Language::Json);
    assert!(document.get(NodeId::ROOT, "ab", text).is_some());
}

#[test]
fn what_is_not_json_is_reported() {
    for text in [
        "",
        "[]",
        "1",
        "{",
        "}",
        "{}}",
        "{} {}",
        "{a: 1}",
        "{'a': 1}",
        r#"{"a" 1}"#,
        r#"{"a": }"#,
        r#"{"a"}"#,
        r#"{"a": 1,}"#,
        r#"{"a": [1,]}"#,
        r#"{"a": [,]}"#,
        r#"{,}"#,
        r#"{"a": 1 "b": 2}"#,
        r#"{"a": [1 2]}"#,
        r#"{"a": 01}"#,
        r#"{"a": +1}"#,
        r#"{"a": .5}"#,
        r#"{"a": 1.}"#,
        r#"{"a": 1e}"#,
        r#"{"a": 0x1}"#,
        r#"{"a": NaN}"#,
        r#"{"a": True}"#,
        r#"{"a": nul}"#,
        r#"{"a": "\q"}"#,
        r#"{"a": "\u12"}"#,
        r#"{"a": "\ud800"}"#,
        r#"{"a": "\ud800A"}"#,
        r#"{"a": "\udc00"}"#,
        "{\"a\": \"\t\"}",
        "{\"a\": \"b\nc\"}",
        "{\"a\": \"b",
        "{\"a\": 1} // no",
        "{/* no */}",
        "\u{feff}{}",
        r#"{"a": [}"#,
        r#"{"a": {]}"#,
        "{\"a\":\u{a0}1}",
        r#"{"a": "\"#,
        r#"{"a": --1}"#,
        r#"{"a": 1}]"#,
        r#"{"a": tru e}"#,
        "{\"a\u{1}\": 1}",
        r#"{"a"}: 1}"#,
    ] {
        agrees(text);
        assert!(!Document::parse(text, Language::Json).errors.is_empty(), "{text:?}");
    }
}

#[test]
fn one_slip_gives_one_error_and_the_rest_stands() {
    check(r#"{"a": 1, "b": 2,}"#, "{a=1 b=2}", &[(",", "a `,` cannot stand before `}`")]);
    check("{\"a\": 1, // why\n\"b\": 2}", "{a=1 b=2}", &[("//", "JSON has no comments")]);
    check(r#"{"a": 1, "a": 2, "b": 3}"#, "{a=1 b=3}", &[(r#""a""#, "the key `a` is defined twice")]);
    check(r#"{"a" 1, "b": 2}"#, "{a=1 b=2}", &[("1", "expected `:` after the key `a`")]);
    check(r#"{"a": , "b": 2}"#, "{a=? b=2}", &[(",", "the key `a` has no value")]);
    check(r#"{"a": 1 "b": 2}"#, "{a=1 b=2}", &[("\"", "expected `,` before this")]);
    check("{\"a\": \"x,\n\"b\": 2}", "{a=? b=2}", &[("\"x,", "this string is not closed")]);
    check(r#"{"a": "\q", "b": 2}"#, "{a=? b=2}", &[("\\q", "this is not an escape that JSON knows")]);
    check(r#"{"a": "\ud800", "b": 2}"#, "{a=? b=2}", &[("\\ud800", "this escape is half of a surrogate pair")]);
    check(r#"{"a": 0644, "b": 2}"#, "{a=? b=2}", &[("0644", "this is not a valid number")]);
    check(
        r#"{"a": [1, 2, "b": 2}"#,
        "{a=? b=2}",
        &[("\"b\"", "expected `]` before this key: the array is not closed")],
    );
    check(r#"{"a": [1, 2}"#, "{a=?}", &[("}", "expected `]` before this `}`")]);
    check(r#"{"a": [{"b": 1}, {"c": 2]}"#, "{a=[{b=1} {c=2}]}", &[("]", "expected `}` before this `]`")]);
    check(r#"{"a": [{"b": 1, {"c": 2}]}"#, "{a=[{b=1} {c=2}]}", &[("{", "expected `}` before this")]);
    check(r#"{a: 1, "b": 2}"#, "{a=1 b=2}", &[("a", "a key in JSON is written in double quotes")]);
    check(r#"{"a": 1"#, "{a=1}", &[("1", "expected `}` after this: what is open is not closed")]);
}

#[test]
fn nesting_has_an_end_and_no_stack_is_needed_to_see_it() {
    for open in ["[", "{\"a\":", "[{\"a\":"] {
        let document = Document::parse(&format!("{{\"a\": {}", open.repeat(200_000)), Language::Json);
        assert_eq!(document.errors.len(), 1, "{:?}", document.errors);
    }
    let deep = format!("{{\"a\": {}{}, \"b\": 1}}", "[".repeat(200), "]".repeat(200));
    crate::check(
        Language::Json,
        &deep,
        "{a=[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[?]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]] b=1}",
        &[("[", "brackets are nested more than 80 deep")],
    );
}
