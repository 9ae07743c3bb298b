//! The sources as texts: which files there are, and what in them is code.

use std::path::{Path, PathBuf};

/// A file below `src/`.
pub struct File {
    /// Its path below `src/`.
    pub path: String,
    /// Its top-level module: `graph` for `graph/check/missing.rs`.
    pub module: String,
    /// The whole text.
    pub text: String,
    /// Its lines without comments and without what only tests see.
    pub code: Vec<String>,
}

/// Every file of `src/`, sorted by path.
pub fn sources() -> Vec<File> {
    let root = Path::new(crate::ROOT).join("src");
    let file = |path: PathBuf| {
        let text = std::fs::read_to_string(&path).unwrap();
        let path = path.strip_prefix(&root).unwrap().to_str().unwrap().replace('\\', "/");
        let module = path.split('/').next().unwrap().trim_end_matches(".rs").to_owned();
        let code = code(&text);
        File { path, module, text, code }
    };
    files(&root, "rs").into_iter().map(file).collect()
}

/// The files below a folder whose names end so, sorted.
pub fn files(folder: &Path, extension: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        let Ok(entries) = std::fs::read_dir(&folder) else { continue };
        for entry in entries {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|found| found == extension) {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

/// By lines: comments and what stands below `#[cfg(test)]` are left out. It is read as a person skims it, not as a
/// compiler does: an ` //` inside a string ends that line, too.
fn code(text: &str) -> Vec<String> {
    let mut lines = Vec::new();
    let mut inside_tests = false;
    for line in text.lines() {
        // A test module stands at the margin, and so does the bracket that closes it.
        if line.starts_with("#[cfg(test)]") {
            inside_tests = true;
        }
        let ends = line == "}" || line.starts_with("mod ") && line.ends_with(';');
        if !inside_tests {
            let end = if line.trim_start().starts_with("//") { 0 } else { line.find(" //").unwrap_or(line.len()) };
            lines.push(line[..end].to_owned());
        } else if ends {
            inside_tests = false;
        }
    }
    lines
}

/// Whether a word stands in a line, and not as a part of a longer one.
pub fn has_word(line: &str, word: &str) -> bool {
    let part = |c: char| c.is_alphanumeric() || c == '_';
    line.match_indices(word).any(|(at, _)| {
        let (before, after) = (&line[..at], &line[at + word.len()..]);
        let goes_on = word.ends_with(part) && after.starts_with(part);
        !before.ends_with(part) && !goes_on
    })
}

#[test]
fn comments_and_tests_are_no_code() {
    let text = "use a; // b\n// c\n#[cfg(test)]\nmod tests {\n    d\n}\nuse e;\n#[cfg(test)]\nmod f;\nuse g;\n";
    assert_eq!(code(text), ["use a;", "", "use e;", "use g;"]);
    assert!(has_word("Kind::Run", "Kind") && !has_word("ProblemKind::Invalid", "Kind") && !has_word("Kinds", "Kind"));
}
