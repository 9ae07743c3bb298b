//! A folder of files in which the command runs.
#![allow(dead_code, reason = "each of the tests uses a part")]

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use tempfile::TempDir;

/// What a run gave.
#[derive(Debug)]
pub struct Run {
    pub status: i32,
    pub out: String,
    pub err: String,
}

impl Run {
    fn of(output: Output) -> Self {
        let text = |bytes| String::from_utf8(bytes).unwrap();
        let run =
            Self { status: output.status.code().unwrap_or(-1), out: text(output.stdout), err: text(output.stderr) };
        assert!(!run.err.contains("panicked"), "{}", run.err);
        run
    }
}

/// A folder with files, in which featgraph runs.
pub struct Place(TempDir);

impl Place {
    pub fn new(files: &[(&str, &str)]) -> Self {
        let place = Self(tempfile::tempdir().unwrap());
        files.iter().for_each(|(name, text)| place.write(name, text));
        place
    }

    pub fn path(&self, name: impl AsRef<Path>) -> PathBuf {
        self.0.path().join(name)
    }

    pub fn write(&self, name: &str, text: &str) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    pub fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap()
    }

    /// The command in a folder below, with an environment that is the same everywhere.
    pub fn command(&self, below: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_featgraph"));
        command.current_dir(self.path(below)).env_clear().env("LANG", "C.UTF-8").stdin(Stdio::null());
        command
    }

    pub fn run(&self, arguments: &[&str]) -> Run {
        self.run_in("", arguments)
    }

    pub fn run_in(&self, below: &str, arguments: &[&str]) -> Run {
        Run::of(self.command(below).args(arguments).output().unwrap())
    }

    pub fn run_with(&self, arguments: &[&str], input: &[u8], environment: &[(&str, &str)]) -> Run {
        let mut command = self.command("");
        command.args(arguments).envs(environment.iter().copied());
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        // It may have ended before it read anything.
        drop(child.stdin.take().unwrap().write_all(input));
        Run::of(child.wait_with_output().unwrap())
    }
}
