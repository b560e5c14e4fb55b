//! Opcodes of CPython 3.10: `Include/opcode.h`, and what they take and put as `Python/compile.c` has it.

use super as opcodes;
use crate::dialect::bytecode::{Effect, Instructions, Operation};

/// What its instructions look like.
pub(in crate::dialect::cpython_3) const INSTRUCTIONS: Instructions = Instructions {
    extended_arg: 144,
    // What was handled before, and what was raised: class, value and traceback of each.
    exception_values: 6,
    opcodes: OPCODES,
    words: None,
    ..opcodes::INSTRUCTIONS
};

const OPCODES: &[(u8, Operation, Effect)] = &[
    // POP_TOP.
    (1, Operation::PopTop, Effect::Fixed(1, 0)),
    // ROT_TWO.
    (2, Operation::RotTwo, Effect::Fixed(0, 0)),
    // ROT_THREE.
    (3, Operation::RotThree, Effect::Fixed(0, 0)),
    // DUP_TOP.
    (4, Operation::DupTop, Effect::Fixed(0, 0)),
    // DUP_TOP_TWO.
    (5, Operation::DupTopx, Effect::Fixed(0, 0)),
    // ROT_FOUR.
    (6, Operation::RotFour, Effect::Fixed(0, 0)),
    // UNARY_POSITIVE.
    (10, Operation::Other, Effect::Fixed(1, 1)),
    // UNARY_NEGATIVE.
    (11, Operation::Other, Effect::Fixed(1, 1)),
    // UNARY_NOT.
    (12, Operation::Other, Effect::Fixed(1, 1)),
    // UNARY_INVERT.
    (15, Operation::Other, Effect::Fixed(1, 1)),
    // BINARY_MATRIX_MULTIPLY.
    (16, Operation::Other, Effect::Fixed(2, 1)),
    // INPLACE_MATRIX_MULTIPLY.
    (17, Operation::InPlace, Effect::Fixed(2, 1)),
    // BINARY_POWER.
    (19, Operation::Other, Effect::Fixed(2, 1)),
    // BINARY_MULTIPLY.
    (20, Operation::Other, Effect::Fixed(2, 1)),
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
    // GET_LEN.
    (30, Operation::Other, Effect::Fixed(1, 2)),
    // MATCH_MAPPING.
    (31, Operation::Other, Effect::Fixed(1, 2)),
    // MATCH_SEQUENCE.
    (32, Operation::Other, Effect::Fixed(1, 2)),
    // MATCH_KEYS.
    (33, Operation::Other, Effect::Fixed(2, 4)),
    // COPY_DICT_WITHOUT_KEYS.
    (34, Operation::Other, Effect::Fixed(2, 2)),
    // WITH_EXCEPT_START.
    (49, Operation::ExitsWith, Effect::Fixed(0, 1)),
    // GET_AITER.
    (50, Operation::Other, Effect::Fixed(1, 1)),
    // GET_ANEXT.
    (51, Operation::Changes, Effect::Fixed(1, 2)),
    // BEFORE_ASYNC_WITH.
    (52, Operation::EnterWith, Effect::Fixed(1, 2)),
    // END_ASYNC_FOR.
    (54, Operation::EndAsyncFor, Effect::Fixed(7, 0)),
    // INPLACE_ADD.
    (55, Operation::InPlace, Effect::Fixed(2, 1)),
    // INPLACE_SUBTRACT.
    (56, Operation::InPlace, Effect::Fixed(2, 1)),
    // INPLACE_MULTIPLY.
    (57, Operation::InPlace, Effect::Fixed(2, 1)),
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
    // GET_YIELD_FROM_ITER.
    (69, Operation::Other, Effect::Fixed(1, 1)),
    // PRINT_EXPR.
    (70, Operation::Changes, Effect::Fixed(1, 0)),
    // LOAD_BUILD_CLASS.
    (71, Operation::Other, Effect::Fixed(0, 1)),
    // YIELD_FROM.
    (72, Operation::YieldValue, Effect::Fixed(2, 1)),
    // GET_AWAITABLE.
    (73, Operation::Other, Effect::Fixed(1, 1)),
    // LOAD_ASSERTION_ERROR.
    (74, Operation::Other, Effect::Fixed(0, 1)),
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
    // LIST_TO_TUPLE.
    (82, Operation::Other, Effect::Fixed(1, 1)),
    // RETURN_VALUE.
    (83, Operation::ReturnValue, Effect::Fixed(1, 0)),
    // IMPORT_STAR.
    (84, Operation::Changes, Effect::Fixed(1, 0)),
    // YIELD_VALUE.
    (86, Operation::YieldValue, Effect::Fixed(1, 1)),
    // POP_BLOCK.
    (87, Operation::EndsBlock, Effect::Fixed(0, 0)),
    // POP_EXCEPT.
    (89, Operation::LeavesHandler, Effect::Fixed(3, 0)),
    // STORE_NAME.
    (90, Operation::StoreName, Effect::Fixed(1, 0)),
    // DELETE_NAME.
    (91, Operation::Changes, Effect::Fixed(0, 0)),
    // UNPACK_SEQUENCE.
    (92, Operation::Other, Effect::Unpacks),
    // FOR_ITER.
    (93, Operation::ForIter, Effect::Fixed(0, 0)),
    // UNPACK_EX.
    (94, Operation::Other, Effect::UnpacksAround),
    // STORE_ATTR.
    (95, Operation::StoreAttr, Effect::Fixed(2, 0)),
    // DELETE_ATTR.
    (96, Operation::Changes, Effect::Fixed(1, 0)),
    // STORE_GLOBAL.
    (97, Operation::StoreGlobal, Effect::Fixed(1, 0)),
    // DELETE_GLOBAL.
    (98, Operation::Changes, Effect::Fixed(0, 0)),
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
    (105, Operation::Other, Effect::TakesPairs),
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
    // IS_OP.
    (117, Operation::Other, Effect::Fixed(2, 1)),
    // CONTAINS_OP.
    (118, Operation::Other, Effect::Fixed(2, 1)),
    // RERAISE.
    (119, Operation::Reraise, Effect::Fixed(3, 0)),
    // JUMP_IF_NOT_EXC_MATCH.
    (121, Operation::MatchesException, Effect::Fixed(2, 0)),
    // SETUP_FINALLY.
    (122, Operation::SetupFinally, Effect::Fixed(0, 0)),
    // LOAD_FAST.
    (124, Operation::LoadFast, Effect::Fixed(0, 1)),
    // STORE_FAST.
    (125, Operation::StoreFast, Effect::Fixed(1, 0)),
    // RAISE_VARARGS.
    (130, Operation::RaiseVarargs, Effect::TakesCount { more: 0, put: 0 }),
    // CALL_FUNCTION.
    (131, Operation::Call, Effect::CallCounted { more: 0 }),
    // MAKE_FUNCTION.
    (132, Operation::Other, Effect::TakesByBits { bits: 15, more: 2 }),
    // BUILD_SLICE.
    (133, Operation::Other, Effect::TakesCount { more: 0, put: 1 }),
    // LOAD_CLOSURE.
    (135, Operation::Other, Effect::Fixed(0, 1)),
    // LOAD_DEREF.
    (136, Operation::LoadDeref, Effect::Fixed(0, 1)),
    // STORE_DEREF.
    (137, Operation::StoreDeref, Effect::Fixed(1, 0)),
    // DELETE_DEREF.
    (138, Operation::Changes, Effect::Fixed(0, 0)),
    // CALL_FUNCTION_KW.
    (141, Operation::Call, Effect::CallCounted { more: 1 }),
    // CALL_FUNCTION_EX.
    (142, Operation::Call, Effect::CallByTuple),
    // SETUP_WITH.
    (143, Operation::SetupWith, Effect::Fixed(0, 0)),
    // EXTENDED_ARG.
    (144, Operation::ExtendedArg, Effect::Fixed(0, 0)),
    // LIST_APPEND.
    (145, Operation::Changes, Effect::Fixed(1, 0)),
    // SET_ADD.
    (146, Operation::Changes, Effect::Fixed(1, 0)),
    // MAP_ADD.
    (147, Operation::Changes, Effect::Fixed(2, 0)),
    // LOAD_CLASSDEREF.
    (148, Operation::Other, Effect::Fixed(0, 1)),
    // MATCH_CLASS.
    (152, Operation::Other, Effect::Fixed(3, 2)),
    // SETUP_ASYNC_WITH.
    (154, Operation::SetupFinally, Effect::Fixed(1, 0)),
    // FORMAT_VALUE.
    (155, Operation::Other, Effect::TakesByBits { bits: 4, more: 1 }),
    // BUILD_CONST_KEY_MAP.
    (156, Operation::Other, Effect::TakesCount { more: 1, put: 1 }),
    // BUILD_STRING.
    (157, Operation::Other, Effect::TakesCount { more: 0, put: 1 }),
    // LOAD_METHOD.
    (160, Operation::LoadMethod, Effect::Fixed(1, 1)),
    // CALL_METHOD.
    (161, Operation::Call, Effect::CallAfterReceiver { more: 0 }),
    // LIST_EXTEND.
    (162, Operation::Changes, Effect::Fixed(1, 0)),
    // SET_UPDATE.
    (163, Operation::Changes, Effect::Fixed(1, 0)),
    // DICT_MERGE.
    (164, Operation::Changes, Effect::Fixed(1, 0)),
    // DICT_UPDATE.
    (165, Operation::Changes, Effect::Fixed(1, 0)),
];
