//! Large arrays are stored as some cells, and the mean and largest magnitude of bands of rows.

use ndarray::{Array2, ArrayView2, s};
use num_complex::Complex;
use serde::Deserialize;

#[derive(Deserialize)]
pub(crate) struct Digest {
    pub(crate) shape: (usize, usize),
    cells: Vec<f64>,
    mean: Vec<f64>,
    largest: Vec<f64>,
}

#[derive(Deserialize)]
pub(crate) struct ComplexDigest {
    re: Digest,
    im: Digest,
}

/// The allowed error of a cell: `relative * |cell| + of_largest * largest + absolute`, with the
/// largest magnitude of the array. The rounding to nine digits in the file is added.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Tolerance {
    pub(crate) relative: f64,
    pub(crate) of_largest: f64,
    pub(crate) absolute: f64,
}

/// Half of the ninth digit.
const DIGITS: f64 = 5e-9;

impl Tolerance {
    fn of(&self, value: f64, largest: f64) -> f64 {
        (self.relative + DIGITS) * value.abs() + self.of_largest * largest + self.absolute
    }
}

/// The position of the cells in the file.
fn position(i: usize, size: usize) -> usize {
    i * ((size * 5 / 8) | 1) % size
}

impl Digest {
    pub(crate) fn largest(&self) -> f64 {
        self.largest.iter().copied().fold(0.0, f64::max)
    }

    pub(crate) fn assert(&self, got: ArrayView2<'_, f64>, tolerance: Tolerance, what: &str) {
        assert_eq!(got.dim(), self.shape, "{what}: shape");
        let largest = self.largest();
        let close = |got: f64, expected: f64, scale: f64, where_: String| {
            let allowed = tolerance.of(scale, largest);
            let off = (got - expected).abs();
            assert!(
                off <= allowed,
                "{what}, {where_}: {got}, librosa {expected}, off {off:e} > {allowed:e}"
            );
        };
        let columns = got.ncols().max(1);
        for (i, expected) in self.cells.iter().enumerate() {
            let at = position(i, got.len());
            let at = (at / columns, at % columns);
            close(got[at], *expected, *expected, format!("cell {at:?}"));
        }
        let n_bands = self.mean.len();
        for (i, (mean, peak)) in self.mean.iter().zip(&self.largest).enumerate() {
            let rows = i * got.nrows() / n_bands..(i + 1) * got.nrows() / n_bands;
            let band = got.slice(s![rows.clone(), ..]);
            let mut magnitudes = band.iter().map(|v| v.abs());
            // The allowed error of the mean is the average of those of the cells.
            let scale = magnitudes.clone().sum::<f64>() / band.len() as f64;
            close(
                band.sum() / band.len() as f64,
                *mean,
                scale,
                format!("mean of rows {rows:?}"),
            );
            let top = magnitudes.by_ref().fold(0.0, f64::max);
            close(top, *peak, *peak, format!("largest of rows {rows:?}"));
        }
    }

    pub(crate) fn assert_f32(&self, got: ArrayView2<'_, f32>, tolerance: Tolerance, what: &str) {
        self.assert(got.mapv(f64::from).view(), tolerance, what);
    }

    /// One value per frame.
    pub(crate) fn assert_series<T: Copy + Into<f64>>(
        &self,
        got: &[T],
        tolerance: Tolerance,
        what: &str,
    ) {
        let column = Array2::from_shape_fn((got.len(), 1), |(i, _)| got[i].into());
        self.assert(column.view(), tolerance, what);
    }
}

impl ComplexDigest {
    pub(crate) fn assert(
        &self,
        got: ArrayView2<'_, Complex<f32>>,
        tolerance: Tolerance,
        what: &str,
    ) {
        // A part that is zero has the rounding of the other one.
        let largest = self.re.largest().max(self.im.largest());
        let tolerance = Tolerance {
            of_largest: 0.0,
            absolute: tolerance.absolute + tolerance.of_largest * largest,
            ..tolerance
        };
        let (re, im) = (got.mapv(|v| f64::from(v.re)), got.mapv(|v| f64::from(v.im)));
        self.re.assert(re.view(), tolerance, &format!("{what} re"));
        self.im.assert(im.view(), tolerance, &format!("{what} im"));
    }
}
