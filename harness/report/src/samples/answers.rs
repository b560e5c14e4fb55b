//! Records of single looks: inspect, watch, hot, diff, why.

use std::collections::BTreeMap;

use super::*;

pub(crate) fn target() -> TargetRecord {
    TargetRecord {
        kind: TargetKind::Process,
        pid: Some(4242),
        file: None,
        command: Some("python2.7 service.py --port 0".to_owned()),
        python: Some("2.7.18".to_owned()),
        unicode: Some("UCS4".to_owned()),
        build_id: None,
        children: Vec::new(),
        not_seen: Vec::new(),
    }
}

fn kind(kind: &str, count: u64, bytes: u64) -> KindRow {
    KindRow { kind: kind.to_owned(), count, bytes }
}

pub(crate) fn heap() -> HeapRecord {
    let rows = [
        ("dict", 20_512, 22_380_544),
        ("type", 20_391, 18_433_464),
        ("str", 61_002, 4_123_456),
        ("tuple", 44_311, 3_540_120),
        ("model.Attendee", 3, 192),
    ];
    HeapRecord {
        objects: 146_219,
        bytes: 48_477_776,
        tracked: Some(85_217),
        references: Some(612_001),
        by_type: rows
            .iter()
            .map(|(name, count, bytes)| TypeRow { type_name: (*name).to_owned(), count: *count, bytes: *bytes })
            .collect(),
        by_kind: vec![
            kind("dict of type", 20_391, 21_369_768),
            kind("type", 20_391, 18_433_464),
            kind("str", 61_002, 4_123_456),
            kind("tuple", 44_311, 3_540_120),
            kind("dict of model.Attendee", 3, 840),
            kind("model.Attendee", 3, 192),
        ],
        quality: QualityRecord {
            conservative_objects: 41,
            layout_checks: strings(&["generation stride 40", "None", "type", "sys.modules"]),
            ..QualityRecord::default()
        },
    }
}

pub(crate) fn inspect() -> InspectReport {
    let mut report = InspectReport::new(ToolRecord::bloathound("0.1.0"), target(), heap());
    report.rss = Some(RssRecord::new(
        122_683_392,
        BTreeMap::from([
            ("live_objects".to_owned(), 48_477_776),
            ("garbage_awaiting_collection".to_owned(), 30_100_000),
            ("free_blocks".to_owned(), 21_000_000),
            ("malloc_free".to_owned(), 9_000_000),
            ("interpreter_and_libraries".to_owned(), 13_100_000),
            ("stacks".to_owned(), 135_168),
        ]),
    ));
    report.arenas = Some(arenas());
    report.garbage = Some(GarbageRecord {
        awaiting_collection: Population { objects: 201_003, bytes: 30_100_000 },
        uncollectable: Population { objects: 4000, bytes: 1_344_000 },
        in_gc_garbage: 2000,
        by_type: vec![TypeRow { type_name: "model.Row".to_owned(), count: 100_000, bytes: 6_400_000 }],
        cycle: vec![
            Label::Of("Row".into(), Box::new(Label::Name("page".into()))),
            Label::Of("Page".into(), Box::new(Label::Name("rows".into()))),
            Label::Of("list".into(), Box::new(Label::Index)),
        ],
        frozen: Some(Population { objects: 40_000, bytes: 5 << 20 }),
        frozen_garbage: Some(Population { objects: 1200, bytes: 96_000 }),
        collector: Some(CollectorRecord {
            enabled: Some(true),
            generations: [(700, 153), (10, 4), (10, 8)]
                .map(|(threshold, count)| GenerationRecord { threshold, count })
                .to_vec(),
            long_lived_total: Some(60_000),
            long_lived_pending: Some(12_000),
            next_full: NextFull::Later,
            collections_left: Some(3),
            objects_left: Some(3000),
            allocations_left: Some(22_300),
        }),
    });
    report.findings = vec![leak_finding(), cycle_finding()];
    report.observations = vec![
        ObservationRecord::in_words(
            "malloc-free-below-held",
            "free below the highest held chunk of the C heap, more than is held".to_owned(),
        )
        .with("bytes", 121_634_816),
    ];
    report.problems = vec![Problem {
        stage: "decode".to_owned(),
        message: "41 objects of extension types were read conservatively".to_owned(),
    }];
    report.timing = run_pass().timing;
    report.threads = Some(vec![ThreadRecord {
        id: 140_001,
        tid: Some(4242),
        name: Some("MainThread".to_owned()),
        holds_gil: true,
        frames: vec![
            frame("doPoll", "/venv/twisted/internet/epollreactor.py", 396),
            frame("<module>", "service.py", 88),
        ],
    }]);
    report.tasks = Some(tasks());
    report.top_retained = Some(vec![RetainedRecord {
        type_name: "dict".to_owned(),
        path: labels(&["module model", ".DBModel", "._field_cache"]),
        shallow_bytes: 786_712,
        retained_bytes: 33_046_900,
        address: Some("0x7f0012345678".to_owned()),
    }]);
    report.duplicate_strings =
        Some(vec![DuplicateRecord { text: Some("work 17".to_owned()), copies: 5000, wasted_bytes: 219_956 }]);
    report.largest_containers = Some(vec![ContainerRecord {
        type_name: "dict".to_owned(),
        length: 20_000,
        bytes: 786_712,
        path: labels(&["module model", ".DBModel", "._field_cache"]),
    }]);
    report
}

