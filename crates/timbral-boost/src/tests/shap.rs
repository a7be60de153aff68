use ndarray::{Array2, ArrayView1, Axis};
use proptest::prelude::*;

use super::random_model::{Random, model};
use crate::error::Error;
use crate::model::{Children, Model, Node, Tree};

/// Rounding of the results to f32; there are few leaves, all below 10.
const TOLERANCE: f64 = 1e-5;

/// The expectation of a tree if only the features of a set are known (algorithm 1 of Lundberg et al.
/// 2018).
fn expectation(tree: &Tree, node: usize, row: ArrayView1<'_, f32>, known: u32) -> f64 {
    let nodes = tree.nodes();
    let Some(split) = nodes[node].children else {
        return f64::from(nodes[node].leaf_value);
    };
    let (left, right) = (split.left as usize, split.right as usize);
    if known >> split.feature & 1 == 1 {
        let value = row[split.feature as usize];
        let goes_left = match tree.categories(node) {
            _ if value.is_nan() => split.default_left,
            Some(categories) => !categories.contains(&(value as i32 as u32)) || value < 0.0,
            None => value < split.threshold,
        };
        return expectation(tree, if goes_left { left } else { right }, row, known);
    }
    let cover = |node: usize| f64::from(nodes[node].sum_hessian);
    [left, right]
        .map(|child| cover(child) / cover(node) * expectation(tree, child, row, known))
        .iter()
        .sum()
}

/// The value of each set of features.
fn game(model: &Model, row: ArrayView1<'_, f32>) -> Vec<f64> {
    let base = f64::from(model.base_margin()[0]);
    let of = |known: u32| {
        model
            .trees
            .iter()
            .map(move |tree| expectation(tree, 0, row, known))
    };
    (0..1 << row.len())
        .map(|known| base + of(known).sum::<f64>())
        .collect()
}

fn factorial(n: u32) -> f64 {
    (1..=n).map(f64::from).product()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn values_are_those_of_the_definition(
        seed in any::<u64>(),
        n_features in 1..6_usize,
        largest in prop::sample::select(vec![1_usize, 4, 30]),
        n_rows in prop::sample::select(vec![1_usize, 11]),
    ) {
        let mut random = Random::new(seed);
        let trees = (0..3).map(|_| {
            let n_leaves = 1 + random.below(largest);
            match seed % 2 {
                0 => random.categorical_tree(n_leaves, n_features, 9),
                _ => random.tree(n_leaves, n_features, 9),
            }
        });
        let model = model(trees.collect(), n_features, 1);
        let rows = random.rows(n_rows, n_features, 40);
        let values = model.shap_values(rows.view()).unwrap();
        let interactions = model.shap_interaction_values(rows.view()).unwrap();
        let m = n_features as u32;
        for (r, row) in rows.rows().into_iter().enumerate() {
            let game = game(&model, row);
            let near = |a: f32, b: f64| (f64::from(a) - b).abs() < TOLERANCE;
            prop_assert!(near(values[[r, 0, n_features]], game[0]));
            prop_assert!(near(interactions[[r, 0, n_features, n_features]], game[0]));
            for i in 0..n_features {
                let sets = (0..game.len()).filter(|set| set >> i & 1 == 0);
                let value: f64 = sets.map(|set| {
                    let s = (set as u32).count_ones();
                    let weight = factorial(s) * factorial(m - s - 1) / factorial(m);
                    weight * (game[set | 1 << i] - game[set])
                }).sum();
                prop_assert!(near(values[[r, 0, i]], value));
                for j in (0..n_features).filter(|j| *j != i) {
                    let sets = (0..game.len()).filter(|set| (set >> i | set >> j) & 1 == 0);
                    let value: f64 = sets.map(|set| {
                        let s = (set as u32).count_ones();
                        let weight = factorial(s) * factorial(m - s - 2) / factorial(m - 1) / 2.0;
                        let with = |bits: usize| game[set | bits];
                        weight * (with(1 << i | 1 << j) - with(1 << i) - with(1 << j) + with(0))
                    }).sum();
                    prop_assert!(near(interactions[[r, 0, i, j]], value));
                }
            }
        }
    }
}

#[test]
fn values_sum_to_margins() {
    let mut random = Random::new(4);
    let trees = (0..60).map(|_| random.tree(64, 30, 50)).collect();
    let (model, rows) = (model(trees, 30, 3), random.rows(70, 30, 50));
    let margins = model.compile().margins(rows.view()).unwrap();
    let sums = model.shap_values(rows.view()).unwrap().sum_axis(Axis(2));
    for (sum, margin) in sums.iter().zip(&margins) {
        // 20 trees of leaves below 8.
        assert!((sum - margin).abs() < 1e-4, "{sum} {margin}");
    }
}

#[test]
fn the_same_bits_with_any_number_of_threads() {
    let mut random = Random::new(5);
    let trees = (0..9).map(|_| random.tree(20, 4, 50)).collect();
    let (model, rows) = (model(trees, 4, 3), random.rows(300, 4, 50));
    let run = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()
            .unwrap();
        pool.install(|| {
            let values = model.shap_values(rows.view()).unwrap();
            (values, model.shap_interaction_values(rows.view()).unwrap())
        })
    };
    assert_eq!(run(1), run(3));
}

#[test]
fn a_result_that_is_too_large_is_refused() {
    let model = model(vec![Random::new(6).tree(3, 2, 5)], 1 << 20, 1);
    let rows = Array2::zeros((1, 1 << 20));
    assert!(model.shap_values(rows.view()).is_ok());
    let result = model.shap_interaction_values(rows.view());
    assert!(matches!(
        result,
        Err(Error::InvalidParameter(error)) if error.name == "rows"
    ));
    let none = Array2::zeros((0, 1 << 20));
    assert_eq!(model.shap_values(none.view()).unwrap().dim().0, 0);
}

#[test]
fn a_tree_that_is_too_deep_is_refused() {
    let nodes = (0..600_u32).flat_map(|i| {
        let split = Children::new(0, i as f32, false, 2 * i + 1, 2 * i + 2);
        [Node::split(split, 0.0, 1.0, 1.0), Node::leaf(0.0, 0.0, 1.0)]
    });
    let nodes = nodes.chain([Node::leaf(-1.0, 0.0, 1.0)]).collect();
    let model = model(vec![Tree::new(nodes).unwrap()], 1, 1);
    let rows = Array2::zeros((1, 1));
    assert!(model.compile().margins(rows.view()).is_ok());
    assert!(matches!(
        model.shap_values(rows.view()),
        Err(Error::Unsupported { .. })
    ));
}

#[test]
fn zero_covers_give_no_nan() {
    let split = Children::new(0, 0.5, false, 1, 2);
    let leaf = |value: f32| Node::leaf(value, 0.0, 0.0);
    let nodes = vec![Node::split(split, 0.0, 1.0, 0.0), leaf(-1.0), leaf(1.0)];
    let model = model(vec![Tree::new(nodes).unwrap()], 1, 1);
    let rows = Array2::zeros((1, 1));
    let values = model.shap_values(rows.view()).unwrap();
    assert!(values.iter().all(|value| value.is_finite()));
    assert!((values.sum() - model.compile().margins_row(&[0.0]).unwrap()[0]).abs() < 1e-6);
}
