use timbral_metrics::{
    Average, BinParams, BinStrategy, Scores, average_precision_score, brier_score_loss,
    calibration_curve, expected_calibration_error, log_loss, precision_recall_curve, roc_auc_score,
    roc_auc_score_ovo, roc_auc_score_ovr, roc_auc_score_per_class, roc_curve, top_k_accuracy_score,
};

use crate::cases::Case;
use crate::golden::{Golden, N_CASES};

const AVERAGES: [(&str, Average); 3] = [
    ("macro", Average::Macro),
    ("micro", Average::Micro),
    ("weighted", Average::Weighted),
];

#[test]
fn probabilities() {
    let mut golden = Golden::load();
    for number in 0..N_CASES {
        let c = Case::new(number);
        let (weight, proba) = (c.weight.as_deref(), Scores::new(&c.proba, c.k).unwrap());
        let loss = log_loss(&c.y_true, &proba, weight).unwrap();
        golden.check("log_loss", number, loss);
        let brier = |half| brier_score_loss(&c.y_true, &proba, half, weight).unwrap();
        golden.check("brier_score_loss_True", number, brier(true));
        golden.check("brier_score_loss_False", number, brier(false));
        if c.k > 2 {
            let top = |k| top_k_accuracy_score(&c.y_true, &proba, k, weight).unwrap();
            golden.check("top_k_accuracy_score_1", number, top(1));
            golden.check("top_k_accuracy_score_2", number, top(2));
        }
    }
    golden.finish(&["log_loss", "brier", "top_k"]);
}

#[test]
fn areas_for_many_classes() {
    let mut golden = Golden::load();
    for number in 0..N_CASES {
        let c = Case::new(number);
        if c.k == 2 {
            continue;
        }
        let (weight, proba) = (c.weight.as_deref(), Scores::new(&c.proba, c.k).unwrap());
        let per_class = roc_auc_score_per_class(&c.y_true, &proba, weight).unwrap();
        golden.check_all("roc_auc_score_per_class", number, &per_class);
        for (name, average) in AVERAGES {
            let ovr = roc_auc_score_ovr(&c.y_true, &proba, average, weight).unwrap();
            golden.check(&format!("roc_auc_score_ovr_{name}"), number, ovr);
            if average != Average::Micro {
                let ovo = roc_auc_score_ovo(&c.y_true, &proba, average).unwrap();
                golden.check(&format!("roc_auc_score_ovo_{name}"), number, ovo);
            }
        }
    }
    golden.finish(&["roc_auc_score_"]);
}

#[test]
fn curves() {
    let mut golden = Golden::load();
    for number in 0..N_CASES {
        let c = Case::new(number);
        let weight = c.weight.as_deref();
        let area = roc_auc_score(&c.binary, &c.score, weight).unwrap();
        golden.check("roc_auc_score", number, area);
        let precision = average_precision_score(&c.binary, &c.score, weight).unwrap();
        golden.check("average_precision_score", number, precision);
        for (drop, name) in [(false, "False"), (true, "True")] {
            let mut check = |part: &str, v: &[f64]| {
                golden.check_all(&format!("{part}_{name}"), number, v);
            };
            let curve = roc_curve(&c.binary, &c.score, weight, drop).unwrap();
            check("roc_curve_fpr", &curve.fpr);
            check("roc_curve_tpr", &curve.tpr);
            check("roc_curve_thresholds", &curve.thresholds);
            let curve = precision_recall_curve(&c.binary, &c.score, weight, drop).unwrap();
            check("precision_recall_curve_precision", &curve.precision);
            check("precision_recall_curve_recall", &curve.recall);
            check("precision_recall_curve_thresholds", &curve.thresholds);
        }
    }
    golden.finish(&["roc_curve", "precision_recall_curve", "average_precision"]);
}

#[test]
fn calibration() {
    let mut golden = Golden::load();
    for number in 0..N_CASES {
        let c = Case::new(number);
        for (name, strategy) in [
            ("uniform", BinStrategy::Uniform),
            ("quantile", BinStrategy::Quantile),
        ] {
            let params = BinParams {
                n_bins: 1 + number % 12,
                strategy,
                ..BinParams::default()
            };
            let bins = calibration_curve(&c.binary, &c.score, &params).unwrap();
            let hits: Vec<f64> = bins.iter().map(|b| b.prob_true).collect();
            let means: Vec<f64> = bins.iter().map(|b| b.prob_pred).collect();
            golden.check_all(&format!("calibration_curve_true_{name}"), number, &hits);
            golden.check_all(&format!("calibration_curve_pred_{name}"), number, &means);
            if strategy == BinStrategy::Uniform {
                let proba = Scores::new(&c.proba, c.k).unwrap();
                let ece = expected_calibration_error(&c.y_true, &proba, &params).unwrap();
                golden.check("expected_calibration_error", number, ece);
            }
        }
    }
    golden.finish(&["calibration_curve", "expected_calibration_error"]);
}
