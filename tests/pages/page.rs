//! The format of a page: examples in fenced blocks, with the findings they promise.

use std::ops::Range;

/// A finding that a page promises, or that a run reported.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Finding {
    pub file: String,
    pub line: usize,
    /// Compared only where the page gives it.
    pub column: Option<usize>,
    pub severity: String,
    pub code: String,
    /// Compared only where the page gives it.
    pub entity: Option<String>,
}

impl Finding {
    /// Whether a reported finding is the one that the page promises.
    pub fn is_met_by(&self, reported: &Finding) -> bool {
        self.file == reported.file
            && self.line == reported.line
            && self.severity == reported.severity
            && self.code == reported.code
            && (self.column.is_none() || self.column == reported.column)
            && (self.entity.is_none() || self.entity == reported.entity)
    }
}

impl std::fmt::Display for Finding {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}", self.file, self.line)?;
        if let Some(column) = self.column {
            write!(f, ":{column}")?;
        }
        write!(f, " {} {}", self.severity, self.code)?;
        match &self.entity {
            Some(entity) => write!(f, " {entity}"),
            None => Ok(()),
        }
    }
}

/// What a block's text becomes on disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// The text itself.
    Text,
    /// The text, executable by its owner (word `executable`).
    Executable,
    /// An archive with the listed entries (`archive=NAME` in place of `file=NAME`), one a line: `d 0755 root:root opt/`,
    /// `f 0644 1001:1001 opt/notes`, `l opt/current -> notes`. Owners are names (with the number of root beside them) or
    /// numbers (without a name); a file's contents are its path.
    Archive,
}

/// A file of an example.
#[derive(Clone, Debug)]
pub struct File {
    pub name: String,
    pub text: String,
    pub form: Form,
    /// The line of the page at which the block opens.
    pub line: usize,
    pub findings: Vec<Finding>,
}

/// The example with some of its files replaced; nothing may be found in it but what these are marked with.
#[derive(Debug)]
pub struct Variant {
    /// `fixed` or `silenced`.
    pub word: String,
    pub files: Vec<File>,
}

/// What the page says `check --format full` prints.
#[derive(Debug)]
pub struct Rendered {
    pub line: usize,
    /// The bytes of the page between the fences.
    pub range: Range<usize>,
}

/// Files that are checked together.
#[derive(Debug, Default)]
pub struct Example {
    pub files: Vec<File>,
    pub variants: Vec<Variant>,
    pub rendered: Option<Rendered>,
}

/// A part of a plan that the page shows (word `plan`): a step, or an entry of `expects`.
#[derive(Debug)]
pub struct Excerpt {
    pub line: usize,
    pub text: String,
}

/// A page: its headings and its examples.
#[derive(Debug, Default)]
pub struct Page {
    /// Without the `#`s; the level is the number of them.
    pub headings: Vec<(usize, String)>,
    pub examples: Vec<Example>,
    pub excerpts: Vec<Excerpt>,
    /// What is wrong with the page itself.
    pub errors: Vec<String>,
}

/// How blocks are put together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Grouping {
    /// The whole page is one example.
    Page,
    /// Every section is an example of its own; a name given again starts another.
    Section,
}

/// Reads a page.
pub fn parse(text: &str, grouping: Grouping) -> Page {
    let mut page = Page::default();
    let mut open: Option<Block> = None;
    let mut current = Example::default();
    let mut offset = 0;
    for (index, whole) in text.split_inclusive('\n').enumerate() {
        let line = whole.trim_end_matches(['\n', '\r']);
        let start = offset;
        offset += whole.len();
        if let Some(block) = &open {
            if line.trim_end() == block.fence {
                let range = block.start..start;
                let block = open.take();
                if let Some(block) = block {
                    add(&mut page, &mut current, grouping, &block, range, text);
                }
            }
            continue;
        }
        let ticks = line.len() - line.trim_start_matches('`').len();
        if ticks >= 3 {
            open = Some(Block {
                fence: line[..ticks].to_owned(),
                words: words(&line[ticks..]),
                line: index + 1,
                start: offset,
            });
        } else if line.starts_with('#') {
            let title = line.trim_start_matches('#');
            page.headings.push((line.len() - title.len(), title.trim().to_owned()));
            if grouping == Grouping::Section {
                finish(&mut page, &mut current);
            }
        }
    }
    if let Some(block) = open {
        page.errors.push(format!("line {}: the block is never closed", block.line));
    }
    finish(&mut page, &mut current);
    page
}

