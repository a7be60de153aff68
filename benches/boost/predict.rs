//! Margins of many rows and of one row, and SHAP values.

use std::hint::black_box;

use criterion::Criterion;
use ndarray::{Array2, ArrayView2, Axis, s};

use crate::{MODEL, ROWS, group};

/// The sums of the leaf values, tree by tree.
fn naive(rows: ArrayView2<'_, f32>) -> Array2<f32> {
    let base = MODEL.base_margin();
    let mut margins = Array2::from_shape_fn((rows.nrows(), base.len()), |(_, k)| base[k]);
    for (mut margins, row) in margins.rows_mut().into_iter().zip(rows.rows()) {
        let row = row.to_slice().unwrap();
        for (tree, k) in MODEL.trees().iter().zip(MODEL.tree_outputs()) {
            margins[*k as usize] += tree.predict(row);
        }
    }
    margins
}

pub(crate) fn compile(c: &mut Criterion) {
    group(c, "compile").bench_function("timbral", |b| b.iter(|| black_box(&*MODEL).compile()));
}

pub(crate) fn margins(c: &mut Criterion) {
    let predictor = MODEL.compile();
    assert_eq!(
        predictor.margins(ROWS.view()).unwrap(),
        naive(ROWS.view()),
        "margins"
    );
    let mut group = group(c, "margins");
    for n in [16, 256, ROWS.nrows()] {
        let rows = ROWS.slice(s![..n, ..]);
        group.bench_function(format!("{n}_rows/timbral"), |b| {
            b.iter(|| predictor.margins(black_box(rows)))
        });
    }
    group.bench_function(format!("{}_rows/naive", ROWS.nrows()), |b| {
        b.iter(|| naive(black_box(ROWS.view())))
    });
}

pub(crate) fn row(c: &mut Criterion) {
    let predictor = MODEL.compile();
    let rows = ROWS.slice(s![..100, ..]);
    let all = naive(rows);
    for (row, margins) in rows.rows().into_iter().zip(all.rows()) {
        let row = predictor.margins_row(row.to_slice().unwrap()).unwrap();
        assert_eq!(row, margins.to_vec(), "margins of a row");
    }
    let row = rows.row(0).to_slice().unwrap();
    group(c, "margins_row").bench_function("timbral", |b| {
        b.iter(|| predictor.margins_row(black_box(row)))
    });
}

pub(crate) fn shap(c: &mut Criterion) {
    let rows = ROWS.slice(s![..100, ..]);
    let sums = MODEL.shap_values(rows).unwrap().sum_axis(Axis(2));
    for (sum, margin) in sums.iter().zip(&naive(rows)) {
        assert!((sum - margin).abs() < 1e-4, "{sum} {margin}");
    }
    let mut group = group(c, "shap");
    group.bench_function("values/100_rows", |b| {
        b.iter(|| MODEL.shap_values(black_box(rows)))
    });
    let rows = ROWS.slice(s![..10, ..]);
    group.bench_function("interactions/10_rows", |b| {
        b.iter(|| MODEL.shap_interaction_values(black_box(rows)))
    });
}
