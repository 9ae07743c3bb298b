//! What changed in a file, as a unified diff that `git apply` and `patch -p1` take.

use std::io::{self, Write};

use similar::{Algorithm, TextDiff};

const RED: &str = "\x1b[31m";
const GREEN: &str = "\x1b[32m";
const CYAN: &str = "\x1b[36m";
const BOLD: &str = "\x1b[1m";
const PLAIN: &str = "\x1b[0m";

/// Writes the lines that differ, with three around them; nothing where none do.
pub fn write(name: &str, before: &str, after: &str, color: bool, out: &mut dyn Write) -> io::Result<()> {
    // Lines that occur once hold both texts together, so the cost does not grow with the number of changes times the length.
    let diff = TextDiff::configure().algorithm(Algorithm::Patience).diff_lines(before, after);
    let text = diff.unified_diff().context_radius(3).header(&format!("a/{name}"), &format!("b/{name}")).to_string();
    if !color {
        return out.write_all(text.as_bytes());
    }
    for (number, line) in text.split_inclusive('\n').enumerate() {
        let paint = match line.as_bytes().first() {
            _ if number < 2 => BOLD,
            Some(b'-') => RED,
            Some(b'+') => GREEN,
            Some(b'@') => CYAN,
            _ => "",
        };
        let (line, end) = match line.strip_suffix('\n') {
            Some(line) => (line, "\n"),
            None => (line, ""),
        };
        let plain = if paint.is_empty() { "" } else { PLAIN };
        write!(out, "{paint}{line}{plain}{end}")?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn patch(before: &str, after: &str) -> String {
        let mut out = Vec::new();
        write("x.image.toml", before, after, false, &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn a_changed_line_stands_between_its_neighbours() {
        let patch = patch("1\n2\n3\n4\n5\n6\n7\n8\n9\n", "1\n2\n3\n4\nfive\n6\n7\n8\n9\n");
        let expected = "--- a/x.image.toml\n+++ b/x.image.toml\n@@ -2,7 +2,7 @@\n 2\n 3\n 4\n-5\n+five\n 6\n 7\n 8\n";
        assert_eq!(patch, expected);
    }

    #[test]
    fn equal_texts_have_no_diff_and_a_lost_line_break_is_told() {
        assert_eq!(patch("a\n", "a\n"), "");
        assert!(patch("a", "b").ends_with("-a\n\\ No newline at end of file\n+b\n\\ No newline at end of file\n"));
    }
}
