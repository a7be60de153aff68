//! Nearest rows equal to those of scikit-learn, which `tests/golden/nearest.py` computed.

use ndarray::Array2;
use serde::Deserialize;
use timbral_data::KNearestParams;

#[derive(Deserialize)]
struct Golden {
    x: Vec<[f32; 4]>,
    y: Vec<usize>,
    queries: Vec<[f32; 4]>,
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    k: usize,
    nearest: Vec<Vec<usize>>,
    /// -1 if two classes have equally many votes.
    predicted: Vec<i64>,
}

#[test]
fn nearest_rows_and_votes_are_those_of_scikit_learn() {
    let golden: Golden = serde_json::from_str(include_str!("../golden/nearest.json")).unwrap();
    let (x, queries) = (Array2::from(golden.x), Array2::from(golden.queries));
    for Case {
        k,
        nearest,
        predicted,
    } in golden.cases
    {
        let model = KNearestParams {
            k,
            ..KNearestParams::default()
        }
        .fit(x.view(), &golden.y)
        .unwrap();
        let found = model.nearest(queries.view()).unwrap();
        let rows: Vec<Vec<usize>> = found.rows().into_iter().map(|r| r.to_vec()).collect();
        assert_eq!(rows, nearest, "k = {k}");
        let votes = model.predict(queries.view()).unwrap();
        assert_eq!(votes.len(), predicted.len());
        for (vote, expected) in votes.iter().zip(predicted) {
            assert!(expected == -1 || *vote as i64 == expected, "k = {k}");
        }
    }
}
