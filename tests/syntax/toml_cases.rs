//! Cases of the kinds that the public TOML test suite has, compared with the `toml` crate.

use featgraph::syntax::{Document, Language, NodeId, Shape};
use toml::de::{DeTable, DeValue};

use crate::check_places;

/// Errors exactly when the oracle has some; else equal values.
pub fn agrees(text: &str) {
    let document = Document::parse(text, Language::Toml);
    check_places(&document, text);
    match DeTable::parse(text) {
        Ok(table) => {
            let table = DeValue::Table(table.into_inner());
            if has_number_without_digits(&table) {
                return assert!(!document.errors.is_empty(), "{text:?}");
            }
            assert!(document.errors.is_empty(), "{:?} in {text:?}", document.errors);
            assert!(
                equal(&document, NodeId::ROOT, text, &table),
                "{text:?}\n{}",
                crate::outline(&document, NodeId::ROOT, text)
            );
            assert!(!document.lost);
        }
        Err(error) => assert!(!document.errors.is_empty(), "accepted {text:?}, but {error}"),
    }
}

/// The oracle leaves `0x` to whoever wants the number.
fn has_number_without_digits(value: &DeValue<'_>) -> bool {
    match value {
        DeValue::Integer(number) => number.as_str().is_empty(),
        DeValue::Array(array) => array.iter().any(|value| has_number_without_digits(value.get_ref())),
        DeValue::Table(table) => table.iter().any(|(_, value)| has_number_without_digits(value.get_ref())),
        _ => false,
    }
}

fn equal(document: &Document, id: NodeId, text: &str, value: &DeValue<'_>) -> bool {
    match value {
        DeValue::String(value) => document.shape(id) == Shape::String && document.string(id, text) == *value,
        DeValue::Integer(value) => {
            document.shape(id) == Shape::Integer
                && document.integer_radix(id, text) == value.radix()
                && document.integer(id, text) == i128::from_str_radix(value.as_str(), value.radix()).ok()
        }
        DeValue::Float(value) => {
            let expected =
                value.as_str().parse::<f64>().ok().filter(|float| {
                    float.is_finite() || value.as_str().contains("inf") || value.as_str().contains("nan")
                });
            document.shape(id) == Shape::Float
                && document.float(id, text).map(f64::to_bits) == expected.map(f64::to_bits)
        }
        DeValue::Boolean(value) => document.boolean(id, text) == Some(*value),
        DeValue::Datetime(value) => {
            document.shape(id) == Shape::Datetime
                && document.span(id).of(text).parse::<toml::value::Datetime>().ok().as_ref() == Some(value)
        }
        DeValue::Array(array) => {
            document.shape(id) == Shape::Array
                && document.children(id).count() == array.len()
                && document.children(id).zip(array.iter()).all(|(id, value)| equal(document, id, text, value.get_ref()))
        }
        DeValue::Table(table) => {
            document.shape(id) == Shape::Table
                && document.children(id).count() == table.len()
                && table.iter().all(|(key, value)| {
                    document.get(id, key.get_ref(), text).is_some_and(|id| equal(document, id, text, value.get_ref()))
                })
        }
    }
}

/// Each is a whole document.
fn check(documents: &[&str], valid: bool) {
    for text in documents {
        agrees(text);
        assert_eq!(Document::parse(text, Language::Toml).errors.is_empty(), valid, "{text:?}");
    }
}

#[test]
fn keys_of_all_forms_are_read() {
    check(
        &[
            "",
            "\n",
            "\u{feff}a = 1",
            "a = 1",
            "a=1",
            "\ta\t=\t1\t",
            "1234 = 1",
            "a-b_c = 1",
            "\"a b\" = 1",
            "'a\"b' = 1",
            "\"\" = 1",
            "'' = 1",
            "\"\\u00e9\" = 1",
            "a.b.c = 1",
            "a . b = 1",
            "a.\"b.c\".'d' = 1",
            "3.14 = 'pi'",
            "true = 1\ninf = 2",
            "a.b = 1\na.c = 2",
            "apple.type = 1\norange.type = 2\napple.skin = 3",
            "\"quoted\".x = 1\nquoted.y = 2",
        ],
        true,
    );
}

#[test]
fn keys_that_are_none_are_reported() {
    check(
        &[
            "= 1",
            "a = 1\na = 2",
            "\"a\" = 1\na = 2",
            "a",
            "a =",
            "a = # nothing",
            "a b = 1",
            "é = 1",
            "a.b = 1\na = 2",
            "a = 1\na.b = 2",
            "a..b = 1",
            ".a = 1",
            "a. = 1",
            "a = 1 b = 2",
            "\"\"\"a\"\"\" = 1",
            "'''a''' = 1",
            "\"a = 1",
            "a\n= 1",
            "a =\n1",
            "a == 1",
            "a!b = 1",
            "[a]\nb.c = 1\n[a.b]\n",
            "[a.b.c]\nz = 9\n[a]\nb.c.t = 1",
            "[[a.b]]\n[a]\nb.y = 2",
            "a.b = 1\n[a]\nc = 2",
        ],
        false,
    );
}

