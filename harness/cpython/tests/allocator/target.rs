//! A real Python 2.7, stopped at a known point (it waits for its standard input) and copied through /proc.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::FileExt;
use std::process::{ChildStdin, Command, Stdio};

use bloathound_cpython::find_interpreter_in;
use bloathound_memory::{Address, ImageBuilder, MemoryImage, PAGE_BYTES, Permissions, Region, RegionKind, SymbolTable};
use bloathound_testkit::Owned;

pub struct Target {
    child: Owned,
    stdin: ChildStdin,
    stdout: BufReader<std::process::ChildStdout>,
}

impl Target {
    /// `None` without Python 2.7. Runs `script`, which prints its facts with `tell(name, number)` and stops with `wait()`.
    pub fn start(script: &str) -> Option<Self> {
        let python = bloathound_testkit::python27()?;
        let prelude = "import sys, os, gc\n\
            def tell(name, value):\n    os.write(1, '%s %d\\n' % (name, value))\n\
            def wait():\n    os.write(1, 'ready 0\\n')\n    os.read(0, 1)\n";
        let child = Command::new(python)
            .args(["-E", "-s", "-c", &format!("{prelude}{script}")])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn();
        let mut child = Owned::from(child.expect("Python 2.7 starts"));
        let stdin = child.stdin.take().unwrap();
        let stdout = BufReader::new(child.stdout.take().unwrap());
        Some(Self { child, stdin, stdout })
    }

    /// Facts told up to the next `wait()`.
    pub fn facts(&mut self) -> BTreeMap<String, u64> {
        let mut facts = BTreeMap::new();
        loop {
            let mut line = String::new();
            assert!(self.stdout.read_line(&mut line).unwrap() > 0, "the script ended early");
            let (name, value) = line.trim().split_once(' ').unwrap();
            if name == "ready" {
                bloathound_testkit::wait_until_it_reads(self.child.id());
                return facts;
            }
            facts.insert(name.to_owned(), value.parse().unwrap());
        }
    }

    /// Lets the script go on after its `wait()`.
    pub fn go_on(&mut self) {
        self.stdin.write_all(b"g").unwrap();
        self.stdin.flush().unwrap();
    }

    /// Copies all present pages of private mappings and the libraries' constants (names of types), with the mappings'
    /// resident bytes. Reading constants makes them resident, so the kernel's figures are taken first.
    pub fn copy(&self) -> (MemoryImage, SymbolTable) {
        // Nothing runs in the target while it waits, so this and a sum taken just before are of the same moment.
        let pid = self.child.id();
        let regions = smaps(&fs::read_to_string(format!("/proc/{pid}/smaps")).unwrap());
        let pagemap = File::open(format!("/proc/{pid}/pagemap")).unwrap();
        let memory = File::open(format!("/proc/{pid}/mem")).unwrap();
        let mut builder = ImageBuilder::new();
        for region in &regions {
            if is_constant_data(region) {
                builder.add_run(region.start, (region.len_bytes() / PAGE_BYTES) as u32);
            }
            if !region.is_private_writable() {
                continue;
            }
            let pages = region.len_bytes() / PAGE_BYTES;
            let mut entries = vec![0; pages as usize * 8];
            pagemap.read_exact_at(&mut entries, region.start.0 / PAGE_BYTES * 8).unwrap();
            for (page, entry) in entries.chunks_exact(8).enumerate() {
                if u64::from_le_bytes(entry.try_into().unwrap()) >> 63 == 1 {
                    builder.add_run(region.start.offset(page as u64 * PAGE_BYTES), 1);
                }
            }
        }
        let (runs, bytes) = builder.plan();
        let mut flat = vec![0; bytes];
        let mut at = 0;
        for (start, pages) in &runs {
            let len = *pages as usize * PAGE_BYTES as usize;
            memory.read_exact_at(&mut flat[at..at + len], start.0).unwrap();
            at += len;
        }
        let image = MemoryImage::new(regions, runs, flat);
        let symbols = find_interpreter_in(&image, None, &mut |region| File::open(region.path().unwrap_or_default()))
            .expect("the interpreter is found");
        (image, symbols)
    }

    /// `Rss` of the whole process, by the kernel's own sum.
    pub fn kernel_rss_bytes(&self) -> u64 {
        let text = fs::read_to_string(format!("/proc/{}/smaps_rollup", self.child.id())).unwrap();
        field(&text, "Rss:").unwrap()
    }
}

fn is_constant_data(region: &Region) -> bool {
    region.path().is_some() && region.permissions.read && !region.permissions.execute && !region.permissions.shared
}

fn field(text: &str, name: &str) -> Option<u64> {
    let line = text.lines().find(|line| line.starts_with(name))?;
    Some(line.split_whitespace().nth(1)?.parse::<u64>().ok()? * 1024)
}

fn smaps(text: &str) -> Vec<Region> {
    let mut regions: Vec<Region> = Vec::new();
    for line in text.lines() {
        let first = line.split_whitespace().next().unwrap_or_default();
        if let Some((start, end)) = first.split_once('-').filter(|_| !first.ends_with(':')) {
            regions.push(mapping(line, start, end));
        } else if let (Some(rss), Some(last)) = (field(line, "Rss:"), regions.last_mut()) {
            last.rss_bytes = Some(rss);
        }
    }
    regions
}

fn mapping(line: &str, start: &str, end: &str) -> Region {
    let mut words = line.split_whitespace();
    let flags = words.nth(1).unwrap();
    let offset = words.next().unwrap();
    let name = words.skip(2).collect::<Vec<_>>().join(" ");
    let hex = |text: &str| u64::from_str_radix(text, 16).unwrap();
    Region {
        start: Address(hex(start)),
        end: Address(hex(end)),
        permissions: Permissions {
            read: flags.contains('r'),
            write: flags.contains('w'),
            execute: flags.contains('x'),
            shared: flags.contains('s'),
        },
        file_offset: hex(offset),
        kind: match name.as_str() {
            "" => RegionKind::Anonymous,
            "[heap]" => RegionKind::Heap,
            "[stack]" => RegionKind::Stack,
            name if name.starts_with('[') => RegionKind::Special(name.into()),
            name => RegionKind::File {
                path: name.trim_end_matches(" (deleted)").into(),
                deleted: name.ends_with(" (deleted)"),
            },
        },
        rss_bytes: None,
    }
}
