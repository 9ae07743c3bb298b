//! Whether sources are what was planned with. Digests come with reading, so this is decided once the layer has been written.

use std::collections::HashMap;

use featgraph_plan::{Digest, Input, Mode, Step, TreeLine, tree_digest};

use super::StepError;
use crate::contents::Read;
use crate::finding::{Code, Finding};
use crate::root::InodeId;

/// The digests that contents must turn out to have.
#[derive(Debug, Default)]
pub struct Expectations {
    files: Vec<(InodeId, Expected)>,
    trees: Vec<(Expected, Vec<Line>)>,
}

#[derive(Debug)]
struct Expected {
    step: String,
    path: String,
    digest: Digest,
}

/// One entry of a tree, as its digest counts it.
#[derive(Debug)]
pub(super) struct Line {
    pub(super) entry_type: &'static str,
    pub(super) mode: Option<u32>,
    pub(super) owner: String,
    pub(super) path: String,
    pub(super) content: LineContent,
}

/// What a line says of what is in an entry.
#[derive(Debug)]
pub(super) enum LineContent {
    /// A link's target, a device's numbers, or nothing.
    Text(String),
    /// The digest of a file that the layer does not have.
    Digest([u8; 32]),
    /// The digest of a file, known once it is read.
    Inode(InodeId),
}

impl Expectations {
    /// Expects that a file is what was planned with.
    ///
    /// # Errors
    /// It has another size already.
    pub(super) fn file(&mut self, step: &Step<'_>, input: &Input, size: u64, id: InodeId) -> Result<(), StepError> {
        if size != input.size {
            let (planned, path) = (input.size, &input.path);
            return Err(StepError::ChangedInput(format!(
                "source `{path}` has {size} bytes, but {planned} when the plan was made"
            )));
        }
        self.files.push((id, Expected::new(step, input)));
        Ok(())
    }

    /// Expects that a tree is what was planned with.
    pub(super) fn tree(&mut self, step: &Step<'_>, path: &str, lines: Vec<Line>) {
        if let Some(input) = step.inputs.iter().find(|input| input.path == path) {
            self.trees.push((Expected::new(step, input), lines));
        }
    }

    /// What does not hold. Files that later steps took away again were not read, and are not judged.
    pub fn check(&self, read: &[Read]) -> Vec<Finding> {
        let read: HashMap<InodeId, [u8; 32]> = read.iter().map(|read| (read.inode, read.digest)).collect();
        let mut findings = Vec::new();
        for (id, expected) in &self.files {
            if read.get(id).is_some_and(|digest| Digest::from_bytes(*digest) != expected.digest) {
                findings.push(expected.finding());
            }
        }
        for (expected, lines) in &self.trees {
            if tree(lines, &read).is_some_and(|digest| digest != expected.digest) {
                findings.push(expected.finding());
            }
        }
        findings
    }
}

impl Expected {
    fn new(step: &Step<'_>, input: &Input) -> Self {
        Self { step: step.id.clone().into_owned(), path: input.path.clone(), digest: input.digest }
    }

    fn finding(&self) -> Finding {
        let message = format!("source `{}` is not what the plan was made with", self.path);
        let mut finding = Finding::new(Code::ChangedInput, &self.step, message);
        finding.help = Some(String::from("make the plan again, or bring the source back to what it was"));
        finding
    }
}

/// The digest of a tree; nothing where one of its files was not read.
fn tree(lines: &[Line], read: &HashMap<InodeId, [u8; 32]>) -> Option<Digest> {
    let contents = lines.iter().map(|line| match &line.content {
        LineContent::Text(text) => Some(text.clone()),
        LineContent::Digest(digest) => Some(Digest::from_bytes(*digest).to_string()),
        LineContent::Inode(id) => read.get(id).map(|digest| Digest::from_bytes(*digest).to_string()),
    });
    let contents: Vec<String> = contents.collect::<Option<_>>()?;
    Some(tree_digest(lines.iter().zip(&contents).map(|(line, content)| TreeLine {
        entry_type: line.entry_type,
        mode: line.mode.map(|mode| Mode::new(mode as u16)),
        owner: &line.owner,
        path: &line.path,
        content,
    })))
}
