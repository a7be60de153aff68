//! Properties of folds, splits and metrics for arbitrary arguments.

use std::collections::BTreeSet;

use proptest::prelude::*;
use timbral_metrics::*;

fn params(n_splits: usize, shuffle: Option<u64>) -> FoldParams {
    FoldParams {
        n_splits,
        shuffle,
        ..FoldParams::default()
    }
}

/// Each row is tested once and trained on by all other folds.
fn is_partition(folds: &[Fold], n: usize) -> std::result::Result<(), TestCaseError> {
    let mut tested = vec![0; n];
    for fold in folds {
        let mut all: Vec<usize> = fold.train.iter().chain(&fold.test).copied().collect();
        all.sort_unstable();
        prop_assert_eq!(all, (0..n).collect::<Vec<_>>());
        fold.test.iter().for_each(|i| tested[*i] += 1);
    }
    prop_assert_eq!(tested, vec![1; n]);
    Ok(())
}

fn no_group_in_both_parts(folds: &[Fold], groups: &[u8]) -> std::result::Result<(), TestCaseError> {
    for fold in folds {
        let of = |rows: &[usize]| rows.iter().map(|i| groups[*i]).collect::<BTreeSet<_>>();
        let (train, test) = (of(&fold.train), of(&fold.test));
        prop_assert!(train.is_disjoint(&test), "{:?} {:?}", train, test);
    }
    Ok(())
}

