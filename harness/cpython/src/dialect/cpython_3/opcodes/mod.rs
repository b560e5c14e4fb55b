//! Opcodes of CPython 3.13: `Include/opcode_ids.h`, what they take and put as `Include/internal/pycore_opcode_metadata.h` has it,
//! and those that take the place of others while code runs.

pub(super) mod eleven;
pub(super) mod ten;
pub(super) mod twelve;

use crate::dialect::bytecode::{Effect, Instructions, Monitored, Operation, WordInstructions};

/// What its instructions look like.
pub(super) const INSTRUCTIONS: Instructions = Instructions {
    // Each has one; what means nothing is 0.
    have_argument: 0,
    extended_arg: 71,
    exception_values: 1,
    opcodes: OPCODES,
    constant_names: &["True", "False", "None"],
    pure_builtins: PURE,
    words: Some(WORDS),
};

const WORDS: WordInstructions = WordInstructions {
    exception_table: 40,
    in_place_from: 13,
    exhausted_items: 2,
    answer_items: 2,
    begins_call: None,
    jumps_back_if: &[],
    // INSTRUMENTED_LINE, INSTRUMENTED_INSTRUCTION.
    monitored: Some(Monitored { at: 176, lines: 32, instructions: 48, line_opcode: 254, instruction_opcode: 247 }),
    caches: &[
        // BINARY_SUBSCR.
        (5, 1),
        // STORE_SUBSCR.
        (39, 1),
        // TO_BOOL.
        (40, 3),
        // BINARY_OP.
        (45, 1),
        // CALL.
        (53, 3),
        // COMPARE_OP.
        (58, 1),
        // CONTAINS_OP.
        (59, 1),
        // FOR_ITER.
        (72, 1),
        // JUMP_BACKWARD.
        (77, 1),
        // LOAD_ATTR.
        (82, 9),
        // LOAD_GLOBAL.
        (91, 4),
        // LOAD_SUPER_ATTR.
        (93, 1),
        // POP_JUMP_IF_FALSE.
        (97, 1),
        // POP_JUMP_IF_NONE.
        (98, 1),
        // POP_JUMP_IF_NOT_NONE.
        (99, 1),
        // POP_JUMP_IF_TRUE.
        (100, 1),
        // SEND.
        (104, 1),
        // STORE_ATTR.
        (108, 4),
        // UNPACK_SEQUENCE.
        (117, 1),
    ],
    in_place_of: &[
        // BINARY_SUBSCR.
        (5, &[157, 158, 159, 160, 161]),
        // END_FOR.
        (11, &[237]),
        // END_SEND.
        (12, &[238]),
        // RETURN_VALUE.
        (36, &[239]),
        // STORE_SUBSCR.
        (39, &[212, 213]),
        // TO_BOOL.
        (40, &[214, 215, 216, 217, 218, 219]),
        // BINARY_OP.
        (45, &[3, 150, 151, 152, 153, 154, 155, 156]),
        // CALL.
        (
            53,
            &[162, 163, 164, 165, 166, 167, 168, 169, 170, 171, 172, 173, 174, 175, 176, 177, 178, 179, 180, 181, 244],
        ),
        // CALL_FUNCTION_EX.
        (54, &[246]),
        // CALL_KW.
        (57, &[245]),
        // COMPARE_OP.
        (58, &[182, 183, 184]),
        // CONTAINS_OP.
        (59, &[185, 186]),
        // FOR_ITER.
        (72, &[187, 188, 189, 190, 243]),
        // JUMP_BACKWARD.
        (77, &[249]),
        // JUMP_FORWARD.
        (79, &[248]),
        // LOAD_ATTR.
        (82, &[191, 192, 193, 194, 195, 196, 197, 198, 199, 200, 201, 202]),
        // LOAD_GLOBAL.
        (91, &[203, 204]),
        // LOAD_SUPER_ATTR.
        (93, &[205, 206, 242]),
        // POP_JUMP_IF_FALSE.
        (97, &[251]),
        // POP_JUMP_IF_NONE.
        (98, &[252]),
        // POP_JUMP_IF_NOT_NONE.
        (99, &[253]),
        // POP_JUMP_IF_TRUE.
        (100, &[250]),
        // RETURN_CONST.
        (103, &[240]),
        // SEND.
        (104, &[208]),
        // STORE_ATTR.
        (108, &[209, 210, 211]),
        // UNPACK_SEQUENCE.
        (117, &[220, 221, 222]),
        // YIELD_VALUE.
        (118, &[241]),
        // RESUME.
        (149, &[207, 236]),
    ],
};

