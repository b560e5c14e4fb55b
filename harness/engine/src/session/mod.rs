//! A source, and what was computed of it: each thing once, when it is first asked for.

mod duplicates;
mod facts;
mod memory;
mod tasks;
mod threads;

use std::cell::{OnceCell, RefCell};

use bloathound_cpython::allocator::{BlockJudge, MemoryLayout, RssAccount};
use bloathound_detect::fragmentation::{HolePin, Pins};
use bloathound_detect::thresholds::shape_limits;
use bloathound_heap::{Analysis, GcReplay, HeapSnapshot, Inventory, ObjectId, Reverse, ShapeTree};
use bloathound_vocabulary::{TasksRecord, ThreadRecord, TypeRow};

pub use self::duplicates::Duplicates;
pub use self::memory::Arenas;
pub(crate) use crate::census::census;
use crate::source::{Examined, HeapSource, Source};
use crate::workers::{has_processors, side_by_side};

/// What a session has computed; each at most once.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Computed {
    /// What the collector would free.
    Replay,
    /// Shortest paths and dominators.
    Analysis,
    /// Objects by the shape of their paths.
    Shapes,
    /// Objects by type.
    Types,
    /// Who refers to whom, backwards.
    Reverse,
    /// Every mapping, arena and chunk told apart.
    Layout,
    /// What each arena holds.
    Arenas,
    /// Who keeps sparse arenas.
    Pins,
    /// Resident memory by category.
    Rss,
    /// Strings that are there several times.
    Duplicates,
    /// The threads' stacks.
    Threads,
    /// Where tasks wait.
    Tasks,
}

/// One heap, and what was computed of it. Holds what it has computed until it is dropped.
#[derive(Debug)]
pub struct Session<'s> {
    heap: HeapSource<'s>,
    analysis: Analysis<'s>,
    shapes: OnceCell<ShapeTree>,
    types: OnceCell<Vec<TypeRow>>,
    reverse: OnceCell<Reverse>,
    layout: OnceCell<Option<&'s MemoryLayout>>,
    arenas: OnceCell<Option<Arenas>>,
    pins: OnceCell<Option<Pins>>,
    rss: OnceCell<Option<RssAccount>>,
    duplicates: OnceCell<Vec<Duplicates>>,
    threads: OnceCell<Option<Vec<ThreadRecord>>>,
    tasks: OnceCell<Option<TasksRecord>>,
    computed: RefCell<Vec<Computed>>,
}

impl<'s> From<&'s Source> for Session<'s> {
    fn from(source: &'s Source) -> Self {
        Self::new(source.heap())
    }
}

impl<'s> From<&'s Examined> for Session<'s> {
    fn from(examined: &'s Examined) -> Self {
        Self::new(HeapSource::from(examined))
    }
}

impl<'s> Session<'s> {
    /// Computes nothing yet.
    #[must_use]
    pub fn new(heap: HeapSource<'s>) -> Self {
        Self {
            heap,
            analysis: match heap.memory {
                Some(examined) => Analysis::of_replayed(heap.snapshot, &examined.replay),
                None => Analysis::lazily(heap.snapshot),
            },
            shapes: OnceCell::new(),
            types: OnceCell::new(),
            reverse: OnceCell::new(),
            layout: OnceCell::new(),
            arenas: OnceCell::new(),
            pins: OnceCell::new(),
            rss: OnceCell::new(),
            duplicates: OnceCell::new(),
            threads: OnceCell::new(),
            tasks: OnceCell::new(),
            computed: RefCell::new(Vec::new()),
        }
    }

