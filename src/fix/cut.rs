//! Text that goes: elements of lists, keys, whole features, each with its comma, its comment and one blank line.

use super::page::{Form, Page};
use crate::diagnostic::Edit;
use crate::syntax::{NodeId, Shape};
use crate::text::Span;

impl Page {
    /// Takes a value away: an element of a list, or a key with its value. What would be left empty goes, too, as long as the
    /// feature is one without it.
    pub fn cut(&self, node: NodeId) -> Option<Vec<Edit>> {
        let above = self.parent(node)?;
        let elements = self.shape(above) == Shape::Array && !self.is_list_of_headers(above);
        if elements && self.children(above).len() == 1 && self.parent(above).is_some() {
            return self.cut_one(above);
        }
        self.cut_one(node)
    }

    /// Takes a feature away, by its table.
    pub fn cut_feature(&self, table: NodeId) -> Option<Vec<Edit>> {
        self.cut(table)
    }

    fn cut_one(&self, node: NodeId) -> Option<Vec<Edit>> {
        let above = self.parent(node)?;
        if self.has_header(node) {
            return Some(vec![self.cut_lines(self.block_lines(node)?, true)]);
        }
        match (self.shape(above), self.form(above)) {
            (Shape::Array, _) => self.cut_item(above, node),
            (_, Form::Braces) => self.cut_item(above, node),
            (_, Form::Lines) => self.cut_statement(node),
            (_, Form::Dotted) => None,
        }
    }

    /// A statement on lines of its own.
    fn cut_statement(&self, node: NodeId) -> Option<Vec<Edit>> {
        let dotted = self.shape(node) == Shape::Table && self.form(node) != Form::Braces;
        if dotted || self.is_list_of_headers(node) {
            return None;
        }
        Some(vec![self.cut_span(Span::new(self.start(node), self.span(node).end))?])
    }

    /// A key with its value that stand on lines of their own, whether or not the document knows them.
    pub fn cut_span(&self, span: Span) -> Option<Edit> {
        let behind = Span::new(span.end, self.line_stop(span.end)).of(self.text()).trim_start();
        let alone = self.starts_line(span.start) && (behind.is_empty() || behind.starts_with('#'));
        alone.then(|| self.cut_lines(Span::new(self.line_start(span.start), self.next_line(span.end)), false))
    }

    /// A key with its value in JSON, whether or not the document knows them, with the comma that parts it from its neighbour.
    pub fn cut_pair(&self, span: Span) -> Option<Edit> {
        let text = self.text();
        let behind = self.skip_trivia(span.end);
        if text.as_bytes().get(behind as usize) == Some(&b',') {
            return Some(self.replace(Span::new(span.start, self.skip_trivia(behind + 1)), ""));
        }
        let before = text[..span.start as usize].trim_end();
        let comma = before.strip_suffix(',')?.len() as u32;
        Some(self.replace(Span::new(comma, span.end), ""))
    }

    /// Whole lines, with the comment above that is only about them, and without leaving two blank lines for one.
    fn cut_lines(&self, lines: Span, block: bool) -> Edit {
        let end = self.text().len() as u32;
        let blank = |start: u32| start < end && self.line_at(start).is_empty();
        let Span { start, end: mut stop } = lines;
        // A comment above several lines is about all of them; one at the very top is about the file.
        let last_of_run = stop >= end
            || blank(stop)
            || self.line_at(stop).starts_with('#')
            || (!block && self.line_at(stop).starts_with('['));
        let comment = self.comment_above(start);
        let mut start = if last_of_run && comment > 0 { comment } else { start };
        let after_blank = start == 0 || blank(self.line_start(start - 1));
        if stop < end && blank(stop) && after_blank {
            while stop < end && blank(stop) {
                stop = self.next_line(stop);
            }
        }
        if stop >= end {
            while start > 0 && blank(self.line_start(start - 1)) {
                start = self.line_start(start - 1);
            }
        }
        self.replace(Span::new(start, stop), "")
    }

    /// An item between brackets, with its comma.
    fn cut_item(&self, container: NodeId, item: NodeId) -> Option<Vec<Edit>> {
        if self.shape(item) == Shape::Table && self.form(item) == Form::Dotted {
            return None;
        }
        let (open, close) = self.brackets(container)?;
        let items = self.children(container);
        let at = items.iter().position(|&other| other == item)?;
        let (start, end) = (self.start(item), self.span(item).end);
        if items.len() == 1 {
            return Some(vec![self.replace(Span::new(open, close), "")]);
        }
        let bytes = self.text().as_bytes();
        let comma = |from: u32| {
            let at = self.skip_trivia(from);
            (at < close && bytes.get(at as usize) == Some(&b',')).then_some(at)
        };
        let own = comma(end);
        let behind = own.map_or(end, |comma| comma + 1);
        let rest = Span::new(behind, self.line_stop(behind).min(close)).of(self.text()).trim_start();
        let whole_lines = self.starts_line(start)
            && self.line_start(start) > open
            && self.next_line(behind) <= close
            && (rest.is_empty() || rest.starts_with('#') && !self.is_json());
        let mut edits = Vec::new();
        if own.is_none() {
            // The item before is the last one now.
            let before = comma(self.end(*items.get(at.checked_sub(1)?)?))?;
            if !whole_lines {
                return Some(vec![self.replace(Span::new(before, end), "")]);
            }
            edits.push(self.replace(Span::new(before, before + 1), ""));
        }
        if whole_lines {
            let lines = Span::new(self.line_start(start), self.next_line(behind));
            let next = self.line_at(lines.end);
            let last_of_run = next.is_empty() || next.starts_with(['#', ']', '}']);
            let from = if last_of_run { self.comment_above(lines.start) } else { lines.start };
            edits.push(self.replace(Span::new(from.max(open), lines.end), ""));
            return Some(edits);
        }
        // Up to what follows on the line.
        let blanks = Span::new(behind, close).of(self.text());
        let blanks = blanks.len() - blanks.trim_start_matches([' ', '\t']).len();
        edits.push(self.replace(Span::new(start, behind + blanks as u32), ""));
        Some(edits)
    }
}
