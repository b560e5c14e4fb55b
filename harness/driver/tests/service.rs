//! Starting and ending services, played by a shell so that each misbehaviour can be had on demand.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test fails by panicking"
)]

mod support;

use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::ExitStatusExt;
use std::process::{Command, Stdio};
use std::time::Duration;

use bloathound_driver::{Service, ServiceError, StopHow};
use support::{is_running, shell_service, wait_for};

/// Says the handshake with its own number and waits for the end of its standard input.
const READY: &str = r#"printf '{"bloathound_service":1,"name":"shell","pid":%d,"port":1}\n' $$;"#;

#[test]
fn a_service_that_is_ready_has_its_pid_and_port() {
    let mut service = Service::start(&shell_service(&format!("{READY} cat >/dev/null"))).unwrap();
    let pid = service.pid();
    assert_eq!(service.port(), 1);
    assert!(is_running(pid));
    service.check_alive().unwrap();
    let scratch = service.ledger_file().parent().unwrap().to_owned();
    assert!(scratch.is_dir());
    // It doesn't answer POST /quit; the end of its standard input tells it.
    assert_eq!(service.stop(Duration::from_secs(10)), StopHow::Quit);
    assert!(!is_running(pid));
    assert!(!scratch.exists());
}

/// Any user of the machine reaches the port: the one who started the service has its token.
#[test]
fn the_request_to_end_carries_the_token_of_the_handshake() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let ready = format!(
        r#"printf '{{"bloathound_service":1,"name":"shell","pid":%d,"port":{port},"token":"a1b2"}}\n' $$; cat >/dev/null"#
    );
    let service = Service::start(&shell_service(&ready)).unwrap();
    let heard = std::thread::spawn(move || {
        let (channel, _) = listener.accept().unwrap();
        let mut line = String::new();
        BufReader::new(channel).read_line(&mut line).unwrap();
        line
    });
    service.stop(Duration::from_secs(10));
    assert_eq!(heard.join().unwrap(), "POST /quit?token=a1b2 HTTP/1.1\r\n");
}

/// One that is started where the mask keeps nothing from anybody. Does nothing when run by itself.
#[test]
fn unmasked() {
    if std::env::var_os("BLOATHOUND_TEST_UNMASKED").is_none() {
        return;
    }
    let service = Service::start(&shell_service(&format!("{READY} cat >/dev/null"))).unwrap();
    let scratch = service.ledger_file().parent().unwrap().to_owned();
    let mode = |path: &std::path::Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&scratch), mode(&scratch.join("stderr.log"))), (0o700, 0o600));
    println!("\nlooked at it");
}

#[test]
fn what_a_service_writes_is_its_owners_only_whatever_the_mask() {
    let ordinary = ["setpriv", "--reuid", "65533", "--regid", "65533", "--clear-groups"];
    let mut ways = vec![&[][..]];
    if nix::unistd::geteuid().is_root() {
        ways.push(&ordinary);
    } else {
        bloathound_testkit::cannot("no right to become another user (setpriv); run the tests as root");
    }
    for way in ways {
        let words = ["sh", "-c", "umask 0; exec /proc/self/fd/0 unmasked --exact --nocapture"];
        let words: Vec<&str> = way.iter().copied().chain(words).collect();
        let output = Command::new(words[0])
            .args(&words[1..])
            .stdin(std::fs::File::open(std::env::current_exe().unwrap()).unwrap())
            .env("BLOATHOUND_TEST_UNMASKED", "1")
            .current_dir("/")
            .output()
            .unwrap();
        assert!(output.status.success(), "{way:?}: {output:?}");
        assert!(String::from_utf8_lossy(&output.stdout).contains("looked at it"), "{output:?}");
    }
}

