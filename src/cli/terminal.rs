//! Where output goes, and what the terminal there can show.

use std::io::{self, BufWriter, IsTerminal, Write};

use crate::render::Options;

/// Whether to colour, as asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Color {
    /// On a terminal, unless NO_COLOR is set.
    #[default]
    Auto,
    /// Even into files and pipes.
    Always,
    /// Not at all.
    Never,
}

/// The streams of a run. Data goes to `out`, messages go to `err`.
pub(super) struct Terminal {
    /// Standard output, buffered.
    pub out: Box<dyn Write>,
    /// Standard error.
    pub err: Box<dyn Write>,
    /// Whether standard output is a terminal.
    pub is_terminal: bool,
    /// Whether standard error is one.
    pub err_is_terminal: bool,
    color_out: bool,
    color_err: bool,
    unicode: bool,
    width: usize,
}

impl Terminal {
    /// The streams of the process.
    pub fn new(color: Color) -> Self {
        let (out, err) = (io::stdout(), io::stderr());
        let is_terminal = out.is_terminal();
        Self {
            is_terminal,
            err_is_terminal: err.is_terminal(),
            color_out: wanted(color, &out),
            color_err: wanted(color, &err),
            unicode: unicode(),
            width: width(),
            out: Box::new(BufWriter::with_capacity(1 << 16, out)),
            err: Box::new(err),
        }
    }

    /// How findings are drawn on standard output.
    pub fn options(&self) -> Options {
        Options { color: self.color_out, unicode: self.unicode, width: self.width, ..Options::default() }
    }

    /// How findings are drawn on standard error.
    pub fn err_options(&self) -> Options {
        Options { color: self.color_err, ..self.options() }
    }

    /// One message on standard error; where even that fails nobody can be told.
    pub fn complain(&mut self, level: &str, message: &str, help: Option<&str>) {
        let (bold, dim, plain) = match (self.color_err, level) {
            (false, _) => ("", "", ""),
            (true, "error") => ("\x1b[1;31m", "\x1b[36m", "\x1b[0m"),
            (true, _) => ("\x1b[1m", "\x1b[36m", "\x1b[0m"),
        };
        drop(writeln!(self.err, "{bold}{level}{plain}: {message}"));
        let Some(help) = help else { return };
        for (number, line) in help.lines().enumerate() {
            let head = if number == 0 { format!("{dim}help{plain}: ") } else { String::from("      ") };
            drop(writeln!(self.err, "{}", format!("  {head}{line}").trim_end()));
        }
    }
}

fn wanted(color: Color, stream: &impl anstream::stream::RawStream) -> bool {
    match color {
        Color::Always => true,
        Color::Never => false,
        // NO_COLOR, CLICOLOR, TERM=dumb and whether it is a terminal.
        Color::Auto => anstream::AutoStream::choice(stream) != anstream::ColorChoice::Never,
    }
}

/// Whether the locale can show more than ASCII.
fn unicode() -> bool {
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"]
        .iter()
        .filter_map(std::env::var_os)
        .find(|value| !value.is_empty())
        .map(|value| value.to_string_lossy().to_ascii_lowercase());
    locale.is_some_and(|locale| locale.contains("utf-8") || locale.contains("utf8"))
}

/// Columns: as COLUMNS says, else as the terminal says.
fn width() -> usize {
    let said = std::env::var("COLUMNS").ok().and_then(|columns| columns.trim().parse().ok());
    let seen = || terminal_size::terminal_size().map(|(terminal_size::Width(columns), _)| usize::from(columns));
    said.or_else(seen).filter(|&columns| columns > 0).unwrap_or(Options::default().width).min(400)
}
