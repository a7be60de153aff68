use ndarray::{Array2, ArrayView2};

use crate::error::{Error, Result, check, check_finite};
use crate::frames::PadMode;

/// The treatment of the ends in [`delta`], where its window extends beyond the data.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum DeltaMode {
    /// Derivative of the polynomial fitted to the first or last `width` frames; the default.
    #[default]
    Interp,
    /// The end frame repeated: `a a | a b c | c c`.
    Nearest,
    /// Mirrored about the end frame: `c b | a b c | b a`.
    Mirror,
    /// Zeros.
    Constant,
    /// Repeated from the other end: `b c | a b c | a b`.
    Wrap,
}

impl DeltaMode {
    /// The frame at `position` of the continued row of `n > 0` frames; `None` for a zero.
    fn source(self, position: isize, n: usize) -> Option<usize> {
        match self {
            Self::Constant => PadMode::Zero.source(position, n),
            Self::Interp | Self::Nearest => PadMode::Edge.source(position, n),
            Self::Mirror => PadMode::Reflect.source(position, n),
            Self::Wrap => Some(position.rem_euclid(n as isize) as usize),
        }
    }
}

/// Parameters of [`delta`], named as in librosa.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct DeltaParams {
    /// Frames in the window, an odd number in `3..=4095`; default 9.
    pub width: usize,
    /// Order of the derivative, `1..width`; default 1. 2 gives delta-delta features.
    pub order: usize,
    /// The treatment of the ends; default [`DeltaMode::Interp`].
    pub mode: DeltaMode,
    #[doc(hidden)]
    pub _non_exhaustive: (),
}

impl Default for DeltaParams {
    fn default() -> Self {
        Self {
            width: 9,
            order: 1,
            mode: DeltaMode::Interp,
            _non_exhaustive: (),
        }
    }
}

impl DeltaParams {
    /// Checks the ranges of all parameters.
    ///
    /// # Errors
    ///
    /// `width` is not an odd number in `3..=4095`, or `order` is outside `1..width`.
    pub fn validate(&self) -> Result<()> {
        let (width, order) = (self.width, self.order);
        let holds = width % 2 == 1 && (3..=4095).contains(&width);
        check(holds, "width", width, "must be an odd number in 3..=4095")?;
        let holds = (1..width).contains(&order);
        check(
            holds,
            "order",
            order,
            "must be at least 1 and less than width",
        )?;
        Ok(())
    }
}

/// The derivative of each row by a Savitzky-Golay filter: the derivative of the polynomial of degree
/// `order` that is fitted to `width` frames by least squares.
///
/// With `h = width / 2` and `g` the discrete orthogonal (Gram) polynomial of degree `order` on
/// `-h..=h` with leading coefficient 1:
///
/// ```text
/// out[i, t] = order! sum_m g(m) data[i, t + m] / sum_m g(m)^2,   m in -h..=h
/// ```
///
/// - `data`: shape `(n_rows, n_frames)`, frames along the last axis.
/// - result: the same shape, in units of `data` per frame to the power `order`.
///
/// The derivative of order `order` of such a polynomial is constant, so [`DeltaMode::Interp`] repeats the first
/// and the last value whose window lies inside the row. The result is computed in f64 and rounded once. Equals
/// `librosa.feature.delta`, except that librosa fits the ends of `interp` in f32.
///
/// ```
/// use ndarray::array;
/// use timbral_dsp::{DeltaParams, delta};
///
/// let ramp = array![[0.0, 2.0, 4.0, 6.0, 8.0]];
/// let params = DeltaParams { width: 3, ..DeltaParams::default() };
/// assert_eq!(delta(ramp.view(), &params)?, array![[2.0, 2.0, 2.0, 2.0, 2.0]]);
/// # Ok::<(), timbral_dsp::Error>(())
/// ```
///
/// # Errors
///
/// - those of [`DeltaParams::validate`];
/// - `order` is so high that the filter exceeds the range of f64;
/// - there are fewer than `width` frames in mode `Interp`;
/// - a value of `data` is not finite.
pub fn delta(data: ArrayView2<'_, f32>, params: &DeltaParams) -> Result<Array2<f32>> {
    params.validate()?;
    let kernel = kernel(params.width, params.order);
    let finite = kernel.iter().all(|k| k.is_finite());
    check(finite, "order", params.order, "is too high for f64")?;

    let (n_rows, n_frames) = data.dim();
    if params.mode == DeltaMode::Interp && n_frames < params.width {
        return Err(Error::TooShort {
            name: "data",
            needed: params.width,
            got: n_frames,
        });
    }
    let data = data.as_standard_layout();
    let values = data.as_slice().unwrap_or_default();
    check_finite("data", values)?;

    let mut out = Array2::zeros((n_rows, n_frames));
    if values.is_empty() {
        return Ok(out);
    }
    let half = params.width / 2;
    let sources: Vec<Option<usize>> = (0..n_frames + 2 * half)
        .map(|i| params.mode.source(i as isize - half as isize, n_frames))
        .collect();
    let mut padded = vec![0.0; sources.len()];
    for (row, mut out) in values.chunks_exact(n_frames).zip(out.outer_iter_mut()) {
        for (to, source) in padded.iter_mut().zip(&sources) {
            *to = source.map_or(0.0, |at| f64::from(row[at]));
        }
        let derivatives = filter(&padded, &kernel, params.order, n_frames);
        for (t, to) in out.iter_mut().enumerate() {
            let at = match params.mode {
                DeltaMode::Interp => t.clamp(half, n_frames - 1 - half),
                _ => t,
            };
            *to = derivatives[at] as f32;
        }
    }
    Ok(out)
}

