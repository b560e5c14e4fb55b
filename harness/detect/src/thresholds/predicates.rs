//! Questions that rules ask and that have no number: each with what it decides, and the test that fails without it.

use super::away;
use super::row::{Row, Setting};

/// A question that a rule asks.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Predicate {
    rule: &'static str,
    name: &'static str,
    what: &'static str,
    measured: &'static str,
    needed_by: &'static str,
}

impl Predicate {
    /// Whether it is asked: always, unless it is taken away to find out what hangs on it.
    #[must_use]
    pub fn applies(&self) -> bool {
        !away::is_row(self.name)
    }

    /// Its answer; no where it is not asked.
    #[must_use]
    pub fn says(&self, answer: bool) -> bool {
        answer && self.applies()
    }
}

macro_rules! predicates {
    ($($name:ident of $rule:literal, $what:literal, $measured:literal, $needed_by:literal;)*) => {
        $(#[doc = $what] pub const $name: Predicate = Predicate {
            rule: $rule,
            name: stringify!($name),
            what: $what,
            measured: $measured,
            needed_by: $needed_by,
        };)*

        /// All of them.
        pub const ALL: &[Predicate] = &[$($name,)*];
    };
}

predicates! {
    RUNNING_LOCAL of "growth",
        "A local of a running function is claimed to grow and not to leak: it goes when the function returns.",
        "field case `ok_slow_batch`: a batch gathers for two minutes",
        "detect/tests/uneven.rs::a_running_functions_local_only_grows";
    EMPTIED_BEFORE of "growth",
        "What holds only what came of late was emptied before, or began later: claimed to grow.",
        "a carbon-cache empties its lists of statistics every minute",
        "detect/tests/uneven.rs::what_was_emptied_before_only_grows";
    OWN_BOUND of "growth",
        "The bound of a container's own structure (`maxlen`) is asked for.",
        "field cases `ok_slow_deque`, `dj_queries`",
        "cli/tests/watching.rs::what_is_bounded_is_told_with_its_bound_and_is_no_finding";
    FAR_BOUND of "growth",
        "What is far from its bound grows all the same, and is told with it.",
        "field case `dj_queries`: 500 of 9000 queries after 17 s, and nobody knew that they are kept",
        "detect/tests/uneven.rs::a_log_that_is_far_from_its_bound_grows";
    KEEPER_GOES_ON of "growth",
        "What keeps by design, with no number that bounds it, and takes more in each of many rounds: told as growth.",
        "rules of a business that are loaded as modules under new names for ever: `sys.modules` grew in 5 of 5 rounds",
        "detect/tests/uneven.rs::what_the_library_keeps_by_design_is_told";
    SHARED_BY_ITEMS of "growth",
        "Items of one container share most of what they keep: what the container frees is told.",
        "`lru_cache` on a method: each report is in the keys of two calls, 0.5 MiB one by one and 8 MiB in all",
        "detect/tests/weak.rs::what_items_share_is_freed_with_all_of_them";
    STAYS_AS_LONG of "growth",
        "A container that has as many items as ever is not what grows: a number beside it bounds nothing that hangs on its items.",
        "an LRU whose table holds 128 of at most 800 while its linked list keeps every node: 4710 after 18 s",
        "detect/tests/weak.rs::what_hangs_on_the_items_of_a_bounded_container_is_not_bounded";
    SAVED_BY_DEBUG of "growth",
        "`gc.garbage` without a finalizer in it keeps what a collection would have freed: no rule of cycles tells that.",
        "a service whose `gc.set_debug(gc.DEBUG_SAVEALL)` was left on: 14 000 elements in 15 s",
        "detect/tests/weak.rs::what_the_collector_was_told_to_save_grows";
    TIMES_COME of "growth",
        "Calls that wait for their time and were fewer in between: their times come, and what is more is traffic.",
        "timeouts of 3 s that nobody cancels, under bursts: 146, 268, 252, 246, 276, 497 at looks 3 s apart",
        "detect/tests/uneven.rs::timed_calls_only_grow";
    BOUND_BESIDE of "growth",
        "A number beside a container that is named as its bound is asked for.",
        "field case `ok_lru`, looked at while it fills",
        "detect/tests/uneven.rs::a_limit_beside_it_is_told_and_no_finding";
    COUNTER_BESIDE of "growth",
        "A supposed bound that goes along with the length is its counter.",
        "reason, not measured: `size` beside a list is as often its length as its limit",
        "detect/tests/uneven.rs::a_counter_beside_it_is_no_limit";
    SAME_CAUSE of "growth",
        "Places that take the same steps are one cause.",
        "field cases `thread_leak`, `log_names`",
        "detect/tests/uneven.rs::one_cause_is_one_finding";
    KEEPS_ABOUT_ITEMS of "growth",
        "Of two places that take the same steps one is below the other: what a container keeps about its items is no second cause.",
        "generated cases that leak into an OrderedDict of 2.7 under uneven load: its links grow with its items",
        "detect/tests/weak.rs::what_a_container_keeps_about_its_items_is_no_second_cause";
    TAKES_PLACES of "growth",
        "Items of one kind take the place of others: a container whose entries do not grow with them only changes.",
        "a generated service with a full LRU beside it, whose keys come to be numbers that no interpreter shares",
        "detect/tests/weak.rs::what_takes_the_place_of_others_is_no_growth";
    ONCE_ELSEWHERE of "growth",
        "A shape that one look misses counts as it was before.",
        "field case `tw_pending_replies`: a worker that just runs holds the client by another path",
        "detect/tests/uneven.rs::a_path_that_led_another_way_once_hides_no_leak";
    BELOW_GROWTH of "growth",
        "What hangs below something that grows is its consequence.",
        "every field case: the items' own dicts and texts grow with them",
        "detect/tests/weak.rs::what_hangs_below_a_leak_is_no_second_one";
    FILLS_IN of "growth",
        "An attribute is there once for each owner at most: where the owners do not grow, it is filled in.",
        "a churning cache: a hit gives an entry a key of its own, 650 of 4000 entries in 20 s",
        "detect/tests/weak.rs::what_is_filled_in_below_owners_that_stay_is_no_growth";
    KEYS_ALIKE of "growth",
        "What grows below many keys of one dict is one cause, and the keys are data.",
        "a history of 50 users, each a list by its name: 8 findings",
        "detect/tests/weak.rs::what_grows_below_many_keys_is_one_cause";
    COLLECTORS_LIST of "growth",
        "`gc.garbage` is the cycle rule's.",
        "field case `del_cycle`",
        "detect/tests/weak.rs::the_list_of_garbage_is_the_cycle_rules";
    WEAK_SHADOW of "growth",
        "What a registry of weak references lists is held by somebody else, who is named.",
        "a crawl by scrapy: `scrapy.utils.trackref` lists the requests that its queue holds",
        "detect/tests/weak.rs::what_is_listed_weakly_is_named_by_who_holds_it";
    OWN_COUNTS of "growth",
        "Growth is held against what the program counts itself.",
        "reason, not measured: processor time a request may vary tenfold, and a timer burn it without requests",
        "detect/tests/counted.rs::a_programs_own_count_tells_a_leak_that_nothing_else_shows";
    BACKTRACKS of "hot-loop",
        "A match that takes longer than its pattern and its text can honestly take is a finding, whoever waits for it.",
        "field case `hot_regex`; field pair `waitress_re`: 60 characters over 20 s",
        "detect/tests/loops.rs::a_match_that_backtracks_is_told_and_one_of_a_long_text_is_not";
    BY_PRODUCT of "native-memory",
        "Memory of C code beside a much larger gain goes along with that.",
        "threads and connections that leak take memory of the C library along (`thread_leak`)",
        "detect/src/native/mod.rs::warm_up_ups_and_downs_and_by_products_are_not_told";
    HELD_BY_MORE of "native-memory",
        "More objects that hold as much each are for the growth rule to judge.",
        "field case `numpy_view`",
        "detect/src/native/mod.rs::more_objects_that_hold_as_much_each_are_for_the_growth_rule";
    HELD_BY_A_LEAK of "native-memory",
        "Memory that objects hold is the leak's where one is told that keeps half as much.",
        "field cases `numpy_view`, `tw_slow_consumer`",
        "detect/src/native/mod.rs::memory_that_objects_hold_is_the_leaks_where_one_is_told";
    OF_LEAKING_HANDLES of "native-memory",
        "C memory that grows in step with leaking objects that have C memory is theirs.",
        "generated cases that leak connections of sqlite3: a library keeps its pages where no object leads",
        "detect/src/native/mod.rs::what_grows_in_step_with_leaking_handles_is_theirs";
    TOLD_AS_UNHELD of "native-memory",
        "Objects that nobody is seen to refer to are told once, with what they lead to.",
        "field case `incref_leak`",
        "detect/src/native/mod.rs::objects_without_a_holder_are_told_once";
    TURNED_BY_HAND of "hot-loop",
        "An event loop that the program's own loop asks for one turn after another does not turn by itself: that loop is judged, and what the event loop's own functions have in hand is no work.",
        "a blocking facade over Twisted 16.0.0, `while not box: reactor.iterate(0)`: judged only where the last sample happened to fall outside of `iterate`, one of three looks",
        "detect/src/hot/tests/turned.rs::a_loop_that_turns_its_event_loop_by_hand_is_judged_by_itself";
    READS_THE_SAME of "hot-loop",
        "Where nothing new is in hand, what was read from regular files was read before: no data that comes in.",
        "a journal that is read at one offset for ever: 8192 bytes a turn, and all locals and attributes stay",
        "detect/src/hot/tests/still.rs::the_same_place_of_a_file_brings_nothing";
    SAME_TEXT of "hot-loop",
        "A method of a text that is asked of the same text with the same arguments answers alike: time spent in it is no work.",
        "a journal whose page is kept: 0.5 to 0.7 of the samples in `str.rpartition` of one page",
        "detect/src/hot/tests/still.rs::the_same_text_answers_alike_and_another_one_is_work";
    ADDS_NOTHING of "hot-loop",
        "A text that each turn adds an answer to, and that stays as it is, was given an empty answer: the end of a stream.",
        "a client whose server has hung up, `self.buffered += self.sock.recv(1024)`",
        "detect/src/hot/tests/still.rs::a_text_that_answers_are_added_to_and_that_stays_was_given_empty_ones";
    SPIN_IS_THE_CAUSE of "spin",
        "A loop of a thread whose event loop is told to spin is no second finding.",
        "reason, not measured: a loop that turns its event loop by hand goes round because that has something to call each time",
        "detect/src/spin/tests.rs::a_loop_around_a_spin_is_no_second_finding";
}

/// A row for each.
pub(super) fn rows() -> Vec<Row> {
    let row = |predicate: &Predicate| Row {
        rule: predicate.rule,
        name: predicate.name,
        value: Setting::Asked,
        unit: "question",
        what: predicate.what,
        measured: predicate.measured,
        needed_by: predicate.needed_by,
    };
    ALL.iter().map(row).collect()
}
