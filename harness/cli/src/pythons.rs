//! Which interpreter each scenario of ours runs on: the one that `--python` asks for, else what this machine has.

use bloathound_driver::{FoundPython, HOW_TO_GET_A_3, PythonError, PythonProgram, Search};
use bloathound_scenario::{PythonSeries, Scenario};

use crate::choices::PythonChoice;
use crate::error::CliError;
use crate::output;

/// The interpreters of this machine, as far as somebody asks for them.
pub(crate) struct Pythons {
    choice: Option<PythonChoice>,
    python27: Result<PythonProgram, PythonError>,
    /// One a series, the newest first.
    python3: Result<Vec<PythonProgram>, PythonError>,
}

impl Pythons {
    /// Looks for those that these scenarios need.
    pub(crate) fn find(choice: Option<&PythonChoice>, scenarios: &[Scenario]) -> Self {
        let needs = |python27: bool| {
            scenarios.iter().any(|one| one.own.is_none() && (one.series == PythonSeries::Python27) == python27)
        };
        let search = Search::from_env();
        let none_27 = || Err(PythonError::NoPython27 { tried: Vec::new() });
        let program = |found: FoundPython| found.interpreter;
        let (python27, python3) = match choice {
            Some(PythonChoice::Path(path)) => match Search::at_path(path).map(program) {
                Ok(one) if one.series() == "2.7" => (Ok(one), Ok(Vec::new())),
                Ok(one) => (none_27(), Ok(vec![one])),
                Err(error) => (Err(error.clone()), Err(error)),
            },
            _ => {
                let is_27 = matches!(choice, None | Some(PythonChoice::All | PythonChoice::Python27));
                let is_3 = choice != Some(&PythonChoice::Python27);
                let python27 = if is_27 && needs(true) { search.find().map(program) } else { none_27() };
                let all = |found: Vec<FoundPython>| found.into_iter().map(program).collect();
                let python3 = if is_3 && needs(false) { search.find_3().map(all) } else { Ok(Vec::new()) };
                (python27, python3)
            }
        };
        Self { choice: choice.cloned(), python27, python3 }
    }

    /// The Python 2.7.
    pub(crate) fn two(&self) -> Result<PythonProgram, CliError> {
        Ok(self.python27.clone()?)
    }

    /// The Python of this series of 3.
    pub(crate) fn three(&self, series: &str) -> Option<&PythonProgram> {
        self.python3.iter().flatten().find(|python| python.series() == series)
    }

    /// The one that a scenario would run on.
    ///
    /// # Errors
    /// There is none.
    pub(crate) fn the_one(&self, scenario: &Scenario) -> Result<PythonProgram, CliError> {
        match scenario.series {
            PythonSeries::Python27 if !self.means_27() => Err(self.not_meant(&[scenario])),
            PythonSeries::Python27 => self.two(),
            PythonSeries::Python3 { .. } if !self.means_3(scenario.series) => Err(self.not_meant(&[scenario])),
            PythonSeries::Python3 { .. } => {
                self.takes(scenario).first().map(|python| (*python).clone()).ok_or_else(|| self.lacking(&[scenario]))
            }
        }
    }

