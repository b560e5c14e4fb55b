//! Records for the tests, of the shapes and sizes that the reference services give.

use std::collections::BTreeMap;

use serde_json::json;

use bloathound_vocabulary::*;

mod answers;
mod drawn;

pub(crate) use answers::*;
pub(crate) use drawn::*;

/// A name made to do harm to a terminal, a page and a DOT file at once.
pub(crate) const HOSTILE: &str =
    "Evil\x1b[2J\x1b]0;owned\x07\u{9b}31m\u{202e}<script>alert(1)</script>\"]; \\N & 'x'\nnext";

fn strings(parts: &[&str]) -> Vec<String> {
    parts.iter().map(|part| (*part).to_owned()).collect()
}

/// A path as its text reads: what looks like a generic label is one.
pub(crate) fn labels(parts: &[&str]) -> Vec<Label> {
    let label = |part: &&str| match (*part, part.strip_prefix("module ")) {
        (_, Some(module)) => Label::Root(RootKind::Module, Some(module.into())),
        ("[x]", _) => Label::Index,
        ("key", _) => Label::Key,
        (name, _) => Label::Name(name.into()),
    };
    parts.iter().map(label).collect()
}

pub(crate) fn detected_leak() -> Finding {
    Finding {
        summary: String::new(),
        confidence: None,
        class: FindingClass::Leak,
        verdict: Verdict::GrowsWithRequests,
        fingerprint: "leak:module model/.DBModel/._field_cache/key".to_owned(),
        location: Location {
            module: Some("model".to_owned()),
            class: Some("DBModel".to_owned()),
            attribute: Some("_field_cache".to_owned()),
            path: labels(&["module model", "DBModel", "_field_cache", "key"]),
            ..Location::default()
        },
        evidence: Evidence::Leak(LeakEvidence {
            objects_per_request: 1000,
            bytes_per_request: 904_000,
            retained_bytes_per_request: 1_652_345,
            retained_bytes: 33_046_900,
            type_name: "type".to_owned(),
            rounds: vec![5000, 10_000, 15_000, 20_000],
            grows_with: "requests".to_owned(),
            also: Vec::new(),
            tasks_wait: Vec::new(),
        }),
    }
}

pub(crate) fn leak_finding() -> Finding {
    detected_leak()
}

pub(crate) fn cycle_finding() -> Finding {
    Finding {
        summary: String::new(),
        confidence: None,
        class: FindingClass::Cycle,
        verdict: Verdict::Uncollectable,
        fingerprint: "cycle:model.Address|model.Attendee".to_owned(),
        location: Location {
            module: Some("model".to_owned()),
            class: Some("Attendee".to_owned()),
            file: Some("/home/someone/bloathound/reference-services/cycles/model.py".to_owned()),
            function: Some("__del__".to_owned()),
            line_first: Some(21),
            line_last: Some(22),
            ..Location::default()
        },
        evidence: Evidence::Cycle(CycleEvidence {
            objects: 4000,
            types: strings(&["model.Address", "model.Attendee"]),
            finalizers: strings(&[
                "Address.__del__ (/home/someone/bloathound/reference-services/cycles/model.py:34)",
                "Attendee.__del__ (/home/someone/bloathound/reference-services/cycles/model.py:21)",
            ]),
            in_gc_garbage: 2000,
            uncollectable: 4000,
            cycle: labels(&["Attendee", ".address", "Address", ".attendee", "Attendee"]),
            closing_reference: "Address.attendee".to_owned(),
        }),
    }
}

pub(crate) fn fragmentation_finding() -> Finding {
    Finding {
        summary: String::new(),
        confidence: None,
        class: FindingClass::Fragmentation,
        verdict: Verdict::LivePinnedArenas,
        fingerprint: "fragmentation:str|module audit/.work".to_owned(),
        location: Location {
            module: Some("audit".to_owned()),
            attribute: Some("work".to_owned()),
            ..Location::default()
        },
        evidence: Evidence::Fragmentation(FragmentationEvidence {
            arenas: 208,
            arena_bytes: 208 << 18,
            live_bytes: 13_400_000,
            utilisation: Some(0.2457),
            stranded_bytes: 34_600_000,
            pinned_by: vec![Pin {
                type_name: "str".to_owned(),
                owner: labels(&["module audit", "work", "[x]"]),
                objects: 12_345,
                bytes: 592_560,
                arenas: 187,
            }],
        }),
    }
}

