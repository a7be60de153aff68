use ndarray::{Array2, ArrayView2};

use crate::error::{Error, Result};

/// Largest magnitude that is drawn: the difference of two larger numbers may overflow.
const LARGEST: f64 = 1e300;

/// The numbers as f64, if there are any and all can be drawn.
pub(crate) fn finite<T: Copy + Into<f64>>(name: &'static str, values: &[T]) -> Result<Vec<f64>> {
    if values.is_empty() {
        return Err(Error::Empty { name });
    }
    collect(name, values.iter().copied())
}

/// As [`finite`], for a matrix.
pub(crate) fn matrix<T: Copy + Into<f64>>(
    name: &'static str,
    values: ArrayView2<'_, T>,
) -> Result<Array2<f64>> {
    if values.is_empty() {
        return Err(Error::Empty { name });
    }
    let data = collect(name, values.iter().copied())?;
    Array2::from_shape_vec(values.dim(), data).map_err(|e| Error::Draw {
        reason: e.to_string(),
    })
}

fn collect<T: Into<f64>>(name: &'static str, values: impl Iterator<Item = T>) -> Result<Vec<f64>> {
    let values = values.enumerate().map(|(index, value)| {
        let value = value.into();
        if value.abs() <= LARGEST {
            Ok(value)
        } else {
            Err(Error::NotFinite { name, index, value })
        }
    });
    values.collect()
}

pub(crate) fn shape(name: &'static str, expected: usize, got: usize) -> Result<()> {
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

pub(crate) fn classes(name: &'static str, labels: &[usize], n_classes: usize) -> Result<()> {
    match labels.iter().position(|class| *class >= n_classes) {
        None => Ok(()),
        Some(index) => Err(Error::ClassOutOfRange {
            name,
            index,
            class: labels[index],
            n_classes,
        }),
    }
}

/// Smallest and largest value; (0, 0) if there are none.
pub(crate) fn range(values: impl IntoIterator<Item = f64>) -> (f64, f64) {
    let ends = values.into_iter().fold(None, |ends, v| match ends {
        None => Some((v, v)),
        Some((lo, hi)) => Some((v.min(lo), v.max(hi))),
    });
    ends.unwrap_or((0.0, 0.0))
}

/// The range with a margin of 4 % at both ends; for constant data a range around the value.
pub(crate) fn padded((lo, hi): (f64, f64)) -> (f64, f64) {
    let span = hi - lo;
    let margin = if span > lo.abs().max(hi.abs()) * 1e-9 {
        span * 0.04
    } else {
        (lo.abs() * 0.1).max(1e-3)
    };
    (lo - margin, hi + margin)
}

pub(crate) fn strings<S: AsRef<str>>(names: &[S]) -> Vec<String> {
    names.iter().map(|name| name.as_ref().to_owned()).collect()
}
