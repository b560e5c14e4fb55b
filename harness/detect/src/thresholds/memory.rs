//! Limits of the rules that judge figures of several looks: garbage, and memory outside objects.

use super::row::limits;

limits! {
    /// When a figure climbs, whatever the load was between the looks.
    SeriesThresholds of "series" {
        looks_min: usize = 4, "looks",
            "Looks at least, the first one being the base.",
            "reason, not measured: three steps show a fall where two may miss it",
            "detect/src/series/climb.rs::what_goes_up_and_down_or_flattens_does_not_climb";
        rising_steps_min: usize = 3, "steps",
            "Steps from look to look that rise at least: what happens once is a start, not a climb.",
            "field cases with loads of 0 to 900 requests a burst: each look of 3 s rises in at least 4 of 5 steps",
            "detect/src/series/climb.rs::what_goes_up_and_down_or_flattens_does_not_climb";
        falls_share_max: f64 = 0.1, "share of the rises",
            "Sum of all falls over the sum of all rises at most; a collector that lags behind or a batch gives back more.",
            "`ok_gclag`: a collection takes off most of what the look before had; `gc_off`, `c_malloc`: never a fall",
            "detect/src/series/climb.rs::what_goes_up_and_down_or_flattens_does_not_climb";
        late_share_min: f64 = 0.2, "share of the gain",
            "Share of the gain that came in the second half of the looks; a figure that warms up falls below.",
            "reason, not measured: half of it under even load, less under bursts; a warm-up has hardly any",
            "detect/src/series/climb.rs::what_goes_up_and_down_or_flattens_does_not_climb";
        late_work_min: f64 = 0.05, "share of the work",
            "Share of the requests in the second half of the looks, from which on the share of the gain is held against it.",
            "generated cases whose first round is a burst: 0.18 and less of garbage and requests alike come later; the least              is a reason, not measured",
            "detect/src/series/climb.rs::a_burst_at_the_start_is_followed_by_less_of_everything";
    }
}

limits! {
    /// Limits of the garbage rule.
    GarbageThresholds of "garbage" {
        garbage_objects_min: u64 = 200, "objects",
            "Garbage gained at least, from the first look to the last.",
            "`gc_off`: tens of thousands; its honest twin, which makes no cycles, gains a handful",
            "detect/src/garbage/mod.rs::honest_work_with_the_collector_off_is_an_observation";
        counts_above_min: u32 = 3, "times",
            "Count of the youngest generation over its threshold, in all looks, from which on nobody collects; only where the \
             collector's flag was not found.",
            "reason, not measured: it is collected as soon as its count passes the threshold",
            "detect/src/garbage/mod.rs::a_collector_that_is_off_while_garbage_grows_is_told";
        raised_times_min: u32 = 20, "times",
            "Threshold of a generation over the interpreter's own, from which on it was set so as to be never reached.",
            "`ok_gclag` raises it 28 times and is reached every few seconds: the time decides as well",
            "detect/src/garbage/mod.rs::thresholds_that_are_never_reached_are_told";
        reached_seconds_max: f64 = 1800.0, "seconds",
            "Time until a raised threshold is reached at the rate that was seen, from which on no collection comes.",
            "reason, not measured: half an hour of garbage is more than anybody means to keep",
            "detect/src/garbage/mod.rs::a_collector_that_lags_behind_is_left_alone";
        reached_bytes_max: u64 = 1 << 30, "bytes",
            "Garbage that waits by the time a raised threshold is reached, at the bytes an allocation that were seen, from which              on no collection comes.",
            "generated cases with thresholds of 200 million and more: 20 GB of garbage by then; `ok_gclag`: a few MB",
            "detect/src/garbage/mod.rs::a_threshold_is_too_high_by_the_garbage_that_waits_for_it";
        waits_times_min: u64 = 2, "times",
            "Garbage over what the thresholds let wait, from which on a collector that is on does not keep up.",
            "reason, not measured: a collection may be due at the very moment of a look",
            "detect/src/garbage/mod.rs::a_collector_that_lags_behind_is_left_alone";
    }
}

limits! {
    /// Limits of the rule on memory outside objects.
    NativeThresholds of "native-memory" {
        bytes_min: u64 = 256 << 10, "bytes",
            "Bytes gained at least, from the first look to the last.",
            "reason, not measured: a few chunks of 4 KB a second; what libraries keep for themselves comes at the start",
            "detect/src/native/mod.rs::warm_up_ups_and_downs_and_by_products_are_not_told";
        resident_share_min: f64 = 0.25, "share of the resident memory's gain",
            "Share of the resident memory's gain that it makes up; below it goes along with something larger.",
            "`c_malloc`: all of it; threads and connections that leak take memory of the C library along",
            "detect/src/native/mod.rs::warm_up_ups_and_downs_and_by_products_are_not_told";
        unheld_objects_min: u64 = 20, "objects",
            "Objects gained that are counted and that nobody is seen to refer to.",
            "`incref_leak`: hundreds; what running calls hold: up to a few, and it comes and goes",
            "detect/src/native/unheld.rs::what_a_running_call_holds_comes_and_goes";
        unheld_small_bytes_max: u64 = 48, "bytes an object",
            "Up to here objects are small ones, of which the interpreter keeps some for itself: numbers and texts of one character.",
            "`sys.getsizeof` of 2.7: 24 for an int, 38 for a text of one character",
            "detect/src/native/unheld.rs::small_numbers_that_nobody_uses_any_more_are_no_finding";
        unheld_small_min: u64 = 518, "objects",
            "Small objects that nobody refers to gained at least: the interpreter's own come to be such when a program uses them no more.",
            "CPython 2.7: 262 ints (`small_ints`, Objects/intobject.c) and 256 texts (`characters`, Objects/stringobject.c); a queue that drains: 59, 89, 90, 90, 90, 120 ints",
            "detect/src/native/unheld.rs::small_numbers_that_nobody_uses_any_more_are_no_finding";
        unheld_in_thread_max: u64 = 4, "objects a thread",
            "Objects of one type that a thread's running calls and its start keep counted, with no object referring to them.",
            "`thread_leak`: a tuple of arguments and a bound method each",
            "detect/src/native/unheld.rs::what_each_thread_was_started_with_is_no_finding";
    }
}
