//! Samples as speedscope reads them: <https://www.speedscope.app/file-format-schema.json>.

use std::collections::BTreeMap;

use bloathound_profile::{Profile, ThreadProfile};
use bloathound_vocabulary::json::to_json;
use serde_json::{Value, json};

use crate::ReportError;

/// What a sample without a frame shows.
const NO_PYTHON: &str = "[no Python]";

/// All threads, each a profile of its own, the busiest one shown first. `name` is the target's.
///
/// # Errors
/// [`ReportError`] when it can't be written as JSON.
pub fn speedscope(profile: &Profile, name: &str, exporter: &str) -> Result<String, ReportError> {
    let mut frames = Frames::default();
    let profiles: Vec<Value> = profile.threads.iter().map(|thread| of_thread(profile, thread, &mut frames)).collect();
    let busiest = (0..profile.threads.len()).max_by_key(|index| {
        let samples = &profile.threads[*index].samples;
        let cpu = samples.first().zip(samples.last());
        (cpu.map_or(0, |(first, last)| last.facts.cpu_ns.saturating_sub(first.facts.cpu_ns)), std::cmp::Reverse(*index))
    });
    Ok(to_json(&json!({
        "$schema": "https://www.speedscope.app/file-format-schema.json",
        "shared": { "frames": frames.all },
        "profiles": profiles,
        "name": name,
        "activeProfileIndex": busiest.unwrap_or(0),
        "exporter": exporter,
    }))?)
}

/// Each frame once: a function at a line.
#[derive(Default)]
struct Frames {
    all: Vec<Value>,
    known: BTreeMap<Option<(u32, u32)>, usize>,
}

impl Frames {
    fn number(&mut self, profile: &Profile, frame: Option<(u32, u32)>) -> usize {
        let all = &mut self.all;
        *self.known.entry(frame).or_insert_with(|| {
            let code = frame.and_then(|(code, _)| profile.code(bloathound_profile::CodeId(code)));
            all.push(match (frame, code) {
                (Some((_, line)), Some(code)) => json!({ "name": &*code.function, "file": &*code.file, "line": line }),
                (Some(_), None) => json!({ "name": "?" }),
                (None, _) => json!({ "name": NO_PYTHON }),
            });
            all.len() - 1
        })
    }
}

fn of_thread(profile: &Profile, thread: &ThreadProfile, frames: &mut Frames) -> Value {
    let whole: Vec<_> = thread.samples.iter().filter(|sample| !sample.torn).collect();
    let mut samples = Vec::with_capacity(whole.len());
    let mut weights = Vec::with_capacity(whole.len());
    for (index, sample) in whole.iter().enumerate() {
        let mut stack: Vec<usize> =
            sample.stack.0.iter().map(|frame| frames.number(profile, Some((frame.code.0, frame.line)))).collect();
        if stack.is_empty() {
            stack.push(frames.number(profile, None));
        }
        samples.push(stack);
        // A sample stands for the time until the next; the last one for as long as they are apart.
        let until = whole.get(index + 1).map(|next| next.monotonic_ns.saturating_sub(sample.monotonic_ns));
        weights.push(until.unwrap_or_else(|| super::pprof::period_ns(profile)));
    }
    let end = weights.iter().fold(0, |sum: u64, weight| sum.saturating_add(*weight));
    let id = thread.tid.map_or_else(|| format!("{:#x}", thread.python_id), |tid| tid.to_string());
    let main = if thread.is_main { " (main)" } else { "" };
    json!({
        "type": "sampled", "name": format!("thread {id}{main}"), "unit": "nanoseconds",
        "startValue": 0, "endValue": end, "samples": samples, "weights": weights,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples;

    #[test]
    fn each_sample_weighs_until_the_next() {
        let text = speedscope(&samples::profile(), "process 1", "bloathound").unwrap();
        let file: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(file["profiles"][0]["weights"], json!([10_000_000, 10_000_000, 10_000_000, 10_000_000]));
        assert_eq!(file["profiles"][0]["endValue"], 40_000_000);
        let stack = file["profiles"][0]["samples"][3].as_array().unwrap();
        let names: Vec<&Value> =
            stack.iter().map(|frame| &file["shared"]["frames"][frame.as_u64().unwrap() as usize]["name"]).collect();
        assert_eq!(names, ["main", "rest"]);
    }
}
