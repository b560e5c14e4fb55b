//! Rows for limits that stand in other rooms, with the code that goes by them.

use bloathound_heap::path_costs as costs;
use bloathound_heap::{CallWords, MOVED_MODULES_ONE_IN, RootKind, SAME_MODULES_MIN, ShapeLimits, shape_rules};
use bloathound_profile::frameworks::{self, FRAMEWORKS};
use bloathound_profile::processor::{self as processors, ProcessorNeed};

use super::row::{Row, Setting};

/// The bounds of trees of shapes, with the words by which frameworks keep what they will call.
#[must_use]
pub fn shape_limits() -> ShapeLimits {
    let words =
        CallWords { called: frameworks::CALLED, in_turn: frameworks::CALLED_IN_TURN, hands_on: frameworks::HANDS_ON };
    ShapeLimits { words, ..ShapeLimits::default() }
}

/// Bounds of the trees of shapes that growth is told by; they are `heap`'s own.
pub(super) fn shapes() -> Vec<Row> {
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
            "shape_rules::SINGLE_BYTES_MIN",
            shape_rules::SINGLE_BYTES_MIN.into(),
            "bytes",
            "Bytes of a single object for whose sake the key that leads to it is told.",
            "reason, not measured: `ShapeLimits::single_bytes_min` begins with it: what is left out elsewhere is left out there",
            "heap/src/paths/tests.rs::a_key_is_told_while_keys_are_few",
        ),
        row(
            "shape_rules::KEYED_SHAPES_ONE_IN",
            shape_rules::KEYED_SHAPES_ONE_IN.into(),
            "shapes",
            "One in so many of `ShapeLimits::shapes_max` may be under keys; with more, no key is told.",
            "reason, not measured: bounds memory where keys are data; a program with a quarter of that under names is unknown",
            "heap/src/paths/shapes.rs::every_reachable_object_counts_once_within_any_limits",
        ),
        row(
            "shape_rules::KEY_FOLDS_MAX",
            shape_rules::KEY_FOLDS_MAX.into(),
            "turns",
            "Turns in which keys that turn out to be data are folded, before none is told.",
            "reason, not measured: each turn folds one level of dicts in dicts; bounds time on hostile heaps",
            "heap/src/paths/shapes.rs::every_reachable_object_counts_once_within_any_limits",
        ),
        row(
            "shape_rules::ALIKE_TURNS_MAX",
            shape_rules::ALIKE_TURNS_MAX.into(),
            "turns",
            "Turns in which the trees of several looks are made alike.",
            "reason, not measured: one a level of dicts in dicts; a tree is seldom deeper in keys",
            "heap/src/paths/tests.rs::looks_are_made_alike_where_keys_vary",
        ),
        row(
            "shape_rules::CALL_STEPS_MAX",
            shape_rules::CALL_STEPS_MAX.into(),
            "steps",
            "Steps from a registration to what it calls.",
            "reason, not measured: a LoopingCall of a partial of a bound method takes five",
            "heap/src/paths/tests.rs::registrations_tell_what_they_will_call",
        ),
        row(
            "shape_rules::CALL_ASKED_MAX",
            shape_rules::CALL_ASKED_MAX.into(),
            "objects",
            "Objects of a shape that are asked what they call.",
            "reason, not measured: what most of so many call is what most call",
            "heap/src/paths/tests.rs::registrations_tell_what_they_will_call",
        ),
        row(
            "shape_rules::CALL_ASKED_IN_VAIN_MAX",
            shape_rules::CALL_ASKED_IN_VAIN_MAX.into(),
            "objects",
            "Objects of a shape that are asked in vain before it is given up.",
            "reason, not measured: where the first of them call nothing, they are no registrations",
            "heap/src/paths/tests.rs::registrations_tell_what_they_will_call",
        ),
        row(
            "shape_rules::QUALIFIED_PARTS_MAX",
            shape_rules::QUALIFIED_PARTS_MAX.into(),
            "parts",
            "Parts of a qualified name such as `outer.inner`.",
            "reason, not measured: bounds a name in damaged memory; nobody nests functions deeper",
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
pub(super) fn paths() -> Vec<Row> {
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
        (
            "CLOSURE_COST",
            costs::CLOSURE_COST,
            "A step from a function to its closure, or from a cell to its variable.",
            cheapest,
        ),
        ("STACK_COST", costs::STACK_COST, "A place on a frame's value stack.", cheapest),
        (
            "BOOKKEEPING_COST",
            costs::BOOKKEEPING_COST,
            "A type's pointer, or a field that the series calls bookkeeping (`SeriesWords`).",
            detour,
        ),
    ];
    let root = |kind| costs::root_cost(kind);
    let roots = [
        ("root_cost(Interpreter)", root(RootKind::Interpreter)),
        ("root_cost(ThreadFrame)", root(RootKind::ThreadFrame)),
        ("root_cost(ThreadState)", root(RootKind::ThreadState)),
        ("root_cost(StaticType)", root(RootKind::StaticType)),
        ("root_cost(GcGarbage)", root(RootKind::GcGarbage)),
        ("root_cost(Interned)", root(RootKind::Interned)),
        ("root_cost(SuspendedFrame)", root(RootKind::SuspendedFrame)),
        ("root_cost(Unaccounted)", root(RootKind::Unaccounted)),
    ];
    let mut rows = vec![
        row(
            "SAME_MODULES_MIN",
            SAME_MODULES_MIN.into(),
            "modules",
            "Modules at the same address in both that make two looks one run.",
            "heap/src/compare/inventory.rs::another_run_has_its_modules_elsewhere",
        ),
        row(
            "MOVED_MODULES_ONE_IN",
            MOVED_MODULES_ONE_IN.into(),
            "modules",
            "Of the modules in both looks, at most one in so many may be at another address.",
            "heap/src/compare/inventory.rs::another_run_has_its_modules_elsewhere",
        ),
    ];
    rows.extend(steps.map(|(name, cost, what, test)| row(name, u32::from(cost).into(), "cost", what, test)));
    let what = "Starting there beyond starting from a module.";
    rows.extend(roots.map(|(name, cost)| row(name, u32::from(cost).into(), "cost", what, cheapest)));
    rows
}

