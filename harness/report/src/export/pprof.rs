//! Samples as pprof reads them: <https://github.com/google/pprof/blob/main/proto/profile.proto>, compressed by gzip.

use std::collections::BTreeMap;
use std::io::Write;

use bloathound_profile::{CodeId, Profile};
use flate2::Compression;
use flate2::write::GzEncoder;
use prost::Message;

use crate::ReportError;

/// `perftools.profiles.Profile`, the fields that are written.
#[derive(Clone, PartialEq, Message)]
struct File {
    #[prost(message, repeated, tag = "1")]
    sample_type: Vec<ValueType>,
    #[prost(message, repeated, tag = "2")]
    sample: Vec<SampleOf>,
    #[prost(message, repeated, tag = "4")]
    location: Vec<LocationOf>,
    #[prost(message, repeated, tag = "5")]
    function: Vec<FunctionOf>,
    #[prost(string, repeated, tag = "6")]
    string_table: Vec<String>,
    #[prost(int64, tag = "10")]
    duration_nanos: i64,
    #[prost(message, optional, tag = "11")]
    period_type: Option<ValueType>,
    #[prost(int64, tag = "12")]
    period: i64,
    #[prost(int64, tag = "14")]
    default_sample_type: i64,
}

#[derive(Clone, Copy, PartialEq, Message)]
struct ValueType {
    #[prost(int64, tag = "1")]
    kind: i64,
    #[prost(int64, tag = "2")]
    unit: i64,
}

#[derive(Clone, PartialEq, Message)]
struct SampleOf {
    #[prost(uint64, repeated, tag = "1")]
    location_id: Vec<u64>,
    #[prost(int64, repeated, tag = "2")]
    value: Vec<i64>,
    #[prost(message, repeated, tag = "3")]
    label: Vec<LabelOf>,
}

#[derive(Clone, Copy, PartialEq, Message)]
struct LabelOf {
    #[prost(int64, tag = "1")]
    key: i64,
    #[prost(int64, tag = "2")]
    text: i64,
    #[prost(int64, tag = "3")]
    number: i64,
}

#[derive(Clone, PartialEq, Message)]
struct LocationOf {
    #[prost(uint64, tag = "1")]
    id: u64,
    #[prost(message, repeated, tag = "4")]
    line: Vec<LineOf>,
}

#[derive(Clone, Copy, PartialEq, Message)]
struct LineOf {
    #[prost(uint64, tag = "1")]
    function_id: u64,
    #[prost(int64, tag = "2")]
    line: i64,
}

#[derive(Clone, Copy, PartialEq, Message)]
struct FunctionOf {
    #[prost(uint64, tag = "1")]
    id: u64,
    #[prost(int64, tag = "2")]
    name: i64,
    #[prost(int64, tag = "3")]
    system_name: i64,
    #[prost(int64, tag = "4")]
    filename: i64,
    #[prost(int64, tag = "5")]
    start_line: i64,
}

/// Nanoseconds from one sample to the next, as they were asked for.
pub(super) fn period_ns(profile: &Profile) -> u64 {
    if profile.rate_hz.is_finite() && profile.rate_hz > 0.0 { (1e9 / profile.rate_hz) as u64 } else { 0 }
}

/// All threads in one profile, each sample with its thread's id as the label `thread`.
///
/// # Errors
/// [`ReportError`] when it can't be compressed.
pub fn pprof(profile: &Profile) -> Result<Vec<u8>, ReportError> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(&Builder::of(profile).encode_to_vec())?;
    Ok(encoder.finish()?)
}

#[derive(Default)]
struct Builder {
    file: File,
    strings: BTreeMap<String, i64>,
    functions: BTreeMap<u32, u64>,
    locations: BTreeMap<(u32, u32), u64>,
}

