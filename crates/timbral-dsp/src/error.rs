/// What can be wrong with a parameter, a signal or an array.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A parameter is outside the range where the algorithm is defined.
    #[error("{name} = {value}: {reason}")]
    InvalidParameter {
        /// The parameter's name as in the code.
        name: &'static str,
        /// Its value, printed.
        value: String,
        /// The rule it breaks.
        reason: &'static str,
    },
    /// An array has not the shape the plan was made for.
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
        /// The least length.
        needed: usize,
        /// The length that was passed.
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

impl Error {
    pub(crate) fn parameter(
        name: &'static str,
        value: impl std::fmt::Display,
        reason: &'static str,
    ) -> Self {
        Self::InvalidParameter {
            name,
            value: value.to_string(),
            reason,
        }
    }
}

/// `Ok` when `holds`, else the parameter error: one line a rule in the `validate` functions.
pub(crate) fn check(
    holds: bool,
    name: &'static str,
    value: impl std::fmt::Display,
    reason: &'static str,
) -> Result<()> {
    if holds {
        Ok(())
    } else {
        Err(Error::parameter(name, value, reason))
    }
}

/// The first NaN or infinity of `values` as an error.
pub(crate) fn check_finite(name: &'static str, values: &[f32]) -> Result<()> {
    // A sum of `v * 0` is zero if and only if all are finite; it vectorises, the search need not.
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
            index,
            value: values[index],
        }),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn non_finite_values_are_found_wherever_they_stand() {
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
