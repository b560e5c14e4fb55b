//! The command line: what it takes, and what each option means.

use std::path::PathBuf;

use bloathound_live::HOLD;
use bloathound_memory::Effort;
use clap::{Args, Parser, Subcommand};

use crate::check::arguments::CheckArguments;
use crate::choices::{
    ClassChoice, Detector, PythonChoice, ShownArguments, TrafficChoice, TwinChoice, VariantChoice, parse_jobs,
    parse_partition, parse_python, parse_rate, parse_seconds, whole,
};
use crate::cost::DryRunArguments;
use crate::exports::{HeapExports, PageArguments, SampleExports};
use crate::failing::FailArguments;
use crate::files;
use crate::gate::{GateArguments, MergeArguments};
use crate::help;
use crate::lab::arguments::LabArguments;
use crate::looking::{LookArguments, PeerArguments};
use crate::metrics::MetricsArguments;
use crate::own::init::InitArguments;
use crate::perf::PerfArguments;

/// Finds memory leaks, fragmentation, uncollectable cycles and hot loops in running CPython processes, from outside.
#[derive(Parser, Debug)]
#[command(name = "bloathound", version = env!("BLOATHOUND_VERSION"), propagate_version = true, max_term_width = 100, after_help = help::codes(), after_long_help = help::long())]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Command,
    #[command(flatten)]
    pub(crate) shown: ShownArguments,
}

#[derive(Subcommand, Debug)]
pub(crate) enum Command {
    /// Run scenarios, score them, exit by the outcome; no NAME: all
    Run(RunArguments),
    /// Check a service of your own: start or take it, load it, look, and fail where anything is found
    Check(Box<CheckArguments>),
    /// Write a commented scenario of a service of your own, which passes on the service as it is found
    Init(InitArguments),
    /// Everything one look at a process can tell
    Inspect(InspectArguments),
    /// Growth over time on a live process
    Watch(WatchArguments),
    /// Hot-loop verdict on a live process, sampled without stopping it, or on samples that were kept
    Hot(HotArguments),
    /// Record an image of a process, to be analysed anywhere
    Capture(CaptureArguments),
    /// What is more and what is less in B than in A, by type
    Diff(DiffArguments),
    /// Why an object is alive: its path, what it keeps alive, who refers to it
    Why(WhyArguments),
    /// The same analysis on a recorded run; no Python needed
    Replay(ReplayArguments),
    /// Send a command to the diagnostics that a service has built in
    Ctl(CtlArguments),
    /// Live summary of what a service with diagnostics does
    Trace(TraceArguments),
    /// Join the results of partitions; one that is missing is an error
    Merge(MergeArguments),
    /// How fast we are, commit by commit: measure, compare, show, gate
    Perf(PerfArguments),
    /// Make ready what scenarios need: the services' packages, or with --python a Python 2.7
    Prepare(PrepareArguments),
    /// Start a reference service in the foreground, to try everything on; it ends with Ctrl-C
    Serve(ServeArguments),
    /// The workshop: labs to solve, whose diagnosis and cure are checked
    Lab(LabArguments),
    /// The scenarios there are
    List(ListArguments),
    /// Can this machine run the scenarios and read processes, and what to do if not
    Doctor(DoctorArguments),
    /// A script that lets a shell complete these commands and options, to stdout
    Completions(CompletionsArguments),
    /// Write a manual page for every command into DIR
    Man(ManArguments),
    /// Hold one pause, as a bloathound that looks at a process starts it
    #[command(name = HOLD, hide = true)]
    Hold(HoldArguments),
}

/// What [`bloathound_live::hold`] is told.
#[derive(Args, Debug)]
pub(crate) struct HoldArguments {
    pub(crate) words: Vec<String>,
}

