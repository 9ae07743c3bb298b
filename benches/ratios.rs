//! The speed and memory promise, printed as ratios of one run: featgraph against merely parsing the same TOML, and the
//! growth of each shape when it gets twenty times as large. Nothing is asserted: times belong to the machine.
//!
//! ```text
//! cargo bench --bench ratios                                    # about two minutes
//! cargo bench --bench ratios -- --features 1000000              # the size that the bounds are promised for
//! cargo bench --bench ratios -- --shape chains --shape star     # only these rows of the growth table
//! cargo bench --bench ratios -- --generate mixed 100000 DIR     # write an input and measure nothing
//! ```
#![allow(
    missing_docs,
    clippy::disallowed_methods,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a program for developers, which touches the world and prints"
)]

mod generate;
mod measure;

use std::error::Error;
use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::BufReader;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use clap::{Parser, ValueEnum};
use generate::{Input, Shape};
use measure::table::{divided, featgraph, head, judge, mib, shown, verdict};
use measure::{Cost, Probe, Settings, baseline};
use serde::Deserialize;

/// Against `toml::from_str` of the same bytes on one thread.
const CHECK_CPU_BOUND: f64 = 2.0;
const CHECK_WALL_BOUND: f64 = 1.3;
const PLAN_CPU_BOUND: f64 = 4.0;
/// For a million features.
const CHECK_PEAK_BOUND: u64 = 1 << 30;
/// "Well under a second".
const RENDER_BOUND: Duration = Duration::from_millis(700);
/// How much larger the second input of a growth row is, and how much more it may cost.
const GROWTH: usize = 20;
const GROWTH_BOUND: f64 = 26.0;

/// The sizes of the growth table; twenty times each is the size that is promised.
const GROWTH_ROWS: [(Shape, usize); 9] = [
    (Shape::Mixed, 10_000),
    (Shape::Chains, 50),
    (Shape::Star, 5_000),
    (Shape::Cycle, 5_000),
    (Shape::Conflicts, 5_000),
    (Shape::Nested, 2_000),
    (Shape::Images, 50),
    (Shape::Findings, 5_000),
    (Shape::Stages, 5_000),
];

#[derive(Parser)]
#[command(name = "ratios")]
struct Options {
    /// Size of the comparison with toml::from_str [default: 200000, or none with --shape]
    #[arg(long, value_name = "N")]
    features: Option<usize>,
    /// Only this shape (repeatable): a row of the growth table, or `render`
    #[arg(long, value_name = "NAME")]
    shape: Vec<Shape>,
    /// Size of the smaller input of the growth rows, in place of their own
    #[arg(long, value_name = "N")]
    size: Option<usize>,
    /// Write an input and measure nothing
    #[arg(long, num_args = 3, value_names = ["SHAPE", "N", "DIR"])]
    generate: Option<Vec<String>>,
    /// Be the baseline: parse the TOML files of a folder
    #[arg(long, hide = true, value_name = "DIR")]
    parse: Option<PathBuf>,
    #[command(flatten)]
    settings: Settings,
}

fn main() -> Result<(), Box<dyn Error>> {
    if std::env::args_os().len() == 1 {
        // So `cargo test --benches` runs it.
        println!("ratios: nothing to test; `cargo bench --bench ratios` measures");
        return Ok(());
    }
    let options = Options::parse();
    if let Some(folder) = &options.parse {
        baseline::parse(folder)?;
    } else if let Some([shape, n, folder]) = options.generate.as_deref() {
        let shape = Shape::from_str(shape, false)?;
        let input = shape.generate(n.parse::<usize>()?.max(1), Path::new(folder))?;
        println!("{}", input.image.display());
    } else {
        let room = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR"))?;
        Bench { bench: std::env::current_exe()?, room: room.path(), options: &options }.run()?;
    }
    Ok(())
}

/// What all measurements share.
struct Bench<'a> {
    bench: PathBuf,
    room: &'a Path,
    options: &'a Options,
}

