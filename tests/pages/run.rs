//! Runs an example through the binary and compares what it reports with what the page promises.

use crate::page::{Example, File, Finding, Form};
use serde_json::Value;
use std::io::{self, Write};
use std::path::Path;
use std::process::{Command, Output};

/// Checks an example and its ways out. Gives what is wrong, each with the line of the page, and the rendering where
/// the findings are the promised ones.
pub fn example(example: &Example) -> (Vec<String>, Option<String>) {
    let mut failures = Vec::new();
    let first = example.files.first().map_or(0, |file| file.line);
    let files: Vec<&File> = example.files.iter().collect();
    let rendered = match check(&files, &promises(&files)) {
        Ok(Report { failures: found, rendered }) => {
            let agrees = found.is_empty();
            failures.extend(found.into_iter().map(|failure| format!("line {first}: {failure}")));
            agrees.then_some(rendered)
        }
        Err(error) => {
            failures.push(format!("line {first}: {error}"));
            None
        }
    };
    for variant in &example.variants {
        let mut files: Vec<&File> =
            example.files.iter().filter(|old| variant.files.iter().all(|new| new.name != old.name)).collect();
        // What the other files are marked with is what this way out is to remove.
        let own: Vec<&File> = variant.files.iter().collect();
        files.extend(&own);
        let line = variant.files.first().map_or(0, |file| file.line);
        let found = match check(&files, &promises(&own)) {
            Ok(report) => report.failures,
            Err(error) => vec![error.to_string()],
        };
        failures.extend(found.into_iter().map(|failure| format!("line {line} ({}): {failure}", variant.word)));
    }
    (failures, rendered)
}

struct Report {
    failures: Vec<String>,
    rendered: String,
}

/// What the files are marked with.
fn promises<'a>(files: &[&'a File]) -> Vec<&'a Finding> {
    files.iter().flat_map(|file| &file.findings).collect()
}

/// The plans of an example's images, of those that have one.
pub fn plans(example: &Example) -> io::Result<Vec<Value>> {
    let folder = tempfile::Builder::new().prefix("featgraph-page-").tempdir()?;
    for file in &example.files {
        write(folder.path(), file)?;
    }
    let images = example.files.iter().filter(|file| file.name.contains(".image."));
    Ok(images.filter_map(|image| plan(folder.path(), &image.name)).collect())
}

fn plan(folder: &Path, image: &str) -> Option<Value> {
    let output = run(folder, &["plan", image]).ok()?;
    output.status.success().then(|| serde_json::from_slice(&output.stdout).ok()).flatten()
}

fn check(files: &[&File], promised: &[&Finding]) -> io::Result<Report> {
    let folder = tempfile::Builder::new().prefix("featgraph-page-").tempdir()?;
    for file in files {
        write(folder.path(), file)?;
    }
    let mut failures = Vec::new();
    let output = run(folder.path(), &["check", "--format", "json"])?;
    match reported(&output) {
        Ok(mut reported) => {
            for promise in promised.iter() {
                match reported.iter().position(|(finding, _)| promise.is_met_by(finding)) {
                    Some(index) => drop(reported.remove(index)),
                    None => failures.push(format!("promised but not reported: {promise}")),
                }
            }
            failures.extend(
                reported.iter().map(|(finding, message)| format!("reported but not promised: {finding}: {message}")),
            );
            let status = i32::from(promised.iter().any(|finding| finding.severity == "error"));
            if failures.is_empty() && output.status.code() != Some(status) {
                failures.push(format!("exit status {:?} instead of {status}", output.status.code()));
            }
        }
        Err(failure) => failures.push(failure),
    }
    let output = run(folder.path(), &["check", "--format", "full", "--color", "never"])?;
    let rendered = String::from_utf8_lossy(&output.stdout).trim_matches('\n').to_owned();
    Ok(Report { failures, rendered })
}

fn run(folder: &Path, arguments: &[&str]) -> io::Result<Output> {
    Command::new(env!("CARGO_BIN_EXE_featgraph")).args(arguments).current_dir(folder).env_remove("COLUMNS").output()
}

