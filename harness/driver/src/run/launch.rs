//! How a scenario's service is started, and the deadlines that keep a broken one from holding us up.

use std::path::PathBuf;
use std::time::Duration;

use bloathound_engine::Interrupt;
use bloathound_scenario::{Scenario, Variant};

use crate::python::{Cache, Environment, EnvironmentError, EnvironmentEvents, PythonProgram};
use crate::service::Launch;

/// The private directory of a service's diagnostics, where a scenario switches them.
const DIAGNOSTICS: &str = "diagnostics";

/// What a service runs on.
#[derive(Debug, Clone)]
pub struct Launcher {
    /// The interpreter.
    pub interpreter: PythonProgram,
    /// The packages that every service has; none for those of CPython 3, which need none or have their own.
    pub environment: Option<Environment>,
    /// The folder `reference-services`.
    pub services_dir: PathBuf,
}

impl Launcher {
    /// The packages that a variant runs on: those of its own are made where they aren't there yet, in the user's cache.
    ///
    /// # Errors
    /// They can't be made; the text says why.
    pub fn environment_of(
        &self,
        scenario: &Scenario,
        variant: Variant,
        events: EnvironmentEvents<'_>,
    ) -> Result<Option<Environment>, EnvironmentError> {
        match scenario.variants.get(&variant).and_then(|plan| plan.packages.as_ref()) {
            Some(lock_file) => Cache::of_user()?.prepare_packages(&self.interpreter, lock_file, events).map(Some),
            None => Ok(self.environment.clone()),
        }
    }

    /// How to start a scenario's service in a variant, on the services' packages.
    #[must_use]
    pub fn launch(&self, scenario: &Scenario, variant: Variant, limits: &Limits) -> Launch {
        self.launch_on(self.environment.as_ref(), scenario, variant, limits)
    }

    /// The same on packages of its own ([`Launcher::environment_of`]).
    #[must_use]
    pub fn launch_on(
        &self,
        environment: Option<&Environment>,
        scenario: &Scenario,
        variant: Variant,
        limits: &Limits,
    ) -> Launch {
        let mut python_path: Vec<PathBuf> =
            environment.map(|environment| environment.dir.clone()).into_iter().collect();
        python_path.push(self.services_dir.join("common"));
        let fix = scenario.service_dir.join("fix");
        if variant == Variant::Fixed && fix.is_dir() {
            python_path.push(fix);
        }
        python_path.push(scenario.service_dir.clone());
        // The service runs in a folder of its own, where a relative path would lead nowhere.
        let python_path = python_path.into_iter().map(|path| std::path::absolute(&path).unwrap_or(path)).collect();
        let fixed = ["-u", "-B", "-s", "-m", "service", "--port", "0"];
        let mut arguments: Vec<String> = fixed.map(str::to_owned).to_vec();
        if scenario.observe.toggle.is_some() {
            // Relative to the folder of its own that the service runs in.
            arguments.extend(["--diagnostics", DIAGNOSTICS].map(str::to_owned));
        }
        arguments.extend(scenario.option_arguments());
        Launch {
            name: scenario.service.clone(),
            program: self.interpreter.executable.clone(),
            arguments,
            python_path,
            seed: scenario.seed,
            ready_within: limits.ready_within,
        }
    }
}

/// Deadlines. None of them decides a verdict; each keeps a broken service from holding us up.
#[derive(Debug, Clone)]
pub struct Limits {
    /// From the start to the handshake.
    pub ready_within: Duration,
    /// From a request to the end of its answer. Fifty at once of `fragmentation` take 11 s each on an idle machine.
    pub answer_within: Duration,
    /// From the request to stop to the kill.
    pub stop_grace: Duration,
    /// Whether to measure the disturbance, which takes one more round of load and one more look.
    pub measure_disturbance: bool,
    /// When this comes, the service is ended and the run with it.
    pub interrupt: Interrupt,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            ready_within: Duration::from_secs(30),
            answer_within: Duration::from_secs(240),
            stop_grace: Duration::from_secs(3),
            measure_disturbance: true,
            interrupt: Interrupt::default(),
        }
    }
}
