//! Does a loop get on? Judged by what its exits depend on and by the states of its variables.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::Arc;

use bloathound_profile::frameworks::is_reporting;
use bloathound_profile::{CalleeKind, Frame, LoopExit, LoopInput, LoopKind, Value, ValueHash, ValueKind, Write};

use super::candidate::{Candidate, iterator_restarts};
use super::closed;
use super::failure::{self, Failure};
use super::outside::asks_outside;
use super::series::{Motion, Series};
use super::window::Window;
use super::work;
use crate::thresholds::fixed::CALLED_VALUES_FACTOR;
use crate::thresholds::{HotLoopThresholds, words};

/// What a loop does.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Progress {
    /// Something that an exit depends on takes new values: it gets nearer to its end, for all we can see.
    TowardsExit,
    /// Exits depend on what can't be seen, and something moves.
    CannotTell,
    /// An exit depends on what a file, a socket or the like delivers: whether it is new is not in the process.
    Outside,
    /// Nothing that any exit depends on changes, but other things do.
    NotTowardsExit,
    /// Nothing changes at all, or only among a handful of states.
    None,
}

/// A judged loop.
#[derive(Debug)]
pub(crate) struct Judged {
    pub progress: Progress,
    /// It was begun anew: what goes round is what is around it.
    pub began_anew: bool,
    /// All that moves is computed by the loop itself: no data comes in.
    pub only_feeds_itself: bool,
    pub distinct_states: usize,
    /// Names that never changed, those that exits depend on first.
    pub unchanging: Vec<String>,
    /// Names that took new values.
    pub moving: Vec<String>,
    /// Work that no variable of its own shows, in words.
    pub work: Option<String>,
    /// What exits depend on: `done = False`.
    pub exit_values: Vec<String>,
    /// Each turn fails, and so.
    pub failure: Option<Failure>,
}

/// Judges one loop of one call.
pub(crate) fn judge(window: &Window<'_>, candidate: &Candidate<'_>, limits: &HotLoopThresholds) -> Judged {
    let view = View::new(window, candidate, limits);
    let exits: Vec<Progress> = candidate.found.exits.iter().map(|exit| view.exit(exit)).collect();
    let states = view.states();
    let handful = states <= limits.states_max
        && view.variables.values().all(|series| {
            series.is_still() && series.distinct <= limits.values_max || series.motion == Motion::Unknown
        });
    let child_moves = view.called_code_moves();
    // An object in C that is asked for the same, and fails alike, may well count that.
    let fails_alike =
        view.failure.as_ref().is_some_and(|failure| work::fails_for_the_same(window, candidate, failure, limits));
    let moving: Vec<String> = view
        .variables
        .iter()
        .filter(|(_, series)| series.motion == Motion::Moving && !(fails_alike && series.is_hidden))
        .map(|(name, _)| name.to_string())
        .collect();
    // Plain text and numbers that come again are the same again.
    let among_many = view.inputs.values().any(|series| !series.is_whole && view.moves_among_many_objects(series));
    let fails = view.failure.is_some();
    let only_counts = |name: &String| view.variables.get(name.as_str()).is_some_and(|one| one.is_one_counter(fails));
    let is_starved = window.is_starved(limits);
    // What counts may be what the loop works through, unless each turn fails, or waits for an answer.
    let may_count = is_starved && !fails && !candidate.code.is_generator;
    let anything_moves = moving.iter().any(|name| may_count || !only_counts(name)) || child_moves || among_many;
    let iterator = view.iterator();
    let is_closed = closed::comes_back(window, candidate, limits);
    let progress = if is_closed {
        Progress::None
    } else if exits.contains(&Progress::TowardsExit) {
        Progress::TowardsExit
    } else if exits.contains(&Progress::Outside) || (exits.contains(&Progress::CannotTell) && anything_moves) {
        Progress::CannotTell
    } else if candidate.found.exits.is_empty() && candidate.found.has_calls && view.data_comes_in(&moving) {
        // Only an exception can end it, and one may: new data keeps coming in.
        Progress::CannotTell
    } else if handful && !child_moves {
        Progress::None
    } else {
        Progress::NotTowardsExit
    };
    // An event loop that waits for it is starved by honest work just the same.
    let is_stuck = matches!(progress, Progress::None | Progress::NotTowardsExit);
    let failure = view.failure.as_ref();
    let may_hide_work = is_stuck && !is_starved && !is_closed;
    let all_is_still = !anything_moves;
    let work = may_hide_work.then(|| work::seen(window, candidate, (failure, all_is_still), limits)).flatten();
    let progress = if work.is_some() { Progress::CannotTell } else { progress };
    Judged {
        work,
        progress,
        began_anew: iterator_restarts(&candidate.frames, candidate.index)
            || view.inputs.values().any(|series| series.turned_back && series.motion == Motion::Moving),
        only_feeds_itself: !child_moves && !view.data_comes_in(&moving),
        distinct_states: states,
        unchanging: view.unchanging(),
        moving: moving.into_iter().chain(iterator.filter(|_| anything_moves)).collect(),
        exit_values: view.exit_values(),
        failure: view.failure,
    }
}

