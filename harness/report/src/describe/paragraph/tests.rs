//! The paragraph of every class and verdict, as it is read.

use super::*;
use crate::{samples, text};
use bloathound_vocabulary::FindingClass;

/// A finding of this class as its rule gives it with that verdict.
fn of(class: FindingClass, verdict: Verdict) -> Finding {
    let found = samples::one_of_each_class().into_iter().find(|finding| finding.class == class);
    let mut finding = Finding { verdict, ..found.expect("one of each") };
    finding.location.expression = (class == FindingClass::Leak).then(|| "model.DBModel._field_cache".to_owned());
    match (verdict, &mut finding.evidence) {
        (Verdict::InsideOneCCall, Evidence::HotLoop(hot)) => {
            hot.inside = Some("SRE_Pattern.match".to_owned());
            finding.location.line_last = finding.location.line_first;
        }
        (Verdict::Held, Evidence::NativeMemory(native)) => native.type_name = Some("lxml.etree._Element".to_owned()),
        (Verdict::Leaks, Evidence::Leak(leak)) => {
            leak.also = vec!["model.ROWS".to_owned(), "model.LOG".to_owned()];
            finding.location.file = Some("/srv/shop/model.py".to_owned());
            finding.location.line_first = Some(14);
        }
        (Verdict::GrowsWithRequests, Evidence::Leak(leak)) => {
            leak.tasks_wait = vec!["210 in Shop.serve (shop.py:31)".to_owned(), "1 in main (shop.py:90)".to_owned()];
        }
        (Verdict::Grows, _) => {
            finding.summary = "model.LOG holds 500 of at most 1000000 (maxlen): at this rate it is full in 3.2 h, and \
                               keeps about 2.1 GiB then"
                .to_owned();
        }
        _ => {}
    }
    finding
}

/// Which verdicts each class has, by the contract.
const VERDICTS: [(FindingClass, &[Verdict]); 8] = [
    (FindingClass::Leak, &[Verdict::GrowsWithRequests, Verdict::Leaks]),
    (FindingClass::Growth, &[Verdict::Grows]),
    (FindingClass::Cycle, &[Verdict::Uncollectable]),
    (FindingClass::Fragmentation, &[Verdict::LivePinnedArenas]),
    (
        FindingClass::HotLoop,
        &[Verdict::HotLoop, Verdict::EventLoopStarved, Verdict::NoObservedProgress, Verdict::InsideOneCCall],
    ),
    (FindingClass::Spin, &[Verdict::EventLoopSpins]),
    (FindingClass::Garbage, &[Verdict::CollectorOff, Verdict::CollectorFrozen, Verdict::Waits]),
    (FindingClass::NativeMemory, &[Verdict::Held, Verdict::Unexplained]),
];

fn all() -> Vec<Finding> {
    VERDICTS.iter().flat_map(|(class, verdicts)| verdicts.iter().map(|verdict| of(*class, *verdict))).collect()
}

#[test]
fn every_class_and_verdict_has_its_paragraph() {
    let mut findings = all();
    assert_eq!(findings.len(), Verdict::ALL.len(), "a verdict is missing here");
    tell(&mut findings, "4242");
    let told: String = findings
        .iter()
        .map(|finding| format!("{}, {}\n{}\n\n", finding.class, finding.verdict, finding.summary))
        .collect();
    insta::assert_snapshot!(told);
}

#[test]
fn terminal_json_and_junit_say_the_same() {
    let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    for mut finding in all() {
        tell(std::slice::from_mut(&mut finding), "4242");
        let said = finding.summary.clone();
        let (told, next) = said.split_once(NEXT).expect("a command");
        let mut hot = samples::hot();
        hot.findings = vec![finding.clone()];
        let shown = text::Page::pipe().printing(|| text::hot(&hot, text::InspectView::default()));
        assert!(words(&shown).contains(&words(told)), "{told}\n{shown}");
        assert!(shown.lines().any(|line| line.trim_start().starts_with("next ") && line.ends_with(next)), "{shown}");
        let mut run = samples::run_pass();
        finding.summary = String::new();
        run.findings = vec![finding];
        tell_run(&mut run);
        let told = run.findings[0].summary.clone();
        let mut results = samples::mixed_results();
        results.runs = vec![run];
        let junit = crate::junit::junit(&results).unwrap();
        let escaped = ["&amp;", "&lt;", "&gt;", "&apos;", "&quot;"];
        let escaped =
            ['&', '<', '>', '\'', '"'].into_iter().zip(escaped).fold(told, |text, (c, by)| text.replace(c, by));
        assert!(junit.contains(&escaped), "{escaped}\n{junit}");
    }
}

#[test]
fn what_a_library_only_keeps_and_what_all_calls_share_is_said() {
    let at = |file: &str, last: Label| {
        let mut finding = samples::leak_finding();
        finding.location.file = Some(file.to_owned());
        finding.location.line_first = Some(7);
        finding.location.path.push(last);
        where_to_look(&finding).unwrap_or_default()
    };
    let of_library =
        "The place to look at is logging/__init__.py:7 in a library: what puts these there is whoever calls it.";
    assert_eq!(at("/opt/x/lib/python2.7/logging/__init__.py", Label::Index), of_library);
    // The program's own, however its folder is called.
    assert_eq!(at("/srv/lib/python/app.py", Label::Index), "The place to look at is app.py:7.");
    assert_eq!(at("<string>", Label::Index), "The place to look at is <string>:7.");
    let shared = "it is the default value of an argument, made once and shared by all calls";
    assert!(at("/srv/app.py", Label::Default("seen".into())).contains(shared));
}
