//! What is said while something takes long.

use std::io::IsTerminal;

use bloathound_driver::{CheckEvent, EnvironmentEvent, RunEvent};
use bloathound_engine::looks::Told;
use bloathound_report::units;
use bloathound_vocabulary::TypeRow;

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

/// A look at a heap of less is over before a first line would be read.
const TOLD_FIRST_BYTES: u64 = 48 << 20;
/// Types in that line.
const TOLD_FIRST_TYPES: usize = 3;

/// Whether somebody sees what is said on the way.
pub(crate) fn is_watched() -> bool {
    std::io::stderr().is_terminal()
}

/// A first line of a long look: what there is, while who holds it is still to be found out.
pub(crate) fn counted(rows: &[TypeRow]) {
    if let Some(line) = first_line(rows) {
        output::progress(&line);
    }
}

fn first_line(rows: &[TypeRow]) -> Option<String> {
    let (objects, bytes) = rows.iter().fold((0, 0), |sum, row| (sum.0 + row.count, sum.1 + row.bytes));
    let largest = rows.iter().take(TOLD_FIRST_TYPES);
    let largest: Vec<String> = largest.map(|row| format!("{} {}", units::bytes(row.bytes), row.type_name)).collect();
    let counted = units::plural(objects, "object", "objects");
    (bytes >= TOLD_FIRST_BYTES).then(|| format!("{counted}, {}: {}, …", units::bytes(bytes), largest.join(", ")))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_first_line_is_said_of_a_large_heap_only() {
        let row = |type_name: &str, count, bytes| TypeRow { type_name: type_name.to_owned(), count, bytes };
        let rows = [row("dict", 9, 60 << 20), row("str", 1000, 3 << 20), row("list", 1, 1 << 20), row("int", 1, 24)];
        let line = first_line(&rows).unwrap();
        assert_eq!(line, "1011 objects, 64.0 MiB: 60.0 MiB dict, 3.00 MiB str, 1.00 MiB list, …");
        assert!(first_line(&rows[1..]).is_none());
    }
}
