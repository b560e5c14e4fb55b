//! `bloathound doctor`.

use bloathound_driver::{HOW_TO_GET_ONE, Search};
use bloathound_engine::tool;
use bloathound_report::text;
use bloathound_vocabulary::DoctorReport;

use crate::args::DoctorArguments;
use crate::error::CliError;
use crate::exit::Exit;
use crate::home::Home;
use crate::output::{self, Unwritten};
use crate::{checks, host};

/// `bloathound doctor`: everything a run needs, and what to do where it is missing.
pub(crate) fn doctor(arguments: &DoctorArguments) -> Result<u8, CliError> {
    let _held = output::check([arguments.json.as_ref()])?;
    let mut all = vec![checks::system()];
    let python = Search::from_env().find();
    match &python {
        Ok(found) => all.push(checks::ok(
            "Python 2.7",
            format!("{} at {}", found.interpreter.version, found.interpreter.executable.display()),
        )),
        Err(error) => {
            let hints = HOW_TO_GET_ONE.to_string().lines().map(str::to_owned).collect();
            // The error of a search ends with the same lines.
            let text = error.to_string();
            let said = text.strip_suffix(HOW_TO_GET_ONE).unwrap_or(&text).trim_end();
            all.push(checks::no("Python 2.7", said.to_owned(), hints));
        }
    }
    all.push(checks::python_3());
    all.push(checks::compiler());
    match Home::find(arguments.home.as_deref()) {
        Ok(home) => {
            match bloathound_scenario::load_dir(&home.scenarios(), &home.services()) {
                Ok(scenarios) => all.push(checks::ok("scenarios", format!("{} of them, all valid", scenarios.len()))),
                Err(error) => all.push(checks::no("scenarios", error.to_string(), Vec::new())),
            }
            if let Ok(found) = &python {
                all.push(checks::packages(&home, &found.interpreter));
            }
        }
        Err(error) => all.push(checks::no("scenarios", error.to_string(), Vec::new())),
    }
    all.push(checks::reading());
    let version = python.as_ref().ok().map(|found| found.interpreter.version.as_str());
    let report = DoctorReport::new(tool(), host::facts(version), all);
    let mut unwritten = Unwritten::default();
    if let Some(path) = &arguments.json {
        unwritten.note(output::json(path, &report));
    }
    if !output::is_stdout(arguments.json.as_deref()) {
        output::result(&text::doctor(&report.checks, output::color()));
    }
    Ok(unwritten.exit(if report.works { Exit::AsExpected } else { Exit::NotHere }).number())
}
