//! What a tree-structured Parzen estimator gains over random search, in tuning boosted trees.
//!
//! `cargo run --release --example sampler_study -- features_3_sec.csv --space hyperopt --trials 80 --steps 10`:
//! for ten seeds both samplers try 80 points, the first 10 the same, scored by 3-fold cross-validation over the
//! recordings. Best scores on GTZAN (24 CPU-minutes): tpe 0.6893, random 0.6861, p 0.008 (permutation of the
//! pairs); on a third of the recordings (`--every 3 --seed 10`) 0.5588, 0.5571, p 0.45: chance hides the
//! difference.

use std::process::ExitCode;

use timbral_cli::commands::SamplerStudy;

fn main() -> ExitCode {
    timbral_cli::run_command::<SamplerStudy>()
}
