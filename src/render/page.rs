//! A page of the documentation on a terminal: headings, paragraphs at the terminal's width, tables, and examples set off.

use std::io::{self, Write};

use pulldown_cmark::{CodeBlockKind, Event, HeadingLevel, Options as Extensions, Parser, Tag, TagEnd};

use super::Options;

/// Lines longer than this are hard to read, however wide the terminal is.
const WIDEST: usize = 100;

/// Writes a page for people.
///
/// # Errors
/// Whatever writing fails with.
pub fn write(page: &str, options: &Options, out: &mut dyn Write) -> io::Result<()> {
    let mut writer = Writer {
        out,
        color: options.color,
        width: options.width.clamp(40, WIDEST),
        text: String::new(),
        code: None,
        lists: Vec::new(),
        item: false,
        table: Vec::new(),
        blank: true,
    };
    for event in Parser::new_ext(page, Extensions::ENABLE_TABLES) {
        writer.take(event)?;
    }
    Ok(())
}

struct Writer<'w> {
    out: &'w mut dyn Write,
    color: bool,
    width: usize,
    /// The text of the paragraph, heading, item or cell at hand.
    text: String,
    /// The first words of a block of code, and what is in it.
    code: Option<(String, String)>,
    /// The numbers of the lists around, where they are numbered.
    lists: Vec<Option<u64>>,
    /// An item has begun, and its mark is to be written.
    item: bool,
    /// Rows of the table at hand.
    table: Vec<Vec<String>>,
    /// Whether the last line written was empty.
    blank: bool,
}

