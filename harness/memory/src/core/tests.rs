//! Cores written by hand, damaged ones among them.

use proptest::prelude::*;

use super::*;
use crate::{LoadedModule, MemorySource, RegionKind, Wanted};

fn no_file(_: &str) -> io::Result<File> {
    Err(io::Error::other("no"))
}

/// `(address, bytes in memory, contents, flags)`; contents may be shorter than memory.
type Load = (u64, u64, Vec<u8>, u32);

fn u16s(numbers: &[u16]) -> Vec<u8> {
    numbers.iter().flat_map(|number| number.to_le_bytes()).collect()
}

fn u64s(numbers: &[u64]) -> Vec<u8> {
    numbers.iter().flat_map(|number| number.to_le_bytes()).collect()
}

fn note(kind: u32, bytes: &[u8]) -> Vec<u8> {
    let mut note = Vec::new();
    for number in [5, bytes.len() as u32, kind] {
        note.extend(number.to_le_bytes());
    }
    note.extend(b"CORE\0\0\0\0");
    note.extend(bytes);
    note.resize(note.len().next_multiple_of(4), 0);
    note
}

/// A core file as the kernel writes it, by hand.
fn core_file(notes: &[u8], loads: &[Load]) -> Vec<u8> {
    let headers = 1 + loads.len() as u64;
    let mut at = (64 + 56 * headers).next_multiple_of(16);
    let mut file = b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0".to_vec();
    file.extend(u16s(&[4, 62]));
    file.extend(1_u32.to_le_bytes());
    file.extend(u64s(&[0, 64, 0]));
    file.extend(0_u32.to_le_bytes());
    file.extend(u16s(&[64, 56, headers as u16, 64, 0, 0]));
    let mut header = |kind: u32, flags: u32, address: u64, in_file: u64, in_memory: u64| {
        file.extend(kind.to_le_bytes());
        file.extend(flags.to_le_bytes());
        file.extend(u64s(&[at, address, 0, in_file, in_memory, 1]));
        at += in_file;
    };
    header(4, 4, 0, notes.len() as u64, 0);
    for (address, in_memory, contents, flags) in loads {
        header(1, *flags, *address, contents.len() as u64, *in_memory);
    }
    file.resize(file.len().next_multiple_of(16), 0);
    file.extend(notes);
    for (_, _, contents, _) in loads {
        file.extend(contents);
    }
    file
}

fn example() -> Vec<u8> {
    let mut status = vec![0; 336];
    status[32..36].copy_from_slice(&77_u32.to_le_bytes());
    status[264..272].copy_from_slice(&0x7ffe_0000_0800_u64.to_le_bytes());
    let mut info = vec![0; 136];
    info[24..28].copy_from_slice(&77_u32.to_le_bytes());
    info[56..65].copy_from_slice(b"python x ");
    let vector = u64s(&[3, 0x40_0040, 25, 0x7ffe_0000_0900, 33, 0x7fff_0000_0000, 0, 0]);
    let mut files = u64s(&[2, 4096, 0x40_0000, 0x40_2000, 0, 0x40_2000, 0x40_3000, 2]);
    files.extend(b"/bin/python\0/bin/python\0");
    let mut notes = note(1, &status);
    notes.extend(note(3, &info));
    notes.extend(note(6, &vector));
    notes.extend(note(0x4649_4c45, &files));
    let page = |value: u8, count: usize| vec![value; 4096 * count];
    let loads = [
        (0x40_2000, 0x1000, page(1, 1), 6),
        (0x40_3000, 0x1000, page(2, 1), 6),
        (0x50_0000, 0x3000, page(3, 2), 6),
        (0x7ffe_0000_0000, 0x1000, page(4, 1), 6),
        (0x7fff_0000_0000, 0x1000, page(5, 1), 5),
        (0xffff_ffff_ff60_0000, 0x1000, page(6, 1), 5),
    ];
    core_file(&notes, &loads)
}

fn read(bytes: &[u8]) -> Result<Core, CoreError> {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), bytes).unwrap();
    // `e_type` is at 16; 4 is `ET_CORE`.
    let is_core = bytes.starts_with(b"\x7fELF") && bytes.get(16..18) == Some(&[4, 0][..]);
    let core = read_core(file.path(), 1 << 30, &mut |_| Err(io::Error::from(io::ErrorKind::NotFound)));
    assert!(is_core || core.is_err());
    core
}