fn arenas() -> ArenasRecord {
    ArenasRecord {
        count: 208,
        bytes: 208 << 18,
        live_bytes: 13_400_000,
        garbage_bytes: Some(21_000_000),
        utilisation: Some(0.2457),
        free_pool_bytes: Some(12_345_678),
        free_block_bytes: Some(4_000_000),
        stranded_bytes: Some(34_600_000),
        sparse_arenas: Some(187),
        size_classes: vec![SizeClassRecord { block_bytes: 48, pools: 900, blocks_used: 30_000, blocks_free: 45_600 }],
        pinned_by: match fragmentation_finding().evidence {
            Evidence::Fragmentation(evidence) => evidence.pinned_by,
            _ => Vec::new(),
        },
    }
}

pub(crate) fn frame(function: &str, file: &str, line: u32) -> FrameRecord {
    FrameRecord { function: function.to_owned(), file: file.to_owned(), line: Some(line) }
}

fn tasks() -> TasksRecord {
    let group = |count, state, names: &[&str]| TaskGroup {
        count,
        type_name: "_asyncio.Task".to_owned(),
        state,
        coroutine: "Shop.serve".to_owned(),
        frames: vec![frame("acquire", "/usr/lib/python3.13/asyncio/locks.py", 110), frame("serve", "/srv/shop.py", 31)],
        waits_for: Some("_asyncio.Future".to_owned()).filter(|_| state == TaskState::Waits),
        names: names.iter().map(|name| (*name).to_owned()).collect(),
    };
    TasksRecord {
        count: 211,
        groups: vec![
            group(210, TaskState::Waits, &["Task-7", "Task-8", "Task-9", "Task-10", "Task-11"]),
            TaskGroup { frames: vec![frame("serve", "/srv/shop.py", 24)], ..group(1, TaskState::NotBegun, &["late"]) },
        ],
    }
}

