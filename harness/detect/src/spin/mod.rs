//! Event loops that spin: they turn at full speed, for the same descriptor, callback or timer each time, and nothing is
//! done. The twin of a hot loop, which doesn't let the event loop turn at all.

mod callback;
mod rule;
#[cfg(test)]
mod tests;

use bloathound_vocabulary::{Evidence, Finding};

use crate::thresholds::predicates;

pub(crate) use rule::judge;

/// One cause, one finding: where a program turns its event loop by hand and that spins, the spin says for what.
pub(crate) fn settle(findings: &mut Vec<Finding>) {
    let spinning = |finding: &Finding| match &finding.evidence {
        Evidence::Spin(spin) => spin.thread,
        _ => None,
    };
    let threads: Vec<u32> = findings.iter().filter_map(spinning).collect();
    findings.retain(|finding| {
        let Evidence::HotLoop(hot) = &finding.evidence else { return true };
        !predicates::SPIN_IS_THE_CAUSE.says(hot.thread.is_some_and(|thread| threads.contains(&thread)))
    });
}
