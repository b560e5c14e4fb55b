//! Findings that somebody has looked at and lets be: a file of them, with why and until when.
//!
//! An old service can be gated today, and fails on what is new. What is accepted is told all the same, and counts again when
//! its time is over.

use std::collections::BTreeMap;

use bloathound_vocabulary::{Finding, FindingClass};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::{Sorted, Terms};
use crate::error::ScoreError;

/// Of fingerprints: with another their parts mean another thing, and old files are refused instead of matching nothing.
const VERSION: u32 = 1;

/// A file of accepted findings.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Accepted {
    /// See [`VERSION`].
    version: u32,
    /// Each of them.
    accepted: Vec<Entry>,
}

/// One of them.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    /// What it is known by: free of addresses, lines and counts.
    fingerprint: String,
    /// Where it is, for people.
    #[serde(default)]
    place: String,
    /// Why it is let be.
    reason: String,
    /// The last day on which it is: `2027-01-31`. Without one, for ever.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    until: Option<NaiveDate>,
    /// Evidence by name, and the most that it may be: past it the finding counts again.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    bound: BTreeMap<String, f64>,
}

impl Accepted {
    /// Reads a file.
    ///
    /// # Errors
    /// [`ScoreError::Accepted`] with the place in the file; a version that is not ours.
    pub fn read(name: &str, yaml: &str) -> Result<Self, ScoreError> {
        let wrong = |why: String| ScoreError::Accepted { name: name.to_owned(), why };
        let file: Self = serde_yaml::from_str(yaml).map_err(|error| wrong(error.to_string()))?;
        if file.version != VERSION {
            let found = file.version;
            return Err(wrong(format!("fingerprints of version {found}, not {VERSION}: accept the findings anew")));
        }
        Ok(file)
    }

    /// These findings, all accepted. `place` says where one is.
    #[must_use]
    pub fn of<'a>(findings: impl Iterator<Item = &'a Finding>, place: impl Fn(&Finding) -> String) -> Self {
        let entry = |finding: &Finding| Entry {
            fingerprint: finding.fingerprint.clone(),
            place: place(finding),
            reason: "not looked at yet".to_owned(),
            until: None,
            bound: BTreeMap::new(),
        };
        let mut accepted: Vec<Entry> = findings.map(entry).collect();
        accepted.sort_by(|one, other| one.fingerprint.cmp(&other.fingerprint));
        accepted.dedup_by(|one, other| one.fingerprint == other.fingerprint);
        Self { version: VERSION, accepted }
    }

    /// As a file has them, with a head that says what it is.
    ///
    /// # Errors
    /// None that is known of: the writer has to be able to say so.
    pub fn to_yaml(&self) -> Result<String, ScoreError> {
        let text = serde_yaml::to_string(self).map_err(|error| ScoreError::Accepted {
            name: "the accepted findings".to_owned(),
            why: error.to_string(),
        })?;
        Ok(format!(
            "# Findings that fail no check any more: `bloathound check --baseline FILE`. Write the reason in place of each, and\n\
             # `until: 2027-01-31` where it is let be for a time only. Written by `bloathound check --accept FILE`.\n{text}"
        ))
    }

    /// Findings held against these entries.
    #[must_use]
    pub fn sort(&self, findings: Vec<Finding>, today: NaiveDate) -> Sorted {
        let mut sorted = Sorted::default();
        for finding in findings {
            let met = self.accepted.iter().position(|entry| same(&entry.fingerprint, &finding.fingerprint));
            let Some((at, entry)) = met.and_then(|at| Some((at, self.accepted.get(at)?))) else {
                sorted.findings.push(finding);
                continue;
            };
            sorted.met.push(at);
            let terms = Terms { reason: &entry.reason, until: entry.until, bound: &entry.bound };
            match terms.over(shown(entry), &finding, Some(today)) {
                None => sorted.accepted.push(terms.told(&finding)),
                Some(over) => {
                    sorted.over.push(over);
                    sorted.findings.push(finding);
                }
            }
        }
        sorted
    }

    /// Entries that were never met, each in a sentence.
    #[must_use]
    pub fn unmet(&self, met: &[usize]) -> Vec<String> {
        let rest = self.accepted.iter().enumerate().filter(|(at, _)| !met.contains(at));
        rest.map(|(_, entry)| format!("{} was accepted and not found this time", shown(entry))).collect()
    }
}

fn shown(entry: &Entry) -> &str {
    if entry.place.is_empty() { &entry.fingerprint } else { &entry.place }
}

/// Whether two are of the same bug: how sure one is that a place grows for ever is no part of which place it is.
fn same(one: &str, other: &str) -> bool {
    let growth = [FindingClass::Leak, FindingClass::Growth];
    let place = |text: &str| {
        let (class, place) = text.split_once(':')?;
        growth.iter().any(|known| known.as_str() == class).then(|| place.to_owned())
    };
    one == other || place(one).is_some_and(|of_one| Some(of_one) == place(other))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples;

    fn finding(fingerprint: &str) -> Finding {
        Finding { fingerprint: fingerprint.into(), summary: "It grows.".into(), ..samples::leak_finding() }
    }

    #[test]
    fn what_is_accepted_is_told_and_fails_nothing_until_its_day() {
        let found = || vec![finding("leak:a>b:dict"), finding("leak:a>c:dict")];
        let all = Accepted::of(found().iter(), |_| "a.b".into());
        let mut file = Accepted::read("f", &all.to_yaml().unwrap()).unwrap();
        assert_eq!(file, all);
        file.accepted.truncate(1);
        let day = |text: &str| text.parse().unwrap();
        file.accepted[0].until = Some(day("2027-01-31"));
        let sorted = file.sort(found(), day("2027-01-31"));
        assert_eq!((sorted.findings.len(), sorted.accepted.len(), sorted.over.len()), (1, 1, 0));
        assert!(sorted.accepted[0].summary.contains("until 2027-01-31 (not looked at yet): It grows."));
        let sorted = file.sort(found(), day("2027-02-01"));
        assert_eq!((sorted.findings.len(), sorted.accepted.len(), sorted.over.len()), (2, 0, 1));
        // The same place, less sure.
        assert_eq!(file.sort(vec![finding("growth:a>b:dict")], day("2027-01-01")).accepted.len(), 1);
        assert_eq!(file.unmet(&[]).len(), 1);
        assert!(file.unmet(&[0]).is_empty());
    }

    #[test]
    fn a_file_that_says_what_is_not_meant_is_refused() {
        let entry = "accepted: [{fingerprint: 'leak:a', reason: r, until: UNTIL}]";
        for (yaml, why) in [
            ("version: 2\naccepted: []".to_owned(), "version 2"),
            ("version: 1\naccepted: []\nextra: 1".to_owned(), "extra"),
            (format!("version: 1\n{}", entry.replace("UNTIL", "soon")), "until"),
            (format!("version: 1\n{}", entry.replace("UNTIL", "2027-02-30")), "until"),
        ] {
            let error = Accepted::read("f", &yaml).unwrap_err().to_string();
            assert!(error.contains(why), "{error}");
        }
    }
}
