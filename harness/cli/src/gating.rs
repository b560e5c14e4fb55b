//! Whether somebody gates on the outcome of a run: then nothing stands in for what this machine lacks.

use std::env;

use crate::args::RunArguments;

/// Variables that say that somebody gates on the outcome.
const GATING: [&str; 2] = ["BLOATHOUND_REQUIRE_LIVE", "CI"];

/// Why the outcome is taken for a live one: somebody says so, or programs read what comes out.
pub(crate) fn why(arguments: &RunArguments) -> Option<String> {
    let given = [
        (arguments.live, "--live"),
        (arguments.json.is_some(), "--json"),
        (arguments.junit.is_some(), "--junit"),
        (arguments.report.is_some(), "--report"),
        (arguments.record.is_some(), "--record"),
        (arguments.partition.is_some(), "--partition"),
        // It is there to see a run fail.
        (!arguments.without.is_empty(), "--without"),
    ];
    let given = given.into_iter().filter_map(|(is, name)| is.then_some(name));
    let option = given.chain(arguments.gate.given()).next().map(|name| format!("{name} is given"));
    option.or_else(|| Some(format!("{} is set", GATING.into_iter().find(|name| env::var_os(name).is_some())?)))
}
