//! What `bloathound lab` is told.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use crate::choices::{parse_jobs, parse_seconds, whole};

#[derive(Args, Debug)]
pub(crate) struct LabArguments {
    #[command(subcommand)]
    pub(crate) command: LabCommand,
}

#[derive(Subcommand, Debug)]
pub(crate) enum LabCommand {
    /// The labs there are, and what you have done of them
    List(ListArguments),
    /// Start a lab: its service runs until Ctrl-C, and you hunt in another terminal
    Start(StartArguments),
    /// What an operator sees of it now, and what to type
    Look(Which),
    /// The next hint: a command, and how to read it
    Hint(Which),
    /// Your diagnosis: class=leak holder=Shop._orders …; without an answer the questions
    Answer(AnswerArguments),
    /// Is the diagnosis right, and does your service.py do its work without the fault
    Check(CheckArguments),
    /// What it was, with your own figures and the picture, once it is passed
    Explain(Which),
    /// The lab as it was when you began it
    Reset(Which),
    /// A service.py that works, for when you have had enough
    Solution(Which),
    /// What a class has done, from the folders of its learners
    Report(ReportArguments),
    /// Write slides, handout, guide and answer key into DIR
    Pages(PagesArguments),
    /// Make a folder for a USB stick: this program, the labs, recordings of all of them, packages, the pages
    Bundle(BundleArguments),
}

/// Where a learner's labs are.
#[derive(Args, Debug, Clone)]
pub(crate) struct Place {
    /// Your folder; each lab has one of its own in it, and nothing is written anywhere else
    #[arg(long, value_name = "DIR", default_value = "bloathound-labs")]
    pub(crate) folder: PathBuf,
    /// Folder with `scenarios` and `reference-services`
    #[arg(long, value_name = "DIR")]
    pub(crate) home: Option<PathBuf>,
}

#[derive(Args, Debug, Clone)]
pub(crate) struct Which {
    /// The lab, as `lab list` has it
    pub(crate) name: String,
    #[command(flatten)]
    pub(crate) place: Place,
}

#[derive(Args, Debug)]
pub(crate) struct ListArguments {
    #[command(flatten)]
    pub(crate) place: Place,
}

#[derive(Args, Debug)]
pub(crate) struct StartArguments {
    #[command(flatten)]
    pub(crate) which: Which,
    /// Your name, for the teacher's list; names and figures are drawn by it
    #[arg(long, value_name = "NAME")]
    pub(crate) learner: Option<String>,
    /// Draw names and figures by this number instead
    #[arg(long, value_parser = whole::<u64>(1, 999_999_999))]
    pub(crate) seed: Option<u64>,
    /// End by itself after so many seconds
    #[arg(long = "for", value_name = "SECONDS", value_parser = parse_seconds)]
    pub(crate) seconds: Option<f64>,
    /// Take a recording of the bundle, although a service could be started
    #[arg(long)]
    pub(crate) recorded: bool,
}

#[derive(Args, Debug)]
pub(crate) struct AnswerArguments {
    #[command(flatten)]
    pub(crate) which: Which,
    /// Answers: QUESTION=ANSWER
    pub(crate) answers: Vec<String>,
    /// For who knows it already: the diagnosis alone passes the lab, and the teacher's list says so
    #[arg(long)]
    pub(crate) fast_track: bool,
}

#[derive(Args, Debug)]
pub(crate) struct CheckArguments {
    /// The lab, as `lab list` has it
    #[arg(required_unless_present = "all")]
    pub(crate) name: Option<String>,
    #[command(flatten)]
    pub(crate) place: Place,
    /// Check the labs themselves (NAME, or every one): what one lacks; and by running it that unsolved it fails, that the
    /// solution passes, that leaving the work out fails, and that each wrong answer has a message of its own
    #[arg(long)]
    pub(crate) all: bool,
    /// With --all: only what the files say, nothing is run
    #[arg(long, requires = "all")]
    pub(crate) files_only: bool,
    /// With --all: so many labs side by side
    #[arg(long, value_name = "N", default_value = "2", requires = "all", value_parser = parse_jobs)]
    pub(crate) jobs: usize,
    /// With --all: draw by this number
    #[arg(long, default_value = "1", requires = "all", value_parser = whole::<u64>(1, 999_999_999))]
    pub(crate) seed: u64,
}

#[derive(Args, Debug)]
pub(crate) struct ReportArguments {
    /// Any folder above learners' folders or zip archives of them (a share that they were copied to), or one such archive
    pub(crate) dir: PathBuf,
    /// Write the rows to FILE; `-` is stdout
    #[arg(long, value_name = "FILE")]
    pub(crate) json: Option<PathBuf>,
}

#[derive(Args, Debug)]
pub(crate) struct PagesArguments {
    /// Where the pages go; made where it isn't there
    pub(crate) dir: PathBuf,
    /// Whose names and figures the key shows: the seed of a learner's lab.txt
    #[arg(long, default_value = "1")]
    pub(crate) seed: u64,
    /// Folder with `scenarios` and `reference-services`
    #[arg(long, value_name = "DIR")]
    pub(crate) home: Option<PathBuf>,
}

#[derive(Args, Debug)]
pub(crate) struct BundleArguments {
    /// Where it goes; a folder that is not there yet, or an empty one
    pub(crate) dir: PathBuf,
    /// Recordings of each lab, each drawn by another seed
    #[arg(long, value_name = "N", default_value = "5", value_parser = whole::<u64>(1, 100))]
    pub(crate) seeds: u64,
    /// Only these labs
    #[arg(long, value_name = "NAME", num_args = 1..)]
    pub(crate) only: Vec<String>,
    /// Leave the packages out: nothing is downloaded then
    #[arg(long)]
    pub(crate) without_packages: bool,
    /// Folder with `scenarios` and `reference-services`
    #[arg(long, value_name = "DIR")]
    pub(crate) home: Option<PathBuf>,
}
