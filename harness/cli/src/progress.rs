//! What is said while something takes long.

use bloathound_driver::{CheckEvent, EnvironmentEvent, RunEvent};
use bloathound_engine::looks::Told;
use bloathound_report::units;

use crate::bar::{self, Progress, Steps};
use crate::output;

/// While a Python is made: minutes, so each line is told wherever it goes.
pub(crate) fn python(event: &EnvironmentEvent) {
    match event {
        EnvironmentEvent::Awaited { .. } => output::message("waiting for another run that is making one"),
        EnvironmentEvent::Progress { line } => output::message(&format!("  {line}")),
        _ => {}
    }
}

/// While packages are installed or downloaded: `package 3 of 12`, as pip comes to them.
#[derive(Default)]
pub(crate) struct Packages {
    bar: Option<Progress>,
    /// Those that pip has begun with.
    begun: u64,
}

impl Packages {
    /// What a command that needs the services' own hears.
    pub(crate) fn tell(&mut self, event: &EnvironmentEvent) {
        self.tell_of("the services", event);
    }

    fn tell_of(&mut self, whose: &str, event: &EnvironmentEvent) {
        match event {
            EnvironmentEvent::Building { packages, .. } => {
                output::message(&format!("installing {} for {whose}, once", packages.join(", ")));
                self.begin(packages.len(), "installing");
            }
            EnvironmentEvent::Downloading { packages } => {
                output::message(&format!("downloading {}", packages.join(", ")));
                self.begin(packages.len(), "downloading");
            }
            EnvironmentEvent::Changed { dir, why } => output::message(&format!(
                "the packages in {} are not as they were installed ({why}); they are installed anew",
                dir.display()
            )),
            EnvironmentEvent::Awaited { .. } => output::message("waiting for another run that is installing packages"),
            EnvironmentEvent::Progress { line } => self.note(line.trim()),
            EnvironmentEvent::Built { took, .. } => {
                self.bar = None;
                output::message(&format!("installed in {:.1} s", took.as_secs_f64()));
            }
        }
    }

    fn begin(&mut self, packages: usize, what: &str) {
        *self = Self {
            bar: Some(Progress::begin(Steps::Counted { unit: "package", of: packages as u64 }, what)),
            begun: 0,
        };
    }

    /// A line of pip's. It names each package as it comes to it, and says what it does with it after that.
    fn note(&mut self, line: &str) {
        let Some(bar) = &self.bar else { return };
        if line.starts_with("Collecting ") {
            self.begun += 1;
        }
        bar.at(self.begun.saturating_sub(1), line);
    }
}

/// While a scenario runs.
pub(crate) fn run(event: &RunEvent, packages: &mut Packages) {
    match event {
        RunEvent::Packages(event) => packages.tell_of("a scenario", event),
        RunEvent::RunStarted { scenario, variant } => bar::detail(&format!("{scenario}, {}", variant.as_str())),
        RunEvent::WarmingUp { requests } => bar::detail_of(&format!("warm-up of {requests} requests")),
        RunEvent::RoundStarted { round, of } => bar::detail_of(&format!("round {round} of {of}")),
        RunEvent::Waiting { conditions } => bar::detail_of(&format!("waiting until {}", conditions.join(", "))),
        RunEvent::TogglePhaseStarted { phase } => bar::detail_of(&format!("a round with it {phase}")),
        RunEvent::MeasuringDisturbance => bar::detail_of("measuring the disturbance"),
        _ => {}
    }
}

/// What one look saw, and how sure it is by now.
pub(crate) fn look(told: &Told, rounds: Option<u32>) -> String {
    let of = rounds.map_or_else(String::new, |rounds| format!(" of {rounds}"));
    let seen = told
        .objects
        .map_or_else(|| "not possible".to_owned(), |objects| units::plural(objects as u64, "object", "objects"));
    let sure = told.sureness.as_ref().map_or_else(String::new, |sureness| format!("; {}", sureness.why));
    format!("look {}{of}: {seen}{sure}", told.round)
}

/// What happens while a service of one's own is checked.
pub(crate) fn checked(event: &CheckEvent) -> String {
    match event {
        CheckEvent::Ready { pids } => {
            let pids: Vec<String> = pids.iter().map(u32::to_string).collect();
            format!("ready; looking at process {}", pids.join(", "))
        }
        CheckEvent::Looked { round, of, requests } => {
            let of = of.map_or_else(String::new, |of| format!(" of {of}"));
            let made = if *requests > 0 { format!(", {requests} requests so far") } else { String::new() };
            format!("look {round}{of}{made}")
        }
        CheckEvent::Stalled => "no answer for a while: looking at what it does".to_owned(),
        CheckEvent::Sampling => "sampling".to_owned(),
    }
}
