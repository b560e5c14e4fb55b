//! Is it a spin? An event loop that turns all the time, and of all that could show work, nothing moves.

use bloathound_profile::processor::{ProcessorNeed, sampler_shortage, thread_shortage};
use bloathound_profile::{Descriptor, DescriptorKind, Outside, Profile, Sample, ThreadProfile};
use bloathound_vocabulary::Grade;

use super::callback::{Callback, Calls, usual};
use crate::hot::window::{Counts, EventLoopCodes, Hub};
use crate::hot::work::{Counted, moves_data};
use crate::thresholds::Thresholds;
use crate::thresholds::fixed::{TURNS_A_SECOND_MIN, WAKING_BYTES_MAX};
use crate::{Evidence, Finding, FindingClass, Location, SpinEvidence, Verdict};

/// Judges every thread of `profile`. Without a look at what went in and out, nothing is said: a server that is busy looks
/// the same from inside.
pub(crate) fn judge(profile: &Profile, thresholds: &Thresholds) -> Vec<Finding> {
    let need = ProcessorNeed::default();
    let Some(outside) = &profile.outside else {
        return Vec::new();
    };
    if sampler_shortage(&profile.cost, profile.rate_hz, &need).is_some() {
        return Vec::new();
    }
    let enough = |thread: &&ThreadProfile| thread_shortage(&profile.cost, thread, &need).is_none();
    profile.threads.iter().filter(enough).filter_map(|thread| of_thread(profile, outside, thread, thresholds)).collect()
}

/// True when something came in or went out, data or connections, and more than a trickle beside that many `turns`.
fn is_served(outside: &Outside, turns: usize) -> bool {
    let connections = outside.descriptors.iter().any(|one| one.is_new && one.is_connected);
    // What goes into files may be the log of a spin.
    moves_data(outside, Counted { files: false, all_is_still: false, turns }) || connections
}

fn of_thread(profile: &Profile, outside: &Outside, thread: &ThreadProfile, thresholds: &Thresholds) -> Option<Finding> {
    let (limits, hot) = (&thresholds.spin, &thresholds.hot_loop);
    let samples: Vec<&Sample> = thread.samples.iter().filter(|sample| !sample.torn).collect();
    if samples.len() < hot.samples_min || thread.tid.is_none() {
        return None;
    }
    let counts = Counts::of(&samples);
    let codes = EventLoopCodes::new(profile);
    let hub = Hub::of(profile, &samples);
    let in_loop = samples.iter().filter(|sample| hub.is_one() || codes.depth(sample).is_some()).count();
    // A thread that had no processor between two samples could not turn, however much it wanted to.
    let could: Vec<&[&Sample]> = samples.windows(2).filter(|pair| had_processor(pair)).collect();
    let moved = could.iter().filter(|pair| matches!(pair, [a, b] if !codes.stands_still(a, b))).count();
    let of_hub = samples.iter().filter(|sample| hub.runs(sample)).count();
    let share = |count: usize| count as f64 / samples.len() as f64;
    let turns_seen = if hub.is_one() { of_hub } else { moved };
    let turns = if hub.is_one() {
        share(of_hub) >= limits.hub_share_min
    } else {
        moved as f64 >= limits.turning_share_min * could.len() as f64 && moved > 0
    };
    if !is_busy(counts, profile.threads.len() > 1, hub.is_one(), thresholds)
        || share(in_loop) < limits.loop_share_min
        || !turns
        || is_served(outside, turns_seen)
    {
        return None;
    }
    let calls = Calls::of(profile, &codes, &hub, &samples);
    if calls.own_count() > limits.callbacks_max
        || usual(calls.descriptors.values().copied()) > limits.descriptors_max
        || share(calls.own_samples) > limits.own_share_max
        || calls.works(counts.seconds, hot)
    {
        return None;
    }
    let callback = calls.most(profile)?;
    let descriptor = descriptor(outside, &calls, &callback);
    if !is_told(outside, descriptor, &calls, &callback) {
        return None;
    }
    Some(finding((outside, thread), &samples, (counts, turns_seen), &callback, descriptor))
}