/// The kernel is symmetric for even and antisymmetric for odd `order`. Frames at the same distance
/// are paired first, so that an odd derivative of a constant is exactly zero.
fn filter(padded: &[f64], kernel: &[f64], order: usize, n: usize) -> Vec<f64> {
    let half = kernel.len() / 2;
    let sign = if order.is_multiple_of(2) { 1.0 } else { -1.0 };
    let mut out: Vec<f64> = padded[half..half + n]
        .iter()
        .map(|x| kernel[half] * x)
        .collect();
    for (i, weight) in kernel[..half].iter().enumerate() {
        let early = &padded[i..i + n];
        let late = &padded[kernel.len() - 1 - i..];
        for ((out, early), late) in out.iter_mut().zip(early).zip(late) {
            *out += weight * (early + sign * late);
        }
    }
    out
}

/// `order! g(m) / sum g^2`, with the Gram polynomials from their three-term recurrence
/// `g[k+1](m) = m g[k](m) - (|g[k]|^2 / |g[k-1]|^2) g[k-1](m)`.
fn kernel(width: usize, order: usize) -> Vec<f64> {
    let half = (width / 2) as f64;
    let points: Vec<f64> = (0..width).map(|i| i as f64 - half).collect();
    let energy = |g: &[f64]| g.iter().map(|v| v * v).sum::<f64>();
    let mut previous = vec![0.0; width];
    let mut g = vec![1.0; width];
    let mut factorial = 1.0;
    for k in 0..order {
        let beta = if k == 0 {
            0.0
        } else {
            energy(&g) / energy(&previous)
        };
        let next = points
            .iter()
            .zip(&g)
            .zip(&previous)
            .map(|((m, g), p)| m * g - beta * p);
        previous = next.collect();
        std::mem::swap(&mut previous, &mut g);
        factorial *= (k + 1) as f64;
    }
    let scale = factorial / energy(&g);
    g.iter().map(|g| g * scale).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::{Array2, ShapeBuilder, s};
    use proptest::prelude::*;

    const MODES: [DeltaMode; 5] = [
        DeltaMode::Interp,
        DeltaMode::Nearest,
        DeltaMode::Mirror,
        DeltaMode::Constant,
        DeltaMode::Wrap,
    ];

    #[test]
    fn kernels_equal_the_published_tables() {
        // Savitzky & Golay 1964: first derivative, linear; second derivative, quadratic.
        let close = |got: Vec<f64>, expected: &[f64]| {
            assert_eq!(got.len(), expected.len());
            for (got, expected) in got.iter().zip(expected) {
                assert!((got - expected).abs() < 1e-15, "{got} {expected}");
            }
        };
        close(kernel(5, 1), &[-0.2, -0.1, 0.0, 0.1, 0.2]);
        close(kernel(5, 2), &[2.0, -1.0, -2.0, -1.0, 2.0].map(|v| v / 7.0));
        close(
            kernel(7, 2),
            &[5.0, 0.0, -3.0, -4.0, -3.0, 0.0, 5.0].map(|v| v / 42.0),
        );
    }

    #[test]
    fn derivatives_of_powers_are_exact() {
        let mut factorial = 1.0;
        for order in 1..=4 {
            factorial *= order as f64;
            let power = Array2::from_shape_fn((2, 15), |(_, t)| (t as f32 - 7.0).powi(order));
            let params = DeltaParams {
                order: order as usize,
                ..Default::default()
            };
            for got in &delta(power.view(), &params).unwrap() {
                // Values up to 7^4 are exact in f32; the rest is f64 and one rounding.
                assert!((f64::from(*got) - factorial).abs() < 1e-5, "{order}: {got}");
            }
        }
    }

    #[test]
    fn short_rows_are_extended_repeatedly() {
        for (mode, expected) in [
            // Sums of m x[t + m] / 60 over m in -4..=4, by hand for the row (1, 3).
            (DeltaMode::Nearest, [20.0, 20.0].map(|v| v / 60.0)),
            (DeltaMode::Mirror, [0.0, 0.0]),
            (DeltaMode::Constant, [3.0, -1.0].map(|v| v / 60.0)),
            (DeltaMode::Wrap, [0.0, 0.0]),
        ] {
            let params = DeltaParams {
                mode,
                ..Default::default()
            };
            let row = Array2::from_shape_vec((1, 2), vec![1.0, 3.0]).unwrap();
            let got = delta(row.view(), &params).unwrap();
            for (got, expected) in got.iter().zip(expected) {
                assert!(
                    (f64::from(*got) - expected).abs() < 1e-7,
                    "{mode:?}: {got} {expected}"
                );
            }
            let one = delta(row.slice(s![.., ..1]), &params).unwrap();
            assert_eq!(one[[0, 0]], 0.0, "{mode:?}");
            assert_eq!(
                delta(row.slice(s![.., ..0]), &params).unwrap().dim(),
                (1, 0)
            );
        }
    }

    #[test]
    fn memory_order_does_not_matter() {
        let c = Array2::from_shape_fn((4, 20), |(i, t)| ((i * 37 + t * t) % 11) as f32);
        let mut fortran = Array2::zeros((4, 20).f());
        fortran.assign(&c);
        for mode in MODES {
            let params = DeltaParams {
                mode,
                ..Default::default()
            };
            assert_eq!(delta(c.view(), &params), delta(fortran.view(), &params));
        }
    }

    #[test]
    fn bad_parameters_and_data_are_errors() {
        let data = Array2::zeros((2, 20));
        let default = DeltaParams::default();
        for params in [
            DeltaParams {
                width: 0,
                ..default
            },
            DeltaParams {
                width: 1,
                ..default
            },
            DeltaParams {
                width: 8,
                ..default
            },
            DeltaParams {
                width: 21,
                ..default
            },
            DeltaParams {
                width: usize::MAX,
                ..default
            },
            DeltaParams {
                order: 0,
                ..default
            },
            DeltaParams {
                order: 9,
                ..default
            },
            DeltaParams {
                width: 4095,
                order: 4000,
                mode: DeltaMode::Nearest,
                ..DeltaParams::default()
            },
        ] {
            assert!(delta(data.view(), &params).is_err(), "{params:?}");
        }
        for mode in MODES {
            let mut data = data.clone();
            data[[1, 3]] = f32::NAN;
            let got = delta(data.view(), &DeltaParams { mode, ..default });
            assert!(
                matches!(got, Err(Error::NotFinite { index: 23, .. })),
                "{got:?}"
            );
        }
    }

    proptest! {
        #[test]
        fn a_ramp_has_its_slope(slope in -64i32..64, start in -1000i32..1000, width in 1usize..8) {
            let ramp = Array2::from_shape_fn((1, 40), |(_, t)| (start + slope * t as i32) as f32);
            let params = DeltaParams { width: 2 * width + 1, ..Default::default() };
            for got in &delta(ramp.view(), &params).unwrap() {
                // A dozen f64 roundings, then the nearest f32.
                prop_assert!((got - slope as f32).abs() <= slope.abs() as f32 * f32::EPSILON);
            }
        }

        #[test]
        fn a_constant_has_none(value in -1e6f32..1e6, width in 1usize..8, order in 1usize..3) {
            let constant = Array2::from_elem((1, 40), value);
            for mode in [DeltaMode::Interp, DeltaMode::Nearest, DeltaMode::Mirror, DeltaMode::Wrap] {
                let params = DeltaParams { width: 2 * width + 1, order, mode, ..DeltaParams::default() };
                for got in &delta(constant.view(), &params).unwrap() {
                    // Odd kernels cancel in pairs; even ones sum to rounding.
                    let tolerance = if order == 1 { 0.0 } else { 1e-14 * value.abs() };
                    prop_assert!(got.abs() <= tolerance, "{params:?}: {got}");
                }
            }
        }
    }
}
