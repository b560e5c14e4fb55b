//! Every threshold, word list and bound of every rule: its value, where it comes from, and the test that needs it.
//!
//! Not in it is what no verdict hangs on: how many rows and characters a page shows (`engine/src/looks`, `report`), how
//! long a peer is waited for and how long its lines may be (`kit`), and what damaged memory may claim before it is
//! refused (`cpython`, `memory`). These stand with the code they bound, each with its reason.
//!
//! `THRESHOLDS.md` beside this crate's manifest is this table for people; a test holds it equal to [`Thresholds::table`].

pub mod fixed;
pub mod keepers;
mod memory;
mod row;
pub mod words;

use std::fmt::Write;

use bloathound_heap::path_costs as costs;
use bloathound_heap::{RootKind, SAME_MODULES_MIN, ShapeLimits, shape_rules};
use bloathound_profile::frameworks::FRAMEWORKS;
use bloathound_profile::processor::ProcessorNeed;

pub use self::memory::{GarbageThresholds, NativeThresholds, SeriesThresholds};
use self::row::limits;
pub use self::row::{Row, Setting};

/// From where on rules speak up.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub struct Thresholds {
    /// Growth.
    pub growth: GrowthThresholds,
    /// Cycles.
    pub cycles: CycleThresholds,
    /// Fragmentation.
    pub fragmentation: FragmentationThresholds,
    /// Hot loops.
    pub hot_loop: HotLoopThresholds,
    /// Event loops that spin.
    pub spin: SpinThresholds,
    /// Figures of several looks.
    pub series: SeriesThresholds,
    /// Garbage.
    pub garbage: GarbageThresholds,
    /// Native memory.
    pub native: NativeThresholds,
}

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
        objects_gain_min: u64 = 10, "objects",
            "Objects gained at least over all rounds, where nobody counts the load.",
            "reason, not measured: what a service does for itself between looks",
            "detect/tests/uneven.rs::a_few_objects_are_noise";
        bytes_gain_min: u64 = 32 << 10, "bytes",
            "Own bytes gained at least by one object over all rounds, where nobody counts the load.",
            "reason, not measured: a dict of some hundred entries that is enlarged once gains as much",
            "detect/tests/uneven.rs::one_object_that_grows_a_little_is_noise";
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

limits! {
    /// Limits of the cycle rule.
    CycleThresholds of "cycles" {
        objects_min: u64 = 1, "objects",
            "Objects with a finalizer in cycles of one shape.",
            "the fixed twins of all scenarios have none: one is proof",
            "cli/tests/recorded.rs::replay_gives_the_findings_of_the_run_byte_for_byte";
    }
}