/// Whether the thread ran between two samples.
fn had_processor(pair: &[&Sample]) -> bool {
    matches!(pair, [a, b] if b.facts.cpu_ns > a.facts.cpu_ns)
}

/// True for a thread that hardly sleeps. A hub sleeps for a moment now and then, however much there is to run.
fn is_busy(counts: Counts, has_others: bool, is_hub: bool, thresholds: &Thresholds) -> bool {
    let (limits, hot) = (&thresholds.spin, &thresholds.hot_loop);
    let switches = match (is_hub, has_others) {
        (true, _) => limits.hub_switches_per_second_max,
        (false, true) => hot.switches_per_second_shared_max,
        (false, false) => hot.switches_per_second_max,
    };
    let (busy, awake) = if is_hub {
        (limits.hub_busy_fraction_min, limits.hub_busy_fraction_min)
    } else {
        (hot.busy_fraction_min, hot.awake_fraction_min)
    };
    counts.runnable_fraction >= busy
        && counts.cpu_fraction >= awake
        && counts.voluntary_switches as f64 <= switches * counts.seconds
}

/// What is ready each time.
fn descriptor<'a>(outside: &'a Outside, calls: &Calls<'_>, callback: &Callback) -> Option<&'a Descriptor> {
    if callback.is_own && calls.are_due() {
        return None;
    }
    if let Some((number, _)) = calls.descriptors.iter().max_by_key(|(_, times)| **times) {
        return outside.descriptor(*number);
    }
    // An event loop that doesn't say for which: the only one that is ready for ever.
    let mut ready = outside.descriptors.iter().filter(|one| is_ready_for_ever(one));
    ready.next().filter(|_| ready.next().is_none())
}

/// Connections that nobody accepts, or a connection that its peer has closed.
fn is_ready_for_ever(one: &Descriptor) -> bool {
    one.is_at_end || (one.kind == DescriptorKind::Listening && one.waiting.is_some_and(|waiting| waiting > 0))
}

/// True where what was seen is enough. A framework's own functions may serve without the program having a part in it, and
/// over some sockets data goes that nobody counts.
fn is_told(outside: &Outside, descriptor: Option<&Descriptor>, calls: &Calls<'_>, callback: &Callback) -> bool {
    if !callback.is_own {
        return descriptor.is_some_and(is_ready_for_ever);
    }
    if calls.are_due() {
        return true;
    }
    let uncounted = |one: &Descriptor| one.kind == DescriptorKind::Socket && one.moved.is_none() && !one.is_at_end;
    let may_be_uncounted = match descriptor {
        Some(one) => uncounted(one),
        None => outside.descriptors.iter().any(uncounted),
    };
    !(may_be_uncounted && calls.may_deliver())
}

