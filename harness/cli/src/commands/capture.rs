use std::io::BufWriter;
use std::path::Path;

use bloathound_driver::examine::Target;
use bloathound_driver::recording::{RecordOptions, record};

use bloathound_memory::Effort;

use super::inspect;
use crate::args::CaptureArguments;
use crate::error::CliError;
use crate::{output, target};

/// What stands in recordings as their tool.
pub(crate) const TOOL: &str = concat!("bloathound ", env!("CARGO_PKG_VERSION"));

/// How hard to compress what is recorded.
pub(crate) fn effort(small: bool) -> Effort {
    if small { Effort::Small } else { Effort::Quick }
}

/// `bloathound capture`: a process to a file that can be analysed anywhere.
pub(crate) fn capture(arguments: &CaptureArguments) -> Result<u8, CliError> {
    let path = &arguments.output;
    if target::is_manhole(&arguments.target) {
        return capture_dump(arguments);
    }
    let pid: u32 = arguments.target.parse().map_err(|_| {
        CliError::Usage(format!("{}: meant a process id, or manhole:ADDRESS for a dump", arguments.target))
    })?;
    let mut target = Target::open(pid, inspect::options(&arguments.look))?;
    let mut examined = target.examine()?;
    let options =
        RecordOptions { tool: TOOL.into(), pid, redact: arguments.redact, effort: effort(arguments.small), base: None };
    let written =
        record(path, &mut examined, target.symbols(), &options).map_err(|error| CliError::output(path, error))?;
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

/// Through a manhole there is no image, but a dump; it takes its name when it is whole.
fn capture_dump(arguments: &CaptureArguments) -> Result<u8, CliError> {
    if arguments.redact {
        return Err(CliError::Usage("a dump holds no contents of strings: there is nothing to redact".into()));
    }
    let path = &arguments.output;
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    // Readable by its owner only, as temporary files are.
    let temporary = tempfile::NamedTempFile::new_in(folder).map_err(|error| CliError::output(path, error))?;
    let mut out = BufWriter::new(temporary);
    let (dump, _) = target::through_manhole(&arguments.target, Some(&mut out))?;
    let temporary = out.into_inner().map_err(|error| CliError::output(path, error))?;
    let bytes = temporary.as_file().metadata().map(|state| state.len()).unwrap_or(0);
    temporary.persist(path).map_err(|error| CliError::output(path, error.error))?;
    output::result(&format!(
        "{}: a dump of {} objects, {}\n",
        bloathound_report::sanitize::line(&path.display().to_string()),
        dump.len(),
        bloathound_report::units::bytes(bytes),
    ));
    Ok(0)
}
