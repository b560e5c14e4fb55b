//! Event loops by the names of their functions, and other code that only passes calls on.

use bloathound_profile::Code;

/// End of the file's path, and functions; none means all of the file.
type Place = (&'static str, &'static [&'static str]);

/// Where the interpreter's own library is.
const LIBRARY: &str = "/lib/python2.7/";

/// Functions that an event loop consists of: it comes through them every turn.
const EVENT_LOOPS: &[Place] = &[
    ("twisted/internet/base.py", &["run", "mainLoop", "runUntilCurrent", "iterate"]),
    ("twisted/internet/epollreactor.py", &[]),
    ("twisted/internet/pollreactor.py", &[]),
    ("twisted/internet/selectreactor.py", &[]),
    ("twisted/internet/posixbase.py", &["_doReadOrWrite"]),
    ("asyncore.py", &["loop", "poll", "poll2", "poll3"]),
    ("SocketServer.py", &["serve_forever", "_eintr_retry"]),
    ("tornado/ioloop.py", &["start", "_run_callback"]),
    ("tornado/platform/asyncio.py", &["start"]),
    ("trollius/base_events.py", &["run_forever", "run_until_complete", "_run_once"]),
    ("gevent/hub.py", &["run"]),
    ("gunicorn/workers/sync.py", &["run", "run_for_one", "run_for_multiple", "wait"]),
];

/// Functions whose own loop resumes a generator: the loop that matters is the generator's.
const TRAMPOLINES: &[Place] = &[
    ("twisted/internet/defer.py", &["_inlineCallbacks", "_runCallbacks"]),
    ("twisted/internet/task.py", &["_oneWorkUnit", "_tick"]),
    ("tornado/gen.py", &["run"]),
    ("trollius/tasks.py", &["_step"]),
];

fn is_in(places: &[Place], code: &Code) -> bool {
    // Bytecode compiled elsewhere may carry the other separator.
    let file = code.file.replace('\\', "/");
    places.iter().any(|(path, functions)| {
        let ends = file.strip_suffix(path).is_some_and(|before| before.is_empty() || before.ends_with('/'));
        ends && (functions.is_empty() || functions.contains(&&*code.function))
    })
}

/// Bytes of the end of a source file's path that rules look at: all from the interpreter's library on, the places above,
/// else the file's name with the slash before it.
#[must_use]
pub fn telling_path_bytes(file: &str) -> usize {
    let name = file.rfind(['/', '\\']).map_or(file.len(), |slash| file.len() - slash);
    let library = file.find(LIBRARY).map_or(0, |at| file.len() - at);
    let portable = file.replace('\\', "/");
    let places = EVENT_LOOPS.iter().chain(TRAMPOLINES).map(|(path, _)| path);
    // With the slash before it: that is looked at too.
    let known = places.filter(|path| portable.ends_with(&format!("/{path}"))).map(|path| path.len() + 1).max();
    name.max(library).max(known.unwrap_or(0))
}

/// True for a function of an event loop.
pub(crate) fn is_event_loop(code: &Code) -> bool {
    is_in(EVENT_LOOPS, code)
}

/// True for a function that only resumes generators.
pub(crate) fn is_trampoline(code: &Code) -> bool {
    is_in(TRAMPOLINES, code)
}

/// True for the interpreter's own library: who called into it is the more telling place.
pub(crate) fn is_standard_library(code: &Code) -> bool {
    code.file.contains(LIBRARY) && !code.file.contains("/site-packages/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_path_only_what_rules_look_at_is_telling() {
        let kept = |path: &'static str| &path[path.len() - telling_path_bytes(path)..];
        assert_eq!(kept("/home/someone/secret/app.py"), "/app.py");
        assert_eq!(kept("/home/someone/env/twisted/internet/base.py"), "/twisted/internet/base.py");
        assert_eq!(kept("/opt/x/lib/python2.7/json/encoder.py"), "/lib/python2.7/json/encoder.py");
        assert_eq!(kept("app.py"), "app.py");
    }
}
