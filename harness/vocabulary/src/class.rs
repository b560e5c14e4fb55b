//! The classes of finding: a line each, with its word and the evidence it rests on.

use schemars::JsonSchema;
use serde::Serialize;

use crate::words::words;
use crate::{
    CycleEvidence, Field, Figure, FragmentationEvidence, GarbageEvidence, HotLoopEvidence, LeakEvidence,
    NativeMemoryEvidence, SpinEvidence,
};

/// Declares the classes, and with them what evidence can be.
macro_rules! classes {
    ($( $(#[$meta:meta])* $class:ident = $word:literal, $evidence:ident; )+) => {
        words! {
            /// A class of finding by the contract's word.
            FindingClass { $( $(#[$meta])* $class = $word; )+ }
        }

        impl FindingClass {
            /// What a finding of the class has in `evidence`.
            #[must_use]
            pub fn evidence(self) -> &'static [Field] {
                match self { $( Self::$class => $evidence::FIELDS, )+ }
            }
        }

        /// What a finding rests on, by its class.
        #[derive(Clone, PartialEq, Debug, Serialize, JsonSchema)]
        #[serde(untagged)]
        pub enum Evidence { $(
            #[doc = concat!("Of a `", $word, "`.")]
            $class($evidence),
        )+ }

        impl Evidence {
            /// Every field with its value.
            #[must_use]
            pub fn figures(&self) -> Vec<(&'static Field, Figure<'_>)> {
                match self { $( Self::$class(evidence) => evidence.figures(), )+ }
            }

            /// Reads evidence of a class.
            ///
            /// # Errors
            /// A field that is missing or of another type.
            pub fn of_class(class: FindingClass, value: serde_json::Value) -> serde_json::Result<Self> {
                match class { $( FindingClass::$class => serde_json::from_value(value).map(Self::$class), )+ }
            }
        }
    };
}

classes! {
    /// Something grows with every request and stays.
    Leak = "leak", LeakEvidence;
    /// Something grows, and may yet stop: a cache that fills, a batch, a running function's local.
    Growth = "growth", LeakEvidence;
    /// Cycles the collector will never take.
    Cycle = "cycle", CycleEvidence;
    /// Memory reserved, not live, and not returnable.
    Fragmentation = "fragmentation", FragmentationEvidence;
    /// A loop that keeps a thread busy.
    HotLoop = "hot-loop", HotLoopEvidence;
    /// An event loop that goes round at full speed with nothing done.
    Spin = "spin", SpinEvidence;
    /// Garbage that grows since no collection comes.
    Garbage = "garbage", GarbageEvidence;
    /// Memory outside the objects' own bytes grows.
    NativeMemory = "native-memory", NativeMemoryEvidence;
}
