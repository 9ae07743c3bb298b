//! Findings for people: message, snippets with carets, notes, help, and closing lines with the true numbers.

use std::fmt::{self, Write as _};
use std::io::{self, Write};

use miette::{GraphicalReportHandler, GraphicalTheme, LabeledSpan, SourceCode, ThemeCharacters, ThemeStyles};

use super::escape::clipped;
use super::excerpt::{CONTEXT_LINES, Cut, Excerpt, Place};
use super::{Options, Summary, words};
use crate::catalog::{Code, Severity};
use crate::diagnostic::Diagnostic;
use crate::message::count;

/// Characters of a message, note or help that are shown. Two of the longest paths fit.
const MAX_TEXT: usize = 10_000;

/// Characters of a label that are shown: it stands on one line.
const MAX_LABEL: usize = 500;

/// Images of a finding that are named.
const MAX_IMAGES: usize = 5;

pub(super) fn write(
    diagnostics: &[Diagnostic],
    summary: &Summary,
    options: &Options,
    out: &mut dyn Write,
) -> io::Result<()> {
    let painter = Painter::new(options);
    let mut codes = Vec::new();
    let mut shown = 0;
    for diagnostic in selected(diagnostics, options.limit) {
        out.write_all(painter.finding(diagnostic, summary).as_bytes())?;
        codes.push(diagnostic.code);
        shown += 1;
    }
    let total = diagnostics.len();
    if shown < total {
        writeln!(out, "{shown} of {total} findings are shown; `--format json` and `--format concise` give all.")?;
    }
    codes.sort_unstable();
    codes.dedup();
    if let Some(line) = learn_more(&codes) {
        writeln!(out, "{line}")?;
    }
    writeln!(out, "{}", painter.closing(summary))
}

/// The first `limit` findings, errors before warnings before infos where not all can be shown, in the order given.
fn selected(diagnostics: &[Diagnostic], limit: usize) -> impl Iterator<Item = &Diagnostic> {
    let mut left = limit;
    let mut room = [0; 3];
    for (room, severity) in room.iter_mut().zip([Severity::Error, Severity::Warning, Severity::Info]) {
        *room = diagnostics.iter().filter(|found| found.severity == severity).count().min(left);
        left -= *room;
    }
    diagnostics.iter().filter(move |found| {
        let room = &mut room[found.severity as usize];
        let shown = *room > 0;
        *room = room.saturating_sub(1);
        shown
    })
}

fn learn_more(codes: &[Code]) -> Option<String> {
    match codes {
        [] => None,
        [code] => Some(format!("Learn more: `featgraph explain {}`.", code.name())),
        [first, rest @ ..] if rest.len() < 3 => {
            let rest: Vec<&str> = rest.iter().map(|code| code.name()).collect();
            Some(format!("Learn more: `featgraph explain {}` (or {}).", first.name(), rest.join(", ")))
        }
        _ => Some("Learn more: `featgraph explain CODE`, with the code in brackets.".to_owned()),
    }
}

/// Everything that is the same for all findings of a run.
struct Painter<'a> {
    options: &'a Options,
    handler: GraphicalReportHandler,
    cut: Cut,
}

impl<'a> Painter<'a> {
    fn new(options: &'a Options) -> Self {
        let theme = GraphicalTheme {
            characters: if options.unicode { ThemeCharacters::unicode() } else { ThemeCharacters::ascii() },
            styles: if options.color { ThemeStyles::ansi() } else { ThemeStyles::none() },
        };
        // miette subtracts its indents from the width, so it must not be tiny.
        let width = options.width.max(40);
        let handler = GraphicalReportHandler::new_themed(theme)
            .with_width(width)
            .with_context_lines(CONTEXT_LINES)
            .with_word_separator(textwrap::WordSeparator::AsciiSpace)
            .with_word_splitter(textwrap::WordSplitter::NoHyphenation)
            .with_urls(false)
            .without_syntax_highlighting();
        let ellipsis = if options.unicode { "…" } else { "..." };
        Self { options, handler, cut: Cut { columns: width - 12, ellipsis } }
    }

    /// One finding, an empty line after it.
    fn finding(&self, diagnostic: &Diagnostic, summary: &Summary) -> String {
        let mut text = String::new();
        // It fails where a source cannot be read, which an excerpt always can, or writing fails, which here cannot.
        if self.handler.render_report(&mut text, &self.adapted(diagnostic)).is_err() {
            text = format!("{}: {}", diagnostic.location.to_text(), diagnostic.message);
            text = clipped(&text, MAX_TEXT, self.cut.ellipsis) + "\n";
        }
        self.footer(diagnostic, summary, &mut text);
        // Lines that only draw end in blanks, which nobody sees but who copies them.
        let mut out = String::with_capacity(text.len() + 1);
        for line in text.lines() {
            out.push_str(line.trim_end());
            out.push('\n');
        }
        out.push('\n');
        out
    }

