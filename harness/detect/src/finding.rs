use std::fmt;

/// The four kinds of bug.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash, PartialOrd, Ord)]
pub enum FindingClass {
    /// Something grows with every request and stays.
    Leak,
    /// Cycles the collector will never take.
    Cycle,
    /// Memory reserved, not live, and not returnable.
    Fragmentation,
    /// A loop that keeps a thread busy.
    HotLoop,
}

impl fmt::Display for FindingClass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Leak => "leak",
            Self::Cycle => "cycle",
            Self::Fragmentation => "fragmentation",
            Self::HotLoop => "hot-loop",
        })
    }
}

/// Where the bug is, as far as it is known.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Location {
    /// Python module.
    pub module: Option<String>,
    /// Class that holds or defines.
    pub class: Option<String>,
    /// Attribute that holds.
    pub attribute: Option<String>,
    /// Source file as the code object names it.
    pub file: Option<String>,
    /// Function.
    pub function: Option<String>,
    /// First line.
    pub line_first: Option<u32>,
    /// Last line.
    pub line_last: Option<u32>,
    /// Labels from the root down: `module model`, `DBModel`, `_field_cache`, `key`.
    pub path: Vec<String>,
}

/// Evidence of a leak.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LeakEvidence {
    /// Objects of the growing path that stay, per request.
    pub objects_per_request: u64,
    /// Own bytes of these, per request.
    pub bytes_per_request: u64,
    /// Bytes that would be freed if what grows went away, per request.
    pub retained_bytes_per_request: u64,
    /// Bytes that would be freed in all, in the last round.
    pub retained_bytes: u64,
    /// Qualified type of what grows.
    pub type_name: String,
    /// Objects on the path, round by round.
    pub rounds: Vec<u64>,
}

/// Evidence of uncollectable cycles.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CycleEvidence {
    /// Objects in the cycles (of this shape).
    pub objects: u64,
    /// Types in the cycle, qualified, sorted.
    pub types: Vec<String>,
    /// Finalizers: `Class.__del__ (file:line)`.
    pub finalizers: Vec<String>,
    /// Objects that sit in `gc.garbage` already (of this shape).
    pub in_gc_garbage: u64,
    /// Objects that no collection will ever free, parked or not.
    pub uncollectable: u64,
    /// The cycle by names: `Attendee.address → Address.attendee → Attendee`.
    pub cycle: Vec<String>,
    /// The reference that closes it.
    pub closing_reference: String,
}

/// What keeps sparse arenas from being returned.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Pin {
    /// Qualified type of the survivors.
    pub type_name: String,
    /// Owner path by names.
    pub owner: Vec<String>,
    /// How many of them there are in sparse arenas.
    pub objects: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Sparse arenas with at least one of them.
    pub arenas: u64,
}

/// Evidence of fragmentation.
#[derive(Clone, PartialEq, Debug)]
pub struct FragmentationEvidence {
    /// Arenas held.
    pub arenas: u64,
    /// Their bytes.
    pub arena_bytes: u64,
    /// Bytes of live objects in them.
    pub live_bytes: u64,
    /// `live_bytes / arena_bytes`.
    pub utilisation: f64,
    /// Reserved, not live, and pinned by live objects.
    pub stranded_bytes: u64,
    /// Who pins, most arenas first.
    pub pinned_by: Vec<Pin>,
}

/// Evidence of a hot loop.
#[derive(Clone, PartialEq, Debug)]
pub struct HotLoopEvidence {
    /// Samples that support the verdict.
    pub samples: u64,
    /// CPU time of the thread over the time it could have had: wall time less the time it waited for a processor.
    pub cpu_fraction: f64,
    /// First and last bytecode offset of the loop.
    pub loop_bytecode: Option<(u32, u32)>,
    /// Distinct states of the locals seen.
    pub distinct_states: u64,
    /// Locals that never changed.
    pub unchanging: Vec<String>,
    /// Seconds the event loop's poll was not reached; `None` where it was, or there is none.
    pub starved_seconds: Option<f64>,
    /// Voluntary context switches during the observation.
    pub voluntary_switches: u64,
    /// All verdicts that hold, the weakest first; the last one is the finding's.
    pub tiers: Vec<String>,
    /// The kernel's thread id.
    pub thread: Option<u32>,
    /// The function in C that did not return.
    pub inside: Option<String>,
    /// What the loop's exits depend on, with its value: `done = False`.
    pub exit_values: Vec<String>,
}

/// What a finding rests on.
#[derive(Clone, PartialEq, Debug)]
pub enum Evidence {
    /// See [`LeakEvidence`].
    Leak(LeakEvidence),
    /// See [`CycleEvidence`].
    Cycle(CycleEvidence),
    /// See [`FragmentationEvidence`].
    Fragmentation(FragmentationEvidence),
    /// See [`HotLoopEvidence`].
    HotLoop(HotLoopEvidence),
}

/// One thing found.
#[derive(Clone, PartialEq, Debug)]
pub struct Finding {
    /// Kind of bug.
    pub class: FindingClass,
    /// Graded statement: `grows-with-requests`, `uncollectable`, `live-pinned-arenas`, `event-loop-starved`, …
    pub verdict: String,
    /// Equal for the same bug on any machine: free of addresses, counts and times.
    pub fingerprint: String,
    /// Where.
    pub location: Location,
    /// Why we say so.
    pub evidence: Evidence,
}

/// Something a rule could not do or does not trust.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Problem {
    /// Which rule or stage.
    pub stage: String,
    /// What is wrong, and what it means for the result.
    pub message: String,
}
