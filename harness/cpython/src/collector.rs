//! What the target's collector is set to, and how far it is from its next turn.

use bloathound_memory::MemorySource;

use crate::Interpreter;

/// One generation's numbers, as `gc.get_threshold()` and `gc.get_count()` tell them.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Generation {
    /// More than so many, and it is collected.
    pub threshold: i64,
    /// So many there are: allocations less deallocations, or collections of the generation below.
    pub count: i64,
    /// The threshold it has where no program set another.
    pub usual_threshold: i64,
}

/// The collector's settings at one moment.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct CollectorState {
    /// What `gc.isenabled()` tells; `None` where the variable was not found or not copied.
    pub enabled: Option<bool>,
    /// The generations, the youngest first; empty where they can't be read.
    pub generations: Vec<Generation>,
    /// A full collection is put off until one in so many of the old objects is new.
    pub put_off_one_in: u64,
}

impl CollectorState {
    /// Reads it.
    #[must_use]
    pub fn read(source: &dyn MemorySource, interpreter: &Interpreter) -> Self {
        let d = interpreter.dialect.collector;
        let number = |at| source.read_u32(at).ok().map(|word| i64::from(word.cast_signed()));
        let generation = |index: u8| {
            let head = interpreter.generations.offset(u64::from(index) * interpreter.generation_stride);
            Some(Generation {
                threshold: number(head.offset(d.threshold))?,
                count: number(head.offset(d.count))?,
                usual_threshold: d.usual_thresholds.get(usize::from(index)).copied()?,
            })
        };
        Self {
            // Anything but 0 and 1 is no flag of the collector's.
            enabled: interpreter
                .enabled
                .and_then(|flag| source.read_u32(flag).ok())
                .filter(|value| *value <= 1)
                .map(|value| value == 1),
            generations: (0..d.generations).map(generation).collect::<Option<_>>().unwrap_or_default(),
            put_off_one_in: d.put_off_one_in,
        }
    }
}
