//! Laws over generated, mutated and cut texts.

use featgraph::syntax::{Document, Language, NodeId};
use proptest::prelude::*;

use crate::{check_places, json, outline, toml_cases};

const MANIFEST: &str = include_str!("manifest.toml");

/// Pieces that make TOML when they fall right, and every slip when not.
fn toml_piece() -> impl Strategy<Value = String> {
    let fixed = [
        "a",
        "b",
        "c.d",
        "\"a\"",
        "'b'",
        " = ",
        "=",
        "\n",
        "\n",
        "\r\n",
        " ",
        "[",
        "]",
        "[[",
        "]]",
        "{",
        "}",
        ",",
        ", ",
        ".",
        "1",
        "-0.5",
        "0x1F",
        "true",
        "\"s\"",
        "'s'",
        "\"\\n\"",
        "\"\"\"",
        "'''",
        "\"\"\"x\ny\"\"\"",
        "\"",
        "'",
        "\\",
        "#",
        "# c\n",
        "a = 1\n",
        "b = [1, 2]\n",
        "c = { a = 1, b = 2 }\n",
        "[a]\n",
        "[a.b]\n",
        "[[b]]\n",
        "[[a.c]]\n",
        "a.b = 1\n",
        "1979-05-27",
        "07:32:00",
        "é",
        "\u{1f600}",
        "\r",
        "\t",
        "_",
        "inf",
        "d = \"\"\"\n",
        "e = '''x\n'''\n",
    ];
    prop::sample::select(fixed.to_vec()).prop_map(str::to_string)
}

/// Values that are valid on their own.
fn toml_value() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        any::<i64>().prop_map(|n| n.to_string()),
        any::<f64>().prop_filter("finite", |f| f.is_finite()).prop_map(|f| format!("{f:?}")),
        any::<bool>().prop_map(|b| b.to_string()),
        "[a-z \\\\\"'\u{e9}\n\t]{0,6}".prop_map(|s| toml::Value::String(s).to_string()),
        "[a-z \"]{0,6}".prop_map(|s| format!("'{s}'")),
        "[a-z \n]{0,6}".prop_map(|s| format!("'''{s}'''")),
        Just("1979-05-27T07:32:00Z".to_string()),
    ];
    leaf.prop_recursive(3, 12, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(|items| format!("[{}]", items.join(", "))),
            prop::collection::vec(inner.clone(), 1..4).prop_map(|items| format!("[\n  {},\n]", items.join(",\n  "))),
            prop::collection::vec(("[a-c]{1,2}(\\.[a-c])?", inner), 0..4).prop_map(|members| {
                let members: Vec<_> = members.into_iter().map(|(key, value)| format!("{key} = {value}")).collect();
                format!("{{ {} }}", members.join(", "))
            }),
        ]
    })
}

fn toml_document() -> impl Strategy<Value = String> {
    let header = ("\\[[a-d](\\.[a-d]){0,2}\\]", any::<bool>())
        .prop_map(|(header, list)| if list { format!("[{header}]\n") } else { format!("{header}\n") });
    let member = ("[a-f]{1,2}(\\.[a-d]){0,2}", toml_value()).prop_map(|(key, value)| format!("{key} = {value}\n"));
    prop::collection::vec(prop_oneof![1 => header, 3 => member], 0..12).prop_map(|lines| lines.concat())
}

fn json_document() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        any::<i64>().prop_map(|n| n.to_string()),
        any::<f64>().prop_filter("finite", |f| f.is_finite()).prop_map(|f| format!("{f:?}")),
        Just("null".to_string()),
        "[a-z \\\\\"\u{e9}\u{1f600}\n\t]{0,6}".prop_map(|s| serde_json::Value::String(s).to_string()),
        Just(r#""\ud83d\ude00\/""#.to_string()),
    ];
    let value = leaf.prop_recursive(3, 16, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(|items| format!("[{}]", items.join(" , "))),
            prop::collection::vec(("[a-f]{1,2}", inner), 0..4).prop_map(object),
        ]
    });
    prop::collection::vec(("[a-f]{1,2}", value), 0..5).prop_map(object)
}

fn object(members: Vec<(String, String)>) -> String {
    let members: Vec<_> = members.into_iter().map(|(key, value)| format!("\"{key}\":{value}")).collect();
    format!("{{{}}}", members.join(",\n"))
}

/// A cut, a doubled stretch or a piece put in somewhere.
fn mutate(text: &str, at: prop::sample::Index, length: usize, piece: &str) -> String {
    let mut characters: Vec<char> = text.chars().collect();
    let at = at.index(characters.len() + 1);
    let end = (at + length).min(characters.len());
    characters.splice(at..end, piece.chars());
    characters.into_iter().collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1500))]

    #[test]
    fn generated_toml_is_read_as_the_reference_reads_it(text in toml_document()) {
        toml_cases::agrees(&text);
    }

    #[test]
    fn mutated_toml_is_accepted_exactly_when_the_reference_accepts_it(
        text in toml_document(), at in any::<prop::sample::Index>(), length in 0_usize..4, piece in toml_piece()
    ) {
        toml_cases::agrees(&mutate(&text, at, length, &piece));
    }

    #[test]
    fn heaps_of_toml_pieces_are_accepted_exactly_when_the_reference_accepts_them(
        pieces in prop::collection::vec(toml_piece(), 0..14)
    ) {
        toml_cases::agrees(&pieces.concat());
    }

    #[test]
    fn generated_json_is_read_as_the_reference_reads_it(text in json_document()) {
        json::agrees(&text);
    }

    #[test]
    fn mutated_json_is_accepted_exactly_when_the_reference_accepts_it(
        text in json_document(), at in any::<prop::sample::Index>(), length in 0_usize..4,
        piece in prop::sample::select(vec!["", "{", "}", "[", "]", ",", ":", "\"", "\\", "1", "a", "é", "\n", "//", "null", "\\u00", "\t"])
    ) {
        json::agrees(&mutate(&text, at, length, piece));
    }

    #[test]
    fn any_text_is_read(text in any::<String>()) {
        check_places(&Document::parse(&text, Language::Toml), &text);
        check_places(&Document::parse(&text, Language::Json), &text);
    }

    #[test]
    fn one_cut_in_a_manifest_leaves_the_entries_before_it(at in any::<prop::sample::Index>(), length in 1_usize..6) {
        let text = mutate(MANIFEST, at, length, "");
        let document = Document::parse(&text, Language::Toml);
        check_places(&document, &text);
        toml_cases::agrees(&text);
    }
}

#[test]
fn every_prefix_of_a_manifest_keeps_the_entries_before_its_end() {
    let whole = Document::parse(MANIFEST, Language::Toml);
    assert!(whole.errors.is_empty());
    let entries: Vec<_> = whole.children(NodeId::ROOT).collect();
    for end in (0..=MANIFEST.len()).filter(|&end| MANIFEST.is_char_boundary(end)) {
        let text = &MANIFEST[..end];
        let document = Document::parse(text, Language::Toml);
        check_places(&document, text);
        assert!(document.errors.len() <= 1, "{:?} at {end}", document.errors);
        toml_cases::agrees(text);
        // An entry is complete where the next one starts.
        for pair in entries.windows(2).filter(|pair| (whole.span(pair[1]).start as usize) < end) {
            let key = whole.key_text(pair[0], MANIFEST);
            let found = document.get(NodeId::ROOT, &key, text).map(|id| outline(&document, id, text));
            assert_eq!(found, Some(outline(&whole, pair[0], MANIFEST)), "at {end}");
        }
    }
}