/// The findings of `check --format json`, each with its message.
fn reported(output: &Output) -> Result<Vec<(Finding, String)>, String> {
    let stderr = String::from_utf8_lossy(&output.stderr);
    let report: Value = serde_json::from_slice(&output.stdout).map_err(|error| {
        format!("`check --format json` wrote no JSON ({error}); {}; stderr: {stderr}", output.status)
    })?;
    let diagnostics = report["diagnostics"].as_array().ok_or("`check --format json` wrote no diagnostics")?;
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let number = |value: &Value| value.as_u64().and_then(|n| usize::try_from(n).ok());
    let finding = |diagnostic: &Value| {
        let location = &diagnostic["location"];
        let finding = Finding {
            file: text(&location["file"]),
            line: number(&location["start"]["line"]).unwrap_or(0),
            column: number(&location["start"]["column"]),
            severity: text(&diagnostic["severity"]),
            code: text(&diagnostic["code"]),
            entity: diagnostic["entity"].as_str().map(str::to_owned),
        };
        (finding, text(&diagnostic["message"]))
    };
    Ok(diagnostics.iter().map(finding).collect())
}

fn write(folder: &Path, file: &File) -> io::Result<()> {
    let path = folder.join(&file.name);
    if let Some(parent) = path.parent() {
        std::fs::create_dir_all(parent)?;
    }
    if file.form == Form::Archive {
        return archive(&path, &file.text);
    }
    std::fs::write(&path, &file.text)?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        // Not left to the umask: the default mode of an installed file follows from this.
        let mode = if file.form == Form::Executable { 0o755 } else { 0o644 };
        std::fs::set_permissions(&path, PermissionsExt::from_mode(mode))?;
    }
    Ok(())
}

/// A tar (compressed by the name's extension) with one entry a line; a file's contents are its own path.
fn archive(path: &Path, listing: &str) -> io::Result<()> {
    let mut builder = tar::Builder::new(Vec::new());
    for line in listing.lines().filter(|line| !line.trim().is_empty()) {
        let entry = entry(line).ok_or_else(|| io::Error::other(format!("not an archive entry: {line}")))?;
        let (mut header, path) = (entry.header, entry.path);
        match entry.target {
            Some(target) => builder.append_link(&mut header, path, target)?,
            None if path.ends_with('/') => builder.append_data(&mut header, path, io::empty())?,
            None => builder.append_data(&mut header, path, path.as_bytes())?,
        }
    }
    let bytes = builder.into_inner()?;
    let mut file = std::fs::File::create(path)?;
    match path.extension().and_then(|extension| extension.to_str()) {
        Some("gz") => {
            let mut encoder = flate2::write::GzEncoder::new(file, flate2::Compression::fast());
            encoder.write_all(&bytes)?;
            encoder.finish().map(drop)
        }
        Some("xz") => {
            let mut encoder = liblzma::write::XzEncoder::new(file, 0);
            encoder.write_all(&bytes)?;
            encoder.finish().map(drop)
        }
        Some("zst") => zstd::stream::copy_encode(&bytes[..], file, 0),
        _ => file.write_all(&bytes),
    }
}

/// One line of a listing.
struct Entry<'a> {
    header: tar::Header,
    path: &'a str,
    target: Option<&'a str>,
}

fn entry(line: &str) -> Option<Entry<'_>> {
    let mut header = tar::Header::new_gnu();
    header.set_mtime(0);
    header.set_size(0);
    let (kind, rest) = line.split_once(' ')?;
    if kind == "l" {
        let (path, target) = rest.split_once(" -> ")?;
        header.set_entry_type(tar::EntryType::Symlink);
        header.set_mode(0o777);
        header.set_uid(0);
        header.set_gid(0);
        return Some(Entry { header, path, target: Some(target) });
    }
    let (mode, rest) = rest.split_once(' ')?;
    let (owners, path) = rest.split_once(' ')?;
    let (user, group) = owners.split_once(':')?;
    header.set_mode(u32::from_str_radix(mode, 8).ok()?);
    // A name has the number of root beside it, a number no name.
    header.set_uid(user.parse().unwrap_or(0));
    header.set_gid(group.parse().unwrap_or(0));
    if user.parse::<u64>().is_err() {
        header.set_username(user).ok()?;
    }
    if group.parse::<u64>().is_err() {
        header.set_groupname(group).ok()?;
    }
    match kind {
        "d" => header.set_entry_type(tar::EntryType::Directory),
        "f" => header.set_size(path.len() as u64),
        _ => return None,
    }
    (path.ends_with('/') == (kind == "d")).then_some(Entry { header, path, target: None })
}