    fn adapted(&self, diagnostic: &Diagnostic) -> Finding {
        let label = |text: &str| clipped(text, MAX_LABEL, self.cut.ellipsis);
        // What stands at the finding's own place is its label, where it has none.
        let here = diagnostic.location.order();
        let own =
            diagnostic.related.iter().position(|other| diagnostic.label.is_empty() && other.location.order() == here);
        let said = own.map_or(&diagnostic.label, |own| &diagnostic.related[own].message);
        let mut places = vec![Place { location: &diagnostic.location, label: label(said) }];
        let related = diagnostic.related.iter().enumerate().filter(|&(at, _)| Some(at) != own).map(|(_, other)| other);
        let related = related.take(self.options.related_limit);
        places.extend(related.map(|other| Place { location: &other.location, label: label(&other.message) }));
        Finding {
            severity: diagnostic.severity,
            code: format!("{}[{}]", diagnostic.severity.name(), diagnostic.code.name()),
            message: clipped(&diagnostic.message, MAX_TEXT, self.cut.ellipsis),
            excerpt: Excerpt::new(places, self.cut),
        }
    }

    /// What is said below the snippets.
    fn footer(&self, diagnostic: &Diagnostic, summary: &Summary, out: &mut String) {
        let places = diagnostic.related.len();
        if places > self.options.related_limit {
            let more = places - self.options.related_limit;
            self.remark(
                "note",
                &format!("{} not shown, {places} in all", count(more, "more place", "more places")),
                out,
            );
        }
        if summary.images > 1 && !diagnostic.images.is_empty() {
            let mut names: Vec<&str> = diagnostic.images.iter().take(MAX_IMAGES).map(String::as_str).collect();
            let more = diagnostic.images.len() - names.len();
            let more = format!("and {more} more");
            if diagnostic.images.len() > MAX_IMAGES {
                names.push(&more);
            }
            let word = if diagnostic.images.len() == 1 { "image" } else { "images" };
            self.remark("note", &format!("in {word} {}", names.join(", ")), out);
        }
        for note in &diagnostic.notes {
            self.remark("note", note, out);
        }
        if let Some(help) = &diagnostic.help {
            self.remark("help", help, out);
        }
        for fix in &diagnostic.fixes {
            if diagnostic.help.as_ref() != Some(&fix.title) {
                self.remark("help", &fix.title, out);
            }
        }
    }

    /// A word and a text, wrapped between words below the text's start.
    fn remark(&self, word: &str, text: &str, out: &mut String) {
        let text = clipped(text, MAX_TEXT, self.cut.ellipsis);
        let _ = write!(out, "  {}: ", self.paint(word, CYAN));
        let indent = 2 + word.len() + 2;
        let mut column = indent;
        for (number, word) in text.split(' ').enumerate() {
            let width = word.chars().count();
            if number > 0 {
                if column + 1 + width > self.options.width.max(40) {
                    let _ = write!(out, "\n{:indent$}", "");
                    column = indent;
                } else {
                    out.push(' ');
                    column += 1;
                }
            }
            out.push_str(word);
            column += width;
        }
        out.push('\n');
    }

    /// The last line.
    fn closing(&self, summary: &Summary) -> String {
        words::totals(summary, |text, severity| {
            let style = match severity {
                Some(Severity::Error) => RED,
                Some(Severity::Warning) => YELLOW,
                Some(Severity::Info) => CYAN,
                None => GREEN,
            };
            self.paint(text, style)
        })
    }

    fn paint(&self, text: &str, style: &str) -> String {
        if self.options.color { format!("\u{1b}[{style}m{text}\u{1b}[0m") } else { text.to_owned() }
    }
}

const RED: &str = "1;31";
const GREEN: &str = "1;32";
const YELLOW: &str = "1;33";
const CYAN: &str = "36";

/// A finding as miette takes it. All texts are harmless.
#[derive(Debug)]
struct Finding {
    severity: Severity,
    code: String,
    message: String,
    excerpt: Excerpt,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Finding {}

impl miette::Diagnostic for Finding {
    fn code<'s>(&'s self) -> Option<Box<dyn fmt::Display + 's>> {
        Some(Box::new(&self.code))
    }

    fn severity(&self) -> Option<miette::Severity> {
        Some(match self.severity {
            Severity::Error => miette::Severity::Error,
            Severity::Warning => miette::Severity::Warning,
            Severity::Info => miette::Severity::Advice,
        })
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        Some(&self.excerpt)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        Some(Box::new(self.excerpt.labels()))
    }
}
