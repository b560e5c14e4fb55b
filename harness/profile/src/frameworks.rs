//! What is known of frameworks, as one table: event loops, trampolines and timers by the names of their functions.
//!
//! A framework that is missing costs a finding its stronger verdict, never its truth: a loop that starves an unknown event
//! loop is a hot loop. To add one, add a row, and its words to the lists below. What libraries keep by design is `detect`'s
//! table of keepers (`thresholds/keepers.rs`), and types and functions of theirs that tell of work are words there.

use crate::Code;

/// Functions of a source file.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Place {
    /// End of the file's path.
    pub file: &'static str,
    /// Names of functions; none means all of the file.
    pub functions: &'static [&'static str],
}

/// Where an event loop keeps its timed calls, so that it can be told how long it has been away.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Timers {
    /// The function whose first local is the event loop.
    pub main_loop: Place,
    /// Attributes of the event loop that are lists of timed calls.
    pub lists: &'static [&'static str],
    /// Attributes of a timed call: true when it will not run any more.
    pub is_over: &'static [&'static str],
    /// Attribute of a timed call: when it is due, in seconds since 1970.
    pub due: &'static str,
    /// Attribute of a timed call: how much later it is due by now.
    pub delayed: &'static str,
    /// Timed calls looked at: of damaged memory, no more are believed.
    pub calls_max: usize,
    /// Overdue for longer than that is no overdue timer but another clock.
    pub overdue_seconds_max: f64,
}

/// One framework.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Framework {
    /// Its name.
    pub name: &'static str,
    /// Functions that its event loop consists of: it comes through them every turn.
    pub event_loop: &'static [Place],
    /// Functions that are part of the event loop where one of its own calls them: others call them too.
    pub within: &'static [Place],
    /// Functions whose own loop resumes a generator: the loop that matters is the generator's.
    pub trampolines: &'static [Place],
    /// Functions of which a traced turn of an idle event loop shows at least one.
    pub turn: &'static [Place],
    /// Functions that wait and expect `EINTR` there: they may be stopped in the middle of it. Each was read; Python 2.7
    /// itself raises an exception, so a function that is not known to catch it counts as one that does not.
    pub takes_eintr: &'static [Place],
    /// Its timed calls.
    pub timers: Option<Timers>,
}

