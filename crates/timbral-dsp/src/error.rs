pub use timbral_core::InvalidParameter;
pub(crate) use timbral_core::check;

/// What can be wrong with a parameter, a signal or an array.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A parameter is outside the range where the algorithm is defined.
    #[error(transparent)]
    InvalidParameter(#[from] InvalidParameter),
    /// An array does not have the shape that the plan was made for.
    #[error("{name}: expected {expected}, got {got}")]
    Shape {
        /// Which argument and axis.
        name: &'static str,
        /// The length the plan needs.
        expected: usize,
        /// The length that was passed.
        got: usize,
    },
    /// The signal has too few samples or frames.
    #[error("{name} is too short: {needed} needed, got {got}")]
    TooShort {
        /// Which argument.
        name: &'static str,
        /// The minimum length.
        needed: usize,
        /// The length that was passed.
        got: usize,
    },
    /// The signal is too long for the limit of working memory.
    #[error("{name} is too long: {limit} at most, got {got}")]
    TooLong {
        /// Which argument.
        name: &'static str,
        /// The maximum length.
        limit: usize,
        /// The length that was passed, or the part of it that was read before the error.
        got: usize,
    },
    /// A sample is NaN or infinite.
    #[error("{name}[{index}] = {value} is not a finite number")]
    NotFinite {
        /// Which argument.
        name: &'static str,
        /// Index of the first such value.
        index: usize,
        /// The value.
        value: f32,
    },
}

/// The crate's result type.
pub type Result<T> = std::result::Result<T, Error>;

/// The rule for sample rates.
pub(crate) fn check_sample_rate(sample_rate: u32) -> Result<()> {
    let rule = "must be at least 1";
    check(sample_rate >= 1, "sample_rate", sample_rate, rule)?;
    Ok(())
}

/// `Ok` if an argument has the expected length.
pub(crate) fn check_length(name: &'static str, expected: usize, got: usize) -> Result<()> {
    if expected == got {
        Ok(())
    } else {
        Err(Error::Shape {
            name,
            expected,
            got,
        })
    }
}

/// The first NaN or infinity of `values`, as an error.
pub(crate) fn check_finite(name: &'static str, values: &[f32]) -> Result<()> {
    check_finite_from(name, 0, values)
}

/// Columns of a signal that are all finite.
pub(crate) fn check_columns(values: Vec<f64>) -> Result<Vec<f64>> {
    match values.iter().position(|v| !v.is_finite()) {
        Some(index) => Err(Error::NotFinite {
            name: "features",
            index,
            value: values[index] as f32,
        }),
        None => Ok(values),
    }
}

/// As [`check_finite`], of values of which the first has index `first` in the whole.
pub(crate) fn check_finite_from(name: &'static str, first: usize, values: &[f32]) -> Result<()> {
    // A sum of `v * 0` is zero if and only if all are finite. It vectorises, unlike the search.
    let mut zeros = [0.0f32; 16];
    let chunks = values.chunks_exact(16);
    let rest = chunks.remainder();
    for chunk in chunks {
        for (z, v) in zeros.iter_mut().zip(chunk) {
            *z += v * 0.0;
        }
    }
    let clean = zeros.iter().all(|z| *z == 0.0) && rest.iter().all(|v| v.is_finite());
    if clean {
        return Ok(());
    }
    match values.iter().position(|v| !v.is_finite()) {
        Some(index) => Err(Error::NotFinite {
            name,
            index: first + index,
            value: values[index],
        }),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn non_finite_values_are_found_at_any_position() {
        for n in [1usize, 15, 16, 17, 40] {
            let mut v = vec![f32::MAX; n];
            assert_eq!(check_finite("y", &v), Ok(()));
            for bad in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
                v[n - 1] = bad;
                let got = check_finite("y", &v);
                assert!(
                    matches!(got, Err(Error::NotFinite { index, .. }) if index == n - 1),
                    "{n} {bad} {got:?}"
                );
            }
        }
    }
}
