//! Opcodes of CPython 3.11: `Include/opcode.h`, what they take and put as `Python/compile.c` has it, and those that take the
//! place of others while code runs.

use super as opcodes;
use crate::dialect::bytecode::{Effect, Instructions, Operation, WordInstructions};

/// What its instructions look like.
pub(in crate::dialect::cpython_3) const INSTRUCTIONS: Instructions =
    Instructions { extended_arg: 144, opcodes: OPCODES, words: Some(WORDS), ..opcodes::INSTRUCTIONS };

const WORDS: WordInstructions = WordInstructions {
    exception_table: 40,
    in_place_from: 13,
    exhausted_items: 0,
    answer_items: 1,
    // PRECALL.
    begins_call: Some(166),
    jumps_back_if: &[
        // POP_JUMP_BACKWARD_IF_NOT_NONE.
        (173, Operation::PopJumpIfNone),
        // POP_JUMP_BACKWARD_IF_NONE.
        (174, Operation::PopJumpIfNotNone),
        // POP_JUMP_BACKWARD_IF_FALSE.
        (175, Operation::PopJumpIfTrue),
        // POP_JUMP_BACKWARD_IF_TRUE.
        (176, Operation::PopJumpIfFalse),
    ],
    monitored: None,
    caches: &[
        // BINARY_SUBSCR.
        (25, 4),
        // STORE_SUBSCR.
        (60, 1),
        // UNPACK_SEQUENCE.
        (92, 1),
        // STORE_ATTR.
        (95, 4),
        // LOAD_ATTR.
        (106, 4),
        // COMPARE_OP.
        (107, 2),
        // LOAD_GLOBAL.
        (116, 5),
        // BINARY_OP.
        (122, 1),
        // LOAD_METHOD.
        (160, 10),
        // PRECALL.
        (166, 1),
        // CALL.
        (171, 4),
    ],
    in_place_of: &[
        // BINARY_SUBSCR.
        (25, &[17, 18, 19, 20, 21]),
        // STORE_SUBSCR.
        (60, &[168, 169, 170]),
        // UNPACK_SEQUENCE.
        (92, &[177, 178, 179, 180]),
        // STORE_ATTR.
        (95, &[153, 154, 158, 159]),
        // LOAD_CONST.
        (100, &[44]),
        // LOAD_ATTR.
        (106, &[39, 40, 41, 42, 43]),
        // COMPARE_OP.
        (107, &[26, 27, 28, 29]),
        // LOAD_GLOBAL.
        (116, &[47, 48, 55]),
        // BINARY_OP.
        (122, &[3, 4, 5, 6, 7, 8, 13, 14, 16]),
        // LOAD_FAST.
        (124, &[45, 46]),
        // STORE_FAST.
        (125, &[161, 167]),
        // JUMP_BACKWARD.
        (140, &[38]),
        // EXTENDED_ARG.
        (144, &[34]),
        // RESUME.
        (151, &[150]),
        // LOAD_METHOD.
        (160, &[56, 57, 58, 59, 62, 63]),
        // PRECALL.
        (166, &[64, 65, 66, 67, 72, 73, 76, 77, 78, 79, 80, 81, 113, 121, 127, 141, 143]),
        // CALL.
        (171, &[22, 23, 24]),
    ],
};

