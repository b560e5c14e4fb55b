//! `bloathound ctl` and `bloathound trace`: the diagnostics that a service has built in.

use std::io::IsTerminal;
use std::time::Duration;

use bloathound_kit::KitError;

use crate::args::{CtlArguments, TraceArguments};
use crate::error::CliError;
use crate::kit::{CtlOptions, TraceOptions};
use crate::{kit, output};

/// `bloathound ctl`.
pub(crate) fn ctl(arguments: &CtlArguments) -> Result<u8, CliError> {
    let options = CtlOptions {
        target: arguments.target.clone(),
        command: arguments.command.clone(),
        timeout: Duration::from_secs_f64(arguments.timeout),
        json: arguments.json,
    };
    Ok(code(kit::ctl(&options, &mut std::io::stdout().lock())))
}

/// `bloathound trace`.
pub(crate) fn trace(arguments: &TraceArguments) -> Result<u8, CliError> {
    let options = TraceOptions {
        target: arguments.target.clone(),
        duration: arguments.seconds.map(Duration::from_secs_f64),
        interval: Duration::from_secs_f64(arguments.interval),
        full: arguments.full,
        rows: arguments.rows,
        clear: std::io::stdout().is_terminal(),
        timeout: Duration::from_secs_f64(arguments.timeout),
    };
    Ok(code(kit::trace(&options, &mut std::io::stdout().lock())))
}

fn code(outcome: Result<(), KitError>) -> u8 {
    match outcome {
        Ok(()) => 0,
        Err(error) => {
            output::message(&error.to_string());
            kit::exit_code(&error)
        }
    }
}
