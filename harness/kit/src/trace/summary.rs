//! What a trace's events come to: busy functions and lines, and a loop where there is one.

use std::collections::{HashMap, VecDeque};

use bloathound_detect::frameworks;
use bloathound_detect::thresholds::fixed::{
    TRACE_PLACES_MAX as PLACES_MAX, TRACE_RECENT_EVENTS as RECENT_EVENTS, TRACE_THREADS_MAX as THREADS_MAX,
};

use super::event::{TraceEvent, TraceKind, TraceLine};
use super::repeats::RepeatingSequence;

/// A function and what it did.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct FunctionRow {
    /// Its file.
    pub file: String,
    /// Its name.
    pub function: String,
    /// Times it was entered.
    pub calls: u64,
    /// Events in it, of all kinds.
    pub events: u64,
}

/// A line and how often it ran.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LineRow {
    /// Its file.
    pub file: String,
    /// Its function.
    pub function: String,
    /// Line number.
    pub line: u32,
    /// Times it ran.
    pub runs: u64,
}

/// A stretch of one function.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LoopPlace {
    /// Its file.
    pub file: String,
    /// Its name.
    pub function: String,
    /// First line.
    pub line_first: u32,
    /// Last line.
    pub line_last: u32,
}

/// A repeating sequence and where it runs.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TraceLoop {
    /// How long a turn is and how many were seen.
    pub sequence: RepeatingSequence,
    /// The lines of one turn, each once, in their order.
    pub lines: Vec<LineRow>,
    /// A turn calls functions; one that doesn't is invisible to a tracer of calls.
    pub has_calls: bool,
    /// Where the loop itself is: the function that is in every turn and is never entered in one. Unknown where each
    /// function is entered anew, as in a reactor's own turn.
    pub place: Option<LoopPlace>,
}

impl TraceLoop {
    /// True when the event loop's own turn is part of it: the service is polling or idle, not stuck.
    #[must_use]
    pub fn includes_event_loop(&self) -> bool {
        self.lines.iter().any(|row| frameworks::is_turn(&row.file, &row.function))
    }
}

/// What tracing can't see, in figures.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Blindness {
    /// Events that were dropped because they didn't fit into the pipe.
    pub dropped: u64,
    /// Threads that ran before tracing began and were not reached so far.
    pub untraced_threads: u64,
    /// Lines that could not be read.
    pub unreadable: u64,
    /// No event came in this stretch: an idle service, or one inside C code.
    pub silent: bool,
    /// Lines ran and nothing was called, at least not in the loop.
    pub only_lines: bool,
}

/// One stretch of time summed up.
#[derive(Clone, PartialEq, Debug)]
pub struct TraceSummary {
    /// Length of the stretch by the service's clock, seconds.
    pub seconds: f64,
    /// How much of it was traced: between bursts tracing rests, to spare the service. All rates are by this.
    pub traced_seconds: f64,
    /// Events in it.
    pub events: u64,
    /// Calls in it.
    pub calls: u64,
    /// Functions by events, most first.
    pub functions: Vec<FunctionRow>,
    /// Lines by runs, most first.
    pub lines: Vec<LineRow>,
    /// What the busiest thread does over and over.
    pub repeating: Option<TraceLoop>,
    /// What was not seen.
    pub blindness: Blindness,
}

impl TraceSummary {
    /// Calls a second.
    #[must_use]
    pub fn calls_per_second(&self) -> f64 {
        self.rate(self.calls)
    }

    /// Events a second.
    #[must_use]
    pub fn events_per_second(&self) -> f64 {
        self.rate(self.events)
    }

    fn rate(&self, count: u64) -> f64 {
        if self.traced_seconds > 0.0 { count as f64 / self.traced_seconds } else { 0.0 }
    }
}

#[derive(Default, Debug)]
struct Thread {
    /// Since the last rest.
    recent: VecDeque<u32>,
    /// Before it.
    previous: VecDeque<u32>,
    events: u64,
}

#[derive(Clone, Copy, Default, Debug)]
struct Count {
    calls: u64,
    lines: u64,
    events: u64,
}

#[derive(Clone, PartialEq, Eq, Hash, Debug)]
struct Place {
    file: Box<str>,
    function: Box<str>,
    line: u32,
}

