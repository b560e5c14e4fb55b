//! The hot-loop rule on real Python 2.7 processes: every verdict, and every thing that only looks like one.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    missing_docs,
    unreachable_pub,
    reason = "a failed test ends by a panic, and says why it was skipped"
)]

mod support;

use bloathound_detect::hot_loop::{self, HotJudgement, HotObservationKind};
use bloathound_detect::{Evidence, Grade, HotLoopEvidence, HotLoopThresholds, Verdict};
use support::Script;

fn report(kind: &str, place: &str) -> Option<HotJudgement> {
    let script = match kind {
        kind if QUIET.contains(&kind) => "quiet_work.py",
        kind if ASKED_AGAIN.contains(&kind) || ASKED_OTHERS.contains(&kind) || WAITED.contains(&kind) => "asking.py",
        kind if FAILING.contains(&kind) || WORKING.contains(&kind) => "failing.py",
        _ => "variants.py",
    };
    let script = Script::start(script, &[kind, place])?;
    let mut report = HotJudgement::default();
    for _ in 0..LOOKS_MAX {
        let profile = script.sample(2.0);
        report = hot_loop::judge(&profile, &HotLoopThresholds::default());
        println!("{kind} {place}: {report:#?} {:?}", profile.cost);
        if report.abstained.is_empty() {
            break;
        }
    }
    Some(report)
}

/// Looks at a thread that got too little processor to be judged: on a crowded machine the rule abstains, which is no verdict.
const LOOKS_MAX: usize = 8;

/// Looks at a loop whose objects are made and freed as fast as they are read: one look of two seconds may see too few of
/// them whole to tell the same from something new.
const LOOKS_AT_WHAT_IS_FREED: usize = 6;

/// The first look that finds something, else the last one.
fn found(kind: &str, place: &str) -> Option<HotJudgement> {
    let mut last = report(kind, place)?;
    for _ in 1..LOOKS_AT_WHAT_IS_FREED {
        if !last.findings.is_empty() {
            break;
        }
        last = report(kind, place)?;
    }
    Some(last)
}

/// The only finding's verdict, function and evidence.
fn only_finding(report: &HotJudgement) -> (Verdict, &str, &HotLoopEvidence) {
    let [finding] = report.findings.as_slice() else {
        panic!("one finding expected: {report:#?}");
    };
    let Evidence::HotLoop(evidence) = &finding.evidence else {
        panic!("hot-loop evidence expected");
    };
    (finding.verdict, finding.location.function.as_deref().unwrap(), evidence)
}

/// Each kind of `kinds` gets `verdict` in its own function, in every place.
fn all_get(verdict: Verdict, kinds: &[&str], places: &[&str]) {
    for place in places {
        for kind in kinds {
            let Some(report) = report(kind, place) else { return };
            let (seen, function, evidence) = only_finding(&report);
            let expected = match *kind {
                "coroutine" => "turns",
                "closure" => "run",
                kind => kind,
            };
            assert_eq!((seen, function), (verdict, expected), "{kind} {place}");
            assert!(evidence.cpu_fraction.unwrap() > 0.8, "{kind} {place}");
            assert_eq!(evidence.starved_seconds.is_some(), *place == "reactor", "{kind} {place}");
        }
    }
}

/// No kind of `kinds` is a finding; each is observed as `expected` somewhere.
fn none_found(expected: HotObservationKind, kinds: &[&str], places: &[&str]) {
    for place in places {
        for kind in kinds {
            let Some(report) = report(kind, place) else { return };
            assert!(report.findings.is_empty(), "{kind} {place}: {report:#?}");
            let seen = report.observations.iter().any(|observation| observation.kind == expected);
            assert!(seen, "{kind} {place}: {report:#?}");
        }
    }
}

const STILL: &[&str] = &["spin", "forever", "while_true", "helper", "flipping", "swallowed", "endless_iterator"];
const COUNTING: &[&str] = &["counting", "guarded", "attribute", "slot_attribute", "old_attribute"];

