//! The stages of a compile one by one, each on what the stages before it give: `cargo bench --bench stages`.
#![allow(missing_docs, clippy::disallowed_methods, reason = "a program for developers, which touches the world")]

#[allow(dead_code, reason = "ratios.rs uses the rest of it")]
mod generate;

use std::error::Error;
use std::fs;
use std::hint::black_box;
use std::io;
use std::path::Path;

use criterion::{BatchSize, Criterion, Throughput};
use featgraph::text::{LineIndex, Source};
use generate::Shape;

/// Large enough that fixed costs vanish: about 2 MB.
const FEATURES: usize = 20_000;

fn main() -> Result<(), Box<dyn Error>> {
    let mut criterion = Criterion::default().configure_from_args();
    let room = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR"))?;
    let input = Shape::Mixed.generate(FEATURES, room.path())?;
    let text = sets(&input.folder)?;
    texts(&mut criterion, &text);
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
