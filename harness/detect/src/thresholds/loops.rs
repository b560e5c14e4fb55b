//! Limits of the rules that judge samples: hot loops, and event loops that spin.

use super::row::limits;

limits! {
    /// Limits of the hot-loop rule.
    HotLoopThresholds of "hot-loop" {
        samples_min: usize = 20, "samples",
            "Samples at least; with fewer nothing is said.",
            "reason, not measured: a fifth of a second at 100 samples a second",
            "detect/src/hot/tests.rs::each_limit_alone_weakens_the_verdict";
        busy_fraction_min: f64 = 0.95, "share of the time",
            "Share of the time a thread ran or waited for a processor, from which on it is busy.",
            "spins of the scripts reach it on a loaded machine too, since waiting for a processor counts; a thread that runs half of the time does not",
            "detect/src/hot/tests.rs::a_thread_that_sleeps_is_not_hot";
        awake_fraction_min: f64 = 0.75, "share of the time",
            "Of the time in which it had or could have had a processor, the share that a busy thread ran.",
            "reason, not measured: on a crowded machine each waking of a thread that polls waits for a turn; it still sleeps in what is left",
            "detect/src/hot/tests.rs::a_poll_on_a_crowded_machine_is_not_hot";
        shared_fraction_min: f64 = 0.25, "share of the time",
            "The same for one of several threads that keep the interpreter lock busy between them.",
            "reason, not measured: up to four threads can share one lock and each still be told",
            "detect/tests/loops.rs::two_threads_that_share_the_lock";
        idle_fraction_max: f64 = 0.05, "share of the time",
            "Share up to which a thread is idle.",
            "reason, not measured: a service with timers and nothing to do stays below",
            "detect/src/hot/tests.rs::a_thread_that_sleeps_is_not_hot";
        starved_seconds_min: f64 = 1.0, "seconds",
            "Seconds without a turn from which on an event loop is starved.",
            "reason, not measured: a second is what a person notices, and longer than a slow request",
            "detect/src/hot/tests.rs::each_limit_alone_weakens_the_verdict";
        switches_per_second_max: f64 = 5.0, "switches a second",
            "Voluntary context switches a second up to which a thread counts as never giving the processor up.",
            "reason, not measured: a spin gives the processor up only by page faults; what waits does so all the time",
            "detect/src/hot/tests.rs::each_limit_alone_weakens_the_verdict";
        switches_per_second_shared_max: f64 = 200.0, "switches a second",
            "The same beside other Python threads: the interpreter lock passing to and fro is counted as such.",
            "reason, not measured: 2.7 offers the lock every 100 instructions, and taking it counts as a switch",
            "detect/tests/loops.rs::two_threads_that_share_the_lock";
        values_max: usize = 4, "values",
            "Values of one variable that are a handful.",
            "reason, not measured: a spin goes to and fro among very few values",
            "detect/src/hot/tests.rs::each_limit_alone_weakens_the_verdict";
        states_max: usize = 16, "states",
            "States of all variables together that are a handful; reading them at slightly different moments mixes them.",
            "reason, not measured: a few variables of a handful of values each, read at slightly different moments",
            "detect/src/hot/tests.rs::each_limit_alone_weakens_the_verdict";
        recurring_fraction_min: f64 = 0.9, "share of the samples",
            "Share of the values in the second half of the samples that were seen in the first half, for them to recur.",
            "reason, not measured: one torn value in ten is forgiven; a counter has none again",
            "detect/src/hot/tests.rs::each_limit_alone_weakens_the_verdict";
    }
}

limits! {
    /// Limits of the rule of event loops that spin. How busy a thread must be, and how seldom it may sleep, the limits of hot
    /// loops say.
    SpinThresholds of "spin" {
        loop_share_min: f64 = 0.9, "share of the samples",
            "Samples that show the event loop on the stack at least.",
            "field cases: 1.0 in each event loop that spins",
            "detect/src/spin/tests.rs::each_limit_alone_keeps_it_silent";
        turning_share_min: f64 = 0.5, "share of the samples",
            "Samples between which the event loop's own frames moved at least: it turns.",
            "field cases: 0.95 and more; an event loop that a handler of 20 ms keeps moves between fewer",
            "detect/src/spin/tests.rs::each_limit_alone_keeps_it_silent";
        callbacks_max: usize = 4, "functions",
            "Functions of the program that the event loop calls, up to which it calls the same each turn.",
            "field cases: one or two; a service that serves calls as many as it has handlers",
            "detect/src/spin/tests.rs::each_limit_alone_keeps_it_silent";
        descriptors_max: usize = 4, "descriptors",
            "Descriptors that were ready, up to which they are the same each turn.",
            "field cases: one; a server under load has as many as it has clients",
            "detect/src/spin/tests.rs::each_limit_alone_keeps_it_silent";
        hub_share_min: f64 = 0.15, "share of the samples",
            "Samples that show an event loop itself whose callbacks have stacks of their own at least: it turns.",
            "gevent 1.4 with a greenlet that only asks again: 0.31 to 0.48; with one that computes for long between two turns it is next to nothing",
            "detect/src/spin/tests.rs::a_hub_turns_while_what_it_runs_is_on_stacks_of_its_own";
        hub_busy_fraction_min: f64 = 0.6, "share of the time",
            "The same as `busy_fraction_min` and `awake_fraction_min` of hot loops, for an event loop whose callbacks have stacks of their own.",
            "gevent 1.4 with a greenlet that only asks again: busy 0.92 to 0.98, awake 0.81, since its library sleeps for a moment after so many callbacks; with one that sleeps for a millisecond each time: 0.37 and 0.04",
            "detect/src/spin/tests.rs::a_hub_turns_while_what_it_runs_is_on_stacks_of_its_own";
        hub_switches_per_second_max: f64 = 300.0, "switches a second",
            "Voluntary context switches a second of such an event loop at most.",
            "gevent 1.4 with a greenlet that only asks again: 23 to 70; with one that sleeps for a millisecond each time: 600",
            "detect/src/spin/tests.rs::a_hub_turns_while_what_it_runs_is_on_stacks_of_its_own";
        own_share_max: f64 = 0.85, "share of the samples",
            "Samples in the program's own code, above which it may compute what nobody sees.",
            "field cases: 0.1 to 0.6 in callbacks with nothing to do; honest work cut in slices is 0.95 and more",
            "detect/src/spin/tests.rs::each_limit_alone_keeps_it_silent";
    }
}