struct View<'a> {
    window: &'a Window<'a>,
    candidate: &'a Candidate<'a>,
    limits: &'a HotLoopThresholds,
    /// The call's own variables, one level deep.
    variables: BTreeMap<Arc<str>, Series>,
    /// What exits depend on, in depth.
    inputs: BTreeMap<Arc<str>, Series>,
    /// Each turn fails, and so.
    failure: Option<Failure>,
}

impl<'a> View<'a> {
    fn new(window: &'a Window<'a>, candidate: &'a Candidate<'a>, limits: &'a HotLoopThresholds) -> Self {
        let mut variables: BTreeMap<Arc<str>, Vec<Option<&Value>>> = BTreeMap::new();
        let mut inputs: BTreeMap<Arc<str>, Vec<Option<&Value>>> = BTreeMap::new();
        for detail in candidate.frames.iter().filter_map(|frame| frame.detail.as_ref()) {
            for variable in &detail.variables {
                variables.entry(Arc::clone(&variable.name)).or_default().push(variable.value.as_ref());
            }
            for input in &detail.inputs {
                inputs.entry(Arc::clone(&input.name)).or_default().push(input.value.as_ref());
            }
        }
        let series = |values: BTreeMap<Arc<str>, Vec<Option<&Value>>>| {
            values
                .into_iter()
                .filter(|(_, values)| values.iter().any(Option::is_some))
                .map(|(name, values)| (name, Series::of(values.into_iter(), window.seconds, limits)))
                .collect()
        };
        let failure = failure::of(window, candidate, limits);
        Self { window, candidate, limits, variables: series(variables), inputs: series(inputs), failure }
    }