pub(crate) fn growth_finding() -> Finding {
    let leak = detected_leak();
    let Evidence::Leak(evidence) = leak.evidence else { return leak };
    let why = "the curve flattens: it may be a cache that fills";
    Finding { class: FindingClass::Growth, verdict: Verdict::Grows, evidence: Evidence::Growth(evidence), ..leak }
        .sure(Grade::Low, why.to_owned())
}

pub(crate) fn spin_finding() -> Finding {
    Finding::new(
        FindingClass::Spin,
        Verdict::EventLoopSpins,
        "spin:tail.py:Tail.doRead".to_owned(),
        Location { file: Some("tail.py".to_owned()), function: Some("doRead".to_owned()), ..Location::default() },
        Evidence::Spin(SpinEvidence {
            samples: 297,
            cpu_fraction: Some(0.98),
            turns_per_second: Some(41_000.0),
            descriptor: Some("descriptor 7, a socket whose peer has closed it".to_owned()),
            callback: Some("tail.Tail.doRead (tail.py:11)".to_owned()),
            bytes_moved: Some(0),
            voluntary_switches: 0,
            thread: Some(4711),
            descriptors_max: None,
        }),
    )
}

pub(crate) fn garbage_finding() -> Finding {
    Finding::new(
        FindingClass::Garbage,
        Verdict::CollectorOff,
        "garbage:collector-off".to_owned(),
        Location::default(),
        Evidence::Garbage(GarbageEvidence {
            objects: 201_003,
            bytes: 30_100_000,
            types: strings(&["dict", "model.Row"]),
            collector: "disabled: gc.disable() was called".to_owned(),
            rounds: vec![1003, 101_003, 201_003],
        }),
    )
}

pub(crate) fn native_memory_finding() -> Finding {
    Finding::new(
        FindingClass::NativeMemory,
        Verdict::Unexplained,
        "native-memory:unexplained".to_owned(),
        Location::default(),
        Evidence::NativeMemory(NativeMemoryEvidence {
            gained_bytes: 64 << 20,
            bytes: 80 << 20,
            what: "malloc chunks that no Python object refers to".to_owned(),
            type_name: None,
            rounds: vec![16 << 20, 48 << 20, 80 << 20],
        }),
    )
}

/// One of every class, in the order of the classes.
pub(crate) fn one_of_each_class() -> Vec<Finding> {
    vec![
        leak_finding(),
        growth_finding(),
        cycle_finding(),
        fragmentation_finding(),
        hot_loop_finding(),
        spin_finding(),
        garbage_finding(),
        native_memory_finding(),
    ]
}

pub(crate) fn hot_loop_finding() -> Finding {
    Finding {
        summary: String::new(),
        confidence: None,
        class: FindingClass::HotLoop,
        verdict: Verdict::NoObservedProgress,
        fingerprint: "hot-loop:service.py:list_attendees:41-44".to_owned(),
        location: Location {
            module: Some("service".to_owned()),
            file: Some("reference-services/tightloop/service.py".to_owned()),
            function: Some("list_attendees".to_owned()),
            line_first: Some(41),
            line_last: Some(44),
            ..Location::default()
        },
        evidence: Evidence::HotLoop(HotLoopEvidence {
            samples: 297,
            cpu_fraction: Some(0.9931),
            loop_bytecode: Some([57, 90]),
            distinct_states: 1,
            unchanging: strings(&["done", "rows", "index"]),
            starved_seconds: Some(3.02),
            voluntary_switches: 0,
            tiers: vec![Verdict::EventLoopStarved, Verdict::HotLoop, Verdict::NoObservedProgress],
            thread: Some(4242),
            inside: None,
            exit_values: strings(&["done = False"]),
            fails: None,
        }),
    }
}

