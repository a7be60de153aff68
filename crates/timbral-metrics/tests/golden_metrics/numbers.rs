use timbral_metrics::{
    Result, auc, explained_variance_score, max_error, mean_absolute_error,
    mean_absolute_percentage_error, mean_squared_error, median_absolute_error, r2_score,
    root_mean_squared_error,
};

use crate::cases::Case;
use crate::golden::{Golden, N_CASES};

type Metric = fn(&[f64], &[f64], Option<&[f64]>) -> Result<f64>;

const METRICS: [(&str, Metric); 7] = [
    ("mean_absolute_error", mean_absolute_error),
    ("mean_squared_error", mean_squared_error),
    ("root_mean_squared_error", root_mean_squared_error),
    ("median_absolute_error", median_absolute_error),
    (
        "mean_absolute_percentage_error",
        mean_absolute_percentage_error,
    ),
    ("r2_score", r2_score),
    ("explained_variance_score", explained_variance_score),
];

#[test]
fn regression() {
    let mut golden = Golden::load();
    for number in 0..N_CASES {
        let c = Case::new(number);
        for (name, metric) in METRICS {
            let value = metric(&c.target, &c.estimate, c.weight.as_deref()).unwrap();
            golden.check(name, number, value);
        }
        golden.check(
            "max_error",
            number,
            max_error(&c.target, &c.estimate).unwrap(),
        );
    }
    golden.finish(&METRICS.map(|(name, _)| name));
}

#[test]
fn area_under_any_curve() {
    let mut golden = Golden::load();
    for number in 0..N_CASES {
        let c = Case::new(number);
        let mut x = c.score.clone();
        x.sort_by(f64::total_cmp);
        if number % 2 == 1 {
            x.reverse();
        }
        golden.check("auc", number, auc(&x, &c.target).unwrap_or(f64::NAN));
    }
    golden.finish(&["auc"]);
}
