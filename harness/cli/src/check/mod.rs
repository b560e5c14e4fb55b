//! `bloathound check`: a service of the user's own, gated.

pub(crate) mod arguments;
pub(crate) mod asked;
pub(crate) mod baseline;
pub(crate) mod recorded;
pub(crate) mod written;
