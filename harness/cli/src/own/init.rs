//! `bloathound init`: a commented scenario of the service that is there.

use std::path::{Path, PathBuf};
use std::time::Duration;

use bloathound_driver::{CheckTarget, FoundService, OwnCommand, PORT, Ready, find_service};
use bloathound_engine::Interrupt;
use bloathound_engine::source::{ExamineOptions, LiveProcess};
use bloathound_report::text::shell_word;
use clap::Args;

use super::template;
use crate::choices::parse_seconds;
use crate::error::CliError;
use crate::exit::Exit;
use crate::{output, typed};

/// What `bloathound init` is told.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  bloathound init -- python2.7 orders.py {port}
  bloathound init --load /orders -o tests/orders.yaml -- twistd -n web --port tcp:{port}
  bloathound init --pid 4711")]
pub(crate) struct InitArguments {
    /// The command that starts the service; {port} in it becomes a port that is free. Without it and --pid, the service that
    /// runs in this folder
    #[arg(last = true, value_name = "COMMAND", conflicts_with = "pid")]
    pub(crate) command: Vec<String>,
    /// A service that runs already; it goes on afterwards
    #[arg(long)]
    pub(crate) pid: Option<u32>,
    /// A path to ask it for; several are tried in turn [default: /]
    #[arg(long, value_name = "PATH")]
    pub(crate) load: Vec<String>,
    /// How long it may take until it is ready, seconds
    #[arg(long, value_name = "SECONDS", default_value = "30", value_parser = parse_seconds)]
    pub(crate) ready_within: f64,
    /// The file, which must not be there [default: named after the service]
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
}

/// `bloathound init`.
pub(crate) fn init(arguments: &InitArguments) -> Result<u8, CliError> {
    if let Some(bad) = arguments.load.iter().find(|path| !path.starts_with('/')) {
        return Err(CliError::Usage(format!("--load {bad}: meant a path from the slash on")));
    }
    let target = target(arguments)?;
    let interrupt = Interrupt::take()?;
    let paths = if arguments.load.is_empty() { vec!["/".to_owned()] } else { arguments.load.clone() };
    let found = match (find_service(&target, &paths, &interrupt), interrupt.came()) {
        (_, Some(stop)) => return Err(CliError::stopped(stop, "nothing is written")),
        (found, None) => found?,
    };
    if found.path.is_none() && !arguments.load.is_empty() {
        return Err(CliError::Usage(format!("--load: no answer to {}", arguments.load.join(", "))));
    }
    let path = arguments.output.clone().unwrap_or_else(|| format!("{}.yaml", template::name(&found.words)).into());
    if path.exists() {
        return Err(CliError::Usage(format!("{} is there already; -o names another file", path.display())));
    }
    let stem = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let here = folder_of(&path);
    output::file(&path, template::scenario(&stem, &found, &here).as_bytes())?;
    let run = typed::command(&format!("run {}", shell_word(&path.display().to_string())));
    output::message(&told(&found));
    output::message(&format!("written: {}; `{run}` runs it", path.display()));
    Ok(Exit::AsExpected.number())
}

fn folder_of(path: &Path) -> PathBuf {
    let folder = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    folder.canonicalize().unwrap_or_else(|_| folder.to_owned())
}

/// What was found, and what nobody could find out.
fn told(found: &FoundService) -> String {
    match (&found.path, found.listens) {
        (Some(path), _) => format!("it answers {path}"),
        (None, true) => "it listens, and does not answer a GET of /: write its load, or say --load PATH".to_owned(),
        (None, false) => "it listens nowhere: looks will follow time".to_owned(),
    }
}

fn target(arguments: &InitArguments) -> Result<CheckTarget, CliError> {
    if let Some(pid) = arguments.pid {
        return Ok(CheckTarget::Running { pid, port: None });
    }
    if arguments.command.is_empty() {
        return Ok(CheckTarget::Running { pid: running_here()?, port: None });
    }
    let knows_port = arguments.command.iter().any(|word| word.contains(PORT));
    Ok(CheckTarget::Command(OwnCommand {
        words: arguments.command.clone(),
        folder: None,
        variables: Vec::new(),
        port: None,
        ready: if knows_port { Ready::Port } else { Ready::AtOnce },
        ready_within: Duration::from_secs_f64(arguments.ready_within),
    }))
}

/// The one interpreter that runs in this folder, or below.
fn running_here() -> Result<u32, CliError> {
    let here = std::env::current_dir().and_then(|here| here.canonicalize()).unwrap_or_default();
    let pids = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    let pids = pids.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    let is_here = |pid: &u32| std::fs::read_link(format!("/proc/{pid}/cwd")).is_ok_and(|cwd| cwd.starts_with(&here));
    let is_read = |pid: &u32| LiveProcess::open(*pid, ExamineOptions::default()).is_ok();
    let mut found: Vec<u32> = pids.filter(is_here).filter(is_read).collect();
    // Workers are found by way of the one that started them.
    let children: Vec<u32> = found.iter().flat_map(|pid| bloathound_live::children(*pid)).map(|(pid, _)| pid).collect();
    found.retain(|pid| !children.contains(pid));
    match found.as_slice() {
        [pid] => Ok(*pid),
        [] => Err(CliError::Usage(
            "no CPython 2.7 runs in this folder: say `-- COMMAND`, or --pid PID of one that runs".into(),
        )),
        several => {
            let pids: Vec<String> = several.iter().map(u32::to_string).collect();
            Err(CliError::Usage(format!("several run in this folder: say --pid, one of {}", pids.join(", "))))
        }
    }
}