/// What the sampler and a thread must have had of the processors; the sampler goes by it too.
pub(super) fn processor() -> Vec<Row> {
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
    let enough = "cpython/src/frames/tests/mod.rs::sampling_goes_on_until_it_is_enough_and_gives_up";
    let calls = "detect/tests/loops.rs::one_call_into_c";
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
            enough,
        ),
        row(
            "processor::ENDED_NS",
            processors::ENDED_NS as f64,
            "ns",
            "A thread that was sampled so long before the last sample of all has ended.",
            "reason, not measured: a hundred samples; a thread that waits is sampled all the same",
            "profile/src/processor.rs::a_thread_that_was_not_sampled_to_the_end_has_ended",
        ),
        row(
            "processor::UNSWITCHED_ONE_IN",
            processors::UNSWITCHED_ONE_IN,
            "ns",
            "A thread that never gave the processor up by itself wants it where it had it for one ns in so many.",
            "reason, not measured: a group's quota is counted as no wait, and may leave hardly more",
            thread,
        ),
        row(
            "processor::SAMPLER_MARGIN",
            processors::SAMPLER_MARGIN,
            "times",
            "How much more processor time than a rule needs the sampler gives a thread before it stops.",
            "reason, not measured: the rule judges by the samples, which end a little before the sampler does",
            enough,
        ),
        row(
            "processor::SAMPLES_IN_ONE_CALL",
            processors::SAMPLES_IN_ONE_CALL as f64,
            "samples",
            "Samples at the end that must agree before a call into C is looked into.",
            "reason, not measured: a tenth of a second; a call that returns meanwhile is in none of them",
            calls,
        ),
        row(
            "processor::ITERATOR_WAIT_NS",
            processors::ITERATOR_WAIT_NS as f64,
            "ns",
            "How long an iterator inside a call into C is given to move.",
            "reason, not measured: long enough for an item, if the call is about items at all",
            calls,
        ),
        row(
            "processor::ITERATOR_PROCESSOR_NS",
            processors::ITERATOR_PROCESSOR_NS as f64,
            "ns",
            "Processor time that the thread must have had in this, for an iterator that stands still to say anything.",
            "reason, not measured: most of `ITERATOR_WAIT_NS`",
            calls,
        ),
        row(
            "processor::ITERATOR_WAIT_MAX_NS",
            processors::ITERATOR_WAIT_MAX_NS as f64,
            "ns",
            "How long that may take on a busy machine.",
            "reason, not measured: a hundred times as long as on an idle one",
            calls,
        ),
    ]
}

/// Names that frameworks are known by, beside the functions of their event loops.
pub(super) fn names() -> Vec<Row> {
    let row = |name, words, what, measured, needed_by| Row {
        rule: "frameworks",
        name,
        value: Setting::Words(words),
        unit: "words",
        what,
        measured,
        needed_by,
    };
    vec![
        row(
            "CALLED",
            frameworks::CALLED,
            "Attributes by which a registration keeps what it will call.",
            "Twisted's DelayedCall and LoopingCall, tornado's _Timeout and PeriodicCallback, threading's Timer",
            "heap/src/paths/tests.rs::registrations_tell_what_they_will_call",
        ),
        row(
            "CALLED_IN_TURN",
            frameworks::CALLED_IN_TURN,
            "Attributes that hold a chain of what will be called in turn.",
            "Twisted's Deferred keeps pairs of what it calls in `callbacks`",
            "heap/src/paths/tests.rs::a_chain_of_callbacks_tells_what_it_will_call",
        ),
        row(
            "KEPT_TO_BE_CALLED",
            frameworks::KEPT_TO_BE_CALLED,
            "Of these, those that are read in samples.",
            "Twisted's LoopingCall and DelayedCall, Tornado's and asyncio's handles and periodic callbacks",
            "detect/src/spin/tests.rs::what_is_due_each_turn_has_no_descriptor",
        ),
        row(
            "CALLED_WHEN_READY",
            frameworks::CALLED_WHEN_READY,
            "Methods that an event loop calls on an object whose descriptor is ready.",
            "twisted/internet/interfaces.py and asyncore.py; generated spins `nothing-to-write`: the callback was in none of 200 samples",
            "detect/src/spin/tests.rs::a_method_too_short_to_be_seen_is_named_by_the_object_it_is_called_on",
        ),
        row(
            "HANDS_ON",
            frameworks::HANDS_ON,
            "Packages whose objects only hand on: what such an object keeps is what will be called.",
            "tornado's PeriodicCallback registers a method of its own, and Twisted's deferLater one of a Deferred",
            "heap/src/paths/tests.rs::registrations_tell_what_they_will_call",
        ),
        row(
            "PACKAGES",
            frameworks::PACKAGES,
            "Packages whose code is no program's own: who they call, or who called them, is.",
            "the frameworks of the table, and what they are installed with",
            "detect/src/spin/tests.rs::a_framework_alone_spins_only_for_what_stays_ready",
        ),
    ]
}

/// Bounds on what event loops' timers may say; they stand with the names to look up.
pub(super) fn timers() -> Vec<Row> {
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