#[derive(Args, Debug)]
pub(crate) struct RunArguments {
    /// Scenarios by name or pattern, such as 'tightloop*', or by their file, wherever it is: 'tests/orders.yaml'; those of a folder of `scenarios` by its name: 'field', or
    /// 'field/torn*'; generated ones by the name that a run of them told
    pub(crate) names: Vec<String>,
    /// Which twin
    #[arg(long, value_enum, default_value = "all")]
    pub(crate) variant: VariantChoice,
    /// Seed of whatever varies: texts of rows, the order of numbered requests, when they come in uneven traffic, what is
    /// generated; by default each scenario's own
    #[arg(long)]
    pub(crate) seed: Option<u64>,
    /// Spread the load's requests over its rounds in this way. As many are made in all. Scenarios without rounds of load
    /// are left out
    #[arg(long, value_name = "PROFILE")]
    pub(crate) traffic: Option<TrafficChoice>,
    /// Instead of scenarios run N generated cases: services that the seed (1 by default) makes, each with a bug and a twin,
    /// or without a bug. The same seed makes the same ones
    #[arg(long, value_name = "N", conflicts_with = "names", value_parser = whole::<u32>(1, 10_000))]
    pub(crate) generated: Option<u32>,
    /// Only generated cases of this class; by default all in turn
    #[arg(long, value_enum, value_name = "CLASS", requires = "generated")]
    pub(crate) class: Option<ClassChoice>,
    /// Keep the generated scenarios and services in DIR
    #[arg(long, value_name = "DIR", requires = "generated")]
    pub(crate) keep: Option<PathBuf>,
    /// Run what this interpreter takes: 2.7; 3, the newest of 3 that is here; one of its series, such as 3.12; all that are
    /// here; or the one at a path. By default 2.7 and the newest of 3
    #[arg(long, value_name = "WHICH", value_parser = parse_python)]
    pub(crate) python: Option<PythonChoice>,
    /// Write the results to FILE; `-` is stdout
    #[arg(long, value_name = "FILE")]
    pub(crate) json: Option<PathBuf>,
    /// Write JUnit XML to FILE
    #[arg(long, value_name = "FILE")]
    pub(crate) junit: Option<PathBuf>,
    /// Write a page to read in a browser to FILE, where that ends in .html; else to index.html in the folder FILE, with
    /// the heat maps beside it
    #[arg(long, value_name = "FILE")]
    pub(crate) report: Option<PathBuf>,
    /// Keep an image of every look, and the samples, in DIR, for `replay`
    #[arg(long, value_name = "DIR")]
    pub(crate) record: Option<PathBuf>,
    /// Of what is recorded keep only runs that are not as expected
    #[arg(long, requires = "record")]
    pub(crate) only_failed: bool,
    /// Replace what strings say in what is recorded, as `capture --redact` does
    #[arg(long, requires = "record")]
    pub(crate) redact: bool,
    /// Take time to make what is recorded small
    #[arg(long, requires = "record")]
    pub(crate) small: bool,
    /// Switch a detector off; the suite must then fail
    #[arg(long, value_enum, value_name = "DETECTOR")]
    pub(crate) without: Vec<Detector>,
    /// Stop after the first run that is not as expected; outputs are written all the same
    #[arg(long)]
    pub(crate) fail_fast: bool,
    /// Make N runs side by side. Those judged by time (hot loops, switched diagnostics) come after the others, one by
    /// one; latencies of the others are measured beside each other
    #[arg(long, value_name = "N", default_value = "1", value_parser = parse_jobs)]
    pub(crate) jobs: usize,
    /// Seconds that a service may take until it is ready
    #[arg(long, value_name = "S", default_value = "30", value_parser = parse_seconds)]
    pub(crate) ready_within: f64,
    /// Run only the K-th of N parts; one without a run writes empty results
    #[arg(long, value_name = "K/N", value_parser = parse_partition)]
    pub(crate) partition: Option<(u32, u32)>,
    /// Never judge recorded runs where there is no Python 2.7: exit by 3
    #[arg(long)]
    pub(crate) live: bool,
    /// Judge the recorded runs of the checkout and start no service. They enter no score
    #[arg(long, conflicts_with_all = ["live", "record", "generated", "floors", "write_floors", "curve"])]
    pub(crate) recorded: bool,
    #[command(flatten)]
    pub(crate) gate: GateArguments,
    /// Folder with `scenarios` and `reference-services`
    #[arg(long, value_name = "DIR")]
    pub(crate) home: Option<PathBuf>,
}

