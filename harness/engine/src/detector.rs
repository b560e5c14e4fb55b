//! The rules that can be switched off, by name.

/// A rule that can be switched off.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Detector {
    /// Leaks: growth over rounds.
    Growth,
    /// Uncollectable cycles.
    Cycles,
    /// Arenas pinned by live objects.
    Fragmentation,
    /// Loops that keep a thread busy.
    HotLoop,
}

impl Detector {
    /// All there are.
    pub const ALL: [Self; 4] = [Self::Growth, Self::Cycles, Self::Fragmentation, Self::HotLoop];

    /// As it is written in recorded runs and on the command line.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Growth => "growth",
            Self::Cycles => "cycles",
            Self::Fragmentation => "fragmentation",
            Self::HotLoop => "hot-loop",
        }
    }

    /// By its name, in any case; `None` for one that is not known here.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.name().eq_ignore_ascii_case(name))
    }
}
