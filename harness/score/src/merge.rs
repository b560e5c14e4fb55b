//! Results of several parts joined to one.

use std::collections::{BTreeMap, BTreeSet};

use bloathound_vocabulary::{HostRecord, RunRecord, RunResults, RunSource, SCHEMA_VERSION, name_under};

use crate::error::ScoreError;
use crate::scores::results;

/// Joined results and what is odd about them.
#[derive(Clone, PartialEq, Debug)]
pub struct Merged {
    /// All runs, the scores computed anew.
    pub results: RunResults,
    /// What is worth knowing and no error.
    pub warnings: Vec<String>,
}

/// Reads results back.
///
/// # Errors
/// When it is not JSON of the right shape, or of another schema version.
pub fn read_results(name: &str, json: &str) -> Result<RunResults, ScoreError> {
    #[derive(serde::Deserialize)]
    struct Version {
        schema_version: u32,
    }
    let not_results = |source| ScoreError::NotResults { name: name.to_owned(), source };
    // The version first: the rest of another version may not have our shape.
    let version: Version = serde_json::from_str(json).map_err(not_results)?;
    if version.schema_version != SCHEMA_VERSION {
        return Err(ScoreError::SchemaVersion {
            name: name.to_owned(),
            found: version.schema_version,
            readable: SCHEMA_VERSION,
        });
    }
    serde_json::from_str(json).map_err(not_results)
}

/// Joins the results of partitions; the order of the files doesn't matter.
///
/// # Errors
/// No file, files of two versions of the tool, a run that is there twice, a part that is missing, or no run at all: a
/// suite that was not made must not look like one that passed.
pub fn merge(files: Vec<(String, RunResults)>) -> Result<Merged, ScoreError> {
    let Some((first, base)) = files.first() else {
        return Err(ScoreError::Nothing);
    };
    if let Some((second, other)) = files.iter().find(|(_, other)| other.tool != base.tool) {
        return Err(ScoreError::ToolsDiffer {
            first: first.clone(),
            first_tool: base.tool.display(),
            second: second.clone(),
            second_tool: other.tool.display(),
        });
    }
    if let Some((second, _)) = files.iter().find(|(_, other)| other.rules != base.rules) {
        return Err(ScoreError::RulesDiffer { first: first.clone(), second: second.clone() });
    }
    refuse_duplicates(&files)?;
    let missing = missing_parts(&files);
    if !missing.is_empty() {
        return Err(ScoreError::MissingParts(missing));
    }
    if files.iter().all(|(_, results)| results.runs.is_empty()) {
        return Err(ScoreError::NoRuns);
    }
    let warnings = odd_parts(&files).into_iter().chain(recorded_runs(&files)).collect();
    let (tool, rules) = (base.tool.clone(), base.rules.clone());
    let host = join_hosts(&files);
    let cut = files.iter().filter_map(|(name, part)| Some(format!("{name}: {}", part.partial.as_ref()?.why)));
    let cut: Vec<String> = cut.collect();
    let runs: Vec<RunRecord> = files.into_iter().flat_map(|(_, results)| results.runs).collect();
    let mut results = results(tool, host, None, runs);
    results.rules = rules;
    results.partial = (!cut.is_empty()).then(|| cut.join("; ").into());
    Ok(Merged { results, warnings })
}

fn refuse_duplicates(files: &[(String, RunResults)]) -> Result<(), ScoreError> {
    let mut places: BTreeMap<_, Vec<&str>> = BTreeMap::new();
    for (name, results) in files {
        for run in &results.runs {
            places.entry(run.key()).or_default().push(name);
        }
    }
    let twice: Vec<String> = places
        .into_iter()
        .filter(|(_, names)| names.len() > 1)
        .map(|((scenario, variant, seed, series, traffic), names)| {
            let (places, name) = (names.join(" and "), name_under(scenario, series, traffic));
            format!("{name}, {} (seed {seed}) in {places}", variant.as_str())
        })
        .collect();
    if twice.is_empty() { Ok(()) } else { Err(ScoreError::Duplicates(twice)) }
}

