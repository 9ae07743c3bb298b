//! What is being written at a byte of a text that need not parse: a header, a key or a value, and inside what.

use crate::syntax::Language;
use crate::text::{Span, boundary};

/// What can stand at a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Slot {
    /// The name in `[[...]]` or `[...]`.
    Header {
        /// With two brackets.
        list: bool,
    },
    /// A key.
    Key,
    /// A value, or an element of a list.
    Value,
}

/// What is being written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Typing {
    /// What can stand here.
    pub slot: Slot,
    /// The keys on the way here; of a value its own is the last.
    pub path: Vec<String>,
    /// Keys that stand beside it already, before and after.
    pub given: Vec<String>,
    /// What a completion takes the place of; inside a string the whole string, without its quotes.
    pub replace: Span,
    /// The quote of the string that it is in.
    pub quote: Option<char>,
    /// Whether nothing but blanks stands before it in its line.
    pub starts_line: bool,
    /// Whether its `=` or `:` stands behind it already.
    pub has_value: bool,
}

/// A bracket that is open, or the table that a header names.
#[derive(Clone, Debug, Default)]
struct Frame {
    is_array: bool,
    /// The key whose value is being written.
    key: Option<String>,
    given: Vec<String>,
}

/// What is being written at a byte; nothing in comments.
pub(super) fn typing(text: &str, language: Language, offset: u32) -> Option<Typing> {
    let offset = boundary(text, offset as usize);
    let mut scan = Scan { text, offset, at: 0, header: Vec::new(), frames: vec![Frame::default()], is_value: false };
    match language {
        Language::Toml => scan.toml(),
        Language::Json => scan.json(),
        // Keys are not written there, and a word may be anything.
        Language::Tmpfiles | Language::Sysusers => None,
    }
}

struct Scan<'t> {
    text: &'t str,
    offset: usize,
    at: usize,
    /// The table that the last header names.
    header: Vec<String>,
    /// The first one is the table or document itself.
    frames: Vec<Frame>,
    /// Behind `=` or `:`.
    is_value: bool,
}

/// What may be in a key without quotes.
fn is_bare(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '_' | '-')
}

