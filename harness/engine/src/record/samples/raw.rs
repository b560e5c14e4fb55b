//! A profile as JSON. Only this file knows how it is spelled.

use std::collections::HashMap;
use std::sync::Arc;

use bloathound_profile::{
    Attribute, Callee, CalleeKind, Code, CodeId, Frame, FrameDetail, LineTable, Loop, LoopExit, LoopInput, LoopKind,
    Profile, Returns, Sample, SamplingCost, Stack, ThreadFacts, ThreadProfile, Value, ValueHash, Variable, Write,
};
use serde::{Deserialize, Serialize};

/// Numbers with a fraction go by their bits: in decimal some would come back as their neighbours.
type Bits = u64;

#[derive(Serialize, Deserialize)]
pub(super) struct RawProfile {
    pub(super) codes: Vec<RawCode>,
    /// Each once, however many frames have it.
    pub(super) details: Vec<RawDetail>,
    /// Frames as often as they differ.
    frames: Vec<RawFrame>,
    threads: Vec<RawThread>,
    rate_hz: Bits,
    /// Rounds, missed ones, retries, torn samples, reads, nanoseconds.
    cost: [u64; 6],
    problems: Vec<String>,
}

#[derive(Serialize, Deserialize)]
pub(super) struct RawCode {
    address: u64,
    function: String,
    pub(super) file: String,
    line_first: u32,
    lines: Vec<(u32, u32)>,
    is_generator: bool,
    loops: Vec<RawLoop>,
    calls: Vec<u32>,
    returns: RawReturns,
    bytecode_bytes: u32,
}

#[derive(Serialize, Deserialize)]
struct RawLoop {
    first: u32,
    last: u32,
    line_first: u32,
    line_last: u32,
    by_iterator: bool,
    exits: Vec<RawExit>,
    /// Target, and whether the value comes out of a call.
    writes: Vec<(RawInput, bool)>,
    has_calls: bool,
}

#[derive(Serialize, Deserialize)]
struct RawExit {
    condition: (u32, u32),
    inputs: Vec<RawInput>,
    guards: Vec<RawInput>,
    calls: Vec<u32>,
    is_opaque: bool,
    by_iterator: bool,
    leaves_when: Option<(usize, bool)>,
}

#[derive(Serialize, Deserialize)]
struct RawReturns {
    inputs: Vec<RawInput>,
    is_opaque: bool,
}

/// Name, whether it is looked up outside the frame, attributes.
#[derive(Serialize, Deserialize)]
struct RawInput(String, bool, Vec<String>);

#[derive(Serialize, Deserialize)]
pub(super) struct RawDetail {
    pub(super) variables: Vec<(String, Option<RawValue>)>,
    pub(super) inputs: Vec<(String, Option<RawValue>)>,
    pub(super) iterators: Vec<(u32, RawValue)>,
    callee: Option<(RawCallee, String)>,
}

#[derive(Serialize, Deserialize)]
enum RawCallee {
    C,
    Python,
    Class,
    Other,
}

#[derive(Serialize, Deserialize)]
pub(super) struct RawValue {
    type_name: String,
    pub(super) summary: String,
    identity: u64,
    shallow: u64,
    deep: u64,
    number: Option<Bits>,
    /// Name, summary, hash, number.
    pub(super) attributes: Vec<(String, String, u64, Option<Bits>)>,
}

#[derive(Serialize, Deserialize, Clone, PartialEq, Eq, Hash)]
struct RawFrame {
    address: u64,
    code: u32,
    lasti: Option<u32>,
    line: u32,
    identity: u64,
    detail: Option<u32>,
    detail_age: u32,
}

#[derive(Serialize, Deserialize)]
struct RawThread {
    tid: Option<u32>,
    python_id: u64,
    is_main: bool,
    samples: Vec<RawSample>,
    moving_iterators: Vec<String>,
    overdue_seconds: Option<Bits>,
}

#[derive(Serialize, Deserialize)]
struct RawSample {
    monotonic_ns: u64,
    /// Processor time, waiting, switches of its own will, switches against it.
    facts: [u64; 4],
    /// Positions in `frames`.
    stack: Vec<u32>,
    torn: bool,
}

/// Tables of what occurs often, while a profile is written.
#[derive(Default)]
struct Tables<'a> {
    details: Vec<&'a Arc<FrameDetail>>,
    detail_at: HashMap<*const FrameDetail, u32>,
    frames: Vec<RawFrame>,
    frame_at: HashMap<RawFrame, u32>,
}

