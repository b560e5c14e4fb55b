//! More work in one stage, for the proof that the gate sees it: only in a build with the feature `planted`, and only in the
//! stage that `BLOATHOUND_PLANT_STAGE` names, `BLOATHOUND_PLANT_TURNS` turns of a loop.

/// Variables that say what is planted.
pub const VARIABLES: [&str; 2] = ["BLOATHOUND_PLANT_STAGE", "BLOATHOUND_PLANT_TURNS"];

/// What is planted in that stage.
#[cfg(feature = "planted")]
pub fn work(stage: &str) {
    let [planted, turns] = VARIABLES.map(|name| std::env::var(name).unwrap_or_default());
    if planted == stage {
        (0..turns.parse::<u64>().unwrap_or(0)).for_each(|turn| {
            std::hint::black_box(turn);
        });
    }
}

/// Nothing.
#[cfg(not(feature = "planted"))]
pub fn work(_stage: &str) {}