/// Parts of one run complete one another; those of another number of parts, or of other scenarios, variants or seeds, don't.
fn missing_parts(files: &[(String, RunResults)]) -> Vec<String> {
    /// More missing parts than this are told as a number.
    const NAMED_MAX: usize = 8;
    let mut present: BTreeMap<(u32, Option<u32>), BTreeSet<u32>> = BTreeMap::new();
    for part in files.iter().filter_map(|(_, results)| results.partition) {
        present.entry((part.of, part.plan)).or_default().insert(part.part);
    }
    let mut warnings = Vec::new();
    for ((of, plan), parts) in &present {
        let missing: Vec<String> = (1..=*of)
            .filter(|part| !parts.contains(part))
            .take(NAMED_MAX + 1)
            .map(|part| format!("{part}/{of}"))
            .collect();
        let twins = present.keys().filter(|(number, other)| number == of && other != plan).count();
        let of_another = if twins > 0 { " (the one there is of other scenarios, variants or seeds)" } else { "" };
        if missing.len() > NAMED_MAX {
            let count = (*of as usize).saturating_sub(parts.len());
            warnings.push(format!("{count} parts of {of} are missing{of_another}"));
        } else if !missing.is_empty() {
            warnings.push(format!("missing: part {}{of_another}", missing.join(", ")));
        }
    }
    warnings
}

fn odd_parts(files: &[(String, RunResults)]) -> Vec<String> {
    let sizes: BTreeSet<u32> = files.iter().filter_map(|(_, results)| results.partition).map(|part| part.of).collect();
    let sizes: Vec<String> = sizes.iter().map(u32::to_string).collect();
    let odd = || format!("parts of different partitions are joined: of {}", sizes.join(", of "));
    (sizes.len() > 1).then(odd).into_iter().collect()
}

/// Runs that were not made anew: they must not be taken for a suite that ran.
fn recorded_runs(files: &[(String, RunResults)]) -> Option<String> {
    let all = || files.iter().flat_map(|(_, results)| &results.runs);
    let recorded = all().filter(|run| run.source == RunSource::Recorded).count();
    let of = all().count();
    (recorded > 0).then(|| format!("{recorded} of {of} runs are recorded, not live: they enter no score"))
}

fn join_hosts(files: &[(String, RunResults)]) -> HostRecord {
    let mut hosts: Vec<HostRecord> = Vec::new();
    for (_, results) in files {
        let parts =
            if results.host.parts.is_empty() { std::slice::from_ref(&results.host) } else { &results.host.parts };
        for host in parts {
            if !hosts.contains(host) {
                hosts.push(host.clone());
            }
        }
    }
    if hosts.len() == 1 {
        return hosts.swap_remove(0);
    }
    // The order of the files must not show.
    hosts.sort_by_key(|host| format!("{host:?}"));
    let mut joined = hosts.first().cloned().unwrap_or_default();
    for host in &hosts {
        keep_equal(&mut joined.os, &host.os);
        keep_equal(&mut joined.kernel, &host.kernel);
        keep_equal(&mut joined.architecture, &host.architecture);
        keep_equal(&mut joined.cpus, &host.cpus);
        keep_equal(&mut joined.memory_bytes, &host.memory_bytes);
        keep_equal(&mut joined.python, &host.python);
    }
    joined.parts = hosts;
    joined
}

fn keep_equal<T: PartialEq>(joined: &mut Option<T>, other: &Option<T>) {
    if joined != other {
        *joined = None;
    }
}

#[cfg(test)]
mod tests {
    use bloathound_vocabulary::PartitionRecord;
    use bloathound_vocabulary::json::to_json;

    use super::*;
    use crate::samples;

    fn part(number: u32, runs: Vec<RunRecord>) -> (String, RunResults) {
        let mut results = samples::results(runs);
        results.partition = Some(PartitionRecord { part: number, of: 2, plan: Some(7) });
        (format!("part{number}.json"), results)
    }

    #[test]
    fn joined_parts_are_the_whole_run_in_any_order() {
        let one = part(1, vec![samples::run_pass(), samples::run_false_alarm()]);
        let two = part(2, vec![samples::run_cycle()]);
        let whole = samples::results(vec![samples::run_cycle(), samples::run_pass(), samples::run_false_alarm()]);
        for files in [vec![one.clone(), two.clone()], vec![two, one]] {
            let merged = merge(files).unwrap();
            assert_eq!(to_json(&merged.results).unwrap(), to_json(&whole).unwrap());
            assert!(merged.warnings.is_empty(), "{:?}", merged.warnings);
        }
    }

