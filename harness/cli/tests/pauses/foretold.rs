//! What a look will cost is said beforehand, and it is what it costs; `--max-pause` chooses the way.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::support::{bloathound, live};
use crate::target::Target;

/// Strings that hold so many MB, asleep afterwards or busy for ever.
fn holding(megabytes: u32, then: &str) -> Target {
    let script = format!(
        "import sys\nkept = ['%d' % i + 'x' * (1 << 16) for i in xrange({megabytes} * 16)]\nprint 'ready'\nsys.stdout.flush()\n{then}\n"
    );
    Target::script(&script)
}

/// So many objects, small ones, as most are: each row is one, its tuple another, its number a third.
fn of_objects(objects: u32) -> Target {
    let script = format!(
        "import sys
class Row(object):
    __slots__ = ('number', 'cells')
    def __init__(self, number):
        self.number, self.cells = number, (number,)
kept = [Row(number) for number in xrange(1000, 1000 + {objects} // 3)]
print 'ready'
sys.stdout.flush()
sys.stdin.read()
"
    );
    Target::script(&script)
}

/// What a dry run says the target would stand still for, in milliseconds.
fn foretold(pid: u32) -> f64 {
    let run = bloathound()
        .args(["inspect", &pid.to_string(), "--always-pause", "--dry-run", "--max-pause", "60000"])
        .assert();
    let text = String::from_utf8_lossy(&run.code(0).get_output().stdout).into_owned();
    let said = text.split_once("stand still for about ").and_then(|(_, rest)| rest.split_once(" ms")).map(|(ms, _)| ms);
    said.and_then(|ms| ms.replace(' ', "").parse().ok()).unwrap_or_else(|| panic!("{text}"))
}

/// How long it stood still in fact.
fn real(pid: u32) -> f64 {
    let mut look = bloathound();
    look.args(["inspect", &pid.to_string(), "--always-pause", "--max-pause", "60000", "--json", "-"]);
    let report: serde_json::Value = serde_json::from_slice(&look.assert().code(0).get_output().stdout).unwrap();
    report["timing"]["pause_ms"].as_f64().unwrap()
}

#[test]
fn the_pause_is_as_long_as_foretold_at_three_sizes() {
    if !live() {
        return;
    }
    for objects in [100_000, 1_000_000, 3_000_000] {
        let target = of_objects(objects);
        // The least of several: others have the processors as well.
        let least = |of: fn(u32) -> f64| (0..3).map(|_| of(target.pid())).fold(f64::MAX, f64::min);
        let (said, was) = (least(foretold), least(real));
        eprintln!("{objects} objects: {said:.1} ms foretold, {was:.1} ms in fact");
        assert!(said < 4.0 * was + 5.0 && was < 4.0 * said + 5.0, "{objects}: {said} ms foretold, {was} in fact");
    }
}

#[test]
fn the_way_is_chosen_before_anybody_is_stopped() {
    if !live() {
        return;
    }
    let asleep = holding(256, "sys.stdin.read()").at_rest();
    let look = |pid: u32, options: &[&str]| {
        bloathound().args(["inspect", &pid.to_string(), "--max-pause", "1"]).args(options).assert()
    };
    let says = predicates::str::contains;
    // Asleep it need not be stopped.
    look(asleep.pid(), &["--dry-run"]).code(0).stdout(says("asleep and need not be stopped"));
    look(asleep.pid(), &[]).code(0).stderr(says("asleep and need not be stopped"));
    // One that works is refused with the figures, and was never stopped.
    let busy = holding(256, "while True: pass");
    look(busy.pid(), &["--dry-run"]).code(3).stdout(says("it is not looked at"));
    let refused = look(busy.pid(), &[]).code(3).stderr(says("would stand still for about"));
    refused.stderr(says("was not stopped")).code(3);
    look(busy.pid(), &["--no-pause"]).code(0);
    // A budget that will do.
    bloathound().args(["inspect", &busy.pid().to_string(), "--max-pause", "60000"]).assert().code(0);
    bloathound().args(["inspect", "snapshots/recorded/cycles-buggy/inspect.bhi", "--dry-run"]).assert().code(0);
    bloathound().args(["watch", &busy.pid().to_string(), "--dry-run"]).assert().code(0).stdout(says("a second here"));
    drop(busy);
    // A command is started for it, and ended.
    let began = Instant::now();
    let mut check = bloathound();
    check.args(["check", "--dry-run", "--"]).arg(crate::support::python()).args(["-c", "import time; time.sleep(600)"]);
    check.timeout(Duration::from_secs(120)).assert().code(0).stdout(says("to copy"));
    assert!(began.elapsed() < Duration::from_secs(100));
    let gone = Command::new("true")
        .stdin(Stdio::null())
        .spawn()
        .and_then(|mut child| child.wait().map(|_| child.id()))
        .unwrap();
    look(gone, &["--dry-run"]).code(3);
}