pub(crate) fn watch() -> WatchReport {
    let round = |round: u64| WatchRound {
        round,
        seconds: (round - 1) as f64 * 5.0,
        objects: 146_219 + round * 5000,
        bytes: 48_477_776 + round * 2_000_000,
        rss_bytes: Some(122_683_392 + round * 2_500_000),
        pause_ms: Some(11.2),
        // Nearly idle at first.
        processor_seconds: Some(100.0 + round.pow(3) as f64 * 0.1),
    };
    WatchReport {
        schema_version: SCHEMA_VERSION,
        tool: ToolRecord::bloathound("0.1.0"),
        target: target(),
        rounds: (1..=3).map(round).collect(),
        growth: vec![GrowthRow {
            type_name: "type".to_owned(),
            counts: vec![20_391, 25_391, 30_391],
            bytes: vec![18_433_464, 22_953_464, 27_473_464],
            every_round: true,
        }],
        counted: vec![CountedWork { expression: "service.requests".to_owned(), values: vec![10, 15, 115] }],
        findings: vec![leak_finding()],
        observations: Vec::new(),
        tasks: Some(tasks()),
        sureness: Some("1 found; the last 3 looks agree".to_owned()),
        problems: Vec::new(),
        partial: None,
    }
}

/// The loop of [`hot_loop_finding`], as its file has it.
fn source() -> SourceRecord {
    let line = |number: u32, text: &str, samples: u64| SourceLine { number, text: text.to_owned(), samples };
    SourceRecord {
        fingerprint: hot_loop_finding().fingerprint,
        file: "reference-services/tightloop/service.py".to_owned(),
        function: "list_attendees".to_owned(),
        lines: vec![
            line(41, "    while not done:", 20),
            line(42, "        row = page.peek()", 250),
            line(43, "", 0),
            line(44, "        rows.append(row)", 27),
        ],
        changed_since_start: true,
    }
}

pub(crate) fn hot() -> HotReport {
    HotReport {
        schema_version: SCHEMA_VERSION,
        tool: ToolRecord::bloathound("0.1.0"),
        target: target(),
        seconds: 3.0,
        samples: 300,
        torn_samples: 3,
        cpu_fraction: Some(0.9931),
        voluntary_switches: Some(0),
        verdict: "event-loop-starved 3.0 s".to_owned(),
        stacks: vec![StackRecord {
            samples: 297,
            frames: vec![
                frame("list_attendees", "reference-services/tightloop/service.py", 42),
                frame("_inlineCallbacks", "/venv/twisted/internet/defer.py", 1128),
            ],
        }],
        findings: vec![hot_loop_finding()],
        sources: vec![source()],
        observations: Vec::new(),
        problems: Vec::new(),
        partial: None,
    }
}

pub(crate) fn diff() -> DiffReport {
    let row = |name: &str, counts: (u64, u64), bytes: (u64, u64)| DiffRow {
        type_name: name.to_owned(),
        count_before: counts.0,
        count_after: counts.1,
        bytes_before: bytes.0,
        bytes_after: bytes.1,
    };
    let image = |file: &str| TargetRecord { kind: TargetKind::Image, file: Some(file.to_owned()), ..target() };
    DiffReport::new(
        ToolRecord::bloathound("0.1.0"),
        (image("before.bhi"), image("after.bhi")),
        (Population { objects: 100_000, bytes: 20_000_000 }, Population { objects: 121_000, bytes: 41_000_000 }),
        vec![
            row("str", (50_000, 50_000), (2_000_000, 2_000_000)),
            row("tuple", (9000, 8000), (720_000, 640_000)),
            row("dict", (1000, 11_000), (1_048_000, 11_528_000)),
            row("type", (391, 10_391), (353_464, 9_393_464)),
        ],
    )
}

