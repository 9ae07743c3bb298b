//! The arguments, and the help that is made from them.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use super::levels::{self, Subject};
use super::terminal::Color;
use crate::render::Format;

const EXAMPLES: &str = "\
Examples:
  featgraph check                  every manifest below the working directory
  featgraph explain missing        what a finding means and how to get rid of it

Manifests are called NAME.image.toml (an image) or NAME.features.toml (features that images include); .json works, too.
Exit status: 0 nothing found, 1 errors found, 2 wrong use or failure.";

/// Compiles declarative image features into a proven, ordered plan.
#[derive(Parser)]
#[command(
    name = "featgraph",
    bin_name = "featgraph",
    version,
    arg_required_else_help = true,
    subcommand_required = true,
    after_help = EXAMPLES,
    max_term_width = 120
)]
pub(super) struct Arguments {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,

    /// Colour the output; NO_COLOR in the environment turns `auto` off.
    #[arg(long, global = true, value_enum, default_value_t, value_name = "WHEN")]
    pub color: Color,
}

#[derive(Subcommand)]
pub(super) enum Command {
    Check(CheckArguments),
}

/// Find everything that is wrong in images and feature sets.
#[derive(Args)]
#[command(after_help = "\
Images and feature sets are found below folders; hidden files, links and what .gitignore excludes are passed over, unless named.
A feature set that no checked image includes is checked by itself.
Levels can also be set in featgraph.toml, in the working directory or above what is checked:

  [lints]
  deny = [\"warnings\"]
  allow = [\"unusual-name\"]")]
pub(super) struct CheckArguments {
    /// Files and folders; `-` is standard input.
    #[arg(value_name = "PATH", default_value = ".")]
    pub paths: Vec<PathBuf>,

    /// How findings are written [default: full on a terminal, else concise].
    #[arg(long, value_enum)]
    pub format: Option<CheckFormat>,

    /// What the file on standard input is called; paths in it are relative to its folder.
    #[arg(long, value_name = "PATH")]
    pub stdin_filename: Option<PathBuf>,

    #[command(flatten)]
    pub levels: LevelArguments,
}

/// Which severity findings have. The last one about a code counts.
#[derive(Args)]
pub(super) struct LevelArguments {
    /// Make findings of this code errors; `warnings` stands for all warnings.
    #[arg(long, value_name = "CODE", value_parser = levels::denied)]
    pub deny: Vec<Subject>,

    /// Make findings of this code warnings.
    #[arg(long, value_name = "CODE", value_parser = levels::warned)]
    pub warn: Vec<Subject>,

    /// Do not give findings of this code.
    #[arg(long, value_name = "CODE", value_parser = levels::allowed)]
    pub allow: Vec<Subject>,
}

/// How findings are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum CheckFormat {
    /// With snippets, other places and ways out.
    Full,
    /// `file:line:col: severity[code]: message`, one finding a line.
    Concise,
    /// For machines; see `featgraph schema diagnostics`.
    Json,
}

impl From<CheckFormat> for Format {
    fn from(format: CheckFormat) -> Self {
        match format {
            CheckFormat::Full => Self::Full,
            CheckFormat::Concise => Self::Concise,
            CheckFormat::Json => Self::Json,
        }
    }
}