impl Builder {
    fn of(profile: &Profile) -> File {
        let mut builder = Self::default();
        // The first string has to be the empty one.
        builder.string("");
        let [samples, count, wall, nanoseconds, thread] =
            ["samples", "count", "wall", "nanoseconds", "thread"].map(|text| builder.string(text));
        let wall = ValueType { kind: wall, unit: nanoseconds };
        builder.file.sample_type = vec![ValueType { kind: samples, unit: count }, wall];
        builder.file.default_sample_type = wall.kind;
        builder.file.period_type = Some(wall);
        builder.file.period = period_ns(profile) as i64;
        for of_thread in &profile.threads {
            let number = of_thread.tid.map_or(of_thread.python_id as i64, i64::from);
            builder.thread(profile, &of_thread.samples, LabelOf { key: thread, text: 0, number });
        }
        builder.file
    }

    fn thread(&mut self, profile: &Profile, samples: &[bloathound_profile::Sample], label: LabelOf) {
        let mut counts: BTreeMap<Vec<(u32, u32)>, i64> = BTreeMap::new();
        for sample in samples.iter().filter(|sample| !sample.torn) {
            let stack = sample.stack.0.iter().rev().map(|frame| (frame.code.0, frame.line)).collect();
            *counts.entry(stack).or_default() += 1;
        }
        if let (Some(first), Some(last)) = (samples.first(), samples.last()) {
            let taken = last.monotonic_ns.saturating_sub(first.monotonic_ns) as i64;
            self.file.duration_nanos = self.file.duration_nanos.max(taken);
        }
        for (stack, count) in counts {
            let location_id = stack.into_iter().map(|(code, line)| self.location(profile, code, line)).collect();
            let value = vec![count, count.saturating_mul(self.file.period)];
            self.file.sample.push(SampleOf { location_id, value, label: vec![label] });
        }
    }

    fn string(&mut self, text: &str) -> i64 {
        if let Some(number) = self.strings.get(text) {
            return *number;
        }
        let number = self.file.string_table.len() as i64;
        self.file.string_table.push(text.to_owned());
        self.strings.insert(text.to_owned(), number);
        number
    }

    fn location(&mut self, profile: &Profile, code: u32, line: u32) -> u64 {
        if let Some(id) = self.locations.get(&(code, line)) {
            return *id;
        }
        let function_id = self.function(profile, code);
        let id = self.file.location.len() as u64 + 1;
        self.file.location.push(LocationOf { id, line: vec![LineOf { function_id, line: i64::from(line) }] });
        self.locations.insert((code, line), id);
        id
    }

    fn function(&mut self, profile: &Profile, number: u32) -> u64 {
        if let Some(id) = self.functions.get(&number) {
            return *id;
        }
        let code = profile.code(CodeId(number));
        let name = self.string(&crate::sanitize::line(code.map_or("?", |code| &code.function)));
        let filename = self.string(&crate::sanitize::line(code.map_or("?", |code| &code.file)));
        let start_line = code.map_or(0, |code| i64::from(code.line_first));
        let id = self.file.function.len() as u64 + 1;
        self.file.function.push(FunctionOf { id, name, system_name: name, filename, start_line });
        self.functions.insert(number, id);
        id
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples;

    #[test]
    fn stacks_are_innermost_first_and_weigh_as_often_as_seen() {
        let file = Builder::of(&samples::profile());
        let name = |location: u64| {
            let of = &file.location[location as usize - 1];
            file.string_table[file.function[of.line[0].function_id as usize - 1].name as usize].clone()
        };
        let most = file.sample.iter().max_by_key(|sample| sample.value[0]).unwrap();
        assert_eq!(most.value, [2, 20_000_000]);
        assert_eq!(most.location_id.iter().map(|id| name(*id)).collect::<Vec<_>>(), ["work", "main"]);
        assert_eq!(file.string_table[0], "");
        assert_eq!(file.sample.iter().map(|sample| sample.value[0]).sum::<i64>(), 4);
    }

    #[test]
    fn it_is_compressed_by_gzip() {
        assert_eq!(pprof(&samples::profile()).unwrap()[..2], [0x1f, 0x8b]);
    }
}