impl Scan<'_> {
    fn rest(&self) -> &str {
        self.text.get(self.at..).unwrap_or("")
    }

    /// Bytes of the text from here for which something holds.
    fn run(&self, holds: impl Fn(char) -> bool) -> usize {
        let rest = self.rest();
        rest.find(|c| !holds(c)).unwrap_or(rest.len())
    }

    fn line_end(&self, from: usize) -> usize {
        self.text[from..].find('\n').map_or(self.text.len(), |at| from + at)
    }

    fn toml(&mut self) -> Option<Typing> {
        // Whether nothing but blanks stands before this place in its line.
        let mut starts_line = true;
        while let Some(c) = self.rest().chars().next() {
            // A header or a key at the start of a line ends whatever was left open above.
            if starts_line && self.frames.len() > 1 && self.is_statement() {
                self.frames.truncate(1);
                self.is_value = false;
            }
            let at_top = self.frames.len() == 1;
            match c {
                '#' => {
                    let end = self.line_end(self.at);
                    if self.at < self.offset && self.offset <= end {
                        return None;
                    }
                    self.at = end;
                }
                '[' if at_top && !self.is_value => {
                    if let Some(found) = self.header() {
                        return Some(found);
                    }
                }
                '\n' => {
                    if self.at >= self.offset {
                        break;
                    }
                    self.at += 1;
                    starts_line = true;
                    if at_top {
                        self.is_value = false;
                    }
                }
                c if c.is_whitespace() => {
                    if self.at >= self.offset {
                        break;
                    }
                    self.at += c.len_utf8();
                }
                _ if self.at >= self.offset && !matches!(c, '"' | '\'') && !is_bare(c) => break,
                _ => {
                    starts_line = false;
                    if let Some(found) = self.token(c, '=') {
                        return found;
                    }
                }
            }
            if self.at > self.offset {
                break;
            }
        }
        Some(self.here(Span::at(self.offset as u32), None))
    }

    fn json(&mut self) -> Option<Typing> {
        self.frames.clear();
        while let Some(c) = self.rest().chars().next() {
            if c.is_whitespace() {
                if self.at >= self.offset {
                    break;
                }
                self.at += c.len_utf8();
                continue;
            }
            if self.at >= self.offset && c != '"' && !is_bare(c) {
                break;
            }
            if let Some(found) = self.token(c, ':') {
                return found;
            }
            if self.at > self.offset {
                break;
            }
        }
        (!self.frames.is_empty()).then(|| self.here(Span::at(self.offset as u32), None))
    }

    /// Whether the line starts with a header or a key and its `=`.
    fn is_statement(&self) -> bool {
        let line = &self.text[self.at..self.line_end(self.at)];
        let key = line.trim_start_matches(is_bare);
        line.starts_with("[[") && line[2..].starts_with(is_bare)
            || key.len() < line.len() && key.trim_start().starts_with('=')
    }

    /// `[name]` or `[[name]]`.
    fn header(&mut self) -> Option<Typing> {
        let list = self.rest().starts_with("[[");
        let start = self.at + if list { 2 } else { 1 };
        let end = self.line_end(start);
        let name_end = self.text[start..end].find([']', '#']).map_or(end, |at| start + at);
        let name = self.text[start..name_end].trim();
        if self.offset > self.at && self.offset <= end {
            if self.offset < start || self.offset > name_end {
                return Some(Typing { slot: Slot::Header { list }, ..self.nothing() });
            }
            let blanks = self.text[start..name_end].len() - self.text[start..name_end].trim_start().len();
            let from = (start + blanks).min(self.offset);
            let to = (from + name.len()).max(self.offset);
            return Some(Typing {
                slot: Slot::Header { list },
                path: Vec::new(),
                given: Vec::new(),
                replace: Span::new(from as u32, to as u32),
                quote: None,
                starts_line: false,
                has_value: false,
            });
        }
        self.header = name.split('.').map(|part| part.trim().trim_matches(['"', '\'']).to_owned()).collect();
        self.frames = vec![Frame::default()];
        self.is_value = false;
        self.at = end;
        None
    }

    /// Brackets, commas, strings and words. `Some` where the cursor is in it; then perhaps nothing can be said.
    fn token(&mut self, c: char, assign: char) -> Option<Option<Typing>> {
        match c {
            '"' | '\'' => return self.string(c),
            '[' | '{' => {
                self.frames.push(Frame { is_array: c == '[', ..Frame::default() });
                self.is_value = c == '[';
                self.at += 1;
            }
            ']' | '}' => {
                // Whatever was open inside is over as well.
                let wanted = c == ']';
                if let Some(at) = self.frames.iter().rposition(|frame| frame.is_array == wanted)
                    && (at > 0 || assign == ':')
                {
                    self.frames.truncate(at);
                }
                self.is_value = true;
                self.at += 1;
            }
            ',' => {
                self.is_value = self.frames.last().is_some_and(|frame| frame.is_array);
                if let Some(frame) = self.frames.last_mut() {
                    frame.key = None;
                }
                self.at += 1;
            }
            c if c == assign => {
                self.is_value = true;
                self.at += 1;
            }
            '.' if !self.is_value => self.at += 1,
            _ => {
                let length =
                    self.run(|c| is_bare(c) || self.is_value && matches!(c, '.' | '+' | ':')).max(c.len_utf8());
                let span = Span::new(self.at as u32, (self.at + length) as u32);
                if self.at <= self.offset && self.offset <= self.at + length && is_bare(c) {
                    return Some(Some(self.here(span, None)));
                }
                self.take_key(span);
                self.at += length;
            }
        }
        None
    }

    /// What was read as a key is the key from here on.
    fn take_key(&mut self, span: Span) {
        if self.is_value {
            return;
        }
        let key = span.of(self.text).to_owned();
        if let Some(frame) = self.frames.last_mut().filter(|frame| !frame.is_array) {
            frame.given.push(key.clone());
            frame.key = Some(key);
        }
    }

    fn string(&mut self, quote: char) -> Option<Option<Typing>> {
        let long: String = std::iter::repeat_n(quote, 3).collect();
        let is_long = self.rest().starts_with(&long);
        let start = self.at + if is_long { 3 } else { 1 };
        let mut end = start;
        let mut closed = false;
        while let Some(c) = self.text.get(end..).and_then(|rest| rest.chars().next()) {
            if is_long && self.text[end..].starts_with(&long) || !is_long && c == quote {
                closed = true;
                break;
            }
            // A string of one line that is not closed ends with it.
            if c == '\n' && !is_long {
                break;
            }
            end += c.len_utf8();
            if c == '\\' && quote == '"' {
                end += self
                    .text
                    .get(end..)
                    .and_then(|rest| rest.chars().next())
                    .filter(|&c| c != '\n')
                    .map_or(0, char::len_utf8);
            }
        }
        let span = Span::new(start as u32, end as u32);
        if start <= self.offset && self.offset <= end {
            // What follows an open quote in its line is not yet part of the string, or it is all there is.
            let span = if closed { span } else { Span::new(span.start, self.offset.max(start) as u32) };
            return Some((!is_long).then(|| self.here(span, Some(quote))));
        }
        self.take_key(span);
        self.at = if closed { end + if is_long { 3 } else { 1 } } else { end };
        None
    }

    fn nothing(&self) -> Typing {
        Typing {
            slot: Slot::Value,
            path: Vec::new(),
            given: Vec::new(),
            replace: Span::at(self.offset as u32),
            quote: None,
            starts_line: false,
            has_value: true,
        }
    }

    /// The state as it is, with what is to be replaced.
    fn here(&self, replace: Span, quote: Option<char>) -> Typing {
        let top = self.frames.last();
        let is_array = top.is_some_and(|frame| frame.is_array);
        let is_value = self.is_value || is_array;
        let last = self.frames.len().saturating_sub(1);
        let mut path = self.header.clone();
        for (at, frame) in self.frames.iter().enumerate() {
            // The key that stands last is being written unless its value is.
            if at < last || is_value {
                path.extend(frame.key.clone());
            }
        }
        let mut given = top.map(|frame| frame.given.clone()).unwrap_or_default();
        let end = (replace.end as usize + usize::from(quote.is_some())).min(self.text.len());
        let behind = self.text.get(end..).unwrap_or("").trim_start_matches([' ', '\t']);
        if self.frames.len() == 1 && !is_value {
            given.extend(keys_below(self.text, replace.end as usize));
        }
        let line_start = self.text[..replace.start as usize].rfind('\n').map_or(0, |at| at + 1);
        Typing {
            slot: if is_value { Slot::Value } else { Slot::Key },
            path,
            given,
            replace,
            quote,
            starts_line: self.text[line_start..replace.start as usize].trim().is_empty(),
            has_value: behind.starts_with(['=', ':']),
        }
    }
}