limits! {
    /// Limits of the fragmentation rule. All must be passed for a verdict.
    ///
    /// Measured on 2.7.18, stranded bytes and used share of the pinned arenas. `fragmentation`, 50 requests at once:
    /// 43 to 50 MB, 21 to 24 %; 20 at once: 20 MB, 35 %; 50 in tens: 16 MB, 40 %; 10 at once: 10 MB, 49 %, not told.
    /// Its twin: 1.5 to 1.8 MB, 81 to 83 %. A fresh process: 0.5 MB, 91 %. `leak`'s twin, which makes a class a row too,
    /// 50 at once: 8 MB, 50 %, not told.
    FragmentationThresholds of "fragmentation" {
        stranded_bytes_min: u64 = 12 << 20, "bytes",
            "Bytes stranded at least: below, nobody would notice.",
            "`fragmentation`, 50 requests at once: 43 to 50 MB; 20 at once: 20 MB; 10 at once: 10 MB, not told; its twin: 1.8 MB",
            "detect/src/fragmentation/rule.rs::each_limit_alone_keeps_it_silent";
        stranded_share_min: f64 = 0.4, "share of the pinned arenas",
            "Stranded share of the pinned arenas at least.",
            "reason, not measured: the complement of a utilisation, with room for arenas that packing would need",
            "detect/src/fragmentation/rule.rs::each_limit_alone_keeps_it_silent";
        utilisation_max: f64 = 0.5, "share of the pinned arenas",
            "Utilisation of the pinned arenas at most.",
            "`fragmentation`, 50 at once: 0.21 to 0.24; in tens: 0.40; `leak`'s twin: 0.50; a fresh process: 0.91",
            "detect/src/fragmentation/rule.rs::each_limit_alone_keeps_it_silent";
        growth_min: f64 = 1.5, "times",
            "Pinned arenas at least so many times those before the load; only with a look before.",
            "`fragmentation`: 36 arenas before the load, 217 after it",
            "detect/src/fragmentation/rule.rs::each_limit_alone_keeps_it_silent";
        garbage_bytes_min: u64 = 8 << 20, "bytes",
            "Garbage from which on it is worth an observation.",
            "`fragmentation` before a collection: 25.7 MB; its twin: 0.1 MB; a fresh process: 11 KB",
            "detect/src/fragmentation/rule.rs::pinned_arenas_are_told_before_and_after_the_collection_that_does_not_help";
        malloc_stranded_bytes_min: u64 = 16 << 20, "bytes",
            "Stranded bytes of the C heap from which on they are worth an observation.",
            "reason, not measured: as many as would be noticed",
            "detect/src/fragmentation/rule.rs::what_the_c_heap_and_the_numbers_keep_is_an_observation";
        number_free_bytes_min: u64 = 8 << 20, "bytes",
            "Free places of numbers from which on they are worth an observation.",
            "reason, not measured: as many as would be noticed",
            "detect/src/fragmentation/rule.rs::what_the_c_heap_and_the_numbers_keep_is_an_observation";
    }
}

limits! {
    /// What is looked at of the objects that keep sparse arenas.
    PinLimits of "fragmentation" {
        sparse_share_max: f64 = 0.5, "share of an arena",
            "An arena is sparse when at most this share of it stays.",
            "`fragmentation`: 21 to 24 % of the pinned arenas are used; its twin: 81 to 83 %",
            "detect/src/fragmentation/pins.rs::survivors_are_grouped_by_type_and_owner_and_full_arenas_do_not_count";
        groups_max: usize = 12, "groups",
            "Groups returned at most.",
            "reason, not measured: as many as fit a screen",
            "cli/tests/recorded.rs::replay_gives_the_findings_of_the_run_byte_for_byte";
        owners_max: usize = 200_000, "objects",
            "Owners asked for at most: each costs a path. Beyond, objects of a type go where most of their type went.",
            "reason, not measured: a path each, so time stays bounded",
            "detect/src/fragmentation/pins.rs::past_the_limit_objects_go_where_most_of_their_type_went";
    }
}

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
        own_share_max: f64 = 0.85, "share of the samples",
            "Samples in the program's own code, above which it may compute what nobody sees.",
            "field cases: 0.1 to 0.6 in callbacks with nothing to do; honest work cut in slices is 0.95 and more",
            "detect/src/spin/tests.rs::each_limit_alone_keeps_it_silent";
    }
}

impl Thresholds {
    /// Sets a limit, for finding out what hangs on it; false where no rule has one of that name.
    pub fn set(&mut self, name: &str, value: f64) -> bool {
        self.growth.set(name, value)
            || self.cycles.set(name, value)
            || self.fragmentation.set(name, value)
            || self.hot_loop.set(name, value)
            || self.spin.set(name, value)
            || self.series.set(name, value)
            || self.garbage.set(name, value)
            || self.native.set(name, value)
    }

    /// All that is known, in the order of the rules.
    #[must_use]
    pub fn rows(&self) -> Vec<Row> {
        let mut rows = self.growth.rows();
        rows.extend(self.cycles.rows());
        rows.extend(self.fragmentation.rows());
        rows.extend(PinLimits::default().rows());
        rows.extend(self.hot_loop.rows());
        rows.extend(self.spin.rows());
        rows.extend(self.series.rows());
        rows.extend(self.garbage.rows());
        rows.extend(self.native.rows());
        rows.extend(fixed::rows());
        rows.extend(words::rows());
        rows.extend(keepers::rows());
        rows.extend(shapes());
        rows.extend(paths());
        rows.extend(timers());
        rows.extend(processor());
        let order = ["growth", "cycles", "fragmentation", "hot-loop", "spin", "series", "garbage", "native-memory"];
        rows.sort_by_key(|row| order.iter().position(|rule| *rule == row.rule).unwrap_or(order.len()));
        rows
    }

