//! Offsets that a running interpreter tells otherwise than its dialect has them: a dialect of its own then.

use std::sync::{Mutex, OnceLock};

use super::Dialect;
use super::layout::{Runtime, Told};

/// Dialects made so that are kept; a hostile target can't make more.
const KEPT_MAX: usize = 64;
/// No field of an interpreter's or a thread's state stands further behind.
const OFFSET_MAX: u64 = 1 << 24;

impl Dialect {
    /// The offset of a field that an interpreter may tell otherwise.
    fn offset_of(&self, which: Told) -> Option<u64> {
        let runtime = self.runtime?;
        Some(match which {
            Told::Fixed => return None,
            Told::InterpreterNext => self.interpreter_state.next,
            Told::ThreadsHead => self.interpreter_state.tstate_head,
            Told::Collector => runtime.gc,
            Told::Modules => self.interpreter_state.modules,
            Told::Gil => runtime.gil,
            Told::ThreadNext => self.thread_state.next,
            Told::ThreadInterpreter => self.thread_state.interp,
            Told::ThreadFrame => self.thread_state.frame,
            Told::ThreadId => self.thread_state.thread_id,
        })
    }

    fn set_offset(&mut self, which: Told, offset: u64) {
        let mut runtime = self.runtime;
        let of_runtime = |change: fn(&mut Runtime, u64), runtime: &mut Option<Runtime>| {
            if let Some(runtime) = runtime {
                change(runtime, offset);
            }
        };
        match which {
            Told::Fixed => {}
            Told::InterpreterNext => self.interpreter_state.next = offset,
            Told::ThreadsHead => self.interpreter_state.tstate_head = offset,
            Told::Collector => of_runtime(|runtime, offset| runtime.gc = offset, &mut runtime),
            Told::Modules => self.interpreter_state.modules = offset,
            Told::Gil => of_runtime(|runtime, offset| runtime.gil = offset, &mut runtime),
            Told::ThreadNext => self.thread_state.next = offset,
            Told::ThreadInterpreter => self.thread_state.interp = offset,
            Told::ThreadFrame => self.thread_state.frame = offset,
            Told::ThreadId => self.thread_state.thread_id = offset,
        }
        self.runtime = runtime;
    }

    /// Names and offsets of the fields that are otherwise than the series has them.
    pub(crate) fn told_otherwise(&self) -> Vec<(&'static str, u64)> {
        let rows = self.runtime.and_then(|runtime| runtime.debug_offsets).map_or(&[][..], |offsets| offsets.rows);
        let differs = |which: Told, expected: u64| self.offset_of(which).filter(|offset| *offset != expected);
        rows.iter().filter_map(|(_, row)| Some((row.name, differs(row.which, row.expected)?))).collect()
    }

    /// The same dialect with what was told of it. `None` where a name is unknown, an offset can't be, or too many such
    /// dialects were asked for.
    pub(crate) fn with_told<'a>(
        &'static self,
        told: impl IntoIterator<Item = (&'a str, u64)>,
    ) -> Option<&'static Self> {
        let rows = self.runtime.and_then(|runtime| runtime.debug_offsets).map_or(&[][..], |offsets| offsets.rows);
        let mut changed = *self;
        for (name, offset) in told {
            let (_, row) = rows.iter().find(|(_, row)| row.name == name && row.which != Told::Fixed)?;
            if offset >= OFFSET_MAX || !offset.is_multiple_of(8) {
                return None;
            }
            changed.set_offset(row.which, offset);
        }
        if changed == *self { Some(self) } else { kept(changed) }
    }
}

/// One copy of each such dialect, for as long as we run.
fn kept(changed: Dialect) -> Option<&'static Dialect> {
    static KEPT: OnceLock<Mutex<Vec<&'static Dialect>>> = OnceLock::new();
    let mut all = KEPT.get_or_init(Mutex::default).lock().ok()?;
    if let Some(known) = all.iter().find(|known| ***known == changed) {
        return Some(known);
    }
    if all.len() >= KEPT_MAX {
        return None;
    }
    let made: &'static Dialect = Box::leak(Box::new(changed));
    all.push(made);
    Some(made)
}

#[cfg(test)]
mod tests {
    use crate::dialect::{CPYTHON_2_7, CPYTHON_3_13};

    #[test]
    fn what_an_interpreter_tells_comes_before_the_table() {
        let same = CPYTHON_3_13.with_told([]).map(|dialect| std::ptr::eq(dialect, &CPYTHON_3_13));
        assert_eq!(same, Some(true));
        let Some(moved) = CPYTHON_3_13.with_told([("interpreter_state.gc", 7424)]) else { panic!("refused") };
        assert_eq!(moved.runtime.map(|runtime| runtime.gc), Some(7424));
        assert_eq!(moved.told_otherwise(), [("interpreter_state.gc", 7424)]);
        let again = CPYTHON_3_13.with_told([("interpreter_state.gc", 7424)]);
        assert!(again.is_some_and(|again| std::ptr::eq(again, moved)));
        // Structures are not moved, nor is anything of a series that tells nothing.
        assert_eq!(CPYTHON_3_13.with_told([("list_object.ob_item", 32)]), None);
        assert_eq!(CPYTHON_3_13.with_told([("interpreter_state.gc", 7423)]), None);
        assert_eq!(CPYTHON_2_7.with_told([("interpreter_state.gc", 7424)]), None);
    }
}