/// Keys at the starts of the lines below, up to the next header.
fn keys_below(text: &str, from: usize) -> Vec<String> {
    let rest = text.get(from..).unwrap_or("");
    let lines = rest.split('\n').skip(1).map(str::trim_start).take_while(|line| !line.starts_with('['));
    lines
        .filter_map(|line| {
            let behind = line.trim_start_matches(is_bare);
            let key = &line[..line.len() - behind.len()];
            (!key.is_empty() && behind.trim_start().starts_with('=')).then(|| key.to_owned())
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A text with `|` where the cursor is.
    fn at(marked: &str, language: Language) -> Option<Typing> {
        let offset = marked.find('|').unwrap();
        typing(&marked.replacen('|', "", 1), language, offset as u32)
    }

    fn said(marked: &str, language: Language) -> String {
        let Some(typing) = at(marked, language) else { return "nothing".to_owned() };
        let text = marked.replacen('|', "", 1);
        let quote = typing.quote.map_or(String::new(), |quote| format!(" in {quote}"));
        format!("{:?} {} {:?}{quote}", typing.slot, typing.path.join("."), typing.replace.of(&text))
    }

    fn toml(marked: &str) -> String {
        said(marked, Language::Toml)
    }

    #[test]
    fn headers_keys_and_values_are_told_apart() {
        assert_eq!(toml("[[us|"), "Header { list: true }  \"us\"");
        assert_eq!(toml("[im|]"), "Header { list: false }  \"im\"");
        assert_eq!(toml("[[user]]\nna|"), "Key user \"na\"");
        assert_eq!(toml("[[user]]\nname = \"we|b\"\n"), "Value user.name \"web\" in \"");
        assert_eq!(toml("[[user]]\nname = \"we|\nuid = 3"), "Value user.name \"we\" in \"");
        assert_eq!(toml("[[user]]\nsystem = tr|"), "Value user.system \"tr\"");
        assert_eq!(toml("[[user]]\nsystem = |\nuid = 3"), "Value user.system \"\"");
        assert_eq!(toml("[[user]]\n|\nuid = 3"), "Key user \"\"");
        assert_eq!(toml("# a com|ment"), "nothing");
        assert_eq!(toml("[[user]]\ngroups = [\"a\", \"b|\"]"), "Value user.groups \"b\" in \"");
        assert_eq!(toml("[[run]]\nrequires = [{ pa| }]"), "Key run.requires \"pa\"");
        assert_eq!(toml("[[run]]\nrequires = [{ path = \"/x\", mode = \"|\" }]"), "Value run.requires.mode \"\" in \"");
        assert_eq!(toml("include = [\n  \"a\",\n  \"|\"\n]"), "Value include \"\" in \"");
    }

    #[test]
    fn what_was_left_open_ends_at_the_next_key() {
        assert_eq!(toml("[[user]]\ngroups = [\"a\nname = \"|\""), "Value user.name \"\" in \"");
        assert_eq!(toml("[[user]]\ngroups = [\n[[group]]\nna|"), "Key group \"na\"");
    }

    #[test]
    fn json_is_the_same() {
        let json = |marked| said(marked, Language::Json);
        assert_eq!(json("{ \"install\": [ { \"dst\": \"/e|\" } ] }"), "Value install.dst \"/e\" in \"");
        assert_eq!(json("{ \"install\": [ { \"d|\" } ] }"), "Key install \"d\" in \"");
        assert_eq!(json("{ \"install\": [ { | } ] }"), "Key install \"\"");
        assert_eq!(json("{ \"user\": [ { \"system\": t| } ] }"), "Value user.system \"t\"");
    }

    #[test]
    fn keys_before_and_after_are_given() {
        let typing = at("[[user]]\nname = \"a\"\n|\nuid = 3\n[[group]]\ngid = 3", Language::Toml).unwrap();
        assert_eq!(typing.given, ["name", "uid"]);
    }

    #[test]
    fn any_bytes_have_an_answer() {
        let text = "[[a]]\nb = [{ c = \"\"\"x\n\"y\" }, 'z\\\n\"é\\\"\n]\n[ü\n# é\nk.l = 1.5\n}}]],=\"";
        for language in [Language::Toml, Language::Json] {
            for end in 0..=text.len() {
                let part = &text[..boundary(text, end)];
                for offset in 0..=part.len() as u32 + 2 {
                    if let Some(typing) = typing(part, language, offset) {
                        assert!(part.get(typing.replace.range()).is_some(), "{part:?} {offset} {typing:?}");
                    }
                }
            }
        }
    }
}
