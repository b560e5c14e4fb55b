//! A thread in a call that a stop interrupts for good (`EINTR`) is not stopped, unless its program is known to expect
//! that or somebody said so.

use std::fs;
use std::process::Command;

use predicates::prelude::*;
use predicates::str::contains;

use crate::support::{bloathound, live, packages, python};
use crate::target::Target;

/// Waits in a bare `epoll.poll()` until a line comes, then tells what it saw there.
const BARE: &str = "
import os, select, sys, threading
end, wake = os.pipe()
def wait():
    poller = select.epoll()
    poller.register(end, select.EPOLLIN)
    poller.poll(-1)
def finish():
    sys.stdin.readline()
    os.write(wake, 'x')
def work():
    while True:
        sum(xrange(1000))
threads = [finish, work] if 'busy' in sys.argv else [finish]
for function in threads:
    thread = threading.Thread(target=function)
    thread.daemon = True
    thread.start()
print 'ready'
sys.stdout.flush()
try:
    wait()
    print 'nothing'
except IOError as error:
    print 'error', error.args[0]
sys.stdout.flush()
";

fn bare(folder: &tempfile::TempDir, arguments: &[&str]) -> Target {
    let file = folder.path().join("bare.py");
    fs::write(&file, BARE).unwrap();
    Target::start(Command::new(python()).arg(file).args(arguments))
}

/// Waits until a thread is in `epoll_wait`.
fn in_epoll(target: &Target) {
    let tasks = format!("/proc/{}/task", target.pid());
    crate::support::wait_until("a thread in epoll_wait", crate::gaps::PATIENCE, || {
        let mut threads = fs::read_dir(&tasks).unwrap().flatten();
        let waits = |entry: fs::DirEntry| fs::read_to_string(entry.path().join("syscall")).unwrap_or_default();
        threads.any(|entry| waits(entry).starts_with("232 ")).then_some(())
    });
}

#[test]
fn a_bare_epoll_is_left_alone_by_name() {
    if !live() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    // Asleep and told to stop it anyway; or never asleep, so that it can't be copied as it is.
    for (arguments, options) in [(&[][..], &["--always-pause"][..]), (&["busy"], &[])] {
        let mut target = bare(&folder, arguments);
        in_epoll(&target);
        let pid = target.pid().to_string();
        let said = contains("waits in epoll_wait at")
            .and(contains("bare.py:7 wait"))
            .and(contains("EINTR"))
            .and(contains("--even-if-interrupting"))
            .and(contains("--no-pause"));
        bloathound().args(["inspect", &pid]).args(options).assert().code(3).stderr(said);
        bloathound().args(["inspect", &pid, "--no-pause"]).assert().success();
        if arguments.is_empty() {
            bloathound().args(["inspect", &pid]).assert().success();
        }
        target.say("finish");
        assert_eq!(target.line(), "nothing", "{arguments:?}");
    }
}

/// Shows that the test above could fail.
#[test]
fn whoever_says_so_stops_it_all_the_same() {
    if !live() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let mut target = bare(&folder, &[]);
    in_epoll(&target);
    let pid = target.pid().to_string();
    bloathound().args(["inspect", &pid, "--always-pause", "--even-if-interrupting"]).assert().success();
    assert_eq!(target.line(), "error 4");
}

#[test]
fn twisted_expects_it_and_is_paused_as_ever() {
    if !live() {
        return;
    }
    let packages = packages().expect("the services' packages");
    let source = "
import site, sys
site.addsitedir(sys.argv[1])
from twisted.internet import epollreactor
epollreactor.install()
from twisted.internet import reactor, stdio
from twisted.protocols.basic import LineReceiver
class Echo(LineReceiver):
    delimiter = '\\n'
    def connectionMade(self): self.sendLine('ready')
    def lineReceived(self, line): self.sendLine('heard ' + line)
    def connectionLost(self, reason): reactor.stop()
stdio.StandardIO(Echo())
reactor.run()
";
    let mut target = Target::start(Command::new(python()).args(["-c", source]).arg(packages));
    in_epoll(&target);
    for _ in 0..3 {
        bloathound().args(["inspect", &target.pid().to_string(), "--always-pause"]).assert().success();
        target.say("hello");
        assert_eq!(target.line(), "heard hello");
    }
}

#[test]
fn all_of_this_holds_for_an_ordinary_user() {
    bloathound_testkit::again_as_an_ordinary_user(
        &[
            "interrupting::a_bare_epoll_is_left_alone_by_name",
            "interrupting::whoever_says_so_stops_it_all_the_same",
            "interrupting::twisted_expects_it_and_is_paused_as_ever",
        ],
        packages().as_deref(),
    );
}