fn run(scenario: &str, variant: Variant, class: FindingClass) -> RunRecord {
    RunRecord {
        scenario: scenario.to_owned(),
        variant,
        series: None,
        traffic: None,
        seed: 1,
        source: RunSource::Live,
        valid: true,
        outcome: Outcome::Pass,
        requests: 25,
        seconds: 4.25,
        looked_for: vec![class],
        expected: Vec::new(),
        findings: Vec::new(),
        told: Vec::new(),
        observations: Vec::new(),
        problems: Vec::new(),
        disturbance: DisturbanceRecord {
            pauses_ms: vec![8.1, 9.4, 11.2],
            longest_pause_ms: Some(11.2),
            latency_p99_ms: Some(61.0),
            baseline_latency_p99_ms: Some(48.5),
            throughput_per_second: None,
            baseline_throughput_per_second: None,
        },
        timing: TimingRecord {
            pause_ms: Some(11.2),
            copy_ms: Some(9.8),
            decode_ms: Some(41.0),
            analyse_ms: Some(120.4),
        },
        toggle: None,
        invalid_because: None,
        error: None,
        detected_after_requests: None,
        detected_after_looks: None,
        detected_after_seconds: None,
        looks: Vec::new(),
        dose: None,
        baselines: Vec::new(),
        recording: None,
        ledger: BTreeMap::new(),
    }
}

fn expecting(class: &str) -> ExpectedRecord {
    ExpectedRecord::try_from(json!({
        "class": class, "finding": 0, "found": true, "localised": true,
    }))
    .unwrap()
}

fn expected_leak() -> ExpectedRecord {
    ExpectedRecord::try_from(json!({
        "class": "leak",
        "verdict": "grows-with-requests",
        "where": { "class": "DBModel", "attribute": "_field_cache" },
        "evidence": { "objects_per_request": 1000, "bytes_per_request": { "min": 800_000, "max": 1_000_000 } },
        "finding": 0, "found": true, "localised": true,
    }))
    .unwrap()
}

pub(crate) fn run_pass() -> RunRecord {
    let mut run = run("leak", Variant::Buggy, FindingClass::Leak);
    run.expected = vec![expected_leak()];
    run.findings = vec![leak_finding()];
    run.ledger = BTreeMap::from([("leaked.types".to_owned(), json!(20_000))]);
    run
}

pub(crate) fn run_missed() -> RunRecord {
    let mut run = run_pass();
    run.scenario = "leak-slow".to_owned();
    run.outcome = Outcome::Fail;
    run.findings.clear();
    run.expected[0].found = false;
    run.expected[0].localised = false;
    run.expected[0].finding = None;
    run.recording = Some("recordings/leak-slow-buggy".to_owned());
    run
}

pub(crate) fn run_false_alarm() -> RunRecord {
    let mut run = run("leak", Variant::Fixed, FindingClass::Leak);
    run.outcome = Outcome::Fail;
    run.findings = vec![leak_finding()];
    run.problems = vec![Problem {
        stage: "decode".to_owned(),
        message: "3 pointers led to memory that was not copied; counts may be low".to_owned(),
    }];
    run.recording = Some("recordings/leak-fixed".to_owned());
    run
}

pub(crate) fn run_wrong_figure() -> RunRecord {
    let mut run = run_pass();
    run.outcome = Outcome::Fail;
    run.seed = 2;
    run.expected[0].mismatches = vec![MismatchRecord {
        field: "evidence.objects_per_request".to_owned(),
        expected: json!(1001),
        seen: json!(1000),
    }];
    run
}

pub(crate) fn run_invalid() -> RunRecord {
    let mut run = run("leak-rare", Variant::Buggy, FindingClass::Leak);
    run.valid = false;
    run.outcome = Outcome::Invalid;
    run.expected = vec![expected_leak()];
    run.expected[0].found = false;
    run.expected[0].finding = None;
    run.invalid_because = Some("ledger: leaked.types is 0, expected at least 1000".to_owned());
    run
}

pub(crate) fn run_error() -> RunRecord {
    let mut run = run("leak-dies", Variant::Buggy, FindingClass::Leak);
    run.valid = false;
    run.outcome = Outcome::Error;
    run.requests = 0;
    run.expected = vec![expected_leak()];
    run.expected[0].found = false;
    run.expected[0].finding = None;
    run.timing = TimingRecord::default();
    run.error = Some(RunErrorRecord {
        why: "the service `leak` ended during the run (exit status: 1)".to_owned(),
        stderr_tail: vec!["Traceback (most recent call last):".to_owned(), "MemoryError: <no> more".to_owned()],
    });
    run
}