/// Adds up trace lines; memory is bounded whatever comes.
#[derive(Default, Debug)]
pub struct TraceTally {
    ids: HashMap<Place, u32>,
    places: Vec<Place>,
    counts: Vec<Count>,
    threads: HashMap<u64, Thread>,
    first_us: Option<u64>,
    last_us: u64,
    rested_us: u64,
    dropped: u64,
    dropped_before: u64,
    untraced_threads: u64,
    unreadable: u64,
    last_place: Option<u32>,
    events_total: u64,
}

impl TraceTally {
    /// Events so far, whatever was summed up meanwhile.
    #[must_use]
    pub fn events(&self) -> u64 {
        self.events_total
    }

    /// Events that were dropped so far, as the service says.
    #[must_use]
    pub fn dropped(&self) -> u64 {
        self.dropped
    }

    /// Counts a line that couldn't be read.
    pub fn add_unreadable(&mut self) {
        self.unreadable += 1;
    }

    /// Adds one line.
    pub fn add(&mut self, line: &TraceLine<'_>) {
        match *line {
            TraceLine::Event(event) => self.add_event(event),
            TraceLine::Totals { at_us, dropped, .. } => {
                self.dropped = dropped;
                self.at(at_us);
            }
            TraceLine::Rested { at_us, rested_us } => {
                self.at(at_us);
                self.rested_us = self.rested_us.saturating_add(rested_us);
                for thread in self.threads.values_mut() {
                    thread.previous = std::mem::take(&mut thread.recent);
                }
            }
            TraceLine::Untraced(threads) => self.untraced_threads = threads,
            TraceLine::Opening { .. } => {}
        }
    }

    fn at(&mut self, at_us: u64) {
        self.first_us.get_or_insert(at_us);
        self.last_us = self.last_us.max(at_us);
    }

    fn add_event(&mut self, event: TraceEvent<'_>) {
        self.at(event.at_us);
        self.events_total += 1;
        let Some(id) = self.place_id(event) else { return };
        let count = &mut self.counts[id as usize];
        count.events += 1;
        count.calls += u64::from(event.kind == TraceKind::Call);
        count.lines += u64::from(event.kind == TraceKind::Line);
        if self.threads.len() >= THREADS_MAX && !self.threads.contains_key(&event.thread) {
            return;
        }
        let thread = self.threads.entry(event.thread).or_default();
        thread.events += 1;
        if thread.recent.len() == RECENT_EVENTS {
            thread.recent.pop_front();
        }
        thread.recent.push_back(id << 2 | event.kind as u32);
    }

    fn place_id(&mut self, event: TraceEvent<'_>) -> Option<u32> {
        // Events of a loop come from few places: the last one is often the same.
        let same = |place: &Place| {
            place.line == event.line && *place.function == *event.function && *place.file == *event.file
        };
        if let Some(id) = self.last_place.filter(|id| same(&self.places[*id as usize])) {
            return Some(id);
        }
        let place = Place { file: event.file.into(), function: event.function.into(), line: event.line };
        let next = self.places.len() as u32;
        let id = match self.ids.get(&place) {
            Some(id) => *id,
            None if self.places.len() >= PLACES_MAX => return None,
            None => {
                self.ids.insert(place.clone(), next);
                self.places.push(place);
                self.counts.push(Count::default());
                next
            }
        };
        self.last_place = Some(id);
        Some(id)
    }

    /// Sums up what came since the last summary and begins the next stretch. At most `rows` rows a table.
    pub fn summarise(&mut self, rows: usize) -> TraceSummary {
        let totals = self.counts.iter().fold(Count::default(), |sum, count| Count {
            calls: sum.calls + count.calls,
            lines: sum.lines + count.lines,
            events: sum.events + count.events,
        });
        let stretch_us = self.last_us.saturating_sub(self.first_us.unwrap_or(self.last_us));
        let repeating = self.repeating();
        let loop_without_calls = repeating.as_ref().is_some_and(|found| !found.has_calls);
        let summary = TraceSummary {
            seconds: stretch_us as f64 / 1e6,
            traced_seconds: stretch_us.saturating_sub(self.rested_us) as f64 / 1e6,
            events: totals.events,
            calls: totals.calls,
            functions: self.functions(rows),
            lines: self.lines(rows),
            repeating,
            blindness: Blindness {
                dropped: self.dropped.saturating_sub(self.dropped_before),
                untraced_threads: self.untraced_threads,
                unreadable: self.unreadable,
                silent: totals.events == 0,
                only_lines: totals.lines > 0 && (totals.calls == 0 || loop_without_calls),
            },
        };
        self.begin_stretch();
        summary
    }