impl RunArguments {
    /// Whether only files of scenarios are named: these need no checkout.
    pub(crate) fn is_of_files(&self) -> bool {
        !self.names.is_empty() && self.names.iter().all(|name| files::is_file(name))
    }
}

#[derive(Args, Debug)]
pub(crate) struct PrepareArguments {
    /// Make a CPython 2.7.18 with pyenv or conda, in the user's cache; where one is found that will do, it stays at that
    #[arg(long)]
    pub(crate) python: bool,
    /// Download the services' packages into DIR, each checked against its hash, for machines that have no network
    #[arg(long, value_name = "DIR", conflicts_with = "python")]
    pub(crate) to: Option<PathBuf>,
    /// Install the services' packages from such a folder, and ask no index; hashes are checked all the same
    #[arg(long, value_name = "DIR", conflicts_with_all = ["python", "to"])]
    pub(crate) from: Option<PathBuf>,
    /// Folder with `scenarios` and `reference-services`
    #[arg(long, value_name = "DIR")]
    pub(crate) home: Option<PathBuf>,
}

#[derive(Args, Debug)]
pub(crate) struct ServeArguments {
    /// The scenario whose service is started, as `list` has it
    pub(crate) name: String,
    /// Which twin [default: the one with the bug]
    #[arg(long, value_enum)]
    pub(crate) variant: Option<TwinChoice>,
    /// On this interpreter: a series such as 3.12, or a path; by default the newest that it takes
    #[arg(long, value_name = "WHICH", value_parser = parse_python)]
    pub(crate) python: Option<PythonChoice>,
    /// Folder with `scenarios` and `reference-services`
    #[arg(long, value_name = "DIR")]
    pub(crate) home: Option<PathBuf>,
}

#[derive(Args, Debug)]
pub(crate) struct DoctorArguments {
    /// Write the result to FILE; `-` is stdout
    #[arg(long, value_name = "FILE")]
    pub(crate) json: Option<PathBuf>,
    /// Folder with `scenarios` and `reference-services`
    #[arg(long, value_name = "DIR")]
    pub(crate) home: Option<PathBuf>,
}

#[derive(Args, Debug)]
pub(crate) struct CompletionsArguments {
    /// Which shell
    #[arg(value_enum)]
    pub(crate) shell: clap_complete::Shell,
}

#[derive(Args, Debug)]
pub(crate) struct ManArguments {
    /// Where the pages go, such as ~/.local/share/man/man1; made where it isn't there
    pub(crate) dir: PathBuf,
}

#[derive(Args, Debug)]
pub(crate) struct ListArguments {
    /// Write the result to FILE; `-` is stdout
    #[arg(long, value_name = "FILE")]
    pub(crate) json: Option<PathBuf>,
    /// Folder with `scenarios` and `reference-services`
    #[arg(long, value_name = "DIR")]
    pub(crate) home: Option<PathBuf>,
}

#[derive(Args, Debug)]
pub(crate) struct InspectArguments {
    /// A process id, a recorded image, an ELF core, a memory dump, or manhole:ADDRESS (a process id or a socket of the
    /// diagnostics, a manhole's own socket, or 127.0.0.1:PORT)
    pub(crate) target: String,
    /// Write the result to FILE; `-` is stdout
    #[arg(long, value_name = "FILE")]
    pub(crate) json: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) fail: FailArguments,
    #[command(flatten)]
    pub(crate) page: PageArguments,
    /// Rows of the tables [default: 5, with -v all]
    #[arg(long)]
    pub(crate) rows: Option<usize>,
    /// Draw the address space to FILE (.png or .svg)
    #[arg(long, value_name = "FILE")]
    pub(crate) heatmap: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) exports: HeapExports,
    #[command(flatten)]
    pub(crate) cost: DryRunArguments,
    #[command(flatten)]
    pub(crate) look: LookArguments,
    #[command(flatten)]
    pub(crate) peer: PeerArguments,
}

