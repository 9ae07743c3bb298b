//! Writing a plan as a stream: json, jsonl, or text for people. Nothing of the size of the plan is held.

use std::io::{self, Write};
use std::str::FromStr;

use serde::Serialize;
use serde_json::ser::{CompactFormatter, Formatter, Serializer};

use super::digest::Digest;
use super::json::{Form, write_string};
use super::model::{Expect, FORMAT_VERSION, Origin, Plan, PlanParent, Stage, Step};
use super::step_json::{write_origins, write_step};
use super::text;

/// How a plan is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PlanFormat {
    /// One document; every step, stage, expectation and origin on a line of its own.
    Json,
    /// A first line with all but steps and origins, then one step a line with its origins.
    Jsonl,
    /// For people.
    Text,
}

impl FromStr for PlanFormat {
    type Err = UnknownFormat;

    fn from_str(name: &str) -> Result<Self, UnknownFormat> {
        match name {
            "json" => Ok(Self::Json),
            "jsonl" => Ok(Self::Jsonl),
            "text" => Ok(Self::Text),
            _ => Err(UnknownFormat),
        }
    }
}

/// A name that is no format of plans.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a plan is written as json, jsonl or text")]
pub struct UnknownFormat;

/// All of a plan but its steps and origins.
#[derive(Clone, Copy, Debug)]
pub struct PlanHead<'p> {
    /// See [`Plan::image`].
    pub image: &'p str,
    /// See [`Plan::digest`].
    pub digest: Digest,
    /// See [`Plan::parent`].
    pub parent: Option<&'p PlanParent>,
    /// See [`Plan::stages`].
    pub stages: &'p [Stage],
    /// See [`Plan::expects`].
    pub expects: &'p [Expect],
}

impl PlanHead<'_> {
    /// How many steps there are.
    pub fn steps(&self) -> usize {
        self.stages.iter().map(|stage| stage.steps).sum()
    }
}

/// A plan that is told step by step. A [`Plan`] is one; an engine can be one without ever holding all steps.
pub trait PlanSource {
    /// All but the steps and origins.
    fn head(&self) -> PlanHead<'_>;

    /// Tells the steps in order, each with its origins where they are asked for, else with none.
    ///
    /// # Errors
    /// Whatever `tell` fails with.
    fn steps(&self, origins: bool, tell: &mut dyn FnMut(&Step<'_>, &[Origin<'_>]) -> io::Result<()>) -> io::Result<()>;

    /// Hands on what `write` writes of each step, in the order of the steps. So a source can make steps in whatever order is best for
    /// it, several at a time.
    ///
    /// # Errors
    /// Whatever `hand_on` fails with.
    fn written_steps(&self, origins: bool, write: &WriteStep<'_>, hand_on: &mut HandOn<'_>) -> io::Result<()> {
        let mut written = Vec::new();
        self.steps(origins, &mut |step, places| {
            written.clear();
            write(step, places, &mut written);
            hand_on(&written)
        })
    }

    /// The same of the origins of each step, by its id.
    ///
    /// # Errors
    /// Whatever `hand_on` fails with.
    fn written_origins(&self, write: &WriteOrigins<'_>, hand_on: &mut HandOn<'_>) -> io::Result<()> {
        self.written_steps(true, &|step, places, out| write(&step.id, places, out), hand_on)
    }
}

/// Writes a step with its origins.
pub type WriteStep<'w> = dyn Fn(&Step<'_>, &[Origin<'_>], &mut Vec<u8>) + Sync + 'w;

/// Writes the id of a step with its origins.
pub type WriteOrigins<'w> = dyn Fn(&str, &[Origin<'_>], &mut Vec<u8>) + Sync + 'w;

/// Takes what was written of one step.
pub type HandOn<'h> = dyn FnMut(&[u8]) -> io::Result<()> + 'h;

impl PlanSource for Plan {
    fn head(&self) -> PlanHead<'_> {
        PlanHead {
            image: &self.image,
            digest: self.digest,
            parent: self.parent.as_ref(),
            stages: &self.stages,
            expects: &self.expects,
        }
    }

    fn steps(&self, origins: bool, tell: &mut dyn FnMut(&Step<'_>, &[Origin<'_>]) -> io::Result<()>) -> io::Result<()> {
        let known = self.origins.as_ref().filter(|_| origins);
        for step in &self.steps {
            tell(step, known.and_then(|known| known.get(&*step.id)).map_or(&[], Vec::as_slice))?;
        }
        Ok(())
    }
}

impl Plan {
    /// Writes the plan, with its origins where it has them.
    ///
    /// # Errors
    /// Whatever writing fails with.
    pub fn write(&self, format: PlanFormat, out: &mut dyn Write) -> io::Result<()> {
        write(self, format, self.origins.is_some(), out)
    }
}

/// Writes a plan. Writes are large, so `out` needs no buffer of its own. `origins` is `--no-origins`, the other way round; text has
/// none.
///
/// # Errors
/// Whatever writing, or telling the steps, fails with.
pub fn write<P: PlanSource + ?Sized>(
    plan: &P,
    format: PlanFormat,
    origins: bool,
    out: &mut dyn Write,
) -> io::Result<()> {
    let mut lines = Lines { out, buffer: Vec::new() };
    match format {
        PlanFormat::Json => json(plan, origins, &mut lines)?,
        PlanFormat::Jsonl => jsonl(plan, origins, &mut lines)?,
        PlanFormat::Text => text::write(plan, &mut lines)?,
    }
    lines.finish()
}

