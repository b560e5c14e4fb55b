//! What grows by tasks, and where these wait.

use bloathound_vocabulary::{Evidence, Finding, TaskGroup, TaskState, TasksRecord};

/// Places that a finding tells.
const PLACES_MAX: usize = 3;

/// Gives findings of growth whose objects are tasks the places where these wait.
pub(super) fn tell_where_tasks_wait(findings: &mut [Finding], tasks: &TasksRecord) {
    for finding in findings {
        if let Evidence::Leak(evidence) | Evidence::Growth(evidence) = &mut finding.evidence {
            let groups = tasks.groups.iter().filter(|group| group.type_name == evidence.type_name);
            evidence.tasks_wait = groups.take(PLACES_MAX).map(place).collect();
        }
    }
}

/// `210 in serve (app.py:31)`.
fn place(group: &TaskGroup) -> String {
    let at = group.coroutine_at().map(|frame| {
        let file = frame.file.rsplit('/').next().unwrap_or_default();
        frame.line.map_or_else(|| format!(" ({file})"), |line| format!(" ({file}:{line})"))
    });
    let begun = if group.state == TaskState::NotBegun { ", not begun" } else { "" };
    format!("{} in {}{}{begun}", group.count, group.coroutine, at.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;
    use bloathound_vocabulary::{FindingClass, FrameRecord, LeakEvidence, Location, Verdict};

    fn finding(type_name: &str) -> Finding {
        let evidence = LeakEvidence {
            objects_per_request: 1,
            bytes_per_request: 200,
            retained_bytes_per_request: 200,
            retained_bytes: 42_000,
            type_name: type_name.into(),
            rounds: Vec::new(),
            grows_with: String::new(),
            also: Vec::new(),
            tasks_wait: Vec::new(),
        };
        let (class, verdict) = (FindingClass::Growth, Verdict::GrowsWithRequests);
        Finding::new(class, verdict, String::new(), Location::default(), Evidence::Growth(evidence))
    }

    #[test]
    fn what_grows_by_tasks_says_where_these_wait_and_nothing_else_does() {
        let frame = |file: &str, line| FrameRecord { function: "f".into(), file: file.into(), line: Some(line) };
        let group = |count, state, type_name: &str| TaskGroup {
            count,
            type_name: type_name.into(),
            state,
            coroutine: "Shop.serve".into(),
            frames: vec![frame("/usr/lib/asyncio/locks.py", 213), frame("/srv/app.py", 31)],
            waits_for: None,
            names: Vec::new(),
        };
        let tasks = TasksRecord {
            count: 215,
            groups: vec![
                group(210, TaskState::Waits, "_asyncio.Task"),
                group(3, TaskState::NotBegun, "_asyncio.Task"),
                group(2, TaskState::Waits, "app.OwnTask"),
            ],
        };
        let mut findings = [finding("_asyncio.Task"), finding("dict")];
        tell_where_tasks_wait(&mut findings, &tasks);
        let told = |finding: &Finding| match &finding.evidence {
            Evidence::Growth(evidence) => evidence.tasks_wait.clone(),
            _ => Vec::new(),
        };
        let both = ["210 in Shop.serve (app.py:31)", "3 in Shop.serve (app.py:31), not begun"];
        assert_eq!(told(&findings[0]), both);
        assert!(told(&findings[1]).is_empty());
    }
}
