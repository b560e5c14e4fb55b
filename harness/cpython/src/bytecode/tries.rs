//! `try` statements: what is tried, what handles, and what only runs where nothing was raised.

use bloathound_profile::Try;

use super::flow::Flow;
use super::instructions::Instruction;
use crate::dialect::Operation as Op;

/// Such statements a code object may have; more are not looked at.
const TRIES_MAX: usize = 256;

/// The `try` statements of the code, outer ones before those inside them.
pub fn find(flow: &Flow) -> Vec<Try> {
    let is_one = |one: &&Instruction| matches!(one.operation, Op::SetupExcept | Op::SetupFinally | Op::SetupWith);
    let begins = flow.instructions.iter().filter(is_one);
    begins.take(TRIES_MAX).filter_map(|begin| describe(flow, begin)).collect()
}

fn describe(flow: &Flow, begin: &Instruction) -> Option<Try> {
    let handler = begin.target().filter(|handler| *handler > begin.offset)?;
    let from = flow.instructions.partition_point(|one| one.offset < handler);
    let always = begin.operation != Op::SetupExcept;
    let mut open = 0_u32;
    // Where clauses that go on behind the statement jump to.
    let mut goes_on: Option<u32> = None;
    for (at, one) in flow.instructions.iter().enumerate().skip(from) {
        match one.operation {
            Op::SetupExcept | Op::SetupFinally | Op::SetupWith => open += 1,
            Op::EndFinally if open > 0 => open -= 1,
            Op::EndFinally => {
                let otherwise = one.next;
                let end = goes_on.unwrap_or_else(|| straight_on(flow, at + 1));
                return Some(Try {
                    first: begin.next,
                    handler,
                    otherwise,
                    end: otherwise.max(end),
                    apart: None,
                    always,
                });
            }
            Op::JumpForward if open == 0 && flow.is_reached(at) => goes_on = goes_on.max(one.target()),
            _ => {}
        }
    }
    None
}

/// How far what begins at the instruction `from` goes straight on: where no clause goes on behind the statement, only
/// what raised nothing comes there.
fn straight_on(flow: &Flow, from: usize) -> u32 {
    let turns = |one: &&Instruction| {
        matches!(one.operation, Op::JumpAbsolute | Op::ContinueLoop | Op::ReturnValue | Op::EndFinally)
    };
    flow.instructions.iter().skip(from).find(turns).map_or(0, |one| one.next)
}