#[test]
fn states_that_recur_in_a_script() {
    all_get(Verdict::NoObservedProgress, STILL, &["plain"]);
}

#[test]
fn states_that_recur_below_an_event_loop() {
    all_get(Verdict::NoObservedProgress, STILL, &["reactor"]);
}

#[test]
fn states_that_recur_in_another_thread() {
    all_get(Verdict::NoObservedProgress, &["spin", "helper", "flipping"], &["thread"]);
}

#[test]
fn a_spin_that_counts_in_a_script_is_hot() {
    all_get(Verdict::HotLoop, COUNTING, &["plain"]);
    all_get(Verdict::HotLoop, &["counting_without_exit"], &["plain"]);
}

#[test]
fn a_spin_that_counts_below_an_event_loop_starves_it() {
    all_get(Verdict::EventLoopStarved, COUNTING, &["reactor"]);
    all_get(Verdict::EventLoopStarved, &["method", "counting_without_exit"], &["reactor"]);
}

#[test]
fn what_is_called_may_be_busy_itself() {
    for kind in ["nested", "slow_helper", "recursive_helper", "long_nested"] {
        let Some(report) = report(kind, "reactor") else { return };
        let (verdict, function, evidence) = only_finding(&report);
        assert_eq!(function, kind);
        assert!([Verdict::EventLoopStarved, Verdict::NoObservedProgress].contains(&verdict), "{kind}");
        assert!(evidence.tiers.contains(&Verdict::HotLoop));
    }
}

#[test]
fn generators_comprehensions_and_closures() {
    all_get(Verdict::NoObservedProgress, &["comprehension"], &["plain", "reactor"]);
    let Some(report) = report("coroutine", "reactor") else { return };
    let (verdict, function, _) = only_finding(&report);
    assert_eq!(verdict, Verdict::NoObservedProgress);
    assert!(["coroutine", "turns"].contains(&function));
    all_get(Verdict::EventLoopStarved, &["closure"], &["reactor"]);
}

#[test]
fn one_call_into_c() {
    let Some(starving) = report("regex", "reactor") else { return };
    let (verdict, function, evidence) = only_finding(&starving);
    assert_eq!((verdict, function), (Verdict::InsideOneCCall, "regex"));
    assert_eq!(evidence.inside.as_deref(), Some("SRE_Pattern.match"));
    none_found(HotObservationKind::Busy, &["summing"], &["plain", "reactor"]);
}

#[test]
fn more_that_goes_nowhere() {
    let kinds = ["cycling", "linked_ring", "spinning_receive", "end_of_stream", "locked"];
    all_get(Verdict::NoObservedProgress, &kinds, &["plain"]);
    for place in ["plain", "reactor"] {
        let Some(report) = report("states", place) else { return };
        assert_eq!(only_finding(&report).1, "states");
    }
    let Some(of_module) = report("module_level", "plain") else { return };
    let (verdict, function, evidence) = only_finding(&of_module);
    assert_eq!((verdict, function), (Verdict::NoObservedProgress, "<module>"));
    assert_eq!(evidence.unchanging.first().map(String::as_str), Some("done"));
}

#[test]
fn a_question_that_is_answered_alike_for_ever_is_no_progress() {
    all_get(Verdict::HotLoop, &["asked_alike", "parsed_again"], &["plain"]);
    all_get(Verdict::EventLoopStarved, &["asked_alike", "parsed_again"], &["reactor"]);
    none_found(HotObservationKind::Busy, &["asks_for_the_next"], &["plain", "reactor"]);
}

#[test]
fn what_is_taken_and_put_back_for_ever_comes_to_the_same_again() {
    for place in ["plain", "thread", "reactor"] {
        let Some(report) = found("put_back", place) else { return };
        assert_eq!(only_finding(&report).1, "put_back");
    }
}

#[test]
fn counting_failures_is_no_progress() {
    all_get(Verdict::HotLoop, &["retries", "timed_retries", "counts_by_name"], &["plain"]);
}