/// An opened fence.
struct Block {
    fence: String,
    words: Vec<(String, Option<String>)>,
    line: usize,
    start: usize,
}

impl Block {
    fn has(&self, word: &str) -> bool {
        self.words.iter().any(|(key, value)| key == word && value.is_none())
    }

    fn get(&self, key: &str) -> Option<&str> {
        self.words.iter().find(|(k, _)| k == key).and_then(|(_, value)| value.as_deref())
    }
}

fn finish(page: &mut Page, current: &mut Example) {
    if !current.files.is_empty() {
        page.examples.push(std::mem::take(current));
    } else if current.rendered.is_some() || !current.variants.is_empty() {
        page.errors.push("a rendering or a corrected file without an example".to_owned());
        *current = Example::default();
    }
}

fn add(page: &mut Page, current: &mut Example, grouping: Grouping, block: &Block, range: Range<usize>, text: &str) {
    let body = &text[range.clone()];
    if block.has("rendered") {
        let rendered = Rendered { line: block.line, range };
        if current.rendered.replace(rendered).is_some() {
            page.errors.push(format!("line {}: a second rendering of one example", block.line));
        }
        return;
    }
    if block.has("plan") {
        page.excerpts.push(Excerpt { line: block.line, text: body.to_owned() });
        return;
    }
    let (name, form) = match (block.get("file"), block.get("archive")) {
        (Some(name), _) if block.has("executable") => (name, Form::Executable),
        (Some(name), _) => (name, Form::Text),
        (None, Some(name)) => (name, Form::Archive),
        (None, None) => return, // only to be read
    };
    let mut findings = marked(name, body);
    if let Some(expect) = block.get("expect") {
        for one in expect.split(',') {
            match expected(name, one) {
                Some(finding) => findings.push(finding),
                None => page
                    .errors
                    .push(format!("line {}: expect=\"{one}\" is not LINE[:COLUMN] SEVERITY CODE [ENTITY]", block.line)),
            }
        }
    }
    let file = File { name: name.to_owned(), text: body.to_owned(), form, line: block.line, findings };
    for word in ["fixed", "silenced"] {
        if block.has(word) {
            // A name given again, or the other word, starts another way out.
            match current.variants.last_mut() {
                Some(last) if last.word == word && last.files.iter().all(|f| f.name != file.name) => {
                    last.files.push(file)
                }
                _ => current.variants.push(Variant { word: word.to_owned(), files: vec![file] }),
            }
            return;
        }
    }
    if current.files.iter().any(|f| f.name == file.name) {
        match grouping {
            Grouping::Page => page.errors.push(format!("line {}: {name} is given twice", block.line)),
            Grouping::Section => finish(page, current),
        }
    }
    current.files.push(file);
}

/// `toml file=a.image.toml expect="3:1 error syntax"` as words and their values.
fn words(info: &str) -> Vec<(String, Option<String>)> {
    let mut found = Vec::new();
    let mut rest = info.trim();
    while !rest.is_empty() {
        let end = rest.find(|c: char| c.is_whitespace() || c == '=').unwrap_or(rest.len());
        let key = rest[..end].to_owned();
        rest = &rest[end..];
        let mut value = None;
        if let Some(after) = rest.strip_prefix('=') {
            let (text, left) = match after.strip_prefix('"') {
                Some(quoted) => quoted.split_once('"').unwrap_or((quoted, "")),
                None => after.split_at(after.find(char::is_whitespace).unwrap_or(after.len())),
            };
            value = Some(text.to_owned());
            rest = left;
        }
        found.push((key, value));
        rest = rest.trim_start();
    }
    found
}

