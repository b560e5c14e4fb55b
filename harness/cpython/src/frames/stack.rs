//! Walking the frames of one thread while it runs.

use std::collections::HashMap;
use std::sync::Arc;

use bloathound_memory::Address;

use super::batch::{Batch, Met, hunt};
use super::call::{self, CallLayout};
use super::code::{CodeEntry, Codes};
use super::innermost::Innermost;
use super::memory::Memory;
use super::raw::{Bytes, FRAME_BYTES_MAX, RawFrame, SLOTS_WITH_HEAD};
use crate::dialect::Frames;
use crate::objects::{half_at, word_at};

/// Calls of one stack; the interpreter's own limit is 1000 unless it was raised.
const DEPTH_MAX: usize = 4000;
/// Looks after which the code objects of frames are checked again.
const LOOKS_BETWEEN_CHECKS: u32 = 20;
/// Outermost frames of a thread that are remembered: as many greenlets as take turns in a moment.
const OUTERMOST_MAX: usize = 64;
/// Looks at an outermost frame not met before: it must have no caller each time.
const OUTERMOST_LOOKS: u32 = 12;
/// Attempts at one stack before it counts as torn.
const ATTEMPTS: u32 = 6;

/// What is remembered between two looks at the threads.
#[derive(Debug, Default)]
pub(super) struct Known {
    /// The type of frames; of code, where calls are no objects.
    pub frame_type: Option<Address>,
    /// The outermost frames of each thread, by thread state, the last found first: one that stays for as long as the thread
    /// runs Python, and one for each greenlet that it turned to.
    outermost: HashMap<Address, Vec<Address>>,
    /// Code of the frames met lately. Emptied now and then: an address may come to hold another code object.
    recent: HashMap<Address, (Address, Arc<CodeEntry>)>,
    /// Frames of each thread, by thread state, that are read at once.
    met: HashMap<Address, Met>,
    /// Looks since it was emptied.
    looks: u32,
    /// Stacks read again because the first attempt was inconsistent.
    pub retries: u64,
}

/// The frames of the thread at `state`, outermost first; `None` when every attempt was inconsistent.
pub(super) fn walk(memory: &Memory<'_>, codes: &mut Codes, known: &mut Known, state: Address) -> Option<Vec<RawFrame>> {
    let mut frames = walk_all(memory, codes, known, state)?;
    frames.retain(|frame| !frame.is_between);
    Some(frames)
}

/// The same, with what stands between functions in C and what these call.
fn walk_all(memory: &Memory<'_>, codes: &mut Codes, known: &mut Known, state: Address) -> Option<Vec<RawFrame>> {
    let layout = CallLayout::of(memory.d);
    let mut others = 0;
    for attempt in 0..ATTEMPTS {
        known.retries += u64::from(attempt > 0);
        known.looks += 1;
        if known.looks > LOOKS_BETWEEN_CHECKS {
            known.looks = 0;
            known.recent.clear();
        }
        let Some(innermost) = Innermost::of(memory, state) else {
            continue;
        };
        let met = known.met.entry(state).or_default();
        let batch = Batch::read(memory, innermost, met);
        let Some(first) = batch.first else {
            continue;
        };
        let mut reader =
            Walk { memory, layout, codes, frame_type: &mut known.frame_type, recent: &mut known.recent, batch: &batch };
        let ends_in = known.outermost.get(&state).map_or(&[][..], Vec::as_slice);
        // Within moments of the word that names the innermost: what it takes to say what that was.
        if let Some(mut frames) = reader.completed(first, met, ends_in) {
            met.add(&frames);
            frames.reverse();
            return Some(frames);
        }
        if !first.is_null() && met.running(first).is_none() {
            met.add_innermost(first);
            let seen = hunt(memory, innermost, first);
            met.add(&seen.and_then(|bytes| reader.checked(first, &bytes)).into_iter().collect::<Vec<_>>());
        }
        let Some(mut frames) = reader.chain(first) else {
            continue;
        };
        let outermost = frames.last().map(|frame| frame.address);
        let is_known = outermost.is_some_and(|outermost| ends_in.contains(&outermost));
        let Some(now) = Innermost::now(memory, state) else {
            continue;
        };
        if !reader.is_still_there(&mut frames, first, now) {
            continue;
        }
        frames.reverse();
        let Some(outermost) = outermost else {
            return Some(frames);
        };
        // A frame that was left while we read has no caller either, and ends the chain too early.
        if !is_known {
            others += 1;
            let stays =
                (0..OUTERMOST_LOOKS).all(|_| memory.pointer(outermost.offset(layout.caller)) == Some(Address::NULL));
            let is_new = known.outermost.contains_key(&state) && others < ATTEMPTS - 1;
            if !stays || is_new {
                continue;
            }
            let outermosts = known.outermost.entry(state).or_default();
            outermosts.insert(0, outermost);
            outermosts.truncate(OUTERMOST_MAX);
        }
        known.met.entry(state).or_default().add(&frames.iter().rev().cloned().collect::<Vec<_>>());
        return Some(frames);
    }
    None
}

