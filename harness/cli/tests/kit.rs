//! The talk's own story by commands alone, on the real binary: dumps and manholes as targets.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "a test fails by panicking and a skip is told"
)]

#[path = "support/kit.rs"]
mod kit;
mod support;

use std::fs;
use std::io::Read;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use kit::{Diagnosed, Foreign, text};
use predicates::prelude::*;
use predicates::str::contains;
use support::{bloathound, wait_until};

fn stdout(command: &mut assert_cmd::Command) -> String {
    let output = command.assert().success().get_output().stdout.clone();
    String::from_utf8(output).unwrap()
}

/// The arguments of the command that `diff` tells to type next.
fn next(diff: &str) -> Vec<String> {
    let line = diff.lines().find_map(|line| line.strip_prefix("next: bloathound ")).unwrap_or_else(|| panic!("{diff}"));
    line.split(' ').map(str::to_owned).collect()
}

#[test]
fn the_talks_story_by_dumps() {
    let Some(leak) = Diagnosed::start("leak", &["--rows", "200"]) else { return };
    leak.get("/attendees");
    // The first dump meets some types for the first time.
    leak.dump();
    // `set_base`, then load, then `analyze`.
    let before = text(&leak.dump());
    for _ in 0..3 {
        leak.get("/attendees");
    }
    let after = text(&leak.dump());
    let told = stdout(bloathound().args(["diff", &before, &after]));
    // `top`: classes, by type …
    assert!(told.lines().any(|line| line.trim_start().starts_with("+600 ") && line.ends_with("  type")), "{told}");
    // … who holds them, and `refs`: one dict.
    let held = "600 from 1 dict: module model → DBModel → _field_cache";
    assert!(told.contains(held), "{told}");
    let is_holder = |line: &&str| line.trim_start().starts_with("600 ") && line.contains("_field_cache → key");
    let holder = told.lines().find(is_holder).unwrap_or_else(|| panic!("{told}"));
    assert!(holder.contains(" type "), "{told}");
    assert!(told.contains("not seen: resident memory"), "{told}");
    // What it says to type next explains it.
    let why = next(&told);
    assert_eq!(why, ["why", &after, "attendees.Attendee"]);
    let told = stdout(bloathound().args(&why));
    assert!(told.contains("modules['model'].DBModel._field_cache.keys()["), "{told}");
    // The same to be read by programs.
    let json = stdout(bloathound().args(["diff", &before, &after, "--json", "-"]));
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json["after"]["kind"], "dump");
    let places = json["new_objects"]["holders"].as_array().unwrap();
    let cache = places.iter().find(|row| row["path"][3] == "key").unwrap();
    assert_eq!((cache["held"]["objects"].as_u64(), cache["type"].as_str()), (Some(600), Some("type")));
    leak.get("/health");
}

#[test]
fn one_look_at_a_dump_says_what_it_can_not_see_and_draws_the_addresses() {
    let Some(leak) = Diagnosed::start("leak", &["--rows", "100"]) else { return };
    leak.get("/attendees");
    let dump = text(&leak.dump());
    let picture = leak.directory.path().join("map.png");
    let told = stdout(bloathound().args(["inspect", "-v", &dump, "--heatmap"]).arg(&picture));
    for wanted in ["dump ", "snapshot sound", "not seen: resident memory", "keeps most alive"] {
        assert!(told.contains(wanted), "{wanted}: {told}");
    }
    for unknown in ["\nresident memory\n", "\narenas\n", "\nthreads\n", "\nequal strings\n"] {
        assert!(!told.contains(unknown), "{unknown}: {told}");
    }
    assert!(fs::read(&picture).unwrap().starts_with(b"\x89PNG"));
    let json = stdout(bloathound().args(["inspect", &dump, "--json", "-"]));
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json["target"]["python"], "2.7.18");
    assert_eq!(json["target"]["pid"].as_u64(), Some(u64::from(leak.service.pid())));
    assert!(json["rss"].is_null() && json["arenas"].is_null() && json["threads"].is_null());
    // From inside and from outside: the same, but for what ran.
    let told = stdout(bloathound().args(["diff", &dump, &leak.pid(), "--json", "-"]));
    let json: serde_json::Value = serde_json::from_str(&told).unwrap();
    let all = &json["cross_check"]["all"];
    let number = |name: &str| all[name].as_u64().unwrap();
    assert!(number("both") > 10_000 && number("sizes_differ") < 20 && number("references_differ") < 100, "{all}");
    // Garbage of the first requests is collected in between.
    assert!(number("before") - number("both") < 1000 && number("after") - number("both") < 1000, "{all}");
}

