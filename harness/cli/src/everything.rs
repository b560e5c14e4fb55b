//! All that the commands make of one decoded copy, at once: for tests and fuzzing, which feed damaged ones.

use bloathound_detect::{GrowthRound, GrowthUnit, Thresholds, Work, find_growth};
use bloathound_engine::looks::{heat, inspect, retained, why_object};
use bloathound_engine::session::Session;
use bloathound_engine::source::Examined;
use bloathound_heap::ObjectId;
use bloathound_report::graph::{self, GraphOptions};
use bloathound_report::heatmap;
use bloathound_report::html::{self, InspectPictures};
use bloathound_report::text::{self, InspectView};
use bloathound_vocabulary::json::to_json;
use bloathound_vocabulary::{InspectReport, TargetKind, TargetRecord};

/// Objects asked why they are alive.
const ASKED: usize = 3;

/// What `inspect` has to say of a copy.
#[must_use]
pub fn inspected(examined: &Examined) -> InspectReport {
    inspect(&Session::from(examined), target(examined))
}

/// What is written and drawn of a copy by `inspect` in all its forms and by `why`, and the rule for growth.
#[must_use]
pub fn drawn(examined: &Examined) -> String {
    let session = Session::from(examined);
    let report = inspect(&session, target(examined));
    let mut told = text::inspect(&report, InspectView::default());
    told.push_str(&to_json(&report).unwrap_or_else(|error| error.to_string()));
    for id in asked(examined.snapshot.len()) {
        let report = why_object(&session, target(examined), ("an object", 1, id));
        told.push_str(&text::why(&report, false));
        let retained = |id| Some(session.analysis().dominators().retained_size(id));
        let graph = graph::around(&examined.snapshot, session.reverse(), id, GraphOptions::default(), retained);
        told.push_str(&graph::tree(&graph, false));
        told.push_str(&graph::dot(&graph));
        told.push_str(&graph::svg(&graph));
        told.push_str(&html::why(&report, Some(&graph)));
    }
    let map = heat(&session, "one look");
    told.push_str(&map.as_ref().map(heatmap::to_svg).unwrap_or_default());
    let tiles = retained(&session);
    told.push_str(&html::inspect(&report, InspectPictures { heat: map.as_ref(), retained: tiles.as_ref() }, ""));
    let rounds =
        [0, 10, 10, 10].map(|requests| GrowthRound { shapes: session.shapes(), requests, work: Work::default() });
    let grown = find_growth(&rounds, GrowthUnit::Request, &Thresholds::default());
    told.push_str(&format!("{} findings of growth\n", grown.findings.len()));
    told
}

fn target(examined: &Examined) -> TargetRecord {
    TargetRecord {
        kind: TargetKind::Image,
        pid: None,
        file: None,
        command: None,
        python: None,
        unicode: None,
        build_id: examined.build_id.clone(),
        children: Vec::new(),
        not_seen: Vec::new(),
    }
}

/// The first, the middle and the last object.
fn asked(objects: usize) -> impl Iterator<Item = ObjectId> {
    (0..objects.min(ASKED)).map(move |n| ObjectId((n * (objects - 1) / (ASKED - 1).max(1)) as u32))
}
