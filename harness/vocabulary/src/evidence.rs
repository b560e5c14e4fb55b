//! What findings rest on: the fields of each class, declared once.

use crate::{Label, Pin, Verdict, evidence};

evidence! {
    /// Evidence of a leak.
    LeakEvidence {
        /// Objects of the growing path that stay, per request.
        objects_per_request: u64 = Count, Exactly, "grows by";
        /// Own bytes of these, per request.
        bytes_per_request: u64 = Bytes, Roughly, "grows by";
        /// Bytes that would be freed if what grows went away, per request.
        retained_bytes_per_request: u64 = Bytes, Roughly, "retains";
        /// Bytes that would be freed in all, in the last round.
        retained_bytes: u64 = Bytes, Roughly, "retains";
        /// Qualified type of what grows.
        type_name as "type": String = Word, Exactly, "grows by";
        /// Objects on the path, round by round.
        rounds: Vec<u64> = Count, Exactly, "by round";
        /// By what the work was measured: `requests`, `processor time`, …
        #[serde(default)]
        grows_with: String = Word, Roughly, "along with";
        /// Other places with the same cause.
        #[serde(default)]
        also: Vec<String> = Word, Roughly, "also at";
        /// Where tasks wait, of what grows by tasks: `210 in serve (app.py:31)`.
        #[serde(default)]
        tasks_wait: Vec<String> = Word, Roughly, "tasks wait";
    }
}

evidence! {
    /// Evidence of cycles the collector won't take.
    CycleEvidence {
        /// Objects in the cycles of this shape.
        objects: u64 = Count, Exactly, "objects";
        /// Types in the cycle, qualified, sorted.
        types: Vec<String> = Word, Exactly, "types";
        /// `Class.__del__ (file:line)`.
        finalizers: Vec<String> = Word, Exactly, "finalizer";
        /// Objects of this shape that sit in `gc.garbage`.
        in_gc_garbage: u64 = Count, Exactly, "objects";
        /// Objects that no collection will ever free, parked or not.
        uncollectable: u64 = Count, Exactly, "objects";
        /// The cycle by names.
        cycle: Vec<Label> = Word, Exactly, "cycle";
        /// The reference that closes it.
        closing_reference: String = Word, Exactly, "closed by";
    }
}

evidence! {
    /// Evidence of fragmentation.
    FragmentationEvidence {
        /// Arenas held.
        arenas: u64 = Count, Roughly, "arenas";
        /// Their bytes.
        arena_bytes: u64 = Bytes, Roughly, "arenas";
        /// Bytes of live objects in them.
        live_bytes: u64 = Bytes, Roughly, "arenas";
        /// `live_bytes / arena_bytes`; null without arenas.
        utilisation: Option<f64> = Share, Roughly, "arenas";
        /// Reserved, not live, and pinned by live objects.
        stranded_bytes: u64 = Bytes, Roughly, "stranded";
        /// Who pins, most arenas first.
        pinned_by: Vec<Pin> = Count, Exactly, "pinned by";
    }
}

evidence! {
    /// Evidence of a hot loop.
    HotLoopEvidence {
        /// Samples that support the verdict.
        samples: u64 = Count, Roughly, "samples";
        /// CPU time of the thread over the time it could have had; null where it can't be told.
        cpu_fraction: Option<f64> = Share, Roughly, "CPU";
        /// First and last bytecode offset of the loop.
        loop_bytecode: Option<[u32; 2]> = Word, Exactly, "bytecode";
        /// Distinct states of the locals seen.
        distinct_states: u64 = Count, Roughly, "samples";
        /// Locals that never changed.
        unchanging: Vec<String> = Word, Exactly, "unchanging";
        /// Seconds the event loop's poll was not reached; null where it was, or there is none.
        starved_seconds: Option<f64> = Seconds, Roughly, "event loop";
        /// Voluntary context switches during the observation.
        voluntary_switches: u64 = Count, Roughly, "CPU";
        /// All verdicts that hold, the weakest first.
        #[serde(default)]
        tiers: Vec<Verdict> = Word, Exactly, "holds too";
        /// The kernel's thread id.
        #[serde(default)]
        thread: Option<u32> = Word, Roughly, "";
        /// The function in C that did not return.
        #[serde(default)]
        inside: Option<String> = Word, Exactly, "inside";
        /// What the loop's exits depend on, with its value: `done = False`.
        #[serde(default)]
        exit_values: Vec<String> = Word, Roughly, "exits need";
        /// What each turn raises and catches: `socket.error from line 12`; null where turns don't fail.
        #[serde(default)]
        fails: Option<String> = Word, Roughly, "fails";
    }
}

evidence! {
    /// Evidence of an event loop that turns without doing anything.
    SpinEvidence {
        /// Samples that support the verdict.
        samples: u64 = Count, Roughly, "samples";
        /// CPU time of the thread over the time it could have had; null where it can't be told.
        cpu_fraction: Option<f64> = Share, Roughly, "CPU";
        /// Turns of the loop a second; null where they can't be counted.
        turns_per_second: Option<f64> = Count, Roughly, "turns";
        /// What is ready each time: `socket 127.0.0.1:8080, listening`, a pipe, a file; null for a timer or callback.
        descriptor: Option<String> = Word, Roughly, "ready";
        /// What is called each time: `service.Dispatcher.pump (service.py:9)`.
        callback: Option<String> = Word, Exactly, "calls";
        /// Bytes that went through the process's descriptors meanwhile; null where the kernel does not count them.
        bytes_moved: Option<u64> = Bytes, Roughly, "moved";
        /// Voluntary context switches during the observation.
        voluntary_switches: u64 = Count, Roughly, "CPU";
        /// The kernel's thread id.
        thread: Option<u32> = Word, Roughly, "";
        /// The limit of open descriptors, where it is reached; null where there is room.
        #[serde(default)]
        descriptors_max: Option<u64> = Count, Exactly, "descriptors";
    }
}

evidence! {
    /// Evidence of garbage that no collection takes.
    GarbageEvidence {
        /// Objects that a full collection would free now.
        objects: u64 = Count, Roughly, "waiting";
        /// Their own bytes.
        bytes: u64 = Bytes, Roughly, "waiting";
        /// Types with most bytes first, qualified.
        types: Vec<String> = Word, Exactly, "types";
        /// What keeps the collector: `disabled: gc.disable() was called`.
        collector: String = Word, Exactly, "collector";
        /// Objects waiting, look by look.
        rounds: Vec<u64> = Count, Roughly, "by look";
    }
}

evidence! {
    /// Evidence of memory outside the objects' own bytes that grows.
    NativeMemoryEvidence {
        /// Bytes gained from the first look to the last.
        gained_bytes: u64 = Bytes, Roughly, "gained";
        /// Bytes there now.
        bytes: u64 = Bytes, Roughly, "now";
        /// What it is: `malloc chunks that no Python object refers to`, `mapped memory`.
        what: String = Word, Exactly, "what";
        /// Qualified type of the objects that hold it; null where none does.
        #[serde(default)]
        type_name as "type": Option<String> = Word, Exactly, "held by";
        /// Bytes, look by look.
        rounds: Vec<u64> = Bytes, Roughly, "by look";
    }
}
