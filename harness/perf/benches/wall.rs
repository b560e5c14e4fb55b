//! Wall time of each stage, by criterion, beside a calculation that is always the same: what a machine is worth at the
//! moment. `BLOATHOUND_PERF_INPUTS` names inputs, separated by commas.

mod stages;

use std::hint::black_box;
use std::time::Duration;

use bloathound_perf::STAGES;
use criterion::{BenchmarkId, Criterion, SamplingMode};

/// Bound by the processor and by memory, as a look is: numbers that hang on each other, over 16 MiB.
fn calibration(memory: &mut [u64]) -> u64 {
    let mut state = 1_u64;
    for turn in 0..2_000_000_u64 {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(turn);
        let place = (state >> 33) as usize % memory.len();
        memory[place] = memory[place].wrapping_add(state);
        state ^= memory[place];
    }
    state
}

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    let inputs = std::env::var("BLOATHOUND_PERF_INPUTS").unwrap_or_else(|_| "generated 100k".into());
    let mut group = criterion.benchmark_group("perf");
    group.sample_size(10).sampling_mode(SamplingMode::Flat);
    group.warm_up_time(Duration::from_millis(300)).measurement_time(Duration::from_secs(2));
    let mut memory = vec![0_u64; 2 << 20];
    group.bench_function("calibration", |bencher| bencher.iter(|| calibration(black_box(&mut memory))));
    for input in inputs.split(',') {
        for stage in STAGES {
            let prepared = stages::prepare(input, stage);
            let id = BenchmarkId::new(stage, input.replace('/', "-"));
            group.bench_function(id, |bencher| bencher.iter_with_large_drop(|| stages::run(&prepared)));
        }
    }
    group.finish();
    criterion.final_summary();
}