    /// The heap that it is of.
    #[must_use]
    pub fn heap(&self) -> HeapSource<'s> {
        self.heap
    }

    /// The decoded heap.
    #[must_use]
    pub fn snapshot(&self) -> &'s HeapSnapshot {
        self.heap.snapshot
    }

    /// What was computed so far, in that order: nothing stands there twice.
    #[must_use]
    pub fn computed(&self) -> Vec<Computed> {
        self.computed.borrow().clone()
    }

    fn note(&self, what: Computed) {
        self.computed.borrow_mut().push(what);
    }

    /// What the collector would do. Cheaper than [`Session::analysis`], which begins with it.
    #[must_use]
    pub fn replay(&self) -> &GcReplay {
        if !self.analysis.has_replay() {
            self.note(Computed::Replay);
        }
        self.analysis.replay()
    }

    /// The collector, shortest paths and dominators.
    #[must_use]
    pub fn analysis(&self) -> &Analysis<'s> {
        let _ = self.replay();
        if self.analysis.complete() {
            self.note(Computed::Analysis);
        }
        &self.analysis
    }

    /// Computes what rests on the graph and, beside it on another processor, what rests on the memory alone. The same is
    /// computed as without it, only sooner.
    pub fn compute_side_by_side(&self) {
        let garbage = &self.replay().awaiting_collection;
        let Some(examined) = self.heap.memory.filter(|_| has_processors()) else { return };
        let analysed = || {
            let _ = self.analysis();
        };
        let ((), found) = side_by_side(analysed, || memory::OfMemory::compute(examined, garbage));
        let _ = self.types.get_or_init(|| {
            self.note(Computed::Types);
            found.types
        });
        let _ = self.arenas.get_or_init(|| found.arenas.inspect(|_| self.note(Computed::Arenas)));
        let _ = self.rss.get_or_init(|| {
            self.note(Computed::Rss);
            Some(found.rss)
        });
        let _ = self.duplicates.get_or_init(|| {
            self.note(Computed::Duplicates);
            found.duplicates
        });
    }

    /// Equal byte strings that are there several times, most wasted bytes first; empty where there is no copy of the memory.
    #[must_use]
    pub fn duplicates(&self) -> &[Duplicates] {
        self.duplicates.get_or_init(|| {
            self.note(Computed::Duplicates);
            self.heap.memory.map(duplicates::find).unwrap_or_default()
        })
    }

    /// The shapes of what stays: all objects but those that merely await collection.
    #[must_use]
    pub fn shapes(&self) -> &ShapeTree {
        self.shapes.get_or_init(|| {
            self.note(Computed::Shapes);
            self.analysis().shapes(shape_limits()).0
        })
    }

    /// The shapes, taken out: what comparing looks needs of one that is over.
    #[must_use]
    pub fn into_shapes(self) -> ShapeTree {
        let _ = self.shapes();
        let Self { shapes, analysis, .. } = self;
        shapes.into_inner().unwrap_or_else(|| analysis.shapes(shape_limits()).0)
    }

    /// All objects by type, most bytes first.
    #[must_use]
    pub fn types(&self) -> &[TypeRow] {
        self.types.get_or_init(|| {
            self.note(Computed::Types);
            census(self.heap.snapshot, |_| true)
        })
    }

    /// Those that are awaiting collection, by type.
    pub(crate) fn garbage_types(&self) -> Vec<TypeRow> {
        let garbage = &self.replay().awaiting_collection;
        census(self.heap.snapshot, |id| garbage.contains(id))
    }

    /// Who refers to whom, backwards.
    #[must_use]
    pub fn reverse(&self) -> &Reverse {
        self.reverse.get_or_init(|| {
            self.note(Computed::Reverse);
            Reverse::build(self.heap.snapshot)
        })
    }

    /// A list of the objects by what tells them apart from those of another look.
    #[must_use]
    pub fn inventory(&self) -> Inventory {
        Inventory::take(self.heap.snapshot)
    }

    /// pymalloc, malloc, numbers and who holds what; without arenas where they are unknown. `None` where there is no
    /// copy of the memory.
    #[must_use]
    pub fn layout(&self) -> Option<&'s MemoryLayout> {
        let compute = || {
            let examined = self.heap.memory?;
            self.note(Computed::Layout);
            Some(&examined.layout)
        };
        *self.layout.get_or_init(compute)
    }

    /// The layout, and what tells for what a block is used.
    pub(crate) fn judged(&self) -> Option<(&MemoryLayout, BlockJudge<'_>)> {
        let (layout, examined) = (self.layout()?, self.heap.memory?);
        let garbage = &self.replay().awaiting_collection;
        Some((layout, layout.judge(&examined.image, &examined.snapshot, Some(garbage))))
    }

    /// What the arenas hold; `None` where they are unknown.
    #[must_use]
    pub fn arenas(&self) -> Option<&Arenas> {
        let compute = || {
            self.heap.memory?.pools.as_ref()?;
            let (layout, judge) = self.judged()?;
            self.note(Computed::Arenas);
            Some(Arenas::new(layout, &judge))
        };
        self.arenas.get_or_init(compute).as_ref()
    }

    /// Who keeps the sparse arenas; costs a path for each survivor. `None` where the arenas are unknown.
    #[must_use]
    pub fn pins(&self) -> Option<&Pins> {
        let compute = || {
            let arenas = self.arenas()?;
            let (layout, judge) = self.judged()?;
            let finder = self.analysis().finder();
            self.note(Computed::Pins);
            Some(memory::pins(layout, &judge, &arenas.census, self.heap.snapshot, finder))
        };
        self.pins.get_or_init(compute).as_ref()
    }

    /// Who keeps the holes of the C heap, most free bytes first; costs a path for each chunk above one.
    #[must_use]
    pub fn holes(&self) -> Vec<HolePin> {
        let Some((layout, judge)) = self.judged() else { return Vec::new() };
        memory::holes(layout, &judge, self.heap.snapshot, self.analysis().finder())
    }

    /// Every resident page in a named category.
    #[must_use]
    pub fn rss(&self) -> Option<&RssAccount> {
        let compute = || {
            let (layout, judge) = self.judged()?;
            let examined = self.heap.memory?;
            self.note(Computed::Rss);
            Some(layout.rss(&examined.image, &examined.snapshot, &judge))
        };
        self.rss.get_or_init(compute).as_ref()
    }

    /// The interpreter's threads with their stacks, from the copy; `None` where there is none or they were not found.
    #[must_use]
    pub fn threads(&self) -> Option<&[ThreadRecord]> {
        let compute = || {
            let examined = self.heap.memory?;
            self.note(Computed::Threads);
            threads::threads(&self.heap, examined, self.analysis().finder().names())
        };
        self.threads.get_or_init(compute).as_deref()
    }

    /// Tasks of event loops that are not done, from the copy; `None` where there is none, or a series has no such tasks.
    #[must_use]
    pub fn tasks(&self) -> Option<&TasksRecord> {
        let compute = || {
            let examined = self.heap.memory?;
            self.note(Computed::Tasks);
            tasks::tasks(examined)
        };
        self.tasks.get_or_init(compute).as_ref()
    }

    /// How many bytes would be freed with the object; `None` for what is freed anyway.
    #[must_use]
    pub fn retained(&self, id: ObjectId) -> Option<u64> {
        Some(self.analysis().dominators().retained_size(id)).filter(|bytes| *bytes > 0)
    }
}
