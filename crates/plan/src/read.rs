//! Reading a plan back, as json or jsonl, whichever it is.

use std::collections::HashSet;
use std::fmt;

use indexmap::IndexMap;
use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::digest::Digest;
use super::model::{Expect, FORMAT_VERSION, Origin, Origins, Plan, PlanParent, Stage, Step};

/// Why a plan cannot be read. Where in the text, counted from 1 and columns in Unicode scalar values, unless it is about the whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReadError {
    /// Line and column.
    pub at: Option<(usize, usize)>,
    /// What is wrong.
    pub message: String,
}

impl fmt::Display for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.at {
            Some((line, column)) => write!(f, "line {line}, column {column}: {}", self.message),
            None => f.write_str(&self.message),
        }
    }
}

impl std::error::Error for ReadError {}

impl ReadError {
    fn whole(message: impl Into<String>) -> Self {
        Self { at: None, message: message.into() }
    }

    /// What the JSON reader says, for people, about a text that starts on line `first` (from 0) of the plan.
    fn json(error: &serde_json::Error, text: &[u8], first: usize) -> Self {
        let message = error.to_string();
        let message = match message.rfind(" at line ") {
            Some(end) => &message[..end],
            None => &message,
        };
        let mut message = message.to_owned();
        for (machine, human) in MACHINE_WORDS {
            message = message.replace(machine, human);
        }
        let line = text.split(|&byte| byte == b'\n').nth(error.line().saturating_sub(1)).unwrap_or_default();
        let before = &line[..error.column().min(line.len())];
        let column = String::from_utf8_lossy(before).chars().count().max(1);
        Self { at: Some((first + error.line().max(1), column)), message }
    }
}

/// Words of the reader's library that mean nothing to who wrote the text.
const MACHINE_WORDS: [(&str, &str); 6] = [
    ("expected u32", "expected a whole number"),
    ("expected u64", "expected a whole number"),
    ("expected usize", "expected a whole number"),
    ("expected variant identifier", "expected an operation"),
    ("unknown variant", "unknown name"),
    ("missing field", "missing key"),
];

/// Reads a plan.
///
/// # Errors
/// What is no plan, or one of another major version, or one whose steps contradict each other.
pub fn read(text: &[u8]) -> Result<Plan, ReadError> {
    let probe = probe(text)?;
    let version = probe.format_version.ok_or_else(|| {
        ReadError::whole("this is not a plan: it has no \"format_version\"; a plan is what `featgraph plan` writes")
    })?;
    check_version(&version)?;
    let plan = match probe.steps {
        Steps::Count => read_lines(text)?,
        Steps::List | Steps::Other => serde_json::from_slice(text).map_err(|e| ReadError::json(&e, text, 0))?,
    };
    check(plan)
}

/// The little that says what a text is: read before anything else, so that a plan of another version is not called broken.
#[derive(Deserialize)]
#[serde(expecting = "a plan")]
struct Probe {
    #[serde(default)]
    format_version: Option<String>,
    #[serde(default)]
    steps: Steps,
}

fn probe(text: &[u8]) -> Result<Probe, ReadError> {
    // Said here, because to the derived readers a list of values is an object, too.
    if text.trim_ascii_start().first().is_some_and(|&byte| byte != b'{') {
        return Err(ReadError::whole("this is not a plan: a plan is JSON and starts with \"{\""));
    }
    let mut values = serde_json::Deserializer::from_slice(text).into_iter::<Probe>();
    match values.next() {
        Some(Ok(probe)) => Ok(probe),
        Some(Err(error)) => Err(ReadError::json(&error, text, 0)),
        None => Err(ReadError::whole("this is not a plan: there is nothing in it")),
    }
}

/// What stands under "steps": a number in the first line of jsonl, else a list.
#[derive(Default)]
enum Steps {
    Count,
    List,
    #[default]
    Other,
}

impl<'de> Deserialize<'de> for Steps {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Shape;

        impl<'de> Visitor<'de> for Shape {
            type Value = Steps;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list of steps, or their number")
            }

            fn visit_u64<E>(self, _: u64) -> Result<Steps, E> {
                Ok(Steps::Count)
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Steps, A::Error> {
                while list.next_element::<IgnoredAny>()?.is_some() {}
                Ok(Steps::List)
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Steps, A::Error> {
                while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
                Ok(Steps::Other)
            }
        }

        deserializer.deserialize_any(Shape)
    }
}

fn check_version(version: &str) -> Result<(), ReadError> {
    let major = |version: &str| version.split('.').next().and_then(|major| major.parse::<u32>().ok());
    match major(version) {
        None => Err(ReadError::whole(format!("the format version {version:?} is not one: it looks like \"1.0\""))),
        found if found == major(FORMAT_VERSION) => Ok(()),
        Some(_) => Err(ReadError::whole(format!(
            "this plan has format version {version:?}; this featgraph reads {FORMAT_VERSION:?} and what is compatible with it"
        ))),
    }
}

fn read_lines(text: &[u8]) -> Result<Plan, ReadError> {
    #[derive(Deserialize)]
    #[serde(expecting = "the first line of a plan")]
    struct First {
        format_version: String,
        image: String,
        digest: Digest,
        parent: Option<PlanParent>,
        stages: Vec<Stage>,
        steps: u64,
        expects: Vec<Expect>,
    }

    /// What a line has beside its step. Read apart: collecting both in one go would buffer every value.
    #[derive(Deserialize)]
    #[serde(expecting = "a step")]
    struct Beside {
        #[serde(default)]
        origin: Option<Vec<Origin<'static>>>,
    }

    fn line<'t, T: Deserialize<'t>>(number: usize, text: &'t [u8]) -> Result<T, ReadError> {
        serde_json::from_slice(text).map_err(|error| ReadError::json(&error, text, number))
    }

    let mut lines = text.split(|&byte| byte == b'\n').enumerate().filter(|(_, line)| !line.trim_ascii().is_empty());
    let Some((number, first)) = lines.next() else {
        return Err(ReadError::whole("this is not a plan: there is nothing in it"));
    };
    let first: First = line(number, first)?;
    let mut steps = Vec::new();
    let mut origins: Option<Origins> = None;
    for (number, text) in lines {
        let step: Step = line(number, text)?;
        if let Some(places) = line::<Beside>(number, text)?.origin {
            origins.get_or_insert_with(IndexMap::new).insert(step.id.to_string(), places);
        }
        steps.push(step);
    }
    if steps.len() as u64 != first.steps {
        return Err(ReadError::whole(format!(
            "the first line says \"steps\": {}, but {} follow: the plan is cut off or was put together from several",
            first.steps,
            steps.len()
        )));
    }
    Ok(Plan {
        format_version: first.format_version,
        image: first.image,
        digest: first.digest,
        parent: first.parent,
        stages: first.stages,
        steps,
        expects: first.expects,
        origins,
    })
}

/// What the shape alone cannot say.
fn check(plan: Plan) -> Result<Plan, ReadError> {
    let mut ids = HashSet::with_capacity(plan.steps.len());
    for step in &plan.steps {
        if !ids.insert(&*step.id) {
            return Err(ReadError::whole(format!("the step {:?} stands twice in the plan", step.id)));
        }
        if step.stage as usize >= plan.stages.len() {
            return Err(ReadError::whole(format!(
                "the step {:?} is in stage {}, but the plan has {} (counted from 0)",
                step.id,
                step.stage,
                super::words::plural(plan.stages.len(), "stage")
            )));
        }
    }
    Ok(plan)
}
