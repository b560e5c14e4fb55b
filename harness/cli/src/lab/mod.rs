//! The workshop's commands: a learner's folder, the service in it, and what its diagnosis and its cure are worth.

pub(crate) mod answered;
pub(crate) mod arguments;
pub(crate) mod bench;
pub(crate) mod bundled;
pub(crate) mod checked;
pub(crate) mod cured;
pub(crate) mod desk;
pub(crate) mod explained;
pub(crate) mod kept;
pub(crate) mod listed;
pub(crate) mod looked;
pub(crate) mod proved;
pub(crate) mod recordings;
pub(crate) mod running;
pub(crate) mod started;