#[test]
fn what_is_wrong_with_a_handshake_is_said() {
    for (body, why) in [
        ("echo hello; cat >/dev/null", "expected value"),
        (
            r#"echo '{"bloathound_service":1,"name":"shell","pid":1,"port":1}'; cat >/dev/null"#,
            "the process started is",
        ),
        (r#"printf '{"bloathound_service":1,"name":"other","pid":%d,"port":1}\n' $$"#, "name of another service"),
        (r#"printf '{"bloathound_service":2,"name":"shell","pid":%d,"port":1}\n' $$"#, "version 2 of the handshake"),
        (r#"printf '{"bloathound_service":1,"name":"shell","pid":%d,"port":0}\n' $$"#, "no port"),
        (
            r#"printf '{"bloathound_service":1,"name":"shell","pid":%d,"port":1,"token":"a b"}\n' $$"#,
            "letters and digits",
        ),
        ("printf unfinished", "the line has no end"),
    ] {
        let error = Service::start(&shell_service(body)).unwrap_err();
        assert!(matches!(error, ServiceError::BadHandshake { .. }), "{body}: {error}");
        assert!(error.to_string().contains(why), "{body}: {error}");
    }
}

#[test]
fn a_service_that_ends_early_is_told_with_status_and_stderr() {
    let error = Service::start(&shell_service("echo no such module >&2; exit 3")).unwrap_err();
    let text = error.to_string();
    assert!(matches!(error, ServiceError::EndedEarly { .. }), "{text}");
    assert!(text.contains("exit status: 3") && text.contains("no such module"), "{text}");
    // However much it writes, little is read and told.
    let body = "head -c 3000000 /dev/zero | tr '\\0' x >&2; for n in 1 2 3 4 5 6 7 8 9 10 11 12 13; do echo line $n >&2; done; head -c 900 /dev/zero | tr '\\0' y >&2; exit 3";
    let error = Service::start(&shell_service(body)).unwrap_err();
    let stderr = error.stderr();
    assert_eq!((stderr.len(), stderr[0].as_str(), stderr[11].as_str()), (12, "line 3", "y".repeat(300).as_str()));
    assert_eq!(error.why(), "the service `shell` ended before it was ready (exit status: 3)");
    let mut nowhere = shell_service("");
    nowhere.program = "/no/such/program".into();
    let text = Service::start(&nowhere).unwrap_err().to_string();
    assert!(text.contains("/no/such/program"), "{text}");
}

#[test]
fn a_service_that_is_never_ready_is_given_up_at_the_deadline() {
    let pid_file = tempfile::NamedTempFile::new().unwrap();
    let mut launch = shell_service(&format!("echo $$ > {}; cat >/dev/null", pid_file.path().display()));
    launch.ready_within = Duration::from_millis(300);
    // Whoever waited longer would wait for ever: it never gets ready.
    let error = Service::start(&launch).unwrap_err();
    assert!(matches!(error, ServiceError::NotReady { .. }), "{error}");
    let pid = std::fs::read_to_string(pid_file.path()).unwrap().trim().parse().unwrap();
    assert!(!is_running(pid));
}

#[test]
fn a_service_that_will_not_end_is_killed_with_its_children() {
    // The child ignores everything too, and outlives its parent if only that is killed.
    let body = format!(
        "trap '' TERM; sh -c 'trap \"\" TERM; while :; do sleep 1; done' & echo $! >&2; {READY} while :; do sleep 1; done"
    );
    let service = Service::start(&shell_service(&body)).unwrap();
    let (pid, child) = (service.pid(), service.last_stderr()[0].parse().unwrap());
    assert!(is_running(child));
    assert_eq!(service.stop(Duration::from_millis(200)), StopHow::Killed);
    assert!(!is_running(pid));
    wait_for("the child's end", || !is_running(child));
}

#[test]
fn a_dropped_service_is_gone_even_when_its_owner_panics() {
    let body = format!("{READY} while :; do sleep 1; done");
    let pids = std::sync::Mutex::new(0);
    let panicked = std::panic::catch_unwind(|| {
        let service = Service::start(&shell_service(&body)).unwrap();
        *pids.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = service.pid();
        panic!("the owner fails");
    });
    assert!(panicked.is_err());
    let pid = pids.into_inner().unwrap();
    assert!(pid > 0 && !is_running(pid));
}

#[test]
fn a_service_that_died_is_told_and_one_that_prints_is_not_blocked() {
    // More than a pipe holds, after the handshake.
    let body = format!("{READY} head -c 300000 /dev/zero; echo it broke >&2; kill -9 $$");
    let mut service = Service::start(&shell_service(&body)).unwrap();
    wait_for("the service's end", || service.check_alive().is_err());
    assert_eq!(service.last_stderr(), ["it broke"]);
    assert_eq!(service.stop(Duration::from_secs(5)), StopHow::Gone);
    let mut service = Service::start(&shell_service(&body)).unwrap();
    let mut told = None;
    wait_for("the report of its end", || {
        told = service.check_alive().err();
        told.is_some()
    });
    let text = told.unwrap().to_string();
    assert!(text.contains("signal: 9") && text.contains("it broke"), "{text}");
}

#[test]
fn no_python_variable_of_ours_reaches_the_service() {
    let mut launch = shell_service(&format!("env >&2; {READY} cat >/dev/null"));
    launch.python_path = vec!["/one".into(), "/two".into()];
    let service = Service::start(&launch).unwrap();
    let stderr = std::fs::read_to_string(service.ledger_file().with_file_name("stderr.log")).unwrap();
    let python: Vec<&str> = stderr.lines().filter(|line| line.starts_with("PYTHON")).collect();
    assert_eq!(python, ["PYTHONPATH=/one:/two"]);
    service.stop(Duration::from_secs(5));
    launch.python_path = vec!["/with:colon".into()];
    assert!(Service::start(&launch).unwrap_err().to_string().contains("colon"));
}

/// The other side of the next test: holds a service until it is killed. Does nothing when run by itself.
#[test]
fn holder() {
    if std::env::var_os("BLOATHOUND_TEST_HOLDS").is_none() {
        return;
    }
    // Neither the end of standard input nor SIGTERM ends this one.
    let body = format!("trap '' TERM; {READY} while :; do sleep 1; done");
    let service = Service::start(&shell_service(&body)).unwrap();
    println!("\nholding {}", service.pid());
    loop {
        std::thread::park();
    }
}

#[test]
fn a_service_dies_with_us_even_by_kill_9() {
    let mut holder = Command::new(std::env::current_exe().unwrap())
        .args(["holder", "--exact", "--nocapture"])
        .env("BLOATHOUND_TEST_HOLDS", "1")
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(holder.stdout.take().unwrap()).lines();
    let pid: u32 =
        lines.map_while(Result::ok).find_map(|line| line.strip_prefix("holding ")?.parse().ok()).expect("no service");
    assert!(is_running(pid));
    holder.kill().unwrap();
    assert_eq!(holder.wait().unwrap().signal(), Some(9));
    wait_for("the service's end", || !is_running(pid));
}
