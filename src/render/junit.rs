//! JUnit XML, which every build server shows: a suite for each file, a case for each finding, and for a file without one a case that passes.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{self, BufWriter, Write};

use rustc_hash::FxHashMap;

use super::{Run, escaped, words};
use crate::catalog::Severity;
use crate::diagnostic::Diagnostic;

/// The suite of what could not be done.
const RUN: &str = "featgraph";

/// The case of a file in which nothing was found.
const CLEAN: &str = "no findings";

/// Cases by what became of them.
#[derive(Clone, Copy, Default)]
struct Counts {
    tests: usize,
    failures: usize,
    errors: usize,
    skipped: usize,
}

impl Counts {
    /// Of a file with these findings.
    fn of(found: &[&Diagnostic]) -> Self {
        let failures = found.iter().filter(|found| found.severity == Severity::Error).count();
        Self { tests: found.len().max(1), failures, errors: 0, skipped: found.len() - failures }
    }

    fn add(&mut self, other: Self) {
        self.tests += other.tests;
        self.failures += other.failures;
        self.errors += other.errors;
        self.skipped += other.skipped;
    }

    fn attributes(self) -> String {
        let Self { tests, failures, errors, skipped } = self;
        format!("tests=\"{tests}\" failures=\"{failures}\" errors=\"{errors}\" skipped=\"{skipped}\"")
    }
}

