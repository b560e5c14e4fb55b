//! A manhole: a Python prompt that a service offers on a socket, here driven as a source of dumps and counts.

mod client;
mod door;
mod lease;
mod session;
mod stream;
mod terminal;

pub use client::{ManholeCensusRow, ManholeClient};
pub use door::{Credentials, ManholeAddress};
pub use session::ManholeSession;
