//! A figure of every commit, as it is drawn.

/// Letters of a commit that tell it from the others.
const COMMIT_LETTERS: usize = 7;

/// One figure of one commit.
#[derive(Clone, PartialEq, Debug)]
pub struct PlotPoint {
    /// The commit.
    pub commit: String,
    /// Its day and time.
    pub date: String,
    /// The figure.
    pub value: f64,
}

impl PlotPoint {
    /// `1a2b3c4 · 2026-11-27`.
    pub(super) fn named(&self) -> String {
        let commit = self.commit.get(..COMMIT_LETTERS).unwrap_or(&self.commit);
        format!("{commit} · {}", self.date.get(.."2026-11-27".len()).unwrap_or_default())
    }
}

/// One figure over all commits.
#[derive(Clone, PartialEq, Debug)]
pub struct Plot {
    /// The stage.
    pub stage: String,
    /// What it was measured on.
    pub input: String,
    /// What is counted.
    pub unit: String,
    /// On what machine.
    pub machine: String,
    /// Oldest first; not empty.
    pub points: Vec<PlotPoint>,
    /// Steps: the first point of the new level, and the range of commits to blame.
    pub changes: Vec<(usize, String)>,
    /// What was accepted: how many points stood before it, and why.
    pub accepted: Vec<(usize, String)>,
}

impl Plot {
    /// By how much a figure differs from the one before it, as a share.
    pub(super) fn shift_at(&self, at: usize) -> Option<f64> {
        let (before, after) = (self.points.get(at.checked_sub(1)?)?, self.points.get(at)?);
        (before.value > 0.0).then(|| after.value / before.value - 1.0)
    }
}
