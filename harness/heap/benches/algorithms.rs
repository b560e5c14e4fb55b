//! What each question costs, on heaps of 0.25 and 2.5 million objects (100 000 and a million tracked ones).

use std::hint::black_box;

use bloathound_heap::{
    BitSet, Census, Dominators, GcReplay, Names, PathTree, ReferenceLabel, Reverse, ShapeLimits, ShapeTree,
    strongly_connected,
};
use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};

mod synthetic;

fn algorithms(criterion: &mut Criterion) {
    for objects in [250_000, 2_500_000] {
        let heap = synthetic::heap(objects);
        let mut group = criterion.benchmark_group("heap");
        group.sample_size(10);
        let name = |what: &str| BenchmarkId::new(what, objects);
        let names = Names::new(&heap);
        let paths = PathTree::build(&heap, None);
        let dominators = Dominators::build(&heap, None);
        let replay = GcReplay::run(&heap);
        let census = Census::take(&heap, &names, None);
        let later = Census::take(&heap, &names, Some(&replay.awaiting_collection));
        let shapes = || ShapeTree::build(&names, &paths, Some(&dominators), ShapeLimits::default());
        let tree = shapes().0;
        group.bench_function(name("names"), |b| b.iter(|| Names::new(black_box(&heap))));
        group.bench_function(name("census"), |b| b.iter(|| Census::take(black_box(&heap), &names, None)));
        group.bench_function(name("census_diff"), |b| b.iter(|| later.since(black_box(&census))));
        group.bench_function(name("gc_replay"), |b| b.iter(|| GcReplay::run(black_box(&heap))));
        group.bench_function(name("components_of_garbage"), |b| {
            b.iter(|| strongly_connected(&heap, &replay.awaiting_collection, ReferenceLabel::is_traversed));
        });
        let all = BitSet::full(heap.len());
        group.bench_function(name("components"), |b| {
            b.iter(|| strongly_connected(&heap, &all, ReferenceLabel::is_traversed));
        });
        group.bench_function(name("paths"), |b| b.iter(|| PathTree::build(black_box(&heap), None)));
        group.bench_function(name("dominators_and_retained"), |b| {
            b.iter(|| Dominators::build(black_box(&heap), None));
        });
        group.bench_function(name("top_retained"), |b| b.iter(|| dominators.top_retained(100)));
        group.bench_function(name("dominator_children"), |b| b.iter(|| dominators.children()));
        group.bench_function(name("reverse"), |b| b.iter(|| Reverse::build(black_box(&heap))));
        group.bench_function(name("shapes"), |b| b.iter(shapes));
        group.bench_function(name("shapes_align"), |b| b.iter(|| tree.align(black_box(&tree))));
        group.finish();
    }
}

criterion_group!(benches, algorithms);
criterion_main!(benches);
