//! `bloathound hot`.

use std::path::PathBuf;

use bloathound_engine::Interrupt;
use bloathound_engine::looks::{self, HotOptions, Samples};
use bloathound_report::{html, text};

use crate::args::HotArguments;
use crate::bar::{Progress, Steps};
use crate::error::CliError;
use crate::output::{self, Unwritten};

/// `bloathound hot`.
pub(crate) fn hot(arguments: &HotArguments) -> Result<u8, CliError> {
    let samples = samples(arguments)?;
    let _held = output::check(outputs(arguments))?;
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
    arguments.exports.write(&sampled.profile, &arguments.target, &mut unwritten);
    arguments.page.write(&mut unwritten, || html::hot(&sampled.report, &sampled.profile, &arguments.target));
    let shown = !output::any_is_stdout(outputs(arguments));
    if shown {
        let view = output::view(None, &arguments.target);
        output::result(&text::hot(&sampled.report, view));
    }
    let ended = output::partial(sampled.report.partial.as_ref(), &interrupt, shown);
    Ok(unwritten.exit(ended.or_worse(arguments.fail.exit(&sampled.report.findings))).number())
}

fn outputs(arguments: &HotArguments) -> impl Iterator<Item = Option<&PathBuf>> {
    let HotArguments { json, exports, record, page, .. } = arguments;
    [json.as_ref(), record.as_ref(), page.file()].into_iter().chain(exports.files())
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
