//! Growth: what stays behind in every round of the same load.
//!
//! Needs one tree of shapes a round, made of snapshots without the objects that merely await collection. A shape grows
//! when it has more objects (or entries, or bytes) after every round, in proportion to the round's requests; a curve
//! that flattens is a cache filling. Of a growing subtree the top is reported: what is below only hangs on it.

mod place;

use std::collections::BTreeMap;

use bloathound_heap::ShapeTree;

use self::place::locate;
use crate::thresholds::words;
use crate::{Evidence, Finding, FindingClass, Label, LeakEvidence, Problem, RootKind, Thresholds, Verdict};

/// One round: the shapes after it.
#[derive(Clone, Copy, Debug)]
pub struct GrowthRound<'a> {
    /// What was there after the round.
    pub shapes: &'a ShapeTree,
    /// Requests of this round (0 for the first look); 1 where rounds are spans of time.
    pub requests: u64,
}

/// What one unit of load is called in the verdict.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum GrowthUnit {
    /// Rounds of a known number of requests.
    Request,
    /// Rounds of time, nothing known of requests.
    Round,
}

/// What the rule says.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct GrowthReport {
    /// One finding for each place that keeps something, most retained bytes first.
    pub findings: Vec<Finding>,
    /// What could not be told.
    pub problems: Vec<Problem>,
}

/// What of a shape grows.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Quantity {
    Objects,
    Entries,
    Bytes,
}

/// A shape's figures, round by round.
struct Series {
    objects: Vec<u64>,
    entries: Vec<u64>,
    bytes: Vec<u64>,
    retained: Vec<u64>,
}

/// Judges rounds of the same load.
#[must_use]
pub fn find_growth(rounds: &[GrowthRound<'_>], unit: GrowthUnit, thresholds: &Thresholds) -> GrowthReport {
    let mut report = GrowthReport::default();
    let Some(last) = rounds.last().filter(|_| rounds.len() >= thresholds.growth.rounds_min) else {
        let message = format!("{} looks are too few, {} are needed", rounds.len(), thresholds.growth.rounds_min);
        report.problems.push(Problem { stage: "growth".into(), message });
        return report;
    };
    let tree = last.shapes;
    let requests: Vec<u64> = rounds.iter().skip(1).map(|round| round.requests.max(1)).collect();
    let all = series(rounds);
    let judge = Judge { requests: &requests, thresholds };
    let growing: Vec<Option<Quantity>> = all.iter().map(|shape| judge.quantity(shape)).collect();
    // What hangs below something that grows is its consequence.
    let mut below = vec![false; growing.len()];
    let mut child_grows = vec![false; growing.len()];
    for (index, node) in tree.nodes().iter().enumerate().skip(1) {
        let parent = node.parent;
        below[index] = below[parent] || growing[parent] == Some(Quantity::Objects);
        if growing[index] == Some(Quantity::Objects) {
            child_grows[parent] = true;
        }
    }
    let mut places: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for index in 1..growing.len() {
        let counts = match growing[index] {
            Some(Quantity::Objects) => true,
            // A container whose items are counted as objects of their own is told by these.
            Some(Quantity::Entries | Quantity::Bytes) => !child_grows[index],
            None => false,
        };
        if counts && !below[index] && !is_bookkeeping(tree, index) {
            let place = if growing[index] == Some(Quantity::Objects) { tree.nodes()[index].parent } else { index };
            places.entry(place).or_default().push(index);
        }
    }
    for members in places.into_values() {
        report.findings.push(finding(tree, &all, &growing, &members, &requests, unit));
    }
    report.findings.sort_by_key(|finding| std::cmp::Reverse(retained(finding)));
    drop_shadows(&mut report.findings);
    report
}

fn retained(finding: &Finding) -> u64 {
    match &finding.evidence {
        Evidence::Leak(leak) => leak.retained_bytes,
        _ => 0,
    }
}

/// Weak references to what leaks are kept beside it, in registries of their own: they go with it.
fn drop_shadows(findings: &mut Vec<Finding>) {
    let rate = |finding: &Finding| match &finding.evidence {
        Evidence::Leak(leak) => leak.objects_per_request,
        _ => 0,
    };
    let largest = findings.iter().filter(|f| !is_weak(f)).map(rate).max().unwrap_or(0);
    findings.retain(|finding| !is_weak(finding) || rate(finding) > largest);
}

fn is_weak(finding: &Finding) -> bool {
    matches!(&finding.evidence, Evidence::Leak(leak) if words::WEAK_TYPES.has(&leak.type_name))
}

/// Places that grow by themselves or belong to another rule: a base's list of its subclasses never shrinks, and
/// `gc.garbage` is the cycle rule's.
fn is_bookkeeping(tree: &ShapeTree, index: usize) -> bool {
    let labels = tree.labels(index);
    let is_name = |label: &&Label, name: &str| label.name() == Some(name);
    let of_the_collector = labels.first().is_some_and(|root| {
        matches!(root, Label::Root(RootKind::GcGarbage, _))
            || (root.module() == Some("gc") && labels.get(1).is_some_and(|label| is_name(label, "garbage")))
    });
    of_the_collector || labels.iter().any(|label| label.name().is_some_and(|name| words::BOOKKEEPING.has(name)))
}

fn series(rounds: &[GrowthRound<'_>]) -> Vec<Series> {
    let Some(last) = rounds.last() else { return Vec::new() };
    let empty = || vec![0_u64; rounds.len()];
    let mut all: Vec<Series> = (0..last.shapes.nodes().len())
        .map(|_| Series { objects: empty(), entries: empty(), bytes: empty(), retained: empty() })
        .collect();
    for (number, round) in rounds.iter().enumerate() {
        let aligned = last.shapes.align(round.shapes);
        for (shape, found) in all.iter_mut().zip(aligned) {
            if let Some(node) = found.and_then(|index| round.shapes.nodes().get(index)) {
                shape.objects[number] = node.objects;
                shape.entries[number] = node.references;
                shape.bytes[number] = node.bytes;
                shape.retained[number] = node.retained_bytes;
            }
        }
    }
    all
}

struct Judge<'a> {
    requests: &'a [u64],
    thresholds: &'a Thresholds,
}

impl Judge<'_> {
    fn quantity(&self, shape: &Series) -> Option<Quantity> {
        let objects = self.thresholds.growth.objects_per_request_min;
        let round_min = self.thresholds.growth.objects_per_round_min;
        if self.grows(&shape.objects, objects, round_min) {
            return Some(Quantity::Objects);
        }
        // More objects of other kinds would make it a different place, not a growing one.
        if shape.objects.windows(2).any(|pair| pair[0] != pair[1]) {
            return None;
        }
        if self.grows(&shape.entries, objects, round_min) {
            return Some(Quantity::Entries);
        }
        let bytes = self.thresholds.growth.bytes_per_request_min;
        self.grows(&shape.bytes, bytes, 1).then_some(Quantity::Bytes)
    }

    /// Grows in every round, steadily, by at least `per_request` and `per_round`.
    fn grows(&self, values: &[u64], per_request: f64, per_round: u64) -> bool {
        let mut rates = Vec::with_capacity(values.len());
        for (pair, requests) in values.windows(2).zip(self.requests) {
            let Some(delta) = pair[1].checked_sub(pair[0]).filter(|delta| *delta >= per_round.max(1)) else {
                return false;
            };
            rates.push(delta as f64 / *requests as f64);
        }
        let smallest = rates.iter().copied().fold(f64::INFINITY, f64::min);
        let largest = rates.iter().copied().fold(0.0, f64::max);
        smallest >= per_request && smallest >= largest * self.thresholds.growth.steadiness_min
    }
}

