//! The few lines of the files that a finding is about, copied out with names that a terminal can take.
//!
//! miette asks a source for the lines around a span. A whole file as source would be walked from its start for each
//! label, printed with whatever bytes it has, and could not be cut. So each finding gets a small text of its own, made
//! with the file's line table: long lines are clipped around the span, control characters are escaped, and places of
//! several files stand in it one after the other. Its cost does not depend on the size of the files.

use std::ops::Range;

use miette::{LabeledSpan, MietteError, MietteSpanContents, SourceCode, SourceSpan, SpanContents};

use super::escape;
use crate::text::{Location, Position, Source, boundary};

/// A place to show and what to say there.
pub(super) struct Place<'a> {
    pub location: &'a Location,
    /// May be empty. Already harmless.
    pub label: String,
}

/// How lines are cut.
#[derive(Clone, Copy)]
pub(super) struct Cut {
    /// How many characters of a line are shown.
    pub columns: usize,
    /// Stands where something is left out.
    pub ellipsis: &'static str,
}

/// A span over more lines is shown by its first line.
const MAX_LINES: usize = 8;

/// Lines around a place. The handler must be told the same number.
pub(super) const CONTEXT_LINES: usize = 1;

/// The text that is shown instead of the files, and where in it the places are.
#[derive(Debug, Default)]
pub(super) struct Excerpt {
    text: String,
    chunks: Vec<Chunk>,
    marks: Vec<Mark>,
}

/// Neighbouring lines of one file.
#[derive(Debug)]
struct Chunk {
    name: String,
    /// Its bytes in the excerpt.
    range: Range<usize>,
    /// Its first line in the file, from 0.
    first_line: usize,
    line_count: usize,
}

/// One place in the excerpt.
#[derive(Debug)]
struct Mark {
    range: Range<usize>,
    /// Where it is in its file.
    position: Position,
    label: String,
    primary: bool,
}

/// One place in its file, made to fit the text.
struct Shown<'a> {
    source: &'a Source,
    /// Bytes, on character boundaries and without the last line's break.
    range: Range<usize>,
    /// First and last line, from 0.
    lines: (usize, usize),
    /// Whether a line of it will be clipped. Such a place is shown alone: another one may be far off in the same line.
    clipped: bool,
    position: Position,
    label: String,
    /// Its rank among the places of the finding; 0 is the primary one.
    rank: usize,
}

impl Excerpt {
    /// The lines around the places, those of the first place first.
    pub(super) fn new(places: Vec<Place<'_>>, cut: Cut) -> Self {
        let mut shown: Vec<Shown> =
            places.into_iter().enumerate().map(|(rank, place)| Shown::new(rank, place, cut)).collect();
        let mut sources: Vec<*const Source> = Vec::new();
        shown.sort_by_cached_key(|place| {
            let source: *const Source = place.source;
            let number = sources.iter().position(|&known| known == source).unwrap_or_else(|| {
                sources.push(source);
                sources.len() - 1
            });
            (number, place.lines, place.rank)
        });
        let mut groups: Vec<Vec<Shown>> = Vec::new();
        for place in shown {
            match groups.last_mut() {
                Some(group) if group.iter().all(|other| other.stands_with(&place)) => group.push(place),
                _ => groups.push(vec![place]),
            }
        }
        groups.sort_by_key(|group| group.iter().map(|place| place.rank).min());
        let mut excerpt = Self::default();
        for group in groups {
            excerpt.push(group, cut);
        }
        excerpt
    }

    /// The labels for miette.
    pub(super) fn labels(&self) -> impl Iterator<Item = LabeledSpan> + '_ {
        self.marks.iter().map(|mark| {
            let label = (!mark.label.is_empty()).then(|| mark.label.clone());
            if mark.primary {
                LabeledSpan::new_primary_with_span(label, mark.range.clone())
            } else {
                LabeledSpan::new_with_span(label, mark.range.clone())
            }
        })
    }

    /// Adds the lines of neighbouring places of one file.
    fn push(&mut self, group: Vec<Shown<'_>>, cut: Cut) {
        let Some(source) = group.first().map(|place| place.source) else {
            return;
        };
        let first = group.iter().map(|place| place.lines.0).min().unwrap_or(0);
        let last = group.iter().map(|place| place.lines.1).max().unwrap_or(first);
        let from = first.saturating_sub(CONTEXT_LINES);
        let mut to = (last + CONTEXT_LINES).min(source.lines().line_count() - 1);
        if to > last && content(source, to).is_empty() && to == source.lines().line_count() - 1 {
            to -= 1; // what follows the last line break is no line to look at
        }
        let begin = self.text.len();
        let mut marks: Vec<Mark> = group
            .iter()
            .map(|place| Mark {
                range: 0..0,
                position: place.position,
                label: place.label.clone(),
                primary: place.rank == 0,
            })
            .collect();
        for number in from..=to {
            let line = content(source, number);
            let focus = group
                .iter()
                .filter(|place| place.lines.0 <= number && number <= place.lines.1)
                .map(|place| place.range.start.max(line.start))
                .min();
            let window = Window::new(source, line, focus, cut);
            let at = self.text.len();
            for (mark, place) in marks.iter_mut().zip(&group) {
                if place.lines.0 == number {
                    mark.range.start = at + window.offset(place.range.start);
                }
                if place.lines.1 == number {
                    mark.range.end = (at + window.offset(place.range.end)).max(mark.range.start);
                }
            }
            window.write(&mut self.text);
            self.text.push('\n');
        }
        self.marks.append(&mut marks);
        self.chunks.push(Chunk {
            name: escape::escaped(&source.name).into_owned(),
            range: begin..self.text.len(),
            first_line: from,
            line_count: to - from + 1,
        });
    }
}