/// [`diff`] with what is known only of two looks at one run. A cross-check stands beside it as it never would.
pub(crate) fn diff_of_one_run() -> DiffReport {
    let population = |objects, bytes| Population { objects, bytes };
    let words = |path: &[&str]| path.iter().map(|label| (*label).to_owned()).collect::<Vec<_>>();
    let holder = |path: &[&str], type_name: &str, held, with_below| HolderRow {
        path: labels(path),
        type_name: type_name.to_owned(),
        held,
        with_below,
        example: Some("0x7f0012345678".to_owned()),
    };
    let referrer = |kind: &str, new, objects, references, path: &[&str]| ReferrerRow {
        kind: kind.to_owned(),
        new,
        objects,
        references,
        path: labels(path),
        path_references: references / objects,
        address: Some("0x7f00deadbee0".to_owned()),
    };
    let row = |name: &str, both, differing| AgreementTypeRow {
        type_name: name.to_owned(),
        before: both + 1,
        after: both,
        both,
        sizes_differ: 0,
        counts_differ: differing,
        references_differ: 0,
    };
    let mut report = diff();
    report.before.not_seen = words(&["resident memory, arenas and the C heap", "stacks"]);
    report.new_objects = Some(NewObjectsRecord {
        staying: population(30_000, 21_000_000),
        awaiting_collection: population(12, 960),
        unrooted: population(0, 0),
        holders: vec![
            holder(
                &["module model", "DBModel", "_field_cache", "key"],
                "type",
                population(10_000, 9_040_000),
                population(20_000, 20_400_000),
            ),
            holder(
                &["module model", "DBModel", "_field_cache", "[x]"],
                "tuple",
                population(10_000, 720_000),
                population(10_000, 720_000),
            ),
        ],
        by_type: vec![NewTypeRow {
            type_name: "type".to_owned(),
            new: population(10_000, 9_040_000),
            referrers: vec![
                referrer("dict", false, 1, 10_000, &["module model", "DBModel", "_field_cache"]),
                referrer("tuple", true, 10_000, 10_000, &[]),
            ],
        }],
    });
    report.cross_check = Some(CrossCheckRecord { all: row("all", 120_000, 9), by_type: vec![row("dict", 1000, 9)] });
    report.next = Some("bloathound why after.bhi attendees.Attendee".to_owned());
    report
}

pub(crate) fn why() -> WhyReport {
    let step = |label: &str, type_name: &str, text: Option<&str>, retained: u64| PathStep {
        label: label.to_owned(),
        object: ObjectRecord {
            type_name: type_name.to_owned(),
            text: text.map(str::to_owned),
            address: Some("0x7f0012345678".to_owned()),
            shallow_bytes: 904,
            retained_bytes: Some(retained),
            refcount: Some(3),
        },
    };
    let path = vec![
        step("module model", "module", None, 33_100_000),
        step(".DBModel", "type", Some("DBModel"), 33_050_000),
        step("._field_cache", "dict", None, 33_046_900),
        step(".keys()[1999]", "type", Some("Attendee"), 1652),
    ];
    WhyReport {
        schema_version: SCHEMA_VERSION,
        tool: ToolRecord::bloathound("0.1.0"),
        target: target(),
        what: "Attendee".to_owned(),
        matches: 20_000,
        object: path.last().map(|step| step.object.clone()),
        expression: Some("modules['model'].DBModel._field_cache.keys()[1999]".to_owned()),
        dominators: path.iter().rev().skip(1).map(|step| step.object.clone()).collect(),
        path,
        kinds: Vec::new(),
        kinds_in_all: None,
        kind: None,
        next: None,
        problems: Vec::new(),
        partial: None,
    }
}

/// [`why`] of objects that hang at several places, one of which grew since a look before.
pub(crate) fn why_by_kinds() -> WhyReport {
    let kind = |place: &str, objects, bytes, new_objects: u64| KindOfHolder {
        place: place.to_owned(),
        objects,
        bytes,
        share: new_objects as f64 / 9013.0,
        new_objects: Some(new_objects),
        example: Some("0x7f0012345678".to_owned()),
    };
    WhyReport {
        kinds: vec![
            kind("model.DBModel._field_cache", 19_000, 17_176_000, 9000),
            kind("registry.known[…].__dict__", 990, 894_960, 12),
            kind("report()'s local classes", 10, 9040, 1),
        ],
        kinds_in_all: Some(3),
        kind: Some(1),
        next: Some("bloathound why 4242 Attendee --since before.bhi --kind 2".to_owned()),
        ..why()
    }
}
