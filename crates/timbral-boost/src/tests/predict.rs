use ndarray::{Array2, ArrayView2, ShapeBuilder, s};
use proptest::prelude::*;

use super::random_model::{Random, model};
use crate::error::Error;
use crate::model::{Children, Model, Node, Tree};

/// Margins and leaves by descending the trees one after the other.
fn walks(model: &Model, rows: ArrayView2<'_, f32>) -> (Array2<f32>, Array2<u32>) {
    let base = model.base_margin();
    let mut margins = Array2::from_shape_fn((rows.nrows(), base.len()), |(_, k)| base[k]);
    let mut leaves = Array2::zeros((rows.nrows(), model.trees.len()));
    for (i, row) in rows.rows().into_iter().enumerate() {
        let row = row.to_vec();
        for (t, tree) in model.trees.iter().enumerate() {
            margins[[i, model.tree_outputs[t] as usize]] += tree.predict(&row);
            leaves[[i, t]] = tree.leaf(&row) as u32;
        }
    }
    (margins, leaves)
}

fn check(model: &Model, rows: ArrayView2<'_, f32>) {
    let predictor = model.compile();
    let (margins, leaves) = walks(model, rows);
    assert_eq!(predictor.margins(rows).unwrap(), margins);
    assert_eq!(predictor.leaf_indices(rows).unwrap(), leaves);
    for (row, margins) in rows.rows().into_iter().zip(margins.rows()).take(8) {
        let row = predictor.margins_row(&row.to_vec()).unwrap();
        assert_eq!(row, margins.to_vec());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn predictions_equal_plain_walks(
        seed in any::<u64>(),
        n_trees in 0..40_usize,
        n_outputs in 1..4_usize,
        largest in prop::sample::select(vec![1_usize, 2, 8, 64, 256, 300]),
        n_features in 1..5_usize,
        // Also more thresholds than fit into one column.
        n_values in prop::sample::select(vec![1_usize, 5, 100, 3000]),
        n_rows in prop::sample::select(vec![0_usize, 1, 11, 12, 13, 64, 65, 300]),
    ) {
        let mut random = Random::new(seed);
        let trees = (0..n_trees / n_outputs * n_outputs).map(|_| {
            let n_leaves = 1 + random.below(largest);
            match seed % 3 {
                0 => random.categorical_tree(n_leaves, n_features, n_values),
                _ => random.tree(n_leaves, n_features, n_values),
            }
        });
        let model = model(trees.collect(), n_features, n_outputs);
        let rows = random.rows(n_rows, n_features, n_values);
        check(&model, rows.view());
        let mut columns = Array2::zeros(rows.dim().f());
        columns.assign(&rows);
        check(&model, columns.view());
        check(&model, rows.slice(s![..;-2, ..]));
    }
}

#[test]
fn trees_with_more_leaves_than_a_byte_counts() {
    for n_leaves in [255, 256, 257, 700] {
        let mut random = Random::new(n_leaves as u64);
        let mut trees: Vec<Tree> = (0..3).map(|_| random.tree(n_leaves, 3, 5000)).collect();
        trees.push(random.categorical_tree(n_leaves, 3, 5000));
        check(&model(trees, 3, 2), random.rows(100, 3, 5000).view());
    }
}

#[test]
fn a_chain_of_255_splits() {
    for default_left in [false, true] {
        let n_splits = 255_u32;
        let nodes = (0..n_splits).flat_map(|i| {
            let (leaf, next) = (2 * i + 1, 2 * i + 2);
            let (left, right) = if i % 2 == 0 {
                (leaf, next)
            } else {
                (next, leaf)
            };
            let threshold = if i % 2 == 0 {
                i as f32
            } else {
                1000.0 - i as f32
            };
            let split = Children::new(0, threshold, default_left, left, right);
            [
                Node::split(split, 0.0, 1.0, 1.0),
                Node::leaf(i as f32, 0.0, 1.0),
            ]
        });
        let nodes = nodes.chain([Node::leaf(-1.0, 0.0, 1.0)]).collect();
        let model = model(vec![Tree::new(nodes).unwrap()], 1, 1);
        let rows = Array2::from_shape_fn((600, 1), |(i, _)| 2.0 * i as f32 - 50.0);
        check(&model, rows.view());
    }
}

#[test]
fn more_columns_than_two_bytes_can_index() {
    let n = 66_000;
    let stump = |feature: u32| {
        let split = Children::new(feature, 0.5, false, 1, 2);
        let leaves = [0.0, 1.0].map(|value| Node::leaf(value, 0.0, 1.0));
        Tree::new(vec![
            Node::split(split, 0.0, 1.0, 2.0),
            leaves[0],
            leaves[1],
        ])
        .unwrap()
    };
    let predictor = model((0..n).map(stump).collect(), n as usize, 1).compile();
    let rows = Array2::from_shape_fn((20, n as usize), |(i, f)| f32::from(f % 20 <= i));
    let margins = predictor.margins(rows.view()).unwrap();
    for i in 0..20 {
        assert_eq!(margins[[i, 0]], 0.3 + (3300 * (i + 1)) as f32);
    }
}

#[test]
fn the_same_bits_with_any_number_of_threads() {
    let mut random = Random::new(1);
    let trees = (0..30).map(|_| random.tree(40, 4, 50)).collect();
    let (model, rows) = (model(trees, 4, 3), random.rows(1000, 4, 50));
    let (margins, _) = walks(&model, rows.view());
    for threads in [1, 2, 5] {
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()
            .unwrap();
        let found = pool.install(|| model.compile().margins(rows.view()).unwrap());
        assert_eq!(found, margins);
    }
}

#[test]
fn a_slice_predicts_with_its_rounds() {
    let mut random = Random::new(2);
    let trees = (0..12).map(|_| random.tree(10, 2, 9)).collect();
    let mut model = model(trees, 2, 3);
    let rows = random.rows(30, 2, 9);
    let margins = |model: &Model| model.compile().margins(rows.view()).unwrap();
    assert_eq!(margins(&model.slice(0..4).unwrap()), margins(&model));
    model.best_iteration = Some(1);
    assert_eq!(margins(&model), margins(&model.slice(0..2).unwrap()));
    let none = margins(&model.slice(4..4).unwrap());
    assert!(
        none.rows()
            .into_iter()
            .all(|row| row.to_vec() == model.base_margin())
    );
    #[allow(clippy::reversed_empty_ranges)]
    for range in [0..5, 3..2, 6..7, 5..usize::MAX] {
        let result = model.slice(range);
        assert!(matches!(
            result,
            Err(Error::InvalidParameter(error)) if error.name == "rounds"
        ));
    }
}

#[test]
fn rows_of_another_width_are_refused() {
    let model = model(vec![Random::new(3).tree(4, 2, 9)], 2, 1);
    let predictor = model.compile();
    let narrow = Array2::zeros((3, 1));
    let wrong = |result: Option<Error>| {
        assert!(matches!(
            result,
            Some(Error::Features {
                expected: 2,
                got: 1
            })
        ));
    };
    wrong(predictor.margins(narrow.view()).err());
    wrong(predictor.leaf_indices(narrow.view()).err());
    wrong(predictor.margins_row(&[1.0]).err());
    wrong(model.shap_values(narrow.view()).err());
    wrong(model.shap_interaction_values(narrow.view()).err());
    assert!(matches!(
        predictor.class_row(&[1.0, 2.0]),
        Err(Error::Unsupported { .. })
    ));
    assert_eq!(
        predictor
            .margins(Array2::zeros((0, 2)).view())
            .unwrap()
            .dim(),
        (0, 1)
    );
}

#[test]
fn probabilities_are_a_softmax() {
    let leaves = [0.0, 1.0, 3.0].map(|value| Tree::new(vec![Node::leaf(value, 0.0, 1.0)]).unwrap());
    let mut model = model(leaves.into(), 1, 3);
    model.base_score = vec![0.0; 3];
    let predictor = model.compile();
    let found = predictor.probabilities_row(&[0.0]).unwrap();
    let sum = 1.0 + 1_f64.exp() + 3_f64.exp();
    for (found, power) in found.iter().zip([0.0, 1.0, 3.0_f64]) {
        assert!((f64::from(*found) - power.exp() / sum).abs() < f64::from(f32::EPSILON));
    }
    assert_eq!(predictor.class_row(&[0.0]).unwrap(), 2);
    let rows = Array2::zeros((2, 1));
    assert_eq!(
        predictor
            .probabilities(rows.view())
            .unwrap()
            .row(1)
            .to_vec(),
        found
    );
}
