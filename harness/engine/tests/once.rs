//! A session computes each thing once, however many questions ask for it.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that can't read its recording has failed")]

use std::path::Path;

use bloathound_engine::looks::{Asked, heat, inspect, why};
use bloathound_engine::session::{Computed, Session};
use bloathound_engine::source::{ExamineOptions, Source};

/// A run whose arenas are pinned: the one where an inspection and its picture both ask who pins them.
const IMAGE: &str = "snapshots/recorded/fragmentation-buggy/inspect.bhi";

#[test]
fn an_inspection_its_picture_and_a_question_analyse_once() {
    let image = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(IMAGE);
    let source = Source::open(image.to_str().expect("a path"), &ExamineOptions::default()).unwrap();
    let session = Session::from(&source);
    assert_eq!(session.computed(), [], "nothing is computed before it is asked for");

    let first = inspect(&session, source.target().clone());
    heat(&session, "memory").expect("arenas to draw");
    let types = session.types().to_vec();
    let asked = Asked { what: &types.first().expect("a type").type_name, since: None, kind: None };
    why(&session, source.target().clone(), asked).unwrap();
    let again = inspect(&session, source.target().clone());

    assert_eq!(first.findings, again.findings);
    let computed = session.computed();
    for what in [Computed::Analysis, Computed::Layout, Computed::Arenas, Computed::Pins, Computed::Rss, Computed::Types]
    {
        assert!(computed.contains(&what), "{what:?} is not in {computed:?}");
    }
    for (index, what) in computed.iter().enumerate() {
        assert!(!computed[..index].contains(what), "{what:?} was computed twice: {computed:?}");
    }
}
