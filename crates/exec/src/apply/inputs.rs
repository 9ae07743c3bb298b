//! Whether sources are what was planned with. Digests come with reading, so this is decided once the layer has been written.

use std::collections::HashMap;

use featgraph_plan::{Digest, Input, Mode, Step, TreeLine, tree_digest};

use super::StepError;
use crate::contents::{ContentError, Read, digest_of};
use crate::finding::{Code, Finding};
use crate::root::{Content, InodeId};

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
    /// The digest of a file, known once it is read: by the layer, or where a later step took it away again, for its own sake.
    File(InodeId, Content),
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

    /// What does not hold. A single file that a later step took away again was not read, and is not judged; a tree is, as a whole.
    pub fn check(&self, read: &[Read]) -> Vec<Finding> {
        let read: HashMap<InodeId, [u8; 32]> = read.iter().map(|read| (read.inode, read.digest)).collect();
        let mut findings = Vec::new();
        for (id, expected) in &self.files {
            if read.get(id).is_some_and(|digest| Digest::from_bytes(*digest) != expected.digest) {
                findings.push(expected.finding());
            }
        }
        for (expected, lines) in &self.trees {
            match tree(lines, &read) {
                Ok(digest) if digest == expected.digest => {}
                Ok(_) => findings.push(expected.finding()),
                Err(error) => findings.push(StepError::from(error).finding(&expected.step)),
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
        let help = Some(String::from("make the plan again, or bring the source back to what it was"));
        Finding { code: Code::ChangedInput, message, step: self.step.clone(), help }
    }
}

/// The digest of a tree.
fn tree(lines: &[Line], read: &HashMap<InodeId, [u8; 32]>) -> Result<Digest, ContentError> {
    let text = |digest: [u8; 32]| Digest::from_bytes(digest).to_string();
    let contents = lines.iter().map(|line| {
        Ok(match &line.content {
            LineContent::Text(text) => text.clone(),
            LineContent::Digest(digest) => text(*digest),
            LineContent::File(id, content) => {
                text(read.get(id).map_or_else(|| digest_of(content), |known| Ok(*known))?)
            }
        })
    });
    let contents: Vec<String> = contents.collect::<Result<_, ContentError>>()?;
    Ok(tree_digest(lines.iter().zip(&contents).map(|(line, content)| TreeLine {
        entry_type: line.entry_type,
        mode: line.mode.map(|mode| Mode::new(mode as u16)),
        owner: &line.owner,
        path: &line.path,
        content,
    })))
}
