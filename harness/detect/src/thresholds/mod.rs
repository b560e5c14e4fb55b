//! Every threshold of every rule in one place.

/// From where on a rule speaks up.
#[derive(Clone, PartialEq, Debug)]
pub struct Thresholds {
    /// Growth: rounds compared at least, the first one being the base.
    pub growth_rounds_min: usize,
    /// Growth: objects a request that stay at least; below, a path is noise of the service's own bookkeeping.
    pub growth_objects_per_request_min: f64,
    /// Growth: objects a round at least.
    pub growth_objects_per_round_min: u64,
    /// Growth: the smallest round's growth over the largest one's; a curve that flattens falls below.
    pub growth_steadiness_min: f64,
    /// Growth: own bytes a request, for one object that grows instead of many that stay.
    pub growth_bytes_per_request_min: f64,
    /// Cycles: objects with a finalizer in cycles of one shape.
    pub cycle_objects_min: u64,
    /// Fragmentation.
    pub fragmentation: FragmentationThresholds,
    /// Hot loops.
    pub hot_loop: HotLoopThresholds,
}

impl Default for Thresholds {
    fn default() -> Self {
        Self {
            growth_rounds_min: 3,
            growth_objects_per_request_min: 0.2,
            growth_objects_per_round_min: 2,
            growth_steadiness_min: 0.5,
            growth_bytes_per_request_min: 64.0,
            cycle_objects_min: 1,
            fragmentation: FragmentationThresholds::default(),
            hot_loop: HotLoopThresholds::default(),
        }
    }
}

/// Limits of the fragmentation rule. All must be passed for a verdict.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct FragmentationThresholds {
    /// Bytes stranded at least: below, nobody would notice.
    pub stranded_bytes_min: u64,
    /// Stranded share of the pinned arenas at least.
    pub stranded_share_min: f64,
    /// Utilisation of the pinned arenas at most.
    pub utilisation_max: f64,
    /// Pinned arenas at least so many times those before the load; only with a look before.
    pub growth_min: f64,
    /// Garbage from which on it is worth an observation.
    pub garbage_bytes_min: u64,
    /// Stranded bytes of the C heap from which on they are worth an observation.
    pub malloc_stranded_bytes_min: u64,
    /// Free places of numbers from which on they are worth an observation.
    pub number_free_bytes_min: u64,
}

impl Default for FragmentationThresholds {
    /// Measured on 2.7.18, stranded bytes and used share of the pinned arenas. `fragmentation`, 50 requests at once:
    /// 43 to 50 MB, 21 to 24 %; 20 at once: 20 MB, 35 %; 50 in tens: 16 MB, 40 %; 10 at once: 10 MB, 49 %, not told.
    /// Its twin: 1.5 to 1.8 MB, 81 to 83 %. A fresh process: 0.5 MB, 91 %. `leak`'s twin, which makes a class a row too,
    /// 50 at once: 8 MB, 50 %, not told.
    fn default() -> Self {
        Self {
            stranded_bytes_min: 12 << 20,
            stranded_share_min: 0.4,
            utilisation_max: 0.5,
            growth_min: 1.5,
            garbage_bytes_min: 8 << 20,
            malloc_stranded_bytes_min: 16 << 20,
            number_free_bytes_min: 8 << 20,
        }
    }
}

/// Limits of the hot-loop rule.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct HotLoopThresholds {
    /// Samples at least; with fewer nothing is said.
    pub samples_min: usize,
    /// Share of the time a thread ran or waited for a processor, from which on it is busy.
    pub busy_fraction_min: f64,
    /// The same for one of several threads that keep the interpreter lock busy between them.
    pub shared_fraction_min: f64,
    /// Share up to which a thread is idle.
    pub idle_fraction_max: f64,
    /// Seconds without a turn from which on an event loop is starved.
    pub starved_seconds_min: f64,
    /// Voluntary context switches a second up to which a thread counts as never giving the processor up.
    pub switches_per_second_max: f64,
    /// The same beside other Python threads: the interpreter lock passing to and fro is counted as such.
    pub switches_per_second_shared_max: f64,
    /// Values of one variable that are a handful.
    pub values_max: usize,
    /// States of all variables together that are a handful; reading them at slightly different moments mixes them.
    pub states_max: usize,
    /// Share of the values in the second half of the samples that were seen in the first half, for them to recur.
    pub recurring_fraction_min: f64,
}

impl Default for HotLoopThresholds {
    fn default() -> Self {
        Self {
            samples_min: 20,
            busy_fraction_min: 0.95,
            shared_fraction_min: 0.25,
            idle_fraction_max: 0.05,
            starved_seconds_min: 1.0,
            switches_per_second_max: 5.0,
            switches_per_second_shared_max: 200.0,
            values_max: 4,
            states_max: 16,
            recurring_fraction_min: 0.9,
        }
    }
}
