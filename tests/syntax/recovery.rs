//! What is left of broken TOML: one slip, one error, and the healthy rest.

use featgraph::syntax::{Document, Language, NodeId};

fn check(text: &str, outlined: &str, errors: &[(&str, &str)]) {
    crate::check(Language::Toml, text, outlined, errors);
}

fn lost(text: &str) -> bool {
    Document::parse(text, Language::Toml).lost
}

#[test]
fn an_array_that_is_not_closed_ends_at_the_next_key() {
    check(
        "[[install]]\nsrc = [\"a\", \"b\"\ndst = \"/x\"\n[[user]]\nname = \"web\"\n",
        r#"{install=[{src=? dst="/x"}] user=[{name="web"}]}"#,
        &[("\"b\"", "expected `]` after this: the array is not closed")],
    );
    check(
        "src = [\n  \"a\",\n[[user]]\nname = \"web\"\n",
        r#"{src=? user=[{name="web"}]}"#,
        &[(",", "expected `]` after this: the array is not closed")],
    );
    check("a = [1, 2", "{a=?}", &[("2", "expected `]` after this: the array is not closed")]);
}

#[test]
fn a_table_in_braces_that_is_not_closed_ends_at_the_next_key() {
    check(
        "a = { b = 1\nc = 2\n[d]\ne = 3\n",
        "{a=? c=2 d={e=3}}",
        &[("1", "expected `}` after this: the table is not closed")],
    );
    check("a = { b = 1,\n[d]\ne = 3\n", "{a=? d={e=3}}", &[(",", "expected `}` after this: the table is not closed")]);
    check("a = {\n  b = 1\n  c = 2\n}\nd = 3\n", "{a={b=1 c=2} d=3}", &[("c", "expected `,` before this")]);
}

#[test]
fn a_text_that_is_not_closed_ends_at_the_next_statement() {
    check(
        "[[install]]\ntext = \"\"\"hello\nyou\nmode = \"0644\"\n[[user]]\nname = \"web\"\n",
        r#"{install=[{text=? mode="0644"}] user=[{name="web"}]}"#,
        &[("\"\"\"", "this string is not closed")],
    );
    check(
        "text = '''hello\nyou\n[[user]]\nname = \"web\"\n",
        r#"{text=? user=[{name="web"}]}"#,
        &[("'''", "this string is not closed")],
    );
}

#[test]
fn a_text_that_is_not_closed_does_not_end_where_the_next_one_begins() {
    let rest = r#"{install=[{text=? mode="0644"} {text="b" dst="/b"}]}"#;
    let errors = [("\"\"\"", "this string is not closed")];
    check(
        "[[install]]\ntext = \"\"\"a\nmode = \"0644\"\n[[install]]\ntext = \"\"\"b\"\"\"\ndst = \"/b\"\n",
        rest,
        &errors,
    );
    let several = "[[install]]\ntext = \"\"\"a\nmode = \"0644\"\n[[install]]\ntext = \"\"\"\nb\n\"\"\"\ndst = \"/b\"\n";
    check(several, &rest.replace("\"b\"", "\"b\\n\""), &errors);
}

