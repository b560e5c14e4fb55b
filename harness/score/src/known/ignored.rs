//! Places that a scenario says are known.

use bloathound_scenario::{Ignore, Matcher};
use bloathound_vocabulary::Finding;
use chrono::NaiveDate;

use super::{Sorted, Terms};
use crate::expected::fields_that_differ;

/// Findings held against the places of a scenario. Without a day none of them is over: a recording is judged as it was then.
/// The first entry that fits decides.
#[must_use]
pub fn let_be(ignored: &[Ignore], findings: Vec<Finding>, today: Option<NaiveDate>) -> Sorted {
    let mut sorted = Sorted::default();
    for finding in findings {
        let met = ignored.iter().enumerate().find(|(_, entry)| is_meant(entry, &finding));
        let Some((at, entry)) = met else {
            sorted.findings.push(finding);
            continue;
        };
        sorted.met.push(at);
        let terms = Terms { reason: &entry.reason, until: entry.until, bound: &entry.bound };
        match terms.over(&shown(entry), &finding, today) {
            None => sorted.accepted.push(terms.told(&finding)),
            Some(over) => {
                sorted.over.push(over);
                sorted.findings.push(finding);
            }
        }
    }
    sorted
}

fn is_meant(entry: &Ignore, finding: &Finding) -> bool {
    let seen = serde_json::to_value(finding).unwrap_or_default();
    entry.class.is_none_or(|class| class == finding.class)
        && fields_that_differ(&seen, &entry.place, &Default::default()).is_empty()
}

/// The place in the file's words.
fn shown(entry: &Ignore) -> String {
    let field = |(name, matcher): (&&str, &Matcher)| format!("{name} {matcher}");
    entry.place.iter().map(field).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use bloathound_scenario::Scalar;
    use bloathound_vocabulary::FindingClass;

    use super::*;
    use crate::samples;

    #[test]
    fn a_place_is_let_be_until_its_day_and_up_to_its_bound() {
        let found = samples::leak_finding();
        let attribute = found.location.attribute.clone().unwrap();
        let place = |name: &str| BTreeMap::from([("attribute", Matcher::Exact(Scalar::Text(name.to_owned())))]);
        let entry = Ignore {
            class: None,
            place: place(&attribute),
            reason: "known".into(),
            until: Some("2027-01-31".parse().unwrap()),
            bound: BTreeMap::new(),
        };
        let held = |entry: &Ignore, day: &str| {
            let sorted = let_be(std::slice::from_ref(entry), vec![found.clone()], Some(day.parse().unwrap()));
            (sorted.findings.len(), sorted.accepted.len(), sorted.over.len())
        };
        assert_eq!(held(&entry, "2027-01-31"), (0, 1, 0));
        assert_eq!(held(&entry, "2027-02-01"), (1, 0, 1));
        // Of another class, or elsewhere.
        let other = Ignore { class: Some(FindingClass::Cycle), ..entry.clone() };
        assert_eq!(held(&other, "2027-01-01"), (1, 0, 0));
        let other = Ignore { place: place("elsewhere"), ..entry.clone() };
        assert_eq!(held(&other, "2027-01-01"), (1, 0, 0));
        // A bound that is passed makes it a finding again, and one that isn't does not.
        let evidence = serde_json::to_value(&found).unwrap()["evidence"]["retained_bytes"].as_f64().unwrap();
        for (most, expected) in [(evidence, (0, 1, 0)), (evidence - 1.0, (1, 0, 1))] {
            let bound = BTreeMap::from([("retained_bytes".to_owned(), most)]);
            assert_eq!(held(&Ignore { bound, ..entry.clone() }, "2027-01-01"), expected);
        }
        // A recording knows no day.
        assert_eq!(let_be(std::slice::from_ref(&entry), vec![found.clone()], None).accepted.len(), 1);
    }
}
