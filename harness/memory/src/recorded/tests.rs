//! Recordings written and read back, and damaged ones.

use std::collections::HashMap;
use std::path::Path;

use proptest::prelude::*;

use super::frames::{FRAME_HEADER_BYTES, FrameHeader, MANIFEST_TAG};
use super::*;
use crate::{Address, MemorySource, PAGE_BYTES, PageState, Permissions, Region, RegionKind, Symbol};

const PAGE: usize = PAGE_BYTES as usize;
const LIMIT: u64 = 1 << 30;

/// Three runs over three pieces: the middle one crosses both borders.
fn example() -> Recording {
    let runs = vec![(Address(0x1000), 1000), (Address(0x1000_0000), 1500), (Address(0x7000_0000_0000), 10)];
    let pages: usize = runs.iter().map(|(_, pages)| *pages as usize).sum();
    let mut flat = vec![0; pages * PAGE];
    for (page, bytes) in flat.chunks_exact_mut(PAGE).enumerate() {
        bytes[..8].copy_from_slice(&(page as u64).to_le_bytes());
    }
    let region = |start: u64, pages: u64, kind| Region {
        start: Address(start),
        end: Address(start + pages * PAGE_BYTES),
        permissions: Permissions { read: true, write: true, ..Permissions::default() },
        file_offset: 0x2000,
        kind,
        rss_bytes: Some(4096),
    };
    let regions = vec![
        region(0x1000, 1000, RegionKind::Heap),
        region(0x1000_0000, 2000, RegionKind::File { path: "/a \"b\"\n".to_owned(), deleted: true }),
        region(0x7000_0000_0000, 10, RegionKind::Special("[vdso]".to_owned())),
    ];
    let symbol = Symbol { address: Address(0x1008), size_bytes: 24 };
    Recording {
        manifest: Manifest {
            tool: "bloathound 0.1.0".to_owned(),
            pid: 77,
            interpreter: BTreeMap::from([("stride".to_owned(), "40".to_owned())]),
            ..Manifest::default()
        },
        symbols: SymbolTable {
            path: "/lib/libpython2.7.so".to_owned(),
            load_bias: 0x5000,
            data_ranges: vec![Address(0x1000)..Address(0x2000)],
            symbols: HashMap::from([("PyDict_Type".to_owned(), vec![symbol])]),
            ..SymbolTable::default()
        },
        page_runs: vec![PageRun { start: Address(0x1000), pages: 1000, state: PageState::Private }],
        image: MemoryImage::new(regions, runs, flat),
    }
}

fn written(recording: &Recording) -> Vec<u8> {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("image");
    let size = write_recording(&path, recording, WriteOptions::default()).unwrap();
    let bytes = std::fs::read(&path).unwrap();
    assert_eq!(size.file_bytes, bytes.len() as u64);
    assert_eq!(size.raw_bytes, recording.image.flat().len() as u64);
    bytes
}

fn read(mut bytes: &[u8]) -> Result<ReadRecording, RecordError> {
    read_recording_from(&mut bytes, Path::new("image"), LIMIT)
}

/// Every page that is there is the right one.
fn assert_pages_are_right(image: &MemoryImage) -> usize {
    let original = example();
    let mut count = 0;
    for (start, pages) in image.runs() {
        for page in 0..u64::from(*pages) {
            let address = start.offset(page * PAGE_BYTES);
            assert_eq!(image.u64_at(address), original.image.u64_at(address), "{address}");
            count += 1;
        }
    }
    assert_eq!(image.flat().len(), count * PAGE);
    count
}

#[test]
fn what_is_written_is_read() {
    let original = example();
    let bytes = written(&original);
    assert!(bytes.len() < original.image.flat().len() / 100, "{}", bytes.len());
    let ReadRecording { recording, problems } = read(&bytes).unwrap();
    assert_eq!(problems, []);
    assert_eq!(recording.manifest, original.manifest);
    assert_eq!(recording.symbols, original.symbols);
    assert_eq!(recording.page_runs, original.page_runs);
    assert_eq!(recording.image.regions(), original.image.regions());
    assert_eq!(recording.image.runs(), original.image.runs());
    assert_eq!(recording.image.flat(), original.image.flat());
    assert_eq!(written(&recording), bytes, "the same recording is the same bytes");
}

#[test]
fn a_transform_changes_what_is_written_and_nothing_else() {
    let original = example();
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("image");
    let mut scrub = |place: FlatOffset, bytes: &mut [u8]| {
        assert_eq!(place % CHUNK_BYTES, 0);
        bytes.fill(b'x');
    };
    let options = WriteOptions { transform: Some(&mut scrub), ..WriteOptions::default() };
    write_recording(&path, &original, options).unwrap();
    let read = read_recording(&path, LIMIT).unwrap();
    assert!(read.recording.image.flat().iter().all(|byte| *byte == b'x'));
    assert_eq!(original.image.u64_at(Address(0x2000)), Some(1));
}

