//! What `bloathound check` is told.

use std::path::PathBuf;

use bloathound_vocabulary::FindingClass;
use clap::Args;

use crate::choices::{Detector, parse_seconds, whole};
use crate::cost::DryRunArguments;
use crate::exports::PageArguments;
use crate::failing::class;
use crate::looking::LookArguments;

#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  bloathound check -- python2.7 batch.py
  bloathound check --load /orders -- twistd -n web --port tcp:{port}
  bloathound check --pid 4711 --load 'GET http://127.0.0.1:8080/orders' --requests 50

Exits by 0 where nothing was found, by 1 where something was, by 4 where the check was cut short and nothing was found.")]
pub(crate) struct CheckArguments {
    /// The command that starts the service; {port} in it becomes a port that is free. It runs where you are, and is ended
    /// afterwards with all that it started
    #[arg(last = true, value_name = "COMMAND", required_unless_present = "pid", conflicts_with = "pid")]
    pub(crate) command: Vec<String>,
    /// Check a process that runs already; it goes on afterwards
    #[arg(long)]
    pub(crate) pid: Option<u32>,
    /// Where the service listens, for requests that don't say
    #[arg(long)]
    pub(crate) port: Option<u16>,
    /// When it is ready: `port` (it takes connections), `now`, `/PATH` (a GET is answered), or a regular expression that a
    /// line it writes has to match. By default its port, where one is known, else now
    #[arg(long, value_name = "WHEN", conflicts_with = "pid")]
    pub(crate) ready: Option<String>,
    /// How long that may take, seconds
    #[arg(long, value_name = "SECONDS", default_value = "30", value_parser = parse_seconds)]
    pub(crate) ready_within: f64,
    /// Start it in DIR
    #[arg(long, value_name = "DIR", conflicts_with = "pid")]
    pub(crate) folder: Option<PathBuf>,
    /// Give it a variable: NAME=VALUE
    #[arg(long, value_name = "NAME=VALUE", conflicts_with = "pid")]
    pub(crate) env: Vec<String>,
    /// A request to make, such as /orders or 'POST http://127.0.0.1:8080/orders'; several are made in turn. {n} in its path
    /// is its number
    #[arg(long, value_name = "REQUEST")]
    pub(crate) load: Vec<String>,
    /// A header of all requests
    #[arg(long, value_name = "NAME: VALUE", requires = "load")]
    pub(crate) header: Vec<String>,
    /// The body of all requests
    #[arg(long, value_name = "TEXT", requires = "load")]
    pub(crate) body: Option<String>,
    /// Instead of requests: a command line that makes the load of one round; {port} in it is the service's port
    #[arg(long, value_name = "COMMAND", conflicts_with = "load")]
    pub(crate) load_command: Option<String>,
    /// Requests of a round; of a load command, how many it makes
    #[arg(long, default_value = "20", value_parser = whole::<u64>(1, 1_000_000))]
    pub(crate) requests: u64,
    /// Requests under way at once
    #[arg(long, default_value = "1", value_parser = whole::<usize>(1, 64))]
    pub(crate) concurrency: usize,
    /// Rounds of load [default: 6]; without load, looks after the first one [default: until it is sure]
    #[arg(long, value_parser = whole::<u32>(3, 1000))]
    pub(crate) rounds: Option<u32>,
    /// How long an answer, or a load command, may take, seconds
    #[arg(long, value_name = "SECONDS", default_value = "30", value_parser = parse_seconds)]
    pub(crate) answer_within: f64,
    /// Without load: seconds between looks
    #[arg(long, value_name = "SECONDS", default_value = "5", value_parser = parse_seconds)]
    pub(crate) interval: f64,
    /// Without load and --rounds: go on for at most so many seconds
    #[arg(long, value_name = "SECONDS", default_value = "120", value_parser = parse_seconds)]
    pub(crate) max_time: f64,
    /// Seconds of sampling for loops
    #[arg(long, value_name = "SECONDS", default_value = "5", value_parser = parse_seconds)]
    pub(crate) sample: f64,
    /// Look at the processes that it started, too, such as the workers of a pre-forking server
    #[arg(long)]
    pub(crate) children: bool,
    /// Only findings of these classes fail the check; others are told
    #[arg(long, value_name = "CLASS", num_args = 1.., value_parser = class)]
    pub(crate) fail_on: Vec<FindingClass>,
    /// Findings in FILE are accepted: told, and no failure any more. Each has a reason, and a day until which it holds where
    /// somebody wrote one
    #[arg(long, value_name = "FILE")]
    pub(crate) baseline: Option<PathBuf>,
    /// Write what is found to FILE as accepted, to be the --baseline of later checks
    #[arg(long, value_name = "FILE", conflicts_with = "baseline")]
    pub(crate) accept: Option<PathBuf>,
    /// Leave out a detector
    #[arg(long, value_name = "DETECTOR")]
    pub(crate) without: Vec<Detector>,
    /// Write the result to FILE, in the format of `run`; `-` is stdout
    #[arg(long, value_name = "FILE")]
    pub(crate) json: Option<PathBuf>,
    /// Write JUnit XML to FILE
    #[arg(long, value_name = "FILE")]
    pub(crate) junit: Option<PathBuf>,
    /// Write a summary in Markdown to FILE, such as the one that `$GITHUB_STEP_SUMMARY` names
    #[arg(long, value_name = "FILE")]
    pub(crate) summary: Option<PathBuf>,
    /// Say what was found once more as workflow commands (`::error …`), for a CI that shows them beside the lines
    #[arg(long)]
    pub(crate) annotate: bool,
    #[command(flatten)]
    pub(crate) page: PageArguments,
    #[command(flatten)]
    pub(crate) cost: DryRunArguments,
    #[command(flatten)]
    pub(crate) look: LookArguments,
}