    fn begin_stretch(&mut self) {
        self.first_us = Some(self.last_us);
        self.dropped_before = self.dropped;
        self.unreadable = 0;
        self.rested_us = 0;
        self.counts.fill(Count::default());
        for thread in self.threads.values_mut() {
            thread.events = 0;
        }
    }

    fn functions(&self, rows: usize) -> Vec<FunctionRow> {
        let mut by_function: HashMap<(&str, &str), Count> = HashMap::new();
        for (place, count) in self.places.iter().zip(&self.counts).filter(|(_, count)| count.events > 0) {
            let sum = by_function.entry((&place.file, &place.function)).or_default();
            sum.calls += count.calls;
            sum.events += count.events;
        }
        let mut functions: Vec<FunctionRow> = by_function
            .into_iter()
            .map(|((file, function), count)| FunctionRow {
                file: file.into(),
                function: function.into(),
                calls: count.calls,
                events: count.events,
            })
            .collect();
        functions.sort_by(|a, b| (b.events, &a.file, &a.function).cmp(&(a.events, &b.file, &b.function)));
        functions.truncate(rows);
        functions
    }

    fn lines(&self, rows: usize) -> Vec<LineRow> {
        let mut lines: Vec<LineRow> =
            (0..self.places.len()).filter(|id| self.counts[*id].lines > 0).map(|id| self.line_row(id as u32)).collect();
        lines.sort_by(|a, b| (b.runs, &a.file, a.line).cmp(&(a.runs, &b.file, b.line)));
        lines.truncate(rows);
        lines
    }

    fn line_row(&self, id: u32) -> LineRow {
        let place = &self.places[id as usize];
        LineRow {
            file: place.file.as_ref().into(),
            function: place.function.as_ref().into(),
            line: place.line,
            runs: self.counts[id as usize].lines,
        }
    }

    fn repeating(&self) -> Option<TraceLoop> {
        let (_, busiest) = self
            .threads
            .iter()
            .filter(|(_, thread)| thread.events > 0)
            .max_by_key(|(ident, thread)| (thread.events, **ident))?;
        // A burst may just have begun: then the one before it says more.
        let burst = if busiest.recent.len() >= busiest.previous.len() { &busiest.recent } else { &busiest.previous };
        let recent: Vec<u32> = burst.iter().copied().collect();
        let sequence = RepeatingSequence::at_end_of(&recent)?;
        let events = &recent[recent.len() - sequence.period..];
        let has_calls = events.iter().any(|event| event & 3 == TraceKind::Call as u32);
        let mut turn: Vec<LineRow> = Vec::new();
        for event in events {
            let row = self.line_row(event >> 2);
            if !turn.iter().any(|seen| seen.line == row.line && seen.file == row.file) {
                turn.push(row);
            }
        }
        // The stretch may begin anywhere in the turn; the first line of the code is where people begin.
        let first = (0..turn.len()).min_by_key(|at| (turn[*at].file != turn[0].file, turn[*at].line)).unwrap_or(0);
        turn.rotate_left(first);
        let place = self.loop_place(events);
        Some(TraceLoop { sequence, lines: turn, has_calls, place })
    }

