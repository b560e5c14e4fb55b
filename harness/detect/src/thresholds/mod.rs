//! Every threshold, word list and bound of every rule: its value, where it comes from, and the test that needs it.
//!
//! Not in it is what no verdict hangs on: how many rows and characters a page shows (`engine/src/looks`, `report`), how
//! long a peer is waited for and how long its lines may be (`kit`), and what damaged memory may claim before it is
//! refused (`cpython`, `memory`). These stand with the code they bound, each with its reason.
//!
//! `THRESHOLDS.md` beside this crate's manifest is this table for people; a test holds it equal to [`Thresholds::table`].

mod away;
pub mod counting;
mod elsewhere;
pub mod fixed;
mod growth;
pub mod keepers;
mod loops;
mod memory;
pub mod predicates;
mod row;
pub mod words;

use std::fmt::Write;

pub use self::away::Away;
pub(crate) use self::away::Scope;
pub use self::elsewhere::shape_limits;
pub use self::growth::GrowthThresholds;
pub use self::loops::{HotLoopThresholds, SpinThresholds};
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
    /// What is taken away to find out what hangs on it.
    pub away: Option<Away>,
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

    /// Takes away a word list or a predicate, by its name, for finding out what hangs on it; false where there is none.
    pub fn take_away(&mut self, name: &str) -> bool {
        let is_it = |row: &Row| row.name == name && matches!(row.value, Setting::Words(_) | Setting::Asked);
        let mut rows = words::rows().into_iter().chain(counting::rows()).chain(predicates::rows());
        self.away = rows.find(is_it).map(|row| Away { row: row.name, entry: None });
        self.away.is_some()
    }

    /// Takes away what is known of one keeper, by its module and attribute; false where there is none.
    pub fn take_away_keeper(&mut self, module: &str, attribute: &str) -> bool {
        let mut known = keepers::KEEPERS.iter();
        let keeper = known.find(|keeper| keeper.module == module && keeper.attribute == attribute);
        self.away = keeper.map(|one| Away { row: "KEEPERS", entry: Some((one.module, one.attribute)) });
        self.away.is_some()
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
        rows.extend(counting::rows());
        rows.extend(predicates::rows());
        rows.extend(keepers::rows());
        rows.extend(elsewhere::shapes());
        rows.extend(elsewhere::paths());
        rows.extend(elsewhere::names());
        rows.extend(elsewhere::timers());
        rows.extend(elsewhere::processor());
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
