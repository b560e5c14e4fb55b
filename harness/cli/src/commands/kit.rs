//! `bloathound ctl` and `bloathound trace`: what the command line says, as options of the kit's commands.

use std::io::IsTerminal;
use std::time::Duration;

use crate::args::{CtlArguments, TraceArguments};
use crate::error::CliError;
use crate::kit;
use crate::kit::{CtlOptions, TraceOptions};
use crate::terminal;

/// `bloathound ctl`.
pub(crate) fn ctl(arguments: &CtlArguments) -> Result<u8, CliError> {
    let options = CtlOptions {
        target: arguments.target.clone(),
        command: arguments.command.clone(),
        timeout: Duration::from_secs_f64(arguments.timeout),
        json: arguments.json,
    };
    kit::ctl(&options, &mut std::io::stdout().lock())?;
    Ok(0)
}

/// `bloathound trace`.
pub(crate) fn trace(arguments: &TraceArguments) -> Result<u8, CliError> {
    let options = TraceOptions {
        target: arguments.target.clone(),
        duration: arguments.seconds.map(Duration::from_secs_f64),
        interval: Duration::from_secs_f64(arguments.interval),
        full: arguments.full,
        rows: arguments.rows,
        clear: std::io::stdout().is_terminal() && !terminal::is_dumb(),
        timeout: Duration::from_secs_f64(arguments.timeout),
    };
    kit::trace(&options, &mut std::io::stdout().lock())?;
    Ok(0)
}