fn finding(
    tree: &ShapeTree,
    all: &[Series],
    growing: &[Option<Quantity>],
    members: &[usize],
    requests: &[u64],
    unit: GrowthUnit,
) -> Finding {
    let total: u64 = requests.iter().sum::<u64>().max(1);
    let gain = |values: &[u64]| match (values.first(), values.last()) {
        (Some(first), Some(last)) => last.saturating_sub(*first),
        _ => 0,
    };
    let rate = |values: &[u64]| (gain(values) + total / 2) / total;
    // Keys and values of one dict grow together; the side that holds more bytes is the one to name.
    let main = members.iter().copied().max_by_key(|index| (gain(&all[*index].retained), usize::MAX - index));
    let main = main.unwrap_or(0);
    let shape = &all[main];
    let sum_of = |pick: fn(&Series) -> &Vec<u64>| members.iter().map(|index| rate(pick(&all[*index]))).sum::<u64>();
    let counted = match growing[main] {
        Some(Quantity::Entries) => &shape.entries,
        Some(Quantity::Bytes) => &shape.bytes,
        _ => &shape.objects,
    };
    let evidence = LeakEvidence {
        objects_per_request: if growing[main] == Some(Quantity::Bytes) { 0 } else { rate(counted) },
        bytes_per_request: rate(&shape.bytes),
        retained_bytes_per_request: sum_of(|series| &series.retained),
        retained_bytes: members.iter().map(|index| all[*index].retained.last().copied().unwrap_or(0)).sum(),
        type_name: tree.type_name(main).to_owned(),
        rounds: counted.clone(),
    };
    let path: Vec<Label> = tree.labels(main).into_iter().cloned().collect();
    let verdict = match unit {
        GrowthUnit::Request => Verdict::GrowsWithRequests,
        GrowthUnit::Round => Verdict::Leaks,
    };
    Finding {
        summary: String::new(),
        confidence: None,
        class: FindingClass::Leak,
        verdict,
        fingerprint: format!("leak:{}:{}", Label::join(&path, ">"), evidence.type_name),
        location: locate(tree, main, path),
        evidence: Evidence::Leak(evidence),
    }
}