#[test]
fn a_core_by_hand() {
    let core = read(&example()).unwrap();
    assert_eq!(
        (core.pid, core.command.as_str(), core.executable.as_deref()),
        (Some(77), "python x", Some("/bin/python"))
    );
    assert_eq!(core.threads, [CoreThread { tid: 77, stack_pointer: Address(0x7ffe_0000_0800) }]);
    let kinds: Vec<(u64, RegionKind)> =
        core.image.regions().iter().map(|region| (region.start.0, region.kind.clone())).collect();
    let program = RegionKind::File { path: "/bin/python".to_owned(), deleted: false };
    assert_eq!(
        kinds,
        [
            (0x40_0000, program.clone()),
            (0x40_2000, program),
            (0x40_3000, RegionKind::Anonymous),
            (0x50_0000, RegionKind::Heap),
            (0x7ffe_0000_0000, RegionKind::Stack),
            (0x7fff_0000_0000, RegionKind::Special("[vdso]".to_owned())),
        ]
    );
    assert_eq!(core.image.bytes(Address(0x40_2fff), 2), Some(&[1, 2][..]));
    assert_eq!(core.image.bytes(Address(0x50_1fff), 2), None, "left out");
    assert_eq!(core.problems, [CoreProblem::ResidentUnknown, CoreProblem::WritableLeftOut { missing_bytes: 4096 }]);
    assert_eq!(core.page_runs.iter().map(|run| run.pages).sum::<u32>(), 5);
    let modules = core.modules();
    assert!(core.image.regions().iter().all(|region| modules.open(region, &mut no_file).is_err()));
}

#[test]
fn other_files_are_refused() {
    assert!(matches!(read(b"no core"), Err(CoreError::Elf { cause: ElfError::NotElf, .. })));
    let mut program = example();
    program[16] = 3;
    assert!(matches!(read(&program), Err(CoreError::NotACore { .. })));
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), example()).unwrap();
    let error = read_core(file.path(), 8192, &mut |_| Err(io::Error::other("no"))).unwrap_err();
    assert!(matches!(error, CoreError::TooLarge { limit: 8192, .. }), "{error}");
}

#[test]
fn a_cut_off_core_gives_what_is_there() {
    let bytes = example();
    let core = read(&bytes[..bytes.len() - 4096 * 3 - 1]).unwrap();
    assert!(matches!(core.problems[1], CoreProblem::CutOff { missing_bytes: 12289 }), "{:?}", core.problems);
    assert_eq!(core.image.u64_at(Address(0x50_0000)), Some(0x0303_0303_0303_0303));
    assert_eq!(core.image.u64_at(Address(0x50_1000)), None);
}

#[test]
fn a_small_file_does_not_become_a_large_image() {
    // A thousand segments that all use the same 16 pages.
    let mut bytes = core_file(&[], &vec![(0x1_0000, 0x1_0000, Vec::new(), 6); 1000]);
    let end = bytes.len() as u64;
    for index in 0..1000_u64 {
        let header = 64 + 56 * (index as usize + 1);
        bytes[header + 8..header + 16].copy_from_slice(&end.to_le_bytes());
        bytes[header + 16..header + 24].copy_from_slice(&(0x1_0000 * (index + 1)).to_le_bytes());
        bytes[header + 32..header + 40].copy_from_slice(&0x1_0000_u64.to_le_bytes());
    }
    bytes.resize(bytes.len() + 0x1_0000, 7);
    let core = read(&bytes).unwrap();
    assert!(core.image.flat().len() <= bytes.len());
    assert!(core.problems.contains(&CoreProblem::BadSegments { count: 999 }), "{:?}", core.problems);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn hostile_cores_are_survived(changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..12), cut in any::<prop::sample::Index>()) {
        let mut bytes = example();
        // Headers and notes are where the damage is.
        let head = 64 + 56 * 7 + 800;
        for (at, value) in changes {
            let at = at.index(head);
            bytes[at] = value;
        }
        if cut.index(4) == 0 {
            bytes.truncate(cut.index(bytes.len()));
        }
        if let Ok(core) = read(&bytes) {
            prop_assert!(core.image.flat().len() <= bytes.len());
            let regions = core.image.regions();
            prop_assert!(regions.windows(2).all(|pair| pair[0].end <= pair[1].start));
            let modules = core.modules();
            let wanted = Wanted { keep: &|_| true, code_of: &["main"], code_bytes: 64 };
            for region in regions {
                let _ = modules.open(region, &mut no_file);
                let _ = LoadedModule::read(&core.image, region.path().unwrap_or_default()).map(|module| module.view(&wanted));
            }
        }
    }
}
