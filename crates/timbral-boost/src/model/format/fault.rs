use std::str::FromStr;

use crate::error::{Error, Result};

/// The error of a damaged file.
pub(super) fn bad(place: impl Into<String>, reason: impl Into<String>) -> Error {
    Error::Format {
        path: None,
        place: place.into(),
        reason: reason.into(),
    }
}

/// The error of a part of XGBoost that is not supported.
pub(super) fn unsupported(what: impl Into<String>) -> Error {
    Error::Unsupported {
        path: None,
        what: what.into(),
    }
}

/// A parameter, which model files hold as a number in a string.
pub(super) fn number<T: FromStr>(place: &str, text: &str) -> Result<T> {
    text.parse().map_err(|_| {
        bad(
            place,
            format!("{text:?} is not a number of the expected type"),
        )
    })
}
