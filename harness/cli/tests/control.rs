//! `bloathound ctl` at a control socket that misbehaves, played by the test itself.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod support;

use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::{UnixListener, UnixStream};
use std::process::Command;
use std::time::Duration;

use support::bloathound;

/// A control socket in a private folder, where each connection is answered by this.
fn played(answer: impl Fn(UnixStream) + Send + 'static) -> (tempfile::TempDir, String) {
    let mut folder = tempfile::Builder::new();
    let folder = folder.permissions(PermissionsExt::from_mode(0o700)).tempdir().unwrap();
    let path = folder.path().join("control.sock");
    let listener = UnixListener::bind(&path).unwrap();
    std::thread::spawn(move || {
        for channel in listener.incoming().flatten() {
            let mut line = String::new();
            BufReader::new(&channel).read_line(&mut line).unwrap();
            answer(channel);
        }
    });
    (folder, path.to_str().unwrap().to_owned())
}

/// Whoever took the time from one byte to the next would wait for ever.
#[test]
fn the_timeout_of_ctl_holds_against_a_slow_drip() {
    let (_folder, socket) = played(|mut channel| {
        // Until the other end has had enough.
        while channel.write_all(b" ").is_ok() {
            std::thread::sleep(Duration::from_millis(300));
        }
    });
    let run = bloathound()
        .args(["ctl", &socket, "status", "--timeout", "2"])
        .timeout(Duration::from_secs(60))
        .assert()
        .code(5)
        .stdout("");
    let said = String::from_utf8_lossy(&run.get_output().stderr).into_owned();
    assert!(said.contains("no answer to `status`") && said.contains("its end did not"), "{said}");
}

#[test]
fn what_a_service_says_can_not_act_on_the_terminal_as_json_either() {
    let hostile = "\u{1b}[2J\u{9b}31m\u{202e}\u{e0041}";
    let answer = serde_json::json!({"ok": true, "urgent": false, hostile: {"text": hostile, "rest": [1, true]}});
    let (_folder, socket) = played(move |mut channel| writeln!(channel, "{answer}").unwrap());
    let run = bloathound().args(["ctl", "--json", &socket, "status"]).assert().success();
    let told = String::from_utf8(run.get_output().stdout.clone()).unwrap();
    let harmless = |c: char| c == '\n' || !(c.is_control() || ['\u{202e}', '\u{e0041}'].contains(&c));
    assert!(told.chars().all(harmless), "{told:?}");
    let read: serde_json::Value = serde_json::from_str(&told).unwrap();
    assert_eq!(read, serde_json::json!({hostile: {"text": hostile, "rest": [1, true]}}));
}

/// The same tests, by somebody who may not do everything.
#[test]
fn both_hold_for_an_ordinary_user() {
    let ordinary = || {
        let mut command = Command::new("setpriv");
        command.args(["--reuid", "65533", "--regid", "65533", "--clear-groups", "--"]).current_dir("/");
        command
    };
    let able = ordinary().args([env!("CARGO_BIN_EXE_bloathound"), "--version"]).output();
    if !able.is_ok_and(|output| output.status.success()) {
        bloathound_testkit::cannot("no right to become another user (setpriv), or this folder is closed to him");
        return;
    }
    let names = [
        "the_timeout_of_ctl_holds_against_a_slow_drip",
        "what_a_service_says_can_not_act_on_the_terminal_as_json_either",
    ];
    let output = ordinary().arg(std::env::current_exe().unwrap()).arg("--exact").args(names).output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && said.contains("2 passed"), "{said}");
}
