//! What `bloathound perf` takes.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use crate::exports::PageArguments;

/// Where the history is, seen from a checkout.
const HISTORY: &str = "ci/history/performance.jsonl";

#[derive(Args, Debug)]
pub(crate) struct PerfArguments {
    #[command(subcommand)]
    pub(crate) command: PerfCommand,
}

#[derive(Subcommand, Debug)]
pub(crate) enum PerfCommand {
    /// Measure this checkout and add it to the history
    Record(RecordArguments),
    /// What differs between two commits of the history, or two files of rows
    Compare(CompareArguments),
    /// Every stage commit by commit, with the commits that changed it
    History(HistoryArguments),
    /// Measure this checkout and fail where a stage got slower or bigger
    Gate(GateArguments),
    /// Say why a change is meant: the gate compares with what comes after
    Accept(AcceptArguments),
}

/// The file of the history.
#[derive(Args, Debug)]
pub(crate) struct HistoryFile {
    /// The history: JSON lines that are added to and never changed
    #[arg(long = "file", value_name = "FILE", default_value = HISTORY)]
    pub(crate) path: PathBuf,
}

#[derive(Args, Debug)]
pub(crate) struct RecordArguments {
    #[command(flatten)]
    pub(crate) history: HistoryFile,
    /// Write the rows to FILE instead; `-` is stdout
    #[arg(long, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,
    /// Wall time too, as multiples of a fixed calculation
    #[arg(long)]
    pub(crate) wall: bool,
    /// Wall time on a generated heap of that size as well; 5m takes minutes and 4 GB
    #[arg(long, value_name = "SIZE", value_parser = ["10k", "1m", "5m"], requires = "wall")]
    pub(crate) size: Vec<String>,
    /// Count the whole command on a heap of a million objects as well: minutes
    #[arg(long)]
    pub(crate) large: bool,
    /// What the rows' commit is called, where it is not that of the checkout
    #[arg(long)]
    pub(crate) commit: Option<String>,
    /// Measure only the whole command, as this program has it: past commits
    #[arg(long, value_name = "PROGRAM", requires_all = ["commit", "image"])]
    pub(crate) program: Option<PathBuf>,
    /// The image that PROGRAM inspects, and the name of its series: NAME=FILE
    #[arg(long, value_name = "NAME=FILE", requires = "program")]
    pub(crate) image: Option<String>,
    /// Only this stage, on the generated heap
    #[arg(long, value_name = "STAGE", hide = true)]
    pub(crate) only: Option<String>,
    /// Instructions only, without bytes and allocations
    #[arg(long, hide = true, requires = "only")]
    pub(crate) instructions_only: bool,
    /// By the benchmarks that have planted work: for the proof that the gate sees it
    #[arg(long, hide = true)]
    pub(crate) planted: bool,
}

#[derive(Args, Debug)]
pub(crate) struct CompareArguments {
    #[command(flatten)]
    pub(crate) history: HistoryFile,
    /// A and B are programs: run them in turn on this image, and tell how their wall times differ
    #[arg(long, value_name = "FILE")]
    pub(crate) image: Option<PathBuf>,
    /// How many times each
    #[arg(long, default_value = "15", requires = "image")]
    pub(crate) pairs: u32,
    /// A commit of the history, or a file of rows
    pub(crate) a: String,
    /// The same, later
    pub(crate) b: String,
}

#[derive(Args, Debug)]
pub(crate) struct HistoryArguments {
    #[command(flatten)]
    pub(crate) history: HistoryFile,
    #[command(flatten)]
    pub(crate) page: PageArguments,
}

#[derive(Args, Debug)]
pub(crate) struct GateArguments {
    #[command(flatten)]
    pub(crate) history: HistoryFile,
    /// Hold these rows against the history instead of measuring
    #[arg(long, value_name = "FILE")]
    pub(crate) rows: Option<PathBuf>,
    /// Add what was measured to FILE, whatever the gate says
    #[arg(long, value_name = "FILE")]
    pub(crate) keep: Option<PathBuf>,
    /// Add a few lines of Markdown to FILE
    #[arg(long, value_name = "FILE")]
    pub(crate) summary: Option<PathBuf>,
}

#[derive(Args, Debug)]
pub(crate) struct AcceptArguments {
    #[command(flatten)]
    pub(crate) history: HistoryFile,
    /// Of this stage only
    #[arg(long)]
    pub(crate) stage: Option<String>,
    /// Of this input only
    #[arg(long)]
    pub(crate) input: Option<String>,
    /// Why it may be
    pub(crate) reason: String,
}
