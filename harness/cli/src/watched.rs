//! What a watch tells: after each look, when somebody asks, and at its end.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use bloathound_engine::Interrupt;
use bloathound_engine::looks::{Told, WatchEvent};
use bloathound_report::{html, text};
use bloathound_vocabulary::WatchReport;

use crate::args::WatchArguments;
use crate::bar::{Progress, Steps};
use crate::error::CliError;
use crate::follow::{self, Screen};
use crate::metrics::Metrics;
use crate::output::{self, Unwritten};
use crate::progress;

/// Who tells of a watch while it goes on.
pub(crate) struct Teller<'a> {
    arguments: &'a WatchArguments,
    metrics: &'a Metrics<'a>,
    begun: Instant,
    shown: Shown,
}

/// Where it is told.
enum Shown {
    Screen(Screen),
    Lines(Progress),
}

impl<'a> Teller<'a> {
    /// Takes the terminal where it is to be followed on one, and shows progress else.
    pub(crate) fn begin(
        arguments: &'a WatchArguments,
        metrics: &'a Metrics<'a>,
        interrupt: &Interrupt,
    ) -> Result<Self, CliError> {
        let shown = if arguments.follow && follow::is_possible() {
            Shown::Screen(Screen::begin(interrupt)?)
        } else {
            let steps = Steps::of_watch(arguments.rounds, arguments.interval, arguments.max_time);
            Shown::Lines(Progress::begin(steps, &format!("watching process {}", arguments.target)))
        };
        Ok(Self { arguments, metrics, begun: Instant::now(), shown })
    }

    /// After a look, or because somebody asks.
    pub(crate) fn tell(&mut self, event: &WatchEvent, unwritten: &mut Unwritten) {
        match event {
            WatchEvent::Looked(told) => self.looked(told, unwritten),
            WatchEvent::Asked(so_far) => self.asked(so_far.as_ref(), unwritten),
        }
    }

    fn looked(&mut self, told: &Told, unwritten: &mut Unwritten) {
        let so_far = told.so_far.as_ref();
        so_far.into_iter().for_each(|report| self.metrics.tell(report, unwritten));
        match (&self.shown, so_far) {
            (Shown::Screen(screen), Some(report)) => {
                let interval = Duration::from_secs_f64(self.arguments.interval);
                let mut report = report.clone();
                bloathound_report::tell(&mut report.findings, &self.arguments.target);
                screen.show(&report, self.begun + interval * (told.round + 1));
            }
            // The look that was not possible is among the problems at the end.
            (Shown::Screen(_), None) => {}
            (Shown::Lines(bar), so_far) => {
                match so_far.filter(|_| self.arguments.follow && self.may_use_stdout()) {
                    Some(report) => output::result(&text::follow_line(report)),
                    None => output::progress(&progress::look(told, self.arguments.rounds)),
                }
                bar.done(u64::from(told.round) + 1);
            }
        }
    }

    /// An interim report: the files that were asked for, and the text among the messages. What is on stdout is the end's.
    fn asked(&self, so_far: Option<&WatchReport>, unwritten: &mut Unwritten) {
        let Some(report) = so_far else {
            output::message("nothing was seen yet: the first look is on");
            return;
        };
        let mut report = report.clone();
        bloathound_report::tell(&mut report.findings, &self.arguments.target);
        let to_file = |path: &&PathBuf| !output::is_stdout(Some(path));
        if let Some(path) = self.arguments.json.as_ref().filter(to_file) {
            unwritten.note(output::json(path, &report));
        }
        if self.arguments.page.file().as_ref().is_some_and(to_file) {
            self.arguments.page.write(unwritten, || html::watch(&report, &self.arguments.target));
        }
        if let Shown::Lines(_) = self.shown {
            output::message(&text::watch(&report, output::view(None, &self.arguments.target)));
        }
    }

    fn may_use_stdout(&self) -> bool {
        !output::any_is_stdout(outputs(self.arguments))
    }
}

/// Files that will be written.
pub(crate) fn outputs(arguments: &WatchArguments) -> [Option<&PathBuf>; 3] {
    [arguments.json.as_ref(), arguments.page.file(), arguments.metrics.file()]
}

/// Writes and prints what there is; whether it was printed.
pub(crate) fn show(arguments: &WatchArguments, report: &WatchReport, unwritten: &mut Unwritten) -> bool {
    if let Some(path) = &arguments.json {
        unwritten.note(output::json(path, report));
    }
    // A folder of looks is no target of other commands.
    let process = arguments.target.parse::<u32>().map_or("", |_| arguments.target.as_str());
    arguments.page.write(unwritten, || html::watch(report, process));
    let shown = !output::any_is_stdout(outputs(arguments));
    if shown {
        let view = output::view(None, process);
        output::result(&text::watch(report, view));
    }
    shown
}