/// What is made anew each time, and freed, is read half made more often than not.
#[test]
fn trying_again_at_once_is_no_progress() {
    for kind in ["reconnects", "drops_and_retries", "logged_retries"] {
        let Some(report) = found(kind, "plain") else { return };
        let (verdict, function, _) = only_finding(&report);
        assert_eq!((verdict, function), (Verdict::HotLoop, kind));
    }
}

#[test]
fn a_walk_that_counts_what_it_misses_is_busy() {
    none_found(HotObservationKind::Busy, &["ports", "files"], &["plain"]);
}

const ASKED_AGAIN: &[&str] =
    &["tokenizer", "locked_table", "same_page", "handled_by_hand", "same_offset", "hung_up", "turned_by_hand"];
const ASKED_OTHERS: &[&str] = &["tokens_of_texts", "broken_blocks", "numbered_lines", "records", "summed_image"];
const WAITED: &[&str] = &["served_forever"];

/// A tokenizer that stands still, a table that stays locked, a server that is asked for its next request without waiting, a
/// file that is read at the same place, a peer that has hung up, an event loop that has nothing to do.
#[test]
fn the_same_question_to_c_is_no_work() {
    for kind in ASKED_AGAIN {
        let Some(report) = found(kind, "plain") else { return };
        assert_eq!(only_finding(&report).1, *kind);
    }
}

#[test]
fn another_question_to_c_is_work_and_so_is_what_is_handed_on() {
    none_found(HotObservationKind::Busy, ASKED_OTHERS, &["plain"]);
    for kind in WAITED {
        let Some(report) = report(kind, "plain") else { return };
        assert!(report.findings.is_empty(), "{report:#?}");
    }
}

#[test]
fn work_in_what_a_loop_calls_is_busy() {
    none_found(HotObservationKind::Busy, &["endless_worker", "inserting"], &["plain"]);
    // Seen in nothing but one call of the compressor, it is told as that.
    let Some(report) = report("packing", "plain") else { return };
    assert!(report.findings.is_empty(), "{report:#?}");
}

#[test]
fn a_match_that_backtracks_is_told_and_one_of_a_long_text_is_not() {
    let Some(lost) = report("regex", "plain") else { return };
    let (verdict, function, evidence) = only_finding(&lost);
    assert_eq!((verdict, function), (Verdict::InsideOneCCall, "regex"));
    assert_eq!((evidence.inside.as_deref(), evidence.starved_seconds), (Some("SRE_Pattern.match"), None));
    let summary = &lost.findings[0].summary;
    assert!(summary.contains(r"SRE_Pattern.match of the pattern '(\w+ ?)+$' with 'xxxxxxxx"), "{summary}");
    assert!(summary.contains("(40 characters)"), "{summary}");
    none_found(HotObservationKind::InsideOneCCall, &["long_search"], &["plain"]);
}

#[test]
fn two_threads_that_share_the_lock() {
    let Some(report) = report("two_threads", "plain") else { return };
    let functions: Vec<_> = report.findings.iter().map(|finding| finding.location.function.as_deref()).collect();
    assert_eq!(functions, [Some("spin"), Some("spin")], "{report:#?}");
}

#[test]
fn honest_work_below_an_event_loop_is_busy() {
    none_found(HotObservationKind::Busy, HONEST, &["reactor"]);
}

#[test]
fn honest_work_in_a_script_is_busy() {
    none_found(HotObservationKind::Busy, HONEST, &["plain"]);
    none_found(HotObservationKind::Busy, &["worker"], &["plain"]);
    // All that stays of a request here is one more on a counter, as of a failure; no turn fails, and its text is data. But
    // the text is gone so soon that a look may miss every one of them: what is said then is no more than that it goes
    // round, and not surely.
    let Some(report) = report("serve", "plain") else { return };
    for finding in &report.findings {
        assert_eq!(finding.verdict, Verdict::HotLoop, "{report:#?}");
        assert!(finding.confidence.as_ref().is_none_or(|sure| sure.grade != Grade::High), "{report:#?}");
    }
}

