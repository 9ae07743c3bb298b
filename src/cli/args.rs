//! The arguments, and the help that is made from them.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use super::levels::{self, Subject};
use super::terminal::Color;
use crate::render::Format;
use crate::render::graph::GraphFormat;
use featgraph_plan::PlanFormat;

const EXAMPLES: &str = "\
Examples:
  featgraph check                               every manifest below the working directory
  featgraph plan web.image.toml -o plan.json    the steps that build an image, in order
  featgraph explain missing                     what a finding means and how to get rid of it

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
    Plan(PlanArguments),
    Graph(GraphArguments),
    Why(WhyArguments),
    Diff(DiffArguments),
    Facts(FactsArguments),
    Explain(ExplainArguments),
    Schema(SchemaArguments),
    Lsp(LspArguments),
    Completions(CompletionsArguments),
    Man(ManArguments),
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

    /// Write the findings into a file, too, in the format that its name tells or that stands before it; may be repeated.
    #[arg(long, value_name = "[FORMAT=]FILE")]
    pub output: Vec<PathBuf>,

    /// Pass over the findings that this file lists as known.
    #[arg(long, value_name = "FILE")]
    pub baseline: Option<PathBuf>,

    /// Write all findings into the file of `--baseline`, so that they are known from now on.
    #[arg(long, requires = "baseline")]
    pub write_baseline: bool,

    /// Tell how many findings there are of each code, not the findings.
    #[arg(long)]
    pub statistics: bool,

    /// Check again whenever something changes, until Ctrl-C.
    #[arg(long, conflicts_with = "write_baseline")]
    pub watch: bool,

    /// What the file on standard input is called; paths in it are relative to its folder.
    #[arg(long, value_name = "PATH")]
    pub stdin_filename: Option<PathBuf>,

    #[command(flatten)]
    pub fixes: FixArguments,

    #[command(flatten)]
    pub levels: LevelArguments,
}

/// Whether findings are fixed. Only text inside the edits changes.
#[derive(Args)]
pub(super) struct FixArguments {
    /// Make the fixes that are safe, and report what is left.
    #[arg(long, conflicts_with = "watch")]
    pub fix: bool,

    /// Show what `--fix` would change, as a unified diff, and write nothing.
    #[arg(long, requires = "fix")]
    pub diff: bool,

    /// Make also fixes that are a matter of choice, the first of each finding.
    #[arg(long, requires = "fix")]
    pub unsafe_fixes: bool,
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
    /// SARIF 2.1.0, for code scanning.
    Sarif,
    /// Annotations in a GitHub workflow.
    Github,
    /// A code quality report for GitLab.
    Gitlab,
    /// JUnit XML, for build servers.
    Junit,
}

impl From<CheckFormat> for Format {
    fn from(format: CheckFormat) -> Self {
        match format {
            CheckFormat::Full => Self::Full,
            CheckFormat::Concise => Self::Concise,
            CheckFormat::Json => Self::Json,
            CheckFormat::Sarif => Self::Sarif,
            CheckFormat::Github => Self::Github,
            CheckFormat::Gitlab => Self::Gitlab,
            CheckFormat::Junit => Self::Junit,
        }
    }
}

/// Compile one image into the steps that build it, in order.
#[derive(Args)]
#[command(after_help = "\
What was found goes to standard error. With an error nothing is written, and a file that was there stays as it was.")]
pub(super) struct PlanArguments {
    /// The image; `-` is standard input.
    #[arg(value_name = "IMAGE")]
    pub image: PathBuf,

    /// Where to write the plan; `-` is standard output.
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,

    /// How the plan is written [default: json].
    #[arg(long, value_enum)]
    pub format: Option<PlanFormatName>,

    /// Leave out where every step was declared.
    #[arg(long)]
    pub no_origins: bool,

    /// Name every entry of trees and archives, not their number.
    #[arg(long)]
    pub entries: bool,

    /// Add the user and group numbers that were allocated to the image's `ids` file.
    #[arg(long)]
    pub write_ids: bool,

    /// Refuse to allocate user and group numbers.
    #[arg(long, conflicts_with = "write_ids")]
    pub locked: bool,

    /// What the file on standard input is called; paths in it are relative to its folder.
    #[arg(long, value_name = "PATH")]
    pub stdin_filename: Option<PathBuf>,

    #[command(flatten)]
    pub levels: LevelArguments,
}

/// How a plan is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum PlanFormatName {
    /// One document; see `featgraph schema plan`.
    Json,
    /// A first line with all but the steps, then one step a line.
    Jsonl,
    /// For people.
    Text,
}

impl From<PlanFormatName> for PlanFormat {
    fn from(format: PlanFormatName) -> Self {
        match format {
            PlanFormatName::Json => Self::Json,
            PlanFormatName::Jsonl => Self::Jsonl,
            PlanFormatName::Text => Self::Text,
        }
    }
}

/// Draw what needs what in an image, also in one with errors.
#[derive(Args)]
pub(super) struct GraphArguments {
    /// The image.
    #[arg(value_name = "IMAGE")]
    pub image: PathBuf,
    /// How the graph is written.
    #[arg(long, value_enum, default_value_t)]
    pub format: GraphFormatName,
}

