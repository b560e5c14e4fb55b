//! Walking the frames of one thread while it runs.

use std::collections::HashMap;
use std::sync::Arc;

use bloathound_memory::Address;

use super::code::{CodeEntry, Codes};
use super::memory::{Memory, half_at, word_at};
use crate::layouts::{frameobject_h as frame, object_h as object, pystate_h as pystate};

/// Calls of one stack; the interpreter's own limit is 1000 unless it was raised.
const DEPTH_MAX: usize = 4000;
/// Looks after which the code objects of frames are checked again.
const LOOKS_BETWEEN_CHECKS: u32 = 20;
/// Looks at an outermost frame not met before: it must have no caller each time.
const OUTERMOST_LOOKS: u32 = 12;
/// Attempts at one stack before it counts as torn.
const ATTEMPTS: u32 = 6;

/// Words behind a frame's head that are read with it: enough for the variables and the stack of most.
const SLOTS_WITH_HEAD: usize = 32;
const HEAD_BYTES: usize = frame::F_LOCALSPLUS as usize;
const FRAME_BYTES: usize = HEAD_BYTES + 8 * SLOTS_WITH_HEAD;

/// A frame as it lies in memory.
#[derive(Clone, Debug)]
pub(super) struct RawFrame {
    pub address: Address,
    /// `PyFrameObject`, and the first words of `f_localsplus` where `slots_read` says so.
    pub head: [u8; FRAME_BYTES],
    /// How many words of `f_localsplus` are in `head`.
    pub slots_read: usize,
    pub code: Arc<CodeEntry>,
    pub lasti: Option<u32>,
}

/// What is remembered between two looks at the threads.
#[derive(Debug, Default)]
pub(super) struct Known {
    /// The type of frames.
    pub frame_type: Option<Address>,
    /// The outermost frame of each thread, by thread state: it stays for as long as the thread runs Python.
    outermost: HashMap<Address, Address>,
    /// Code of the frames met lately. Emptied now and then: an address may come to hold another code object.
    recent: HashMap<Address, (Address, Arc<CodeEntry>)>,
    /// Looks since it was emptied.
    looks: u32,
    /// Stacks read again because the first attempt was inconsistent.
    pub retries: u64,
}

/// The frames of the thread at `state`, outermost first; `None` when every attempt was inconsistent.
pub(super) fn walk(memory: &Memory<'_>, codes: &mut Codes, known: &mut Known, state: Address) -> Option<Vec<RawFrame>> {
    let innermost = state.offset(pystate::TSTATE_FRAME);
    let mut others = 0;
    for attempt in 0..ATTEMPTS {
        known.retries += u64::from(attempt > 0);
        known.looks += 1;
        if known.looks > LOOKS_BETWEEN_CHECKS {
            known.looks = 0;
            known.recent.clear();
        }
        let mut reader = Walk { memory, codes, frame_type: &mut known.frame_type, recent: &mut known.recent };
        let Some(first) = memory.pointer(innermost) else {
            continue;
        };
        let Some(mut frames) = reader.chain(first) else {
            continue;
        };
        let Some(now) = memory.pointer(innermost) else {
            continue;
        };
        if !reader.is_still_there(&mut frames, first, now) {
            continue;
        }
        frames.reverse();
        let Some(outermost) = frames.first().map(|frame| frame.address) else {
            return Some(frames);
        };
        // A frame that was left while we read has no caller either, and ends the chain too early.
        if known.outermost.get(&state) != Some(&outermost) {
            others += 1;
            let stays =
                (0..OUTERMOST_LOOKS).all(|_| memory.pointer(outermost.offset(frame::F_BACK)) == Some(Address::NULL));
            let is_new = known.outermost.contains_key(&state) && others < ATTEMPTS - 1;
            if !stays || is_new {
                continue;
            }
            known.outermost.insert(state, outermost);
        }
        return Some(frames);
    }
    None
}

struct Walk<'a, 'm> {
    memory: &'a Memory<'m>,
    codes: &'a mut Codes,
    frame_type: &'a mut Option<Address>,
    recent: &'a mut HashMap<Address, (Address, Arc<CodeEntry>)>,
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
            at = Address(word_at(&read.head, frame::F_BACK));
            frames.push(read);
        }
        Some(frames)
    }

    fn frame(&mut self, address: Address) -> Option<RawFrame> {
        if !address.is_aligned(8) {
            return None;
        }
        let mut head = [0; FRAME_BYTES];
        // The last frame of a mapping has less behind it.
        let slots_read = if self.memory.fill(address, &mut head) {
            SLOTS_WITH_HEAD
        } else if self.memory.fill(address, head.get_mut(..HEAD_BYTES)?) {
            0
        } else {
            return None;
        };
        let type_at = Address(word_at(&head, object::OB_TYPE));
        match *self.frame_type {
            Some(known) if known != type_at => return None,
            None => {
                let name = self.memory.pointer(type_at.offset(object::TP_NAME))?;
                if self.memory.c_string(name)? != "frame" {
                    return None;
                }
                *self.frame_type = Some(type_at);
            }
            Some(_) => {}
        }
        if word_at(&head, object::OB_REFCNT) == 0 || half_at(&head, frame::F_IBLOCK) > frame::BLOCKS_MAX {
            return None;
        }
        let code_at = Address(word_at(&head, frame::F_CODE));
        // A frame keeps its code alive: only one that was not met lately needs another look.
        let code = match self.recent.get(&address) {
            Some((known_at, code)) if *known_at == code_at => Arc::clone(code),
            _ => {
                let code = self.codes.get(self.memory, code_at)?;
                self.recent.insert(address, (code_at, Arc::clone(&code)));
                code
            }
        };
        let lasti = half_at(&head, frame::F_LASTI);
        let lasti = (lasti != u32::MAX).then_some(lasti);
        if lasti.is_some_and(|offset| offset >= code.bytecode_bytes) {
            return None;
        }
        Some(RawFrame { address, head, slots_read, code, lasti })
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
                        && word_at(&fresh.head, frame::F_BACK) == word_at(&stale.head, frame::F_BACK) =>
                {
                    *stale = fresh;
                    true
                }
                _ => false,
            };
        }
        let Some(caller) = self.memory.pointer(now.offset(frame::F_BACK)) else {
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
        let caller = self.memory.pointer(frame.address.offset(frame::F_BACK));
        caller == Some(Address(word_at(&frame.head, frame::F_BACK)))
    }
}