const fn place(file: &'static str, functions: &'static [&'static str]) -> Place {
    Place { file, functions }
}

/// A framework that is known by its event loop alone, and by those of its functions that expect `EINTR`.
const fn event_loop(name: &'static str, event_loop: &'static [Place], takes_eintr: &'static [Place]) -> Framework {
    Framework { name, event_loop, within: &[], trampolines: &[], turn: &[], takes_eintr, timers: None }
}

/// Where Twisted's event loop keeps timed calls.
const TWISTED_TIMED: [&str; 2] = ["_pendingTimedCalls", "_newTimedCalls"];
/// Attributes of event loops that hold calls until their time: what grows there goes by itself.
pub const TIMED_LISTS: &[&str] = &[TWISTED_TIMED[0], TWISTED_TIMED[1], "_timeouts", "_delayedCalls"];
/// Attributes by which a registration keeps what it will call, the most telling first: those of frameworks and of programs.
pub const CALLED: &[&str] =
    &["func", "function", "callback", "callable", "fn", "f", "_callback", "target", "handler", "observer", "gen"];
/// Of these, those of frameworks' own timed calls, which a sample may afford to read: Twisted's `LoopingCall` and
/// `DelayedCall`, Tornado's and asyncio's handles and periodic callbacks.
pub const KEPT_TO_BE_CALLED: &[&str] = &["f", "func", "callback", "_callback"];
/// Methods that an event loop calls on an object whose descriptor is ready: Twisted's `IReadDescriptor.doRead` and
/// `IWriteDescriptor.doWrite`, and those of `asyncore.dispatcher`.
pub const CALLED_WHEN_READY: &[&str] =
    &["doRead", "doWrite", "handle_read", "handle_write", "handle_accept", "handle_connect", "handle_expt"];
/// Attributes that hold a chain of what will be called in turn: a Deferred's.
pub const CALLED_IN_TURN: &[&str] = &["callbacks"];
/// Packages whose objects only hand on: what such an object keeps is what will be called.
pub const HANDS_ON: &[&str] = &["twisted", "tornado", "threading", "gevent", "functools", "concurrent", "trollius"];
/// Packages, by their folder, whose code is no program's own: who they call, or who called them, is.
pub const PACKAGES: &[&str] = &["twisted", "zope", "tornado", "gevent", "greenlet", "eventlet", "gunicorn", "trollius"];

/// All that is known.
pub const FRAMEWORKS: &[Framework] = &[
    Framework {
        name: "Twisted",
        event_loop: &[
            place("twisted/internet/base.py", &["run", "mainLoop", "runUntilCurrent", "iterate"]),
            place("twisted/internet/epollreactor.py", &[]),
            place("twisted/internet/pollreactor.py", &[]),
            place("twisted/internet/selectreactor.py", &[]),
            place("twisted/internet/posixbase.py", &["_doReadOrWrite"]),
        ],
        within: &[],
        trampolines: &[
            place("twisted/internet/defer.py", &["_inlineCallbacks", "_runCallbacks"]),
            place("twisted/internet/task.py", &["_oneWorkUnit", "_tick"]),
        ],
        turn: &[
            place("twisted/internet/base.py", &["mainLoop"]),
            place("twisted/internet/epollreactor.py", &["doPoll"]),
            place("twisted/internet/pollreactor.py", &["doPoll"]),
            place("twisted/internet/selectreactor.py", &["doSelect"]),
        ],
        takes_eintr: &[
            place("twisted/internet/epollreactor.py", &["doPoll"]),
            place("twisted/internet/pollreactor.py", &["doPoll"]),
            place("twisted/internet/selectreactor.py", &["doSelect"]),
        ],
        timers: Some(Timers {
            main_loop: place("twisted/internet/base.py", &["mainLoop"]),
            lists: &TWISTED_TIMED,
            is_over: &["cancelled", "called"],
            due: "time",
            delayed: "delayed_time",
            calls_max: 4096,
            overdue_seconds_max: 366.0 * 86_400.0,
        }),
    },
    event_loop(
        "asyncore",
        &[place("asyncore.py", &["loop", "poll", "poll2", "poll3", "read", "write", "readwrite", "_exception"])],
        &[place("asyncore.py", &["poll", "poll2"])],
    ),
    Framework {
        name: "SocketServer",
        event_loop: &[place("SocketServer.py", &["serve_forever"])],
        // `handle_request` waits by it as well, for a program whose own loop calls that.
        within: &[place("SocketServer.py", &["_eintr_retry"])],
        trampolines: &[],
        turn: &[],
        takes_eintr: &[place("SocketServer.py", &["_eintr_retry"])],
        timers: None,
    },
    Framework {
        name: "Tornado",
        event_loop: &[
            place("tornado/ioloop.py", &["start", "_run_callback"]),
            place("tornado/platform/asyncio.py", &["start"]),
        ],
        within: &[],
        trampolines: &[place("tornado/gen.py", &["run"])],
        turn: &[],
        // `select.epoll` itself is the loop's `_impl`.
        takes_eintr: &[place("tornado/ioloop.py", &["start"])],
        timers: None,
    },
    Framework {
        name: "Trollius",
        event_loop: &[place("trollius/base_events.py", &["run_forever", "run_until_complete", "_run_once"])],
        within: &[],
        trampolines: &[place("trollius/tasks.py", &["_step"])],
        turn: &[],
        takes_eintr: &[],
        timers: None,
    },
    // Its interpreters repeat an interrupted call themselves.
    Framework {
        name: "asyncio",
        event_loop: &[
            place("asyncio/base_events.py", &["run_forever", "run_until_complete", "_run_once"]),
            place("asyncio/runners.py", &["run"]),
            place("asyncio/events.py", &["_run"]),
            place("asyncio/selector_events.py", &["_process_events"]),
        ],
        within: &[place("selectors.py", &["select"])],
        trampolines: &[place("asyncio/tasks.py", &["__step", "__step_run_and_handle_result"])],
        turn: &[place("asyncio/base_events.py", &["_run_once"]), place("selectors.py", &["select"])],
        takes_eintr: &[],
        timers: None,
    },
    // Its C library waits, and takes EINTR for an empty turn.
    event_loop("gevent", &[place("gevent/hub.py", &["run"])], &[place("gevent/hub.py", &["run"])]),
    event_loop(
        "Gunicorn",
        &[place("gunicorn/workers/sync.py", &["run", "run_for_one", "run_for_multiple", "wait"])],
        &[],
    ),
];

/// Event loops that run what they call on stacks of its own: while it runs, they are not on the stack.
const HUBS: &[Place] = &[place("gevent/hub.py", &["run"])];

/// True for the function of an event loop that runs what it calls on stacks of its own.
#[must_use]
pub fn is_hub(code: &Code) -> bool {
    HUBS.iter().any(|place| place.is(&code.file, &code.function))
}

/// Where the interpreter's own library is, before its series and a slash.
const LIBRARY: &str = "/lib/python";
/// Where what was installed is, inside it.
const INSTALLED: &str = "/site-packages/";

/// Where in a path the interpreter's own library begins: `/lib/python2.7/`, of whichever series.
fn library_at(file: &str) -> Option<usize> {
    let is_series = |text: &str| {
        let series = text.split('/').next().filter(|series| series.len() < text.len());
        let numbers = series.and_then(|series| series.split_once('.'));
        let is_number = |text: &str| !text.is_empty() && text.bytes().all(|digit| digit.is_ascii_digit());
        numbers.is_some_and(|(major, minor)| is_number(major) && is_number(minor))
    };
    file.match_indices(LIBRARY).find(|(at, found)| is_series(&file[at + found.len()..])).map(|(at, _)| at)
}

impl Place {
    /// True for this function of this file.
    #[must_use]
    pub fn is(&self, file: &str, function: &str) -> bool {
        // Bytecode compiled elsewhere may carry the other separator.
        let file = file.replace('\\', "/");
        let ends = file.strip_suffix(self.file).is_some_and(|before| before.is_empty() || before.ends_with('/'));
        ends && (self.functions.is_empty() || self.functions.contains(&function))
    }
}

fn is_in(places: fn(&Framework) -> &'static [Place], file: &str, function: &str) -> bool {
    FRAMEWORKS.iter().flat_map(places).any(|place| place.is(file, function))
}

/// Bytes of the end of a source file's path that rules look at: all from the interpreter's library on, the places above,
/// else the file's name with the slash before it.
#[must_use]
pub fn telling_path_bytes(file: &str) -> usize {
    let name = file.rfind(['/', '\\']).map_or(file.len(), |slash| file.len() - slash);
    let library = library_at(file).map_or(0, |at| file.len() - at);
    let portable = file.replace('\\', "/");
    let places =
        FRAMEWORKS.iter().flat_map(|known| known.event_loop.iter().chain(known.within).chain(known.trampolines));
    // With the slash before it: that is looked at too.
    let known =
        places.filter(|place| portable.ends_with(&format!("/{}", place.file))).map(|place| place.file.len() + 1);
    name.max(library).max(known.max().unwrap_or(0))
}

/// True for a function of an event loop.
#[must_use]
pub fn is_event_loop(code: &Code) -> bool {
    is_in(|known| known.event_loop, &code.file, &code.function)
}

/// True for a function that is part of an event loop where that calls it.
#[must_use]
pub fn is_within_event_loop(code: &Code) -> bool {
    is_in(|known| known.within, &code.file, &code.function)
}

/// True for a function that a turn of an event loop with nothing to do comes through.
#[must_use]
pub fn is_turn(file: &str, function: &str) -> bool {
    is_in(|known| known.turn, file, function)
}

/// True for a function that expects the call it waits in to be interrupted, as a stop does to some calls.
#[must_use]
pub fn takes_interruption(code: &Code) -> bool {
    is_in(|known| known.takes_eintr, &code.file, &code.function)
}

/// True for a function that only resumes generators.
#[must_use]
pub fn is_trampoline(code: &Code) -> bool {
    is_in(|known| known.trampolines, &code.file, &code.function)
}

/// True for an attribute in which a framework keeps what it is to call.
#[must_use]
pub fn is_kept_to_be_called(attribute: &str) -> bool {
    KEPT_TO_BE_CALLED.contains(&attribute)
}

/// True for a source file of the program itself.
#[must_use]
pub fn is_program_file(file: &str) -> bool {
    let file = file.replace('\\', "/");
    let is_package =
        |package: &&str| file.contains(&format!("/{package}/")) || file.starts_with(&format!("{package}/"));
    let is_library = library_at(&file).is_some() || file.contains(INSTALLED) || file.contains("/dist-packages/");
    !is_library && !file.starts_with('<') && !PACKAGES.iter().any(is_package)
}

/// The folder that a known package's source file was installed in: what else is in it is no program's own either.
#[must_use]
pub fn installed_in(file: &str) -> Option<String> {
    let file = file.replace('\\', "/");
    let at = PACKAGES.iter().filter_map(|package| file.find(&format!("/{package}/"))).min()?;
    file.get(..=at).map(str::to_owned)
}

/// Functions that only pass a call on, between an event loop and what it calls.
const DISPATCH: &[Place] = &[
    place("twisted/python/log.py", &["callWithLogger", "callWithContext"]),
    place("twisted/python/context.py", &["callWithContext"]),
    place("tornado/stack_context.py", &["wrapped", "null_wrapper", "capped_wrapped"]),
];
/// Functions of event loops that call what is due, not what a descriptor is ready for.
const TIMED: &[Place] = &[
    place("twisted/internet/base.py", &["runUntilCurrent", "mainLoop", "run"]),
    place("tornado/ioloop.py", &["_run_callback"]),
];

/// Functions of event loops that call both, and the variable of each that is zero where something was due before anything
/// was ready: how long it may wait.
const DUE_WHEN_ZERO: &[(Place, &str)] = &[(place("asyncio/base_events.py", &["_run_once"]), "timeout")];

/// The variable of a function of an event loop that says, by being zero, that what it calls was due.
#[must_use]
pub fn due_when_zero(code: &Code) -> Option<&'static str> {
    DUE_WHEN_ZERO.iter().find(|(place, _)| place.is(&code.file, &code.function)).map(|(_, variable)| *variable)
}

