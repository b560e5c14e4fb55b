//! A stopped Python 2.7 for tests, copied in the plainest way there is: through `/proc/PID/mem`.
#![allow(dead_code, reason = "each test binary uses a part of this")]

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use bloathound_cpython::allocator::PymallocMap;
use bloathound_cpython::dialect::CPYTHON_2_7;
use bloathound_cpython::{Decoded, Interpreter, decode, find_interpreter_in};
use bloathound_heap::HeapSnapshot;
use bloathound_memory::{
    Address, ImageBuilder, MemoryImage, MemorySource, PAGE_BYTES, Permissions, Region, RegionKind, SymbolTable,
};

#[allow(unused_imports, reason = "each test binary uses a part of this")]
pub use bloathound_testkit::python27;

/// A Python that has printed its first line and waits for its input to end.
pub struct Stopped {
    pub child: Child,
    pub first_line: String,
    pub lines: BufReader<ChildStdout>,
    pub stdin: ChildStdin,
}

impl Stopped {
    pub fn run(python: &Path, arguments: &[&str]) -> Self {
        Self::start(Command::new(python).args(arguments))
    }

    /// The same with what it says of errors in a file.
    pub fn run_with_errors_in(python: &Path, arguments: &[&str], errors: &Path) -> Self {
        let file = File::create(errors).expect("a file");
        Self::start(Command::new(python).args(arguments).stderr(file))
    }

    fn start(command: &mut Command) -> Self {
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("python starts");
        let stdin = child.stdin.take().expect("piped");
        let mut first_line = String::new();
        let mut lines = BufReader::new(child.stdout.take().expect("piped"));
        lines.read_line(&mut first_line).expect("a line");
        Self { child, first_line, lines, stdin }
    }

    /// The same without the pages that the kernel has none of, and with what it says of the others.
    pub fn copy_what_is_there(&self) -> (MemoryImage, SymbolTable) {
        let (image, symbols) = self.copy();
        let pid = self.child.id();
        let pagemap = File::open(format!("/proc/{pid}/pagemap")).expect("pagemap");
        let is_there = |page: u64| {
            let mut entry = [0; 8];
            pagemap.read_exact_at(&mut entry, page / PAGE_BYTES * 8).is_ok() && u64::from_le_bytes(entry) >> 63 == 1
        };
        let mut builder = ImageBuilder::new();
        let mut flat = Vec::new();
        let mut runs = Vec::new();
        for (start, pages) in image.runs() {
            for page in 0..u64::from(*pages) {
                let at = start.offset(page * PAGE_BYTES);
                if is_there(at.0) {
                    builder.add_run(at, 1);
                    flat.extend_from_slice(image.bytes(at, PAGE_BYTES as usize).expect("copied"));
                }
            }
        }
        let (planned, _) = builder.plan();
        runs.extend(planned);
        let regions = resident(pid, image.regions());
        (MemoryImage::new(regions, runs, flat), symbols)
    }

    pub fn copy(&self) -> (MemoryImage, SymbolTable) {
        let pid = self.child.id();
        bloathound_testkit::wait_until_it_reads(pid);
        let maps = std::fs::read_to_string(format!("/proc/{pid}/maps")).expect("maps");
        let regions: Vec<Region> = maps.lines().filter_map(region).collect();
        let memory = File::open(format!("/proc/{pid}/mem")).expect("mem");
        let mut builder = ImageBuilder::new();
        for region in regions.iter().filter(|r| r.permissions.read && r.permissions.write || r.path().is_some()) {
            builder.add_run(region.start, (region.len_bytes() / PAGE_BYTES) as u32);
        }
        let (runs, bytes) = builder.plan();
        let mut flat = vec![0; bytes];
        let mut at = 0;
        for (start, pages) in &runs {
            let len = *pages as usize * PAGE_BYTES as usize;
            // Joined regions can differ in rights; what can't be read stays zero.
            for offset in (0..len).step_by(PAGE_BYTES as usize) {
                let page = &mut flat[at + offset..at + offset + PAGE_BYTES as usize];
                let _ = memory.read_exact_at(page, start.0 + offset as u64);
            }
            at += len;
        }
        let image = MemoryImage::new(regions, runs, flat);
        let symbols = find_interpreter_in(&image, None, &mut |region: &Region| {
            File::open(format!("/proc/{pid}/root{}", region.path().unwrap_or_default()))
        })
        .expect("an interpreter");
        (image, symbols)
    }
}

impl Drop for Stopped {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The regions with what the kernel says is resident of each.
fn resident(pid: u32, regions: &[Region]) -> Vec<Region> {
    let smaps = std::fs::read_to_string(format!("/proc/{pid}/smaps")).expect("smaps");
    let mut rss = Vec::new();
    for line in smaps.lines() {
        if let Some(kilobytes) = line.strip_prefix("Rss:") {
            let number = kilobytes.trim().trim_end_matches(" kB").parse::<u64>().expect("a number");
            rss.push(number << 10);
        }
    }
    assert_eq!(rss.len(), regions.len());
    regions.iter().zip(rss).map(|(region, rss)| Region { rss_bytes: Some(rss), ..region.clone() }).collect()
}

fn region(line: &str) -> Option<Region> {
    let mut fields = line.split_whitespace();
    let (start, end) = fields.next()?.split_once('-')?;
    let rights = fields.next()?;
    let offset = fields.next()?;
    let name = fields.nth(2).unwrap_or("");
    let kind = match name {
        "" => RegionKind::Anonymous,
        "[heap]" => RegionKind::Heap,
        "[stack]" => RegionKind::Stack,
        name if name.starts_with('[') => RegionKind::Special(name.into()),
        path => RegionKind::File { path: path.into(), deleted: false },
    };
    let number = |text| u64::from_str_radix(text, 16).ok();
    Some(Region {
        start: Address(number(start)?),
        end: Address(number(end)?),
        permissions: Permissions {
            read: rights.contains('r'),
            write: rights.contains('w'),
            execute: rights.contains('x'),
            shared: rights.contains('s'),
        },
        file_offset: number(offset)?,
        kind,
        rss_bytes: None,
    })
}

pub fn decode_all(image: &MemoryImage, symbols: &SymbolTable) -> (Interpreter, Decoded<HeapSnapshot>) {
    let interpreter = Interpreter::locate(image, symbols).expect("CPython 2.7");
    let arenas = image.pointer_at(interpreter.arenas.expect("arenas")).expect("readable");
    let count = image.read_u32(interpreter.maxarenas.expect("maxarenas")).expect("readable");
    let (pools, problems) = PymallocMap::decode(&CPYTHON_2_7.obmalloc, image, arenas, count);
    assert!(problems.is_empty(), "{problems:?}");
    let decoded = decode(image, &interpreter, Some(&pools));
    (interpreter, decoded)
}