#[test]
fn the_talks_story_by_a_manhole_that_is_closed_again() {
    let Some(leak) = Diagnosed::start("leak", &["--rows", "200"]) else { return };
    leak.get("/attendees");
    let before = text(&leak.directory.path().join("before.jsonl"));
    let target = format!("manhole:{}", leak.pid());
    // The first time Twisted's interpreter is imported, which is not the leak.
    stdout(bloathound().args(["capture", &target, "-o", &before]));
    stdout(bloathound().args(["capture", &target, "-o", &before]));
    assert_eq!(fs::metadata(&before).unwrap().permissions().mode() & 0o777, 0o600);
    for _ in 0..3 {
        leak.get("/attendees");
    }
    let told = stdout(bloathound().args(["diff", &before, &target]));
    assert!(told.contains("600 from 1 dict: module model → DBModel → _field_cache"), "{told}");
    assert_eq!(next(&told), ["why", &target, "attendees.Attendee"]);
    let control = text(&leak.directory.path().join("kit/control.sock"));
    let told = stdout(bloathound().args(["why", &format!("manhole:{control}"), "attendees.Attendee"]));
    assert!(told.contains("modules['model'].DBModel._field_cache.keys()["), "{told}");
    assert_eq!(leak.ctl(&["status"])["manhole"]["on"], false, "it was off and is off");
    // One that is open stays open, and is not ours to enter without its password.
    let password = leak.ctl(&["manhole", "on"])["password"].as_str().unwrap().to_owned();
    let said = contains("open already").and(contains("BLOATHOUND_MANHOLE_PASSWORD"));
    bloathound().args(["inspect", &target]).assert().code(2).stdout("").stderr(said);
    stdout(bloathound().args(["inspect", &target]).env("BLOATHOUND_MANHOLE_PASSWORD", &password));
    bloathound()
        .args(["inspect", &target])
        .env("BLOATHOUND_MANHOLE_PASSWORD", "guess")
        .assert()
        .code(3)
        .stderr(contains("wrong name or password"));
    assert_eq!(leak.ctl(&["status"])["manhole"]["on"], true);
    leak.get("/health");
}

/// Ctrl-C in the middle of a dump: the service is writing to somebody who is about to go.
#[test]
fn an_interrupted_look_closes_the_manhole_too() {
    let Some(large) = Diagnosed::start("negatives", &["--kind", "packed"]) else { return };
    let output = large.directory.path().join("never.jsonl");
    let mut look = Command::new(env!("CARGO_BIN_EXE_bloathound"))
        .args(["capture", &format!("manhole:{}", large.pid()), "-o"])
        .arg(&output)
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let audit = large.directory.path().join("kit/audit.log");
    // The last line that is typed: the dump begins.
    wait_until("the dump", Duration::from_secs(60), || {
        fs::read_to_string(&audit).ok()?.contains("del _b").then_some(())
    });
    let killed = Command::new("kill").args(["-INT", &look.id().to_string()]).status().unwrap();
    assert!(killed.success());
    let mut said = String::new();
    look.stderr.take().unwrap().read_to_string(&mut said).unwrap();
    assert_eq!(look.wait().unwrap().code(), Some(130), "{said}");
    assert!(said.contains("ended by SIGINT"), "{said}");
    assert_eq!(large.ctl(&["status"])["manhole"]["on"], false);
    assert!(!output.exists(), "what is not whole has no name");
    large.get("/health");
}

/// By `kill -9` nothing can be closed: the manhole was lent for seconds, and the service takes it back.
#[test]
fn a_killed_look_leaves_the_manhole_open_for_seconds() {
    let Some(large) = Diagnosed::start("negatives", &["--kind", "packed"]) else { return };
    let output = large.directory.path().join("never.jsonl");
    let mut look = Command::new(env!("CARGO_BIN_EXE_bloathound"))
        .args(["capture", &format!("manhole:{}", large.pid()), "-o"])
        .arg(&output)
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let audit = || fs::read_to_string(large.directory.path().join("kit/audit.log")).unwrap_or_default();
    wait_until("the dump", Duration::from_secs(60), || audit().contains("del _b").then_some(()));
    look.kill().unwrap();
    look.wait().unwrap();
    assert_eq!(large.ctl(&["status"])["manhole"]["on"], true, "nobody could close it");
    // Twice the lease, if the service was busy with the dump when the first one ended, and what a busy machine takes.
    wait_until("the end of the lease", Duration::from_secs(120), || {
        audit().contains("the lease ran out").then_some(())
    });
    assert_eq!(large.ctl(&["status"])["manhole"]["on"], false);
    large.get("/health");
}

#[test]
fn a_lent_manhole_is_closed_for_an_ordinary_user_too() {
    bloathound_testkit::again_as_an_ordinary_user(
        &["a_killed_look_leaves_the_manhole_open_for_seconds", "an_interrupted_look_closes_the_manhole_too"],
        support::packages().as_deref(),
    );
}

