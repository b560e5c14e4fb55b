//! What an event loop calls each turn: the functions below its own frames, by the samples that show them.

use std::collections::{BTreeMap, HashMap, HashSet};

use bloathound_profile::frameworks::{calls_what_is_due, due_when_zero, is_dispatch, is_program_file, is_reporting};
use bloathound_profile::{Code, Frame, FunctionName, Profile, Sample, Value, ValueHash, ValueKind};

use crate::hot::place::OwnCode;
use crate::hot::series::{Motion, Series};
use crate::hot::window::{EventLoopCodes, Hub};
use crate::thresholds::fixed::{CALLED_VALUES_FACTOR, USUAL_SHARE_MIN};
use crate::thresholds::{HotLoopThresholds, words};

/// What the samples show below an event loop.
#[derive(Default)]
pub(super) struct Calls<'a> {
    /// Functions of the program that the event loop calls first, with the samples that show them.
    own: BTreeMap<u32, Vec<&'a Frame>>,
    /// The same of a framework's functions.
    others: BTreeMap<u32, Vec<&'a Frame>>,
    /// Samples with the program's own code below the event loop.
    pub own_samples: usize,
    /// Functions of the program's own that frameworks' objects keep to call them, with the samples that show them.
    kept: BTreeMap<&'a FunctionName, usize>,
    /// Samples with any callback, and those whose callback was called because it was due, not for a descriptor.
    called: usize,
    timed: usize,
    /// Numbers of descriptors that were ready, with the samples that show them.
    pub descriptors: BTreeMap<u32, usize>,
    /// All frames of the program's own code below the event loop.
    own_frames: Vec<&'a Frame>,
}

/// The function that is called each turn.
pub(super) struct Callback {
    pub class: Option<String>,
    pub function: String,
    pub file: String,
    /// The function's first line.
    pub line_first: u32,
    /// The line that most samples were at.
    pub line: u32,
    /// It is the program's own.
    pub is_own: bool,
    /// Its own code was seen to run.
    pub was_seen: bool,
}

impl<'a> Calls<'a> {
    /// What `samples` show below the event loop's frames; all of a stack of its own, where the event loop is a `hub`.
    pub(super) fn of(profile: &'a Profile, codes: &EventLoopCodes, hub: &Hub, samples: &[&'a Sample]) -> Self {
        let mut calls = Self::default();
        let own = OwnCode::of(profile);
        for sample in samples {
            match codes.depth(sample) {
                Some(depth) => calls.add(profile, &own, sample, depth + 1),
                None if hub.is_one() => calls.add(profile, &own, sample, 0),
                None => {}
            }
        }
        calls
    }

    /// Adds a sample whose first `frames` are the event loop's.
    fn add(&mut self, profile: &'a Profile, own: &OwnCode, sample: &'a Sample, frames: usize) {
        let code = |frame: &Frame| profile.code(frame.code);
        let is = |frame: &Frame, what: fn(&Code) -> bool| code(frame).is_some_and(what);
        let (above, below) = sample.stack.0.split_at_checked(frames).unwrap_or_default();
        let was_due = |frame: &Frame| {
            let waits = code(frame).and_then(due_when_zero).zip(frame.detail.as_ref());
            let variable = waits.and_then(|(name, detail)| detail.variables.iter().find(|one| *one.name == *name));
            variable.and_then(|one| one.value.as_ref()?.number) == Some(0.0)
        };
        let is_timed = above.last().is_some_and(|frame| is(frame, calls_what_is_due)) || above.iter().any(was_due);
        let ours: Vec<&Frame> = below.iter().filter(|frame| own.has(frame.code)).collect();
        let awaits = above.iter().filter_map(code).any(|code| due_when_zero(code).is_some());
        let first = if awaits { awaited(profile, own, below) } else { ours.first().copied() };
        if let Some(first) = first {
            self.own.entry(first.code.0).or_default().push(first);
            self.own_samples += 1;
            self.own_frames.extend(&ours);
        } else if let Some(first) =
            below.iter().find(|frame| !is(frame, is_dispatch)).filter(|frame| !is(frame, is_reporting))
        {
            self.others.entry(first.code.0).or_default().push(first);
        }
        if !below.is_empty() {
            self.called += 1;
            self.timed += usize::from(is_timed);
        }
        let details = above.last().into_iter().chain(below).filter_map(|frame| frame.detail.as_ref());
        let values = details.flat_map(|detail| &detail.variables).filter_map(|variable| variable.value.as_ref());
        let functions = values.flat_map(|value| {
            let kept = value.attributes.iter().filter_map(|part| part.function.as_ref());
            kept.chain(&value.called_when_ready)
        });
        for function in functions.filter(|function| is_program_file(&function.file)) {
            *self.kept.entry(function).or_default() += 1;
        }
        if !is_timed && let Some(number) = above.iter().rev().find_map(ready) {
            *self.descriptors.entry(number).or_default() += 1;
        }
    }

    /// How many functions of the program's own the event loop usually calls.
    pub(super) fn own_count(&self) -> usize {
        usual(self.own.values().map(Vec::len))
    }

    /// The one that is seen most. Where none of the program's own is seen, or nothing but what answers a question, the one
    /// that a framework keeps to call it; else the framework's own.
    pub(super) fn most(&self, profile: &Profile) -> Option<Callback> {
        let most = |of: &BTreeMap<u32, Vec<&'a Frame>>, is_own| {
            let known = of.iter().filter_map(|(code, frames)| Some((profile.codes.get(*code as usize)?, frames)));
            let (code, frames) =
                known.max_by_key(|(code, frames)| (!words::QUESTIONS.has(&code.function), frames.len()))?;
            Some(Callback::of(code, frames, is_own))
        };
        let kept = || self.kept.iter().max_by_key(|(_, times)| **times).map(|(name, _)| Callback::kept(name));
        let own = most(&self.own, true).map(|callback| self.with_class(callback));
        let does = |callback: &Callback| !words::QUESTIONS.has(&callback.function);
        match own {
            Some(callback) if does(&callback) => Some(callback),
            own => kept().or(own).or_else(|| most(&self.others, false)),
        }
    }

    /// The callback, and the class of the object that is kept to call it, where its own frames did not last long enough to
    /// say whose method it is.
    fn with_class(&self, callback: Callback) -> Callback {
        let is_it = |name: &&&FunctionName| {
            (&*name.function, &*name.file, name.line) == (&*callback.function, &*callback.file, callback.line_first)
        };
        let class = || self.kept.keys().find(is_it)?.class.as_deref().map(str::to_owned);
        Callback { class: callback.class.clone().or_else(class), ..callback }
    }

    /// True when the callbacks are called because they are due.
    pub(super) fn are_due(&self) -> bool {
        2 * self.timed > self.called
    }

    /// True when the program's own code below the event loop has data that takes new values, or goes through loops.
    pub(super) fn works(&self, seconds: f64, limits: &HotLoopThresholds) -> bool {
        let mut values: BTreeMap<(u32, &str), Vec<Option<&Value>>> = BTreeMap::new();
        let mut positions: HashMap<(u32, u32), HashSet<ValueHash>> = HashMap::new();
        for frame in &self.own_frames {
            if let Some(detail) = &frame.detail {
                for variable in &detail.variables {
                    values.entry((frame.code.0, &variable.name)).or_default().push(variable.value.as_ref());
                }
                for (index, value) in &detail.iterators {
                    positions.entry((frame.code.0, *index)).or_default().insert(value.deep);
                }
            }
        }
        let many = CALLED_VALUES_FACTOR * limits.values_max;
        positions.values().any(|positions| positions.len() > many)
            || values.into_values().any(|values| {
                let series = Series::of(values.into_iter(), seconds, limits);
                series.motion == Motion::Moving && series.distinct > limits.values_max && !series.only_counts
            })
    }

    /// True when some text that is not empty was in the program's hands below the event loop, and not only for once in a
    /// long while: it may have been delivered.
    pub(super) fn may_deliver(&self) -> bool {
        let says = |value: &Value| value.kind.is_text() && value.length.is_some_and(|length| length > 0);
        let has_text = |frame: &&&Frame| {
            let variables = frame.detail.iter().flat_map(|detail| &detail.variables);
            variables.filter_map(|variable| variable.value.as_ref()).any(says)
        };
        let with_text = self.own_frames.iter().filter(has_text).count();
        with_text as f64 > (1.0 - USUAL_SHARE_MIN) * self.own_frames.len() as f64
    }
}

