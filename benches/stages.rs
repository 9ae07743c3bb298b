//! The stages of a compile one by one, each on what the stages before it give: `cargo bench --bench stages`.
#![allow(missing_docs, clippy::disallowed_methods, reason = "a program for developers, which touches the world")]

#[allow(dead_code, reason = "ratios.rs uses the rest of it")]
mod generate;

use std::error::Error;
use std::fs;
use std::hint::black_box;
use std::io;
use std::path::Path;
use std::sync::Arc;

use criterion::measurement::WallTime;
use criterion::{BatchSize, BenchmarkGroup, Criterion, Throughput};
use featgraph::compile::{Compiled, Levels, Workspace};
use featgraph::fragment::Fragment;
use featgraph::graph::nodes::Nodes;
use featgraph::graph::order::order;
use featgraph::graph::{Ids, Image, check, edges, links, slots};
use featgraph::inputs::{Inputs, TextState};
use featgraph::load::{Overlay, load};
use featgraph::manifest;
use featgraph::plan::{self, PlanFormat};
use featgraph::planning::Built;
use featgraph::render::{Format, Options, Run, Summary, render};
use featgraph::syntax::{Document, Language};
use featgraph::text::{LineIndex, Source};
use generate::Shape;

/// Large enough that fixed costs vanish: about 2 MB.
const FEATURES: usize = 20_000;
/// Findings, each in a kilobyte of its own.
const FINDINGS: usize = 10_000;

type Group<'c> = BenchmarkGroup<'c, WallTime>;

fn main() -> Result<(), Box<dyn Error>> {
    let mut criterion = Criterion::default().sample_size(20).configure_from_args();
    let room = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR"))?;
    let folder = room.path().join("mixed");
    Shape::Mixed.generate(FEATURES, &folder)?;
    let text = sets(&folder)?;
    texts(&mut criterion, &text);
    syntax(&mut criterion, &text)?;

    let mut workspace = Workspace::new();
    workspace.want_digests();
    workspace.open("mixed.image.toml");
    load(&mut workspace, &folder, &Overlay::default());
    let engine = Engine::new(&workspace, &folder)?;
    let mut group = criterion.benchmark_group("engine");
    group.throughput(Throughput::Elements(FEATURES as u64));
    engine.measure(&mut group);
    let (_, compiled) = workspace.compile_image("mixed.image.toml", &Levels::default());
    planning(&mut group, &compiled.ok_or("the image has no graph")?, workspace.inputs());
    group.finish();

    let folder = room.path().join("render");
    Shape::Render.generate(FINDINGS, &folder)?;
    rendering(&mut criterion, &folder)?;
    criterion.final_summary();
    Ok(())
}

/// All feature sets of a folder as one: arrays of tables go on where the last file left off.
fn sets(folder: &Path) -> io::Result<String> {
    let mut files = fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect::<io::Result<Vec<_>>>()?;
    files.retain(|file| file.to_string_lossy().ends_with(".features.toml"));
    files.sort();
    files.into_iter().map(fs::read_to_string).collect()
}

/// Where lines start, and what a diagnostic asks of it.
fn texts(criterion: &mut Criterion, text: &str) {
    let mut group = criterion.benchmark_group("text");
    group.throughput(Throughput::Bytes(text.len() as u64));
    group.bench_function("line_index", |bencher| bencher.iter(|| LineIndex::new(black_box(text))));

    let lines = LineIndex::new(text);
    let step = (text.len() / 1_000).max(1);
    group.throughput(Throughput::Elements(1_000));
    group.bench_function("thousand_positions", |bencher| {
        bencher.iter(|| {
            for at in (0..text.len()).step_by(step) {
                black_box(lines.position(at as u32, text));
            }
        });
    });

    group.throughput(Throughput::Elements(1));
    group.bench_function("first_position_of_a_source", |bencher| {
        bencher.iter_batched(
            || Source::new("set.features.toml", text),
            |source| black_box(source.position(text.len() as u32 / 2)),
            BatchSize::LargeInput,
        );
    });
    group.finish();
}

/// The same features in both languages to a document, and the document to a fragment.
fn syntax(criterion: &mut Criterion, text: &str) -> Result<(), Box<dyn Error>> {
    let json = serde_json::to_string_pretty(&toml::from_str::<toml::Table>(text)?)?;
    let mut group = criterion.benchmark_group("syntax");
    for (name, text, language) in [("toml", text, Language::Toml), ("json", json.as_str(), Language::Json)] {
        group.throughput(Throughput::Bytes(text.len() as u64));
        group.bench_function(name, |bencher| bencher.iter(|| Document::parse(black_box(text), language)));
    }
    let source = Source::new("set.features.toml", text);
    group.throughput(Throughput::Bytes(text.len() as u64));
    group.bench_function("toml_and_lowering", |bencher| bencher.iter(|| manifest::lower(source.clone())));
    group.finish();
    Ok(())
}

