//! Several quantiles and expectiles. Equality with XGBoost is in `golden.rs`.

use ndarray::{Array2, array, s};
use timbral_boost::{BoostParams, Dataset, Objective};

const N_ROWS: usize = 20_000;

/// Rows of one number `x` from 0 to 1, and labels from 0 to `x`.
fn table() -> (Array2<f32>, Vec<f32>) {
    let features = Array2::from_shape_fn((N_ROWS, 1), |(row, _)| (row % 40) as f32 / 39.0);
    let label = |row: usize| {
        let mixed = (row as u64 + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 40;
        features[[row, 0]] * mixed as f32 / (1 << 24) as f32
    };
    let labels = (0..N_ROWS).map(label).collect();
    (features, labels)
}

fn params(alpha: &[f32]) -> BoostParams {
    BoostParams {
        objective: Objective::Quantile {
            alpha: alpha.to_vec(),
        },
        ..Default::default()
    }
}

#[test]
fn quantiles_are_those_of_the_labels() {
    /// The width of the smooth loss, and the depth of the trees.
    const TOLERANCE: f32 = 0.06;
    let (features, labels) = table();
    let alpha = [0.1, 0.5, 0.502, 0.9];
    let data = Dataset::new(features.view(), &labels).unwrap();
    let model = params(&alpha).fit(&data).unwrap();
    assert_eq!(model.n_outputs(), 4);
    let predictor = model.compile();
    let values = predictor.values(features.view()).unwrap();
    for (row, x) in values.rows().into_iter().zip(&features) {
        assert!(row.iter().is_sorted(), "{row}");
        for (value, alpha) in row.iter().zip(alpha) {
            assert!((value - alpha * x).abs() < TOLERANCE, "{value} {alpha} {x}");
        }
    }
}

#[test]
fn expectiles_are_those_of_the_labels() {
    /// The depth of the trees, and the step at zero.
    const TOLERANCE: f32 = 0.05;
    let (features, labels) = table();
    let alpha = [0.1_f32, 0.5, 0.9];
    let params = BoostParams {
        objective: Objective::Expectile {
            alpha: alpha.to_vec(),
        },
        ..Default::default()
    };
    let data = Dataset::new(features.view(), &labels).unwrap();
    let predictor = params.fit(&data).unwrap().compile();
    let values = predictor.values(features.view()).unwrap();
    for (row, x) in values.rows().into_iter().zip(&features) {
        assert!(row.iter().is_sorted(), "{row}");
        for (value, alpha) in row.iter().zip(alpha) {
            // Of even numbers from 0 to x: a (x - e)^2 = (1 - a) e^2.
            let expected = x * alpha.sqrt() / (alpha.sqrt() + (1.0 - alpha).sqrt());
            assert!((value - expected).abs() < TOLERANCE, "{value} {expected}");
        }
    }
}

/// Margins may cross, values do not.
#[test]
fn values_are_in_the_order_of_the_fractions() {
    let (features, labels) = table();
    let data = Dataset::new(features.view(), &labels).unwrap();
    let params = BoostParams {
        n_rounds: 0,
        base_score: Some(vec![0.8, 0.2, 0.5]),
        ..params(&[0.1, 0.5, 0.9])
    };
    let predictor = params.fit(&data).unwrap().compile();
    let row = features.slice(s![..1, ..]);
    assert_eq!(predictor.margins(row).unwrap(), array![[0.8, 0.2, 0.5]]);
    assert_eq!(predictor.values(row).unwrap(), array![[0.2, 0.5, 0.8]]);
}

/// The first of several quantiles is the only one of a model of its own: outputs do not depend on each other.
#[test]
fn a_quantile_does_not_depend_on_the_others() {
    let (features, labels) = table();
    let data = Dataset::new(features.view(), &labels).unwrap();
    let one = params(&[0.3]).fit(&data).unwrap().compile();
    let both = params(&[0.3, 0.6]).fit(&data).unwrap().compile();
    let one = one.margins(features.view()).unwrap();
    let both = both.margins(features.view()).unwrap();
    assert_eq!(one.column(0), both.column(0));
}

#[test]
fn fractions_are_checked() {
    let (features, labels) = table();
    let data = Dataset::new(features.view(), &labels).unwrap();
    for alpha in [&[][..], &[-0.1], &[1.1], &[f32::NAN], &[0.5, 0.4]] {
        let error = params(alpha).fit(&data).unwrap_err().to_string();
        let reason = "must be numbers from 0 to 1 in ascending order";
        assert_eq!(error, format!("alpha = {alpha:?}: {reason}"));
    }
}

#[test]
fn one_fraction_may_be_a_number() {
    for (text, alpha) in [("0.3", vec![0.3]), ("[0.3, 0.5]", vec![0.3, 0.5])] {
        let text = format!(r#"{{"reg:quantileerror": {{"quantile_alpha": {text}}}}}"#);
        let objective: Objective = serde_json::from_str(&text).unwrap();
        assert_eq!(objective, Objective::Quantile { alpha });
    }
}