fn finding(
    (outside, thread): (&Outside, &ThreadProfile),
    samples: &[&Sample],
    (counts, turns_seen): (Counts, usize),
    callback: &Callback,
    descriptor: Option<&Descriptor>,
) -> Finding {
    let file = callback.file.rsplit(['/', '\\']).next().unwrap_or(&callback.file);
    let module = file.strip_suffix(".py").map(str::to_owned);
    let parts = [module.clone(), callback.class.clone(), Some(callback.function.clone())];
    let expression = parts.into_iter().flatten().collect::<Vec<_>>().join(".");
    let called = format!("{expression} ({file}:{})", callback.line_first);
    let ready = descriptor.map(|one| format!("descriptor {}: {}", one.number, one.what));
    let bytes_moved = bytes(outside);
    let (grade, why) = confidence(outside, callback, descriptor);
    let is_taking = descriptor.is_some_and(|one| one.kind == DescriptorKind::Listening);
    let limit = outside.limit_reached().filter(|_| is_taking);
    let summary = summary(&called, ready.as_deref(), (counts, turns_seen), bytes_moved, limit);
    let location = Location {
        module,
        class: callback.class.clone(),
        file: Some(callback.file.clone()),
        function: Some(callback.function.clone()),
        line_first: Some(callback.line),
        line_last: Some(callback.line),
        expression: Some(expression),
        ..Location::default()
    };
    let evidence = Evidence::Spin(SpinEvidence {
        samples: samples.len() as u64,
        cpu_fraction: counts.cpu_fraction.is_finite().then_some(counts.cpu_fraction),
        turns_per_second: turns(outside),
        descriptor: ready,
        callback: Some(called),
        bytes_moved,
        voluntary_switches: counts.voluntary_switches,
        thread: thread.tid,
        descriptors_max: limit,
    });
    let fingerprint = format!("spin:{file}:{}", callback.function);
    Finding::new(FindingClass::Spin, Verdict::EventLoopSpins, fingerprint, location, evidence)
        .saying(summary)
        .sure(grade, why)
}

fn summary(
    called: &str,
    ready: Option<&str>,
    (counts, turns): (Counts, usize),
    bytes_moved: Option<u64>,
    descriptors_max: Option<u64>,
) -> String {
    let what = match ready {
        Some(ready) => format!("the same thing is ready each time, {ready}, and {called} is called for it"),
        None => format!("it calls {called} each time"),
    };
    let moved = match bytes_moved {
        Some(0) | None => "no data came in or went out".to_owned(),
        Some(bytes) => format!("no more than {bytes} bytes moved beside at least {turns} turns"),
    };
    let full = descriptors_max.map_or_else(String::new, |most| {
        format!(" All {most} descriptors that the process may have open are open: no connection more can be accepted.")
    });
    format!(
        "The event loop turns at full speed and gets nothing done: {what}; in {:.1} s, busy for {:.0} % of them, {moved} \
         and no value in the program's hands changed but counters and clocks.{full}",
        counts.seconds,
        100.0 * counts.cpu_fraction
    )
}

fn confidence(outside: &Outside, callback: &Callback, descriptor: Option<&Descriptor>) -> (Grade, String) {
    let ready = descriptor.is_some_and(is_ready_for_ever);
    if ready {
        return (Grade::High, "what is ready stays ready, and nothing takes it".to_owned());
    }
    let is_counted = |one: &Descriptor| one.kind != DescriptorKind::Socket || one.moved.is_some();
    let counted = outside.tcp_is_counted && outside.read_bytes.is_some() && descriptor.is_none_or(is_counted);
    if !callback.was_seen {
        let why =
            "the function is so quick that it was not seen to run: an object of the framework's keeps it to call it";
        return (Grade::Medium, why.to_owned());
    }
    if callback.is_own && counted {
        return (Grade::High, "all that could show work was looked at, and nothing moved".to_owned());
    }
    (Grade::Medium, "not all of what goes in and out is counted here".to_owned())
}

/// Bytes that were counted, without those that wake the event loop itself.
fn bytes(outside: &Outside) -> Option<u64> {
    let (read, reads) = (outside.read_bytes?, outside.reads?);
    let data = if read > WAKING_BYTES_MAX.saturating_mul(reads) { read } else { 0 };
    outside.tcp_is_counted.then(|| data.saturating_add(outside.socket_bytes()))
}

/// Turns a second, where each turn is woken by a read of its own; nothing else counts them.
fn turns(outside: &Outside) -> Option<f64> {
    let (read, reads) = (outside.read_bytes?, outside.reads?);
    let rate = reads as f64 / outside.seconds;
    (read > 0 && read <= WAKING_BYTES_MAX.saturating_mul(reads) && rate.is_finite() && rate >= TURNS_A_SECOND_MIN)
        .then_some(rate)
}