/// One image before any of its stages.
struct Engine<'w> {
    fragments: Vec<Arc<Fragment>>,
    inputs: &'w Inputs,
}

impl<'w> Engine<'w> {
    fn new(workspace: &'w Workspace, folder: &Path) -> io::Result<Self> {
        let mut names = Vec::new();
        for entry in fs::read_dir(folder)? {
            names.extend(entry?.file_name().into_string());
        }
        let inputs = workspace.inputs();
        let source = |name: &String| match inputs.text(name) {
            Some(TextState::Text(source)) => Some(source.clone()),
            _ => None,
        };
        let fragments = names.iter().filter_map(source).map(|source| Arc::new(manifest::lower(source))).collect();
        Ok(Self { fragments, inputs })
    }

    fn measure(&self, group: &mut Group<'_>) {
        stage(group, "joining", || (), |()| self.joined());
        stage(group, "placing", || self.joined(), place);
        stage(group, "slots", || self.placed(), |image| self.fill(image));
        stage(group, "edges", || self.filled(), link);
        stage(group, "order", || self.linked(), |(image, edges)| in_order(image, edges));
        stage(group, "checks", || self.linked(), |(image, edges)| judge(image, edges));
    }

    fn joined(&self) -> Image {
        let (layers, ids) = (Default::default(), Ids::default());
        Image::join("mixed".to_owned(), self.fragments.clone(), None, self.inputs, &layers, ids, false)
    }

    fn placed(&self) -> Image {
        place(self.joined())
    }

    fn fill(&self, mut image: Image) -> Image {
        slots::build(&mut image, self.inputs);
        image
    }

    fn filled(&self) -> Image {
        self.fill(self.placed())
    }

    fn linked(&self) -> (Image, edges::Edges) {
        link(self.filled())
    }
}

fn place(mut image: Image) -> Image {
    image.prepare_queries();
    links::place_all(&mut image);
    image.prepare_queries();
    image.fill_places();
    image
}

fn link(mut image: Image) -> (Image, edges::Edges) {
    let edges = edges::build(&mut image);
    (image, edges)
}

/// Ordered; what it was made of comes back, so that taking it apart is not measured.
fn in_order(image: Image, mut edges: edges::Edges) -> (Image, edges::Edges, usize) {
    let rows = std::mem::take(&mut edges.edges);
    let (order, _) = order(&Nodes::new(&image, &edges.extra), rows, |node| image.opaque_id(node));
    let stages = order.stages.len();
    (image, edges, stages)
}

fn judge(mut image: Image, mut edges: edges::Edges) -> (Image, edges::Edges) {
    check::settings(&mut image);
    check::managers(&mut image);
    check::conflicts(&mut image);
    check::contradictions(&mut image);
    black_box(check::allocate(&image));
    black_box(check::judge(&image, std::mem::take(&mut edges.failures), |_| false));
    check::lints(&mut image, &edges);
    (image, edges)
}

/// Measures a stage without what leads to it and without taking its result apart.
fn stage<I, O>(group: &mut Group<'_>, name: &str, before: impl Fn() -> I, run: impl Fn(I) -> O) {
    group.bench_function(name, |bencher| bencher.iter_batched(&before, &run, BatchSize::LargeInput));
}

/// Ids and keys, and then every step written.
fn planning(group: &mut Group<'_>, compiled: &Compiled, inputs: &Inputs) {
    group.bench_function("keys", |bencher| bencher.iter(|| Built::new(&compiled.graph, inputs).digest()));
    let built = Built::new(&compiled.graph, inputs);
    for (name, format) in [("write_json", PlanFormat::Json), ("write_text", PlanFormat::Text)] {
        group.bench_function(name, |bencher| {
            bencher.iter(|| plan::write(black_box(&built), format, true, &mut io::sink()));
        });
    }
}

/// Many findings in one large file.
fn rendering(criterion: &mut Criterion, folder: &Path) -> Result<(), Box<dyn Error>> {
    let mut workspace = Workspace::new();
    workspace.open("findings.image.toml");
    load(&mut workspace, folder, &Overlay::default());
    let report = workspace.check(&Levels::default());
    let run = Run::of(&report.diagnostics, Summary { errors: report.diagnostics.len(), ..Summary::default() });
    assert_eq!(report.diagnostics.len(), FINDINGS, "each finding is one");
    let mut group = criterion.benchmark_group("render");
    group.throughput(Throughput::Elements(FINDINGS as u64));
    for (name, format) in [("full", Format::Full), ("concise", Format::Concise), ("json", Format::Json)] {
        group.bench_function(name, |bencher| {
            bencher.iter(|| render(format, &run, &Options::default(), &mut io::sink()));
        });
    }
    group.finish();
    Ok(())
}