    /// The table for people: `THRESHOLDS.md`.
    #[must_use]
    pub fn table(&self) -> String {
        let mut text = String::from(
            "# Thresholds\n\nEvery threshold, word list and bound that a verdict hangs on. Made from \
             `detect/src/thresholds` by `detect/tests/thresholds.rs`, which holds it: change the code, then run it with \
             `BLOATHOUND_BLESS=1`.\n",
        );
        let mut rule = "";
        for row in self.rows() {
            if row.rule != rule {
                rule = row.rule;
                let _ = write!(
                    text,
                    "\n## {rule}\n\n| name | value | unit | what | measured or seen | needed by |\n|---|---|---|---|---|---|\n"
                );
            }
            let Row { name, value, unit, what, measured, needed_by, .. } = row;
            let _ = writeln!(text, "| `{name}` | {value} | {unit} | {what} | {measured} | `{needed_by}` |");
        }
        text
    }
}

/// Bounds of the trees of shapes that growth is told by; they are `heap`'s own.
fn shapes() -> Vec<Row> {
    let limits = ShapeLimits::default();
    let row = |name, value, unit, what, measured, needed_by| Row {
        rule: "heap",
        name,
        value,
        unit,
        what,
        measured,
        needed_by,
    };
    vec![
        row(
            "ShapeLimits::depth_max",
            limits.depth_max.into(),
            "steps",
            "Steps from a root; what is deeper counts for a shape `…` there.",
            "reason, not measured: data that nests in itself folds: what is left is as deep as a program names things",
            "heap/src/paths/shapes.rs::every_reachable_object_counts_once_within_any_limits",
        ),
        row(
            "ShapeLimits::shapes_max",
            limits.shapes_max.into(),
            "shapes",
            "Shapes while the tree is made.",
            "reason, not measured: bounds memory on hostile heaps",
            "heap/src/paths/shapes.rs::every_reachable_object_counts_once_within_any_limits",
        ),
        row(
            "ShapeLimits::children_max",
            limits.children_max.into(),
            "shapes",
            "Shapes below one.",
            "reason, not measured: more names in one place are data, not a program",
            "heap/src/paths/shapes.rs::every_reachable_object_counts_once_within_any_limits",
        ),
        row(
            "ShapeLimits::keys_max",
            limits.keys_max.into(),
            "keys",
            "Keys that are told below one dict; with more of them, keys are data.",
            "a `logging` module in a program with requests, Django and SQLAlchemy knows 40 loggers by name",
            "heap/src/paths/tests.rs::a_key_is_told_while_keys_are_few",
        ),
        row(
            "shape_rules::KEY_CHANGES_MAX",
            shape_rules::KEY_CHANGES_MAX.into(),
            "changes",
            "How often the keys of a dict may change from look to look; with more, they are data.",
            "reason, not measured: a key that is made by the first request is there from then on",
            "heap/src/paths/tests.rs::looks_are_made_alike_where_keys_vary",
        ),
        row(
            "shape_rules::TURN_MAX",
            shape_rules::TURN_MAX.into(),
            "steps",
            "Steps after which data that nests in itself is recognised by an attribute that comes again.",
            "a Deferred of Twisted 16 leads to the next by five: its callbacks, a pair, a call, its arguments",
            "heap/src/paths/tests.rs::a_chain_of_several_steps_a_link_is_one_shape_with_its_length",
        ),
        row(
            "shape_rules::PLAIN_TURN_MAX",
            shape_rules::PLAIN_TURN_MAX.into(),
            "steps",
            "Steps after which it is recognised by an item or a key that comes again.",
            "reason, not measured: lists of dicts of lists are not one thing that nests",
            "heap/src/paths/shapes.rs::data_that_nests_in_turns_folds_too",
        ),
        row(
            "shape_rules::CALLED",
            Setting::Words(shape_rules::CALLED),
            "words",
            "Attributes by which a registration keeps what it will call.",
            "Twisted's DelayedCall and LoopingCall, tornado's _Timeout and PeriodicCallback, threading's Timer",
            "heap/src/paths/tests.rs::registrations_tell_what_they_will_call",
        ),
        row(
            "shape_rules::HANDS_ON",
            Setting::Words(shape_rules::HANDS_ON),
            "words",
            "Packages whose objects only hand on: what such an object keeps is what will be called.",
            "tornado's PeriodicCallback registers a method of its own, and Twisted's deferLater one of a Deferred",
            "heap/src/paths/tests.rs::registrations_tell_what_they_will_call",
        ),
        row(
            "ShapeLimits::single_bytes_min",
            limits.single_bytes_min.into(),
            "bytes",
            "A shape of a single object with fewer bytes, and nothing kept below it, is left out.",
            "reason, not measured: nearly all of a program's functions, constants and names; nothing grows in them",
            "heap/src/paths/shapes.rs::singles_are_left_out_and_nothing_that_repeats_or_weighs",
        ),
    ]
}

