//! What data that nests in itself, keys of dicts and registrations are told by. The table of thresholds has these too.

/// Steps after which data that nests in itself is recognised by an attribute that comes again.
pub const TURN_MAX: u32 = 6;
/// Steps after which it is recognised by anything else that comes again.
pub const PLAIN_TURN_MAX: u32 = 2;
/// How often the keys below one shape may change from look to look; with more, they are data.
pub const KEY_CHANGES_MAX: u32 = 1;
/// Attributes by which a registration keeps what it will call, the most telling first.
pub const CALLED: &[&str] =
    &["func", "function", "callback", "callable", "fn", "f", "_callback", "target", "handler", "observer", "gen"];
/// Packages whose objects only hand on: what such an object keeps is what will be called.
pub const HANDS_ON: &[&str] = &["twisted", "tornado", "threading", "gevent", "functools", "concurrent", "trollius"];
