//! How many findings there are of each code, the most frequent first: a look at a large tree before it is gone through.

use std::io::{self, Write};

use rustc_hash::FxHashMap;
use serde::Serialize;

use super::{Format, Run, json, words};
use crate::catalog::{Code, Severity};

/// The formats in which numbers can be told.
pub const FORMATS: [Format; 3] = [Format::Full, Format::Concise, Format::Json];

/// Version of the JSON.
const FORMAT_VERSION: &str = "1.0";

#[derive(Serialize)]
struct Report {
    format_version: &'static str,
    summary: json::Counts,
    statistics: Vec<Row>,
}

#[derive(Serialize)]
struct Row {
    code: &'static str,
    severity: Severity,
    count: usize,
    #[serde(skip)]
    summary: &'static str,
}

fn rows(run: &Run<'_>) -> Vec<Row> {
    let mut counts: FxHashMap<(Code, Severity), usize> = FxHashMap::default();
    for diagnostic in run.diagnostics {
        *counts.entry((diagnostic.code, diagnostic.severity)).or_default() += 1;
    }
    let row = |((code, severity), count): ((Code, Severity), usize)| Row {
        code: code.name(),
        severity,
        count,
        summary: code.summary(),
    };
    let mut rows: Vec<Row> = counts.into_iter().map(row).collect();
    rows.sort_unstable_by_key(|row| (std::cmp::Reverse(row.count), row.code, row.severity));
    rows
}

/// Writes them in one of [`FORMATS`].
pub fn write_statistics(format: Format, run: &Run<'_>, out: &mut dyn Write) -> io::Result<()> {
    let rows = rows(run);
    if format == Format::Json {
        let report =
            Report { format_version: FORMAT_VERSION, summary: json::Counts::from(&run.summary), statistics: rows };
        serde_json::to_writer_pretty(&mut *out, &report)?;
        return writeln!(out);
    }
    let digits = rows.first().map_or(0, |row| row.count.to_string().len());
    let width = rows.iter().map(|row| row.code.len()).max().unwrap_or(0);
    for Row { code, severity, count, summary } in &rows {
        let severity = severity.name();
        match format {
            Format::Full => writeln!(out, "{count:digits$}  {severity:7}  {code:width$}  {summary}")?,
            _ => writeln!(out, "{count} {severity}[{code}]")?,
        }
    }
    if format == Format::Full {
        if !rows.is_empty() {
            writeln!(out)?;
        }
        writeln!(out, "{}", words::plain_totals(&run.summary))?;
    }
    Ok(())
}
