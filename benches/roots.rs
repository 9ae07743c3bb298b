//! What facts cost, printed as ratios of one run: loading them against `serde_json` parsing the same bytes, reading a directory
//! against `find` on it, and reading an archive against merely reading its file. Nothing is asserted: times belong to the machine.
//!
//! ```text
//! cargo bench --bench roots                               # a few minutes, most of it making what is read
//! cargo bench --bench roots -- --part load                # only this part (repeatable): load, tree, archive, million
//! cargo bench --bench roots -- --entries 30000 --mib 100  # smaller
//! ```
#![allow(
    missing_docs,
    clippy::disallowed_methods,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a program for developers, which touches the world and prints"
)]

#[path = "roots/made.rs"]
mod made;
#[path = "measure/mod.rs"]
#[allow(dead_code, unused_imports, reason = "not all of it is used here")]
mod measure;
#[path = "roots/parsed.rs"]
mod parsed;

use std::error::Error;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use clap::{Parser, ValueEnum};
use measure::table::{divided, featgraph, head, judge, shown};
use measure::{Cost, Probe, Settings};
use parsed::Way;

/// Against `serde_json` into structs that borrow, the least that it can be asked for.
const LOAD_BOUND: f64 = 2.0;

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Part {
    Load,
    Tree,
    Archive,
    Million,
}

#[derive(Parser)]
#[command(name = "roots")]
struct Options {
    /// Only this part (repeatable)
    #[arg(long, value_name = "NAME")]
    part: Vec<Part>,
    /// Entries of the facts and of the directory
    #[arg(long, value_name = "N", default_value_t = 300_000)]
    entries: usize,
    /// Size of the archive
    #[arg(long, value_name = "MIB", default_value_t = 1024)]
    mib: usize,
    /// Be one side of a comparison: read a file in this way
    #[arg(long, hide = true, num_args = 2, value_names = ["WAY", "FILE"])]
    read: Option<Vec<String>>,
    #[command(flatten)]
    settings: Settings,
}

