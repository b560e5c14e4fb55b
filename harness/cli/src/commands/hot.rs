//! `bloathound hot`.

use std::path::PathBuf;

use bloathound_engine::Interrupt;
use bloathound_engine::looks::{self, HotOptions, Samples};
use bloathound_report::text;

use crate::args::HotArguments;
use crate::bar::{Progress, Steps};
use crate::error::CliError;
use crate::output::{self, Unwritten};

/// `bloathound hot`.
pub(crate) fn hot(arguments: &HotArguments) -> Result<u8, CliError> {
    let samples = samples(arguments)?;
    let _held = output::check([&arguments.json, &arguments.folded, &arguments.record].map(Option::as_ref))?;
    let interrupt = Interrupt::take()?;
    let options = HotOptions { seconds: arguments.seconds, rate: arguments.rate };
    let mut sampling = None;
    let mut begins = || {
        let what = format!("sampling process {}", arguments.target);
        sampling = Some(Progress::begin(Steps::Seconds(arguments.seconds), &what));
    };
    let mut sampled = looks::hot(&samples, options, &interrupt, &mut begins)?;
    drop(sampling);
    bloathound_report::tell(&mut sampled.report.findings, &arguments.target);
    let mut unwritten = Unwritten::default();
    unwritten.note(sampled.unkept.map_or(Ok(()), |error| Err(CliError::unwritten(error))));
    if let Some(path) = &arguments.json {
        unwritten.note(output::json(path, &sampled.report));
    }
    if let Some(path) = &arguments.folded {
        let threads = sampled.profile.threads.iter();
        let stacks: Vec<String> = threads.map(|thread| bloathound_profile::folded(&sampled.profile, thread)).collect();
        unwritten.note(output::file(path, stacks.concat().as_bytes()));
    }
    let shown = !output::is_stdout(arguments.json.as_deref());
    if shown {
        let view = output::view(None, &arguments.target);
        output::result(&text::hot(&sampled.report, view));
    }
    Ok(unwritten.exit(output::partial(sampled.report.partial.as_ref(), &interrupt, shown)).number())
}

fn samples(arguments: &HotArguments) -> Result<Samples, CliError> {
    if let Ok(pid) = arguments.target.parse() {
        let keep = arguments.record.clone().map(|path| (path, arguments.redact));
        return Ok(Samples::Process { pid, keep });
    }
    if arguments.record.is_some() {
        return Err(CliError::Usage("--record keeps samples of a process; these are in a file already".into()));
    }
    Ok(Samples::File(PathBuf::from(&arguments.target)))
}
