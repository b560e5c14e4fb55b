//! `bloathound run`.

use bloathound_detect::{Thresholds, rules_hash};
use bloathound_engine::tool;
use bloathound_report::text;

use crate::args::RunArguments;
use crate::error::CliError;
use crate::exit::Exit;
use crate::ground::{self, Ground};
use crate::home::Home;
use crate::made::{Made, live, of_recorded, show};
use crate::pythons::Pythons;
use crate::{chosen, gate, gating, generated, host, output, plan, recorded, written};

/// `bloathound run`.
pub(crate) fn run(arguments: &RunArguments) -> Result<u8, CliError> {
    let home = if arguments.is_of_files() {
        Home::or_here(arguments.home.as_deref())?
    } else {
        Home::find(arguments.home.as_deref())?
    };
    // Gone with this function, and with it the services that run from there.
    let generated = generated::generate(arguments, &home)?;
    let scenarios = chosen::all(&home, &arguments.names, arguments.seed, generated.as_ref())?;
    let pythons = Pythons::find(arguments.python.as_ref(), if arguments.recorded { &[] } else { &scenarios });
    let scenarios = if arguments.recorded {
        scenarios
    } else {
        pythons.spread(&scenarios, !arguments.names.is_empty(), gating::why(arguments))?
    };
    let chosen = plan::under_traffic(&scenarios, arguments.traffic)?;
    let (mut planned, partition) = plan::plan(&chosen, arguments)?;
    let gate = arguments.gate.open(arguments.partition.is_some())?;
    let _held = written::check(arguments)?;
    let (host, made) = match ground::find(arguments, &home, &pythons, &mut planned)? {
        Ground::Live(launchers) => {
            let host = host::facts(launchers.releases().as_deref());
            let python = ground::python_of_own(&planned)?;
            (host, live(&planned, (&launchers, python.as_deref()), arguments, generated.is_some())?)
        }
        Ground::Recorded { banner, asked_for } => {
            let runs = recorded::matching(&home, &planned, arguments, asked_for)?;
            (host::facts(None), of_recorded(&runs, &banner, arguments)?)
        }
    };
    let Made { runs, extras, mut unwritten, stopped } = made;
    let mut results = bloathound_score::results(tool(), host, partition, runs);
    results.rules = Some(rules_hash(&Thresholds::default()));
    results.partial = stopped.as_ref().map(|(_, why)| why.clone().into());
    show(arguments, &text::summary(&results, output::color()));
    unwritten.extend(written::run(arguments, &results, &extras));
    let (held, lost) = gate.close(&results, &gate::scenario_files(&home.scenarios(), &planned));
    unwritten.extend(lost);
    if let Some((_, why)) = &stopped {
        output::message(why);
    }
    let exit = Exit::of_suite(&results, stopped.map(|(stop, _)| stop), &unwritten, &mut output::message);
    Ok(exit.or_worse(held).number())
}