/// True for code that only passes a call on.
#[must_use]
pub fn is_dispatch(code: &Code) -> bool {
    DISPATCH.iter().any(|place| place.is(&code.file, &code.function))
}

/// True for a function of an event loop that calls what is due.
#[must_use]
pub fn calls_what_is_due(code: &Code) -> bool {
    TIMED.iter().any(|place| place.is(&code.file, &code.function))
}

/// Code that tells people or logs of something: what it says again and again is no work.
const REPORTING: &[Place] = &[
    place("logging/__init__.py", &[]),
    place("logging/handlers.py", &[]),
    place("traceback.py", &[]),
    place("warnings.py", &[]),
    place("twisted/python/log.py", &["msg", "err", "emit", "_safeFormat", "textFromEventDict"]),
    place("twisted/logger/_logger.py", &[]),
    place("twisted/logger/_observer.py", &[]),
    place("twisted/logger/_legacy.py", &[]),
    place("twisted/logger/_buffer.py", &[]),
    place("tornado/log.py", &[]),
];

/// True for code that reports.
#[must_use]
pub fn is_reporting(code: &Code) -> bool {
    REPORTING.iter().any(|place| place.is(&code.file, &code.function))
}

/// True for code of a package that is known to be a framework's.
#[must_use]
pub fn is_known_package(code: &Code) -> bool {
    let file = code.file.replace('\\', "/");
    PACKAGES.iter().any(|package| file.contains(&format!("/{package}/")) || file.starts_with(&format!("{package}/")))
}

