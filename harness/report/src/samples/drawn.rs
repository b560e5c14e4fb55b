//! Samples, tiles and histories to be drawn.

use bloathound_profile::{
    Code, CodeId, Frame, LineTable, Profile, Returns, Sample, SamplingCost, Stack, ThreadFacts, ThreadProfile,
    ValueHash,
};
use bloathound_vocabulary::RetainedTile;

use crate::html::{Plot, PlotPoint};

fn code(function: &str) -> Code {
    Code {
        address: 0,
        function: function.into(),
        file: "service.py".into(),
        line_first: 10,
        lines: LineTable::default(),
        is_generator: false,
        loops: Vec::new(),
        calls: Vec::new(),
        returns: Returns::default(),
        bytecode_bytes: 0,
        tries: Vec::new(),
    }
}

fn sample(at: u64, frames: &[(u32, u32)]) -> Sample {
    let frame = |(code, line): &(u32, u32)| Frame {
        address: 0,
        code: CodeId(*code),
        lasti: Some(0),
        line: *line,
        identity: ValueHash::default(),
        detail: None,
        detail_age: 0,
    };
    Sample {
        monotonic_ns: at * 10_000_000,
        facts: ThreadFacts { cpu_ns: at * 9_000_000, ..ThreadFacts::default() },
        stack: Stack(frames.iter().map(frame).collect()),
        torn: false,
        caught: None,
    }
}

/// Four samples of one thread: `main` calls `work` in three of them and `rest` in one.
pub(crate) fn profile() -> Profile {
    let samples = vec![
        sample(1, &[(0, 11), (1, 12)]),
        sample(2, &[(0, 11), (1, 12)]),
        sample(3, &[(0, 11), (1, 13)]),
        sample(4, &[(0, 14), (2, 20)]),
    ];
    Profile {
        codes: ["main", "work", "rest"].map(code).to_vec(),
        threads: vec![ThreadProfile { tid: Some(4242), is_main: true, samples, ..ThreadProfile::default() }],
        rate_hz: 100.0,
        cost: SamplingCost::default(),
        problems: Vec::new(),
        outside: None,
    }
}

/// A heap of which a cache keeps most.
pub(crate) fn tiles() -> RetainedTile {
    let tile = |name: &str, type_name: &str, retained_bytes: u64, tiles: Vec<RetainedTile>| RetainedTile {
        name: name.to_owned(),
        type_name: type_name.to_owned(),
        path: format!("module model → {name}"),
        objects: 1,
        own_bytes: 1000,
        retained_bytes,
        tiles,
    };
    let cache = tile("_field_cache", "dict", 33_000_000, vec![tile("", "type", 32_000_000, Vec::new())]);
    let model = tile("module model", "module", 34_000_000, vec![cache]);
    let others = tile("module os", "module", 900_000, Vec::new());
    RetainedTile {
        name: "the heap".to_owned(),
        retained_bytes: 46_000_000,
        tiles: vec![model, others],
        ..RetainedTile::default()
    }
}

/// A figure that doubled once, as was meant.
pub(crate) fn plot(stage: &str) -> Plot {
    let point = |index: u32| PlotPoint {
        commit: format!("c{index}<b>"),
        date: "2026-11-27T12:00:00Z".into(),
        value: f64::from(index / 3 + 1),
    };
    Plot {
        stage: stage.to_owned(),
        input: "generated 100k".into(),
        unit: "instructions an object".into(),
        machine: "a processor".into(),
        points: (0..6).map(point).collect(),
        changes: vec![(3, "c2..c3".into())],
        accepted: vec![(3, "it reads <more>".into())],
    }
}