/// Loops whose turns fail, whoever counts it, says it or swallows it.
const FAILING: &[&str] = &[
    "retry_method",
    "retry_attribute",
    "retry_other_class",
    "retry_by_name",
    "retry_in_callee",
    "told_retries",
    "refused_by_number",
];

/// Looks until one has to show it. What a failing turn has in its hands is gone at once: a look that catches none of it says
/// `busy`, which is no wrong verdict, only none.
const LOOKS_AT_A_FAILURE: usize = 6;

#[test]
fn a_failure_that_somebody_else_counts_is_no_progress() {
    let mut told = 0;
    for kind in FAILING {
        let mut seen = None;
        for _ in 0..LOOKS_AT_A_FAILURE {
            let Some(report) = report(kind, "plain") else { return };
            let found = !report.findings.is_empty();
            seen = Some(report);
            if found {
                break;
            }
        }
        let Some(report) = seen else { continue };
        let (verdict, function, _) = only_finding(&report);
        assert_eq!(function, *kind);
        assert!([Verdict::HotLoop, Verdict::NoObservedProgress].contains(&verdict), "{kind}: {report:#?}");
        told += usize::from(report.findings[0].summary.contains("each turn fails: socket.error ("));
    }
    // One of them is told no by a number and not by an exception; of the others a look may miss which one it was.
    assert!(told >= 2, "{told} of {} are told with what failed", FAILING.len());
}

/// Loops that only count too, and get on: what fails is another thing each time, or nothing fails.
const WORKING: &[&str] = &["rejection", "optional_keys", "bad_input", "jobs"];

#[test]
fn turns_that_fail_otherwise_each_time_or_not_at_all_are_work() {
    none_found(HotObservationKind::Busy, WORKING, &["plain"]);
}

/// Progress that no variable's value shows: objects that all look the same, C structures, what comes from outside.
const QUIET: &[&str] = &["chain_walk", "equal_lines", "waiting_for_luck", "groups", "equal_packets"];

#[test]
fn work_that_shows_in_no_value_is_busy() {
    none_found(HotObservationKind::Busy, &QUIET[..4], &["plain", "reactor"]);
    // Two threads share the lock here, and the one that reads may be seen to wait.
    let Some(report) = report("equal_packets", "plain") else { return };
    assert!(report.findings.is_empty(), "{report:#?}");
}

const HONEST: &[&str] = &[
    "compute",
    "consume",
    "consume_generator",
    "consume_quietly",
    "cursor",
    "until",
    "flag_at_the_end",
    "solver",
    "mine",
    "recursion",
    "counting_sort",
    "traversal",
    "bubble_sort",
    "simulation",
    "tokens",
    "deep_solver",
];

#[test]
fn sleepers_are_idle() {
    none_found(HotObservationKind::Idle, &["waiting"], &["plain", "thread"]);
    none_found(HotObservationKind::Idle, &["idle"], &["reactor"]);
    let Some(sleeping) = report("sleeping", "plain") else { return };
    assert!(sleeping.findings.is_empty());
    assert!(matches!(sleeping.observations[0].kind, HotObservationKind::Idle | HotObservationKind::Polling));
}

#[test]
fn the_names_that_exits_depend_on_come_first() {
    let Some(report) = report("helper", "reactor") else { return };
    let (_, _, evidence) = only_finding(&report);
    assert_eq!(evidence.unchanging.first().map(String::as_str), Some("done"));
    assert!(evidence.unchanging.contains(&"row".to_owned()), "{evidence:?}");
    assert!(evidence.exit_values.contains(&"done = False".to_owned()), "{evidence:?}");
    assert_eq!(evidence.tiers, [Verdict::HotLoop, Verdict::EventLoopStarved, Verdict::NoObservedProgress]);
    assert!(evidence.starved_seconds.unwrap() > 1.5);
}