    fn loop_place(&self, turn: &[u32]) -> Option<LoopPlace> {
        let place_of = |event: &u32| &self.places[(event >> 2) as usize];
        let is_entered = |place: &Place| {
            turn.iter().filter(|event| *event & 3 == TraceKind::Call as u32).any(|event| {
                let entered = place_of(event);
                entered.function == place.function && entered.file == place.file
            })
        };
        let stays: Vec<&Place> = turn.iter().map(place_of).filter(|place| !is_entered(place)).collect();
        let (first, rest) = stays.split_first()?;
        let alike = |place: &&&Place| place.function == first.function && place.file == first.file;
        let lines = || rest.iter().filter(alike).map(|place| place.line).chain([first.line]);
        Some(LoopPlace {
            file: first.file.as_ref().into(),
            function: first.function.as_ref().into(),
            line_first: lines().min().unwrap_or(first.line),
            line_last: lines().max().unwrap_or(first.line),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::event::parse_trace_line;
    use super::*;

    fn tally(lines: impl IntoIterator<Item = String>) -> TraceTally {
        let mut tally = TraceTally::default();
        for line in lines {
            tally.add(&parse_trace_line(&line).expect("a line of the format"));
        }
        tally
    }

    #[test]
    fn a_loop_without_calls_is_recognised_and_its_blindness_said() {
        let lines = (0..200).map(|turn| format!("l\t{}\t1\t{}\t/srv/a.py\tspin", turn * 5000, 12 + turn % 2));
        let summary = tally(lines).summarise(5);
        let found = summary.repeating.expect("a loop");
        assert_eq!((found.sequence.period, found.sequence.turns), (2, 100));
        assert_eq!(found.lines.iter().map(|row| row.line).collect::<Vec<_>>(), [12, 13]);
        let place = found.place.expect("a place");
        assert_eq!((place.function.as_str(), place.line_first, place.line_last), ("spin", 12, 13));
        assert!(summary.blindness.only_lines && !summary.blindness.silent);
        assert_eq!(summary.functions[0].events, 200);
        assert_eq!(summary.lines.iter().map(|row| row.runs).sum::<u64>(), 200);
    }

    #[test]
    fn a_loops_place_is_the_function_that_is_never_entered_in_it() {
        let turn = |n: u64| {
            [
                (28, 'l', "loop"),
                (22, 'l', "loop"),
                (7, 'c', "peek"),
                (8, 'l', "peek"),
                (8, 'r', "peek"),
                (25, 'l', "loop"),
            ]
            .map(|(line, kind, function)| format!("{kind}\t{n}\t1\t{line}\t/srv/a.py\t{function}"))
        };
        let place = |turns: Vec<String>| tally(turns).summarise(5).repeating.expect("a loop").place;
        let found = place((0..60).flat_map(turn).collect()).expect("a place");
        assert_eq!((found.function.as_str(), found.line_first, found.line_last), ("loop", 22, 28));
        let entered = (0..400).map(|n| format!("{}\t{n}\t1\t7\t/srv/a.py\tpeek", ["c", "r"][n % 2])).collect();
        assert_eq!(place(entered), None, "every function is entered anew");
    }

    #[test]
    fn calls_a_second_are_by_the_services_clock() {
        let mut lines: Vec<String> = (0..=100).map(|n| format!("c\t{}\t1\t7\t/a.py\tf", n * 10_000)).collect();
        lines.push("s\t1000000\t101\t64".into());
        lines.push("# untraced 3".into());
        let mut tally = tally(lines);
        let summary = tally.summarise(5);
        assert!((summary.calls_per_second() - 101.0).abs() < 0.01, "{}", summary.calls_per_second());
        assert_eq!((summary.blindness.dropped, summary.blindness.untraced_threads), (64, 3));
        let next = tally.summarise(5);
        assert!(next.blindness.silent && next.functions.is_empty() && next.blindness.dropped == 0);
    }

    #[test]
    fn rests_are_left_out_of_the_rates_and_do_not_hide_a_loop() {
        let mut lines: Vec<String> = (0..200).map(|n| format!("c\t{}\t1\t{}\t/a.py\tf", n * 5000, n % 2)).collect();
        lines.push("p\t9995000\t9000000".into());
        lines.push("c\t9995001\t1\t5\t/a.py\tf".into());
        let summary = tally(lines).summarise(5);
        assert!((summary.seconds - 9.995).abs() < 0.001 && (summary.traced_seconds - 0.995).abs() < 0.001);
        assert!((summary.calls_per_second() - 202.0).abs() < 1.0, "{}", summary.calls_per_second());
        assert_eq!(summary.repeating.unwrap().sequence.period, 2);
    }

    #[test]
    fn memory_is_bounded() {
        let lines = (0..PLACES_MAX as u32 + 500).map(|n| format!("l\t{n}\t{}\t{n}\t/a.py\tf", n % 200));
        let tally = tally(lines);
        assert!(tally.places.len() <= PLACES_MAX && tally.threads.len() <= THREADS_MAX);
    }
}
