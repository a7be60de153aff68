use std::fmt::Display;

/// A parameter that is out of its range.
///
/// ```
/// let error = timbral_core::check(false, "n_fft", 0, "must be at least 1").unwrap_err();
/// assert_eq!(error.to_string(), "n_fft = 0: must be at least 1");
/// ```
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{name} = {value}: {reason}")]
pub struct InvalidParameter {
    /// The name of the parameter, as in the code.
    pub name: &'static str,
    /// Its value.
    pub value: String,
    /// The rule that it breaks, such as `must be at least 1`.
    pub reason: &'static str,
}

impl InvalidParameter {
    /// The error of the parameter `name`.
    pub fn new(name: &'static str, value: impl Display, reason: &'static str) -> Self {
        let value = value.to_string();
        Self {
            name,
            value,
            reason,
        }
    }
}

/// Returns `Ok` if `holds`, else the error with the name of the parameter, its value and the rule that it
/// breaks.
///
/// # Errors
///
/// [`InvalidParameter`] if `holds` is false.
pub fn check(
    holds: bool,
    name: &'static str,
    value: impl Display,
    reason: &'static str,
) -> Result<(), InvalidParameter> {
    match holds {
        true => Ok(()),
        false => Err(InvalidParameter::new(name, value, reason)),
    }
}

/// The first of `all` that prints as `text`. If there is none, the error with the name of the parameter, the
/// text and the rule.
///
/// ```
/// let parse = |text| timbral_core::parse_name("n_bits", text, [16, 24], "must be 16 or 24");
/// assert_eq!(parse("24"), Ok(24));
/// assert_eq!(parse("8").unwrap_err().to_string(), "n_bits = 8: must be 16 or 24");
/// ```
///
/// # Errors
///
/// [`InvalidParameter`] if none of `all` prints as `text`.
pub fn parse_name<T: Display>(
    name: &'static str,
    text: &str,
    all: impl IntoIterator<Item = T>,
    reason: &'static str,
) -> Result<T, InvalidParameter> {
    let found = all.into_iter().find(|one| one.to_string() == text);
    found.ok_or_else(|| InvalidParameter::new(name, text, reason))
}
