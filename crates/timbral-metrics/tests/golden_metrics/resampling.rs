use timbral_metrics::{
    Alternative, BootstrapMethod, BootstrapParams, PermutationParams, Result, bootstrap,
    bootstrap_by_group, mcnemar, permutation_test,
};

use crate::cases::{Case, Lcg};
use crate::golden::{Golden, N_CASES};

#[test]
fn bootstrap_intervals() {
    let mut golden = Golden::load();
    for number in 0..N_CASES {
        let c = Case::new(number);
        let params = |method| BootstrapParams {
            n_resamples: 49,
            confidence_level: [0.9, 0.95, 0.5][number % 3],
            method,
            seed: number as u64,
            ..BootstrapParams::default()
        };
        let (percentile, basic) = (
            params(BootstrapMethod::Percentile),
            params(BootstrapMethod::Basic),
        );
        let mean =
            |rows: &[usize]| Ok(rows.iter().map(|i| c.target[*i]).sum::<f64>() / rows.len() as f64);
        for (name, result) in [
            ("bootstrap_percentile", bootstrap(c.n, &percentile, mean)),
            ("bootstrap_basic", bootstrap(c.n, &basic, mean)),
            (
                "bootstrap_by_group",
                bootstrap_by_group(&c.groups, &percentile, mean),
            ),
        ] {
            let result = result.unwrap();
            assert_eq!(result.n_undefined, 0);
            golden.check(&format!("{name}_low"), number, result.low);
            golden.check(&format!("{name}_high"), number, result.high);
            golden.check(&format!("{name}_error"), number, result.standard_error);
        }
    }
    golden.finish(&["bootstrap"]);
}

fn mean_difference(a: &[f64], b: &[f64]) -> Result<f64> {
    Ok(a.iter().zip(b).map(|(a, b)| a - b).sum::<f64>() / a.len() as f64)
}

#[test]
fn permutation_tests() {
    let mut golden = Golden::load();
    for number in 0..N_CASES {
        let g = &mut Lcg::new(number + 5);
        let n = 2 + number % 6;
        let mut draw = || {
            (0..n)
                .map(|_| g.below(64) as f64 / 10.0)
                .collect::<Vec<_>>()
        };
        let (a, b) = (draw(), draw());
        for (name, alternative) in [
            ("permutation_test_two-sided", Alternative::TwoSided),
            ("permutation_test_less", Alternative::Less),
            ("permutation_test_greater", Alternative::Greater),
        ] {
            let params = PermutationParams {
                alternative,
                ..PermutationParams::default()
            };
            let result = permutation_test(&a, &b, &params, mean_difference).unwrap();
            assert!(result.exact);
            golden.check(name, number, result.p_value);
        }
        let c = Case::new(number);
        if c.n > 5 {
            let params = PermutationParams {
                n_resamples: 49,
                seed: number as u64,
                ..PermutationParams::default()
            };
            let result =
                permutation_test(&c.target, &c.estimate, &params, mean_difference).unwrap();
            assert!(!result.exact);
            golden.check("permutation_test_random", number, result.p_value);
        }
    }
    golden.finish(&["permutation_test"]);
}

#[test]
fn mcnemar_test() {
    let mut golden = Golden::load();
    for number in 0..N_CASES {
        let c = Case::new(number);
        let truth = vec![true; c.first.len()];
        let result = mcnemar(&truth, &c.first, &c.second).unwrap();
        golden.check("mcnemar", number, result.p_value);
    }
    golden.finish(&["mcnemar"]);
}