const OPCODES: &[(u8, Operation, Effect)] = &[
    // POP_TOP.
    (1, Operation::PopTop, Effect::Fixed(1, 0)),
    // PUSH_NULL.
    (2, Operation::Other, Effect::Fixed(0, 1)),
    // UNARY_POSITIVE.
    (10, Operation::Other, Effect::Fixed(1, 1)),
    // UNARY_NEGATIVE.
    (11, Operation::Other, Effect::Fixed(1, 1)),
    // UNARY_NOT.
    (12, Operation::Other, Effect::Fixed(1, 1)),
    // UNARY_INVERT.
    (15, Operation::Other, Effect::Fixed(1, 1)),
    // BINARY_SUBSCR.
    (25, Operation::Other, Effect::Fixed(2, 1)),
    // GET_LEN.
    (30, Operation::Other, Effect::Fixed(1, 2)),
    // MATCH_MAPPING.
    (31, Operation::Other, Effect::Fixed(1, 2)),
    // MATCH_SEQUENCE.
    (32, Operation::Other, Effect::Fixed(1, 2)),
    // MATCH_KEYS.
    (33, Operation::Other, Effect::Fixed(2, 3)),
    // PUSH_EXC_INFO.
    (35, Operation::EntersHandler, Effect::Fixed(1, 2)),
    // CHECK_EXC_MATCH.
    (36, Operation::MatchesException, Effect::Fixed(2, 2)),
    // CHECK_EG_MATCH.
    (37, Operation::MatchesException, Effect::Fixed(2, 2)),
    // WITH_EXCEPT_START.
    (49, Operation::ExitsWith, Effect::Fixed(1, 2)),
    // GET_AITER.
    (50, Operation::Other, Effect::Fixed(1, 1)),
    // GET_ANEXT.
    (51, Operation::Changes, Effect::Fixed(1, 2)),
    // BEFORE_ASYNC_WITH.
    (52, Operation::EnterWith, Effect::Fixed(1, 2)),
    // BEFORE_WITH.
    (53, Operation::EnterWith, Effect::Fixed(1, 2)),
    // END_ASYNC_FOR.
    (54, Operation::EndAsyncFor, Effect::Fixed(2, 0)),
    // STORE_SUBSCR.
    (60, Operation::StoreItem, Effect::Fixed(3, 0)),
    // DELETE_SUBSCR.
    (61, Operation::Changes, Effect::Fixed(2, 0)),
    // GET_ITER.
    (68, Operation::Other, Effect::Fixed(1, 1)),
    // GET_YIELD_FROM_ITER.
    (69, Operation::Other, Effect::Fixed(1, 1)),
    // PRINT_EXPR.
    (70, Operation::Changes, Effect::Fixed(1, 0)),
    // LOAD_BUILD_CLASS.
    (71, Operation::Other, Effect::Fixed(0, 1)),
    // LOAD_ASSERTION_ERROR.
    (74, Operation::Other, Effect::Fixed(0, 1)),
    // RETURN_GENERATOR.
    (75, Operation::Other, Effect::Fixed(0, 1)),
    // LIST_TO_TUPLE.
    (82, Operation::Other, Effect::Fixed(1, 1)),
    // RETURN_VALUE.
    (83, Operation::ReturnValue, Effect::Fixed(1, 0)),
    // IMPORT_STAR.
    (84, Operation::Changes, Effect::Fixed(1, 0)),
    // YIELD_VALUE.
    (86, Operation::YieldValue, Effect::Fixed(1, 1)),
    // ASYNC_GEN_WRAP.
    (87, Operation::Other, Effect::Fixed(1, 1)),
    // PREP_RERAISE_STAR.
    (88, Operation::Other, Effect::Fixed(2, 1)),
    // POP_EXCEPT.
    (89, Operation::Other, Effect::Fixed(1, 0)),
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
    // SWAP.
    (99, Operation::SwapItems, Effect::Fixed(0, 0)),
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
    // POP_JUMP_FORWARD_IF_FALSE.
    (114, Operation::PopJumpIfFalse, Effect::Fixed(0, 0)),
    // POP_JUMP_FORWARD_IF_TRUE.
    (115, Operation::PopJumpIfTrue, Effect::Fixed(0, 0)),
    // LOAD_GLOBAL.
    (116, Operation::LoadGlobalOrCallee, Effect::Fixed(0, 1)),
    // IS_OP.
    (117, Operation::Other, Effect::Fixed(2, 1)),
    // CONTAINS_OP.
    (118, Operation::Other, Effect::Fixed(2, 1)),
    // RERAISE.
    (119, Operation::Reraise, Effect::Fixed(1, 0)),
    // COPY.
    (120, Operation::CopyItem, Effect::Fixed(0, 0)),
    // BINARY_OP.
    (122, Operation::BinaryOp, Effect::Fixed(2, 1)),
    // SEND.
    (123, Operation::Send, Effect::Fixed(1, 1)),
    // LOAD_FAST.
    (124, Operation::LoadFast, Effect::Fixed(0, 1)),
    // STORE_FAST.
    (125, Operation::StoreFast, Effect::Fixed(1, 0)),
    // POP_JUMP_FORWARD_IF_NOT_NONE.
    (128, Operation::PopJumpIfNotNone, Effect::Fixed(0, 0)),
    // POP_JUMP_FORWARD_IF_NONE.
    (129, Operation::PopJumpIfNone, Effect::Fixed(0, 0)),
    // RAISE_VARARGS.
    (130, Operation::RaiseVarargs, Effect::TakesCount { more: 0, put: 0 }),
    // GET_AWAITABLE.
    (131, Operation::Other, Effect::Fixed(1, 1)),
    // MAKE_FUNCTION.
    (132, Operation::Other, Effect::TakesByBits { bits: 15, more: 1 }),
    // BUILD_SLICE.
    (133, Operation::Other, Effect::TakesCount { more: 0, put: 1 }),
    // JUMP_BACKWARD_NO_INTERRUPT.
    (134, Operation::JumpBack, Effect::Fixed(0, 0)),
    // LOAD_CLOSURE.
    (136, Operation::LoadFast, Effect::Fixed(0, 1)),
    // LOAD_DEREF.
    (137, Operation::LoadFast, Effect::Fixed(0, 1)),
    // STORE_DEREF.
    (138, Operation::StoreDeref, Effect::Fixed(1, 0)),
    // DELETE_DEREF.
    (139, Operation::Changes, Effect::Fixed(0, 0)),
    // JUMP_BACKWARD.
    (140, Operation::JumpBackward, Effect::Fixed(0, 0)),
    // CALL_FUNCTION_EX.
    (142, Operation::Call, Effect::CallWithTuple),
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
    (152, Operation::Other, Effect::Fixed(3, 1)),
    // FORMAT_VALUE.
    (155, Operation::Other, Effect::TakesByBits { bits: 4, more: 1 }),
    // BUILD_CONST_KEY_MAP.
    (156, Operation::Other, Effect::TakesCount { more: 1, put: 1 }),
    // BUILD_STRING.
    (157, Operation::Other, Effect::TakesCount { more: 0, put: 1 }),
    // LOAD_METHOD.
    (160, Operation::LoadMethod, Effect::Fixed(1, 1)),
    // LIST_EXTEND.
    (162, Operation::Changes, Effect::Fixed(1, 0)),
    // SET_UPDATE.
    (163, Operation::Changes, Effect::Fixed(1, 0)),
    // DICT_MERGE.
    (164, Operation::Changes, Effect::Fixed(1, 0)),
    // DICT_UPDATE.
    (165, Operation::Changes, Effect::Fixed(1, 0)),
    // CALL.
    (171, Operation::Call, Effect::CallAfterReceiver { more: 0 }),
];
