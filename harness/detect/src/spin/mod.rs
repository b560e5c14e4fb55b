//! Event loops that spin: they turn at full speed, for the same descriptor, callback or timer each time, and nothing is
//! done. The twin of a hot loop, which doesn't let the event loop turn at all.

mod callback;
mod rule;
#[cfg(test)]
mod tests;

pub(crate) use rule::judge;
