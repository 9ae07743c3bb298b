//! Runs a program and says what it took: processor time of all its threads, wall time, peak memory.

pub mod baseline;
pub mod table;

use std::ffi::OsStr;
use std::fs::File;
use std::io::{self, Read, Seek};
use std::path::Path;
use std::process::{Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use wait4::Wait4;

/// What one run took, or the medians of several.
#[derive(Clone, Copy, Debug)]
pub struct Cost {
    /// User and system time of all threads.
    pub cpu: Duration,
    /// From start to end.
    pub wall: Duration,
    /// Most bytes of memory in use at a time. Not less than what this process itself uses, a few MiB.
    pub peak: u64,
}

/// How a benchmark is run, whatever it measures.
#[derive(clap::Args)]
pub struct Settings {
    /// Runs of each, of which the medians count
    #[arg(long, default_value_t = 3)]
    pub runs: usize,
    /// Threads that featgraph may use
    #[arg(long, default_value_t = 2)]
    pub threads: usize,
    /// Seconds of processor time after which one run is stopped
    #[arg(long, value_name = "SECONDS", default_value_t = 120)]
    pub cpu_limit: u64,
    /// Given by `cargo bench`
    #[arg(long, hide = true)]
    pub bench: bool,
}

impl Settings {
    /// Says under which conditions the figures were made.
    pub fn tell(&self) {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        println!("{cores} cores, {} threads, medians of {} runs", self.threads, self.runs.max(1));
    }
}

/// A program with its arguments, and the conditions under which it is measured.
pub struct Probe<'a> {
    pub program: &'a Path,
    pub arguments: Vec<&'a OsStr>,
    /// Worker threads that it may have.
    pub threads: usize,
    /// Seconds of processor time after which it is stopped: a square of 100,000 would take the day.
    pub cpu_limit: u64,
    /// The exit status that it must have.
    pub expected: i32,
}

impl Probe<'_> {
    /// The medians of some runs, each figure by itself, or why there are none.
    pub fn medians(&self, runs: usize) -> Result<Cost, String> {
        let costs = (0..runs.max(1)).map(|_| self.run(Stdio::null())).collect::<Result<Vec<_>, _>>()?;
        Ok(Cost {
            cpu: median(costs.iter().map(|cost| cost.cpu)),
            wall: median(costs.iter().map(|cost| cost.wall)),
            peak: median(costs.iter().map(|cost| cost.peak)),
        })
    }

    /// One run, with its data going somewhere.
    pub fn run(&self, stdout: Stdio) -> Result<Cost, String> {
        self.try_run(stdout).unwrap_or_else(|error| Err(format!("cannot be run: {error}")))
    }

    fn try_run(&self, stdout: Stdio) -> io::Result<Result<Cost, String>> {
        let mut messages = tempfile::tempfile()?;
        // The shell sets the limit and then becomes the program, so what is measured is that one process.
        let mut command = Command::new("sh");
        command
            .args(["-c", "ulimit -t \"$1\"; shift; exec \"$@\"", "sh"])
            .arg(self.cpu_limit.to_string())
            .arg(self.program)
            .args(&self.arguments)
            .env("RAYON_NUM_THREADS", self.threads.to_string())
            .stdin(Stdio::null())
            .stdout(stdout)
            .stderr(messages.try_clone()?);
        let start = Instant::now();
        let used = command.spawn()?.wait4()?;
        let wall = start.elapsed();
        if used.status.code() != Some(self.expected) {
            return Ok(Err(self.complaint(used.status, &mut messages)?));
        }
        Ok(Ok(Cost { cpu: used.rusage.utime + used.rusage.stime, wall, peak: used.rusage.maxrss }))
    }

    fn complaint(&self, status: ExitStatus, messages: &mut File) -> io::Result<String> {
        let mut text = Vec::new();
        messages.rewind()?;
        messages.take(4096).read_to_end(&mut text)?;
        let text = String::from_utf8_lossy(&text);
        let line = text.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or("no message");
        Ok(match status.code() {
            Some(_) => format!("{status}, not {}: {line}", self.expected),
            None => format!("{status} (the limit is {} s of processor time): {line}", self.cpu_limit),
        })
    }
}

fn median<T: Ord + Copy>(values: impl Iterator<Item = T>) -> T {
    let mut values = values.collect::<Vec<_>>();
    values.sort_unstable();
    values[values.len() / 2]
}