impl Bench<'_> {
    fn run(&self) -> Result<(), Box<dyn Error>> {
        let options = self.options;
        options.settings.tell();
        if options.shape.is_empty() || options.features.is_some() {
            self.comparison(options.features.unwrap_or(200_000).max(1))?;
        }
        let wanted = |shape| options.shape.is_empty() || options.shape.contains(&shape);
        if wanted(Shape::Render) {
            self.rendering()?;
        }
        let rows = GROWTH_ROWS.iter().filter(|row| wanted(row.0)).collect::<Vec<_>>();
        if !rows.is_empty() {
            println!("\ngrowth: {GROWTH} times the size, at most {GROWTH_BOUND} times the CPU");
            println!(
                "{:<10} {:<6} {:>8} {:>9} {:>9} {:>9} {:>7}",
                "shape", "", "n", "20n", "CPU ms", "CPU ms", "ratio"
            );
        }
        for &&(shape, n) in &rows {
            self.growth(shape, options.size.unwrap_or(n).max(1))?;
        }
        Ok(())
    }

    /// The mixed image against the baseline.
    fn comparison(&self, n: usize) -> Result<(), Box<dyn Error>> {
        let input = Shape::Mixed.generate(n, &self.room.join("comparison"))?;
        let bytes = manifest_bytes(&input.folder)?;
        head(&format!("mixed: {n} features in {} sets, {:.1} MiB of TOML", generate::MIXED_FILES, mib(bytes)));
        let parse = self.probe(&self.bench, ["--parse".as_ref(), input.folder.as_os_str()], 0);
        let parse = shown("toml::from_str", parse.medians(self.options.settings.runs));
        let check = self.verify(Shape::Mixed, n, &input).and_then(|()| self.check(&input, 0));
        let check = shown("featgraph check", check);
        let plan = shown("featgraph plan", self.plan(&input));
        println!();
        let ratio = |of: Option<Cost>, by: fn(&Cost) -> Duration| divided(of.as_ref().map(by), parse.as_ref().map(by));
        judge("check CPU / parse CPU", ratio(check, |cost| cost.cpu), Some(CHECK_CPU_BOUND));
        judge("check wall / parse wall", ratio(check, |cost| cost.wall), Some(CHECK_WALL_BOUND));
        judge("plan CPU / parse CPU", ratio(plan, |cost| cost.cpu), Some(PLAN_CPU_BOUND));
        judge("check peak / 1 GiB", check.map(|cost| cost.peak as f64 / CHECK_PEAK_BOUND as f64), Some(1.0));
        if n < 1_000_000 {
            println!("(1 GiB is promised for 1,000,000 features)");
        }
        fs::remove_dir_all(&input.folder)?;
        Ok(())
    }

    /// 10,000 diagnostics in a file of 10 MB, in each format.
    fn rendering(&self) -> Result<(), Box<dyn Error>> {
        let n = 10_000;
        let input = Shape::Render.generate(n, &self.room.join("render"))?;
        println!("\nrender: {n} findings in a file of {:.1} MiB", mib(manifest_bytes(&input.folder)?));
        let verified = self.verify(Shape::Render, n, &input);
        for format in ["full", "concise", "json"] {
            let arguments = ["check".as_ref(), "--format".as_ref(), format.as_ref(), input.folder.as_os_str()];
            let cost = verified
                .clone()
                .and_then(|()| self.probe(featgraph(), arguments, 1).medians(self.options.settings.runs));
            match cost {
                Ok(cost) => judge(
                    &format!("check --format {format}, wall s"),
                    Some(cost.wall.as_secs_f64()),
                    Some(RENDER_BOUND.as_secs_f64()),
                ),
                Err(reason) => println!("check --format {format}: featgraph failed: {reason}"),
            }
        }
        fs::remove_dir_all(&input.folder)?;
        Ok(())
    }

    /// A shape at `n` and at twenty times that.
    fn growth(&self, shape: Shape, n: usize) -> Result<(), Box<dyn Error>> {
        let large = n * GROWTH;
        let small_input = shape.generate(n, &self.room.join("small"))?;
        let large_input = shape.generate(large, &self.room.join("large"))?;
        let expected = i32::from(*shape.errors(n).start() > 0);
        let check = self.verify(shape, n, &small_input).and_then(|()| {
            let small = self.check(&small_input, expected)?;
            Ok((small, self.check(&large_input, expected)?))
        });
        grown(shape, "check", n, check);
        // One of the images says nothing about all, and the nested paths would fill the disk.
        if expected == 0 && !matches!(shape, Shape::Images | Shape::Nested) {
            let plan = self.plan(&small_input).and_then(|small| Ok((small, self.plan(&large_input)?)));
            grown(shape, "plan", n, plan);
        }
        fs::remove_dir_all(&small_input.folder)?;
        fs::remove_dir_all(&large_input.folder)?;
        Ok(())
    }

    fn check(&self, input: &Input, expected: i32) -> Result<Cost, String> {
        let arguments = ["check".as_ref(), input.folder.as_os_str()];
        self.probe(featgraph(), arguments, expected).medians(self.options.settings.runs)
    }

    fn plan(&self, input: &Input) -> Result<Cost, String> {
        let file = self.room.join("plan.json");
        let arguments = ["plan".as_ref(), input.image.as_os_str(), "-o".as_ref(), file.as_os_str()];
        let cost = self.probe(featgraph(), arguments, 0).medians(self.options.settings.runs)?;
        // Removed, so that the next one cannot count it as its own.
        match fs::metadata(&file).and_then(|file_is| fs::remove_file(&file).map(|()| file_is.len())) {
            Ok(1..) => Ok(cost),
            Ok(0) => Err("the plan is empty".to_owned()),
            Err(error) => Err(format!("no plan was written: {error}")),
        }
    }

    /// Whether featgraph finds in an input what there is: a fast wrong answer is none.
    fn verify(&self, shape: Shape, n: usize, input: &Input) -> Result<(), String> {
        let errors = shape.errors(n);
        let file = self.room.join("check.json");
        let arguments = ["check".as_ref(), "--format".as_ref(), "json".as_ref(), input.folder.as_os_str()];
        let said = |error: &dyn Error| format!("its summary cannot be read: {error}");
        let stdout = File::create(&file).map_err(|error| said(&error))?;
        self.probe(featgraph(), arguments, i32::from(*errors.start() > 0)).run(Stdio::from(stdout))?;
        let report = File::open(&file).map_err(|error| said(&error))?;
        let Report { summary } = serde_json::from_reader(BufReader::new(report)).map_err(|error| said(&error))?;
        if !errors.contains(&summary.errors) {
            return Err(format!("{} errors found, not {} to {}", summary.errors, errors.start(), errors.end()));
        }
        if summary.warnings > 0 {
            return Err(format!("{} warnings where there should be none", summary.warnings));
        }
        if shape == Shape::Mixed && summary.features != n {
            return Err(format!("{} features counted, not {n}", summary.features));
        }
        Ok(())
    }

    fn probe<'p, const N: usize>(&self, program: &'p Path, arguments: [&'p OsStr; N], expected: i32) -> Probe<'p> {
        Probe {
            program,
            arguments: arguments.to_vec(),
            threads: self.options.settings.threads,
            cpu_limit: self.options.settings.cpu_limit,
            expected,
        }
    }
}

/// What is read of `check --format json`.
#[derive(Deserialize)]
struct Report {
    summary: Summary,
}

#[derive(Deserialize)]
struct Summary {
    errors: usize,
    warnings: usize,
    features: usize,
}

fn manifest_bytes(folder: &Path) -> std::io::Result<u64> {
    let mut bytes = 0;
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if entry.path().extension().is_some_and(|extension| extension == "toml") {
            bytes += entry.metadata()?.len();
        }
    }
    Ok(bytes)
}

fn grown(shape: Shape, command: &str, n: usize, costs: Result<(Cost, Cost), String>) {
    let head = format!("{:<10} {command:<6} {n:>8} {:>9}", shape.name(), n * GROWTH);
    match costs {
        Ok((small, large)) => {
            let ms = |cost: Cost| cost.cpu.as_secs_f64() * 1e3;
            let ratio = ms(large) / ms(small).max(f64::EPSILON);
            println!("{head} {:>9.1} {:>9.1} {ratio:>7.2}  {}", ms(small), ms(large), verdict(ratio, GROWTH_BOUND));
        }
        Err(reason) => println!("{head} FAIL: featgraph failed: {reason}"),
    }
}
