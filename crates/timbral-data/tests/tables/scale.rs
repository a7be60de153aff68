//! Scalers against scikit-learn 1.9.1, whose values `golden/scale.py` writes to `golden/scale.json`.

use ndarray::Array2;
use proptest::prelude::*;
use serde::Deserialize;
use timbral_data::{FeatureTable, ScalerParams, Scaling};

#[derive(Deserialize)]
struct Golden {
    names: Vec<String>,
    n_train: usize,
    table: Vec<Vec<Option<f64>>>,
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    kind: String,
    a: f64,
    b: f64,
    log: Option<f64>,
    scaled: Vec<Vec<Option<f64>>>,
}

fn matrix(rows: &[Vec<Option<f64>>]) -> Array2<f64> {
    let cells = rows.iter().flatten().map(|x| x.unwrap_or(f64::NAN));
    Array2::from_shape_vec((rows.len(), rows[0].len()), cells.collect()).unwrap()
}

fn table(names: Vec<String>, features: Array2<f32>) -> FeatureTable {
    let ids = (0..features.nrows()).map(|i| i.to_string()).collect();
    FeatureTable::new(names, features, ids).unwrap()
}

#[test]
fn as_scikit_learn() {
    // One rounding to f32.
    const RELATIVE: f64 = f32::EPSILON as f64 / 2.0;
    // Sums in a different order: 1e4 +- 1e-2 has lost 1e-16 * 1e4 / 1e-2 of its scaled value.
    const ABSOLUTE: f64 = 1e-9;
    let golden: Golden = serde_json::from_str(include_str!("../golden/scale.json")).unwrap();
    let table = table(golden.names, matrix(&golden.table).mapv(|x| x as f32));
    let train: Vec<usize> = (0..golden.n_train).collect();
    assert_eq!(golden.cases.len(), 10);
    for case in golden.cases {
        let Case {
            kind, a, b, log, ..
        } = case;
        let scaling = match kind.as_str() {
            "standard" => Scaling::Standard,
            "min_max" => Scaling::MinMax { low: a, high: b },
            "robust" => Scaling::Robust { lower: a, upper: b },
            _ => panic!("{kind}"),
        };
        let params = ScalerParams {
            scaling,
            log_variances: log,
            ..ScalerParams::default()
        };
        let scaler = params.fit(&table, &train).unwrap();
        let ours = scaler.transform(&table).unwrap();
        for ((place, theirs), ours) in matrix(&case.scaled).indexed_iter().zip(ours.features()) {
            let ours = f64::from(*ours);
            let name = &table.feature_names()[place.1];
            let same = (ours - theirs).abs() <= RELATIVE * theirs.abs() + ABSOLUTE;
            assert!(
                same || (ours.is_nan() && theirs.is_nan()),
                "{params:?} {name} {place:?}: {ours} {theirs}"
            );
        }
    }
}

fn any_params() -> impl Strategy<Value = ScalerParams> {
    let scaling = prop_oneof![
        Just(Scaling::None),
        Just(Scaling::Standard),
        Just(Scaling::MinMax {
            low: -1.0,
            high: 1.0
        }),
        Just(Scaling::Robust {
            lower: 0.25,
            upper: 0.75
        }),
    ];
    let log = prop::option::of(Just(1e-10));
    (scaling, log).prop_map(|(scaling, log_variances)| ScalerParams {
        scaling,
        log_variances,
        ..ScalerParams::default()
    })
}

/// Numbers of the magnitudes that features have, some missing; the first two rows are complete.
fn any_table() -> impl Strategy<Value = FeatureTable> {
    let number = prop_oneof![9 => 1e-6..1e6f32, 1 => Just(f32::NAN)];
    (3..12usize).prop_flat_map(move |n| {
        let numbers = prop::collection::vec(number.clone(), 2 * n);
        numbers.prop_map(move |mut numbers| {
            for x in &mut numbers[..4] {
                *x = if x.is_nan() { 1.0 } else { *x };
            }
            let features = Array2::from_shape_vec((n, 2), numbers).unwrap();
            table(vec!["x_mean".into(), "x_var".into()], features)
        })
    })
}

proptest! {
    #[test]
    fn rows_outside_training_have_no_influence(
        table in any_table(),
        other in any_table(),
        params in any_params(),
    ) {
        let n = table.n_rows().min(other.n_rows());
        let train: Vec<usize> = (0..n / 2 + 1).collect();
        let mut numbers = other.features().to_owned().slice_move(ndarray::s![..n, ..]);
        let (train_part, _) = numbers.view_mut().split_at(ndarray::Axis(0), train.len());
        let mut train_part = train_part;
        train_part.assign(&table.features().slice(ndarray::s![..train.len(), ..]));
        let mixed = self::table(table.feature_names().to_vec(), numbers);
        let fit = |table| params.fit(table, &train).unwrap();
        prop_assert_eq!(fit(&table), fit(&mixed));
    }

    #[test]
    fn the_inverse_undoes(table in any_table(), params in any_params()) {
        let rows: Vec<usize> = (0..table.n_rows()).collect();
        let scaler = params.fit(&table, &rows).unwrap();
        let back = scaler.inverse_transform(&scaler.transform(&table).unwrap()).unwrap();
        for (column, back) in table.features().columns().into_iter().zip(back.features().columns()) {
            let greatest = column.iter().copied().fold(0.0, f32::max);
            for (x, back) in column.iter().zip(back) {
                // The scaled number is an f32: an error relative to the range of the column, or,
                // through the logarithm (at most ln 1e16 = 37 wide), to the number itself.
                let bound = 100.0 * f32::EPSILON * greatest;
                prop_assert!((x - back).abs() <= bound || (x.is_nan() && back.is_nan()));
            }
        }
    }
}