/// Findings marked at the ends of lines: `user = "web"  # error: missing user:web`.
pub fn marked(file: &str, text: &str) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (index, line) in text.lines().enumerate() {
        for comment in line.split("# ").skip(1) {
            let Some((severity, rest)) = comment.split_once(": ") else {
                continue;
            };
            if !matches!(severity, "error" | "warning" | "info") {
                continue;
            }
            let (code, entity) = code_and_entity(rest);
            findings.push(Finding {
                file: file.to_owned(),
                line: index + 1,
                column: None,
                severity: severity.to_owned(),
                code,
                entity,
            });
        }
    }
    findings
}

/// `3:1 error syntax`, where a comment cannot stand.
fn expected(file: &str, text: &str) -> Option<Finding> {
    let (place, rest) = text.trim().split_once(' ')?;
    let (severity, rest) = rest.split_once(' ')?;
    let (line, column) = match place.split_once(':') {
        Some((line, column)) => (line, Some(column.parse().ok()?)),
        None => (place, None),
    };
    let (code, entity) = code_and_entity(rest);
    Some(Finding {
        file: file.to_owned(),
        line: line.parse().ok()?,
        column,
        severity: severity.to_owned(),
        code,
        entity,
    })
}

fn code_and_entity(text: &str) -> (String, Option<String>) {
    match text.trim().split_once(' ') {
        Some((code, entity)) => (code.to_owned(), Some(entity.trim().to_owned())),
        None => (text.trim().to_owned(), None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &str = "# missing\n\n## Example\n```toml file=web.image.toml\nuser = \"web\"  # error: missing user:web # warning: setuid\n```\n\
        ```json file=a.image.json expect=\"3:1 error syntax, 4 info unproven path:/etc\"\n{\n```\n```text rendered\nold\n```\n\
        ## How to fix\n```toml file=web.image.toml fixed\nok = 1\n```\n```toml file=web.image.toml fixed\nok = 2\n```\n\
        ```toml\nonly to be read\n```\n";

    fn findings(example: &Example) -> Vec<String> {
        example.files.iter().flat_map(|f| &f.findings).map(ToString::to_string).collect()
    }

    #[test]
    fn a_page_is_one_example_with_its_ways_out() {
        let page = parse(PAGE, Grouping::Page);
        assert_eq!(page.errors, Vec::<String>::new());
        assert_eq!(page.headings[0], (1, "missing".to_owned()));
        assert_eq!(page.examples.len(), 1);
        let example = &page.examples[0];
        assert_eq!(
            findings(example),
            [
                "web.image.toml:1 error missing user:web",
                "web.image.toml:1 warning setuid",
                "a.image.json:3:1 error syntax",
                "a.image.json:4 info unproven path:/etc",
            ]
        );
        let rendered = example.rendered.as_ref().map(|r| &PAGE[r.range.clone()]);
        assert_eq!(rendered, Some("old\n"));
        let fixes: Vec<&str> = example.variants.iter().map(|v| v.files[0].text.as_str()).collect();
        assert_eq!(fixes, ["ok = 1\n", "ok = 2\n"]);
    }

    #[test]
    fn sections_are_examples_of_their_own() {
        let text = "## A\n```toml file=a.image.toml\n1\n```\n```toml file=a.image.toml\n2\n```\n## B\n```text archive=b.tar\nd 0755 root:root x/\n```\n";
        let page = parse(text, Grouping::Section);
        assert_eq!(page.errors, Vec::<String>::new());
        let texts: Vec<&str> = page.examples.iter().map(|e| e.files[0].text.as_str()).collect();
        assert_eq!(texts, ["1\n", "2\n", "d 0755 root:root x/\n"]);
        assert_eq!(page.examples[2].files[0].form, Form::Archive);
        assert_eq!(parse(text, Grouping::Page).errors, ["line 5: a.image.toml is given twice"]);
    }

    #[test]
    fn a_broken_page_says_so() {
        assert_eq!(parse("```toml file=a\n", Grouping::Page).errors, ["line 1: the block is never closed"]);
        let page = parse("```toml file=a expect=\"x\"\n```\n", Grouping::Page);
        assert_eq!(page.errors, ["line 1: expect=\"x\" is not LINE[:COLUMN] SEVERITY CODE [ENTITY]"]);
    }
}
