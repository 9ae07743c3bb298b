//! Known findings: a file that lists them, and which findings of a run are on the list. Code, entity and file tell them apart, never the
//! line, so that an edit above makes none of them new.

use std::collections::BTreeMap;
use std::io::{self, BufWriter, Write};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::diagnostic::Diagnostic;

/// What a finding is known by.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Known {
    /// Where it stands, as the list names files.
    pub file: String,
    /// The name of its code.
    pub code: String,
    /// The entity it is about, where there is one.
    pub entity: Option<String>,
}

impl Known {
    fn of(diagnostic: &Diagnostic, file: String) -> Self {
        Self { file, code: diagnostic.code.name().to_owned(), entity: diagnostic.entity.clone() }
    }
}

/// The list, each with how many findings of its sort are known.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Baseline {
    known: BTreeMap<Known, u32>,
}

/// What a list says of a run.
#[derive(Debug, Default)]
pub struct Compared {
    /// How many findings are on the list.
    pub known: usize,
    /// What is on the list more often than it is found.
    pub stale: Vec<(Known, u32)>,
}

/// Version of the format that is written.
const FORMAT_VERSION: &str = "1.0";

/// What `featgraph check --write-baseline` writes.
#[derive(Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "Baseline")]
struct File {
    /// Version of this format. The same major version only gains keys.
    #[schemars(regex(pattern = r"^1\.[0-9]+$"))]
    format_version: String,
    /// By file, code and entity.
    findings: Vec<Entry>,
}

/// Findings that agree in file, code and entity.
#[derive(Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "KnownFinding")]
struct Entry {
    /// Relative to the folder of this file, with `/`.
    file: String,
    /// Which kind of finding.
    #[schemars(regex(pattern = "^[a-z]+(-[a-z]+)*$"))]
    code: String,
    /// Canonical key of the entity it is about; absent where there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    entity: Option<String>,
    /// How many of them are known.
    #[serde(default = "one")]
    #[schemars(range(min = 1))]
    count: u32,
}

fn one() -> u32 {
    1
}

impl Baseline {
    /// The list that has every finding of a run. `name` says how it names a file.
    pub fn of(diagnostics: &[Diagnostic], name: impl Fn(&str) -> String) -> Self {
        let mut known: BTreeMap<Known, u32> = BTreeMap::new();
        for diagnostic in diagnostics {
            let count = known.entry(Known::of(diagnostic, name(&diagnostic.location.source.name))).or_default();
            *count = count.saturating_add(1);
        }
        Self { known }
    }

    /// Reads a file, or says what is wrong with it.
    pub fn parse(text: &str) -> Result<Self, String> {
        let file: File = serde_json::from_str(text).map_err(|error| error.to_string())?;
        if file.format_version.split('.').next() != FORMAT_VERSION.split('.').next() {
            let version = file.format_version;
            return Err(format!("its format_version is \"{version}\", and this featgraph knows \"{FORMAT_VERSION}\""));
        }
        let mut known: BTreeMap<Known, u32> = BTreeMap::new();
        for Entry { file, code, entity, count } in file.findings {
            let sum = known.entry(Known { file, code, entity }).or_default();
            *sum = sum.saturating_add(count);
        }
        Ok(Self { known })
    }

    /// Writes the file: the same list, the same bytes.
    pub fn write(&self, out: &mut dyn Write) -> io::Result<()> {
        let entry = |(known, &count): (&Known, &u32)| {
            let Known { file, code, entity } = known.clone();
            Entry { file, code, entity, count }
        };
        let file = File { format_version: FORMAT_VERSION.to_owned(), findings: self.known.iter().map(entry).collect() };
        let mut out = BufWriter::new(out);
        serde_json::to_writer_pretty(&mut out, &file)?;
        out.write_all(b"\n")?;
        out.flush()
    }

    /// Takes out of a run what is known. Where more is found than is known, the first ones are taken for the known ones.
    pub fn pass_over(&self, diagnostics: &mut Vec<Diagnostic>, name: impl Fn(&str) -> String) -> Compared {
        let mut left = self.known.clone();
        let before = diagnostics.len();
        diagnostics.retain(|diagnostic| {
            match left.get_mut(&Known::of(diagnostic, name(&diagnostic.location.source.name))) {
                Some(count) if *count > 0 => {
                    *count -= 1;
                    false
                }
                _ => true,
            }
        });
        let stale = left.into_iter().filter(|&(_, count)| count > 0);
        Compared { known: before - diagnostics.len(), stale: stale.collect() }
    }
}

/// The schema of the file, from the types above.
pub fn schema() -> schemars::Schema {
    schemars::schema_for!(File)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::Code;
    use crate::text::{Location, Source, Span};

    fn found(code: Code, entity: Option<&str>, file: &str) -> Diagnostic {
        let location = Location { source: Source::new(file, ""), span: Span::default() };
        Diagnostic { entity: entity.map(str::to_owned), ..Diagnostic::new(code, location, String::new()) }
    }

    fn written(baseline: &Baseline) -> String {
        let mut out = Vec::new();
        baseline.write(&mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn what_is_written_reads_as_the_same_list_whatever_the_order_of_findings() {
        let mut diagnostics = vec![
            found(Code::Missing, Some("user:b"), "b.image.toml"),
            found(Code::Missing, Some("user:a"), "a.image.toml"),
            found(Code::Syntax, None, "a.image.toml"),
            found(Code::Syntax, None, "a.image.toml"),
        ];
        let list = Baseline::of(&diagnostics, str::to_owned);
        let text = written(&list);
        assert_eq!(Baseline::parse(&text).unwrap(), list);
        diagnostics.reverse();
        assert_eq!(written(&Baseline::of(&diagnostics, str::to_owned)), text);
        insta::assert_snapshot!(text, @r#"
        {
          "format_version": "1.0",
          "findings": [
            {
              "file": "a.image.toml",
              "code": "missing",
              "entity": "user:a",
              "count": 1
            },
            {
              "file": "a.image.toml",
              "code": "syntax",
              "count": 2
            },
            {
              "file": "b.image.toml",
              "code": "missing",
              "entity": "user:b",
              "count": 1
            }
          ]
        }
        "#);
    }

    #[test]
    fn only_as_many_as_are_known_are_passed_over_and_what_is_gone_is_stale() {
        let syntax = || found(Code::Syntax, None, "a.image.toml");
        let list =
            Baseline::of(&[syntax(), syntax(), found(Code::Missing, Some("user:a"), "a.image.toml")], str::to_owned);
        let mut more = vec![syntax(), syntax(), syntax(), found(Code::Missing, Some("user:b"), "a.image.toml")];
        let compared = list.pass_over(&mut more, str::to_owned);
        assert_eq!(more.iter().map(|found| found.code).collect::<Vec<_>>(), [Code::Syntax, Code::Missing]);
        assert_eq!(compared.known, 2);
        let [(stale, 1)] = &compared.stale[..] else { panic!("{compared:?}") };
        assert_eq!(stale.entity.as_deref(), Some("user:a"));
    }

    #[test]
    fn another_version_is_refused_and_new_keys_are_not() {
        assert!(
            Baseline::parse(r#"{"format_version": "2.0", "findings": []}"#).unwrap_err().contains("format_version")
        );
        assert!(Baseline::parse("[]").is_err());
        let newer = r#"{"format_version": "1.7", "tool": 1, "findings": [{"file": "a", "code": "b", "by": 1}]}"#;
        assert_eq!(Baseline::parse(newer).unwrap().known.values().copied().collect::<Vec<_>>(), [1]);
    }
}