#[cfg(unix)]
#[test]
fn only_the_owner_may_read_it_and_nothing_is_left_over() {
    use std::os::unix::fs::PermissionsExt;
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("image");
    std::fs::write(&path, "older").unwrap();
    write_recording(&path, &example(), WriteOptions::default()).unwrap();
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 1);
    let nowhere = path.join("below-a-file");
    assert!(matches!(write_recording(&nowhere, &example(), WriteOptions::default()), Err(RecordError::Io { .. })));
    assert!(matches!(
        write_recording(Path::new("/"), &example(), WriteOptions::default()),
        Err(RecordError::Io { .. })
    ));
}

#[test]
fn other_files_and_versions_are_refused() {
    assert!(matches!(read(b""), Err(RecordError::NotARecording { .. })));
    assert!(matches!(read(b"\x7fELF and some more"), Err(RecordError::NotARecording { .. })));
    let mut bytes = written(&example());
    bytes[8] = 9;
    assert!(matches!(read(&bytes), Err(RecordError::OtherVersion { found: 9, .. })));
    // The first version is the same without a base.
    bytes[8] = 1;
    assert_eq!(read(&bytes).unwrap().recording.image.flat(), example().image.flat());
    let bytes = written(&example());
    let error = read_recording_from(&mut bytes.as_slice(), Path::new("x"), 1 << 20).unwrap_err();
    assert!(matches!(error, RecordError::TooLarge { limit: 1_048_576, .. }), "{error}");
}

#[test]
fn a_cut_off_file_gives_what_is_there() {
    let bytes = written(&example());
    let mut most = 0;
    for keep in (0..bytes.len()).step_by(7) {
        match read(&bytes[..keep]) {
            Ok(ReadRecording { recording, problems }) => {
                assert!(matches!(problems.last(), Some(RecordProblem::CutOff { .. })), "{keep}: {problems:?}");
                most = most.max(assert_pages_are_right(&recording.image));
            }
            Err(error) => {
                assert!(matches!(error, RecordError::NotARecording { .. } | RecordError::BadManifest { .. }), "{error}")
            }
        }
    }
    assert_eq!(most, 2510, "all memory is there when only the end mark is cut");
}

#[test]
fn a_damaged_piece_costs_itself_only() {
    let mut bytes = written(&example());
    // The second DATA frame's payload.
    let frames: Vec<usize> =
        bytes.windows(4).enumerate().filter(|(_, window)| *window == b"DATA").map(|(at, _)| at).collect();
    assert_eq!(frames.len(), 3);
    bytes[frames[1] + FRAME_HEADER_BYTES + 10] ^= 1;
    let ReadRecording { recording, problems } = read(&bytes).unwrap();
    assert_eq!(problems, [RecordProblem::DamagedChunk { index: 1, what: "its checksum is wrong" }]);
    assert_eq!(assert_pages_are_right(&recording.image), 2510 - 1024);
    assert_eq!(recording.image.locate(Address(0x1000_0000 + 24 * PAGE_BYTES)), None);
    assert_eq!(recording.image.u64_at(Address(0x7000_0000_0000)), Some(2500));
}

/// `example` a while later: a page changed, one came, one went.
fn later(change: u8) -> Recording {
    let mut recording = example();
    let mut runs = recording.image.runs().to_vec();
    let mut flat = recording.image.flat().to_vec();
    flat[5 * PAGE + 100] = change;
    flat.drain((2510 - 1) * PAGE..);
    runs[2].1 -= 1;
    runs.push((Address(0x7000_0010_0000), 1));
    flat.extend((0..PAGE).map(|at| change.wrapping_mul(at as u8)));
    let regions = recording.image.regions().to_vec();
    recording.image = MemoryImage::new(regions, runs, flat);
    recording
}

fn write_over(path: &Path, recording: &Recording, base: &Path) -> WrittenRecording {
    let base = Base::read(base, LIMIT).unwrap();
    write_recording(path, recording, WriteOptions { base: Some(&base), ..WriteOptions::default() }).unwrap()
}

