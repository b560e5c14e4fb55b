//! `bloathound capture`.

use bloathound_engine::looks::pause_ms;
use bloathound_engine::record::{self, Captured, RecordOptions};
use bloathound_engine::source::is_manhole;
use bloathound_engine::{Interrupt, TOOL};
use bloathound_report::text::beside;
use bloathound_report::{sanitize, units};

use crate::args::{CaptureArguments, effort};
use crate::bar::{Progress, Steps};
use crate::error::CliError;
use crate::output;

/// `bloathound capture`: a process to a file that can be analysed anywhere.
pub(crate) fn capture(arguments: &CaptureArguments) -> Result<u8, CliError> {
    let path = &arguments.output;
    if is_manhole(&arguments.target) {
        return capture_dump(arguments);
    }
    let pid: u32 = arguments.target.parse().map_err(|_| {
        CliError::Usage(format!("{}: meant a process id, or manhole:ADDRESS for a dump", arguments.target))
    })?;
    let _held = output::check([Some(path)])?;
    let options = RecordOptions {
        tool: TOOL.into(),
        pid,
        redact: arguments.redact,
        effort: effort(arguments.small),
        base: None,
        interrupt: Interrupt::take()?,
    };
    let bar = Progress::begin(Steps::Shares(&[1]), &format!("copying process {pid}"));
    let Captured { examined, written } = record::capture(path, arguments.look.options(), &options)?;
    drop(bar);
    for problem in &examined.problems {
        output::message(&format!("note: {problem}"));
    }
    let paused = match pause_ms(&examined) {
        0.0 => "not stopped".to_owned(),
        ms => format!("paused {} ms", units::milliseconds(ms)),
    };
    let said = format!(
        "{} objects, {} of memory in {}, {paused}{}",
        units::count(examined.snapshot.len() as u64),
        units::bytes(written.raw_bytes),
        units::bytes(written.file_bytes),
        if arguments.redact { ", redacted" } else { "" },
    );
    output::result(&beside(&format!("{}: ", path.display()), &said));
    Ok(0)
}

fn capture_dump(arguments: &CaptureArguments) -> Result<u8, CliError> {
    if arguments.redact {
        return Err(CliError::Usage("a dump holds no contents of strings: there is nothing to redact".into()));
    }
    let _held = output::check([Some(&arguments.output)])?;
    let interrupt = Interrupt::take()?;
    let (objects, bytes) =
        record::capture_dump(&arguments.output, &arguments.target, arguments.peer.trust(), &interrupt)?;
    output::result(&format!(
        "{}: a dump of {} objects, {}\n",
        sanitize::line(&arguments.output.display().to_string()),
        units::count(objects as u64),
        units::bytes(bytes),
    ));
    Ok(0)
}
