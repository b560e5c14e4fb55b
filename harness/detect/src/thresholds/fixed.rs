//! Bounds that are part of how a rule works: nobody sets them, but each has its reason.

use super::row::fixed;

fixed! {
    "growth" {
        KEYS_ALIKE_MIN: usize = 4, "keys",
            "Keys of one dict below which the same grows, from which on they are data and one cause.",
            "reason, not measured: two or three lists by name are a program's, each with its own reason to grow",
            "detect/tests/weak.rs::what_grows_below_many_keys_is_one_cause";
        COUNT_STEPS_MAX: usize = 4, "steps",
            "Steps from a module or a running function in which a program's own count of its work is looked for.",
            "reason, not measured: `service.site.stats['requests']` has three",
            "detect/tests/counted.rs::a_programs_own_count_tells_a_leak_that_nothing_else_shows";
        COUNT_HOLDERS_MAX: usize = 100_000, "objects",
            "Objects in which counts are looked for.",
            "reason, not measured: modules, classes and what they hold by name; bounds time and memory",
            "detect/tests/counted.rs::counts_are_looked_for_within_bounds";
        COUNT_NAMES_MAX: usize = 2048, "names",
            "Names in one place, up to which they are names and not data.",
            "reason, not measured: the same as the children of one shape",
            "detect/tests/counted.rs::counts_are_looked_for_within_bounds";
        COUNTED_MIN: u64 = 20, "units of work",
            "What a count must gain over all looks to measure anything by.",
            "reason, not measured: by fewer a share of a tenth can't be told",
            "detect/tests/counted.rs::what_falls_or_hardly_rises_counts_no_work";
        COUNTERS_MAX: usize = 8, "counts",
            "Counts that growth is held against, those that rose most.",
            "reason, not measured: of very many one fits by chance",
            "detect/tests/counted.rs::counts_are_looked_for_within_bounds";
    }
    "fragmentation" {
        SPARSE_ARENAS_ONE_IN: u64 = 50, "sparse arenas",
            "Groups in less than one in so many of the sparse arenas are left out.",
            "reason, not measured: what is in a few arenas only is everywhere in every process; it explains nothing",
            "detect/src/fragmentation/pins.rs::survivors_are_grouped_by_type_and_owner_and_full_arenas_do_not_count";
    }
    "hot-loop" {
        LATE_BEGIN_SHARE: f64 = 0.1, "share of the samples",
            "Samples at the beginning that may show what came before the loop or call that fills the rest.",
            "reason, not measured: half a second of a look of 5 s, for the request that wedges the service to come",
            "detect/tests/twisted.rs::the_loop_of_the_talk";
        SECOND_HALF_SHARE: f64 = 0.5, "share of the samples",
            "Samples left out where nothing went round in all of them.",
            "reason, not measured: a loop that was entered while we looked shows in what is left",
            "detect/tests/loops.rs::more_that_goes_nowhere";
        GENERATOR_SHARE_MIN: f64 = 0.05, "share of the samples",
            "Samples that must show a resumed generator for it to be the one whose loop matters.",
            "reason, not measured: most of the time may go into the machinery that resumes it",
            "detect/tests/twisted.rs::coroutines_whose_answers_are_there_already";
        TIMES_MIN: usize = 3, "times",
            "How often something must be seen to happen again before it counts as going on.",
            "reason, not measured: one step back may be all that happened before something else began",
            "detect/src/hot/tests.rs::what_does_not_go_round_is_no_loop";
        READABLE_ONE_IN: usize = 10, "samples",
            "A variable that was readable in less than one in so many samples is not judged.",
            "reason, not measured: what is made anew all the time is often gone before it is read",
            "detect/src/hot/series.rs::what_was_rarely_readable_is_unknown";
        READABLE_MIN: usize = 3, "samples",
            "Fewer values than that say nothing of a motion.",
            "reason, not measured: two values can't go to and fro",
            "detect/src/hot/series.rs::what_was_rarely_readable_is_unknown";
        TURNS_BACK_MIN: usize = 2, "times",
            "A number that rose and that fell so often was begun anew.",
            "reason, not measured: one fall is a step, or a reading torn between two writes",
            "detect/src/hot/series.rs::a_counter_begun_anew_turns_back";
        CALLED_VALUES_FACTOR: usize = 2, "times `values_max`",
            "Variables of called code must take more values than so many handfuls to count as moving.",
            "reason, not measured: called code has variables with a value for each of a few calls",
            "detect/tests/loops.rs::what_is_called_may_be_busy_itself";
    }
    "hot-loop" {
        CLOCK_TOLERANCE: f64 = 0.2, "share of the rate",
            "A number that goes by a second a second, give or take so much, is a clock.",
            "values are up to 25 samples old, a quarter of a second in 4 s",
            "detect/src/hot/bare.rs::counters_and_clocks_are_bare_and_nothing_else_is";
        STEADY_SHARE_MIN: f64 = 0.9, "share of the values",
            "Share of a number's values that must go one way for it to be a counter or a clock.",
            "field case: 0.95 of a counter of failures (hot_reconnect): its old objects are freed while they are read",
            "detect/src/hot/bare.rs::counters_and_clocks_are_bare_and_nothing_else_is";
        MADE_ANEW_SHARE_MIN: f64 = 0.5, "share of the values",
            "Values of the second half that the first half had too, from which on objects at a few addresses recur.",
            "field case: 0.6 to 0.9 of the sockets that a retry makes anew (hot_reconnect); data that is new has none",
            "detect/src/hot/series.rs::what_is_made_anew_each_time_does_not_move_by_being_half_made";
        C_TIME_SHARE_MIN: f64 = 0.5, "share of the samples",
            "Share of the samples in one function in C from which on a loop around it can't be called stuck.",
            "field cases: 0.9 in `dot` (cpu_matrix_fn); a spin's instructions take more than the functions it asks",
            "detect/tests/loops.rs::work_in_what_a_loop_calls_is_busy";
        WAKING_BYTES_MAX: u64 = 8, "bytes a read",
            "Reads of no more bytes than that on average wake an event loop and bring no data.",
            "Twisted and Tornado wake themselves by one byte through a pipe, an event descriptor by eight",
            "detect/src/spin/tests.rs::data_that_comes_in_is_work";
    }
    "traces" {
        TRACE_EVENTS_MIN: usize = 64, "events",
            "A repeated sequence of traced events is a loop after so many events of sameness.",
            "reason, not measured: a request's own turns repeat a few times; a spin fills a burst",
            "kit/src/trace/repeats.rs::progress_is_no_loop";
        TRACE_TURNS_MIN: usize = 3, "turns",
            "A repeated sequence of traced events is a loop after so many turns.",
            "reason, not measured: twice is chance",
            "kit/src/trace/repeats.rs::a_loop_that_ended_is_none";
        TRACE_RECENT_EVENTS: usize = 6000, "events of a thread",
            "Events in which a repeated sequence is looked for: a turn of up to a third of them is seen.",
            "reason, not measured: a turn of 2000 events is longer than any loop that was seen; bounds the search",
            "kit/src/trace/summary.rs::a_loop_without_calls_is_recognised_and_its_blindness_said";
        TRACE_PLACES_MAX: usize = 200_000, "places",
            "Places remembered; a program with more than that is summed up under those seen first.",
            "reason, not measured: bounds memory, and is more lines than a large service runs",
            "kit/src/trace/summary.rs::memory_is_bounded";
        TRACE_THREADS_MAX: usize = 64, "threads",
            "Threads whose events are told apart; those of others are left out.",
            "reason, not measured: bounds memory",
            "kit/src/trace/summary.rs::memory_is_bounded";
    }
}
