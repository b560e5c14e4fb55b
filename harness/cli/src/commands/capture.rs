use bloathound_driver::examine::Target;
use bloathound_driver::recording::{RecordOptions, record};

use bloathound_memory::Effort;

use super::inspect;
use crate::args::CaptureArguments;
use crate::error::CliError;
use crate::output;

/// What stands in recordings as their tool.
pub(crate) const TOOL: &str = concat!("bloathound ", env!("CARGO_PKG_VERSION"));

/// How hard to compress what is recorded.
pub(crate) fn effort(small: bool) -> Effort {
    if small { Effort::Small } else { Effort::Quick }
}

/// `bloathound capture`: a process to a file that can be analysed anywhere.
pub(crate) fn capture(arguments: &CaptureArguments) -> Result<u8, CliError> {
    let path = &arguments.output;
    let mut target = Target::open(arguments.pid, inspect::options(&arguments.look))?;
    let mut examined = target.examine()?;
    let options = RecordOptions {
        tool: TOOL.into(),
        pid: arguments.pid,
        redact: arguments.redact,
        effort: effort(arguments.small),
        base: None,
    };
    let written =
        record(path, &mut examined, target.symbols(), &options).map_err(|error| CliError::Usage(error.to_string()))?;
    for problem in &examined.problems {
        output::message(&format!("note: {problem}"));
    }
    output::result(&format!(
        "{}: {} objects, {} of memory in {}, paused {:.1} ms{}\n",
        bloathound_report::sanitize::line(&path.display().to_string()),
        examined.snapshot.len(),
        bloathound_report::units::bytes(written.raw_bytes),
        bloathound_report::units::bytes(written.file_bytes),
        inspect::pause_ms(&examined),
        if arguments.redact { ", redacted" } else { "" },
    ));
    Ok(0)
}
