//! Bytecode as data: what an opcode does, as far as following the stack has to know, and what it takes and puts.

/// What an instruction does. Those that only compute are all the same.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Operation {
    /// Swaps the two upper items.
    RotTwo,
    /// Takes the upper item below the next two.
    RotThree,
    /// Takes the upper item below the next three.
    RotFour,
    /// Doubles the upper item.
    DupTop,
    /// Doubles as many items as its argument says.
    DupTopx,
    /// Leaves the innermost loop.
    BreakLoop,
    /// Returns the upper item.
    ReturnValue,
    /// Gives the upper item to the caller of a generator, and takes another.
    YieldValue,
    /// Ends a `finally` or a list of `except` clauses.
    EndFinally,
    /// Binds a name of module level or class level code.
    StoreName,
    /// Takes the next item, or leaves the loop.
    ForIter,
    /// Binds an attribute.
    StoreAttr,
    /// Binds a global name.
    StoreGlobal,
    /// A name of module level or class level code.
    LoadName,
    /// An attribute.
    LoadAttr,
    /// Imports.
    ImportName,
    /// Jumps, relative to the next instruction.
    JumpForward,
    /// Jumps and keeps the item if it is false.
    JumpIfFalseOrPop,
    /// Jumps and keeps the item if it is true.
    JumpIfTrueOrPop,
    /// Jumps.
    JumpAbsolute,
    /// Jumps if the item is false.
    PopJumpIfFalse,
    /// Jumps if the item is true.
    PopJumpIfTrue,
    /// A global name.
    LoadGlobal,
    /// Jumps to a loop's begin out of a `try`.
    ContinueLoop,
    /// Begins a loop's block.
    SetupLoop,
    /// Begins a block with `except` clauses.
    SetupExcept,
    /// Begins a block with a `finally`.
    SetupFinally,
    /// A local variable.
    LoadFast,
    /// Binds a local variable.
    StoreFast,
    /// Raises.
    RaiseVarargs,
    /// A variable of a closure.
    LoadDeref,
    /// Binds a variable of a closure.
    StoreDeref,
    /// Begins a `with`.
    SetupWith,
    /// The upper half of the next instruction's argument.
    ExtendedArg,
    /// Calls what lies below its arguments.
    Call,
    /// Changes an item or a slice of the second item from the bottom of what it takes.
    StoreItem,
    /// Computes; the first of what it takes may be changed instead of another value made.
    InPlace,
    /// Changes what some object holds, or may change anything.
    Changes,
    /// Computes, or has nothing to do with values.
    Other,
}

/// How many items an instruction takes off the stack and puts on it, on the way to the next instruction. Shuffling
/// instructions, stores and jumps are their reader's business.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Effect {
    /// Takes and puts so many.
    Fixed(u8, u8),
    /// Takes one, puts as many as its argument says.
    Unpacks,
    /// Takes as many as its argument says and `more`.
    TakesCount {
        /// Beside the argument's number.
        more: u8,
        /// Items put.
        put: u8,
    },
    /// Takes a callee and its arguments: positional ones by the argument's lowest byte, twice the next byte for named ones.
    Call {
        /// Items of arguments given as `*` and `**`.
        more: u8,
    },
}

/// The instructions of a series.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Instructions {
    /// Opcodes from this one on have an argument.
    pub have_argument: u8,
    /// The opcode that holds the upper half of the next one's argument.
    pub extended_arg: u8,
    /// Values as which a handler is given what was raised.
    pub exception_values: usize,
    /// Opcode, what it does, its effect. Others have no effect that matters.
    pub opcodes: &'static [(u8, Operation, Effect)],
    /// Names like any other that nobody changes.
    pub constant_names: &'static [&'static str],
    /// Builtin functions whose results depend on their arguments alone.
    pub pure_builtins: &'static [&'static str],
}

impl Instructions {
    /// All 256 opcodes, to look one up at once.
    pub(crate) fn table(&self) -> [(Operation, Effect); 256] {
        let mut table = [(Operation::Other, Effect::Fixed(0, 0)); 256];
        for (opcode, operation, effect) in self.opcodes {
            if let Some(entry) = table.get_mut(usize::from(*opcode)) {
                *entry = (*operation, *effect);
            }
        }
        table
    }
}

impl Operation {
    /// True where something may be other than it was that no local variable shows.
    pub(crate) fn has_effects(self) -> bool {
        matches!(
            self,
            Self::Call
                | Self::ForIter
                | Self::YieldValue
                | Self::ImportName
                | Self::SetupWith
                | Self::StoreAttr
                | Self::StoreItem
                | Self::StoreName
                | Self::StoreGlobal
                | Self::StoreDeref
                | Self::InPlace
                | Self::Changes
        )
    }

    /// True for jumps that depend on a value.
    pub(crate) fn is_conditional(self) -> bool {
        matches!(self, Self::JumpIfFalseOrPop | Self::JumpIfTrueOrPop | Self::PopJumpIfFalse | Self::PopJumpIfTrue)
    }
}

impl Effect {
    /// Items taken and put with that argument.
    pub(crate) fn items(self, argument: u32) -> (usize, usize) {
        let count = argument as usize;
        match self {
            Self::Fixed(taken, put) => (usize::from(taken), usize::from(put)),
            Self::Unpacks => (1, count),
            Self::TakesCount { more, put } => (count + usize::from(more), usize::from(put)),
            Self::Call { .. } => (self.call_arguments(argument) + 1, 1),
        }
    }

    /// Of a call with arguments by name, how many it gives by position; `None` where it gives none by name.
    pub(crate) fn only_positional(self, argument: u32) -> Option<u32> {
        (argument >> 8 & 0xff != 0).then_some(argument & 0xff)
    }

    /// Stack slots below the result that a call takes: the arguments, without the callee.
    pub(crate) fn call_arguments(self, argument: u32) -> usize {
        let Self::Call { more } = self else { return 0 };
        let positional = (argument & 0xff) as usize;
        let keywords = (argument >> 8 & 0xff) as usize;
        positional + 2 * keywords + usize::from(more)
    }
}