fn main() -> Result<(), Box<dyn Error>> {
    if std::env::args_os().len() == 1 {
        // So `cargo test --benches` runs it.
        println!("roots: nothing to test; `cargo bench --bench roots` measures");
        return Ok(());
    }
    let options = Options::parse();
    if let Some([way, file]) = options.read.as_deref() {
        return Way::from_str(way, false)?.read(Path::new(file));
    }
    let room = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR"))?;
    Bench { bench: std::env::current_exe()?, room: room.path(), options: &options }.run()
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
        let wanted = |part| options.part.is_empty() || options.part.contains(&part);
        if wanted(Part::Load) {
            self.load()?;
        }
        if wanted(Part::Tree) {
            self.tree()?;
        }
        if wanted(Part::Archive) {
            self.archive()?;
        }
        if wanted(Part::Million) {
            self.million()?;
        }
        Ok(())
    }

    /// Loading facts against `serde_json` on the same bytes. What it takes to have the bytes is taken off both.
    fn load(&self) -> Result<(), Box<dyn Error>> {
        let file = self.room.join("base.facts.json");
        made::facts(self.options.entries, &file)?;
        head(&format!("facts of {} entries, {:.1} MiB", self.options.entries, mib(&file)?));
        let way = |name: &str, way: &str| {
            let arguments = ["--read".as_ref(), way.as_ref(), file.as_os_str()];
            self.shown(name, &self.bench, &arguments, 1)
        };
        let read = way("reading the bytes", "bytes");
        let structs = way("serde_json, borrowing", "structs");
        let value = way("serde_json, Value", "value");
        let load = way("facts", "facts");
        let beyond = |cost: Option<Cost>| Some(cost?.cpu.saturating_sub(read?.cpu));
        judge("facts / borrowing, CPU", divided(beyond(load), beyond(structs)), Some(LOAD_BOUND));
        judge("facts / Value, CPU", divided(beyond(load), beyond(value)), None);
        Ok(())
    }

    /// Facts of a directory against `find` on it, once the system knows its inodes.
    fn tree(&self) -> Result<(), Box<dyn Error>> {
        let folder = self.room.join("root");
        made::tree(self.options.entries, &folder)?;
        head(&format!("a directory of {} entries", self.options.entries));
        let to = self.room.join("tree.facts.json");
        let format = "%p %y %m %U %G %s %l\\n";
        let find =
            self.shown("find -printf", "find".as_ref(), &[folder.as_os_str(), "-printf".as_ref(), format.as_ref()], 1);
        let arguments = ["facts".as_ref(), folder.as_os_str(), "-o".as_ref(), to.as_os_str()];
        let facts = self.shown("featgraph facts", featgraph(), &arguments, self.options.settings.threads);
        judge("facts / find, CPU", divided(facts.map(|cost| cost.cpu), find.map(|cost| cost.cpu)), None);
        judge("facts / find, wall", divided(facts.map(|cost| cost.wall), find.map(|cost| cost.wall)), None);
        std::fs::remove_dir_all(&folder)?;
        Ok(())
    }

    /// Facts of an archive against reading its file, and against what lists it.
    fn archive(&self) -> Result<(), Box<dyn Error>> {
        let file = self.room.join("root.tar");
        let entries = made::archive(self.options.mib, &file)?;
        head(&format!("an archive of {:.0} MiB with {entries} entries", mib(&file)?));
        let to = self.room.join("archive.facts.json");
        let read =
            self.shown("reading its bytes", &self.bench, &["--read".as_ref(), "pieces".as_ref(), file.as_os_str()], 1);
        let list = self.shown("tar -t", "tar".as_ref(), &["-tf".as_ref(), file.as_os_str()], 1);
        let digest =
            self.shown("blake3 of it", &self.bench, &["--read".as_ref(), "digest".as_ref(), file.as_os_str()], 1);
        let arguments = ["facts".as_ref(), file.as_os_str(), "-o".as_ref(), to.as_os_str()];
        let facts = self.shown("featgraph facts", featgraph(), &arguments, self.options.settings.threads);
        let arguments = ["facts".as_ref(), file.as_os_str(), "--digests".as_ref(), "-o".as_ref(), to.as_os_str()];
        let digests = self.shown("featgraph facts --digests", featgraph(), &arguments, self.options.settings.threads);
        judge("facts / reading, CPU", divided(facts.map(|cost| cost.cpu), read.map(|cost| cost.cpu)), None);
        judge("facts / reading, wall", divided(facts.map(|cost| cost.wall), read.map(|cost| cost.wall)), None);
        judge("facts / tar -t, CPU", divided(facts.map(|cost| cost.cpu), list.map(|cost| cost.cpu)), None);
        judge("--digests / blake3, CPU", divided(digests.map(|cost| cost.cpu), digest.map(|cost| cost.cpu)), None);
        std::fs::remove_file(&file)?;
        Ok(())
    }

    /// A million entries: that they work, and what memory they take.
    fn million(&self) -> Result<(), Box<dyn Error>> {
        let n = 1_000_000;
        head(&format!("{n} entries"));
        let file = self.room.join("million.tar");
        made::empty_files(n, &file)?;
        let to = self.room.join("million.facts.json");
        let arguments = ["facts".as_ref(), file.as_os_str(), "-o".as_ref(), to.as_os_str()];
        self.shown("featgraph facts, archive", featgraph(), &arguments, self.options.settings.threads);
        std::fs::remove_file(&file)?;
        made::facts(n, &to)?;
        let image = self.room.join("million.image.toml");
        let manifest = "[image]\nparent = \"million.facts.json\"\n\n[[ensure_dir]]\npath = \"/new\"\n";
        std::fs::write(&image, manifest)?;
        let plan = self.room.join("plan.json");
        let arguments = ["check".as_ref(), image.as_os_str()];
        self.shown("featgraph check, on facts", featgraph(), &arguments, self.options.settings.threads);
        let arguments = ["plan".as_ref(), image.as_os_str(), "-o".as_ref(), plan.as_os_str()];
        self.shown("featgraph plan, on facts", featgraph(), &arguments, self.options.settings.threads);
        Ok(())
    }

    /// Prints what a program takes and passes it on.
    fn shown(&self, name: &str, program: &Path, arguments: &[&OsStr], threads: usize) -> Option<Cost> {
        let probe = Probe {
            program,
            arguments: arguments.to_vec(),
            threads,
            cpu_limit: self.options.settings.cpu_limit,
            expected: 0,
        };
        // Once unmeasured: the first run pays for what the system then remembers.
        let cost = probe.run(Stdio::null()).and_then(|_| probe.medians(self.options.settings.runs));
        shown(name, cost)
    }
}

fn mib(file: &Path) -> std::io::Result<f64> {
    Ok(measure::table::mib(std::fs::metadata(file)?.len()))
}