    /// The scenarios, each once for every interpreter that it is to run on. Those of 3 that find none are left out and
    /// told, unless names were given or somebody gates on the outcome, for the reason that is given.
    ///
    /// # Errors
    /// No interpreter is there for what was asked for.
    pub(crate) fn spread(
        &self,
        scenarios: &[Scenario],
        by_name: bool,
        gated: Option<String>,
    ) -> Result<Vec<Scenario>, CliError> {
        if let (Some(PythonChoice::Path(_)), Err(error)) = (&self.choice, &self.python3) {
            return Err(error.clone().into());
        }
        let (mut spread, mut lacking, mut others) = (Vec::new(), Vec::new(), Vec::new());
        for scenario in scenarios {
            match scenario.series {
                _ if scenario.own.is_some() => spread.push(scenario.clone()),
                PythonSeries::Python27 if self.means_27() => spread.push(scenario.clone()),
                PythonSeries::Python3 { .. } if self.means_3(scenario.series) => {
                    let mut on = self.takes(scenario);
                    if !matches!(self.choice, Some(PythonChoice::All)) {
                        on.truncate(1);
                    }
                    if on.is_empty() {
                        lacking.push(scenario);
                    }
                    spread.extend(
                        on.iter().map(|python| Scenario { on: Some(python.series().to_owned()), ..scenario.clone() }),
                    );
                }
                _ => others.push(scenario),
            }
        }
        if spread.is_empty() && lacking.is_empty() {
            return Err(self.not_meant(&others));
        }
        if !others.is_empty() && by_name {
            output::message(&format!("left out, as --python says: {}", named(&others)));
        }
        if lacking.is_empty() {
            return Ok(spread);
        }
        let of_27 = |one: &Scenario| one.own.is_none() && one.series == PythonSeries::Python27;
        if !by_name && self.python27.is_err() && !spread.is_empty() && spread.iter().all(of_27) {
            // No Python at all is said where it is decided whether recorded runs stand in for live ones.
            spread.extend(lacking.into_iter().cloned());
            return Ok(spread);
        }
        let error = self.lacking(&lacking);
        if spread.is_empty() || by_name {
            return Err(error);
        }
        if let Some(why) = gated {
            return Err(CliError::NotHere(format!(
                "{error}\n{why}, so none is left out; --python says which are meant"
            )));
        }
        output::message(&format!("left out: {error}"));
        Ok(spread)
    }

    fn means_27(&self) -> bool {
        match &self.choice {
            None | Some(PythonChoice::All | PythonChoice::Python27) => true,
            Some(PythonChoice::Path(_)) => self.python27.is_ok(),
            Some(PythonChoice::Newest3 | PythonChoice::Series(_)) => false,
        }
    }

    fn means_3(&self, series: PythonSeries) -> bool {
        match &self.choice {
            Some(PythonChoice::Python27) => false,
            Some(PythonChoice::Path(_)) => self.python3.iter().flatten().any(|python| series.takes(python.series())),
            Some(PythonChoice::Series(wanted)) => series.takes(wanted),
            _ => true,
        }
    }

    /// Those of 3 that a scenario may run on, the newest first.
    fn takes(&self, scenario: &Scenario) -> Vec<&PythonProgram> {
        let is_meant = |series: &str| match &self.choice {
            Some(PythonChoice::Series(wanted)) => wanted == series,
            _ => true,
        };
        let all = self.python3.iter().flatten();
        all.filter(|python| scenario.series.takes(python.series()) && is_meant(python.series())).collect()
    }

    fn lacking(&self, scenarios: &[&Scenario]) -> CliError {
        let text = match (&self.python3, &self.choice) {
            (Err(error @ (PythonError::Configured3 { .. } | PythonError::Named { .. })), _) => error.to_string(),
            (Ok(here), _) if !here.is_empty() => {
                let here: Vec<&str> = here.iter().map(|python| &*python.version).collect();
                let wanted = match &self.choice {
                    Some(PythonChoice::Series(series)) => format!("CPython {series}"),
                    _ => "a CPython that takes them".to_owned(),
                };
                format!("no {wanted} is here (there is {})\n{HOW_TO_GET_A_3}", here.join(", "))
            }
            _ => format!("no CPython 3 that is read is here\n{HOW_TO_GET_A_3}"),
        };
        CliError::NotHere(format!("{}: {text}", named(scenarios)))
    }

    fn not_meant(&self, scenarios: &[&Scenario]) -> CliError {
        CliError::Usage(format!("none of these runs on what --python says: {}", named(scenarios)))
    }
}

/// `aio-leak (CPython 3), cycles (CPython 2.7)`.
fn named(scenarios: &[&Scenario]) -> String {
    let named: Vec<String> = scenarios.iter().map(|one| format!("{} (CPython {})", one.name, one.series)).collect();
    named.join(", ")
}
