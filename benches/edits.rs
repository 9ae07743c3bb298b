//! What an edit costs in a workspace that stays open: one image whose features are spread over a hundred files, of which
//! one is edited again and again, as an editor does it. Nothing is asserted: times belong to the machine.
//!
//! ```text
//! cargo bench --bench edits                                     # 100,000 features, 500 edits of each sort
//! cargo bench --bench edits -- --features 20000 --edits 10000   # whether memory stays flat
//! ```
#![allow(
    missing_docs,
    clippy::disallowed_methods,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a program for developers, which touches the world and prints"
)]

#[allow(dead_code, reason = "only one of its shapes is edited")]
mod generate;

use std::path::Path;
use std::time::{Duration, Instant};

use clap::Parser;
use featgraph::compile::{Levels, Progress, Workspace};
use featgraph::load::{Overlay, load};
use generate::Shape;

#[derive(Parser)]
struct Options {
    /// Features of the image
    #[arg(long, default_value_t = 100_000)]
    features: usize,
    /// Edits of each sort
    #[arg(long, default_value_t = 500)]
    edits: usize,
    /// Given by cargo
    #[arg(long, hide = true)]
    bench: bool,
}

const FILE: &str = "set-050.features.toml";

/// A sort of edit: its name, and the text after the edit of a number.
type Sort = (&'static str, fn(&str, usize) -> String);

const SORTS: [Sort; 10] = [
    ("a comment", |text, number| format!("# {number}\n{text}")),
    ("a text", |text, number| near_middle(text, "port = ", &format!("port = {}", number % 10))),
    ("a mode", |text, number| {
        near_middle(text, "[[install]]\n", &format!("[[install]]\nmode = \"0{}0\"\n", 60 + number % 5))
    }),
    ("a place", |text, number| near_middle(text, ".conf\"\n", &format!("-{number}.conf\"\n"))),
    ("a mistyped owner", |text, number| {
        near_middle(text, "[[install]]\n", &format!("[[install]]\nuser = \"nobody{number}\"\n"))
    }),
    ("a directory that is missing", |text, number| near_middle(text, "dst = \"/srv", &format!("dst = \"/srv{number}"))),
    ("a slip", |text, number| near_middle(text, "[[install]]\n", &format!("[[install]]\ndescription = \"{number}\n"))),
    ("a link", |text, number| {
        near_middle(
            text,
            "[[install]]\n",
            &format!("[[symlink]]\nlink = \"/srv/link{number}\"\ntarget = \"/srv\"\n\n[[install]]\n"),
        )
    }),
    ("a user", |text, number| {
        let user = format!("[[user]]\nname = \"u{number}\"\nuid = {}\n\n[[install]]\n", 50_000 + number);
        near_middle(text, "[[install]]\n", &user)
    }),
    ("a removal, which reaches far", |text, number| {
        let removal = format!("[[remove]]\npath = \"/srv/gone{number}\"\nmust_exist = false\n\n[[install]]\n");
        near_middle(text, "[[install]]\n", &removal)
    }),
];

/// The text with what first follows its middle replaced.
fn near_middle(text: &str, from: &str, to: &str) -> String {
    let middle = text.len() / 2;
    let at = text[middle..].find(from).map_or(0, |at| middle + at);
    format!("{}{to}{}", &text[..at], &text[at + from.len()..])
}

fn main() -> std::io::Result<()> {
    let options = Options::parse();
    let folder = tempfile::tempdir()?;
    let input = Shape::Mixed.generate(options.features, folder.path())?;
    let name = |path: &Path| path.file_name().and_then(|name| name.to_str()).unwrap_or_default().to_owned();
    let image = name(&input.image);
    let text = std::fs::read_to_string(folder.path().join(FILE))?;
    let mut workspace = Workspace::new();
    workspace.open(image);
    let mut overlay = Overlay::default();
    let start = Instant::now();
    load(&mut workspace, folder.path(), &overlay);
    advance(&mut workspace);
    println!("{} features: {:.0} ms until the first findings", options.features, millis(start.elapsed()));
    for (name, edit) in SORTS {
        let before = workspace.linked();
        let mut times: Vec<Duration> = Vec::with_capacity(options.edits);
        let mut found = 0;
        let resident = resident_now();
        for number in 0..options.edits {
            let start = Instant::now();
            overlay.set(FILE, edit(&text, number));
            workspace.changed(FILE);
            load(&mut workspace, folder.path(), &overlay);
            advance(&mut workspace);
            found = workspace.findings(&Levels::default()).diagnostics.len();
            times.push(start.elapsed());
        }
        times.sort();
        let at = |part: usize| {
            millis(times.get((times.len() * part / 100).min(times.len() - 1)).copied().unwrap_or_default())
        };
        println!(
            "{name:<28} median {:>6.1} ms, p99 {:>6.1} ms; {found} findings; linked {} times; memory {:+.1} MB",
            at(50),
            at(99),
            workspace.linked() - before,
            (resident_now() - resident) / 1e6
        );
    }
    Ok(())
}

fn advance(workspace: &mut Workspace) {
    while workspace.advance(Some(FILE), &|| false) != Progress::Current {}
}

fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

/// Bytes in memory.
fn resident_now() -> f64 {
    let pages = std::fs::read_to_string("/proc/self/statm")
        .ok()
        .and_then(|text| text.split(' ').nth(1).and_then(|pages| pages.parse::<f64>().ok()));
    pages.unwrap_or_default() * 4096.0
}
