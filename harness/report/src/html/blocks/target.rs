//! What was looked at, who looked, and a thread's stack.

use bloathound_vocabulary::{FrameRecord, TargetKind, TargetRecord, ToolRecord};
use maud::{Markup, html};

use super::super::shown::{short_path, shown};

/// `Process 4242`, `Image leak.bhi`.
pub(crate) fn target(target: &TargetRecord) -> String {
    let kind = match target.kind {
        TargetKind::Process => "Process",
        TargetKind::Image => "Image",
        TargetKind::Core => "Core",
        TargetKind::Dump => "Dump",
        TargetKind::Manhole => "Manhole",
    };
    let name = target.file.clone().or_else(|| target.pid.map(|pid| pid.to_string()));
    name.map_or_else(|| kind.to_owned(), |name| format!("{kind} {name}"))
}

/// What else is known of it.
pub(crate) fn target_facts(target: &TargetRecord) -> Vec<(&'static str, String)> {
    let mut facts = Vec::new();
    facts.extend(target.command.clone().map(|command| ("command", command)));
    let python = target.python.as_ref().map(|version| format!("CPython {version}"));
    let interpreter: Vec<String> = [python, target.unicode.clone()].into_iter().flatten().collect();
    if !interpreter.is_empty() {
        facts.push(("interpreter", interpreter.join(", ")));
    }
    if target.file.is_some() {
        facts.extend(target.pid.map(|pid| ("of process", pid.to_string())));
    }
    if !target.children.is_empty() {
        let child = |child: &bloathound_vocabulary::ChildRecord| format!("{} ({})", child.pid, child.command);
        let shown: Vec<String> = target.children.iter().take(8).map(child).collect();
        facts.push(("child processes", format!("{}, each to be looked at by its own id", shown.join(", "))));
    }
    if !target.not_seen.is_empty() {
        facts.push(("not seen", target.not_seen.join("; ")));
    }
    facts
}

/// `bloathound 0.1.0`.
pub(crate) fn tool(tool: &ToolRecord) -> String {
    format!("{} {}", tool.name, tool.version)
}

/// Frames, innermost first.
pub(crate) fn stack(frames: &[FrameRecord]) -> Markup {
    /// Of a deep recursion the innermost say it all.
    const FRAMES_MAX: usize = 40;
    let rest = frames.len().saturating_sub(FRAMES_MAX);
    html! {
        ol class="stack" {
            @for frame in frames.iter().take(FRAMES_MAX) {
                li {
                    code { (shown(&frame.function)) } " "
                    span class="dim" {
                        (short_path(&frame.file))
                        @if let Some(line) = frame.line { ":" (line) }
                    }
                }
            }
        }
        (super::more(rest, "frame", "frames"))
    }
}