/// How a graph is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum GraphFormatName {
    /// For Graphviz.
    #[default]
    Dot,
    /// For Markdown pages.
    Mermaid,
    /// For machines.
    Json,
}

impl From<GraphFormatName> for GraphFormat {
    fn from(format: GraphFormatName) -> Self {
        match format {
            GraphFormatName::Dot => Self::Dot,
            GraphFormatName::Mermaid => Self::Mermaid,
            GraphFormatName::Json => Self::Json,
        }
    }
}

/// Tell who provides something, who needs it, and why it comes when it does.
#[derive(Args)]
#[command(after_help = "\
Examples:
  featgraph why web.image.toml /bin/sh
  featgraph why web.image.toml user:web
  featgraph why web.image.toml --before ensure_dir:/srv install:/srv/index.html")]
pub(super) struct WhyArguments {
    /// The image.
    #[arg(value_name = "IMAGE")]
    pub image: PathBuf,
    /// A path, `user:NAME`, `group:NAME`, `package:NAME`, `virtual:NAME`, or the id of a step.
    #[arg(value_name = "ENTITY", required_unless_present = "before")]
    pub entity: Option<String>,
    /// Why one step comes before another: the shortest chain between them.
    #[arg(long, num_args = 2, value_names = ["A", "B"], conflicts_with = "entity")]
    pub before: Vec<String>,
    /// How the answer is written.
    #[arg(long, value_enum, default_value_t)]
    pub format: TextOrJson,
}

/// Show what changes between two plans or two images, by meaning.
#[derive(Args)]
#[command(after_help = "Exit status: 0 the same, 1 they differ, 2 wrong use, or an image without a plan.")]
pub(super) struct DiffArguments {
    /// The plan or image before; `-` is a plan on standard input.
    #[arg(value_name = "OLD")]
    pub old: PathBuf,

    /// The plan or image after; `-` is a plan on standard input.
    #[arg(value_name = "NEW")]
    pub new: PathBuf,

    /// How the difference is written.
    #[arg(long, value_enum, default_value_t)]
    pub format: TextOrJson,
}

/// Write down what a root file system has: paths, accounts, packages.
#[derive(Args)]
#[command(after_help = "\
A source is a directory, an archive (.tar, .tar.gz, .tar.xz, .tar.zst), a container image (an OCI layout, or what `docker save` writes)
or a file of facts.
What of it cannot be read is told on standard error, and the facts are then marked `opaque`.

Examples:

  featgraph facts /srv/roots/debian-12 -o debian-12.facts.json.zst
  featgraph facts --since debian-12.facts.json.zst /srv/roots/with-nginx -o nginx.facts.json")]
pub(super) struct FactsArguments {
    /// The root file system, wherever it lies; `-` is an archive on standard input.
    #[arg(value_name = "SOURCE")]
    pub source: PathBuf,

    /// Where to write the facts, compressed where the name ends in `.zst` or `.gz`; `-` is standard output.
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,

    /// Only what SOURCE has beyond this: facts, or another source.
    #[arg(long, value_name = "OLD")]
    pub since: Option<PathBuf>,

    /// Add the digest of every file.
    #[arg(long)]
    pub digests: bool,

    /// What the facts are called [default: after the source].
    #[arg(long, value_name = "NAME")]
    pub name: Option<String>,

    /// Of a container image for several platforms: which one, such as `linux/arm64`.
    #[arg(long, value_name = "OS/ARCH")]
    pub platform: Option<String>,
}

/// How answers are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum TextOrJson {
    /// For people.
    #[default]
    Text,
    /// For machines.
    Json,
}

/// Explain a finding or a kind of feature, with examples.
#[derive(Args)]
pub(super) struct ExplainArguments {
    /// A code such as `missing`, or a kind such as `install`; without one, all are listed.
    #[arg(value_name = "CODE")]
    pub name: Option<String>,
}

/// Print the JSON Schema of a format.
#[derive(Args)]
pub(super) struct SchemaArguments {
    /// Of which format.
    #[arg(value_enum, value_name = "FORMAT")]
    pub of: SchemaOf,
}

/// Formats that have a schema.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum SchemaOf {
    /// Images and feature sets, in TOML and JSON.
    Manifest,
    /// Facts files: what a parent has.
    Facts,
    /// What `check --format json` writes.
    Diagnostics,
    /// What `plan` writes as json.
    Plan,
    /// What `graph` writes as json.
    Graph,
    /// Lists of known findings, for `check --baseline`.
    Baseline,
}

/// Serve an editor: a language server on standard input and output.
#[derive(Args)]
pub(super) struct LspArguments {
    /// What editors say by habit; there is nothing else.
    #[arg(long, hide = true)]
    pub stdio: bool,
}

/// Print a script that completes commands in a shell.
#[derive(Args)]
#[command(
    after_help = "Bash, for example: featgraph completions bash > ~/.local/share/bash-completion/completions/featgraph"
)]
pub(super) struct CompletionsArguments {
    /// For which shell.
    #[arg(value_enum, value_name = "SHELL")]
    pub shell: clap_complete::Shell,
}

/// Print a page of the manual, for `man -l -`.
#[derive(Args)]
pub(super) struct ManArguments {
    /// The page of a command; without one, that of featgraph.
    #[arg(value_name = "COMMAND")]
    pub command: Option<String>,
}
