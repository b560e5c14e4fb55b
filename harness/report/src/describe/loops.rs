//! Hot loops and spins, row by row.

use bloathound_vocabulary::{HotLoopEvidence, SpinEvidence};

use super::{Sentences, verdicts_text};
use crate::units;

pub(super) fn spinning(spin: &SpinEvidence) -> Sentences {
    let turns = spin.turns_per_second.map(|turns| format!("about {} a second", units::count(turns.round() as u64)));
    let busy = spin.cpu_fraction.map(|share| {
        let switches = units::plural(spin.voluntary_switches, "voluntary context switch", "voluntary context switches");
        format!("{} busy, {switches}", units::ratio(share))
    });
    Sentences {
        before: vec![
            ("samples", units::count(spin.samples)),
            ("CPU", busy.unwrap_or_default()),
            ("turns", turns.unwrap_or_default()),
            ("ready", spin.descriptor.clone().unwrap_or_default()),
            ("calls", spin.callback.clone().unwrap_or_default()),
            ("moved", spin.bytes_moved.map(units::bytes).unwrap_or_default()),
        ],
        after: Vec::new(),
    }
}

pub(super) fn hot_loop(hot: &HotLoopEvidence) -> Sentences {
    let states = match hot.distinct_states {
        0 | 1 => "its variables never changed".to_owned(),
        many => format!("its variables were seen in {} states", units::count(many)),
    };
    let samples = format!("{} in this loop; {states}", units::plural(hot.samples, "sample", "samples"));
    let busy = hot.cpu_fraction.map(|share| {
        let switches = units::plural(hot.voluntary_switches, "voluntary context switch", "voluntary context switches");
        format!("{} busy, {switches}", units::ratio(share))
    });
    let starved = hot.starved_seconds.map(|seconds| format!("not reached for {}", units::seconds(seconds)));
    let bytecode = hot.loop_bytecode.map(|[first, last]| format!("{first} to {last}"));
    let weaker = hot.tiers.split_last().map(|(_, weaker)| verdicts_text(weaker));
    Sentences {
        before: vec![
            ("samples", samples),
            ("CPU", busy.unwrap_or_default()),
            ("event loop", starved.unwrap_or_default()),
            ("bytecode", bytecode.unwrap_or_default()),
            ("inside", hot.inside.clone().unwrap_or_default()),
            ("exits need", way_out(&hot.exit_values)),
        ],
        after: vec![("holds too", weaker.unwrap_or_default())],
    }
}

/// `done = False` as what it is: the loop ends only if that changes.
fn way_out(values: &[String]) -> String {
    if values.is_empty() {
        return String::new();
    }
    let names: Vec<&str> = values.iter().map(|value| value.split(" = ").next().unwrap_or(value)).collect();
    // Of what a call answers, only that it is asked is known.
    let known: Vec<&str> = values.iter().filter(|value| value.contains(" = ")).map(String::as_str).collect();
    let now = if known.is_empty() { String::new() } else { format!("; now {}", known.join(", ")) };
    format!("can end only if {} changes{now}", names.join(" or "))
}
