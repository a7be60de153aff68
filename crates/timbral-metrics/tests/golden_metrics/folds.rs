use timbral_metrics::{
    Fold, FoldParams, Result, TrainTestParams, group_k_fold, k_fold, leave_one_group_out,
    predefined_split, stratified_group_k_fold, stratified_k_fold, stratified_train_test_split,
    train_test_split,
};

use crate::cases::Case;
use crate::golden::{Golden, N_CASES};

/// The test fold of each row, 255 for none.
fn folds(n: usize, splits: Result<Vec<Fold>>) -> Option<Vec<u8>> {
    let mut fold_of_row = vec![255; n];
    for (fold, split) in splits.ok()?.iter().enumerate() {
        split.test.iter().for_each(|i| fold_of_row[*i] = fold as u8);
    }
    Some(fold_of_row)
}

#[test]
fn folds_without_a_shuffle() {
    let mut golden = Golden::load();
    for number in 0..N_CASES {
        let c = Case::new(number);
        let params = FoldParams {
            n_splits: c.n_splits,
            shuffle: None,
            ..FoldParams::default()
        };
        let stratified_group = stratified_group_k_fold(&c.y_true, &c.groups, &params);
        for (name, splits) in [
            ("k_fold", k_fold(c.n, &params)),
            ("stratified_k_fold", stratified_k_fold(&c.y_true, &params)),
            ("group_k_fold", group_k_fold(&c.groups, &params)),
            ("stratified_group_k_fold", stratified_group),
            ("leave_one_group_out", leave_one_group_out(&c.groups)),
            ("predefined_split", predefined_split(&c.test_fold)),
        ] {
            golden.check_hash(name, number, folds(c.n, splits).as_deref());
        }
    }
    golden.finish(&[
        "k_fold",
        "stratified_k",
        "stratified_g",
        "group",
        "leave",
        "predefined",
    ]);
}

#[test]
fn sizes_of_train_and_test() {
    let mut golden = Golden::load();
    for number in 0..N_CASES {
        let c = Case::new(number);
        let params = TrainTestParams {
            test_size: [0.1, 0.25, 0.33, 0.5][number % 4],
            seed: 0,
            ..TrainTestParams::default()
        };
        let size = |split: Result<Fold>| split.map_or(f64::NAN, |s| s.test.len() as f64);
        let plain = size(train_test_split(c.n, &params));
        golden.check("train_test_split", number, plain);
        let stratified = size(stratified_train_test_split(&c.y_true, &params));
        golden.check("stratified_train_test_split", number, stratified);
    }
    golden.finish(&["train_test_split", "stratified_train"]);
}