fn json<P: PlanSource + ?Sized>(plan: &P, origins: bool, lines: &mut Lines<'_>) -> io::Result<()> {
    let head = plan.head();
    lines.push("{\n");
    for (name, value) in [("format_version", FORMAT_VERSION), ("image", head.image)] {
        lines.push(&format!("  \"{name}\": "));
        lines.spaced(value)?;
        lines.push(",\n");
    }
    lines.push("  \"digest\": ");
    lines.spaced(&head.digest)?;
    lines.push(",\n  \"parent\": ");
    lines.spaced(&head.parent)?;
    lines.push(",\n");

    let mut stages = Members::open(lines, "stages", b'[')?;
    for stage in head.stages {
        stages.entry(stage)?;
    }
    stages.close("],\n")?;

    let mut steps = Members::open(lines, "steps", b'[')?;
    plan.written_steps(false, &|step, _, out| write_step(out, Form::Spaced, step, None), &mut |written| {
        steps.written(written)
    })?;
    steps.close("],\n")?;

    let mut expects = Members::open(lines, "expects", b'[')?;
    for expect in head.expects {
        expects.entry(expect)?;
    }
    expects.close(if origins { "],\n" } else { "]\n" })?;

    if origins {
        let mut entries = Members::open(lines, "origins", b'{')?;
        plan.written_origins(
            &|id, places, out| {
                write_string(out, id);
                out.extend_from_slice(b": ");
                write_origins(out, Form::Spaced, places);
            },
            &mut |written| entries.written(written),
        )?;
        entries.close("}\n")?;
    }
    lines.push("}\n");
    Ok(())
}

fn jsonl<P: PlanSource + ?Sized>(plan: &P, origins: bool, lines: &mut Lines<'_>) -> io::Result<()> {
    #[derive(Serialize)]
    struct First<'p> {
        format_version: &'static str,
        image: &'p str,
        digest: Digest,
        parent: Option<&'p PlanParent>,
        stages: &'p [Stage],
        steps: usize,
        expects: &'p [Expect],
    }

    let head = plan.head();
    lines.compact(&First {
        format_version: FORMAT_VERSION,
        image: head.image,
        digest: head.digest,
        parent: head.parent,
        stages: head.stages,
        steps: head.steps(),
        expects: head.expects,
    })?;
    lines.end_line()?;
    plan.written_steps(
        origins,
        &|step, places, out| write_step(out, Form::Compact, step, origins.then_some(places)),
        &mut |written| {
            lines.buffer.extend_from_slice(written);
            lines.end_line()
        },
    )
}

/// Collects lines and writes them in large pieces.
pub(super) struct Lines<'o> {
    out: &'o mut dyn Write,
    buffer: Vec<u8>,
}

impl Lines<'_> {
    const LARGE: usize = 1 << 16;

    pub(super) fn push(&mut self, text: &str) {
        self.buffer.extend_from_slice(text.as_bytes());
    }

    pub(super) fn end_line(&mut self) -> io::Result<()> {
        self.buffer.push(b'\n');
        self.flush_if_large()
    }

    fn flush_if_large(&mut self) -> io::Result<()> {
        if self.buffer.len() >= Self::LARGE {
            self.out.write_all(&self.buffer)?;
            self.buffer.clear();
        }
        Ok(())
    }

    fn finish(self) -> io::Result<()> {
        self.out.write_all(&self.buffer)?;
        self.out.flush()
    }

    fn compact<T: Serialize + ?Sized>(&mut self, value: &T) -> io::Result<()> {
        Ok(value.serialize(&mut Serializer::with_formatter(&mut self.buffer, CompactFormatter))?)
    }

    fn spaced<T: Serialize + ?Sized>(&mut self, value: &T) -> io::Result<()> {
        Ok(value.serialize(&mut Serializer::with_formatter(&mut self.buffer, Spaced))?)
    }
}

/// A member of the document whose entries stand on lines of their own.
struct Members<'l, 'o> {
    lines: &'l mut Lines<'o>,
    any: bool,
}

impl<'l, 'o> Members<'l, 'o> {
    fn open(lines: &'l mut Lines<'o>, name: &str, bracket: u8) -> io::Result<Self> {
        lines.push(&format!("  \"{name}\": {}", char::from(bracket)));
        lines.flush_if_large()?;
        Ok(Self { lines, any: false })
    }

    fn start(&mut self) {
        self.lines.push(if self.any { ",\n    " } else { "\n    " });
        self.any = true;
    }

    fn entry<T: Serialize + ?Sized>(&mut self, value: &T) -> io::Result<()> {
        self.start();
        self.lines.spaced(value)?;
        self.lines.flush_if_large()
    }

    fn written(&mut self, entry: &[u8]) -> io::Result<()> {
        self.start();
        self.lines.buffer.extend_from_slice(entry);
        self.lines.flush_if_large()
    }

    fn close(self, end: &str) -> io::Result<()> {
        if self.any {
            self.lines.push("\n  ");
        }
        self.lines.push(end);
        self.lines.flush_if_large()
    }
}

/// JSON on one line that can still be read: a space after `:` and `,`.
struct Spaced;

impl Formatter for Spaced {
    fn begin_array_value<W: Write + ?Sized>(&mut self, out: &mut W, first: bool) -> io::Result<()> {
        if first { Ok(()) } else { out.write_all(b", ") }
    }

    fn begin_object_key<W: Write + ?Sized>(&mut self, out: &mut W, first: bool) -> io::Result<()> {
        if first { Ok(()) } else { out.write_all(b", ") }
    }

    fn begin_object_value<W: Write + ?Sized>(&mut self, out: &mut W) -> io::Result<()> {
        out.write_all(b": ")
    }
}