impl<'a> Shown<'a> {
    fn new(rank: usize, place: Place<'a>, cut: Cut) -> Self {
        let Place { location, mut label } = place;
        let source = &*location.source;
        let (text, table) = (&source.text, source.lines());
        let start = boundary(text, location.span.start as usize);
        let mut end = boundary(text, location.span.end as usize).max(start);
        let first = table.line_of(start as u32);
        // A span that ends with a line break ends on the line that is broken.
        let mut last = if end > start { table.line_of(end as u32 - 1) } else { first };
        if last - first >= MAX_LINES {
            let more = format!("goes on to line {}", last + 1);
            label = if label.is_empty() { more } else { format!("{label} ({more})") };
            last = first;
        }
        end = end.min(content(source, last).end);
        let start = start.min(content(source, first).end).min(end);
        Self {
            source,
            range: start..end,
            lines: (first, last),
            clipped: (first..=last).any(|line| is_longer(&text[content(source, line)], cut.columns)),
            position: location.start(),
            label,
            rank,
        }
    }

    /// Whether two places, of which `later` comes later, are shown without a gap between their lines.
    fn stands_with(&self, later: &Self) -> bool {
        std::ptr::eq(self.source, later.source)
            && !self.clipped
            && !later.clipped
            && later.lines.0 <= self.lines.1 + 2 * CONTEXT_LINES + 1
    }
}

/// The part of a line that is shown.
struct Window<'a> {
    text: &'a str,
    line: Range<usize>,
    range: Range<usize>,
    ellipsis: &'static str,
}

impl<'a> Window<'a> {
    fn new(source: &'a Source, line: Range<usize>, focus: Option<usize>, cut: Cut) -> Self {
        let text = &*source.text;
        let mut range = line.clone();
        if is_longer(&text[range.clone()], cut.columns) {
            let focus = focus.unwrap_or(line.start).clamp(line.start, line.end);
            let before = text[line.start..focus].char_indices().rev().take(cut.columns / 3).last();
            range.start += before.map_or(focus - line.start, |(at, _)| at);
            let after = text[range.start..line.end].char_indices().nth(cut.columns);
            range.end = after.map_or(line.end, |(at, _)| range.start + at);
        }
        Self { text, line, range, ellipsis: cut.ellipsis }
    }

    /// Where a byte of the file stands in what is written; at the nearer ellipsis if it is left out.
    fn offset(&self, byte: usize) -> usize {
        let lead = if self.range.start > self.line.start { self.ellipsis.len() } else { 0 };
        let mut before = String::new();
        self.write_part(self.range.start..byte.clamp(self.range.start, self.range.end), &mut before);
        let tail = if byte > self.range.end { self.ellipsis.len() } else { 0 };
        lead + before.len() + tail
    }

    fn write(&self, out: &mut String) {
        if self.range.start > self.line.start {
            out.push_str(self.ellipsis);
        }
        self.write_part(self.range.clone(), out);
        if self.range.end < self.line.end {
            out.push_str(self.ellipsis);
        }
    }

    fn write_part(&self, part: Range<usize>, out: &mut String) {
        for c in self.text[part].chars() {
            match c {
                '\t' => out.push(c), // miette sets tabs to columns
                c => escape::push(out, c),
            }
        }
    }
}

impl SourceCode for Excerpt {
    fn read_span<'s>(
        &'s self,
        span: &SourceSpan,
        before: usize,
        _after: usize,
    ) -> Result<Box<dyn SpanContents<'s> + 's>, MietteError> {
        let range = span.offset()..span.offset() + span.len();
        let found = self.chunks.partition_point(|chunk| chunk.range.end <= range.start);
        // Refused for spans over two chunks: so miette draws them apart.
        let chunk = self.chunks.get(found).filter(|chunk| range.end <= chunk.range.end);
        let chunk = chunk.ok_or(MietteError::OutOfBounds)?;
        // Asked without context it is for the position in the header, and that is the one in the file.
        let mark = self.marks.iter().find(|mark| before == 0 && mark.range == range);
        let (line, column) = match mark {
            Some(mark) => (mark.position.line as usize - 1, mark.position.column as usize - 1),
            None => (chunk.first_line, 0),
        };
        Ok(Box::new(MietteSpanContents::new_named(
            chunk.name.clone(),
            &self.text.as_bytes()[chunk.range.clone()],
            chunk.range.clone().into(),
            line,
            column,
            chunk.line_count,
        )))
    }
}

/// The bytes of a line without its break.
fn content(source: &Source, line: usize) -> Range<usize> {
    let range = source.lines().line(line, &source.text).range();
    let text = &source.text[range.clone()];
    let text = text.strip_suffix('\n').map_or(text, |text| text.strip_suffix('\r').unwrap_or(text));
    range.start..range.start + text.len()
}

/// Whether a text has more characters than so many, without counting them all.
fn is_longer(text: &str, columns: usize) -> bool {
    text.len() > columns && text.chars().nth(columns).is_some()
}
