//! Where a version of a lab's service is run: in a folder of its own, gone at the end, on the driver's road.

use std::path::{Path, PathBuf};
use std::time::Duration;

use bloathound_bounds::read_regular;
use bloathound_driver::{
    BrokenRun, EngineObserver, Launch, Launcher, Limits, Recorded, RunError, Service, run as drive,
};
use bloathound_engine::Interrupt;
use bloathound_engine::looks::RunFindings;
use bloathound_engine::record::{HowRecorded, Recorder};
use bloathound_lab::Drawn;
use bloathound_memory::Effort;
use bloathound_report::html::RunExtras;
use bloathound_scenario::{Scenario, Variant};
use bloathound_vocabulary::RunRecord;
use serde_json::Value;
use tempfile::TempDir;

use super::desk::SERVICE;
use crate::error::CliError;
use crate::looking::OURSELVES;
use crate::{extras, score};

/// The lock file beside the scenario.
const LOCK: &str = "packages.lock";
/// The longest lock file.
const LOCK_BYTES_MAX: u64 = 1 << 20;
/// How long a service may take until it is ready; a class of twenty starts at once.
const READY_WITHIN: Duration = Duration::from_secs(60);
/// How long it may take to end.
const STOP_GRACE: Duration = Duration::from_secs(2);

/// A version of the service, ready to be run.
pub(crate) struct Bench<'b> {
    drawn: &'b Drawn,
    launcher: &'b Launcher,
    limits: Limits,
    /// Removed when dropped.
    _folder: TempDir,
    scenario: Scenario,
}

/// What a run came to.
pub(crate) struct Ran {
    pub(crate) record: RunRecord,
    pub(crate) extras: RunExtras,
    /// Totals of its ledger.
    pub(crate) ledger: Value,
    /// What of its work is not done, by the ledger.
    pub(crate) undone: Vec<String>,
    /// A rule got too little of a busy machine to judge.
    pub(crate) has_abstained: bool,
    /// Where it was kept, if it was to be.
    pub(crate) kept: Option<PathBuf>,
}

impl Ran {
    /// What was observed of a class that is no finding, in a sentence: by the rounds, or by the last look.
    pub(crate) fn observed(&self, class: &str) -> Option<String> {
        let seen = self.extras.inspect.iter().flat_map(|look| &look.observations);
        let mut all = self.record.observations.iter().chain(seen);
        all.find(|one| one.class == class).map(|one| one.summary.replace('\n', " "))
    }
}

impl<'b> Bench<'b> {
    /// Puts a service there. `lock`: its packages, where they are its own.
    ///
    /// # Errors
    /// It can't be written, or the lab's scenario is wrong.
    pub(crate) fn new(
        (drawn, launcher): (&'b Drawn, &'b Launcher),
        service: &str,
        lock: Option<&Path>,
        interrupt: &Interrupt,
    ) -> Result<Self, CliError> {
        let folder = bloathound_memory::temporary_folder().map_err(CliError::unwritten)?;
        let failed = |error: std::io::Error| CliError::unwritten(error);
        let own = folder.path().join(&drawn.lab.name);
        std::fs::create_dir(&own).map_err(failed)?;
        std::fs::write(own.join(SERVICE), service).map_err(failed)?;
        let lock_name = format!("{}/{LOCK}", drawn.lab.name);
        if let Some(lock) = lock {
            let bytes = read_regular(lock, LOCK_BYTES_MAX).map_err(|error| CliError::file(lock, error))?;
            std::fs::write(own.join(LOCK), bytes).map_err(failed)?;
        }
        let file = folder.path().join(format!("{}.yaml", drawn.lab.name));
        std::fs::write(&file, drawn.scenario(lock.map(|_| lock_name.as_str()))?).map_err(failed)?;
        let scenario = bloathound_scenario::load_file(&file, &launcher.services_dir)?;
        let limits = Limits {
            ready_within: READY_WITHIN,
            answer_within: Duration::from_secs(30),
            stop_grace: STOP_GRACE,
            measure_disturbance: false,
            interrupt: interrupt.clone(),
        };
        Ok(Self { drawn, launcher, limits, _folder: folder, scenario })
    }

    /// Starts it, without load.
    ///
    /// # Errors
    /// Its packages can't be made, or it is not ready in time.
    pub(crate) fn start(&self) -> Result<Service, CliError> {
        let environment = self.launcher.environment_of(&self.scenario, Variant::Fixed, &mut |_| ())?;
        let mut launch = self.launcher.launch_on(environment.as_ref(), &self.scenario, Variant::Fixed, &self.limits);
        self.with_kit(&mut launch);
        Service::start_unless(&launch, &self.limits.interrupt).map_err(|error| self.failed(error.into()))
    }

    /// Its diagnostics, in the folder that it runs in.
    fn with_kit(&self, launch: &mut Launch) {
        if self.drawn.lab.kit {
            launch.arguments.extend(["--diagnostics", "diagnostics"].map(str::to_owned));
        }
    }

    /// A whole run, looked at by all rules.
    ///
    /// # Errors
    /// It could not be made; the text says why.
    pub(crate) fn run(&self, keep: Option<&Path>) -> Result<Ran, CliError> {
        let mut observer = EngineObserver::new(&[], true);
        observer.held_by(OURSELVES.into());
        if let Some(folder) = keep {
            let how = HowRecorded { redact: false, effort: Effort::Quick };
            let recorder = Recorder::create(folder, &self.scenario.name, Variant::Fixed.as_str(), how);
            observer.record_to(recorder.map_err(CliError::unwritten)?);
        }
        let on = (&self.scenario, Variant::Fixed);
        let driven = match drive(on.0, on.1, self.launcher, &self.limits, &mut observer, &mut |_| ()) {
            Ok(driven) => driven,
            Err(BrokenRun { error: RunError::Stopped { stop }, .. }) => {
                return Err(CliError::stopped(stop, "ended before it was judged"));
            }
            Err(broken) => return Err(self.failed(broken.error)),
        };
        let (found, kept) = observer.finish(Recorded { scenario: on.0, variant: on.1 }, &driven);
        Ok(self.ran(&driven, &found, kept.transpose().map_err(CliError::unwritten)?))
    }

    fn ran(&self, driven: &bloathound_driver::DrivenRun, found: &RunFindings, kept: Option<PathBuf>) -> Ran {
        let mut record = score::record(&self.scenario, Variant::Fixed, driven, found);
        bloathound_report::tell(&mut record.findings, bloathound_report::text::PROCESS);
        Ran {
            record,
            extras: extras::extras(&self.scenario, found),
            ledger: driven.ledger.clone(),
            undone: driven.unmet.iter().map(ToString::to_string).collect(),
            has_abstained: !found.abstained.is_empty(),
            kept,
        }
    }

    fn failed(&self, error: RunError) -> CliError {
        CliError::Run {
            scenario: format!("lab {}", self.drawn.lab.name),
            variant: "as it is".into(),
            source: Box::new(error),
        }
    }
}
