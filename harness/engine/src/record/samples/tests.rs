//! Samples written, redacted, damaged and read back.

use std::fs;

use super::*;
use bloathound_profile::{
    Attribute, Callee, CalleeKind, Caught, Code, CodeId, Frame, FrameDetail, LineTable, Loop, LoopExit, LoopInput,
    LoopKind, Returns, Sample, Stack, ThreadFacts, ThreadProfile, Try, Value, ValueHash, ValueKind, Variable, Write,
};
use std::sync::Arc;

fn value(summary: &str) -> Value {
    value_of(summary, summary.chars().count() as u64 - 2)
}

fn value_of(summary: &str, length: u64) -> Value {
    Value {
        kind: ValueKind::Str,
        length: Some(length),
        is_quote: true,
        c_function: Some("time".into()),
        class_name: None,
        called_when_ready: Vec::new(),
        is_whole: false,
        type_name: "str".into(),
        summary: summary.into(),
        identity: 0x7fff_0000_0010,
        shallow: ValueHash(u64::MAX),
        deep: ValueHash(3),
        // Has no short decimal form.
        number: Some(0.1 + 0.2),
        attributes: vec![Attribute {
            name: "done".into(),
            summary: "'s3cret'".into(),
            hash: ValueHash(7),
            number: Some(f64::MIN_POSITIVE / 2.0),
            length: Some(6),
            is_quote: true,
            kind: ValueKind::Str,
            function: None,
        }],
    }
}

fn example() -> Profile {
    let input = |name: &str| LoopInput { name: name.into(), is_global: true, attributes: vec!["a".into(), "b".into()] };
    let one = Loop {
        first: 3,
        last: 99,
        line_first: 22,
        line_last: 28,
        kind: LoopKind::Condition,
        exits: vec![LoopExit {
            condition: (3, 6),
            inputs: vec![input("row")],
            guards: vec![input("guard")],
            called: vec![0],
            calls: vec![12],
            is_opaque: true,
            by_iterator: true,
            leaves_when: Some((0, true)),
        }],
        writes: vec![Write { target: input("x"), from_call: true, each_turn_in_place: false }],
        has_calls: true,
        apart: Vec::new(),
        is_pure: false,
    };
    let code = Code {
        address: 0x7fff_1234_5678,
        function: "call".into(),
        file: "/home/someone/loops.py".into(),
        line_first: 20,
        lines: LineTable::new(vec![(0, 20), (6, 22)]),
        is_generator: true,
        loops: vec![one],
        calls: vec![12, 40],
        returns: Returns { inputs: vec![input("r")], is_opaque: false },
        bytecode_bytes: 120,
        tries: vec![Try { first: 8, handler: 30, otherwise: 50, end: 60, apart: None, always: false }],
    };
    let detail = Arc::new(FrameDetail {
        variables: vec![
            Variable { name: "row".into(), value: Some(value("'s3cret'")) },
            Variable { name: "unbound".into(), value: None },
        ],
        inputs: vec![Variable {
            name: "row.done".into(),
            value: Some(value_of("'s3cret and then some ab…' (99 characters)", 99)),
        }],
        iterators: vec![(0, value("'s3cret'"))],
        callee: Some(Callee {
            kind: CalleeKind::C,
            name: "sorted".into(),
            arguments: vec![value("'s3cret'")],
            receiver: Some(value("'s3cret'")),
            pattern: Some(value("'s3cret'")),
        }),
    });
    let frame = |lasti, detail: Option<&Arc<FrameDetail>>, detail_age| Frame {
        address: 0x1000,
        code: CodeId(0),
        lasti,
        line: 23,
        identity: ValueHash(11),
        detail: detail.cloned(),
        detail_age,
    };
    let sample = |monotonic_ns, frames, torn| Sample {
        monotonic_ns,
        facts: ThreadFacts { cpu_ns: 5, wait_ns: 6, voluntary_switches: 7, involuntary_switches: 8 },
        stack: Stack(frames),
        torn,
        caught: (!torn).then(|| Caught {
            frame: 0x1000,
            lasti: 12,
            type_name: "exceptions.IOError".into(),
            message: Some("[Errno 2] s3cret".into()),
            value: Some(ValueHash(3)),
            identity: monotonic_ns,
        }),
    };
    let thread = ThreadProfile {
        tid: Some(4),
        python_id: u64::MAX,
        is_main: true,
        samples: vec![
            sample(1, vec![frame(None, None, 0), frame(Some(34), Some(&detail), 0)], false),
            sample(2, vec![frame(None, None, 0), frame(Some(34), Some(&detail), 1)], false),
            sample(3, Vec::new(), true),
        ],
        moving_iterators: vec!["listiterator".into()],
        iterators_unsure: true,
        overdue_seconds: Some(2.99),
    };
    Profile {
        codes: vec![code],
        threads: vec![thread],
        rate_hz: 99.9,
        problems: vec!["one".into()],
        ..Profile::default()
    }
}

#[test]
fn what_is_written_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("hot.bhs");
    let manifest = SamplesManifest { tool: "bloathound".into(), pid: 7, ..SamplesManifest::default() };
    let bytes = record_samples(&path, manifest.clone(), &example(), false, Effort::Quick).unwrap();
    assert_eq!(bytes, fs::metadata(&path).unwrap().len());
    let mode = std::os::unix::fs::PermissionsExt::mode(&fs::metadata(&path).unwrap().permissions());
    assert_eq!(mode & 0o777, 0o600);
    let read = open_samples(&path).unwrap();
    assert_eq!(read, RecordedSamples { manifest, profile: example() });
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
}