/// The count of each class among `rows` differs from the exact proportion by less than one row.
fn keeps_proportions(
    y: &[u8],
    rows: &[usize],
    fraction: f64,
) -> std::result::Result<(), TestCaseError> {
    for class in y.iter().collect::<BTreeSet<_>>() {
        let all = y.iter().filter(|c| *c == class).count() as f64;
        let some = rows.iter().filter(|i| y[**i] == *class).count() as f64;
        prop_assert!((some - all * fraction).abs() < 1.0, "{} of {}", some, all);
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn plain_folds(n in 0usize..80, n_splits in 0usize..12, shuffle: Option<u64>) {
        if let Ok(folds) = k_fold(n, &params(n_splits, shuffle)) {
            is_partition(&folds, n)?;
            prop_assert!(folds.iter().all(|f| f.test.len().abs_diff(n / n_splits) <= 1));
        } else {
            prop_assert!(n_splits < 2 || n_splits > n);
        }
    }

    #[test]
    fn stratified_folds(
        y in prop::collection::vec(0u8..5, 0..80),
        n_splits in 0usize..12,
        shuffle: Option<u64>,
    ) {
        let most = (0..5).map(|class| y.iter().filter(|c| **c == class).count()).max();
        let folds = stratified_k_fold(&y, &params(n_splits, shuffle));
        prop_assert_eq!(folds.is_ok(), n_splits >= 2 && Some(n_splits) <= most);
        if let Ok(folds) = folds {
            is_partition(&folds, y.len())?;
            prop_assert!(folds.iter().all(|f| f.test.len().abs_diff(y.len() / n_splits) <= 1));
            for fold in &folds {
                keeps_proportions(&y, &fold.test, 1.0 / n_splits as f64)?;
            }
        }
    }

    #[test]
    fn group_folds(
        rows in prop::collection::vec((0u8..5, 0u8..15), 0..80),
        n_splits in 0usize..8,
        shuffle: Option<u64>,
    ) {
        let (y, groups): (Vec<u8>, Vec<u8>) = rows.into_iter().unzip();
        let params = params(n_splits, shuffle);
        let n_groups = groups.iter().collect::<BTreeSet<_>>().len();
        let by_group = group_k_fold(&groups, &params);
        prop_assert_eq!(by_group.is_ok(), (2..=n_groups).contains(&n_splits));
        for folds in [
            by_group,
            stratified_group_k_fold(&y, &groups, &params),
            leave_one_group_out(&groups),
        ]
        .into_iter()
        .flatten()
        {
            is_partition(&folds, groups.len())?;
            no_group_in_both_parts(&folds, &groups)?;
        }
    }

    #[test]
    fn train_and_test(
        y in prop::collection::vec(0u8..5, 0..80),
        test_size in 0.0f64..1.0,
        seed: u64,
    ) {
        let params = TrainTestParams { test_size, seed, ..TrainTestParams::default() };
        for split in [train_test_split(y.len(), &params), stratified_train_test_split(&y, &params)] {
            let Ok(Fold { train, test }) = split.clone() else { continue };
            let (n_train, n_test) = (train.len(), test.len());
            let mut all = [train, test].concat();
            all.sort_unstable();
            prop_assert_eq!(all, (0..y.len()).collect::<Vec<_>>());
            prop_assert!(n_train > 0);
            prop_assert_eq!(n_test, (test_size * y.len() as f64).ceil() as usize);
        }
        if let Ok(split) = stratified_train_test_split(&y, &params) {
            keeps_proportions(&y, &split.train, split.train.len() as f64 / y.len() as f64)?;
            keeps_proportions(&y, &split.test, split.test.len() as f64 / y.len() as f64)?;
        }
    }

    /// Arbitrary arguments give a number or an error, never a panic.
    #[test]
    fn nothing_panics(
        pairs in prop::collection::vec((0usize..6, 0usize..6), 0..12),
        v in prop_oneof![
            prop::collection::vec(prop::num::f64::ANY, 80),
            prop::collection::vec(-1e300f64..1e300, 80),
            prop::collection::vec((0u8..5).prop_map(|i| f64::from(i) / 4.0), 80),
        ],
        n_weights in prop::option::weighted(0.5, 0usize..12),
        lost in 0usize..3,
        n_classes in 0usize..7,
        exponent in 0u32..64,
    ) {
        let (y, mut z): (Vec<usize>, Vec<usize>) = pairs.into_iter().unzip();
        // In half of the cases all lengths agree.
        let lost = lost.saturating_sub(1);
        z.truncate(y.len() - lost.min(y.len()));
        let w = n_weights.map(|n| &v[..if lost == 0 { y.len() } else { n }]);
        let column = &v[..z.len()];
        let truth: Vec<bool> = y.iter().map(|c| *c > 2).collect();
        let huge = 1usize << exponent;
        for classes in [n_classes, huge, usize::MAX] {
            if let Ok(matrix) = ConfusionMatrix::new(&y, &z, classes, w) {
                let _ = matrix.cohen_kappa_score(KappaWeights::Linear);
                let _ = matrix.matthews_corrcoef();
                let _ = matrix.balanced_accuracy_score(true);
                if matrix.n_classes() < 100 {
                    let report = ClassificationReport::new(&matrix, &ReportParams::default());
                    let _ = (report.unwrap().to_string(), matrix.to_string());
                }
            }
            let cells = z.len().saturating_mul(classes).min(v.len());
            if let Ok(scores) = Scores::new(&v[..cells], classes) {
                let _ = log_loss(&y, &scores, w);
                let _ = brier_score_loss(&y, &scores, true, w);
                let _ = top_k_accuracy_score(&y, &scores, classes, w);
                let _ = roc_auc_score_ovr(&y, &scores, Average::Micro, w);
                let _ = roc_auc_score_ovr(&y, &scores, Average::Weighted, w);
                let _ = roc_auc_score_ovo(&y, &scores, Average::Weighted);
                let _ = expected_calibration_error(&y, &scores, &BinParams::default());
            }
            for shuffle in [None, Some(1)] {
                let params = params(classes, shuffle);
                let _ = (k_fold(y.len(), &params), k_fold(usize::MAX, &params));
                let _ = (stratified_k_fold(&y, &params), group_k_fold(&y, &params));
                let _ = stratified_group_k_fold(&y, &z, &params);
            }
            for strategy in [BinStrategy::Uniform, BinStrategy::Quantile] {
                let n_bins = if classes > 1 << 12 { usize::MAX } else { classes };
                let _ = calibration_curve(&truth, column, &BinParams { n_bins, strategy, ..BinParams::default() });
            }
        }
        let _ = train_test_split(usize::MAX, &TrainTestParams::default());
        let _ = accuracy_score(&y, &z, w);
        let _ = roc_curve(&truth, column, w, true);
        let _ = precision_recall_curve(&truth, column, w, true);
        let _ = average_precision_score(&truth, column, w);
        let _ = (auc(column, column), auc(column, &v));
        let other = &v[v.len() - z.len()..];
        let _ = (max_error(column, other), r2_score(column, other, w));
        let _ = explained_variance_score(column, other, w);
        let _ = mean_absolute_percentage_error(column, other, w);
        let _ = median_absolute_error(column, other, w);
        let _ = mcnemar(&y, &z, &y);
        let few = BootstrapParams { n_resamples: 5, ..BootstrapParams::default() };
        let _ = bootstrap_by_group(&z, &few, |rows| Ok(column[rows[0]]));
        let few = PermutationParams { n_resamples: 5, ..PermutationParams::default() };
        let _ = permutation_test(column, other, &few, max_error);
    }
}

#[test]
fn a_seed_gives_one_split() {
    let y: Vec<usize> = (0..60).map(|i| i * i % 7 % 3).collect();
    let split = |seed| {
        let params = TrainTestParams {
            test_size: 0.2,
            seed,
            ..TrainTestParams::default()
        };
        (
            train_test_split(60, &params),
            stratified_train_test_split(&y, &params),
        )
    };
    assert_eq!(split(5), split(5));
    assert_ne!(split(5), split(6));
    // The same on every machine: an independent implementation of the generator draws these rows.
    let first = train_test_split(
        8,
        &TrainTestParams {
            test_size: 0.5,
            seed: 1,
            ..TrainTestParams::default()
        },
    )
    .unwrap();
    assert_eq!(first.test, [0, 3, 7, 1]);
}
