//! Cross-validation folds that never divide a recording and keep the class proportions.
//!
//! `cargo run -p timbral-metrics --example group_folds`

#![allow(clippy::print_stdout)]

use timbral_metrics::{FoldParams, stratified_group_k_fold};

fn main() -> Result<(), timbral_metrics::Error> {
    // Ten recordings of three segments; four of the recordings are jazz.
    let groups: Vec<usize> = (0..30).map(|row| row / 3).collect();
    let label = |group: &usize| if *group < 4 { "jazz" } else { "rock" };
    let labels: Vec<&str> = groups.iter().map(label).collect();
    let params = FoldParams {
        n_splits: 4,
        shuffle: Some(42),
        ..FoldParams::default()
    };
    let folds = stratified_group_k_fold(&labels, &groups, &params)?;
    for (number, fold) in folds.iter().enumerate() {
        let jazz = fold.test.iter().filter(|row| labels[**row] == "jazz");
        let mut tested: Vec<usize> = fold.test.iter().map(|row| groups[*row]).collect();
        tested.dedup();
        println!(
            "fold {number}: {} training rows, {} test rows ({} jazz) of recordings {tested:?}",
            fold.train.len(),
            fold.test.len(),
            jazz.count()
        );
    }
    Ok(())
}
