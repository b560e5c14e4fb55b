//! Memory that is present and not there: what was only ever read.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "a test program: a failure is a panic, a notice goes to stderr"
)]

use bloathound_live::{Capture, CaptureMode, CaptureOptions, MomentVerdict, Process, ThreadState};
use bloathound_memory::{Address, MemorySource};

mod common;
use common::{Script, python27, wait_until};

const PAGE: u64 = 4096;

/// Two gigabytes that were only read, but for a page in the middle; and a bytearray that honestly is zeroes.
const READER: &str = "
import ctypes, mmap, os, sys
size = 2 << 30
# Small pages: where the system gives large ones, one write would fill two megabytes.
libc = ctypes.CDLL(None, use_errno=True)
libc.mmap.restype = ctypes.c_void_p
libc.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int, ctypes.c_int, ctypes.c_int, ctypes.c_long]
at = libc.mmap(None, size, 3, 0x22, -1, 0)
libc.madvise(ctypes.c_void_p(at), ctypes.c_size_t(size), 15)
view = (ctypes.c_char * size).from_address(at)
total = 0
for place in xrange(0, size, 4096):
    total += ord(view[place])
honest = bytearray(3 << 20)
buffer = (ctypes.c_char * len(honest)).from_buffer(honest)
def write():
    view[size // 2] = 'w'
def share():
    # Shared with a child: resident, and nobody's own.
    pages = ctypes.create_string_buffer('x' * (1 << 20))
    for place in xrange(0, 64 << 20, 8192):
        view[place] = 'y'
    child = os.fork()
    if child == 0:
        sys.stdin.readline()
        os._exit(0)
    return pages, child
print at, ctypes.addressof(buffer)
while True:
    line = sys.stdin.readline().strip()
    if not line:
        break
    kept = {'write': write, 'share': share}[line]()
    print 'done'
";

fn reader() -> Option<(Script, Process, Address, Address)> {
    let mut script = Script::start(&python27()?, READER);
    let line = script.line();
    let (at, honest) = line.split_once(' ').unwrap();
    let process = Process::open(script.pid()).unwrap();
    Some((script, process, Address(at.parse().unwrap()), Address(honest.parse().unwrap())))
}

fn look(process: &Process, mode: CaptureMode) -> Capture {
    wait_until("it reads", || process.threads().unwrap().iter().all(|thread| thread.state == ThreadState::Sleeping));
    // On a busy machine two gigabytes of nothing take their time, where a child makes it doubtful what they are.
    let pause_budget = std::time::Duration::from_secs(60);
    let options = CaptureOptions { mode, pause_budget, ..CaptureOptions::default() };
    process.capture(options, &mut |_| MomentVerdict::Accept).unwrap()
}

/// Resident bytes of this test's own process.
fn our_rss() -> u64 {
    Process::open(std::process::id()).unwrap().status().unwrap().rss_bytes
}

/// `expected` looks at a page's address within the memory that was only read.
fn assert_read(capture: &Capture, at: Address, expected: impl Fn(u64) -> u8) {
    let image = &capture.image;
    for place in (0..2_u64 << 30).step_by(PAGE as usize * 511) {
        let page = place / PAGE * PAGE;
        assert_eq!(image.bytes(at.offset(page), 1), Some(&[expected(page)][..]), "{page:#x}");
    }
    let over = image.bytes(at.offset(1 << 20), 8 << 20).expect("a piece over many pages is one piece");
    assert_eq!(over.len(), 8 << 20);
}

#[test]
fn what_was_only_read_is_not_copied_and_reads_as_zeroes() {
    let Some((mut script, process, at, honest)) = reader() else { return };
    let rss = process.status().unwrap().rss_bytes;
    assert!(rss < 64 << 20, "the target itself has little: {rss}");
    for mode in [CaptureMode::Paused, CaptureMode::PreferQuiet, CaptureMode::NoPause] {
        let before = our_rss();
        let capture = look(&process, mode);
        eprintln!("{mode:?}: resident {rss}, copied {}, image {}", capture.copied_bytes, capture.image.flat().len());
        assert!(capture.copied_bytes <= rss, "{mode:?}: copied {} of {rss} resident", capture.copied_bytes);
        assert!(our_rss() < before + 2 * rss + (64 << 20), "{mode:?}: {} to {}", before, our_rss());
        assert_read(&capture, at, |_| 0);
        assert_eq!(capture.image.bytes(honest, 3 << 20), Some(&vec![0; 3 << 20][..]), "zeroes that are there");
    }
    // One page is written between two looks: only that one is there.
    script.say("write");
    assert_eq!(script.line(), "done");
    for mode in [CaptureMode::Paused, CaptureMode::PreferQuiet] {
        let capture = look(&process, mode);
        assert_eq!(capture.image.bytes(at.offset(1 << 30), 2), Some(&b"w\0"[..]));
        assert!(capture.copied_bytes <= rss + (1 << 20));
    }
}

#[test]
fn what_a_child_shares_is_told_apart_from_what_is_not_there() {
    let Some((mut script, process, at, _)) = reader() else { return };
    script.say("share");
    assert_eq!(script.line(), "done");
    let rss = process.status().unwrap().rss_bytes;
    let capture = look(&process, CaptureMode::Paused);
    assert!(capture.copied_bytes <= rss, "copied {} of {rss} resident", capture.copied_bytes);
    let is_written = |page: u64| page < 64 << 20 && page.is_multiple_of(8192);
    assert_read(&capture, at, |page| if is_written(page) { b'y' } else { 0 });
    assert!(capture.image.regions().len() > 10);
}

#[test]
fn a_limit_counts_what_is_there() {
    let Some((_script, process, ..)) = reader() else { return };
    let options = CaptureOptions { bytes_max: Some(256 << 20), ..CaptureOptions::default() };
    process.capture(options, &mut |_| MomentVerdict::Accept).expect("two gigabytes of nothing are within any limit");
}

#[test]
fn all_of_this_holds_for_an_ordinary_user() {
    let names = [
        "what_was_only_read_is_not_copied_and_reads_as_zeroes",
        "what_a_child_shares_is_told_apart_from_what_is_not_there",
        "a_limit_counts_what_is_there",
    ];
    bloathound_testkit::again_as_an_ordinary_user(&names, None);
}
