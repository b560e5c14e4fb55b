//! A profile with what occurs often stored once: frames and their details in tables, stacks as positions in them.

use std::collections::HashMap;
use std::sync::Arc;

use bloathound_profile::frameworks::telling_path_bytes;
use bloathound_profile::{
    Caught, Code, CodeId, Frame, FrameDetail, Outside, Profile, Sample, SamplingCost, Stack, ThreadFacts,
    ThreadProfile, Value, ValueHash, exact,
};
use serde::{Deserialize, Serialize};

use bloathound_cpython::FOLDER_FILL;

#[derive(Serialize, Deserialize)]
pub(super) struct Tables {
    pub(super) codes: Vec<Code>,
    /// Each once, however many frames have it.
    pub(super) details: Vec<FrameDetail>,
    /// Frames as often as they differ.
    frames: Vec<StoredFrame>,
    threads: Vec<StoredThread>,
    #[serde(with = "exact")]
    rate_hz: f64,
    cost: SamplingCost,
    problems: Vec<String>,
    /// Files of before have none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    outside: Option<Outside>,
}

#[derive(Serialize, Deserialize, Clone, PartialEq, Eq, Hash)]
struct StoredFrame {
    address: u64,
    code: u32,
    lasti: Option<u32>,
    line: u32,
    identity: u64,
    detail: Option<u32>,
    detail_age: u32,
}

#[derive(Serialize, Deserialize)]
struct StoredThread {
    tid: Option<u32>,
    python_id: u64,
    is_main: bool,
    samples: Vec<StoredSample>,
    moving_iterators: Vec<String>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    iterators_unsure: bool,
    #[serde(with = "exact::option")]
    overdue_seconds: Option<f64>,
}

#[derive(Serialize, Deserialize)]
struct StoredSample {
    monotonic_ns: u64,
    facts: ThreadFacts,
    /// Positions in `frames`.
    stack: Vec<u32>,
    torn: bool,
    /// Files of before have none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    caught: Option<Caught>,
}

/// Tables of what occurs often, while a profile is written.
#[derive(Default)]
struct Index<'a> {
    details: Vec<&'a Arc<FrameDetail>>,
    detail_at: HashMap<*const FrameDetail, u32>,
    frames: Vec<StoredFrame>,
    frame_at: HashMap<StoredFrame, u32>,
}

impl<'a> Index<'a> {
    fn frame(&mut self, frame: &'a Frame) -> u32 {
        let detail = frame.detail.as_ref().map(|detail| {
            *self.detail_at.entry(Arc::as_ptr(detail)).or_insert_with(|| {
                self.details.push(detail);
                self.details.len() as u32 - 1
            })
        });
        let raw = StoredFrame {
            address: frame.address,
            code: frame.code.0,
            lasti: frame.lasti,
            line: frame.line,
            identity: frame.identity.0,
            detail,
            detail_age: frame.detail_age,
        };
        *self.frame_at.entry(raw.clone()).or_insert_with(|| {
            self.frames.push(raw);
            self.frames.len() as u32 - 1
        })
    }

    fn sample(&mut self, sample: &'a Sample) -> StoredSample {
        StoredSample {
            monotonic_ns: sample.monotonic_ns,
            facts: sample.facts,
            stack: sample.stack.0.iter().map(|frame| self.frame(frame)).collect(),
            torn: sample.torn,
            caught: sample.caught.clone(),
        }
    }
}

