//! Every field is told, and told in words that are declared.

use super::*;
use crate::{samples, snapshot};
use bloathound_scenario::{Matcher, lookup};
use bloathound_vocabulary::{FindingClass, evidence};

evidence! {
    /// Evidence of a class that is only here.
    NewEvidence {
        /// Declared here, and nowhere else.
        brand_new_bytes: u64 = Bytes, Exactly, "brand new";
        /// Not told to people.
        thread: Option<u32> = Word, Roughly, "";
    }
}

#[test]
fn a_new_field_of_evidence_is_declared_once_and_shows_everywhere() {
    let evidence = NewEvidence { brand_new_bytes: 2048, thread: Some(7) };
    let json = serde_json::to_value(&evidence).unwrap();
    assert_eq!(json, serde_json::json!({ "brand_new_bytes": 2048, "thread": 7 }));
    let rows = rows(&evidence.figures(), Sentences::default());
    assert_eq!(rows, [("brand new", "2.00 KiB".to_owned())]);
    let page = crate::html::facts_of(&rows);
    assert!(page.contains("<dt>brand new</dt><dd>2.00 KiB</dd>"), "{page}");
    assert_eq!(snapshot::exact_names(&evidence.figures()), ["brand_new_bytes"]);
    // What an expectation may name is the same table, and what it wants is looked up in the same document.
    let mut classes = bloathound_scenario::evidence::classes();
    classes.push(("brand-new", NewEvidence::FIELDS));
    let refused = |class, name| bloathound_scenario::evidence::refused(class, name, &classes);
    assert!(refused("brand-new", "brand_new_bytes").is_none() && refused("brand-new", "thread").is_none());
    let slip = format!("{:?}", refused("brand-new", "brand_new_byte"));
    assert!(slip.contains("brand_new_bytes"), "{slip}");
    let elsewhere = format!("{:?}", refused("leak", "brand_new_bytes"));
    assert!(elsewhere.contains("evidence of a brand-new and not of a leak"), "{elsewhere}");
    let matcher: Matcher = serde_json::from_value(serde_json::json!({ "min": 2000, "max": 3000 })).unwrap();
    assert!(lookup(&json, "brand_new_bytes").is_some_and(|seen| matcher.matches(seen)));
}

#[test]
fn a_cycle_is_titled_by_a_reference_that_exists() {
    let mut finding = samples::one_of_each_class().into_iter().find(|one| one.class == FindingClass::Cycle).unwrap();
    let Evidence::Cycle(cycle) = &mut finding.evidence else { panic!("no cycle") };
    cycle.closing_reference = "Handler.conn".to_owned();
    // The class has the finalizer, the attribute closes the cycle: `Conn` has no `conn`.
    finding.location.class = Some("Conn".to_owned());
    finding.location.attribute = Some("conn".to_owned());
    let said = sentence(&finding);
    assert!(said.contains("Handler.conn") && !said.contains("Conn.conn"), "{said}");
}

#[test]
fn every_field_of_every_class_stands_in_json_and_is_told_or_declared_untold() {
    let findings = samples::one_of_each_class();
    for finding in &findings {
        let json = serde_json::to_value(&finding.evidence).unwrap();
        let mut in_json: Vec<&str> = json.as_object().unwrap().keys().map(String::as_str).collect();
        let mut declared: Vec<&str> = finding.class.evidence().iter().map(|field| field.name).collect();
        in_json.sort_unstable();
        declared.sort_unstable();
        assert_eq!(in_json, declared);
        let rows = evidence(finding);
        for (field, figure) in finding.evidence.figures() {
            let told = rows.iter().any(|(row, _)| *row == said(field.row));
            let is_nothing = matches!(figure, Figure::Nothing | Figure::Texts([]));
            assert!(told || field.row.is_empty() || is_nothing, "{}", field.name);
        }
    }
    let classes: Vec<FindingClass> = findings.iter().map(|finding| finding.class).collect();
    assert_eq!(classes, FindingClass::ALL);
}

#[test]
fn every_sentence_stands_in_a_row_that_some_field_declares() {
    let findings = samples::one_of_each_class();
    for finding in findings {
        let Sentences { before, after } = sentences(&finding);
        for (row, _) in before.into_iter().chain(after) {
            assert!(finding.class.evidence().iter().any(|field| field.row == row), "{row}");
        }
    }
}
