//! Checks of arguments, which every function makes on entry.

use timbral_core::check;

use crate::error::{Error, Result};

/// The largest number of rows if their number is a parameter, so that a wrong number is an error and does not
/// exhaust the memory.
const MAX_SAMPLES: usize = u32::MAX as usize;

/// The number of rows is plausible.
pub(crate) fn n_samples(n_samples: usize) -> Result<()> {
    let few = n_samples <= MAX_SAMPLES;
    Ok(check(few, "n_samples", n_samples, "must be below 2^32")?)
}

/// Two arguments have the same length.
pub(crate) fn length(name: &'static str, expected: usize, got: usize) -> Result<()> {
    if expected == got {
        return Ok(());
    }
    Err(Error::Length {
        name,
        expected,
        got,
    })
}

/// The argument has entries.
pub(crate) fn not_empty(name: &'static str, n: usize) -> Result<()> {
    if n > 0 {
        return Ok(());
    }
    Err(Error::Empty { name })
}

/// Every class index is below `n_classes`.
pub(crate) fn classes(name: &'static str, y: &[usize], n_classes: usize) -> Result<()> {
    match y.iter().position(|c| *c >= n_classes) {
        None => Ok(()),
        Some(index) => Err(Error::ClassOutOfRange {
            name,
            index,
            class: y[index],
            n_classes,
        }),
    }
}

/// Every number satisfies `rule`.
pub(crate) fn values(
    name: &'static str,
    v: &[f64],
    rule: impl Fn(f64) -> bool,
    reason: &'static str,
) -> Result<()> {
    match v.iter().position(|x| !rule(*x)) {
        None => Ok(()),
        Some(index) => Err(Error::InvalidValue {
            name,
            index,
            value: v[index],
            reason,
        }),
    }
}

/// Every number is finite.
pub(crate) fn finite(name: &'static str, v: &[f64]) -> Result<()> {
    values(name, v, f64::is_finite, "must be finite")
}

/// Every number is a probability.
pub(crate) fn probabilities(name: &'static str, v: &[f64]) -> Result<()> {
    values(name, v, |p| (0.0..=1.0).contains(&p), "must be in 0..=1")
}

/// Weights, if there are any: one per row, finite, none negative, and not all zero.
pub(crate) fn weights(sample_weight: Option<&[f64]>, n: usize) -> Result<()> {
    let Some(w) = sample_weight else {
        return Ok(());
    };
    length("sample_weight", n, w.len())?;
    let reason = "must be finite and not negative";
    values("sample_weight", w, |x| x.is_finite() && x >= 0.0, reason)?;
    let some = w.iter().any(|x| *x > 0.0);
    Ok(check(
        some,
        "sample_weight",
        "all zero",
        "some weight must be above 0",
    )?)
}

/// The conditions of most metrics: at least one row, as many predictions, and valid weights.
pub(crate) fn rows(
    name: &'static str,
    n_true: usize,
    n_other: usize,
    sample_weight: Option<&[f64]>,
) -> Result<()> {
    not_empty("y_true", n_true)?;
    length(name, n_true, n_other)?;
    weights(sample_weight, n_true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_bad_entry_is_named() {
        let error = probabilities("y_prob", &[0.0, 1.0, f64::NAN]);
        assert!(
            matches!(error, Err(Error::InvalidValue { index: 2, .. })),
            "{error:?}"
        );
        let error = classes("y_true", &[0, 3, 9], 3);
        assert!(
            matches!(error, Err(Error::ClassOutOfRange { index: 1, .. })),
            "{error:?}"
        );
    }

    #[test]
    fn weights_are_checked() {
        assert_eq!(weights(None, 3), Ok(()));
        assert_eq!(weights(Some(&[0.0, 1.0]), 2), Ok(()));
        for bad in [
            &[1.0][..],
            &[0.0, 0.0],
            &[-1.0, 2.0],
            &[f64::NAN, 1.0],
            &[f64::INFINITY, 1.0],
        ] {
            assert!(weights(Some(bad), 2).is_err(), "{bad:?}");
        }
    }
}