/// What steps of paths cost, by which an object is named; they are `heap`'s own.
fn paths() -> Vec<Row> {
    let row = |name, value, unit, what, needed_by| Row {
        rule: "heap",
        name,
        value,
        unit,
        what,
        measured: "reason, not measured: tuned by reading paths of the reference services until they said what a person would",
        needed_by,
    };
    let cheapest = "heap/src/paths/tree.rs::every_path_is_real_and_the_cheapest";
    let detour = "heap/src/model/naming.rs::a_type_pointer_is_a_detour_not_a_way";
    let told = "heap/src/model/naming.rs::the_talks_leak_is_named_as_a_person_would";
    let steps = [
        ("PLAIN_COST", costs::PLAIN_COST, "An attribute, an item or a key.", told),
        ("OWN_DICT_COST", costs::OWN_DICT_COST, "From an object to its own dict.", told),
        ("GUESSED_COST", costs::GUESSED_COST, "A reference that was guessed.", cheapest),
        ("CLOSURE_COST", costs::CLOSURE_COST, "A step of `CLOSURES`.", cheapest),
        ("STACK_COST", costs::STACK_COST, "A place on a frame's value stack.", cheapest),
        ("BOOKKEEPING_COST", costs::BOOKKEEPING_COST, "A type's pointer, or a step of `BOOKKEEPING`.", detour),
    ];
    let root = |kind| costs::root_cost(kind);
    let roots = [
        ("root_cost(Interpreter)", root(RootKind::Interpreter)),
        ("root_cost(ThreadFrame)", root(RootKind::ThreadFrame)),
        ("root_cost(ThreadState)", root(RootKind::ThreadState)),
        ("root_cost(StaticType)", root(RootKind::StaticType)),
        ("root_cost(GcGarbage)", root(RootKind::GcGarbage)),
        ("root_cost(Interned)", root(RootKind::Interned)),
        ("root_cost(Unaccounted)", root(RootKind::Unaccounted)),
    ];
    let mut rows = vec![
        row(
            "path_costs::BOOKKEEPING",
            Setting::Words(costs::BOOKKEEPING),
            "words",
            "Fields that lead everywhere and explain nothing.",
            detour,
        ),
        row("path_costs::CLOSURES", Setting::Words(costs::CLOSURES), "words", "Fields of closures.", cheapest),
        row(
            "SAME_MODULES_MIN",
            SAME_MODULES_MIN.into(),
            "modules",
            "Modules at the same address in both that make two looks one run.",
            "heap/src/compare/inventory.rs::another_run_has_its_modules_elsewhere",
        ),
    ];
    rows.extend(steps.map(|(name, cost, what, test)| row(name, u32::from(cost).into(), "cost", what, test)));
    let what = "Starting there beyond starting from a module.";
    rows.extend(roots.map(|(name, cost)| row(name, u32::from(cost).into(), "cost", what, cheapest)));
    rows
}

