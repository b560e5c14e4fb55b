//! One learner, from the first screen to the last.

use std::fs;

use bloathound_lab::{Drawn, Version, seed_of};
use predicates::str::contains;

use super::support::{bloathound, live};
use super::{Started, marked, right, shelf};

#[test]
fn a_learner_goes_from_the_first_screen_to_the_last() {
    if !live() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let lab = |words: &[&str]| {
        let mut command = bloathound();
        command.arg("lab").args(words).arg("--folder").arg(folder.path());
        command
    };
    lab(&["look", "newsroom"]).assert().code(2).stderr(contains("is not begun here"));
    let drawn = Drawn::new(&shelf(), "newsroom", seed_of(&["Anna", "newsroom"])).unwrap();
    let started = Started::new("newsroom", folder.path(), "Anna", "learner");
    let (pid, _) = started.running();
    lab(&["look", "newsroom"])
        .assert()
        .success()
        .stdout(contains(format!("process   {pid}")))
        .stdout(contains("requests answered"));
    lab(&["hint", "newsroom"])
        .assert()
        .success()
        .stdout(contains("hint 1 of 3"))
        .stdout(contains(format!("watch {pid}")));
    // A neighbour's answer is nobody else's.
    let wrong = drawn.wrong("class").unwrap().remove(0);
    let first_words: String = wrong.because.split_whitespace().take(4).collect::<Vec<_>>().join(" ");
    lab(&["answer", "newsroom", &format!("class={}", wrong.says)]).assert().code(1).stdout(contains(first_words));
    let answers = right(&drawn);
    let mut words = vec!["answer", "newsroom"];
    words.extend(answers.iter().map(String::as_str));
    lab(&words).assert().success().stdout(contains("you found it"));
    // Found, and not mended.
    lab(&["check", "newsroom"]).assert().code(1).stdout(contains("it still has a fault"));
    lab(&["explain", "newsroom"]).assert().code(2);
    let own = folder.path().join("newsroom/service.py");
    let before = fs::read_to_string(&own).unwrap();
    fs::write(&own, drawn.service(Version::LeftOut).unwrap()).unwrap();
    lab(&["check", "newsroom"]).assert().code(1).stdout(contains("no longer does its work"));
    fs::write(&own, before.replace("'seen'", "'heard'")).unwrap();
    lab(&["check", "newsroom"]).assert().code(1).stdout(contains("answers GET /work?n=1 otherwise than before"));
    fs::write(&own, "import nothing_of_that_name\n").unwrap();
    lab(&["check", "newsroom"]).assert().code(1).stdout(contains("does not start"));
    fs::write(&own, drawn.service(Version::Solved).unwrap()).unwrap();
    lab(&["check", "newsroom"])
        .assert()
        .success()
        .stdout(contains("passed: The newsroom"))
        .stdout(contains("what the tool says of the service as it was"));
    lab(&["explain", "newsroom"]).assert().success().stdout(contains("bound method"));
    let page = fs::read_to_string(folder.path().join("newsroom/explained.html")).unwrap();
    assert!(page.contains("<svg") && page.contains("<h1>The newsroom</h1>"), "the page has a picture");
    assert!(!page.contains("FAIL"), "who has passed reads of no failure");
    let report = bloathound().args(["lab", "report", "--json", "-"]).arg(folder.path()).output().unwrap();
    let rows: serde_json::Value = serde_json::from_slice(&report.stdout).unwrap();
    assert_eq!((&rows["rows"][0]["learner"], &rows["rows"][0]["state"]), (&"Anna".into(), &"passed".into()), "{rows}");
    lab(&["reset", "newsroom"]).assert().success();
    assert_eq!(fs::read_to_string(&own).unwrap(), before);
    drop(started);
    super::support::wait_until("the end of what was started", super::STARTED, || {
        marked("learner").is_empty().then_some(())
    });
}
