//! Bounds that are part of how a rule works: nobody sets them, but each has its reason.

use super::row::fixed;

fixed! {
    "growth" {
        KEYS_ALIKE_MIN: usize = 4, "keys",
            "Keys of one dict below which the same grows, from which on they are data and one cause.",
            "reason, not measured: two or three lists by name are a program's, each with its own reason to grow",
            "detect/tests/weak.rs::what_grows_below_many_keys_is_one_cause";
        KEYS_OF_ONE_CLASS_MIN: usize = 2, "keys",
            "The same where it grows in an attribute of what is under the keys.",
            "reason, not measured: one class fills it, and is mended once",
            "detect/tests/weak.rs::what_grows_below_many_keys_is_one_cause";
        SHARED_TIMES_MIN: u64 = 2, "times",
            "How much more a container must free than its items one by one for these to share what they keep.",
            "`lru_cache` on a method: each report is in the keys of two calls, 0.5 MiB one by one and 8 MiB in all",
            "detect/tests/weak.rs::what_items_share_is_freed_with_all_of_them";
        ENTRIES_ONE_IN: u64 = 2, "share of the items",
            "One in so many new items has an entry that was not there before, or they only take the place of others.",
            "reason, not measured: every new item has an entry of its own, and one of a dict has two",
            "detect/tests/weak.rs::what_takes_the_place_of_others_is_no_growth";
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
    "growth" {
        GROWING_ROUNDS_MIN: usize = 2, "rounds",
            "Rounds with a gain at least, however short the watch.",
            "reason, not measured: a single gain is a table that was enlarged or a module that was imported",
            "detect/tests/uneven.rs::a_single_gain_is_no_growth_however_short_the_watch";
        LIMIT_ITEMS_MAX: u64 = 1 << 32, "items",
            "The largest number that may be a container's bound: no process holds more, and `sys.maxsize` bounds nothing.",
            "eight bytes a reference: 32 GiB of them alone",
            "detect/tests/uneven.rs::a_number_beside_it_that_is_far_bounds_nothing_yet";
        KEPT_TIMES_MAX: u64 = 2, "times",
            "Up to so many times its documented bound a place that keeps by design still does.",
            "reason, not measured: CPython's caches are emptied once they are over, and several have more than one entry for a key",
            "detect/tests/uneven.rs::what_the_library_keeps_by_design_is_told";
        FIRM_BEND_SHARE: f64 = 0.5, "share of `bend_max`",
            "Of a firm growth, the curve bends by so much of what is let pass at most.",
            "reason, not measured: what bends by more may be a cache that fills slowly",
            "detect/tests/uneven.rs::a_young_process_is_not_called_leaking";
        FIRM_RESTING_ONE_IN: usize = 5, "rounds",
            "Of a firm growth, one round in so many may be without gain.",
            "reason, not measured: an empty round among bursts, or a collection that came late",
            "detect/tests/uneven.rs::bursts_and_empty_rounds_hide_no_leak";
        SHAPE_MISSING_ONE_IN: usize = 5, "looks",
            "One look in so many may miss a shape, and still count.",
            "reason, not measured: a path leads another way where a call is just running or a list was just replaced",
            "detect/tests/uneven.rs::a_path_that_led_another_way_once_hides_no_leak";
        RESTED_GAIN_MIN: f64 = 3.0, "objects",
            "What counted load should have added in the last rounds, by the rate before, where nothing was: from there on it came to rest.",
            "Poisson: where three are expected, none comes in one of twenty; field pair eventlet_tpool: 0, 6, 12, 18, 20, 20 with a thread each, 20 at most",
            "detect/tests/uneven.rs::what_stops_though_requests_go_on_has_come_to_rest";
        COUNTED_ROUNDS_ONE_IN: usize = 2, "rounds",
            "More than one round in so many must have had requests for growth along with them to be told.",
            "reason, not measured: most of what is concluded from has to be seen",
            "detect/tests/uneven.rs::counted_load_may_come_in_bursts";
        LIMIT_LEVELS: usize = 3, "objects",
            "Objects above a container whose attributes may bound it.",
            "reason, not measured: a queue's own object, its owner, and one between them",
            "detect/tests/uneven.rs::a_limit_beside_it_is_told_and_no_finding";
        LEAST_PROCESSOR_SECONDS: f64 = 0.02, "seconds",
            "Processor time in all looks together below which it says nothing of work.",
            "reason, not measured: two ticks of the kernel's clock; what looking itself costs the target",
            "detect/tests/uneven.rs::a_lull_at_the_end_is_no_rest_where_nothing_was_done_in_it";
        LEAST_SWITCHES: f64 = 20.0, "switches",
            "Context switches in all looks together below which they say nothing of work.",
            "reason, not measured: an idle event loop wakes a few times in a watch",
            "detect/tests/uneven.rs::a_lull_at_the_end_is_no_rest_where_nothing_was_done_in_it";
        LEAST_MOVED_BYTES: f64 = 4096.0, "bytes",
            "Bytes moved in all looks together below which they say nothing of work.",
            "reason, not measured: a page; a log line or a heartbeat is less",
            "detect/tests/uneven.rs::a_lull_at_the_end_is_no_rest_where_nothing_was_done_in_it";
        ALSO_MAX: usize = 8, "places",
            "Other places with the same cause that are named.",
            "reason, not measured: as many as a person reads",
            "detect/tests/uneven.rs::one_cause_is_one_finding";
    }
    "spin" {
        USUAL_SHARE_MIN: f64 = 0.95, "share of the samples",
            "What is called, ready or in hand in so many of the samples is the usual; the rest came in between.",
            "reason, not measured: one turn in twenty in which something is done leaves nineteen for nothing",
            "detect/src/spin/tests.rs::a_trickle_hides_no_spin";
        TURNS_A_SECOND_MIN: f64 = 100.0, "turns a second",
            "Turns of an event loop, each woken by a read of its own, from which on they are told.",
            "reason, not measured: as many as samples; a loop that turns less often is seen in them",
            "detect/src/spin/tests.rs::data_that_comes_in_is_work";
    }
    "garbage" {
        GARBAGE_TYPES_TOLD: usize = 3, "types",
            "Types of garbage that are named in a sentence.",
            "reason, not measured: as many as a sentence bears",
            "detect/src/garbage/mod.rs::a_collector_that_is_off_while_garbage_grows_is_told";
    }
    "native-memory" {
        LEAKED_ONE_IN: u64 = 2, "bytes of memory that objects hold",
            "Memory that objects hold is the leaks' where these keep at least one byte in so many of it.",
            "reason, not measured: what leaks keep is counted by what would go with them, which leaves some out",
            "detect/src/native/mod.rs::memory_that_objects_hold_is_the_leaks_where_one_is_told";
    }
    "series" {
        FACTS_TYPES_MAX: usize = 16, "types",
            "Types of which a look's facts are kept, those with most first.",
            "reason, not measured: what climbs is among the largest before long; bounds what a watch remembers",
            "detect/src/native/unheld.rs::counts_that_nobody_explains_and_that_climb_are_told_with_a_sample";
        FACTS_SIZES_MAX: usize = 16, "sizes",
            "Sizes of chunks that a look's facts keep, those with most bytes first.",
            "reason, not measured: the one that climbs is among the largest before long",
            "detect/src/native/mod.rs::chunks_that_nobody_refers_to_and_that_climb_are_told_with_their_size";
        FACTS_ASKED_MAX: usize = 64, "objects",
            "Objects of a type that are asked what they are or who holds them.",
            "reason, not measured: what most of so many have is what most have; each costs a path",
            "detect/src/native/unheld.rs::counts_that_nobody_explains_and_that_climb_are_told_with_a_sample";
        FACTS_GARBAGE_TYPES_MAX: usize = 5, "types",
            "Types of garbage that a look's facts keep.",
            "reason, not measured: more than a sentence names",
            "detect/src/garbage/mod.rs::a_collector_that_is_off_while_garbage_grows_is_told";
    }
    "watch" {
        WATCH_LOOKS_AGREEING: usize = 3, "looks",
            "Looks at the end that must find the same before a watch is sure.",
            "reason, not measured: one look may miss what a call that was just running hid",
            "cli/tests/watching.rs::bursts_hide_nothing_and_a_kept_watch_says_it_again";
        WATCH_LOOKS_MIN: usize = 6, "looks",
            "Looks at least before a watch is sure of what it found.",
            "reason, not measured: five steps, of which one may rest",
            "cli/tests/watching.rs::bursts_hide_nothing_and_a_kept_watch_says_it_again";
        WATCH_LOOKS_MIN_OF_NOTHING: usize = 9, "looks",
            "Looks at least before a watch is sure that nothing grows.",
            "reason, not measured: what is rare shows late",
            "cli/tests/watching.rs::what_is_bounded_is_told_with_its_bound_and_is_no_finding";
        WATCH_SECONDS_MIN_OF_NOTHING: f64 = 60.0, "seconds",
            "Seconds at least before a watch is sure that nothing grows.",
            "reason, not measured: what is rare shows late",
            "cli/tests/watching.rs::what_is_bounded_is_told_with_its_bound_and_is_no_finding";
    }
    "hot-loop" {
        POSITIONS_MAX: f64 = 4_294_967_296.0, "items",
            "No iterator is as far as that: what says so is no position.",
            "reason, not measured: 4 Gi items are days of work; a word that is no position is an address or garbage",
            "detect/tests/loops.rs::work_in_what_a_loop_calls_is_busy";
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
        PATTERN_STEPS_A_SECOND: f64 = 1e7, "steps a second",
            "Steps of a regular expression's match a second of processor: from each character the rest of its text is tried once against each part of the pattern, and a match that takes longer has lost its way.",
            "measured on 2.7.18: 5e8 to 3e9 of patterns that find nothing in 3000 to 6000 characters; 2e4 and 6e5 of two that backtrack over 22 and 29",
            "detect/tests/loops.rs::a_match_that_backtracks_is_told_and_one_of_a_long_text_is_not";
        COMES_BACK_SHARE_MIN: f64 = 0.5, "share of the values",
            "Values of the second half that the first half had too, from which on the variables of a loop without other effects come back.",
            "rings of up to seven objects (generated case list-that-bites-its-tail): all; a walk that gets on: none. Half is a reason, not measured",
            "detect/src/hot/tests.rs::a_walk_that_comes_back_to_the_very_same_objects_never_ends";
        SAME_FAILURE_SHARE_MIN: f64 = 0.6, "share of the exceptions",
            "Exceptions that say one of a handful of things that are said again, from which on they are one failure.",
            "measured on a quiet machine: 0.70 to 0.92 of what refused connections say, half of them read while they are made or freed; of words that are no numbers 0.39, all freed",
            "detect/src/hot/tests.rs::failures_that_each_say_something_else_are_work";
        PAST_FAILURE_SHARE_MAX: f64 = 0.01, "share of the samples",
            "Samples behind what raises, that only a turn that did not fail comes to, up to which every turn fails.",
            "reason, not measured: one in a hundred may be a stack that was read between two turns",
            "detect/src/hot/tests.rs::turns_that_get_past_what_fails_now_and_then_are_work";
        SAME_TRIES_SHARE_MIN: f64 = 0.5, "share of the tries",
            "Tries with one of a handful of arguments, from which on the same is tried again and again, and what else was read are arguments that were freed meanwhile.",
            "a retry by `socket.connect`, whose arguments go by a tuple that is made anew: more than eight readings of 200 are of freed memory; a walk over ports has none twice",
            "detect/src/hot/work.rs::a_walk_tries_others_and_a_retry_the_same";
        GREETING_BYTES_A_SECOND: f64 = 8.0, "bytes a second",
            "Bytes a second up to which what went in and out is a greeting or a heartbeat, and no work of a loop that never rests.",
            "field pair rpyc_cpu: a client that asks for nothing sent 12 bytes in 3 s; the upper end is a reason, not measured: one request of HTTP is more",
            "detect/src/hot/tests/still.rs::a_heartbeat_is_no_work_and_neither_is_a_trickle";
        TRICKLE_BYTES_A_TURN: f64 = 4.0, "bytes a turn seen",
            "Bytes for each turn that is seen, up to which what went in and out is a trickle beside turns for nothing. Of many turns between two samples one is seen.",
            "an asyncore chat whose members say a line every 5 s: 0.26; busy servers, of asyncore and of Tornado: 16,000 and more. A request of 20 ms, longer than which the event loop would be seen to stand still, has half a turn seen each, and eight bytes at least",
            "detect/src/spin/tests.rs::a_trickle_hides_no_spin";
        REREAD_SHARE_MIN: f64 = 0.1, "share of the bytes read",
            "How far open files have moved, of what was read, from which on they are read on and not again and again at the same place.",
            "a journal that is read at one offset for ever: 8 KB of 3.8 GB; a file that is read on: all. A tenth is a reason, not measured",
            "detect/src/hot/tests/still.rs::the_same_place_of_a_file_brings_nothing";
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
