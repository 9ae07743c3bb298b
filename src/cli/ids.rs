//! `--write-ids`: adds numbers to an `ids` file and leaves all else in it as it stands.

use crate::syntax::{Document, Language, NodeId};

/// A number for an account: the table, `users` or `groups`, its name, the number.
pub(super) type Number<'n> = (&'static str, &'n str, u32);

/// The text with the numbers added at the end of their tables; `None` where it is written in a way that cannot be added to.
pub(super) fn added(text: &str, numbers: &[Number<'_>]) -> Option<String> {
    let end = if text.contains("\r\n") { "\r\n" } else { "\n" };
    let mut new = text.to_owned();
    for table in ["users", "groups"] {
        let mut lines = String::new();
        for (_, name, number) in numbers.iter().filter(|(of, _, _)| *of == table) {
            lines.push_str(&format!("{} = {number}{end}", key(name)));
        }
        if lines.is_empty() {
            continue;
        }
        match end_of_table(&new, table) {
            Some(at) => {
                let missing_end = if new[..at].ends_with('\n') { "" } else { end };
                new.insert_str(at, &format!("{missing_end}{lines}"));
            }
            None => {
                if !new.is_empty() {
                    new.push_str(if new.ends_with('\n') { end } else { "\n\n" });
                }
                new.push_str(&format!("[{table}]{end}{lines}"));
            }
        }
    }
    holds(&new, numbers).then_some(new)
}

/// The lines to add, for who must do it by hand.
pub(super) fn lines(numbers: &[Number<'_>]) -> String {
    added("", numbers).unwrap_or_default()
}

/// Where the table that `[name]` starts has its last line; comments and empty lines behind it belong to what follows.
fn end_of_table(text: &str, name: &str) -> Option<usize> {
    let mut at = 0;
    let mut end = None;
    for line in text.split_inclusive('\n') {
        at += line.len();
        let said = line.split('#').next().unwrap_or("").trim();
        if let Some(inner) = said.strip_prefix('[') {
            if end.is_some() {
                break;
            }
            if inner.strip_suffix(']').is_some_and(|inner| inner.trim() == name) {
                end = Some(at);
            }
        } else if end.is_some() && !said.is_empty() {
            end = Some(at);
        }
    }
    end
}

/// Whether the text is valid and has every number: nothing is written that would be read otherwise.
fn holds(text: &str, numbers: &[Number<'_>]) -> bool {
    let document = Document::parse(text, Language::Toml);
    let table = |name| document.get(NodeId::ROOT, name, text);
    let tables = [("users", table("users")), ("groups", table("groups"))];
    document.errors.is_empty()
        && numbers.iter().all(|(of, name, number)| {
            tables
                .iter()
                .find(|(table, _)| table == of)
                .and_then(|(_, table)| document.get((*table)?, name, text))
                .and_then(|value| document.integer(value, text))
                == Some(i128::from(*number))
        })
}

/// A name as a key of TOML.
fn key(name: &str) -> String {
    let bare = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    if !name.is_empty() && name.bytes().all(bare) {
        return name.to_owned();
    }
    format!("\"{}\"", name.replace('\\', "\\\\").replace('"', "\\\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_come_to_the_end_of_their_table_and_the_rest_stays() {
        let text = "# ours\n[users]\nweb = 1000 # old\n\n# groups follow\n[ groups ]\n";
        let new = added(text, &[("users", "db", 1001), ("groups", "db", 1001), ("users", "a.b", 1002)]);
        let expected =
            "# ours\n[users]\nweb = 1000 # old\ndb = 1001\n\"a.b\" = 1002\n\n# groups follow\n[ groups ]\ndb = 1001\n";
        assert_eq!(new.as_deref(), Some(expected));
    }

    #[test]
    fn tables_that_are_not_there_are_made() {
        assert_eq!(added("", &[("groups", "g", 5)]).as_deref(), Some("[groups]\ng = 5\n"));
        let new = added("[users]\nweb = 1", &[("groups", "g", 5), ("users", "x", 2)]);
        assert_eq!(new.as_deref(), Some("[users]\nweb = 1\nx = 2\n\n[groups]\ng = 5\n"));
    }

    #[test]
    fn what_cannot_be_added_to_is_left_alone() {
        assert_eq!(added("users = { web = 1 }\n", &[("users", "db", 2)]), None);
        assert_eq!(added("[users\n", &[("users", "db", 2)]), None);
    }

    #[test]
    fn line_ends_stay_what_they_are() {
        let new = added("[users]\r\nweb = 1\r\n", &[("users", "db", 2)]);
        assert_eq!(new.as_deref(), Some("[users]\r\nweb = 1\r\ndb = 2\r\n"));
    }
}