/// What the sampler and a thread must have had of the processors; the sampler goes by it too.
fn processor() -> Vec<Row> {
    let need = ProcessorNeed::default();
    let row = |name, value: f64, unit, what, measured, needed_by| Row {
        rule: "processor",
        name,
        value: value.into(),
        unit,
        what,
        measured,
        needed_by,
    };
    let sampler = "profile/src/processor.rs::missed_looks_are_a_shortage_where_the_machine_is_to_blame";
    let thread = "profile/src/processor.rs::a_thread_is_short_of_what_it_would_have_got_on_an_idle_machine";
    let share = "share of the time";
    vec![
        row(
            "ProcessorNeed::rounds_share_min",
            need.rounds_share_min,
            "share of the looks",
            "Share of the looks asked for that were made, before anything is judged.",
            "reason, not measured: half of 3 s at 100 a second is far above the 20 samples that a verdict needs",
            sampler,
        ),
        row(
            "ProcessorNeed::own_wait_share_min",
            need.own_wait_share_min,
            share,
            "Share of the time that the sampler waited, from which on missed looks are the machine's fault.",
            "reason, not measured: below, looks are slow because the process is large",
            sampler,
        ),
        row(
            "ProcessorNeed::stolen_share_max",
            need.stolen_share_max,
            share,
            "Share of the time that the machine below took away, up to which anything is judged.",
            "reason, not measured: what is stolen counts neither as running nor as waiting",
            sampler,
        ),
        row(
            "ProcessorNeed::processor_share_min",
            need.processor_share_min,
            share,
            "Processor time of a thread, as share of what it had got on an idle machine in the time asked for.",
            "reason, not measured: beside two busy loops on two processors a thread gets half",
            thread,
        ),
        row(
            "ProcessorNeed::wants_share_min",
            need.wants_share_min,
            share,
            "Share of the time that a thread runs or is ready to, from which on it wants the processor.",
            "reason, not measured: the same as `shared_fraction_min`: what is below is never judged busy",
            thread,
        ),
        row(
            "ProcessorNeed::awake_share_min",
            need.awake_share_min,
            share,
            "Of the time in which it could have run, the share that it did, below which it sleeps by itself.",
            "reason, not measured: a thread that polls is below; one of four that share the interpreter lock above",
            thread,
        ),
        row(
            "ProcessorNeed::longest_factor",
            need.longest_factor,
            "times",
            "How many times the asked time may pass until it is enough.",
            "reason, not measured: 24 s for a scenario's 3 s, at a sixth of a processor",
            "cpython/src/frames/tests.rs::sampling_goes_on_until_it_is_enough_and_gives_up",
        ),
    ]
}

/// Bounds on what event loops' timers may say; they stand with the names to look up.
fn timers() -> Vec<Row> {
    let known = FRAMEWORKS.iter().filter_map(|known| known.timers.as_ref());
    known
        .flat_map(|timers| {
            [
                Row {
                    rule: "frameworks",
                    name: "Timers::calls_max",
                    value: timers.calls_max.into(),
                    unit: "timed calls",
                    what: "Timed calls looked at.",
                    measured: "reason, not measured: bounds reads on hostile memory",
                    needed_by: "detect/tests/twisted.rs::overdue_timers_tell_more_than_was_watched",
                },
                Row {
                    rule: "frameworks",
                    name: "Timers::overdue_seconds_max",
                    value: timers.overdue_seconds_max.into(),
                    unit: "seconds",
                    what: "Overdue for longer than that is no overdue timer but another clock.",
                    measured: "reason, not measured: a year; a clock that counts from the start of the machine is decades off",
                    needed_by: "detect/tests/twisted.rs::overdue_timers_tell_more_than_was_watched",
                },
            ]
        })
        .collect()
}