const OPCODES: &[(u8, Operation, Effect)] = &[
    // BEFORE_ASYNC_WITH.
    (1, Operation::EnterWith, Effect::Fixed(1, 2)),
    // BEFORE_WITH.
    (2, Operation::EnterWith, Effect::Fixed(1, 2)),
    // BINARY_SLICE.
    (4, Operation::Other, Effect::Fixed(3, 1)),
    // BINARY_SUBSCR.
    (5, Operation::Other, Effect::Fixed(2, 1)),
    // CHECK_EG_MATCH.
    (6, Operation::MatchesException, Effect::Fixed(2, 2)),
    // CHECK_EXC_MATCH.
    (7, Operation::MatchesException, Effect::Fixed(2, 2)),
    // CLEANUP_THROW.
    (8, Operation::Other, Effect::Fixed(3, 2)),
    // DELETE_SUBSCR.
    (9, Operation::Changes, Effect::Fixed(2, 0)),
    // END_ASYNC_FOR.
    (10, Operation::EndAsyncFor, Effect::Fixed(2, 0)),
    // END_FOR.
    (11, Operation::Other, Effect::Fixed(1, 0)),
    // END_SEND.
    (12, Operation::Other, Effect::Fixed(2, 1)),
    // EXIT_INIT_CHECK.
    (13, Operation::Other, Effect::Fixed(1, 0)),
    // FORMAT_SIMPLE.
    (14, Operation::Other, Effect::Fixed(1, 1)),
    // FORMAT_WITH_SPEC.
    (15, Operation::Other, Effect::Fixed(2, 1)),
    // GET_AITER.
    (16, Operation::Other, Effect::Fixed(1, 1)),
    // GET_ANEXT.
    (18, Operation::Changes, Effect::Fixed(1, 2)),
    // GET_ITER.
    (19, Operation::Other, Effect::Fixed(1, 1)),
    // GET_LEN.
    (20, Operation::Other, Effect::Fixed(1, 2)),
    // GET_YIELD_FROM_ITER.
    (21, Operation::Other, Effect::Fixed(1, 1)),
    // INTERPRETER_EXIT.
    (22, Operation::ReturnValue, Effect::Fixed(1, 0)),
    // LOAD_ASSERTION_ERROR.
    (23, Operation::Other, Effect::Fixed(0, 1)),
    // LOAD_BUILD_CLASS.
    (24, Operation::Other, Effect::Fixed(0, 1)),
    // LOAD_LOCALS.
    (25, Operation::Other, Effect::Fixed(0, 1)),
    // MAKE_FUNCTION.
    (26, Operation::Other, Effect::Fixed(1, 1)),
    // MATCH_KEYS.
    (27, Operation::Other, Effect::Fixed(2, 3)),
    // MATCH_MAPPING.
    (28, Operation::Other, Effect::Fixed(1, 2)),
    // MATCH_SEQUENCE.
    (29, Operation::Other, Effect::Fixed(1, 2)),
    // POP_EXCEPT.
    (31, Operation::Other, Effect::Fixed(1, 0)),
    // POP_TOP.
    (32, Operation::PopTop, Effect::Fixed(1, 0)),
    // PUSH_EXC_INFO.
    (33, Operation::EntersHandler, Effect::Fixed(1, 2)),
    // PUSH_NULL.
    (34, Operation::Other, Effect::Fixed(0, 1)),
    // RETURN_GENERATOR.
    (35, Operation::Other, Effect::Fixed(0, 1)),
    // RETURN_VALUE.
    (36, Operation::ReturnValue, Effect::Fixed(1, 0)),
    // STORE_SLICE.
    (38, Operation::StoreItem, Effect::Fixed(4, 0)),
    // STORE_SUBSCR.
    (39, Operation::StoreItem, Effect::Fixed(3, 0)),
    // UNARY_INVERT.
    (41, Operation::Other, Effect::Fixed(1, 1)),
    // UNARY_NEGATIVE.
    (42, Operation::Other, Effect::Fixed(1, 1)),
    // UNARY_NOT.
    (43, Operation::Other, Effect::Fixed(1, 1)),
    // WITH_EXCEPT_START.
    (44, Operation::ExitsWith, Effect::Fixed(1, 2)),
    // BINARY_OP.
    (45, Operation::BinaryOp, Effect::Fixed(2, 1)),
    // BUILD_CONST_KEY_MAP.
    (46, Operation::Other, Effect::TakesCount { more: 1, put: 1 }),
    // BUILD_LIST.
    (47, Operation::Other, Effect::TakesCount { more: 0, put: 1 }),
    // BUILD_MAP.
    (48, Operation::Other, Effect::TakesPairs),
    // BUILD_SET.
    (49, Operation::Other, Effect::TakesCount { more: 0, put: 1 }),
    // BUILD_SLICE.
    (50, Operation::Other, Effect::TakesCount { more: 0, put: 1 }),
    // BUILD_STRING.
    (51, Operation::Other, Effect::TakesCount { more: 0, put: 1 }),
    // BUILD_TUPLE.
    (52, Operation::Other, Effect::TakesCount { more: 0, put: 1 }),
    // CALL.
    (53, Operation::Call, Effect::CallAfterReceiver { more: 0 }),
    // CALL_FUNCTION_EX.
    (54, Operation::Call, Effect::CallWithTuple),
    // CALL_INTRINSIC_1.
    (55, Operation::Other, Effect::Fixed(1, 1)),
    // CALL_INTRINSIC_2.
    (56, Operation::Other, Effect::Fixed(2, 1)),
    // CALL_KW.
    (57, Operation::Call, Effect::CallAfterReceiver { more: 1 }),
    // COMPARE_OP.
    (58, Operation::Other, Effect::Fixed(2, 1)),
    // CONTAINS_OP.
    (59, Operation::Other, Effect::Fixed(2, 1)),
    // CONVERT_VALUE.
    (60, Operation::Other, Effect::Fixed(1, 1)),
    // COPY.
    (61, Operation::CopyItem, Effect::Fixed(0, 0)),
    // DELETE_ATTR.
    (63, Operation::Changes, Effect::Fixed(1, 0)),
    // DELETE_DEREF.
    (64, Operation::Changes, Effect::Fixed(0, 0)),
    // DELETE_GLOBAL.
    (66, Operation::Changes, Effect::Fixed(0, 0)),
    // DELETE_NAME.
    (67, Operation::Changes, Effect::Fixed(0, 0)),
    // DICT_MERGE.
    (68, Operation::Changes, Effect::Fixed(1, 0)),
    // DICT_UPDATE.
    (69, Operation::Changes, Effect::Fixed(1, 0)),
    // EXTENDED_ARG.
    (71, Operation::ExtendedArg, Effect::Fixed(0, 0)),
    // FOR_ITER.
    (72, Operation::ForIter, Effect::Fixed(0, 0)),
    // GET_AWAITABLE.
    (73, Operation::Other, Effect::Fixed(1, 1)),
    // IMPORT_FROM.
    (74, Operation::Other, Effect::Fixed(1, 2)),
    // IMPORT_NAME.
    (75, Operation::ImportName, Effect::Fixed(2, 1)),
    // IS_OP.
    (76, Operation::Other, Effect::Fixed(2, 1)),
    // JUMP_BACKWARD.
    (77, Operation::JumpBackward, Effect::Fixed(0, 0)),
    // JUMP_BACKWARD_NO_INTERRUPT.
    (78, Operation::JumpBack, Effect::Fixed(0, 0)),
    // JUMP_FORWARD.
    (79, Operation::JumpForward, Effect::Fixed(0, 0)),
    // LIST_APPEND.
    (80, Operation::Changes, Effect::Fixed(1, 0)),
    // LIST_EXTEND.
    (81, Operation::Changes, Effect::Fixed(1, 0)),
    // LOAD_ATTR.
    (82, Operation::LoadAttrOrMethod, Effect::Fixed(1, 1)),
    // LOAD_CONST.
    (83, Operation::Other, Effect::Fixed(0, 1)),
    // LOAD_DEREF.
    (84, Operation::LoadFast, Effect::Fixed(0, 1)),
    // LOAD_FAST.
    (85, Operation::LoadFast, Effect::Fixed(0, 1)),
    // LOAD_FAST_AND_CLEAR.
    (86, Operation::LoadFast, Effect::Fixed(0, 1)),
    // LOAD_FAST_CHECK.
    (87, Operation::LoadFast, Effect::Fixed(0, 1)),
    // LOAD_FAST_LOAD_FAST.
    (88, Operation::LoadFastLoadFast, Effect::Fixed(0, 2)),
    // LOAD_FROM_DICT_OR_DEREF.
    (89, Operation::Other, Effect::Fixed(1, 1)),
    // LOAD_FROM_DICT_OR_GLOBALS.
    (90, Operation::Other, Effect::Fixed(1, 1)),
    // LOAD_GLOBAL.
    (91, Operation::LoadGlobalOrCallee, Effect::Fixed(0, 1)),
    // LOAD_NAME.
    (92, Operation::LoadName, Effect::Fixed(0, 1)),
    // LOAD_SUPER_ATTR.
    (93, Operation::LoadSuperAttr, Effect::Fixed(3, 1)),
    // MAP_ADD.
    (95, Operation::Changes, Effect::Fixed(2, 0)),
    // MATCH_CLASS.
    (96, Operation::Other, Effect::Fixed(3, 1)),
    // POP_JUMP_IF_FALSE.
    (97, Operation::PopJumpIfFalse, Effect::Fixed(0, 0)),
    // POP_JUMP_IF_NONE.
    (98, Operation::PopJumpIfNone, Effect::Fixed(0, 0)),
    // POP_JUMP_IF_NOT_NONE.
    (99, Operation::PopJumpIfNotNone, Effect::Fixed(0, 0)),
    // POP_JUMP_IF_TRUE.
    (100, Operation::PopJumpIfTrue, Effect::Fixed(0, 0)),
    // RAISE_VARARGS.
    (101, Operation::RaiseVarargs, Effect::TakesCount { more: 0, put: 0 }),
    // RERAISE.
    (102, Operation::Reraise, Effect::Fixed(1, 0)),
    // RETURN_CONST.
    (103, Operation::ReturnConst, Effect::Fixed(0, 0)),
    // SEND.
    (104, Operation::Send, Effect::Fixed(1, 1)),
    // SET_ADD.
    (105, Operation::Changes, Effect::Fixed(1, 0)),
    // SET_FUNCTION_ATTRIBUTE.
    (106, Operation::Other, Effect::Fixed(2, 1)),
    // SET_UPDATE.
    (107, Operation::Changes, Effect::Fixed(1, 0)),
    // STORE_ATTR.
    (108, Operation::StoreAttr, Effect::Fixed(2, 0)),
    // STORE_DEREF.
    (109, Operation::StoreDeref, Effect::Fixed(1, 0)),
    // STORE_FAST.
    (110, Operation::StoreFast, Effect::Fixed(1, 0)),
    // STORE_FAST_LOAD_FAST.
    (111, Operation::StoreFastLoadFast, Effect::Fixed(1, 1)),
    // STORE_FAST_STORE_FAST.
    (112, Operation::StoreFastStoreFast, Effect::Fixed(2, 0)),
    // STORE_GLOBAL.
    (113, Operation::StoreGlobal, Effect::Fixed(1, 0)),
    // STORE_NAME.
    (114, Operation::StoreName, Effect::Fixed(1, 0)),
    // SWAP.
    (115, Operation::SwapItems, Effect::Fixed(0, 0)),
    // UNPACK_EX.
    (116, Operation::Other, Effect::UnpacksAround),
    // UNPACK_SEQUENCE.
    (117, Operation::Other, Effect::Unpacks),
    // YIELD_VALUE.
    (118, Operation::YieldValue, Effect::Fixed(1, 1)),
];

/// Builtin functions whose results depend on their arguments alone.
pub(super) const PURE: &[&str] = &[
    "abs",
    "bool",
    "bytes",
    "chr",
    "divmod",
    "float",
    "hash",
    "int",
    "isinstance",
    "issubclass",
    "len",
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
];