#[test]
fn a_manhole_of_the_services_own_will_do() {
    for (kind, way) in [("plain", "unix"), ("colored", "tcp")] {
        let Some(foreign) = Foreign::start(kind, way, &[]) else { return };
        let before = text(&foreign.directory.path().join("before.jsonl"));
        stdout(foreign.bloathound().args(["capture", &foreign.target(), "-o", &before]));
        foreign.get();
        let told = stdout(foreign.bloathound().args(["diff", &before, &foreign.target()]));
        assert!(told.contains("500 from 1 list: module __main__ → KEPT"), "{kind} {way}: {told}");
        assert!(!told.contains("_Walk"), "nothing of ours is left: {told}");
        let wrong =
            foreign.bloathound().args(["inspect", &foreign.target()]).env("BLOATHOUND_MANHOLE_USER", "x").assert();
        wrong.code(3).stdout("").stderr(contains("wrong name or password"));
        bloathound().args(["inspect", &foreign.target()]).assert().code(2).stderr(contains("BLOATHOUND_MANHOLE_USER"));
        foreign.get();
    }
}

/// What reads memory can't look into another user's namespaces without rights; a socket in a shared directory can.
#[test]
fn a_manhole_is_reached_in_namespaces_of_its_own() {
    let unshare = ["unshare", "--user", "--map-root-user", "--pid", "--net", "--ipc", "--fork", "--kill-child"];
    let able = Command::new(unshare[0]).args(&unshare[1..]).arg("true").status();
    if !able.is_ok_and(|status| status.success()) {
        bloathound_testkit::cannot("no namespaces can be made");
        return;
    }
    let Some(foreign) = Foreign::start("plain", "unix", &unshare) else { return };
    let told = stdout(foreign.bloathound().args(["inspect", &foreign.target(), "--json", "-"]));
    let json: serde_json::Value = serde_json::from_str(&told).unwrap();
    assert!(json["heap"]["objects"].as_u64().unwrap() > 10_000);
    assert_eq!(json["target"]["kind"], "manhole");
}

#[test]
fn damaged_and_hostile_dumps_are_code_2_with_their_line() {
    let folder = tempfile::tempdir().unwrap();
    let opening = "[\"bloathound-dump\", 1, {\"pid\": 7, \"service\": \"\\u001b[2Jx\"}]\n";
    let cases = [
        ("[\"o\", 1, 2]\n", "line 2"),
        ("[\"o\", 8, 2, 3, 4, 1, []]\n[\"z\", 1]\n", "line 3"),
        ("[\"o\", 8, 2, 18446744073709551615, 4, 1, []]\n", "line 2"),
        ("", "no object"),
    ];
    for (number, (lines, said)) in cases.into_iter().enumerate() {
        let path = folder.path().join(format!("{number}.jsonl"));
        fs::write(&path, format!("{opening}{lines}")).unwrap();
        for command in [&["inspect"][..], &["why"], &["diff"]] {
            let mut run = bloathound();
            run.args(command).arg(&path);
            match command[0] {
                "why" => run.arg("dict"),
                "diff" => run.arg(&path),
                _ => &mut run,
            };
            run.assert().code(2).stdout("").stderr(contains(said));
        }
    }
    // Torn, and with names that would act on a terminal.
    let path = folder.path().join("torn.jsonl");
    let hostile = "\\u001b]0;x\\u0007\\u202e";
    let lines = format!(
        "[\"t\", 2, \"{hostile}\", null, 1, null]\n[\"m\", 8, \"{hostile}\"]\n[\"o\", 8, 2, 64, 1, 1, [16]]\n\
         [\"o\", 16, 2, 64, 1, 1, []]\n[\"o\", 24"
    );
    fs::write(&path, format!("{opening}{lines}")).unwrap();
    let svg = folder.path().join("map.svg");
    for arguments in [
        vec!["inspect".to_owned(), text(&path), "--heatmap".into(), text(&svg)],
        vec!["why".to_owned(), text(&path), "0x10".into()],
        vec!["diff".to_owned(), text(&path), text(&path)],
    ] {
        let told = stdout(bloathound().args(&arguments));
        let plain = told.chars().all(|c| c == '\n' || !(c.is_control() || c == '\u{202e}'));
        assert!(plain && told.contains("torn"), "{told:?}");
    }
    let drawn = fs::read_to_string(&svg).unwrap();
    assert!(!drawn.contains('\u{1b}') && !drawn.contains('\u{202e}'));
    // A symbolic link in a dump's place is not followed.
    let link = folder.path().join("link.jsonl");
    std::os::unix::fs::symlink(Path::new("torn.jsonl"), &link).unwrap();
    bloathound().arg("inspect").arg(&link).assert().failure().stdout("");
}