#[test]
fn tables_are_defined_once_however_they_are_written() {
    check(
        &[
            "[a]",
            "[a]\n[b]\n[a.c]",
            "[a.b.c]\nx = 1\n[a]\ny = 2",
            "[a.b]\n[a]\n[c]\n[a.d]",
            "[ a . \"b\" ]",
            "[a] # comment",
            "[[a]]\nx = 1\n[[a]]\nx = 2",
            "[[a]]\n[a.b]\n[[a.c]]\n[[a]]\n[a.b]",
            "[[a.b]]\n[[a.b]]\n[a.c]",
            "[[a]]\nb.c = 1\nb.d = 2",
            "['']",
            "[fruit]\napple.color = 1\napple.taste.sweet = true",
            "[a.b]\nx = 1\n[a.b.c]\ny = 2\n[a]\nz = 3",
            "[a.b.c]\n[a]\nb.x = 1",
        ],
        true,
    );
    check(
        &[
            "[a]\n[a]",
            "[a]\nb = 1\n[a.b]",
            "a = 1\n[a]",
            "a = {}\n[a.b]",
            "a = { b = 1 }\na.c = 2",
            "a = []\n[[a]]",
            "[[a]]\n[a]",
            "[a]\n[[a]]",
            "[a.b]\n[[a]]",
            "[[a.b]]\n[a]\nb = 1",
            "[]",
            "[[]]",
            "[a",
            "[[a]",
            "[a]]",
            "[[a] ]",
            "[ [a]]",
            "[a] b = 1",
            "[a]\n]",
            "[a.]",
            "[.a]",
            "[a b]",
            "[a = 1]",
            "[a\n]",
            "a = 1 [b]",
            "[fruit]\napple.color = 1\n[fruit.apple]",
            "[fruit]\napple.color = 1\n[fruit.apple]\nx = 1",
        ],
        false,
    );
}

#[test]
fn strings_of_all_four_kinds_are_read() {
    check(
        &[
            r#"a = """#,
            r#"a = "\b\t\n\f\r\"\\\u00e9\U0001F600\e\x41""#,
            "a = 'C:\\no\\escape'",
            "a = \"tab\there\"",
            "a = 'tab\there'",
            "a = \"\"\"\"\"\"",
            "a = \"\"\"\nfirst newline goes\"\"\"",
            "a = \"\"\"\r\nfirst newline goes\r\n\"\"\"",
            "a = \"\"\"one \\\n   two\"\"\"",
            "a = \"\"\"one \\  \n\n   two\"\"\"",
            "a = \"\"\"two \"\" quotes\"\"\"",
            "a = \"\"\"ends with two\"\"\"\"\"",
            "a = \"\"\"escaped \\\"\"\" quotes\"\"\"",
            "a = '''''two before'''",
            "a = '''ends with two'''''",
            "a = '''\nraw \\n\n'''",
            "a = \"\u{e9}\u{1f600}\"",
            "a = \"# no comment\" # comment",
            "a = \"\\\\\"",
            "a = \"\"\"x\"\"\"\nb = \"\"\"y\nz\"\"\"",
        ],
        true,
    );
    check(
        &[
            "a = \"",
            "a = \"b",
            "a = 'b",
            "a = \"b\nc\"",
            "a = \"\\q\"",
            "a = \"\\u12\"",
            "a = \"\\ud800\"",
            "a = \"\\U00110000\"",
            "a = \"\\x4\"",
            "a = \"\u{0}\"",
            "a = \"\u{7f}\"",
            "a = '\u{1}'",
            "a = \"b\rc\"",
            "a = \"\"\"b",
            "a = '''b",
            "a = \"\"\"b\"\"",
            "a = \"\"\"\\q\"\"\"",
            "a = \"\"\"b\rc\"\"\"",
            "a = \"b\" \"c\"",
            "a = b\"",
            "a = \"\\",
            "a = \"\\\"",
            "a = \"\"\"\\ x\"\"\"",
        ],
        false,
    );
}