impl Writer<'_> {
    fn take(&mut self, event: Event<'_>) -> io::Result<()> {
        match event {
            Event::Start(Tag::CodeBlock(kind)) => {
                let words = if let CodeBlockKind::Fenced(words) = kind { words.into_string() } else { String::new() };
                self.code = Some((words, String::new()));
            }
            Event::End(TagEnd::CodeBlock) => self.code_block()?,
            Event::Text(text) => match &mut self.code {
                Some((_, code)) => code.push_str(&text),
                None => self.text.push_str(&text),
            },
            Event::Code(code) => {
                let code = if self.color { self.styled("36", &code) } else { format!("`{code}`") };
                self.text.push_str(&code);
            }
            Event::SoftBreak | Event::HardBreak => self.text.push(' '),
            Event::Start(Tag::Strong) if self.color => self.text.push_str("\x1b[1m"),
            Event::End(TagEnd::Strong) if self.color => self.text.push_str("\x1b[22m"),
            Event::End(TagEnd::Heading(level)) => self.heading(level)?,
            Event::End(TagEnd::Paragraph) => self.paragraph()?,
            Event::Start(Tag::List(first)) => {
                self.flush_item()?;
                self.lists.push(first);
            }
            Event::End(TagEnd::List(_)) => {
                self.lists.pop();
                if self.lists.is_empty() {
                    self.line("")?;
                }
            }
            Event::Start(Tag::Item) => self.item = true,
            Event::End(TagEnd::Item) => self.flush_item()?,
            Event::End(TagEnd::TableCell) => {
                let cell = std::mem::take(&mut self.text);
                match self.table.last_mut() {
                    Some(row) => row.push(cell),
                    None => self.table.push(vec![cell]),
                }
            }
            Event::End(TagEnd::TableHead | TagEnd::TableRow) => self.table.push(Vec::new()),
            Event::End(TagEnd::Table) => self.table()?,
            // Comments are for those who write the page.
            _ => {}
        }
        Ok(())
    }

    fn heading(&mut self, level: HeadingLevel) -> io::Result<()> {
        let text = std::mem::take(&mut self.text);
        if !self.blank {
            self.line("")?;
        }
        let text = if level == HeadingLevel::H1 { text } else { text.to_uppercase() };
        let text =
            if level <= HeadingLevel::H2 { self.styled("1", &text) } else { self.styled("4", &text.to_lowercase()) };
        self.line(&text)?;
        self.line("")
    }

    fn paragraph(&mut self) -> io::Result<()> {
        if !self.lists.is_empty() {
            return self.flush_item();
        }
        let text = std::mem::take(&mut self.text);
        for line in self.wrapped(&text, self.width) {
            self.line(&line)?;
        }
        self.line("")
    }

    fn flush_item(&mut self) -> io::Result<()> {
        let text = std::mem::take(&mut self.text);
        if text.is_empty() {
            return Ok(());
        }
        let indent = 2 * self.lists.len().saturating_sub(1);
        let mark = match self.lists.last_mut() {
            Some(Some(number)) => {
                *number += 1;
                format!("{}. ", *number - 1)
            }
            _ => String::from("- "),
        };
        for (number, line) in self.wrapped(&text, self.width - indent - mark.len()).into_iter().enumerate() {
            let first = number == 0 && self.item;
            let before = if first { mark.clone() } else { " ".repeat(mark.len()) };
            self.line(&format!("{}{before}{line}", " ".repeat(indent)))?;
        }
        self.item = false;
        Ok(())
    }

    /// A block of code: the name of its file, then its lines, set off and never broken.
    fn code_block(&mut self) -> io::Result<()> {
        let Some((words, code)) = self.code.take() else { return Ok(()) };
        let word = |key: &str| words.split_whitespace().find_map(|word| word.strip_prefix(key).map(str::to_owned));
        let how = match words.split_whitespace().last() {
            Some("fixed") => " (corrected)",
            Some("silenced") => " (silenced)",
            _ => "",
        };
        if let Some(name) = word("file=").or_else(|| word("archive=")) {
            let name = self.styled("2", &format!("{name}{how}"));
            self.line(&format!("  {name}"))?;
        }
        for line in code.trim_end().lines() {
            self.line(&format!("    {line}"))?;
        }
        self.line("")
    }

    /// A table of which the last column takes what is left of the width, with its lines below each other.
    fn table(&mut self) -> io::Result<()> {
        let mut rows = std::mem::take(&mut self.table);
        rows.retain(|row| !row.is_empty());
        let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
        let wide = |column: usize| rows.iter().filter_map(|row| row.get(column)).map(|cell| width(cell)).max();
        let widths: Vec<usize> =
            (0..columns.saturating_sub(1)).map(|column| wide(column).unwrap_or(0).min(28)).collect();
        let before: usize = widths.iter().map(|width| width + 2).sum();
        for (number, row) in rows.iter().enumerate() {
            let mut cells: Vec<Vec<String>> = Vec::new();
            for (column, cell) in row.iter().enumerate() {
                let room = widths.get(column).copied().unwrap_or(self.width.saturating_sub(before).max(20));
                let cell = if number == 0 { self.styled("1", cell) } else { cell.clone() };
                cells.push(self.wrapped(&cell, room));
            }
            let height = cells.iter().map(Vec::len).max().unwrap_or(0);
            for line in 0..height {
                let mut text = String::new();
                for (column, cell) in cells.iter().enumerate() {
                    let part = cell.get(line).map_or("", String::as_str);
                    text.push_str(part);
                    if let Some(&room) = widths.get(column) {
                        text.push_str(&" ".repeat(room.saturating_sub(width(part)) + 2));
                    }
                }
                self.line(text.trim_end())?;
            }
        }
        self.line("")
    }

    fn wrapped(&self, text: &str, room: usize) -> Vec<String> {
        let options = textwrap::Options::new(room.max(10))
            .word_separator(textwrap::WordSeparator::AsciiSpace)
            .word_splitter(textwrap::WordSplitter::NoHyphenation)
            .break_words(false);
        textwrap::wrap(text, options).into_iter().map(std::borrow::Cow::into_owned).collect()
    }

    fn styled(&self, code: &str, text: &str) -> String {
        if self.color { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_owned() }
    }

    fn line(&mut self, line: &str) -> io::Result<()> {
        if line.is_empty() && self.blank {
            return Ok(());
        }
        self.blank = line.is_empty();
        writeln!(self.out, "{line}")
    }
}

/// How many columns a text takes, its colours not counted.
fn width(text: &str) -> usize {
    textwrap::core::display_width(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rendered(page: &str) -> String {
        let mut out = Vec::new();
        write(page, &Options { width: 40, ..Options::default() }, &mut out).expect("memory takes all");
        String::from_utf8(out).expect("text")
    }

    #[test]
    fn a_page_is_shown_without_its_marks() {
        let page = "# name\n\nSome `code` and a [link](x.md) that is longer than a line.\n\n<!-- for writers -->\n\n## Why\n\n- one\n- two\n\n```toml file=a.image.toml fixed\n[image]\n```\n\n| a | b |\n|---|---|\n| `x` | what it does, in many words that go on |\n";
        let expected = "name\n\nSome `code` and a link that is longer\nthan a line.\n\nWHY\n\n- one\n- two\n\n  a.image.toml (corrected)\n    [image]\n\na    b\n`x`  what it does, in many words that go\n     on\n";
        let found = rendered(page);
        assert_eq!(found.trim_end(), expected.trim_end(), "{found}");
    }

    #[test]
    fn no_word_is_broken() {
        let word = "x".repeat(60);
        assert!(rendered(&format!("a {word} b")).contains(&word));
    }
}