impl Tables {
    pub(super) fn new(profile: &Profile) -> Self {
        let mut tables = Index::default();
        let thread = |thread: &'_ ThreadProfile, samples| StoredThread {
            tid: thread.tid,
            python_id: thread.python_id,
            is_main: thread.is_main,
            samples,
            moving_iterators: thread.moving_iterators.clone(),
            iterators_unsure: thread.iterators_unsure,
            overdue_seconds: thread.overdue_seconds,
        };
        let mut threads = Vec::new();
        for one in &profile.threads {
            let samples = one.samples.iter().map(|sample| tables.sample(sample)).collect();
            threads.push(thread(one, samples));
        }
        Self {
            codes: profile.codes.clone(),
            details: tables.details.iter().map(|detail| FrameDetail::clone(detail)).collect(),
            frames: tables.frames,
            threads,
            rate_hz: profile.rate_hz,
            cost: profile.cost,
            problems: profile.problems.clone(),
            outside: profile.outside.clone(),
        }
    }

    /// All values in the tables.
    pub(super) fn values_mut(&mut self) -> impl Iterator<Item = &mut Value> {
        self.details.iter_mut().flat_map(|detail| {
            let named = detail.variables.iter_mut().chain(&mut detail.inputs).filter_map(|one| one.value.as_mut());
            let called = detail
                .callee
                .iter_mut()
                .flat_map(|callee| callee.arguments.iter_mut().chain(&mut callee.receiver).chain(&mut callee.pattern));
            named.chain(detail.iterators.iter_mut().map(|(_, value)| value)).chain(called)
        })
    }

    /// Replaces what strings say, and the folders of source files. Lengths, hashes and names of code stay.
    pub(super) fn redact(&mut self) {
        for code in &mut self.codes {
            code.file = without_folders(&code.file).into();
        }
        self.values_mut().for_each(Value::redact);
        let samples = self.threads.iter_mut().flat_map(|thread| &mut thread.samples);
        samples.filter_map(|sample| sample.caught.as_mut()).for_each(|caught| caught.message = None);
        for file in self.outside.iter_mut().flat_map(|outside| &mut outside.descriptors) {
            file.redact(without_folders);
        }
    }

    /// The profile; `None` where an index leads nowhere.
    pub(super) fn check(self) -> Option<Profile> {
        let Self { codes, details, frames, threads, rate_hz, cost, problems, outside } = self;
        let details: Vec<Arc<FrameDetail>> = details.into_iter().map(Arc::new).collect();
        let frame = |raw: StoredFrame| {
            let detail = raw.detail.map(|at| details.get(at as usize).cloned().ok_or(())).transpose();
            let known = (raw.code as usize) < codes.len();
            Some(Frame {
                address: raw.address,
                code: known.then_some(CodeId(raw.code))?,
                lasti: raw.lasti,
                line: raw.line,
                identity: ValueHash(raw.identity),
                detail: detail.ok()?,
                detail_age: raw.detail_age,
            })
        };
        let frames: Vec<Frame> = frames.into_iter().map(frame).collect::<Option<_>>()?;
        let threads = threads.into_iter().map(|thread| thread.into_thread(&frames)).collect::<Option<_>>()?;
        Some(Profile { codes, threads, rate_hz, cost, problems, outside })
    }
}

impl StoredThread {
    fn into_thread(self, frames: &[Frame]) -> Option<ThreadProfile> {
        let sample = |raw: StoredSample| {
            let stack = raw.stack.iter().map(|at| frames.get(*at as usize).cloned()).collect::<Option<_>>()?;
            let StoredSample { monotonic_ns, facts, torn, caught, .. } = raw;
            Some(Sample { monotonic_ns, facts, stack: Stack(stack), torn, caught })
        };
        Some(ThreadProfile {
            tid: self.tid,
            python_id: self.python_id,
            is_main: self.is_main,
            samples: self.samples.into_iter().map(sample).collect::<Option<_>>()?,
            moving_iterators: self.moving_iterators,
            iterators_unsure: self.iterators_unsure,
            overdue_seconds: self.overdue_seconds,
        })
    }
}

fn without_folders(file: &str) -> String {
    let kept = file.len() - telling_path_bytes(file).min(file.len());
    let (folders, kept) = file.split_at_checked(kept).unwrap_or((file, ""));
    format!("{}{kept}", char::from(FOLDER_FILL).to_string().repeat(folders.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_folders_only_their_length_is_left() {
        assert_eq!(without_folders("/home/someone/app.py"), "xxxxxxxxxxxxx/app.py");
    }
}