#[test]
fn a_string_that_is_not_closed_ends_with_its_line() {
    check("src = \"abc\ndst = \"/x\"\n", r#"{src=? dst="/x"}"#, &[("\"abc", "this string is not closed")]);
    check("src = 'abc\r\ndst = 1\r\n", "{src=? dst=1}", &[("'abc", "this string is not closed")]);
    check("a = [\"x, \"y\"]\nb = 1\n", r#"{a=["x, " ?] b=1}"#, &[("y\"", "expected `,` before this")]);
}

#[test]
fn what_is_missing_around_an_equals_sign_costs_one_value() {
    check("mode \"0644\"\ndst = 1\n", r#"{mode="0644" dst=1}"#, &[("\"0644\"", "expected `=` after the key `mode`")]);
    check("mode\ndst = 1\n", "{mode=? dst=1}", &[("mode", "expected `=` after the key `mode`")]);
    check("mode =\ndst = 1\n", "{mode=? dst=1}", &[("=", "the key `mode` has no value")]);
    check("mode = # later\ndst = 1\n", "{mode=? dst=1}", &[("=", "the key `mode` has no value")]);
    check("mode =\n\"0644\"\ndst = 1\n", "{mode=? dst=1}", &[("=", "the key `mode` has no value")]);
    check("= 1\ndst = 1\n", "{dst=1}", &[("=", "expected a key here")]);
    check("a = { b = , c = 2 }\nd = 3\n", "{a={b=? c=2} d=3}", &[(",", "the key `b` has no value")]);
    check("a = { b 1, c = 2 }\nd = 3\n", "{a={b=1 c=2} d=3}", &[("1", "expected `=` after the key `b`")]);
    assert!(!lost("mode =\n"));
    assert!(lost("= 1\n"));
}

#[test]
fn a_bad_value_costs_itself() {
    check("a = \"x\\qy\"\nb = 1\n", "{a=? b=1}", &[("\\q", "`\\\\q` is not an escape")]);
    check("a = 0644\nb = 1\n", "{a=? b=1}", &[("0644", "a number does not start with `0`")]);
    check("a = True\nb = 1\n", "{a=? b=1}", &[("True", "this is not a value; did you mean `true`")]);
    check("a = nginx\nb = 1\n", "{a=? b=1}", &[("nginx", "this is not a value")]);
    check("a = [1, nginx, 2]\nb = 1\n", "{a=[1 ? 2] b=1}", &[("nginx", "this is not a value")]);
    check("a = [1 2 3]\nb = 1\n", "{a=[?] b=1}", &[("1 2 3", "this is not a value")]);
    check("a = [1, 2}\nb = 1\n", "{a=? b=1}", &[("}", "nothing is open that `}` closes")]);
    check("a = [{ b = 1 ]\nc = 1\n", "{a=[?] c=1}", &[("]", "expected `}` before this `]`")]);
}

#[test]
fn stray_text_after_a_value_costs_nothing() {
    check("a = 1 two\nb = 1\n", "{a=? b=1}", &[("1 two", "this is not a value")]);
    check("a = \"x\" y\nb = 1\n", r#"{a="x" b=1}"#, &[("y", "expected the end of the line after the value")]);
    check("a = [1]]\nb = 1\n", "{a=[1] b=1}", &[("]", "expected the end of the line after the value")]);
    check("[a] x\nb = 1\n", "{a={b=1}}", &[("x", "expected the end of the line after the header")]);
    check("}\nb = 1\n", "{b=1}", &[("}", "a line does not start with `}`")]);
    assert!(lost("a = \"x\" b = 1\n"));
    assert!(!lost("a = \"x\" b\n"));
}

#[test]
fn a_damaged_header_is_guessed_and_the_file_counts_as_incomplete() {
    for (text, outlined, at, message) in [
        ("[[user]\nname = 1\n", "{user=[{name=1}]}", "[[user]", "expected `]]` at the end of this header"),
        ("[user]]\nname = 1\n", "{user=[{name=1}]}", "[user]]", "this header ends with `]]` but starts with `[`"),
        ("[[user\nname = 1\n", "{user=[{name=1}]}", "[[user", "expected `]]` at the end of this header"),
        ("[image\nname = 1\n", "{image={name=1}}", "[image", "expected `]` at the end of this header"),
        ("[[]]\nname = 1\n", "{}", "]", "expected a key here"),
        ("[[us er]]\nname = 1\nx = 2\n", "{us=[{name=1 x=2}]}", "[[us", "expected `]]` at the end of this header"),
    ] {
        assert!(lost(text), "{text}");
        check(text, outlined, &[(at, message)]);
    }
}

#[test]
fn what_is_defined_twice_is_reported_with_the_first() {
    let text = "[image]\nname = \"a\"\n[image]\nname = \"b\"\nx = 1\n";
    check(text, r#"{image={name="a" x=1}}"#, &[("image", "the table `image` is defined twice")]);
    let document = Document::parse(text, Language::Toml);
    assert_eq!(document.errors[0].related.map(|(span, _)| span.start), Some(1));
    check("a = 1\na = 2\nb = 3\n", "{a=1 b=3}", &[("a", "the key `a` is defined twice")]);
    check(
        "[[user]]\nx = 1\n[user]\nx = 2\n",
        "{user=[{x=1} {x=2}]}",
        &[("user", "`user` is a list of tables above and one table here")],
    );
    check(
        "[user]\nx = 1\n[[user]]\nx = 2\n[b]\nc = 1\n",
        "{user={x=1} b={c=1}}",
        &[("user", "`user` is a table above and a list of tables here")],
    );
}

#[test]
fn a_thousand_slips_are_a_thousand_errors() {
    let text: String = (0..1000).map(|n| format!("[[install]]\nsrc = \ndst = \"/{n}\"\n")).collect();
    let document = Document::parse(&text, Language::Toml);
    assert_eq!(document.errors.len(), 1000);
    let install = document.get(NodeId::ROOT, "install", &text).expect("it is there");
    assert_eq!(document.children(install).count(), 1000);
}

#[test]
fn hostile_texts_take_linear_time() {
    let many = 30_000;
    for text in [
        "a = \"\"\"\n".repeat(many),
        "a = '''\nb = \"\"\"\n".repeat(many),
        "a = [\n".repeat(many),
        "a = {\n".repeat(many),
        format!("a = {{ {} }}", "x y ".repeat(many)),
        (0..many).map(|n| format!("k{n} = {n}\n")).collect(),
        (0..many).map(|n| format!("[t{n}.x]\n")).collect(),
        format!("a = {{ {} }}", (0..many).map(|n| format!("k{n} = {n}, ")).collect::<String>()),
        format!("a = \"{}\"", "\\q".repeat(many)),
        format!("a = \"\"\"{}\"\"\"", "\u{1}".repeat(many)),
        format!("a = {}", "x ".repeat(many)),
        "a = \"\"\"\\\"\"\"\n".repeat(many),
        "]".repeat(many),
        "a.b.c = {}\n".repeat(many),
    ] {
        let started = std::time::Instant::now();
        crate::check_places(&Document::parse(&text, Language::Toml), &text);
        crate::check_places(&Document::parse(&text, Language::Json), &text);
        assert!(started.elapsed().as_secs() < 20, "{:.60}", text);
    }
}