#[derive(Args, Debug)]
pub(crate) struct WatchArguments {
    /// A process id, or a folder of looks that --record kept
    pub(crate) target: String,
    /// Looks after the first one; without it until it is sure, also of nothing
    #[arg(long, value_parser = whole::<u32>(2, 1000))]
    pub(crate) rounds: Option<u32>,
    /// Without --rounds: go on for at most so many seconds
    #[arg(long, default_value = "600", value_parser = parse_seconds, conflicts_with = "rounds")]
    pub(crate) max_time: f64,
    /// Seconds between looks
    #[arg(long, default_value = "10", value_parser = parse_seconds)]
    pub(crate) interval: f64,
    /// What grows, at what rate, who holds it and since when, as it goes on: a screen with keys, or a line a look
    #[arg(long)]
    pub(crate) follow: bool,
    /// Keep every look in DIR, to be judged again anywhere; readable by its owner only
    #[arg(long, value_name = "DIR")]
    pub(crate) record: Option<PathBuf>,
    /// Leave out a detector
    #[arg(long, value_enum, value_name = "DETECTOR")]
    pub(crate) without: Vec<Detector>,
    /// Write the result to FILE; `-` is stdout
    #[arg(long, value_name = "FILE")]
    pub(crate) json: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) fail: FailArguments,
    #[command(flatten)]
    pub(crate) page: PageArguments,
    #[command(flatten)]
    pub(crate) metrics: MetricsArguments,
    #[command(flatten)]
    pub(crate) cost: DryRunArguments,
    #[command(flatten)]
    pub(crate) look: LookArguments,
}

#[derive(Args, Debug)]
pub(crate) struct HotArguments {
    /// A process id, or a file of samples that --record kept
    pub(crate) target: String,
    /// How long to watch a process; up to 8 times as long where it or the sampler gets too little processor
    #[arg(long, default_value = "5", value_parser = parse_seconds)]
    pub(crate) seconds: f64,
    /// Samples a second
    #[arg(long, default_value = "100", value_parser = parse_rate)]
    pub(crate) rate: f64,
    /// Write the result to FILE; `-` is stdout
    #[arg(long, value_name = "FILE")]
    pub(crate) json: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) fail: FailArguments,
    #[command(flatten)]
    pub(crate) page: PageArguments,
    #[command(flatten)]
    pub(crate) exports: SampleExports,
    /// Keep the samples in FILE, to be judged again anywhere; readable by its owner only
    #[arg(long, value_name = "FILE")]
    pub(crate) record: Option<PathBuf>,
    /// Replace what strings say, and the folders of source files, in what is kept
    #[arg(long, requires = "record")]
    pub(crate) redact: bool,
}

#[derive(Args, Debug)]
pub(crate) struct CaptureArguments {
    /// A process id; or manhole:ADDRESS, for a memory dump
    pub(crate) target: String,
    /// The image or dump; readable by its owner only
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: PathBuf,
    /// Replace what strings say. Lengths, hashes and names stay: of modules, classes, functions, variables and attributes, and
    /// the ends of paths of source files. Memory that no analysis reads is left out anyway: freed blocks, stacks, the
    /// environment, buffers of C code
    #[arg(long)]
    pub(crate) redact: bool,
    /// Take time to make the image small
    #[arg(long)]
    pub(crate) small: bool,
    #[command(flatten)]
    pub(crate) look: LookArguments,
    #[command(flatten)]
    pub(crate) peer: PeerArguments,
}

