//! Edits on texts: whether they get into each other's way, what the text is once they are made, and where a place goes.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::diagnostic::{Edit, Fix};
use crate::text::Source;

/// Edits of several files that can be made all together.
#[derive(Clone, Default)]
pub(super) struct Edits {
    /// By file, then by place.
    files: BTreeMap<String, (Arc<Source>, Vec<Edit>)>,
}

impl Edits {
    /// Adds a fix, unless it changes what another one changes already. An edit that is there already is made once.
    pub fn add(&mut self, fix: &Fix) -> bool {
        let fits = fix.edits.iter().enumerate().all(|(at, edit)| {
            let among = fix.edits[..at].iter().filter(|other| other.location.source.name == edit.location.source.name);
            let known = self.files.get(&edit.location.source.name).map_or(&[][..], |(_, edits)| edits);
            near(known, edit).chain(among).all(|other| same(other, edit) || !clash(other, edit))
        });
        if !fits {
            return false;
        }
        for edit in &fix.edits {
            let source = &edit.location.source;
            let (_, edits) = self.files.entry(source.name.clone()).or_insert_with(|| (source.clone(), Vec::new()));
            if near(edits, edit).any(|other| same(other, edit)) {
                continue;
            }
            // Behind those at its place: what was found first comes first.
            let at = edits.partition_point(|other| place(other) <= place(edit));
            edits.insert(at, edit.clone());
        }
        true
    }

    /// Where a place of a file goes; what is replaced goes to where its replacement starts.
    pub fn moved(&self, name: &str, at: u32) -> i64 {
        let Some((_, edits)) = self.files.get(name) else { return i64::from(at) };
        let mut by = 0;
        for edit in edits {
            let span = edit.location.span;
            if span.start >= at && !(span.is_empty() && span.start == at) {
                break;
            }
            if span.end > at {
                return i64::from(span.start) + by;
            }
            by += edit.text.len() as i64 - i64::from(span.len());
        }
        i64::from(at) + by
    }

    /// The files with all edits made, by name.
    pub fn texts(&self) -> impl Iterator<Item = (&str, String)> {
        self.files.iter().map(|(name, (source, edits))| (name.as_str(), applied(&source.text, edits)))
    }
}

/// The edits around the place of another one.
fn near<'e>(sorted: &'e [Edit], edit: &Edit) -> impl Iterator<Item = &'e Edit> {
    // Edits that fit together are in order by their ends, too.
    let from = sorted.partition_point(|other| other.location.span.end < edit.location.span.start);
    let end = edit.location.span.end;
    sorted[from..].iter().take_while(move |other| other.location.span.start <= end)
}

fn place(edit: &Edit) -> (u32, u32) {
    (edit.location.span.start, edit.location.span.end)
}

fn same(one: &Edit, other: &Edit) -> bool {
    place(one) == place(other) && one.text == other.text
}

/// Whether two edits of one file cannot both be made.
fn clash(one: &Edit, other: &Edit) -> bool {
    let (a, b) = (one.location.span, other.location.span);
    match (a.is_empty(), b.is_empty()) {
        (true, true) => false,
        (true, false) => b.start < a.start && a.start < b.end,
        (false, true) => a.start < b.start && b.start < a.end,
        (false, false) => a.start < b.end && b.start < a.end,
    }
}

/// A text with edits made that are sorted and fit together.
pub(super) fn applied(text: &str, edits: &[Edit]) -> String {
    let mut out = String::with_capacity(text.len() + edits.iter().map(|edit| edit.text.len()).sum::<usize>());
    let mut at = 0;
    for edit in edits {
        let span = edit.location.span;
        out.push_str(text.get(at..span.start as usize).unwrap_or(""));
        out.push_str(&edit.text);
        at = span.end as usize;
    }
    out.push_str(text.get(at..).unwrap_or(""));
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::{Location, Span};

    /// Start, end, text.
    type Small = (u32, u32, &'static str);

    fn fix(source: &Arc<Source>, edits: &[Small]) -> Fix {
        let edit = |&(start, end, text): &Small| Edit {
            location: Location { source: source.clone(), span: Span::new(start, end) },
            text: text.to_owned(),
        };
        Fix { title: String::new(), safe: true, edits: edits.iter().map(edit).collect() }
    }

    fn check(added: &[(&[Small], bool)], after: &str) {
        let source = Source::new("a", "0123456789");
        let mut edits = Edits::default();
        for (edit, fits) in added {
            assert_eq!(edits.add(&fix(&source, edit)), *fits, "{edit:?}");
        }
        let texts: Vec<String> = edits.texts().map(|(_, text)| text).collect();
        assert_eq!(texts, [after]);
    }

    #[test]
    fn fixes_that_touch_different_places_are_made_together() {
        check(&[(&[(5, 7, "x")], true), (&[(1, 2, ""), (9, 9, "!")], true), (&[(7, 8, "y")], true)], "0234xy8!9");
    }

    #[test]
    fn a_fix_in_the_way_of_another_is_left_for_later_as_a_whole() {
        check(&[(&[(2, 5, "x")], true), (&[(0, 1, "z"), (4, 6, "y")], false)], "01x56789");
        check(&[(&[(2, 5, "x")], true), (&[(3, 3, "y")], false)], "01x56789");
    }

    #[test]
    fn insertions_at_one_place_keep_the_order_of_their_findings() {
        check(&[(&[(3, 3, "a")], true), (&[(3, 3, "b")], true), (&[(3, 4, "c")], true)], "012abc456789");
    }

    #[test]
    fn what_two_fixes_have_in_common_is_made_once() {
        check(
            &[(&[(3, 3, "a")], true), (&[(3, 3, "a")], true), (&[(4, 5, "")], true), (&[(4, 5, "")], true)],
            "012a356789",
        );
    }
}
