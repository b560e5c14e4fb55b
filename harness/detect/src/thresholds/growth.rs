//! Limits of the growth rule.

use super::row::limits;

limits! {
    /// Limits of the growth rule. All must be passed for a finding.
    GrowthThresholds of "growth" {
        rounds_min: usize = 3, "looks",
            "Looks compared at least, the first one being the base.",
            "reason, not measured: two differences show whether a curve flattens; one does not",
            "detect/tests/growth.rs::two_looks_are_too_few";
        objects_per_request_min: f64 = 0.2, "objects a request",
            "Objects a request that stay at least; below, a path is noise of the service's own bookkeeping.",
            "reason, not measured: less than one object in five requests is what a service keeps for itself",
            "detect/tests/growth.rs::what_grows_far_slower_than_the_load_is_noise";
        objects_per_round_min: u64 = 2, "objects a round",
            "Objects a round at least.",
            "reason, not measured: one object a round is what a service does for itself between looks",
            "detect/tests/growth.rs::one_object_a_round_is_noise";
        steadiness_min: f64 = 0.5, "share",
            "The smallest round's growth over the largest one's; a curve that flattens falls below.",
            "reason, not measured: equal loads leave equal amounts; half as much in a round is a cache filling",
            "detect/tests/growth.rs::a_cache_that_fills_is_no_leak";
        bytes_per_request_min: f64 = 64.0, "bytes a request",
            "Own bytes a request, for one object that grows instead of many that stay.",
            "reason, not measured: a list grows by 9 bytes an item with its over-allocation, a buffer by a request's text",
            "detect/tests/growth.rs::one_object_that_grows_needs_bytes";
        given_back_max: f64 = 0.1, "share of the gain",
            "The largest fall between looks, as a share of what was gained; more is a sawtooth. Of fewer rounds than `uneven_rounds_min` none falls.",
            "field case `ok_batch` falls by all it gained; the callbacks in flight of a crawl by scrapy: 80, 60, 200, 220, 235",
            "detect/tests/uneven.rs::a_sawtooth_is_no_growth";
        bend_max: f64 = 0.17, "area",
            "Area between the curve and a straight line over the work done; a cache that fills bends by up to 0.5.",
            "field case `ok_flat`: 0.35; `closure_cache` and its like under bursts of 0 to 900: 0.12 at most in five rounds",
            "detect/tests/uneven.rs::a_cache_that_fills_comes_to_rest";
        tail_share: f64 = 0.25, "share of the work",
            "The last part of the work, in which it must still grow.",
            "reason, not measured: of five even rounds the last two",
            "detect/tests/uneven.rs::a_cache_that_fills_comes_to_rest";
        tail_rate_min: f64 = 0.2, "share of the mean rate",
            "Growth in that last part, against the mean over all.",
            "field case `ok_flat` and `ok_lru`: 0; bursty leaks: 0.3 at least",
            "detect/tests/uneven.rs::a_cache_that_fills_comes_to_rest";
        growing_share_min: f64 = 0.34, "share of the rounds",
            "Rounds in which it grew, where nobody counts the load; two at least.",
            "reason, not measured: one step up is a table that was enlarged or a module that was imported",
            "detect/tests/uneven.rs::one_step_up_is_no_growth";
        step_share_min: f64 = 0.1, "share of the mean step",
            "What a round must gain to count as one in which it grew.",
            "field case `ok_deque`, looked at while it filled: 750, 10, 0, 0, 0",
            "detect/tests/uneven.rs::stragglers_are_no_growth";
        objects_gain_min: u64 = 10, "objects",
            "Objects gained at least over all rounds, where nobody counts the load.",
            "reason, not measured: what a service does for itself between looks",
            "detect/tests/uneven.rs::a_few_objects_are_noise";
        bytes_gain_min: u64 = 32 << 10, "bytes",
            "Own bytes gained at least by one object over all rounds, where nobody counts the load.",
            "reason, not measured: a dict of some hundred entries that is enlarged once gains as much",
            "detect/tests/uneven.rs::one_object_that_grows_a_little_is_noise";
        timed_given_back_max: f64 = 0.02, "share of the gain",
            "How far calls that wait for their time may be fewer in between; more, and their times come while they are watched.",
            "timeouts of 3 s that nobody cancels, under bursts: 0.06; field case `tw_timeout_uncancelled`: 0",
            "detect/tests/uneven.rs::timed_calls_only_grow";
        standing_bytes_min: u64 = 16, "bytes an object",
            "What the objects of a place must have gained each, where they became no more, to be told by their bytes.",
            "a number written out gets a digit more, and pymalloc rounds to 8: a ring of 20 000 records of text, in place from the start, gained 3.7 each on its first way round",
            "detect/tests/uneven.rs::texts_that_get_a_digit_more_are_no_growth";
        horizon_seconds_min: f64 = 3600.0, "seconds",
            "How long it must have gone on for a leak to be claimed where nobody counts the load; below, it may be filling.",
            "a carbon-cache empties its lists of statistics every minute, and was called a leak after 36 s; a crawl's queue of requests fills for as long as it finds new pages; sessions and caches forget after up to an hour",
            "detect/tests/uneven.rs::a_young_process_is_not_called_leaking";
        never_emptied_share: f64 = 0.7, "share of its age",
            "What is kept, over what the present rate gives since the process began; less was emptied or began later.",
            "reason, not measured: traffic may have doubled since, but hardly more within a watch",
            "detect/tests/uneven.rs::what_was_emptied_before_only_grows";
        counter_share: f64 = 0.01, "share of the length",
            "How near a supposed limit may be to the length of what still grows: nearer it is its counter.",
            "reason, not measured: a counter is the length or one off",
            "detect/tests/uneven.rs::a_counter_beside_it_is_no_limit";
        bound_used_max: f64 = 0.33, "share of the bound",
            "How much of its own bound a log may use and still be far from it.",
            "field case `dj_queries`: 0.06 at 17 s and 0.12 at 40 s, on a busy machine; `ok_deque` is full by then",
            "detect/tests/uneven.rs::a_log_that_is_far_from_its_bound_grows";
        bound_seconds_min: f64 = 180.0, "seconds",
            "How long it must take at this rate until the bound is reached; sooner it is warming up.",
            "field case `dj_queries`: 260 s; `ok_slow_deque`: 145 s",
            "detect/tests/uneven.rs::a_log_that_is_far_from_its_bound_grows";
        bound_watches_min: f64 = 12.0, "times what was watched",
            "The same where no clock was kept: so often must as much be added as while it was watched until it is full.",
            "as `bound_seconds_min` for a watch of 15 s",
            "detect/tests/uneven.rs::a_number_beside_it_that_is_far_bounds_nothing_yet";
        bound_item_bytes_min: f64 = 448.0, "bytes",
            "What each item keeps at least: less is a small record, and their number says how much there can be.",
            "a dict of 2.7 with a number and a word keeps 352 bytes (`ok_slow_deque`); with text from outside 540 (`dj_queries`)",
            "detect/tests/uneven.rs::a_log_that_is_far_from_its_bound_grows";
        uneven_rounds_min: usize = 5, "rounds",
            "Rounds of counted load from which on they may be uneven; of fewer each must grow alike.",
            "reason, not measured: of four rounds the third and fourth of a cache that fills look like a lull",
            "detect/tests/uneven.rs::counted_load_may_come_in_bursts";
        start_seconds: f64 = 20.0, "seconds",
            "What a process may need until its traffic begins, taken off its age.",
            "reason, not measured: imports, set-up, and the first clients",
            "detect/tests/uneven.rs::what_was_emptied_before_only_grows";
        same_steps_difference_max: f64 = 0.02, "share of the gain",
            "How far two series of steps may differ, in all, to come from one cause.",
            "field cases `thread_leak`, `log_names`: 0; a request in flight at a look is one of hundreds",
            "detect/tests/uneven.rs::one_cause_is_one_finding";
    }
}