/// The fewest of these that make up nearly all samples together: what else there is came in between.
pub(super) fn usual(samples: impl Iterator<Item = usize>) -> usize {
    let mut most: Vec<usize> = samples.collect();
    most.sort_unstable_by_key(|samples| std::cmp::Reverse(*samples));
    let enough = USUAL_SHARE_MIN * most.iter().sum::<usize>() as f64;
    let mut together = 0.0;
    most.iter()
        .take_while(|samples| {
            let is_needed = together < enough;
            together += **samples as f64;
            is_needed
        })
        .count()
}

/// The first call of the program's own; where that is a coroutine that only waits for another of its own, the last of these.
fn awaited<'a>(profile: &Profile, own: &OwnCode, below: &'a [Frame]) -> Option<&'a Frame> {
    let is_coroutine = |frame: &Frame| profile.code(frame.code).is_some_and(|code| code.is_generator);
    let from = below.iter().position(|frame| own.has(frame.code))?;
    let rest = below.get(from..)?;
    let chain = rest.iter().take_while(|frame| own.has(frame.code) && is_coroutine(frame));
    chain.last().or(rest.first())
}

/// The number of the descriptor that a frame of an event loop is at.
fn ready(frame: &Frame) -> Option<u32> {
    let variables = &frame.detail.as_ref()?.variables;
    let named = variables.iter().find(|variable| words::READY.has(&variable.name))?;
    let number = named.value.as_ref().filter(|value| value.kind == ValueKind::Int)?.number?;
    (0.0..f64::from(u32::MAX)).contains(&number).then_some(number as u32)
}

impl Callback {
    /// One that was not seen to run.
    fn kept(name: &FunctionName) -> Self {
        Self {
            class: name.class.as_deref().map(str::to_owned),
            function: name.function.to_string(),
            file: name.file.to_string(),
            line_first: name.line,
            line: name.line,
            is_own: true,
            was_seen: false,
        }
    }

    fn of(code: &Code, frames: &[&Frame], is_own: bool) -> Self {
        let mut times: BTreeMap<u32, usize> = BTreeMap::new();
        for frame in frames {
            *times.entry(frame.line).or_default() += 1;
        }
        let line = times.into_iter().max_by_key(|(_, times)| *times).map_or(code.line_first, |(line, _)| line);
        Self {
            class: class(frames),
            function: code.function.to_string(),
            file: code.file.to_string(),
            line_first: code.line_first,
            line,
            is_own,
            was_seen: true,
        }
    }
}

/// Class of the object whose method runs in these frames, where their first variable is that.
fn class(frames: &[&Frame]) -> Option<String> {
    let first = |frame: &&Frame| frame.detail.as_ref()?.variables.first().cloned();
    let this = frames.iter().find_map(first).filter(|variable| &*variable.name == "self")?.value?;
    this.class().map(str::to_owned)
}
