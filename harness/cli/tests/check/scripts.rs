//! `bloathound check -- python2.7 FILE`: programs with a bug of each kind are red, and green once a line
//! of them is mended. `ci/cases` does the same with a folder of other people's programs.

use bloathound_vocabulary::FindingClass;

use crate::support::live;
use crate::{check, elsewhere, nothing_is_left, results};

/// A program with a bug, the line that mends it, and what is found.
struct Case {
    name: &'static str,
    program: &'static str,
    bug: &'static str,
    mended: &'static str,
    class: &'static [FindingClass],
    names: &'static str,
}

const CASES: [Case; 5] = [
    Case {
        name: "keeps",
        program: "
import time

class Report(object):
    def __init__(self, number):
        self.number, self.rows = number, [number] * 20

class Desk(object):
    def __init__(self):
        self.reports = []
    def take(self, number):
        report = Report(number)
        self.reports.append(report)
        return len(report.rows)

desk, number = Desk(), 0
while True:
    for _ in range(30):
        number += 1
        desk.take(number)
    time.sleep(0.1)
",
        bug: "self.reports.append(report)",
        mended: "self.last = report",
        class: &[FindingClass::Leak, FindingClass::Growth],
        names: "reports",
    },
    Case {
        name: "circles",
        program: "
import time

class Session(object):
    def __init__(self):
        self.owner = self
    def __del__(self):
        pass

while True:
    for _ in range(20):
        Session()
    time.sleep(0.1)
",
        bug: "self.owner = self",
        mended: "self.owner = None",
        class: &[FindingClass::Cycle],
        names: "Session.__del__",
    },
    Case {
        name: "uncollected",
        program: "
import gc, time

gc.disable()

class Row(object):
    def __init__(self):
        self.cells = [self]

while True:
    for _ in range(200):
        Row()
    time.sleep(0.1)
",
        bug: "gc.disable()",
        mended: "gc.enable()",
        class: &[FindingClass::Garbage],
        names: "disabled",
    },
    Case {
        name: "spins",
        program: "
import time

class Feed(object):
    def __init__(self, lines):
        self.lines = lines
    def take(self):
        return self.lines[0] if self.lines else None

def drain(feed):
    done = False
    while not done:
        line = feed.take()
        if line is None:
            done = True

drain(Feed(['one']))
time.sleep(600)
",
        bug: "return self.lines[0]",
        mended: "return self.lines.pop(0)",
        class: &[FindingClass::HotLoop],
        names: "drain",
    },
    Case {
        name: "polls",
        program: "
import select, socket

class Hub(object):
    def __init__(self):
        self.door = socket.socket()
        self.door.bind(('127.0.0.1', 0))
        self.door.listen(5)
        self.guests = [self.door]
    def serve(self):
        while True:
            ready, _, _ = select.select(self.guests, [], [], 1.0)
            for guest in ready:
                if guest is self.door:
                    self.guests.append(self.door.accept()[0])
                    continue
                said = guest.recv(100)
                if not said:
                    pass

hub = Hub()
socket.create_connection(hub.door.getsockname()).close()
hub.serve()
",
        bug: "                    pass\n",
        mended: "                    self.guests.remove(guest)\n",
        class: &[FindingClass::HotLoop, FindingClass::Spin],
        names: "serve",
    },
];

/// As long as a test can wait; said by nobody who has the time.
const SHORT: [&str; 6] = ["--rounds", "6", "--interval", "1", "--sample", "2"];

#[test]
fn programs_are_red_with_their_bug_and_green_without() {
    if !live() {
        return;
    }
    let folder = elsewhere();
    for case in CASES {
        let file = format!("{}.py", case.name);
        let run = |program: &str| {
            std::fs::write(folder.path().join(&file), program).unwrap();
            check(&folder, &SHORT, &[&file]).assert()
        };
        assert!(case.program.contains(case.bug), "{}", case.name);
        run(case.program).code(1);
        let found = results(&folder).runs.remove(0).findings;
        // One bug, one finding.
        let [finding] = found.as_slice() else { panic!("{}: {found:?}", case.name) };
        assert!(case.class.contains(&finding.class), "{}: {finding:?}", case.name);
        assert!(finding.summary.contains(case.names), "{}: {}", case.name, finding.summary);
        run(&case.program.replace(case.bug, case.mended)).code(0);
        assert!(results(&folder).runs[0].findings.is_empty());
    }
    nothing_is_left(&folder);
}
