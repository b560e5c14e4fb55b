//! What each turn adds to itself: an attribute, and an item. The bytecode was compiled by CPython 2.7.18, 3.11.7, 3.12.1
//! and 3.13.0 from:
//!
//! ```text
//! def read_line(self):
//!     while '\n' not in self.buffered:
//!         self.buffered += self.recv(1024)
//! def into(parts, key, recv):
//!     while '\n' not in parts[key]:
//!         parts[key] += recv(1024)
//! ```

use super::words::{Made, analysed_as};
use super::*;
use crate::dialect::{CPYTHON_3_11, CPYTHON_3_12, CPYTHON_3_13, Dialect};

const ATTRIBUTE_OF_2_7: &str =
    "782b006401007c00006a00006b0700722d007c0000046a00007c00006a010064020083010037025f00007103005764000053";
const ITEM_OF_2_7: &str =
    "782a006401007c00007c0100196b0700722c007c00007c0100630200197c020064020083010037033c7103005764000053";

const OF_3: [(&Dialect, Made, Made); 3] = [
    (
        &CPYTHON_3_11,
        Made {
            line_first: 1,
            code: "970064017c006a0000000000000000007601722e7c0078016a0000000000000000007c00a00100000000000000000000000000000000000000006402a6010000ab0100000000000000007a0d000063025f00000000000000000064017c006a0000000000000000007601b02c6400530064005300",
            exceptions: "",
            lines: "8000d80a0e9064946dd00a23d00a23d8080c880d8c0d98149f199a19a034991f9c1fd10828880d8c0df003000b0f9064946dd00a23d00a23d00a23d00a23d00a23d00a23",
            names: &["buffered", "recv"],
            variables: &["self"],
        },
        Made {
            line_first: 4,
            code: "970064017c007c0119000000000000000000760172257c007c01780278021900000000000000000002007c026402a6010000ab0100000000000000007a0d0000630363023c00000064017c007c01190000000000000000007601b0236400530064005300",
            exceptions: "",
            lines: "8000d80a0e90659843946ad00a20d00a20d8080d8863880a880a8c0a906490649834916a946ad10820880a880a890af003000b0f90659843946ad00a20d00a20d00a20d00a20d00a20d00a20",
            names: &[],
            variables: &["parts", "key", "recv"],
        },
    ),
    (
        &CPYTHON_3_12,
        Made {
            line_first: 1,
            code: "970064017c006a00000000000000000000000000000000000000760172347c0078016a000000000000000000000000000000000000007c006a030000000000000000000000000000000000006402ab010000000000007a0d000063025f00000000000000000064017c006a00000000000000000000000000000000000000760172018c3379007900",
            exceptions: "",
            lines: "8000d80a0e9064976d916dd10a23d8080c8f0d8a0d98149f199919a0349b1fd108288d0df003000b0f9064976d916dd40a23",
            names: &["buffered", "recv"],
            variables: &["self"],
        },
        Made {
            line_first: 4,
            code: "970064017c007c01190000007601721c7c007c01780278021900000002007c026402ab010000000000007a0d0000630363023c00000064017c007c0119000000760172018c1b79007900",
            exceptions: "",
            lines: "8000d80a0e90659843916ad10a20d8080d88638b0a91649834936ad108208b0af003000b0f90659843916ad40a20",
            names: &[],
            variables: &["parts", "key", "recv"],
        },
    ),
    (
        &CPYTHON_3_13,
        Made {
            line_first: 1,
            code: "95005301550052000000000000000000000000000000000000003b0100006137000055003d01520000000000000000000000000000000000000055005203000000000000000000000000000000000000530235010000000000002d0d000073026c0000000000000000005301550052000000000000000000000000000000000000003b010000610200004d36000067006700",
            exceptions: "",
            lines: "8000d80a0e9064976d916dd30a23d8080c8f0d8a0d98149f199919a0349b1fd108288d0df003000b0f9064976d916dd70a23",
            names: &["buffered", "recv"],
            variables: &["self"],
        },
        Made {
            line_first: 4,
            code: "950053015801050000003b010000611d000058013d023d020500000055022200530235010000000000002d0d0000730373022700000053015801050000003b010000610200004d1c000067006700",
            exceptions: "",
            lines: "8000d80a0e9065916ad30a20d8080d8b0a91649834936ad108208b0af003000b0f9065916ad70a20",
            names: &[],
            variables: &["parts", "key", "recv"],
        },
    ),
];

/// The loop's only write, each turn in place and from a call; what the way out depends on, and which of that is called.
#[track_caller]
fn is_added_to(found: &Analysis, written: &str, inputs: &[&str], called: &[&str]) {
    let [one] = &found.loops[..] else { panic!("{:?}", found.loops) };
    let [write] = &one.writes[..] else { panic!("{:?}", one.writes) };
    assert_eq!((write.target.to_string().as_str(), write.from_call, write.each_turn_in_place), (written, true, true));
    for exit in &one.exits {
        assert_eq!(texts(&exit.inputs), inputs);
        let answers: Vec<String> = exit.called.iter().map(|index| exit.inputs[*index].to_string()).collect();
        assert_eq!(answers, called);
    }
    assert!(!one.exits.is_empty());
}

#[test]
fn what_a_call_gives_is_added_in_place_to_an_attribute_and_to_an_item() {
    let attribute =
        |found: &Analysis| is_added_to(found, "self.buffered", &["self.buffered", "self.recv"], &["self.recv"]);
    let item = |found: &Analysis| is_added_to(found, "parts", &["key", "parts", "recv"], &["recv"]);
    attribute(&analysis(ATTRIBUTE_OF_2_7, &["self"], &["buffered", "recv"]));
    item(&analysis(ITEM_OF_2_7, &["parts", "key", "recv"], &[]));
    for (d, of_attribute, of_item) in &OF_3 {
        attribute(&analysed_as(d, of_attribute));
        item(&analysed_as(d, of_item));
    }
}