#[test]
fn an_image_that_builds_on_others_is_read_with_them() {
    let folder = tempfile::tempdir().unwrap();
    let paths: Vec<_> = (0..3).map(|n| folder.path().join(format!("{n}.bhi"))).collect();
    let alone = write_recording(&paths[0], &example(), WriteOptions::default()).unwrap();
    for (n, recording) in [(1, later(7)), (2, later(9))] {
        let written = write_over(&paths[n], &recording, &paths[n - 1]);
        assert!(written.file_bytes * 3 < alone.file_bytes * 2, "{written:?}");
        let ReadRecording { recording: read, problems } = read_recording(&paths[n], LIMIT).unwrap();
        assert_eq!(problems, []);
        assert_eq!(read.image.runs(), recording.image.runs());
        assert_eq!(read.image.flat(), recording.image.flat());
    }
    let bytes = std::fs::read(&paths[2]).unwrap();
    assert!(matches!(read(&bytes), Err(RecordError::BadBase { .. })), "from a stream nothing is beside it");

    let bad_base = |what: &str| {
        let error = read_recording(&paths[2], LIMIT).unwrap_err();
        assert!(matches!(&error, RecordError::BadBase { .. }) && error.to_string().contains(what), "{error}");
    };
    // Another image under the base's name.
    write_over(&paths[1], &later(8), &paths[0]);
    bad_base("another image");
    let whole = std::fs::read(&paths[0]).unwrap();
    let mut damaged = whole.clone();
    let middle = damaged.len() / 2;
    damaged[middle] ^= 1;
    std::fs::write(&paths[0], damaged).unwrap();
    bad_base("damaged");
    std::fs::remove_file(&paths[0]).unwrap();
    bad_base("0.bhi");
    // A circle.
    std::fs::copy(&paths[1], &paths[0]).unwrap();
    bad_base("circle");
}

#[test]
fn a_damaged_piece_of_an_image_that_builds_on_another_costs_itself_only() {
    let folder = tempfile::tempdir().unwrap();
    let (base, path) = (folder.path().join("base"), folder.path().join("next"));
    write_recording(&base, &example(), WriteOptions::default()).unwrap();
    write_over(&path, &example(), &base);
    let mut bytes = std::fs::read(&path).unwrap();
    let second = bytes.windows(4).enumerate().filter(|(_, window)| *window == b"DATA").nth(1).unwrap().0;
    bytes[second + FRAME_HEADER_BYTES + 3] ^= 1;
    std::fs::write(&path, bytes).unwrap();
    let ReadRecording { recording, problems } = read_recording(&path, LIMIT).unwrap();
    assert!(matches!(problems.as_slice(), [RecordProblem::DamagedChunk { index: 1, .. }]), "{problems:?}");
    assert_eq!(assert_pages_are_right(&recording.image), 2510 - 1024);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Flipped bits and inserted noise: an error or a partial image, and no wrong page.
    #[test]
    fn hostile_files_are_survived(flips in prop::collection::vec((any::<prop::sample::Index>(), 0_u8..8), 1..6), cut in any::<prop::sample::Index>()) {
        let mut bytes = BYTES.with(Clone::clone);
        for (at, bit) in flips {
            let at = at.index(bytes.len());
            bytes[at] ^= 1 << bit;
        }
        if cut.index(3) == 0 {
            bytes.truncate(cut.index(bytes.len()));
        }
        if let Ok(ReadRecording { recording, .. }) = read(&bytes) {
            assert_pages_are_right(&recording.image);
        }
    }

    /// A manifest that is well-formed and lies.
    #[test]
    fn lying_manifests_are_survived(runs in prop::collection::vec((any::<u64>(), any::<u32>()), 0..20), regions in prop::collection::vec((any::<u64>(), any::<u64>()), 0..20)) {
        let manifest = serde_json::json!({
            "tool": "", "kernel": "", "executable": "", "pid": 1, "redacted": false, "interpreter": {}, "facts": {},
            "regions": regions.iter().map(|(start, end)| serde_json::json!({
                "start": start, "end": end, "permissions": "rw-p", "offset": 0, "kind": "heap"
            })).collect::<Vec<_>>(),
            "runs": runs.iter().map(|(start, pages)| (start >> 17 & !0xfff, pages % 100_000)).collect::<Vec<_>>(),
            "pages": runs.iter().map(|(start, pages)| (start, pages, 'p')).collect::<Vec<_>>(),
            "symbols": {"path": "", "build_id": null, "version": null, "load_bias": 0, "has_local_symbols": false,
                        "data_ranges": regions, "symbols": {}},
        });
        let json = serde_json::to_vec(&manifest).unwrap();
        let stored = zstd::bulk::compress(&json, 1).unwrap();
        let header = FrameHeader {
            tag: MANIFEST_TAG, index: 0, stored_bytes: stored.len() as u32, raw_bytes: json.len() as u32,
            crc: crc32fast::hash(&stored),
        };
        let mut bytes = MAGIC.to_vec();
        bytes.extend(RECORDING_VERSION.to_le_bytes());
        bytes.extend(header.to_bytes());
        bytes.extend(stored);
        match read(&bytes) {
            Ok(read) => {
                prop_assert_eq!(read.recording.image.flat().len(), 0);
                let regions = read.recording.image.regions();
                prop_assert!(regions.windows(2).all(|pair| pair[0].end <= pair[1].start));
            }
            Err(error) => prop_assert!(matches!(error, RecordError::TooLarge { .. }), "{}", error),
        }
    }
}

thread_local! {
    static BYTES: Vec<u8> = written(&example());
}
