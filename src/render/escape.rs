//! Text of others made harmless for a terminal: nothing that moves the cursor, hides, or turns the direction of writing.

use std::borrow::Cow;
use std::fmt::Write;

/// The text on one line, with control characters, line breaks and characters that hide or reorder text written as escapes.
///
/// Ordinary right-to-left letters stay. The backslash stays too: what is printed is for eyes, not to be read back.
pub fn escaped(text: &str) -> Cow<'_, str> {
    let Some(first) = text.find(is_hidden) else {
        return Cow::Borrowed(text);
    };
    let mut out = String::with_capacity(text.len() + 16);
    out.push_str(&text[..first]);
    for c in text[first..].chars() {
        push(&mut out, c);
    }
    Cow::Owned(out)
}

/// `escaped`, cut after `limit` characters of the text with `ellipsis` in place of the rest.
pub(super) fn clipped(text: &str, limit: usize, ellipsis: &str) -> String {
    match text.char_indices().nth(limit) {
        Some((end, _)) => escaped(&text[..end]).into_owned() + ellipsis,
        None => escaped(text).into_owned(),
    }
}

/// Adds one character, escaped where it must be.
pub(super) fn push(out: &mut String, c: char) {
    match c {
        '\n' => out.push_str("\\n"),
        '\r' => out.push_str("\\r"),
        '\t' => out.push_str("\\t"),
        // Writing to a string cannot fail.
        c if is_hidden(c) => drop(write!(out, "\\u{{{:x}}}", c as u32)),
        c => out.push(c),
    }
}

fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn harmless_text_is_borrowed() {
        for text in ["", "/etc/hosts", "größe", "שלום", "日本", r"a\n"] {
            assert!(matches!(escaped(text), Cow::Borrowed(same) if same == text));
        }
    }

    #[test]
    fn what_a_terminal_would_obey_is_spelled_out() {
        assert_eq!(escaped("a\nb\r\tc"), r"a\nb\r\tc");
        assert_eq!(escaped("\u{1b}[31mred\u{7f}\u{9b}"), r"\u{1b}[31mred\u{7f}\u{9b}");
        assert_eq!(escaped("x\u{202e}gnp.exe\u{2066}\u{2029}"), r"x\u{202e}gnp.exe\u{2066}\u{2029}");
    }

    #[test]
    fn a_long_text_is_cut_at_a_character() {
        assert_eq!(clipped("äöü", 3, "…"), "äöü");
        assert_eq!(clipped("äöü\n", 2, "…"), "äö…");
    }
}
