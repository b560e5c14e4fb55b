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
    /// Takes the upper item away.
    PopTop,
    /// Puts a copy of the item that its argument counts from the top.
    CopyItem,
    /// Swaps the upper item and the one that its argument counts from the top.
    SwapItems,
    /// Two local variables, in the halves of its argument.
    LoadFastLoadFast,
    /// Binds a local variable and puts another.
    StoreFastLoadFast,
    /// Binds two local variables.
    StoreFastStoreFast,
    /// An attribute, or a method with what it is called on: the lowest bit of its argument says which.
    LoadAttrOrMethod,
    /// A method with what it is called on.
    LoadMethod,
    /// A global name, or one with room for what it is called on: the lowest bit of its argument says which.
    LoadGlobalOrCallee,
    /// An attribute or a method of `super()`.
    LoadSuperAttr,
    /// Returns a constant.
    ReturnConst,
    /// Computes by the operator that its argument says; in place or not.
    BinaryOp,
    /// Jumps to a loop's begin.
    JumpBackward,
    /// Jumps back to where code goes on that stands before: no loop.
    JumpBack,
    /// Jumps if the item is `None`.
    PopJumpIfNone,
    /// Jumps if the item is not `None`.
    PopJumpIfNotNone,
    /// Gives the upper item to what is awaited; jumps where that has an answer.
    Send,
    /// Enters a `with`: its manager becomes its exit and what it gave.
    EnterWith,
    /// A handler asks the `with` whether it takes the exception.
    ExitsWith,
    /// Begins a handler.
    EntersHandler,
    /// Compares an exception with a class.
    MatchesException,
    /// Ends an `async for` where what ended it is its end; else raises it again.
    EndAsyncFor,
    /// Raises again.
    Reraise,
    /// Ends what a `SETUP_*` has begun.
    EndsBlock,
    /// Ends a handler.
    LeavesHandler,
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
    /// Takes one, puts one for all that is left over and as many as both bytes of its argument say.
    UnpacksAround,
    /// Takes twice as many as its argument says, puts one.
    TakesPairs,
    /// Takes `more` and one for each bit of its argument that is in `bits`, puts one.
    TakesByBits {
        /// The bits that count.
        bits: u8,
        /// Beside them.
        more: u8,
    },
    /// Takes a callee, what it is called on or nothing, as many arguments as its argument says, and `more`.
    CallAfterReceiver {
        /// Items behind the arguments: the names of those that have one.
        more: u8,
    },
    /// Takes a callee, what it is called on or nothing, a tuple of arguments, and by the lowest bit a dict of them.
    CallWithTuple,
    /// Takes a callee, as many arguments as its argument says, and `more`.
    CallCounted {
        /// Items behind the arguments: the names of those that have one.
        more: u8,
    },
    /// Takes a callee, a tuple of arguments, and by the lowest bit a dict of them.
    CallByTuple,
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
    /// What instructions of two bytes each need besides; `None` where they have one or three.
    pub words: Option<WordInstructions>,
}

/// Instructions of two bytes each, with caches behind them, that take the place of others while they run.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct WordInstructions {
    /// `co_exceptiontable` of a code object.
    pub exception_table: u64,
    /// Operators from this one on compute in place.
    pub in_place_from: u32,
    /// Items that a loop's end finds on the stack where its iterator has no more, and takes away itself.
    pub exhausted_items: usize,
    /// Items that what is awaited leaves where it has an answer, the answer among them.
    pub answer_items: usize,
    /// The opcode that a call begins with where it is two instructions: either may do all of it.
    pub begins_call: Option<u8>,
    /// Opcodes that jump back by a condition, and what jumps over a jump back then.
    pub jumps_back_if: &'static [(u8, Operation)],
    /// Opcodes and units of two bytes behind them that are no instructions.
    pub caches: &'static [(u8, u8)],
    /// Opcodes, and those that stand in their place: made for the types that were met, and such that tell a debugger.
    pub in_place_of: &'static [(u8, &'static [u8])],
    /// Where a debugger's or a tracer's instructions stand in place of any; `None` where code stays as it is for them.
    pub monitored: Option<Monitored>,
}

