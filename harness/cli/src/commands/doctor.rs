//! `bloathound doctor`.

use bloathound_driver::{HOW_TO_GET_ONE, Search};
use bloathound_report::text::{self, CheckStatus};

use crate::error::CliError;
use crate::exit::Exit;
use crate::home::Home;
use crate::{checks, output};

/// `bloathound doctor`: everything a run needs, and what to do where it is missing.
pub(crate) fn doctor() -> Result<u8, CliError> {
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
    all.push(checks::compiler());
    match Home::find(None) {
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
    output::result(&text::doctor(&all, output::color()));
    let works = all.iter().all(|check| check.status != CheckStatus::No);
    Ok(if works { Exit::AsExpected } else { Exit::NotHere }.number())
}
