//! One heap against another: what is new and who holds it, and whether two readings of the same heap agree.

mod agreement;
mod inventory;
mod newcomers;

pub use agreement::{Agreement, AgreementRow};
pub use inventory::{Inventory, MOVED_MODULES_ONE_IN, SAME_MODULES_MIN};
pub use newcomers::{Holder, Newcomers, Referrers, ReferrersRow};
