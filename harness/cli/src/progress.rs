//! What is said while something takes long.

use bloathound_driver::{EnvironmentEvent, RunEvent};

use crate::output;

/// While a Python is made: minutes, so each line is told wherever it goes.
pub(crate) fn python(event: &EnvironmentEvent) {
    match event {
        EnvironmentEvent::Awaited { .. } => output::message("waiting for another run that is making one"),
        EnvironmentEvent::Progress { line } => output::message(&format!("  {line}")),
        _ => {}
    }
}

/// While packages are installed.
pub(crate) fn environment(event: &EnvironmentEvent) {
    packages("the services", event);
}

fn packages(whose: &str, event: &EnvironmentEvent) {
    match event {
        EnvironmentEvent::Building { packages, .. } => {
            output::message(&format!("installing {} for {whose}, once", packages.join(", ")));
        }
        EnvironmentEvent::Downloading { packages } => output::message(&format!("downloading {}", packages.join(", "))),
        EnvironmentEvent::Changed { dir, why } => output::message(&format!(
            "the packages in {} are not as they were installed ({why}); they are installed anew",
            dir.display()
        )),
        EnvironmentEvent::Awaited { .. } => output::message("waiting for another run that is installing packages"),
        EnvironmentEvent::Progress { line } => output::progress(&format!("  {line}")),
        EnvironmentEvent::Built { took, .. } => {
            output::message(&format!("installed in {:.1} s", took.as_secs_f64()));
        }
    }
}

/// While a scenario runs.
pub(crate) fn run(event: &RunEvent) {
    let line = match event {
        RunEvent::Packages(event) => return packages("a scenario", event),
        RunEvent::RunStarted { scenario, variant } => format!("{scenario}, {}: starting", variant.as_str()),
        RunEvent::WarmingUp { requests } => format!("  warm-up: {requests} requests"),
        RunEvent::RoundStarted { round, of } => format!("  round {round} of {of}"),
        RunEvent::Waiting { conditions } => format!("  waiting until {}", conditions.join(", ")),
        RunEvent::TogglePhaseStarted { phase } => format!("  a round with it {phase}"),
        RunEvent::MeasuringDisturbance => "  measuring the disturbance".to_owned(),
        _ => return,
    };
    output::progress(&line);
}
