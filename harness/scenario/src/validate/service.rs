//! A service of ours: its folder, and the fix in it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use bloathound_vocabulary::Variant;

use crate::checker::Checker;
use crate::error::ScenarioProblem;
use crate::locate::{NodePath, Part};
use crate::model::{Observe, PythonSeries, VariantPlan};
use crate::vocabulary::nearest;

/// Where a service is looked for: in the folder of services, or beside its scenario.
pub(super) struct ServicePlace<'s> {
    /// The folder's name.
    pub(super) name: &'s str,
    /// What stands before the name in the file: `./` for one beside it.
    prefix: &'static str,
    /// The folder it is in.
    parent: &'s Path,
}

impl<'s> ServicePlace<'s> {
    pub(super) fn of(written: &'s str, file: &'s Path, services_dir: &'s Path) -> Self {
        match written.strip_prefix("./") {
            Some(name) => Self { name, prefix: "./", parent: file.parent().unwrap_or(Path::new("")) },
            None => Self { name: written, prefix: "", parent: services_dir },
        }
    }

    pub(super) fn dir(&self) -> PathBuf {
        self.parent.join(self.name)
    }
}

pub(super) fn check_service(written: &str, service: &ServicePlace<'_>, checker: &mut Checker<'_>) {
    let node = NodePath::default().key("service");
    let ServicePlace { name, prefix, parent } = service;
    let plain = !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_');
    if !plain {
        let wanted = "a folder's name: letters, digits, `-` and `_`; `./NAME` is a folder beside this file";
        checker.wrong(&node, format!("the service `{}`", written), wanted);
        return;
    }
    if checker.lacks(service.dir().join("service.py").is_file()) {
        let services: Vec<String> = services_in(parent).iter().map(|name| format!("{prefix}{name}")).collect();
        if services.is_empty() && !prefix.is_empty() {
            let wanted = format!("a folder `{name}` with a service.py beside this file");
            checker.wrong(&node, format!("the service `{}`", written), wanted);
            return;
        }
        let suggestion = nearest(written, services.iter().map(String::as_str));
        checker.refuse(
            &node,
            Part::Value,
            ScenarioProblem::UnknownWord {
                found: written.to_owned(),
                suggestion: suggestion.map(str::to_owned),
                allowed: services,
            },
        );
    }
}

/// The series by its word; diagnostics that are switched are those of the services for 2.7.
pub(super) fn check_series(word: Option<&str>, observe: &Observe, checker: &mut Checker<'_>) -> PythonSeries {
    let node = NodePath::default().key("series");
    let Some(word) = word else { return PythonSeries::default() };
    let Some(series) = PythonSeries::of_word(word) else {
        checker.wrong(&node, format!("the series `{word}`"), "`'2.7'`, `'3'`, or one of 3, such as `'3.13'`");
        return PythonSeries::default();
    };
    if series != PythonSeries::Python27 && observe.toggle.is_some() {
        checker.wrong(&node, "a toggle on CPython 3", "`'2.7'`, whose services have diagnostics built in");
    }
    series
}

/// What makes a twin the fixed one: a folder with the changed modules, or other packages.
pub(super) fn check_fix(
    variants: &BTreeMap<Variant, VariantPlan>,
    service: &ServicePlace<'_>,
    checker: &mut Checker<'_>,
) {
    let (Some(buggy), Some(fixed)) = (variants.get(&Variant::Buggy), variants.get(&Variant::Fixed)) else {
        return;
    };
    let (name, node) = (service.name, NodePath::default().key("fixed"));
    let has_fix = service.dir().join("fix").is_dir();
    if fixed.packages.is_some() && fixed.packages == buggy.packages && !has_fix {
        let wanted = "the lock file of the release with the fix, or a folder `fix` in the service";
        checker.wrong(&node.key("packages"), "the packages of the buggy variant", wanted);
    }
    let is_there = service.dir().join("service.py").is_file();
    if fixed.packages.is_none() && buggy.packages.is_none() && is_there && !has_fix {
        checker.wrong(
            &node,
            format!("a fixed twin of `{name}`, and no folder {name}/fix with the fix"),
            "a service with a fix, packages of its own, or a scenario with one variant only",
        );
    }
}

/// The services there are: folders that have a `service.py`.
fn services_in(parent: &Path) -> Vec<String> {
    let Ok(entries) = std::fs::read_dir(parent) else {
        return Vec::new();
    };
    let mut services: Vec<String> = entries
        .flatten()
        .filter(|entry| entry.path().join("service.py").is_file())
        .filter_map(|entry| entry.file_name().into_string().ok())
        .collect();
    services.sort();
    services
}
