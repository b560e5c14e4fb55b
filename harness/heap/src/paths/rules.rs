//! What data that nests in itself, keys of dicts and registrations are told by. The table of thresholds has these too.

/// Steps after which data that nests in itself is recognised by an attribute that comes again.
pub const TURN_MAX: u32 = 6;
/// Steps after which it is recognised by anything else that comes again.
pub const PLAIN_TURN_MAX: u32 = 2;
/// How often the keys below one shape may change from look to look; with more, they are data.
pub const KEY_CHANGES_MAX: u32 = 1;
/// Bytes of a single object for whose sake its shape, or the key that leads to it, is kept.
pub const SINGLE_BYTES_MIN: u64 = 1024;
/// One shape in so many that may be may be under keys; with more, no key is told.
pub const KEYED_SHAPES_ONE_IN: usize = 4;
/// Turns in which keys that turn out to be data are folded, before none is told.
pub const KEY_FOLDS_MAX: usize = 8;
/// Turns in which looks are made alike: until all is folded that has to be; a tree is seldom deeper in keys.
pub const ALIKE_TURNS_MAX: usize = 16;
/// Steps from a registration to what it calls.
pub const CALL_STEPS_MAX: u32 = 10;
/// Objects of a shape that are asked what they call.
pub const CALL_ASKED_MAX: u32 = 256;
/// Of these, those that are asked in vain before the shape is given up.
pub const CALL_ASKED_IN_VAIN_MAX: u32 = 8;
/// Parts of a qualified name: `outer.inner` has two.
pub const QUALIFIED_PARTS_MAX: usize = 8;

/// By which names what a registration will call is found. They are frameworks' own, so whoever knows frameworks brings them;
/// without them nothing is called.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct CallWords {
    /// Attributes by which a registration keeps what it will call, the most telling first.
    pub called: &'static [&'static str],
    /// Attributes that hold a chain of what it will call in turn.
    pub in_turn: &'static [&'static str],
    /// Packages whose objects only hand on: what such an object keeps is what will be called.
    pub hands_on: &'static [&'static str],
}
