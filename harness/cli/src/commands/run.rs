//! `bloathound run`.

use std::collections::BTreeMap;
use std::time::Duration;

use bloathound_detect::{Thresholds, rules_hash};
use bloathound_driver::{Launcher, Limits, Search};
use bloathound_engine::{Interrupt, tool};
use bloathound_report::html::{HtmlReport, RunKey};
use bloathound_report::text;

use crate::args::RunArguments;
use crate::error::CliError;
use crate::exit::Exit;
use crate::home::Home;
use crate::twin::Twin;
use crate::{chosen, gate, generated, host, output, plan, preparation, suite, written};

/// `bloathound run`.
pub(crate) fn run(arguments: &RunArguments) -> Result<u8, CliError> {
    let home = Home::find(arguments.home.as_deref())?;
    // Gone with this function, and with it the services that run from there.
    let generated = generated::generate(arguments, &home)?;
    let scenarios = chosen::all(&home, &arguments.names, arguments.seed, generated.as_ref())?;
    let chosen = plan::under_traffic(&scenarios, arguments.traffic)?;
    let (planned, partition) = plan::plan(&chosen, arguments)?;
    let gate = arguments.gate.open(arguments.partition.is_some())?;
    let _held = written::check(arguments)?;
    let found = Search::from_env().find()?;
    let environment = preparation::environment(&home, &found.interpreter)?;
    let host = host::facts(Some(&found.interpreter.version));
    let launcher = Launcher { interpreter: found.interpreter, environment, services_dir: home.services() };
    let color = output::color();
    let names: Vec<String> = planned.iter().map(|(scenario, _)| plan::name(scenario)).collect();
    let layout = text::Layout::for_names(names.iter().map(String::as_str));
    // With the JSON on stdout nothing else may be there.
    let quiet = output::is_stdout(arguments.json.as_deref());
    let show = |text: &str| {
        if !quiet {
            output::result(text);
        }
    };
    // Services begin here, and with them what is to be kept and cleaned up.
    let ready_within = Duration::from_secs_f64(arguments.ready_within);
    // Of generated cases there are many, and what looking costs is measured on the others.
    let measure_disturbance = generated.is_none();
    let limits = Limits { ready_within, measure_disturbance, interrupt: Interrupt::take()?, ..Limits::default() };
    show(&layout.header(color));
    let mut runs = Vec::new();
    let mut extras = BTreeMap::new();
    // What can't be written keeps nothing else from being run, written and said.
    let mut unwritten = Vec::new();
    let suite = suite::run(&planned, (&launcher, &limits), arguments, &mut |(scenario, _), twin| {
        let Twin { record, found, unwritten: lost } = twin;
        unwritten.extend(lost);
        if let (Some(folder), Some(found)) = (&arguments.report, &found) {
            match super::report::extras(folder, scenario, &record, found) {
                Ok(more) => drop(extras.insert(RunKey::from(&record), more)),
                Err(error) => unwritten.push(error),
            }
        }
        show(&text::run_line(&record, layout, color));
        show(&text::failure(&record, color));
        runs.push(record);
    });
    let stopped = suite.stopped(planned.len());
    let mut results = bloathound_score::results(tool(), host, partition, runs);
    results.rules = Some(rules_hash(&Thresholds::default()));
    results.partial = stopped.as_ref().map(|(_, why)| why.clone().into());
    show(&text::summary(&results, color));
    unwritten.extend(written::run(arguments, &HtmlReport { results: &results, extras: &extras }));
    let (held, lost) = gate.close(&results, &gate::scenario_files(&home.scenarios(), &planned));
    unwritten.extend(lost);
    if let Some((_, why)) = &stopped {
        output::message(why);
    }
    let exit = Exit::of_suite(&results, stopped.map(|(stop, _)| stop), &unwritten, &mut output::message);
    Ok(exit.or_worse(held).number())
}
