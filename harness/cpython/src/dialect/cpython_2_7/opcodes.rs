//! Opcodes of CPython 2.7: `Include/opcode.h`, and their effect on the stack as `Python/compile.c` and `ceval.c` have it.

use crate::dialect::bytecode::{Effect, Instructions, Operation};

/// What its instructions look like.
pub(super) const INSTRUCTIONS: Instructions = Instructions {
    have_argument: 90,
    extended_arg: 145,
    exception_values: 3,
    opcodes: OPCODES,
    constant_names: &["True", "False", "None"],
    pure_builtins: PURE,
    words: None,
};

const OPCODES: &[(u8, Operation, Effect)] = &[
    // POP_TOP.
    (1, Operation::Other, Effect::Fixed(1, 0)),
    // ROT_TWO.
    (2, Operation::RotTwo, Effect::Fixed(0, 0)),
    // ROT_THREE.
    (3, Operation::RotThree, Effect::Fixed(0, 0)),
    // DUP_TOP.
    (4, Operation::DupTop, Effect::Fixed(0, 0)),
    // ROT_FOUR.
    (5, Operation::RotFour, Effect::Fixed(0, 0)),
    // UNARY_POSITIVE.
    (10, Operation::Other, Effect::Fixed(1, 1)),
    // UNARY_NEGATIVE.
    (11, Operation::Other, Effect::Fixed(1, 1)),
    // UNARY_NOT.
    (12, Operation::Other, Effect::Fixed(1, 1)),
    // UNARY_CONVERT.
    (13, Operation::Other, Effect::Fixed(1, 1)),
    // not in use.
    (14, Operation::Other, Effect::Fixed(1, 1)),
    // UNARY_INVERT.
    (15, Operation::Other, Effect::Fixed(1, 1)),
    // BINARY_POWER.
    (19, Operation::Other, Effect::Fixed(2, 1)),
    // BINARY_MULTIPLY.
    (20, Operation::Other, Effect::Fixed(2, 1)),
    // BINARY_DIVIDE.
    (21, Operation::Other, Effect::Fixed(2, 1)),
    // BINARY_MODULO.
    (22, Operation::Other, Effect::Fixed(2, 1)),
    // BINARY_ADD.
    (23, Operation::Other, Effect::Fixed(2, 1)),
    // BINARY_SUBTRACT.
    (24, Operation::Other, Effect::Fixed(2, 1)),
    // BINARY_SUBSCR.
    (25, Operation::Other, Effect::Fixed(2, 1)),
    // BINARY_FLOOR_DIVIDE.
    (26, Operation::Other, Effect::Fixed(2, 1)),
    // BINARY_TRUE_DIVIDE.
    (27, Operation::Other, Effect::Fixed(2, 1)),
    // INPLACE_FLOOR_DIVIDE.
    (28, Operation::InPlace, Effect::Fixed(2, 1)),
    // INPLACE_TRUE_DIVIDE.
    (29, Operation::InPlace, Effect::Fixed(2, 1)),
    // SLICE+0.
    (30, Operation::Other, Effect::Fixed(1, 1)),
    // SLICE+1.
    (31, Operation::Other, Effect::Fixed(2, 1)),
    // SLICE+2.
    (32, Operation::Other, Effect::Fixed(2, 1)),
    // SLICE+3.
    (33, Operation::Other, Effect::Fixed(3, 1)),
    // STORE_SLICE+0.
    (40, Operation::StoreItem, Effect::Fixed(2, 0)),
    // STORE_SLICE+1.
    (41, Operation::StoreItem, Effect::Fixed(3, 0)),
    // STORE_SLICE+2.
    (42, Operation::StoreItem, Effect::Fixed(3, 0)),
    // STORE_SLICE+3.
    (43, Operation::StoreItem, Effect::Fixed(4, 0)),
    // DELETE_SLICE+0.
    (50, Operation::Changes, Effect::Fixed(1, 0)),
    // DELETE_SLICE+1.
    (51, Operation::Changes, Effect::Fixed(2, 0)),
    // DELETE_SLICE+2.
    (52, Operation::Changes, Effect::Fixed(2, 0)),
    // DELETE_SLICE+3.
    (53, Operation::Changes, Effect::Fixed(3, 0)),
    // STORE_MAP.
    (54, Operation::Changes, Effect::Fixed(2, 0)),
    // INPLACE_ADD.
    (55, Operation::InPlace, Effect::Fixed(2, 1)),
    // INPLACE_SUBTRACT.
    (56, Operation::InPlace, Effect::Fixed(2, 1)),
    // INPLACE_MULTIPLY.
    (57, Operation::InPlace, Effect::Fixed(2, 1)),
    // INPLACE_DIVIDE.
    (58, Operation::InPlace, Effect::Fixed(2, 1)),
    // INPLACE_MODULO.
    (59, Operation::InPlace, Effect::Fixed(2, 1)),
    // STORE_SUBSCR.
    (60, Operation::StoreItem, Effect::Fixed(3, 0)),
    // DELETE_SUBSCR.
    (61, Operation::Changes, Effect::Fixed(2, 0)),
    // BINARY_LSHIFT.
    (62, Operation::Other, Effect::Fixed(2, 1)),
    // BINARY_RSHIFT.
    (63, Operation::Other, Effect::Fixed(2, 1)),
    // BINARY_AND.
    (64, Operation::Other, Effect::Fixed(2, 1)),
    // BINARY_XOR.
    (65, Operation::Other, Effect::Fixed(2, 1)),
    // BINARY_OR.
    (66, Operation::Other, Effect::Fixed(2, 1)),
    // INPLACE_POWER.
    (67, Operation::InPlace, Effect::Fixed(2, 1)),
    // GET_ITER.
    (68, Operation::Other, Effect::Fixed(1, 1)),
    // PRINT_EXPR.
    (70, Operation::Other, Effect::Fixed(1, 0)),
    // PRINT_ITEM.
    (71, Operation::Other, Effect::Fixed(1, 0)),
    // PRINT_ITEM_TO.
    (73, Operation::Other, Effect::Fixed(2, 0)),
    // PRINT_NEWLINE_TO.
    (74, Operation::Other, Effect::Fixed(1, 0)),
    // INPLACE_LSHIFT.
    (75, Operation::InPlace, Effect::Fixed(2, 1)),
    // INPLACE_RSHIFT.
    (76, Operation::InPlace, Effect::Fixed(2, 1)),
    // INPLACE_AND.
    (77, Operation::InPlace, Effect::Fixed(2, 1)),
    // INPLACE_XOR.
    (78, Operation::InPlace, Effect::Fixed(2, 1)),
    // INPLACE_OR.
    (79, Operation::InPlace, Effect::Fixed(2, 1)),
    // BREAK_LOOP.
    (80, Operation::BreakLoop, Effect::Fixed(0, 0)),
    // WITH_CLEANUP.
    (81, Operation::Other, Effect::Fixed(1, 0)),
    // LOAD_LOCALS.
    (82, Operation::Other, Effect::Fixed(0, 1)),
    // RETURN_VALUE.
    (83, Operation::ReturnValue, Effect::Fixed(1, 0)),
    // IMPORT_STAR.
    (84, Operation::Changes, Effect::Fixed(1, 0)),
    // EXEC_STMT.
    (85, Operation::Changes, Effect::Fixed(3, 0)),
    // YIELD_VALUE.
    (86, Operation::YieldValue, Effect::Fixed(1, 1)),
    // END_FINALLY.
    (88, Operation::EndFinally, Effect::Fixed(1, 0)),
    // BUILD_CLASS.
    (89, Operation::Other, Effect::Fixed(3, 1)),
    // STORE_NAME.
    (90, Operation::StoreName, Effect::Fixed(1, 0)),
    // UNPACK_SEQUENCE.
    (92, Operation::Other, Effect::Unpacks),
    // FOR_ITER.
    (93, Operation::ForIter, Effect::Fixed(0, 0)),
    // LIST_APPEND.
    (94, Operation::Changes, Effect::Fixed(1, 0)),
    // STORE_ATTR.
    (95, Operation::StoreAttr, Effect::Fixed(2, 0)),
    // DELETE_ATTR.
    (96, Operation::Changes, Effect::Fixed(1, 0)),
    // STORE_GLOBAL.
    (97, Operation::StoreGlobal, Effect::Fixed(1, 0)),
    // DUP_TOPX.
    (99, Operation::DupTopx, Effect::Fixed(0, 0)),
    // LOAD_CONST.
    (100, Operation::Other, Effect::Fixed(0, 1)),
    // LOAD_NAME.
    (101, Operation::LoadName, Effect::Fixed(0, 1)),
    // BUILD_TUPLE.
    (102, Operation::Other, Effect::TakesCount { more: 0, put: 1 }),
    // BUILD_LIST.
    (103, Operation::Other, Effect::TakesCount { more: 0, put: 1 }),
    // BUILD_SET.
    (104, Operation::Other, Effect::TakesCount { more: 0, put: 1 }),
    // BUILD_MAP.
    (105, Operation::Other, Effect::Fixed(0, 1)),
    // LOAD_ATTR.
    (106, Operation::LoadAttr, Effect::Fixed(1, 1)),
    // COMPARE_OP.
    (107, Operation::Other, Effect::Fixed(2, 1)),
    // IMPORT_NAME.
    (108, Operation::ImportName, Effect::Fixed(2, 1)),
    // IMPORT_FROM.
    (109, Operation::Other, Effect::Fixed(1, 2)),
    // JUMP_FORWARD.
    (110, Operation::JumpForward, Effect::Fixed(0, 0)),
    // JUMP_IF_FALSE_OR_POP.
    (111, Operation::JumpIfFalseOrPop, Effect::Fixed(0, 0)),
    // JUMP_IF_TRUE_OR_POP.
    (112, Operation::JumpIfTrueOrPop, Effect::Fixed(0, 0)),
    // JUMP_ABSOLUTE.
    (113, Operation::JumpAbsolute, Effect::Fixed(0, 0)),
    // POP_JUMP_IF_FALSE.
    (114, Operation::PopJumpIfFalse, Effect::Fixed(0, 0)),
    // POP_JUMP_IF_TRUE.
    (115, Operation::PopJumpIfTrue, Effect::Fixed(0, 0)),
    // LOAD_GLOBAL.
    (116, Operation::LoadGlobal, Effect::Fixed(0, 1)),
    // CONTINUE_LOOP.
    (119, Operation::ContinueLoop, Effect::Fixed(0, 0)),
    // SETUP_LOOP.
    (120, Operation::SetupLoop, Effect::Fixed(0, 0)),
    // SETUP_EXCEPT.
    (121, Operation::SetupExcept, Effect::Fixed(0, 0)),
    // SETUP_FINALLY.
    (122, Operation::SetupFinally, Effect::Fixed(0, 0)),
    // LOAD_FAST.
    (124, Operation::LoadFast, Effect::Fixed(0, 1)),
    // STORE_FAST.
    (125, Operation::StoreFast, Effect::Fixed(1, 0)),
    // RAISE_VARARGS.
    (130, Operation::RaiseVarargs, Effect::TakesCount { more: 0, put: 0 }),
    // CALL_FUNCTION.
    (131, Operation::Call, Effect::Call { more: 0 }),
    // MAKE_FUNCTION.
    (132, Operation::Other, Effect::TakesCount { more: 1, put: 1 }),
    // BUILD_SLICE.
    (133, Operation::Other, Effect::TakesCount { more: 0, put: 1 }),
    // MAKE_CLOSURE.
    (134, Operation::Other, Effect::TakesCount { more: 2, put: 1 }),
    // LOAD_CLOSURE.
    (135, Operation::Other, Effect::Fixed(0, 1)),
    // LOAD_DEREF.
    (136, Operation::LoadDeref, Effect::Fixed(0, 1)),
    // STORE_DEREF.
    (137, Operation::StoreDeref, Effect::Fixed(1, 0)),
    // CALL_FUNCTION_VAR.
    (140, Operation::Call, Effect::Call { more: 1 }),
    // CALL_FUNCTION_KW.
    (141, Operation::Call, Effect::Call { more: 1 }),
    // CALL_FUNCTION_VAR_KW.
    (142, Operation::Call, Effect::Call { more: 2 }),
    // SETUP_WITH.
    (143, Operation::SetupWith, Effect::Fixed(0, 0)),
    // EXTENDED_ARG.
    (145, Operation::ExtendedArg, Effect::Fixed(0, 0)),
    // SET_ADD.
    (146, Operation::Changes, Effect::Fixed(1, 0)),
    // MAP_ADD.
    (147, Operation::Changes, Effect::Fixed(2, 0)),
];

/// Builtin functions whose results depend on their arguments alone.
const PURE: &[&str] = &[
    "abs",
    "bool",
    "chr",
    "cmp",
    "divmod",
    "float",
    "hash",
    "int",
    "isinstance",
    "issubclass",
    "len",
    "long",
    "max",
    "min",
    "ord",
    "pow",
    "range",
    "repr",
    "round",
    "sorted",
    "str",
    "sum",
    "tuple",
    "type",
    "unicode",
    "xrange",
];