/// True for the interpreter's own library: who called into it is the more telling place.
#[must_use]
pub fn is_standard_library(code: &Code) -> bool {
    library_at(&code.file).is_some() && !code.file.contains(INSTALLED)
}

/// The timers of the event loop whose main loop this is.
#[must_use]
pub fn timers_of(code: &Code) -> Option<&'static Timers> {
    let known = FRAMEWORKS.iter().filter_map(|known| known.timers.as_ref());
    known.into_iter().find(|timers| timers.main_loop.is(&code.file, &code.function))
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

    #[test]
    fn the_library_is_known_in_every_series() {
        assert_eq!(library_at("/opt/x/lib/python2.7/json/encoder.py"), Some(6));
        assert_eq!(library_at("/opt/x/lib/python3.12/json/encoder.py"), Some(6));
        assert_eq!(library_at("/srv/lib/python/lib/python2.7/abc.py"), Some(15));
        for own in ["/srv/lib/python/app.py", "/srv/lib/pythonic/2.7/app.py", "/lib/python2.7", "/lib/python2./a.py"] {
            assert_eq!(library_at(own), None, "{own}");
        }
    }

    #[test]
    fn what_samples_read_is_among_what_is_known_to_be_called() {
        assert!(KEPT_TO_BE_CALLED.iter().all(|word| CALLED.contains(word)));
    }

    #[test]
    fn a_place_is_the_end_of_a_path_and_a_function() {
        assert!(is_turn("/env/twisted/internet/epollreactor.py", "doPoll"));
        assert!(is_turn("twisted\\internet\\base.py", "mainLoop"));
        assert!(!is_turn("/srv/nottwisted/internet/base.py", "mainLoop"));
        assert!(!is_turn("/env/twisted/internet/base.py", "run"));
    }
}
