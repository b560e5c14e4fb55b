//! Pictures of a page: SVG from typed data, or boxes that wrap where the page is narrow. What a picture says stands in
//! words or figures beside it as well, and hovering needs no script: each mark has its title.

mod curve;
mod path;

pub(super) use curve::{Curve, Phase, curves};
pub(super) use path::holding_path;