/// What is kept of code that is watched by its lines or its instructions (`_PyCoMonitoringData`).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Monitored {
    /// `_co_monitoring` of a code object.
    pub at: u64,
    /// Behind that: `lines`, two bytes for each unit of code, the first the opcode that was there.
    pub lines: u64,
    /// `per_instruction_opcodes`, a byte for each unit.
    pub instructions: u64,
    /// The opcode that tells of a line.
    pub line_opcode: u8,
    /// The opcode that tells of an instruction.
    pub instruction_opcode: u8,
}

impl WordInstructions {
    /// For each opcode the one it stands for.
    pub(crate) fn bases(&self) -> [u8; 256] {
        let mut bases = std::array::from_fn(|opcode| opcode as u8);
        for (base, others) in self.in_place_of {
            for opcode in *others {
                if let Some(entry) = bases.get_mut(usize::from(*opcode)) {
                    *entry = *base;
                }
            }
        }
        bases
    }

    /// Bytes of caches behind each opcode.
    pub(crate) fn cache_bytes(&self) -> [usize; 256] {
        let mut bytes = [0; 256];
        for (opcode, units) in self.caches {
            if let Some(entry) = bytes.get_mut(usize::from(*opcode)) {
                *entry = 2 * usize::from(*units);
            }
        }
        bytes
    }
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
                | Self::EnterWith
                | Self::ExitsWith
                | Self::Send
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
        matches!(
            self,
            Self::JumpIfFalseOrPop
                | Self::JumpIfTrueOrPop
                | Self::PopJumpIfFalse
                | Self::PopJumpIfTrue
                | Self::PopJumpIfNone
                | Self::PopJumpIfNotNone
        )
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
            Self::UnpacksAround => (1, 1 + (argument & 0xff) as usize + (argument >> 8) as usize),
            Self::TakesPairs => (2 * count, 1),
            Self::TakesByBits { bits, more } => {
                ((argument & u32::from(bits)).count_ones() as usize + usize::from(more), 1)
            }
            Self::Call { .. }
            | Self::CallAfterReceiver { .. }
            | Self::CallWithTuple
            | Self::CallCounted { .. }
            | Self::CallByTuple => (self.call_arguments(argument) + 1, 1),
        }
    }

    /// Of a call with arguments by name, how many it gives by position; `None` where it gives none by name.
    pub(crate) fn only_positional(self, argument: u32) -> Option<u32> {
        match self {
            Self::CallAfterReceiver { .. } | Self::CallCounted { .. } => Some(argument),
            Self::CallWithTuple | Self::CallByTuple => Some(1),
            _ => (argument >> 8 & 0xff != 0).then_some(argument & 0xff),
        }
    }

    /// Slots between the callee of a call and its arguments. Where it is called on nothing, the callee may stand in the last.
    pub(crate) fn receivers(self) -> usize {
        usize::from(matches!(self, Self::CallAfterReceiver { .. } | Self::CallWithTuple))
    }

    /// Stack slots below the result that a call takes: the arguments, without the callee.
    pub(crate) fn call_arguments(self, argument: u32) -> usize {
        let more = match self {
            Self::Call { more } => more,
            Self::CallAfterReceiver { more } => return argument as usize + 1 + usize::from(more),
            Self::CallWithTuple => return 2 + (argument & 1) as usize,
            Self::CallCounted { more } => return argument as usize + usize::from(more),
            Self::CallByTuple => return 1 + (argument & 1) as usize,
            _ => return 0,
        };
        let positional = (argument & 0xff) as usize;
        let keywords = (argument >> 8 & 0xff) as usize;
        positional + 2 * keywords + usize::from(more)
    }
}