    fn exit(&self, exit: &LoopExit) -> Progress {
        if exit.by_iterator {
            return self.iterator_progress();
        }
        if self.is_shut(exit) {
            return Progress::NotTowardsExit;
        }
        let relevant = self.relevant_attributes(exit);
        // What decides can't be seen, and all that is seen to move is a counter or a clock. A counter may be how far honest
        // work has come that starves an event loop; what a coroutine waits for tells by its answer.
        let counts_beside = |series: &Series| {
            series.only_counts
                && !series.kind.is_atom()
                && !exit.calls.is_empty()
                && relevant.is_none()
                && (!self.window.is_starved(self.limits) || self.candidate.code.is_generator)
        };
        let moves = |input: &LoopInput| {
            let name = input.to_string();
            match self.inputs.get(name.as_str()) {
                Some(series) if series.motion == Motion::Moving => {
                    !counts_beside(series)
                        && !relevant.as_ref().is_some_and(|relevant| self.only_others_move(&input.name, relevant))
                }
                Some(series) => is_clock(series),
                None => false,
            }
        };
        if exit.inputs.iter().any(moves) {
            return Progress::TowardsExit;
        }
        // A branch nobody was seen at may not be come to yet; what guards it counts too.
        let (first, last) = exit.condition;
        let seen_at = |frame: &&Frame| frame.lasti.is_some_and(|at| first <= at && at <= last);
        if !self.candidate.frames.iter().any(seen_at) && exit.guards.iter().any(moves) {
            return Progress::TowardsExit;
        }
        let unclear = |input: &LoopInput| {
            self.inputs
                .get(input.to_string().as_str())
                .is_some_and(|series| series.motion == Motion::Unknown || self.moves_among_many_objects(series))
        };
        if relevant.is_none() && asks_outside(self.candidate, &self.inputs, &self.variables, exit) {
            return Progress::Outside;
        }
        let opaque = exit.is_opaque || (!exit.calls.is_empty() && relevant.is_none());
        if opaque || exit.inputs.iter().any(unclear) { Progress::CannotTell } else { Progress::NotTowardsExit }
    }

    /// A stack or a queue of things that look the same comes to the same length and look again and again, though it is
    /// never the same: of what is no plain value, only a handful of states count as recurring.
    ///
    /// So does a walk from object to object that all look the same: what was made anew each time round would have
    /// the few addresses that the last ones left.
    fn moves_among_many_objects(&self, series: &Series) -> bool {
        let many = self.limits.values_max;
        let (objects, distinct) = series.objects;
        !series.kind.is_atom()
            && !series.is_filled_alike
            && ((series.motion == Motion::Recurring
                && (series.repeated > many || series.distinct > self.limits.states_max))
                || (series.is_still() && objects == Motion::Moving && distinct > many))
    }

    /// True when the exit's condition is one value that never changed and, as it is, never leaves: however often the
    /// branch is come to. Only where nothing in the loop assigns it: else it may change when something else does. What each
    /// turn adds to or takes away from itself, and is the same, is added or taken away nothing.
    fn is_shut(&self, exit: &LoopExit) -> bool {
        let condition = exit.leaves_when.and_then(|(index, leaves)| Some((exit.inputs.get(index)?, leaves)));
        condition.is_some_and(|(input, leaves)| {
            let series = self.inputs.get(input.to_string().as_str());
            let may_change = |write: &&Write| write.target.overlaps(input) && !write.each_turn_in_place;
            let assigned = self.candidate.found.writes.iter().find(may_change).is_some();
            !assigned && series.is_some_and(|series| series.motion == Motion::Constant && series.truth == Some(!leaves))
        })
    }

    /// The iterator of the loop itself, as an exit.
    fn iterator_progress(&self) -> Progress {
        let values: Vec<&Value> = self.iterator_values().collect();
        let hashes: Vec<ValueHash> = values.iter().map(|value| value.deep).collect();
        match Series::motion_of(&hashes, self.candidate.frames.len(), self.limits) {
            Motion::Moving if values.iter().any(|value| words::ENDLESS_ITERATORS.has(&value.type_name)) => {
                Progress::NotTowardsExit
            }
            Motion::Moving => Progress::TowardsExit,
            Motion::Constant | Motion::Recurring if self.hides_its_state(&values) => Progress::CannotTell,
            Motion::Constant | Motion::Recurring => Progress::NotTowardsExit,
            Motion::Unknown => Progress::CannotTell,
        }
    }

    /// Iterators of extension types may keep their state where nobody finds it; the built-in ones don't.
    fn hides_its_state(&self, values: &[&Value]) -> bool {
        values
            .iter()
            .any(|value| value.number.is_none() && value.kind != ValueKind::Generator && value.attributes.is_empty())
            && values.iter().all(|value| value.kind != ValueKind::Itertools)
    }