/// As a file of the first version spells them: by position, and values without a kind.
#[test]
fn samples_of_the_first_version_are_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("hot.bhs");
    let value = r#"{"type_name":"str","summary":"'abc'","identity":1,"shallow":2,"deep":3,"number":null,
        "attributes":[["done","'xy'",7,4607182418800017408]]}"#;
    let document = format!(
        r#"{{"manifest":{{"tool":"t","kernel":"k","executable":"e","pid":7,"redacted":false,"build_id":null,
        "unicode_bytes":4}},"profile":{{"codes":[{{"address":1,"function":"f","file":"f.py","line_first":1,
        "lines":[[0,1]],"is_generator":false,"loops":[{{"first":0,"last":9,"line_first":1,"line_last":2,
        "by_iterator":true,"exits":[{{"condition":[0,3],"inputs":[["row",true,["a"]]],"guards":[],"calls":[],
        "is_opaque":false,"by_iterator":true,"leaves_when":[0,true]}}],"writes":[[["x",false,[]],true]],
        "has_calls":true}}],"calls":[],"returns":{{"inputs":[],"is_opaque":true}},"bytecode_bytes":10}}],
        "details":[{{"variables":[["row",{value}],["unbound",null]],"inputs":[],"iterators":[[0,{value}]],
        "callee":["C","sorted"]}}],"frames":[{{"address":1,"code":0,"lasti":3,"line":1,"identity":5,"detail":0,
        "detail_age":0}}],"threads":[{{"tid":4,"python_id":9,"is_main":true,"samples":[{{"monotonic_ns":1,
        "facts":[5,6,7,8],"stack":[0],"torn":false}}],"moving_iterators":[],"overdue_seconds":4607182418800017408}}],
        "rate_hz":4607182418800017408,"cost":[1,2,3,4,5,6],"problems":[]}}}}"#
    );
    write_sealed(&path, SAMPLES_1, document.as_bytes(), Effort::Quick).unwrap();
    let profile = open_samples(&path).unwrap().profile;
    assert_eq!((profile.rate_hz, profile.cost.busy_ns, profile.threads[0].overdue_seconds), (1.0, 6, Some(1.0)));
    let one = &profile.codes[0].loops[0];
    assert_eq!((one.kind, one.exits[0].leaves_when), (LoopKind::Iterator, Some((0, true))));
    assert!(one.writes[0].from_call && one.exits[0].inputs[0].is_global);
    let sample = &profile.threads[0].samples[0];
    assert_eq!((sample.facts.wait_ns, sample.facts.involuntary_switches), (6, 8));
    let detail = sample.stack.0[0].detail.as_ref().unwrap();
    assert_eq!(detail.callee.as_ref().map(|callee| callee.kind), Some(CalleeKind::C));
    let value = detail.variables[0].value.as_ref().unwrap();
    assert_eq!((value.kind, value.length, value.is_quote), (ValueKind::Str, Some(3), true));
    assert_eq!((value.attributes[0].length, value.attributes[0].number), (Some(2), Some(1.0)));
}

#[test]
fn redacted_samples_say_nothing_of_strings_and_folders() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("hot.bhs");
    record_samples(&path, SamplesManifest::default(), &example(), true, Effort::Quick).unwrap();
    let document = read_sealed(&path, SAMPLES, 1 << 20).unwrap();
    let text = String::from_utf8(document).unwrap();
    for gone in ["s3cret", "someone"] {
        assert!(!text.contains(gone), "{text}");
    }
    let read = open_samples(&path).unwrap();
    assert!(read.manifest.redacted);
    let mut whole = example();
    whole.codes[0].file = "xxxxxxxxxxxxx/loops.py".into();
    assert_eq!(read.profile.codes, whole.codes);
    let first = |profile: &Profile| profile.threads[0].samples[0].stack.0[1].detail.clone().unwrap();
    let values = first(&read.profile);
    assert_eq!(values.variables[0].value.as_ref().unwrap().summary, "'xxxxxx'");
    assert_eq!(values.variables[0].value.as_ref().unwrap().deep, ValueHash(3));
}

#[test]
fn any_damage_is_told_and_other_versions_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("hot.bhs");
    record_samples(&path, SamplesManifest::default(), &example(), false, Effort::Quick).unwrap();
    let whole = fs::read(&path).unwrap();
    for at in 0..whole.len() {
        let mut flipped = whole.clone();
        flipped[at] ^= 0x10;
        fs::write(&path, &flipped).unwrap();
        assert!(open_samples(&path).is_err(), "a bit flipped at {at}");
        fs::write(&path, &whole[..at]).unwrap();
        assert!(open_samples(&path).is_err(), "cut off at {at}");
    }
    let mut other = whole;
    other[8] = 9;
    fs::write(&path, &other).unwrap();
    assert!(matches!(open_samples(&path), Err(SealedError::OtherVersion { found: 9, read: 2, .. })));
}

#[test]
fn frames_that_lead_nowhere_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("hot.bhs");
    record_samples(&path, SamplesManifest::default(), &example(), false, Effort::Quick).unwrap();
    let text = String::from_utf8(read_sealed(&path, SAMPLES, 1 << 20).unwrap()).unwrap();
    for (there, instead) in
        [("\"code\":0", "\"code\":1"), ("\"detail\":0", "\"detail\":5"), ("\"stack\":[0,", "\"stack\":[9,")]
    {
        assert!(text.contains(there), "{text}");
        write_sealed(&path, SAMPLES, text.replace(there, instead).as_bytes(), Effort::Quick).unwrap();
        assert!(matches!(open_samples(&path), Err(SealedError::Damaged { .. })), "{instead}");
    }
}
