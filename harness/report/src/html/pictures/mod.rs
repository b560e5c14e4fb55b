//! Pictures of a page: SVG from typed data, or boxes that wrap where the page is narrow. What a picture says stands in
//! words or figures beside it as well, and hovering needs no script: each mark has its title.

mod curve;
mod flame;
mod load;
mod path;
mod source;
mod steps;
mod treemap;

pub(super) use curve::{Curve, curves};
pub(super) use flame::flame;
pub(super) use load::{Load, LoadUnit, Phase};
pub(super) use path::holding_path;
pub(super) use source::source;
pub(super) use steps::steps;
pub(super) use treemap::treemap;