pub(crate) fn run_cycle() -> RunRecord {
    let mut run = run("cycles", Variant::Buggy, FindingClass::Cycle);
    run.expected = vec![expecting("cycle")];
    run.findings = vec![cycle_finding()];
    run
}

pub(crate) fn run_fragmentation() -> RunRecord {
    let mut run = run("fragmentation", Variant::Buggy, FindingClass::Fragmentation);
    run.expected = vec![expecting("fragmentation")];
    run.findings = vec![fragmentation_finding()];
    run
}

pub(crate) fn run_hot_loop() -> RunRecord {
    let mut run = run("tightloop", Variant::Buggy, FindingClass::HotLoop);
    run.expected = vec![expecting("hot-loop")];
    run.findings = vec![hot_loop_finding()];
    run.timing = TimingRecord::default();
    run
}

fn phase(name: &str, answered: u64, p99: Option<f64>) -> PhaseRecord {
    PhaseRecord {
        phase: name.to_owned(),
        requests: 150,
        answered,
        lost: 150 - answered,
        seconds: p99.map(|_| 0.5),
        throughput_per_second: p99.map(|_| 300.0),
        latency_p50_ms: p99.map(|_| 6.1),
        latency_p99_ms: p99,
    }
}

pub(crate) fn run_toggle() -> RunRecord {
    let mut run = run("toggle-log", Variant::Fixed, FindingClass::Leak);
    run.looked_for.clear();
    run.timing = TimingRecord::default();
    run.toggle = Some(ToggleRecord {
        what: "debug-log".to_owned(),
        reader: None,
        phases: vec![phase("off", 150, Some(9.4)), phase("on", 150, Some(21.0)), phase("off again", 150, Some(9.2))],
        facts: BTreeMap::from([("lines_written".to_owned(), json!(150)), ("query_logged".to_owned(), json!(false))]),
        broken: Vec::new(),
        mismatches: Vec::new(),
    });
    run
}

pub(crate) fn run_toggle_broken() -> RunRecord {
    let mut run = run_toggle();
    run.outcome = Outcome::Fail;
    run.seed = 2;
    if let Some(toggle) = &mut run.toggle {
        toggle.phases[1] = phase("on", 149, None);
        toggle.broken = vec![
            "on: 149 of 150 requests were answered; the first lost: the connection broke: reset by peer".to_owned(),
            "the debug log grew by 1200 bytes after it was switched off".to_owned(),
        ];
        toggle.mismatches =
            vec![MismatchRecord { field: "toggle.query_logged".to_owned(), expected: json!(false), seen: json!(true) }];
    }
    run
}

pub(crate) fn run_hostile() -> RunRecord {
    let mut run = run_false_alarm();
    run.scenario = "hostile".to_owned();
    let finding = &mut run.findings[0];
    finding.location.module = Some(HOSTILE.to_owned());
    finding.location.path = vec![Label::Name(HOSTILE.into())];
    finding.fingerprint = HOSTILE.to_owned();
    if let Evidence::Leak(leak) = &mut finding.evidence {
        leak.type_name = HOSTILE.to_owned();
    }
    run.problems[0].message = HOSTILE.to_owned();
    run
}

pub(crate) fn results(runs: Vec<RunRecord>) -> RunResults {
    let host = HostRecord {
        os: Some("linux".to_owned()),
        kernel: Some("6.1.0".to_owned()),
        architecture: Some("x86_64".to_owned()),
        cpus: Some(2),
        memory_bytes: Some(24 << 30),
        python: Some("2.7.18".to_owned()),
        parts: Vec::new(),
    };
    bloathound_score::results(ToolRecord::bloathound("0.1.0"), host, None, runs)
}

/// One of everything.
pub(crate) fn mixed_results() -> RunResults {
    results(vec![
        run_pass(),
        run_false_alarm(),
        run_missed(),
        run_wrong_figure(),
        run_invalid(),
        run_cycle(),
        run_fragmentation(),
        run_hot_loop(),
    ])
}