    #[test]
    fn recorded_runs_enter_no_score_and_are_told() {
        let mut recorded = samples::run_cycle();
        recorded.source = RunSource::Recorded;
        let merged = merge(vec![part(1, vec![samples::run_pass()]), part(2, vec![recorded])]).unwrap();
        assert_eq!(merged.warnings, ["1 of 2 runs are recorded, not live: they enter no score"]);
        let live = samples::results(vec![samples::run_pass()]);
        assert_eq!((merged.results.scores, merged.results.dose), (live.scores, live.dose));
    }

    #[test]
    fn a_run_that_is_there_twice_is_refused_by_name() {
        let error = merge(vec![part(1, vec![samples::run_pass()]), part(2, vec![samples::run_pass()])]).unwrap_err();
        assert_eq!(error.to_string(), "runs that are there twice: leak, buggy (seed 1) in part1.json and part2.json");
    }

    #[test]
    fn a_missing_part_is_an_error_that_names_it() {
        let error = merge(vec![part(2, vec![samples::run_pass()])]).unwrap_err();
        assert!(error.to_string().starts_with("missing: part 1/2;"), "{error}");
        let mut huge = part(1, vec![samples::run_pass()]);
        huge.1.partition = Some(PartitionRecord { part: 1, of: u32::MAX, plan: None });
        let error = merge(vec![huge]).unwrap_err();
        assert!(error.to_string().starts_with("4294967294 parts of 4294967295 are missing;"), "{error}");
    }

    #[test]
    fn a_part_of_another_run_completes_nothing() {
        let mut other = part(2, vec![samples::run_cycle()]);
        other.1.partition = Some(PartitionRecord { part: 2, of: 2, plan: Some(8) });
        let error = merge(vec![part(1, vec![samples::run_pass()]), other]).unwrap_err().to_string();
        assert!(error.contains("missing: part 2/2 (") && error.contains("missing: part 1/2 ("), "{error}");
        assert!(error.contains("other scenarios, variants or seeds"), "{error}");
    }

    #[test]
    fn a_part_without_a_run_is_whole_and_no_run_at_all_is_an_error() {
        let merged = merge(vec![part(1, vec![samples::run_pass()]), part(2, vec![])]).unwrap();
        assert_eq!((merged.results.runs.len(), merged.warnings.len()), (1, 0));
        let error = merge(vec![part(1, vec![]), part(2, vec![])]).unwrap_err();
        assert!(error.to_string().contains("no run in any of the files"), "{error}");
    }

    #[test]
    fn two_versions_of_the_tool_are_refused() {
        let mut other = part(2, vec![]);
        other.1.tool.version = "9.9.9".to_owned();
        let error = merge(vec![part(1, vec![]), other]).unwrap_err();
        assert!(error.to_string().contains("bloathound 9.9.9"), "{error}");
    }

    #[test]
    fn different_hosts_keep_what_they_share() {
        let mut other = part(2, vec![]);
        other.1.host.cpus = Some(64);
        let merged = merge(vec![part(1, vec![samples::run_pass()]), other]).unwrap();
        assert_eq!(merged.results.host.cpus, None);
        assert_eq!(merged.results.host.os.as_deref(), Some("linux"));
        assert_eq!(merged.results.host.parts.len(), 2);
    }

    #[test]
    fn results_are_read_back_as_they_were_written() {
        let written = samples::results(vec![
            samples::run_pass(),
            samples::run_cycle(),
            samples::run_fragmentation(),
            samples::run_hot_loop(),
            samples::run_invalid(),
            samples::run_error(),
        ]);
        let json = to_json(&written).unwrap();
        let read = read_results("x.json", &json).unwrap();
        // Labels come back as their texts, which is all that a document says of them.
        assert_eq!(to_json(&read).unwrap(), json);
        assert_eq!(read_results("x.json", &to_json(&read).unwrap()).unwrap(), read);
    }

    #[test]
    fn what_is_no_results_is_refused_with_its_name() {
        for (json, expected) in [
            ("", "x.json: not results"),
            ("{\"schema_version\": 1}", "x.json: schema version 1"),
            (&format!("{{\"schema_version\": {SCHEMA_VERSION}}}"), "missing field `tool`"),
        ] {
            let error = read_results("x.json", json).unwrap_err();
            assert!(error.to_string().contains(expected), "{error}");
        }
        let json = to_json(&samples::results(vec![samples::run_pass()])).unwrap();
        let broken = json.replace("\"objects_per_request\"", "\"objects\"");
        let error = read_results("x.json", &broken).unwrap_err();
        assert!(error.to_string().contains("evidence of a leak: missing field `objects_per_request`"), "{error}");
    }
}
