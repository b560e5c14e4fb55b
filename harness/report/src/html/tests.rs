//! Pages of everything, and of names that were made to do harm.

use std::collections::BTreeMap;

use bloathound_vocabulary::{HeatCell, HeatMap, HeatPanel, HeatRow, HeatRowKind, Label, Outcome};

use super::*;
use crate::{samples, sanitize};

fn heat(title: &str) -> HeatMap {
    let row = HeatRow { kind: HeatRowKind::Arena, cells: vec![HeatCell::Live, HeatCell::Group(0)] };
    HeatMap {
        title: title.to_owned(),
        panels: vec![HeatPanel { title: title.to_owned(), rows: vec![row] }],
        groups: vec![title.to_owned()],
    }
}

fn run_page(hostile: bool) -> String {
    let mut runs = vec![
        samples::run_pass(),
        samples::run_false_alarm(),
        samples::run_cycle(),
        samples::run_fragmentation(),
        samples::run_hot_loop(),
        samples::run_invalid(),
    ];
    if hostile {
        runs.push(samples::run_hostile());
    }
    let text = if hostile { samples::HOSTILE } else { "plain" };
    let mut inspect = samples::inspect();
    inspect.heap.by_type[0].type_name = text.to_owned();
    if let Some(rss) = &mut inspect.rss {
        rss.categories.insert(text.to_owned(), 1 << 20);
    }
    let extras =
        RunExtras { inspect: Some(inspect), heat: Some(heat(text)), fix_diff: Some(format!("-old {text}\n+new\n")) };
    let all = runs.iter().map(|run| (RunKey::from(run), extras.clone())).collect();
    index(&HtmlReport { results: &samples::results(runs), outcome: Outcome::Fail, extras: &all })
}

/// A page of each look, with `text` wherever the target has a say.
fn pages(text: Option<&str>) -> Vec<(&'static str, String)> {
    let mut looked = samples::inspect();
    let mut watched = samples::watch();
    let mut sampled = samples::hot();
    let mut compared = samples::diff_of_one_run();
    let mut explained = samples::why_by_kinds();
    if let Some(text) = text {
        let named = vec![Label::Name(text.into())];
        looked.findings[0].summary = text.to_owned();
        looked.findings[0].fingerprint = text.to_owned();
        looked.findings[0].location.path = named.clone();
        looked.target.command = Some(text.to_owned());
        looked.heap.by_kind.clear();
        looked.heap.by_type[0].type_name = text.to_owned();
        looked.top_retained.as_mut().unwrap()[0].path = named.clone();
        looked.duplicate_strings.as_mut().unwrap()[0].text = Some(text.to_owned());
        looked.threads.as_mut().unwrap()[0].frames[0] = samples::frame(text, text, 1);
        watched.growth[0].type_name = text.to_owned();
        watched.sureness = Some(text.to_owned());
        sampled.verdict = text.to_owned();
        sampled.stacks[0].frames[0] = samples::frame(text, text, 1);
        compared.by_type[0].type_name = text.to_owned();
        compared.after.file = Some(text.to_owned());
        compared.next = Some(text.to_owned());
        compared.new_objects.as_mut().unwrap().holders[0].path = named;
        explained.what = text.to_owned();
        explained.kinds[0].place = text.to_owned();
        explained.path[0].label = text.to_owned();
        explained.path[0].object.text = Some(text.to_owned());
    }
    let mut profile = samples::profile();
    let mut tiles = samples::tiles();
    if let Some(text) = text {
        profile.codes[0].function = text.into();
        profile.codes[0].file = text.into();
        text.clone_into(&mut tiles.tiles[0].name);
        text.clone_into(&mut tiles.tiles[0].path);
        for source in &mut sampled.sources {
            text.clone_into(&mut source.lines[0].text);
            text.clone_into(&mut source.function);
        }
    }
    let mut plot = samples::plot(text.unwrap_or("decode"));
    if let Some(text) = text {
        text.clone_into(&mut plot.points[0].commit);
        text.clone_into(&mut plot.changes[0].1);
        text.clone_into(&mut plot.accepted[0].1);
        text.clone_into(&mut plot.input);
        watched.counted[0].expression = text.to_owned();
    }
    let map = heat(text.unwrap_or("memory"));
    let typed = text.unwrap_or("4242");
    vec![
        ("inspect", inspect(&looked, InspectPictures { heat: Some(&map), retained: Some(&tiles) }, typed)),
        ("watch", watch(&watched, typed)),
        ("hot", hot(&sampled, &profile, typed)),
        ("diff", diff(&compared)),
        ("why", why(&explained, None)),
        ("run", run_page(text.is_some())),
        ("history", history(&[plot], typed)),
    ]
}

#[test]
fn a_page_of_everything() {
    insta::assert_snapshot!(run_page(false));
}

#[test]
fn a_page_of_each_look() {
    for (name, page) in pages(None).into_iter().filter(|(name, _)| *name != "run") {
        // The style is the same on each.
        let (head, rest) = page.split_once("<style>").unwrap();
        let body = rest.split_once("</style>").unwrap().1;
        let lines = format!("{head}{body}").replace("><", ">\n<");
        insta::assert_snapshot!(format!("page_of_{name}"), lines);
    }
}

#[test]
fn a_run_that_could_not_be_made_comes_first_with_what_the_service_said() {
    let results = samples::results(vec![samples::run_missed(), samples::run_error()]);
    let html = index(&HtmlReport { results: &results, outcome: Outcome::Error, extras: &BTreeMap::new() });
    assert!(html.contains("<span class=\"badge fail\">ERROR</span>"), "{html}");
    let place = |text: &str| html.find(text).unwrap();
    assert!(place("MemoryError: &lt;no&gt; more") < place("What is wrong"), "{html}");
}

#[test]
fn hostile_names_stay_text() {
    for (name, html) in pages(Some(samples::HOSTILE)) {
        assert!(html.contains("Evil"), "{name}");
        assert!(!html.contains("<script"), "markup got through: {name}");
        assert!(!html.chars().any(|c| sanitize::is_hostile(c) && c != '\n'), "{name}");
    }
}

#[test]
fn a_name_of_a_million_letters_makes_no_large_page() {
    let long = "x<".repeat(1_000_000);
    for (name, html) in pages(Some(&long)) {
        assert!(html.len() < 300_000, "{name}: {}", html.len());
    }
}

#[test]
fn every_link_on_a_page_has_its_place_and_every_place_is_one() {
    for (name, html) in pages(None) {
        let targets: Vec<&str> = html.split("href=\"#").skip(1).filter_map(|rest| rest.split('"').next()).collect();
        assert!(targets.len() > 3, "{name}: {targets:?}");
        for target in targets {
            assert_eq!(html.matches(&format!("id=\"{target}\"")).count(), 1, "{name}: {target}");
        }
        let mut ids: Vec<&str> = html.split(" id=\"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
        let all = ids.len();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), all, "{name}");
    }
}

#[test]
fn nothing_is_fetched_and_nothing_runs() {
    for (name, html) in pages(None) {
        for needle in [" src=", "http:", "https:", "url(http", "@import", "<link", "javascript:", " onload"] {
            let found = html.replace("http://www.w3.org/2000/svg", "").contains(needle);
            assert!(!found, "{name}: {needle}");
        }
        assert!(html.contains("default-src 'none'") && html.len() < 300_000, "{name}: {}", html.len());
    }
}
