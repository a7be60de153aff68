//! Compares two classifiers on the same rows: report, confidence interval, significance.
//!
//! `cargo run -p timbral-metrics --example paired_tests`

#![allow(clippy::print_stdout)]

use timbral_metrics::{
    BootstrapParams, ClassificationReport, ConfusionMatrix, ReportParams, accuracy_score,
    bootstrap, mcnemar,
};

fn main() -> Result<(), timbral_metrics::Error> {
    let y_true: Vec<usize> = (0..60).map(|row| row % 3).collect();
    // The first model is wrong in every tenth row, the second in every fourth.
    let predict = |every: usize| -> Vec<usize> {
        let wrong = |row: usize| usize::from(row.is_multiple_of(every));
        (0..60).map(|row| (y_true[row] + wrong(row)) % 3).collect()
    };
    let (first, second) = (predict(10), predict(4));

    let labels = ["blues", "jazz", "rock"];
    let matrix = ConfusionMatrix::new(&y_true, &first, 3, None)?.with_labels(labels)?;
    let report = ClassificationReport::new(&matrix, &ReportParams::default())?;
    println!("{matrix}\n{report}");

    let accuracy = bootstrap(y_true.len(), &BootstrapParams::default(), |rows| {
        let pick = |y: &[usize]| rows.iter().map(|row| y[*row]).collect::<Vec<_>>();
        accuracy_score(&pick(&y_true), &pick(&first), None)
    })?;
    println!(
        "accuracy {:.3}, 95 % interval {:.3} to {:.3}",
        accuracy.estimate, accuracy.low, accuracy.high
    );
    let test = mcnemar(&y_true, &first, &second)?;
    println!("p-value of the difference: {:.4}", test.p_value);
    Ok(())
}