struct Walk<'a, 'm> {
    memory: &'a Memory<'m>,
    layout: CallLayout,
    codes: &'a mut Codes,
    frame_type: &'a mut Option<Address>,
    recent: &'a mut HashMap<Address, (Address, Arc<CodeEntry>)>,
    /// What was read already.
    batch: &'a Batch,
}

impl Walk<'_, '_> {
    /// Frames from `first` outwards.
    fn chain(&mut self, first: Address) -> Option<Vec<RawFrame>> {
        let mut frames = Vec::new();
        let mut at = first;
        while !at.is_null() {
            if frames.len() >= DEPTH_MAX {
                return None;
            }
            let read = self.frame(at)?;
            at = Address(word_at(&read.head, self.layout.caller));
            frames.push(read);
        }
        Some(frames)
    }

    /// Frames from `first` outwards to one of the outermost, `ends_in`, of what was read at once; what was over by then, as
    /// it last ran. `None` where one is not among them.
    fn completed(&mut self, first: Address, met: &Met, ends_in: &[Address]) -> Option<Vec<RawFrame>> {
        let d = self.memory.d;
        let mut frames: Vec<RawFrame> = Vec::new();
        let mut at = first;
        while frames.len() < self.batch.len() {
            let bytes = self.batch.frame(at)?;
            let read = match self.checked(at, bytes) {
                Some(read) if ends_in.contains(&at) || word_at(&read.head, self.layout.caller) != 0 => read,
                // A generator that waits: its own is as it was, but who resumed it is not written in it any more.
                waits => {
                    let ran = met.running(at)?;
                    if word_at(&bytes.0, self.layout.code) != word_at(&ran.head, self.layout.code) {
                        return None;
                    }
                    match waits {
                        Some(waits) => waits.called_by(Address(word_at(&ran.head, self.layout.caller)), d),
                        None => RawFrame { is_over: true, ..ran.clone() },
                    }
                }
            };
            let caller = Address(word_at(&read.head, self.layout.caller));
            frames.push(read);
            // Where a greenlet was begun from is no part of its calls, and it may be called by a function of another.
            if caller.is_null() {
                return ends_in.contains(&at).then_some(frames);
            }
            at = caller;
        }
        None
    }

    /// The frame at `address` as it is now.
    fn frame(&mut self, address: Address) -> Option<RawFrame> {
        if !address.is_aligned(8) {
            return None;
        }
        let mut head = [0; FRAME_BYTES_MAX];
        let head_bytes = self.layout.slots as usize;
        // The last frame of a mapping has less behind it.
        let slots_read = if self.memory.fill(address, head.get_mut(..head_bytes + 8 * SLOTS_WITH_HEAD)?) {
            SLOTS_WITH_HEAD
        } else if self.memory.fill(address, head.get_mut(..head_bytes)?) {
            0
        } else {
            return None;
        };
        self.checked(address, &(head, slots_read))
    }

