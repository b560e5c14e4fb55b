//! Words that stand in documents and files: verdicts, grades, variants, outcomes.

/// Declares an enum of words that stand in documents and files.
macro_rules! words {
    ($(#[$meta:meta])* $name:ident { $( $(#[$word_meta:meta])* $variant:ident = $word:literal; )+ }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
        pub enum $name { $(
            $(#[$word_meta])*
            #[serde(rename = $word)]
            $variant,
        )+ }

        impl $name {
            /// All of them, in their order.
            pub const ALL: [Self; [$($word),+].len()] = [$(Self::$variant),+];

            /// The word in documents and files.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $( Self::$variant => $word, )+ }
            }

            /// What a word of documents and files means.
            #[must_use]
            pub fn from_word(word: &str) -> Option<Self> {
                Self::ALL.into_iter().find(|one| one.as_str() == word)
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(self.as_str())
            }
        }
    };
}

pub(crate) use words;

words! {
    /// A graded statement: what is claimed of a finding, and of a hot loop each tier that holds.
    Verdict {
        /// A leak: it grows in proportion to requests.
        GrowsWithRequests = "grows-with-requests";
        /// A leak: it grows with the work, as far as that can be seen from outside, nothing bounds it, and it never gave
        /// back.
        Leaks = "leaks";
        /// Growth: it may still be filling.
        Grows = "grows";
        /// A cycle: no collection takes it.
        Uncollectable = "uncollectable";
        /// Fragmentation: live objects keep sparse arenas.
        LivePinnedArenas = "live-pinned-arenas";
        /// A hot loop: the thread is busy in it.
        HotLoop = "hot-loop";
        /// A hot loop: it keeps an event loop from its poll.
        EventLoopStarved = "event-loop-starved";
        /// A hot loop: nothing that its exits depend on takes new values.
        NoObservedProgress = "no-observed-progress";
        /// A hot loop: one call into C does not return.
        InsideOneCCall = "inside-one-c-call";
        /// A spin: the loop turns for the same descriptor, callback or timer.
        EventLoopSpins = "event-loop-spins";
        /// Garbage: `gc.disable()` was called.
        CollectorOff = "collector-off";
        /// Garbage: the oldest objects were taken out of the collector's sight, or its thresholds are never reached.
        CollectorFrozen = "collector-frozen";
        /// Garbage: it waits for a collection that does not come.
        Waits = "waits";
        /// Native memory: objects hold it.
        Held = "held";
        /// Native memory: no object explains it.
        Unexplained = "unexplained";
    }
}

words! {
    /// How sure a finding is.
    Grade {
        /// Nothing that was seen speaks against it, and there was enough to see.
        High = "high";
        /// It fits what was seen; more looks would make it surer.
        Medium = "medium";
        /// It may turn out to be none.
        Low = "low";
    }
}

words! {
    /// The service with its bug or with the fix.
    Variant {
        /// With the bug.
        Buggy = "buggy";
        /// With its `fix` folder laid over it; a hard negative, which has nothing to fix, is run as this one too.
        Fixed = "fixed";
    }
}

words! {
    /// What a run's record was made of.
    #[derive(Default)]
    RunSource {
        /// A service that ran for it.
        #[default]
        Live = "live";
        /// A recording, judged again.
        Recorded = "recorded";
    }
}

words! {
    /// How requests spread over the rounds of a load. There are as many in all, whichever it is.
    Traffic {
        /// As many in each round.
        Steady = "steady";
        /// Some rounds have many times what the others have.
        Bursts = "bursts";
        /// Rounds without a single request lie between the others.
        Lulls = "lulls";
        /// Each round has more than the one before.
        Ramp = "ramp";
        /// All of that at once.
        Mixed = "mixed";
    }
}

words! {
    /// How a run ended.
    Outcome {
        /// Everything expected was found, and nothing else.
        Pass = "pass";
        /// A bug missed, a wrong place or figure, or a false alarm.
        Fail = "fail";
        /// The bug did not happen, by the service's own ledger, or there was too little processor to judge by: neither a
        /// pass nor a miss.
        Invalid = "invalid";
        /// The run could not be made: the service did not start, died, or answered wrongly. It counts in no score.
        Error = "error";
    }
}