    fn iterator_values(&self) -> impl Iterator<Item = &'a Value> + '_ {
        let index = self.candidate.index;
        self.candidate.frames.iter().filter_map(move |frame| {
            let detail = frame.detail.as_ref()?;
            detail.iterators.iter().find(|(of_loop, _)| *of_loop as usize == index).map(|(_, value)| value)
        })
    }

    fn iterator(&self) -> Option<String> {
        let last = self.iterator_values().last()?;
        (self.candidate.found.kind == LoopKind::Iterator).then(|| last.type_name.to_string())
    }

    /// Where every call that an exit depends on was seen to be of a Python function whose result is understood, or of one
    /// in C that only tells what a built-in type holds: the names of attributes that these results and the exit itself depend on.
    fn relevant_attributes(&self, exit: &LoopExit) -> Option<BTreeSet<Arc<str>>> {
        let of_inputs = exit.inputs.iter().flat_map(|input| &input.attributes).cloned();
        let mut relevant: BTreeSet<Arc<str>> = of_inputs.collect();
        for &call in &exit.calls {
            let mut seen = false;
            for (index, sample) in self.window.samples.iter().enumerate() {
                let frame = sample.stack.0.get(self.candidate.depth);
                if frame.is_none_or(|frame| frame.lasti != Some(call)) {
                    continue;
                }
                let Some(child) = self.window.samples.get(index).and_then(|s| s.stack.0.get(self.candidate.depth + 1))
                else {
                    let callee = frame.and_then(|f| f.detail.as_ref()?.callee.as_ref());
                    match callee.filter(|callee| callee.kind == CalleeKind::C) {
                        // What it is asked of and asked for are inputs of the exit themselves.
                        Some(callee) if words::PURE.has(&callee.name) => seen = true,
                        Some(_) => return None,
                        None => {}
                    }
                    continue;
                };
                let returns = &self.window.profile.code(child.code)?.returns;
                if returns.is_opaque {
                    return None;
                }
                seen = true;
                relevant.extend(returns.inputs.iter().flat_map(|input| &input.attributes).cloned());
            }
            if !seen {
                return None;
            }
        }
        Some(relevant)
    }

    /// True when the variable moves only in attributes that are not among `relevant`.
    fn only_others_move(&self, variable: &str, relevant: &BTreeSet<Arc<str>>) -> bool {
        let mut attributes: BTreeMap<&Arc<str>, Vec<ValueHash>> = BTreeMap::new();
        let mut total = 0;
        for detail in self.candidate.frames.iter().filter_map(|frame| frame.detail.as_ref()) {
            let of_name = detail.variables.iter().find(|found| &*found.name == variable);
            let Some(value) = of_name.and_then(|found| found.value.as_ref()) else {
                continue;
            };
            // Of a dictionary, only some parts are told.
            if value.kind == ValueKind::Dict {
                return false;
            }
            total += 1;
            for attribute in &value.attributes {
                attributes.entry(&attribute.name).or_default().push(attribute.hash);
            }
        }
        let mut moving = attributes
            .iter()
            .filter(|(_, hashes)| Series::motion_of(hashes, total, self.limits) == Motion::Moving)
            .peekable();
        moving.peek().is_some() && moving.all(|(name, _)| !relevant.contains(*name))
    }

    /// True when something among `moving` is not computed by the loop's own arithmetic, and does more than count or tell
    /// the time.
    fn data_comes_in(&self, moving: &[String]) -> bool {
        // A number that a call gives and that rises may be how far it has come.
        let is_bare = |name: &str| {
            let series = self.variables.get(name);
            let fails = self.failure.is_some();
            series.is_some_and(|series| series.tells_time || (series.is_one_counter(fails) && !series.kind.is_atom()))
        };
        moving.iter().filter(|name| !is_bare(name)).any(|name| {
            let mut writes = self.candidate.found.writes.iter().filter(|write| *write.target.name == **name).peekable();
            writes.peek().is_none() || writes.any(|write| write.from_call)
        })
    }