impl<'a> Tables<'a> {
    fn frame(&mut self, frame: &'a Frame) -> u32 {
        let detail = frame.detail.as_ref().map(|detail| {
            *self.detail_at.entry(Arc::as_ptr(detail)).or_insert_with(|| {
                self.details.push(detail);
                self.details.len() as u32 - 1
            })
        });
        let raw = RawFrame {
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

    fn sample(&mut self, sample: &'a Sample) -> RawSample {
        let ThreadFacts { cpu_ns, wait_ns, voluntary_switches, involuntary_switches } = sample.facts;
        RawSample {
            monotonic_ns: sample.monotonic_ns,
            facts: [cpu_ns, wait_ns, voluntary_switches, involuntary_switches],
            stack: sample.stack.0.iter().map(|frame| self.frame(frame)).collect(),
            torn: sample.torn,
        }
    }
}

impl RawProfile {
    pub(super) fn new(profile: &Profile) -> Self {
        let mut tables = Tables::default();
        let thread = |thread: &'_ ThreadProfile, samples| RawThread {
            tid: thread.tid,
            python_id: thread.python_id,
            is_main: thread.is_main,
            samples,
            moving_iterators: thread.moving_iterators.clone(),
            overdue_seconds: thread.overdue_seconds.map(f64::to_bits),
        };
        let mut threads = Vec::new();
        for one in &profile.threads {
            let samples = one.samples.iter().map(|sample| tables.sample(sample)).collect();
            threads.push(thread(one, samples));
        }
        let SamplingCost { rounds, rounds_missed, retries, torn, reads, busy_ns } = profile.cost;
        Self {
            codes: profile.codes.iter().map(RawCode::new).collect(),
            details: tables.details.iter().map(|detail| RawDetail::new(detail)).collect(),
            frames: tables.frames,
            threads,
            rate_hz: profile.rate_hz.to_bits(),
            cost: [rounds, rounds_missed, retries, torn, reads, busy_ns],
            problems: profile.problems.clone(),
        }
    }

    /// The profile; `None` where an index leads nowhere.
    pub(super) fn check(self) -> Option<Profile> {
        let codes: Vec<Code> = self.codes.into_iter().map(RawCode::into_code).collect();
        let details: Vec<Arc<FrameDetail>> =
            self.details.into_iter().map(|detail| Arc::new(detail.into_detail())).collect();
        let frame = |raw: RawFrame| {
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
        let frames: Vec<Frame> = self.frames.into_iter().map(frame).collect::<Option<_>>()?;
        let threads = self.threads.into_iter().map(|thread| thread.into_thread(&frames)).collect::<Option<_>>()?;
        let [rounds, rounds_missed, retries, torn, reads, busy_ns] = self.cost;
        Some(Profile {
            codes,
            threads,
            rate_hz: f64::from_bits(self.rate_hz),
            cost: SamplingCost { rounds, rounds_missed, retries, torn, reads, busy_ns },
            problems: self.problems,
        })
    }
}

impl RawThread {
    fn into_thread(self, frames: &[Frame]) -> Option<ThreadProfile> {
        let sample = |raw: RawSample| {
            let [cpu_ns, wait_ns, voluntary_switches, involuntary_switches] = raw.facts;
            let stack = raw.stack.iter().map(|at| frames.get(*at as usize).cloned()).collect::<Option<_>>()?;
            Some(Sample {
                monotonic_ns: raw.monotonic_ns,
                facts: ThreadFacts { cpu_ns, wait_ns, voluntary_switches, involuntary_switches },
                stack: Stack(stack),
                torn: raw.torn,
            })
        };
        Some(ThreadProfile {
            tid: self.tid,
            python_id: self.python_id,
            is_main: self.is_main,
            samples: self.samples.into_iter().map(sample).collect::<Option<_>>()?,
            moving_iterators: self.moving_iterators,
            overdue_seconds: self.overdue_seconds.map(f64::from_bits),
        })
    }
}

impl RawCode {
    fn new(code: &Code) -> Self {
        Self {
            address: code.address,
            function: code.function.to_string(),
            file: code.file.to_string(),
            line_first: code.line_first,
            lines: code.lines.runs().to_vec(),
            is_generator: code.is_generator,
            loops: code.loops.iter().map(RawLoop::new).collect(),
            calls: code.calls.clone(),
            returns: RawReturns { inputs: raw_inputs(&code.returns.inputs), is_opaque: code.returns.is_opaque },
            bytecode_bytes: code.bytecode_bytes,
        }
    }

    fn into_code(self) -> Code {
        Code {
            address: self.address,
            function: self.function.into(),
            file: self.file.into(),
            line_first: self.line_first,
            lines: LineTable::new(self.lines),
            is_generator: self.is_generator,
            loops: self.loops.into_iter().map(RawLoop::into_loop).collect(),
            calls: self.calls,
            returns: Returns { inputs: inputs(self.returns.inputs), is_opaque: self.returns.is_opaque },
            bytecode_bytes: self.bytecode_bytes,
        }
    }
}

impl RawLoop {
    fn new(one: &Loop) -> Self {
        Self {
            first: one.first,
            last: one.last,
            line_first: one.line_first,
            line_last: one.line_last,
            by_iterator: one.kind == LoopKind::Iterator,
            exits: one.exits.iter().map(RawExit::new).collect(),
            writes: one.writes.iter().map(|write| (RawInput::new(&write.target), write.from_call)).collect(),
            has_calls: one.has_calls,
        }
    }

    fn into_loop(self) -> Loop {
        let write = |(target, from_call): (RawInput, bool)| Write { target: target.into_input(), from_call };
        Loop {
            first: self.first,
            last: self.last,
            line_first: self.line_first,
            line_last: self.line_last,
            kind: if self.by_iterator { LoopKind::Iterator } else { LoopKind::Condition },
            exits: self.exits.into_iter().map(RawExit::into_exit).collect(),
            writes: self.writes.into_iter().map(write).collect(),
            has_calls: self.has_calls,
        }
    }
}

impl RawExit {
    fn new(exit: &LoopExit) -> Self {
        Self {
            condition: exit.condition,
            inputs: raw_inputs(&exit.inputs),
            guards: raw_inputs(&exit.guards),
            calls: exit.calls.clone(),
            is_opaque: exit.is_opaque,
            by_iterator: exit.by_iterator,
            leaves_when: exit.leaves_when,
        }
    }

    fn into_exit(self) -> LoopExit {
        LoopExit {
            condition: self.condition,
            // An index into `inputs`: one that leads nowhere is none.
            leaves_when: self.leaves_when.filter(|(input, _)| *input < self.inputs.len()),
            inputs: inputs(self.inputs),
            guards: inputs(self.guards),
            calls: self.calls,
            is_opaque: self.is_opaque,
            by_iterator: self.by_iterator,
        }
    }
}

impl RawInput {
    fn new(input: &LoopInput) -> Self {
        let attributes = input.attributes.iter().map(ToString::to_string).collect();
        Self(input.name.to_string(), input.is_global, attributes)
    }

    fn into_input(self) -> LoopInput {
        let attributes = self.2.into_iter().map(Into::into).collect();
        LoopInput { name: self.0.into(), is_global: self.1, attributes }
    }
}

fn raw_inputs(inputs: &[LoopInput]) -> Vec<RawInput> {
    inputs.iter().map(RawInput::new).collect()
}

fn inputs(raw: Vec<RawInput>) -> Vec<LoopInput> {
    raw.into_iter().map(RawInput::into_input).collect()
}

impl RawDetail {
    fn new(detail: &FrameDetail) -> Self {
        let variable = |one: &Variable| (one.name.to_string(), one.value.as_ref().map(RawValue::new));
        let kind = |kind| match kind {
            CalleeKind::C => RawCallee::C,
            CalleeKind::Python => RawCallee::Python,
            CalleeKind::Class => RawCallee::Class,
            CalleeKind::Other => RawCallee::Other,
        };
        Self {
            variables: detail.variables.iter().map(variable).collect(),
            inputs: detail.inputs.iter().map(variable).collect(),
            iterators: detail.iterators.iter().map(|(at, value)| (*at, RawValue::new(value))).collect(),
            callee: detail.callee.as_ref().map(|callee| (kind(callee.kind), callee.name.clone())),
        }
    }

    fn into_detail(self) -> FrameDetail {
        let variable = |(name, value): (String, Option<RawValue>)| Variable {
            name: name.into(),
            value: value.map(RawValue::into_value),
        };
        let kind = |kind| match kind {
            RawCallee::C => CalleeKind::C,
            RawCallee::Python => CalleeKind::Python,
            RawCallee::Class => CalleeKind::Class,
            RawCallee::Other => CalleeKind::Other,
        };
        FrameDetail {
            variables: self.variables.into_iter().map(variable).collect(),
            inputs: self.inputs.into_iter().map(variable).collect(),
            iterators: self.iterators.into_iter().map(|(at, value)| (at, value.into_value())).collect(),
            callee: self.callee.map(|(raw, name)| Callee { kind: kind(raw), name }),
        }
    }
}

impl RawValue {
    fn new(value: &Value) -> Self {
        let attribute =
            |one: &Attribute| (one.name.to_string(), one.summary.clone(), one.hash.0, one.number.map(f64::to_bits));
        Self {
            type_name: value.type_name.to_string(),
            summary: value.summary.clone(),
            identity: value.identity,
            shallow: value.shallow.0,
            deep: value.deep.0,
            number: value.number.map(f64::to_bits),
            attributes: value.attributes.iter().map(attribute).collect(),
        }
    }

    fn into_value(self) -> Value {
        let attribute = |(name, summary, hash, number): (String, String, u64, Option<Bits>)| Attribute {
            name: name.into(),
            summary,
            hash: ValueHash(hash),
            number: number.map(f64::from_bits),
        };
        Value {
            type_name: self.type_name.into(),
            summary: self.summary,
            identity: self.identity,
            shallow: ValueHash(self.shallow),
            deep: ValueHash(self.deep),
            number: self.number.map(f64::from_bits),
            attributes: self.attributes.into_iter().map(attribute).collect(),
        }
    }
}