    /// The bytes at `address` as a frame; `None` where they are none, or one whose call is over.
    fn checked(&mut self, address: Address, (head, slots_read): &Bytes) -> Option<RawFrame> {
        let (head, slots_read) = (*head, *slots_read);
        let is_between = match self.memory.d.frames {
            Frames::Objects => self.is_object(&head)?,
            Frames::InterpreterFrames { .. } => self.is_between(&head)?,
        };
        let is_over = false;
        if is_between {
            let code = self.codes.none();
            return Some(RawFrame { address, head, slots_read, code, lasti: None, is_over, is_between });
        }
        let code_at = Address(word_at(&head, self.layout.code));
        // A frame keeps its code alive: only one that was not met lately needs another look.
        let code = match self.recent.get(&address) {
            Some((known_at, code)) if *known_at == code_at => Arc::clone(code),
            _ => {
                let code = self.codes.get(self.memory, code_at)?;
                self.recent.insert(address, (code_at, Arc::clone(&code)));
                code
            }
        };
        if matches!(self.memory.d.frames, Frames::InterpreterFrames { .. }) {
            *self.frame_type = self.codes.code_type;
        }
        let lasti = call::instruction(self.memory.d, &head, code_at, code.bytecode_bytes)?.map(|at| code.place(at));
        Some(RawFrame { address, head, slots_read, code, lasti, is_over, is_between })
    }

    /// `Some(false)` where the head can be that of a frame object that runs.
    fn is_object(&mut self, head: &[u8]) -> Option<bool> {
        let d = self.memory.d;
        let type_at = Address(word_at(head, d.object.ob_type));
        match *self.frame_type {
            Some(known) if known != type_at => return None,
            None => {
                let name = self.memory.pointer(type_at.offset(d.type_object.tp_name))?;
                if self.memory.c_string(name)? != "frame" {
                    return None;
                }
                *self.frame_type = Some(type_at);
            }
            Some(_) => {}
        }
        let runs = word_at(head, d.object.ob_refcnt) != 0 && half_at(head, d.frame.f_iblock) <= d.frame.blocks_max;
        runs.then_some(false)
    }

    /// Whether the head of a call is that of one between a function in C and what it calls; `None` where it is that of none.
    fn is_between(&self, head: &[u8]) -> Option<bool> {
        let f = &self.memory.d.interpreter_frame;
        let owner = *head.get(f.owner as usize)?;
        (owner <= f.owned_by_c && owner != f.owned_by_object).then_some(owner == f.owned_by_c)
    }

    /// Whether `frames`, read from `first` outwards, were the stack of one moment, now that `now` is the innermost
    /// frame. A call that returned meanwhile is taken off.
    fn is_still_there(&mut self, frames: &mut Vec<RawFrame>, first: Address, now: Address) -> bool {
        if first == now {
            // A frame that was left and entered again meanwhile has the same address and the same callers, unless it was
            // read while it had none.
            return match frames.first() {
                Some(innermost) => self.has_caller(innermost),
                None => first.is_null(),
            };
        }
        let second = frames.get(1).map(|frame| frame.address);
        // The innermost call has returned: where its caller is now is a new question.
        if Some(now) == second {
            frames.remove(0);
            return match (self.frame(now), frames.first_mut()) {
                (Some(fresh), Some(stale))
                    if fresh.code.id == stale.code.id
                        && word_at(&fresh.head, self.layout.caller) == word_at(&stale.head, self.layout.caller) =>
                {
                    *stale = fresh;
                    true
                }
                _ => false,
            };
        }
        let Some(caller) = self.memory.pointer(now.offset(self.layout.caller)) else {
            return false;
        };
        // One call more: all we read is still in progress.
        if caller == first {
            return frames.first().is_some_and(|innermost| self.has_caller(innermost));
        }
        // Another call in the place of the innermost.
        if Some(caller) == second {
            frames.remove(0);
            return true;
        }
        false
    }

    /// True when the frame's caller is still the one that was read: a generator has one only while it runs.
    fn has_caller(&self, frame: &RawFrame) -> bool {
        let caller = self.memory.pointer(frame.address.offset(self.layout.caller));
        caller == Some(Address(word_at(&frame.head, self.layout.caller)))
    }
}