    /// True when what the loop calls has new values in its hands; counters that are begun anew don't count. Where each turn
    /// fails, only what is called before it fails does: what is done about a failure is no work. Where none fails, all that
    /// is called does, and each text that is made is one that is worked on.
    fn called_code_moves(&self) -> bool {
        let mut values: BTreeMap<(u32, Cow<'_, str>), Vec<Option<&Value>>> = BTreeMap::new();
        let mine = self.candidate.frames.first().map(|frame| frame.address);
        for sample in &self.window.samples {
            let caller = sample.stack.0.get(self.candidate.depth);
            if caller.map(|frame| frame.address) != mine {
                continue;
            }
            let until = self.failure.as_ref().map_or(usize::MAX, |failure| failure.frames_before(self.window, sample));
            let deepest = if self.failure.is_some() { 1 } else { usize::MAX };
            let called = sample.stack.0.iter().take(until).skip(self.candidate.depth + 1).take(deepest);
            // What is said of a failure is another text each time, and the failure the same.
            let says = |frame: &&Frame| self.window.profile.code(frame.code).is_some_and(is_reporting);
            for child in called.take_while(|frame| !says(frame)).filter(|frame| !self.window.only_turns(frame)) {
                let Some(detail) = &child.detail else { continue };
                for variable in &detail.variables {
                    let name = Cow::Borrowed(&*variable.name);
                    values.entry((child.code.0, name)).or_default().push(variable.value.as_ref());
                }
                for (at, argument) in detail.callee.iter().flat_map(|callee| &callee.arguments).enumerate() {
                    values.entry((child.code.0, Cow::Owned(format!("({at})")))).or_default().push(Some(argument));
                }
            }
        }
        let made = self.made_anew();
        values.into_iter().any(|((_, name), values)| {
            let series = Series::of(values.into_iter(), self.window.seconds, self.limits);
            // What is a variable of the loop's own call too is judged there.
            self.is_worked_on(&series, &made) && !self.variables.get(&*name).is_some_and(Series::is_still)
        })
    }

    /// Types of the objects that what the loop calls was seen to make.
    fn made_anew(&self) -> BTreeSet<Arc<str>> {
        let below = self.window.samples.iter().flat_map(|sample| sample.stack.0.iter().skip(self.candidate.depth + 1));
        let makes = |frame: &&Frame| {
            self.window.profile.code(frame.code).is_some_and(|code| words::MAKES_ITSELF.has(&code.function))
        };
        let details = below.filter(makes).filter_map(|frame| frame.detail.as_ref());
        details.filter_map(|detail| Some(Arc::clone(&detail.variables.first()?.value.as_ref()?.type_name))).collect()
    }

    /// True for values of called code that show it to work on something else each time; `made` are the types of objects
    /// that are made anew.
    fn is_worked_on(&self, series: &Series, made: &BTreeSet<Arc<str>>) -> bool {
        let many = CALLED_VALUES_FACTOR * self.limits.values_max;
        let fails = self.failure.is_some();
        // What is made anew each time is gone before it is read more often than not.
        let is_new = series.motion == Motion::Unknown && series.kind.is_atom();
        if !fails && series.kind.is_text() && !series.is_still() && series.repeated < self.limits.values_max {
            return series.distinct > self.limits.values_max;
        }
        // A whole number that turns back may be a counter of one turn, where turns are what is in doubt; of turns that don't
        // fail, and starve nobody, it is data as any.
        let in_doubt = fails || self.window.is_starved(self.limits);
        let is_begun_anew = in_doubt && series.turned_back && series.kind != ValueKind::Float;
        let is_made = series.kind == ValueKind::Instance && made.contains(&*series.type_name);
        // Of things made anew, each with a number of its own, the number says which one it is. Other states of theirs may
        // be no more than how far they were made.
        let is_numbered = is_made && !fails && series.only_counts;
        let many = if is_made && !is_numbered { CALLED_VALUES_FACTOR * self.limits.states_max } else { many };
        (series.motion == Motion::Moving || is_new)
            && !is_begun_anew
            && (is_numbered || !series.is_one_counter(fails))
            && series.distinct > many
    }

    /// Different states of all variables together.
    fn states(&self) -> usize {
        let details = self.candidate.frames.iter().filter_map(|frame| frame.detail.as_ref());
        let states: HashSet<ValueHash> = details
            .filter_map(|detail| {
                let mut hash = ValueHash::default();
                for variable in &detail.variables {
                    let ever_bound = self.variables.contains_key(&variable.name);
                    match &variable.value {
                        Some(value) => hash = hash.text(&variable.name).number(value.shallow.0),
                        // Bound, but not readable this time: no state.
                        None if ever_bound => return None,
                        None => {}
                    }
                }
                Some(hash)
            })
            .collect();
        states.len()
    }

    fn unchanging(&self) -> Vec<String> {
        let of_exits = self.exit_names();
        let still = |name: &Arc<str>, series: &Series| {
            let is_part = self.inputs.contains_key(name) || self.variables.contains_key(name);
            is_part && series.motion == Motion::Constant && !series.kind.is_code()
        };
        let first = of_exits.iter().filter_map(|name| self.inputs.get_key_value(&**name));
        let names = first.chain(&self.variables).filter(|(name, series)| still(name, series));
        let mut unchanging: Vec<String> = Vec::new();
        for (name, series) in names {
            let told = self.as_written(name, series);
            if !unchanging.contains(&told) {
                unchanging.push(told);
            }
        }
        unchanging
    }

    /// What exits depend on, each once; constants only where there is nothing else, for nobody expects them to change.
    fn exit_names(&self) -> Vec<String> {
        let mut names: Vec<String> = Vec::new();
        let (constants, others): (Vec<&LoopInput>, Vec<&LoopInput>) =
            self.candidate.found.exits.iter().flat_map(|exit| &exit.inputs).partition(|input| is_constant(input));
        for input in if others.is_empty() { constants } else { others } {
            let name = input.to_string();
            if !names.contains(&name) {
                names.push(name);
            }
        }
        names
    }

    /// A name as the source has it: of a method of a class, which no attribute of the object leads to, its call.
    fn as_written(&self, name: &str, series: &Series) -> String {
        let is_called = |exit: &LoopExit| {
            exit.called.iter().filter_map(|index| exit.inputs.get(*index)).any(|input| input.to_string() == *name)
        };
        let is_method = series.kind == ValueKind::Instance && self.candidate.found.exits.iter().any(is_called);
        if is_method { format!("{name}()") } else { name.to_owned() }
    }

    fn exit_values(&self) -> Vec<String> {
        let shown = |name: &String| {
            let series = self.inputs.get(name.as_str())?;
            let written = self.as_written(name, series);
            // What a method answers is not seen; whose it is, the name says.
            let shown = if written == *name { format!("{name} = {}", series.shown) } else { written };
            (!series.kind.is_code()).then_some(shown)
        };
        self.exit_names().iter().filter_map(shown).collect()
    }
}

/// True for a global's name, or an attribute's of one, that is written as constants are: `ssl.SSL_ERROR_WANT_READ`.
fn is_constant(input: &LoopInput) -> bool {
    let name = input.attributes.last().unwrap_or(&input.name);
    let is_capital = |letter: char| letter.is_ascii_uppercase() || letter.is_ascii_digit() || letter == '_';
    input.is_global && name.starts_with(|letter: char| letter.is_ascii_uppercase()) && name.chars().all(is_capital)
}

fn is_clock(series: &Series) -> bool {
    series.c_function.as_deref().is_some_and(|name| words::CLOCKS.has(name))
}