pub(super) fn write(run: &Run<'_>, out: &mut dyn Write) -> io::Result<()> {
    let mut files: BTreeMap<&str, Vec<&Diagnostic>> = run.files.iter().map(|file| (file.as_str(), vec![])).collect();
    for diagnostic in run.diagnostics {
        files.entry(&diagnostic.location.source.name).or_default().push(diagnostic);
    }
    let failed = Counts { tests: run.failures.len(), errors: run.failures.len(), ..Counts::default() };
    let mut all = failed;
    files.values().for_each(|found| all.add(Counts::of(found)));

    let mut out = BufWriter::new(out);
    writeln!(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>")?;
    writeln!(out, "<testsuites name=\"{RUN}\" {}>", all.attributes())?;
    if !run.failures.is_empty() {
        writeln!(out, "  <testsuite name=\"{RUN}\" {}>", failed.attributes())?;
        for failure in run.failures {
            let failure = xml(failure);
            writeln!(out, "    <testcase classname=\"{RUN}\" name=\"{failure}\">")?;
            writeln!(out, "      <error message=\"{failure}\"/>\n    </testcase>")?;
        }
        writeln!(out, "  </testsuite>")?;
    }
    for (file, found) in &files {
        suite(file, found, &mut out)?;
    }
    writeln!(out, "</testsuites>")?;
    out.flush()
}

/// One file. Names of its cases tell them apart and have no line in them, because servers compare runs by name.
fn suite(file: &str, found: &[&Diagnostic], out: &mut dyn Write) -> io::Result<()> {
    let name = xml(file);
    writeln!(out, "  <testsuite name=\"{name}\" {}>", Counts::of(found).attributes())?;
    if found.is_empty() {
        writeln!(out, "    <testcase classname=\"{name}\" name=\"{CLEAN}\" file=\"{name}\"/>")?;
    }
    let mut names: FxHashMap<String, u32> = FxHashMap::default();
    for diagnostic in found {
        let mut case = diagnostic.code.name().to_owned();
        if let Some(entity) = &diagnostic.entity {
            case = format!("{case} {entity}");
        }
        let ordinal = names.entry(case.clone()).or_default();
        *ordinal += 1;
        if *ordinal > 1 {
            // Writing to a string cannot fail.
            let _ = write!(case, " ({ordinal})");
        }
        let line = diagnostic.location.start().line;
        let case = xml(&case);
        writeln!(out, "    <testcase classname=\"{name}\" name=\"{case}\" file=\"{name}\" line=\"{line}\">")?;
        outcome(diagnostic, out)?;
        writeln!(out, "    </testcase>")?;
    }
    writeln!(out, "  </testsuite>")
}

/// An error fails. A warning or info does not, and must not pass unseen either: it is shown as skipped, with its message.
fn outcome(diagnostic: &Diagnostic, out: &mut dyn Write) -> io::Result<()> {
    let (severity, code) = (diagnostic.severity.name(), diagnostic.code.name());
    let message = xml(&diagnostic.message);
    if diagnostic.severity != Severity::Error {
        return writeln!(out, "      <skipped message=\"{severity}: {message}\"/>");
    }
    let place = diagnostic.location.to_text();
    let text = words::lines(diagnostic).join("\n");
    let text: Vec<Cow<'_, str>> = text.lines().map(xml).collect();
    let text = text.join("\n");
    writeln!(
        out,
        "      <failure type=\"{code}\" message=\"{message}\">{}: {severity}[{code}]: {text}</failure>",
        xml(&place)
    )
}

/// A text as content or attribute. Control characters, which XML cannot hold, are told as on a terminal; so are the
/// two code points that are no characters.
fn xml(text: &str) -> Cow<'_, str> {
    let text = escaped(text);
    if !text.contains(['&', '<', '>', '"', '\'', '\u{fffe}', '\u{ffff}']) {
        return text;
    }
    let mut out = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&apos;"),
            '\u{fffe}' => out.push_str("\\u{fffe}"),
            '\u{ffff}' => out.push_str("\\u{ffff}"),
            c => out.push(c),
        }
    }
    Cow::Owned(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::Code;
    use crate::render::Summary;
    use crate::render::tests::found;

    fn told(run: &Run<'_>) -> String {
        let mut out = Vec::new();
        write(run, &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn nothing_in_a_name_or_message_breaks_the_document() {
        let mut odd = found(Code::Missing, Some("path:/a\"<b>&\u{7}"), "a'<.image.toml", "abc", 0..1);
        odd.message = String::from("\u{0}\u{b}\u{fffe}\u{ffff}]]> \u{1f600}\n\"quoted\"");
        let xml = told(&Run::of(&[odd], Summary::default()));
        assert!(xml.contains(r#"name="missing path:/a&quot;&lt;b&gt;&amp;\u{7}""#), "{xml}");
        assert!(xml.contains(r#"classname="a&apos;&lt;.image.toml""#), "{xml}");
        assert!(
            xml.contains("message=\"\\u{0}\\u{b}\\u{fffe}\\u{ffff}]]&gt; \u{1f600}\\n&quot;quoted&quot;\""),
            "{xml}"
        );
        assert!(xml.chars().all(|c| c == '\n' || !c.is_control()), "{xml}");
    }

    #[test]
    fn a_clean_file_passes_and_what_could_not_be_done_is_an_error() {
        let files = [String::from("a.image.toml"), String::from("b.image.toml")];
        let failures = [String::from("`c` cannot be read")];
        let warning = found(Code::Setuid, Some("path:/x"), "b.image.toml", "abc", 0..1);
        let diagnostics = [warning.clone(), warning];
        let xml = told(&Run { files: &files, failures: &failures, ..Run::of(&diagnostics, Summary::default()) });
        insta::assert_snapshot!(xml, @r#"
        <?xml version="1.0" encoding="UTF-8"?>
        <testsuites name="featgraph" tests="4" failures="0" errors="1" skipped="2">
          <testsuite name="featgraph" tests="1" failures="0" errors="1" skipped="0">
            <testcase classname="featgraph" name="`c` cannot be read">
              <error message="`c` cannot be read"/>
            </testcase>
          </testsuite>
          <testsuite name="a.image.toml" tests="1" failures="0" errors="0" skipped="0">
            <testcase classname="a.image.toml" name="no findings" file="a.image.toml"/>
          </testsuite>
          <testsuite name="b.image.toml" tests="2" failures="0" errors="0" skipped="2">
            <testcase classname="b.image.toml" name="setuid path:/x" file="b.image.toml" line="1">
              <skipped message="warning: something is setuid"/>
            </testcase>
            <testcase classname="b.image.toml" name="setuid path:/x (2)" file="b.image.toml" line="1">
              <skipped message="warning: something is setuid"/>
            </testcase>
          </testsuite>
        </testsuites>
        "#);
    }
}