#[derive(Args, Debug)]
pub(crate) struct DiffArguments {
    /// A process id, a recorded image, an ELF core, a memory dump, or manhole:ADDRESS (a process id or a socket of the
    /// diagnostics, a manhole's own socket, or 127.0.0.1:PORT)
    pub(crate) before: String,
    /// Another one
    pub(crate) after: String,
    /// Write the result to FILE; `-` is stdout
    #[arg(long, value_name = "FILE")]
    pub(crate) json: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) page: PageArguments,
    /// Rows of the table [default: 5, with -v all]
    #[arg(long)]
    pub(crate) rows: Option<usize>,
    #[command(flatten)]
    pub(crate) look: LookArguments,
    #[command(flatten)]
    pub(crate) peer: PeerArguments,
}

#[derive(Args, Debug)]
pub(crate) struct WhyArguments {
    /// A process id, a recorded image, an ELF core, a memory dump, or manhole:ADDRESS (a process id or a socket of the
    /// diagnostics, a manhole's own socket, or 127.0.0.1:PORT)
    pub(crate) target: String,
    /// A type's name, with its module or without, or an address such as 0x7f3a2c5d8e10
    pub(crate) what: String,
    /// Tell of what is new since this look at the same process: a recorded image, or what TARGET may be
    #[arg(long, value_name = "IMAGE")]
    pub(crate) since: Option<String>,
    /// Of objects that hang at several places tell of this kind, by its number in the list
    #[arg(long, value_name = "N", value_parser = whole::<u32>(1, u64::from(u32::MAX)))]
    pub(crate) kind: Option<u32>,
    /// Steps drawn to either side [default: 3 to what refers to it, 2 to what it refers to]
    #[arg(long, value_parser = whole::<u32>(1, 50))]
    pub(crate) depth: Option<u32>,
    /// Write the result to FILE; `-` is stdout
    #[arg(long, value_name = "FILE")]
    pub(crate) json: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) page: PageArguments,
    /// Draw the references to FILE in graphviz' language
    #[arg(long, value_name = "FILE")]
    pub(crate) dot: Option<PathBuf>,
    /// Draw the references to FILE as a picture
    #[arg(long, value_name = "FILE")]
    pub(crate) svg: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) look: LookArguments,
    #[command(flatten)]
    pub(crate) peer: PeerArguments,
}

#[derive(Args, Debug)]
pub(crate) struct ReplayArguments {
    /// What `run --record` wrote: one run's folder, or the folder of several
    pub(crate) dir: PathBuf,
    /// Write the results to FILE; `-` is stdout
    #[arg(long, value_name = "FILE")]
    pub(crate) json: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) page: PageArguments,
}

#[derive(Args, Debug)]
pub(crate) struct CtlArguments {
    /// A process id, or the path of a control socket
    pub(crate) target: String,
    /// `status`, `trace on`, `log on NAME`, `manhole on`, `dump`, …
    #[arg(required = true)]
    pub(crate) command: Vec<String>,
    /// Seconds to wait for the answer
    #[arg(long, default_value = "60", value_parser = parse_seconds)]
    pub(crate) timeout: f64,
    /// Print the answer as JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Args, Debug)]
pub(crate) struct TraceArguments {
    /// A process id, or the path of a control socket
    pub(crate) target: String,
    /// Seconds to watch; until Ctrl-C if not given
    #[arg(long, value_parser = parse_seconds)]
    pub(crate) seconds: Option<f64>,
    /// Seconds between summaries
    #[arg(long, default_value = "1", value_parser = parse_seconds)]
    pub(crate) interval: f64,
    /// Trace without rests: all events, and a service many times slower
    #[arg(long)]
    pub(crate) full: bool,
    /// Rows of the tables
    #[arg(long, default_value = "10")]
    pub(crate) rows: usize,
    /// Seconds to wait for the service to switch
    #[arg(long, default_value = "10", value_parser = parse_seconds)]
    pub(crate) timeout: f64,
}

/// How hard to compress what is recorded.
pub(crate) fn effort(small: bool) -> Effort {
    if small { Effort::Small } else { Effort::Quick }
}
