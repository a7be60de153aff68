use timbral_metrics::{
    Average, ClassificationReport, ConfusionMatrix, FscoreParams, KappaWeights, Normalize,
    ReportParams, ZeroDivision, accuracy_score,
};

use crate::cases::Case;
use crate::golden::{Golden, N_CASES};

const ZERO_DIVISION: [ZeroDivision; 3] = [ZeroDivision::Zero, ZeroDivision::One, ZeroDivision::NaN];

#[test]
fn confusion_and_agreement() {
    let mut golden = Golden::load();
    for number in 0..N_CASES {
        let c = Case::new(number);
        let weight = c.weight.as_deref();
        let matrix = ConfusionMatrix::new(&c.y_true, &c.y_pred, c.k, weight).unwrap();
        golden.check_all("confusion_matrix", number, matrix.cells());
        for (name, normalize) in [
            ("confusion_matrix_true", Normalize::True),
            ("confusion_matrix_pred", Normalize::Pred),
            ("confusion_matrix_all", Normalize::All),
        ] {
            golden.check_all(name, number, &matrix.normalized(normalize));
        }
        let accuracy = accuracy_score(&c.y_true, &c.y_pred, weight).unwrap();
        golden.check("accuracy_score", number, accuracy);
        golden.check("accuracy_score", number, matrix.accuracy_score());
        let balanced = |adjusted| matrix.balanced_accuracy_score(adjusted);
        golden.check("balanced_accuracy_score", number, balanced(false));
        golden.check("balanced_accuracy_score_adjusted", number, balanced(true));
        for (name, weights) in [
            ("cohen_kappa_score_None", KappaWeights::None),
            ("cohen_kappa_score_linear", KappaWeights::Linear),
            ("cohen_kappa_score_quadratic", KappaWeights::Quadratic),
        ] {
            golden.check(name, number, matrix.cohen_kappa_score(weights));
        }
        golden.check("matthews_corrcoef", number, matrix.matthews_corrcoef());
    }
    golden.finish(&["confusion", "accuracy", "balanced", "cohen", "matthews"]);
}

#[test]
fn precision_recall_fscore() {
    let mut golden = Golden::load();
    for number in 0..N_CASES {
        let c = Case::new(number);
        let matrix = ConfusionMatrix::new(&c.y_true, &c.y_pred, c.k, c.weight.as_deref()).unwrap();
        let params = FscoreParams {
            beta: [1.0, 0.5, 2.0][number / 7 % 3],
            zero_division: ZERO_DIVISION[number / 12 % 3],
            ..FscoreParams::default()
        };
        let scores = matrix.precision_recall_fscore_support(&params).unwrap();
        let [p, r, f, s]: [Vec<f64>; 4] = [
            scores.iter().map(|s| s.precision).collect(),
            scores.iter().map(|s| s.recall).collect(),
            scores.iter().map(|s| s.fscore).collect(),
            scores.iter().map(|s| s.support).collect(),
        ];
        golden.check_all("precision_per_class", number, &p);
        golden.check_all("recall_per_class", number, &r);
        golden.check_all("fscore_per_class", number, &f);
        golden.check_all("support_per_class", number, &s);
        for (name, average) in [
            ("macro", Average::Macro),
            ("micro", Average::Micro),
            ("weighted", Average::Weighted),
        ] {
            let scores = matrix.averaged_scores(average, &params).unwrap();
            golden.check(&format!("precision_{name}"), number, scores.precision);
            golden.check(&format!("recall_{name}"), number, scores.recall);
            golden.check(&format!("fscore_{name}"), number, scores.fscore);
            let zero = params.zero_division;
            let precision = matrix.precision_score(average, zero);
            golden.check(&format!("precision_{name}"), number, precision);
            let recall = matrix.recall_score(average, zero);
            golden.check(&format!("recall_{name}"), number, recall);
            if params.beta == 1.0 {
                let f1 = matrix.f1_score(average, zero);
                golden.check(&format!("fscore_{name}"), number, f1);
            }
        }
    }
    let averages = ["precision_m", "precision_w", "recall", "fscore", "support"];
    golden.finish(&averages);
    // precision_recall_curve is compared elsewhere.
}

#[test]
fn reports_are_the_same_text() {
    let mut golden = Golden::load();
    for number in 0..N_CASES {
        let c = Case::new(number);
        // Sums of arbitrary weights are printed with all digits, and the last depends on the order.
        let weight = c.weight.as_deref().filter(|_| c.weighting == 1);
        let matrix = ConfusionMatrix::new(&c.y_true, &c.y_pred, c.k, weight)
            .unwrap()
            .with_labels((0..c.k).map(|i| format!("genre {i}")))
            .unwrap();
        let params = ReportParams {
            digits: number % 4 + 1,
            zero_division: ZERO_DIVISION[number / 12 % 3],
            ..ReportParams::default()
        };
        let text = ClassificationReport::new(&matrix, &params)
            .unwrap()
            .to_string();
        golden.check_hash("classification_report", number, Some(text.as_bytes()));
    }
    golden.finish(&["classification_report"]);
}
