//! Interaction constraints: every path of every tree keeps them, whatever columns are drawn.

use ndarray::Array2;
use timbral_boost::{BoostParams, Dataset, Error, GrowPolicy, MultiStrategy, Objective, Tree};

/// Calls `visit` with the features of the path to each leaf.
fn paths(tree: &Tree, node: usize, path: &mut Vec<usize>, visit: &mut impl FnMut(&[usize])) {
    let Some(split) = tree.nodes()[node].children else {
        return visit(path);
    };
    path.push(split.feature as usize);
    paths(tree, split.left as usize, path, visit);
    paths(tree, split.right as usize, path, visit);
    path.pop();
}

#[test]
fn no_path_has_features_that_may_not_interact() {
    let features = Array2::from_shape_fn((600, 6), |(row, column)| {
        ((row * (2 * column + 3) * 7919) % 101) as f32
    });
    let label = |row: usize| {
        let row = features.row(row);
        f32::from(row[0] * row[1] + row[2] * row[3] + row[4] * row[5] > 7000.0)
    };
    let labels: Vec<f32> = (0..600).map(label).collect();
    let data = Dataset::new(features.view(), &labels).unwrap();
    // Feature 5 is in no set.
    let constraints = vec![vec![0, 1, 2], vec![2, 3], vec![4]];
    let may_interact = |path: &[usize]| {
        let is_within = |set: &&Vec<usize>| path.iter().all(|feature| set.contains(feature));
        constraints.iter().any(|set| is_within(&set)) || path.iter().all(|f| *f == path[0])
    };
    let mut n_long = 0;
    for (seed, colsample) in [(1, 1.0), (2, 0.5), (3, 0.7)] {
        for (grow_policy, multi_strategy) in [
            (GrowPolicy::DepthWise, MultiStrategy::OneOutputPerTree),
            (GrowPolicy::LossGuide, MultiStrategy::OneOutputPerTree),
            (GrowPolicy::DepthWise, MultiStrategy::MultiOutputTree),
        ] {
            let params = BoostParams {
                objective: Objective::Softprob { n_classes: 2 },
                n_rounds: 5,
                interaction_constraints: constraints.clone(),
                colsample_bytree: colsample,
                colsample_bylevel: colsample,
                colsample_bynode: colsample,
                grow_policy,
                multi_strategy,
                seed,
                ..Default::default()
            };
            for tree in params.fit(&data).unwrap().trees() {
                paths(tree, 0, &mut Vec::new(), &mut |path| {
                    assert!(may_interact(path), "{path:?}");
                    n_long += usize::from(path.iter().any(|feature| *feature != path[0]));
                });
            }
        }
    }
    assert!(n_long > 100, "{n_long}");
    let params = BoostParams {
        interaction_constraints: vec![vec![0, 6]],
        ..Default::default()
    };
    match params.fit(&data) {
        Err(Error::InvalidParameter(error)) => assert_eq!(error.name, "interaction_constraints"),
        other => panic!("{other:?}"),
    }
}