#[test]
fn numbers_and_dates_are_read() {
    check(
        &[
            "a = [0, +0, -0, 1, +99, -17, 1_000, 5_349_221, 9223372036854775807, -9223372036854775808]",
            "a = [0xDEADBEEF, 0xdead_beef, 0o755, 0b1101_0110, 0x00, 0o0, 0b0]",
            "a = [1.0, +1.0, -0.01, 5e+22, 1e06, -2E-2, 6.626e-34, 224_617.445_991, 0.0, 0e0]",
            "a = [inf, +inf, -inf, nan, +nan, -nan]",
            "a = [true, false]",
            "a = 99999999999999999999999999999999999999999999",
            "a = -170141183460469231731687303715884105728",
            "a = 1e400",
            "a = [1979-05-27T07:32:00Z, 1979-05-27T00:32:00.999-07:00, 1979-05-27 07:32:00Z, 1979-05-27t07:32:00z]",
            "a = [1979-05-27T07:32:00, 1979-05-27, 07:32:00, 00:32:00.999999, 07:32, 2000-02-29]",
        ],
        true,
    );
    for value in [
        "01",
        "+01",
        "1_",
        "_1",
        "1__0",
        "0x",
        "0xg",
        "0X1",
        "+0x1",
        "0o8",
        "0b2",
        "1.",
        ".1",
        "1.e1",
        "1e",
        "1e1.0",
        "1_.0",
        "1._0",
        "0.1_",
        "Inf",
        "NaN",
        "True",
        "FALSE",
        "tru",
        "yes",
        "word",
        "two words",
        "++1",
        "1 2",
        "-",
        "1979-13-01",
        "1979-02-30T00:00:00Z",
        "1979-05-27T25:00:00Z",
        "1979-05-27T",
        "07:32:61",
        "1979-5-27",
        "1,2",
        "1979-05-27  07:32:00",
        "0_1",
        "1e_1",
        "0x_1",
        "00:00:00Z",
    ] {
        agrees(&format!("a = {value}"));
        assert!(!Document::parse(&format!("a = {value}"), Language::Toml).errors.is_empty(), "{value}");
    }
}

#[test]
fn brackets_are_read() {
    check(
        &[
            "a = []",
            "a = [ ]",
            "a = [1,]",
            "a = [\n1, # one\n\n2 # two\n,]",
            "a = [[1, 2], ['a', \"b\"], []]",
            "a = [{}, {b = 1}]",
            "a = {}",
            "a = { b = 1, c.d = 2, c.e = 3 }",
            "a = { b = 1, }",
            "a = {\n  b = 1, # one\n  c = 2\n}",
            "a = { \"b c\" = [1, { d = 2 }] }",
            "a = [\n[1, 2],\n[3]\n]",
            "a = [\n  [\"x\"]\n]\nb = 1",
            "a = { b = { c = 1 } }\n[d]",
        ],
        true,
    );
    check(
        &[
            "a = [",
            "a = ]",
            "a = [1 2]",
            "a = [1,,2]",
            "a = [,]",
            "a = [1, 2",
            "a = [1}",
            "a = [1]]",
            "a = [b = 1]",
            "a = {",
            "a = }",
            "a = { b = 1 c = 2 }",
            "a = { b }",
            "a = { b = }",
            "a = { b = 1, b = 2 }",
            "a = { b.c = 1, b = 2 }",
            "a = { b = {}, b.c = 2 }",
            "a = { , }",
            "a = { = 1 }",
            "a = { b = 1 ]",
            "a = { [b] }",
            "a = {} b",
            "a = [] b = 1",
            "a = { b.c = 1, b.c = 2 }",
        ],
        false,
    );
}

#[test]
fn blanks_and_comments_have_rules_too() {
    check(&["# comment", "# tab\t and \u{e9}", "a = 1 # b\r\n\r\n# c", " \t\n", "#\n#"], true);
    check(
        &["# \u{0}", "a = 1 # \u{7f}", "\r", "a = 1\rb = 2", "a = [\r]", "# a\rb = 1", "\u{a0}a = 1", "\u{c}"],
        false,
    );
}

#[test]
fn nesting_has_an_end_and_no_stack_is_needed_to_see_it() {
    for depth in [79, 80, 81, 82] {
        agrees(&format!("a = {}{}", "[".repeat(depth), "]".repeat(depth)));
        agrees(&format!("a = {}1{}", "{b=".repeat(depth), "}".repeat(depth)));
        agrees(&format!("{}a = 1", "a.".repeat(depth)));
        agrees(&format!("[{}a]", "a.".repeat(depth)));
    }
    for open in ["[", "{a=", "[{a="] {
        let document = Document::parse(&format!("a = {}", open.repeat(200_000)), Language::Toml);
        assert_eq!(document.errors.len(), 1);
    }
    Document::parse(&format!("{}a = 1", "a.".repeat(200_000)), Language::Toml);
}
