//! The report's words for what a scenario names.

use bloathound_report::json::{ClassName, VariantName};
use bloathound_scenario::Variant;

pub(crate) fn variant_name(variant: Variant) -> VariantName {
    match variant {
        Variant::Buggy => VariantName::Buggy,
        Variant::Fixed => VariantName::Fixed,
    }
}

pub(crate) fn class_name(class: bloathound_scenario::FindingClass) -> ClassName {
    use bloathound_scenario::FindingClass as Class;
    match class {
        Class::Leak => ClassName::Leak,
        Class::Cycle => ClassName::Cycle,
        Class::Fragmentation => ClassName::Fragmentation,
        Class::HotLoop => ClassName::HotLoop,
    }
}
