//! The parameters through serde, and training through the traits of other crates.

#![allow(clippy::unwrap_used)]

#[cfg(feature = "linfa")]
mod linfa;
mod parameters;
#[cfg(feature = "smartcore")]
mod smartcore;

/// The cells of a small table; the classes 0, 1, 2 are ranges of the first column.
#[cfg(any(feature = "linfa", feature = "smartcore"))]
fn cell(row: usize, column: usize) -> f32 {
    (row * [37, 11, 5][column] % 200) as f32
}

#[cfg(any(feature = "linfa", feature = "smartcore"))]
fn class(row: usize) -> usize {
    let x = cell(row, 0);
    usize::from(x >= 50.0) + usize::from(x >= 120.0)
}

#[cfg(any(feature = "linfa", feature = "smartcore"))]
fn softprob() -> timbral_boost::BoostParams {
    timbral_boost::BoostParams {
        objective: timbral_boost::Objective::Softprob { n_classes: 3 },
        n_rounds: 4,
        ..Default::default()
    }
}
