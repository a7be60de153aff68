use ndarray::{Array2, ArrayView2};

use crate::error::{Result, check};
use crate::simd::{LANES, Lane, Tiles, dispatch};

/// Parameters of the conversion to decibels, named as in `librosa.power_to_db`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct DbParams {
    /// The power that is 0 dB; default 1 ([`Reference::Value`]).
    pub reference: Reference,
    /// The smallest power; smaller ones are raised to it. Above 0, default 1e-10.
    pub amin: f32,
    /// The range in decibels below the largest value, to whose end smaller values are raised; at least 0,
    /// default 80. `None`: no limit.
    pub top_db: Option<f32>,
    #[doc(hidden)]
    pub _non_exhaustive: (),
}

/// The power (or, for amplitudes, the amplitude) that is 0 dB.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub enum Reference {
    /// A fixed value.
    Value(f32),
    /// The largest value of the array (`ref=np.max`).
    Max,
}

impl Default for DbParams {
    fn default() -> Self {
        Self {
            reference: Reference::Value(1.0),
            amin: 1e-10,
            top_db: Some(80.0),
            _non_exhaustive: (),
        }
    }
}

impl DbParams {
    /// Checks the ranges of all parameters.
    ///
    /// # Errors
    ///
    /// `amin` is not above 0 or `top_db` is negative.
    pub fn validate(&self) -> Result<()> {
        check(self.amin > 0.0, "amin", self.amin, "must be above 0")?;
        if let Some(top_db) = self.top_db {
            check(top_db >= 0.0, "top_db", top_db, "must not be negative")?;
        }
        Ok(())
    }
}

/// Powers in decibels: `10 log10(max(amin, S) / max(amin, reference))`, then raised to at least the
/// largest value minus `top_db`; equals `librosa.power_to_db`. The result has the shape of `power`.
///
/// # Errors
///
/// Those of [`DbParams::validate`].
///
/// ```
/// use ndarray::array;
/// use timbral_dsp::{DbParams, power_to_db};
///
/// let db = power_to_db(array![[1.0f32, 0.1], [0.0, 10.0]].view(), &DbParams::default())?;
/// assert_eq!(db, array![[0.0, -10.0], [-70.0, 10.0]]);
/// # Ok::<(), timbral_dsp::Error>(())
/// ```
pub fn power_to_db(power: ArrayView2<'_, f32>, params: &DbParams) -> Result<Array2<f32>> {
    params.validate()?;
    let mut tiles = Tiles::from_array(power);
    tiles_to_db(&mut tiles, params);
    let mut db = Array2::zeros(power.dim());
    tiles.store(db.view_mut());
    Ok(db)
}

/// Amplitudes in decibels: [`power_to_db`] of their squares, with `amin` and the reference squared;
/// equals `librosa.amplitude_to_db` (whose `amin` is 1e-5 by default).
///
/// # Errors
///
/// Those of [`power_to_db`].
///
/// ```
/// use ndarray::array;
/// use timbral_dsp::{DbParams, amplitude_to_db};
///
/// let params = DbParams { amin: 1e-5, ..DbParams::default() };
/// assert_eq!(amplitude_to_db(array![[0.1f32, 1.0]].view(), &params)?, array![[-20.0, 0.0]]);
/// # Ok::<(), timbral_dsp::Error>(())
/// ```
pub fn amplitude_to_db(amplitude: ArrayView2<'_, f32>, params: &DbParams) -> Result<Array2<f32>> {
    params.validate()?;
    let reference = match params.reference {
        Reference::Value(v) => Reference::Value(v * v),
        Reference::Max => Reference::Max,
    };
    let squared = DbParams {
        reference,
        amin: params.amin * params.amin,
        ..*params
    };
    power_to_db(amplitude.map(|a| a * a).view(), &squared)
}

/// The power of a number of decibels, `reference 10^(db / 10)`; equals `librosa.db_to_power`.
///
/// ```
/// assert_eq!(timbral_dsp::db_to_power(20.0, 1.0), 100.0);
/// ```
pub fn db_to_power(db: f32, reference: f32) -> f32 {
    reference * libm::powf(10.0, 0.1 * db)
}

/// The amplitude of a number of decibels, `reference 10^(db / 20)`; equals `librosa.db_to_amplitude`.
///
/// ```
/// assert_eq!(timbral_dsp::db_to_amplitude(20.0, 1.0), 10.0);
/// ```
pub fn db_to_amplitude(db: f32, reference: f32) -> f32 {
    reference.abs() * db_to_power(db, 1.0).sqrt()
}

/// Converts in place; the parameters must be valid.
fn tiles_to_db(tiles: &mut Tiles, params: &DbParams) {
    let largest = |tiles: &Tiles| {
        let of_tile = |t| largest(tiles.tile(t), tiles.used(t));
        (0..tiles.n_tiles())
            .map(of_tile)
            .fold(f32::NEG_INFINITY, f32::max)
    };
    let reference = match params.reference {
        Reference::Value(v) => v.abs(),
        Reference::Max => largest(tiles),
    };
    to_db(tiles.lanes_mut(), params.amin, reference);
    if let Some(top_db) = params.top_db {
        let floor = largest(tiles) - top_db;
        raise(tiles.lanes_mut(), floor);
    }
}

/// `10 log10(max(amin, x) / max(amin, reference))`, in place.
pub(crate) fn to_db(lanes: &mut [Lane], amin: f32, reference: f32) {
    let amin = amin.max(f32::MIN_POSITIVE);
    let offset = (10.0 * libm::log10(f64::from(reference.max(amin)))) as f32;
    dispatch(
        #[inline(always)]
        || {
            for x in lanes.as_flattened_mut() {
                *x = decibels(if *x > amin { *x } else { amin }) - offset;
            }
        },
    );
}

/// Raises smaller values to `floor`.
pub(crate) fn raise(lanes: &mut [Lane], floor: f32) {
    dispatch(
        #[inline(always)]
        || {
            for x in lanes.as_flattened_mut() {
                *x = if *x > floor { *x } else { floor };
            }
        },
    );
}

/// The largest value of the first `used` frames of a tile.
pub(crate) fn largest(tile: &[Lane], used: usize) -> f32 {
    let mut max = [f32::NEG_INFINITY; LANES];
    dispatch(
        #[inline(always)]
        || {
            for lane in tile {
                for l in 0..LANES {
                    let counts = l < used && lane[l] > max[l];
                    max[l] = if counts { lane[l] } else { max[l] };
                }
            }
        },
    );
    max.into_iter().fold(f32::NEG_INFINITY, f32::max)
}

/// `10 log10(x)` of a positive normal number, to about 3e-7 of the larger of 1 dB and the result.
///
/// With `x = m 2^e`, `m` in `[1/sqrt 2, sqrt 2)` and `s = (m - 1) / (m + 1)`,
/// `ln m = 2 (s + s^3 / 3 + s^5 / 5 + s^7 / 7 + s^9 / 9)`; the first omitted term is below 1e-9.
#[inline(always)]
pub(crate) fn decibels(x: f32) -> f32 {
    const PER_NEPER: f32 = 10.0 * std::f32::consts::LOG10_E;
    /// `10 log10(2)` in two parts; the first has 12 bits, so that its multiples are exact.
    const PER_OCTAVE: f32 = 3.009_765_6;
    const PER_OCTAVE_LOW: f32 = 5.343_344_6e-4;
    /// The bits of 1 / sqrt 2.
    const ROOT_HALF: u32 = 0x3f35_04f3;
    let shifted = x.to_bits().wrapping_sub(ROOT_HALF);
    let exponent = (shifted as i32) >> 23;
    let m = f32::from_bits((shifted & 0x007f_ffff).wrapping_add(ROOT_HALF));
    let s = (m - 1.0) / (m + 1.0);
    let s2 = s * s;
    let series = 1.0 + s2 * (1.0 / 3.0 + s2 * (1.0 / 5.0 + s2 * (1.0 / 7.0 + s2 * (1.0 / 9.0))));
    let exponent = exponent as f32;
    exponent * PER_OCTAVE + (exponent * PER_OCTAVE_LOW + 2.0 * s * series * PER_NEPER)
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    #[test]
    fn decibels_are_right_over_the_whole_range() {
        let mut worst = 0.0f64;
        for bits in (f32::MIN_POSITIVE.to_bits()..f32::MAX.to_bits()).step_by(9973) {
            let x = f32::from_bits(bits);
            let exact = 10.0 * f64::from(x).log10();
            worst = worst.max((f64::from(decibels(x)) - exact).abs() / exact.abs().max(1.0));
        }
        // One rounding of the result (6e-8 of it) and a few of the rest, which is below 2 dB.
        assert!(worst < 3.5e-7, "{worst}");
    }

    #[test]
    fn the_floor_follows_the_largest_value() {
        let s = array![[1.0f32, 1e-9], [100.0, 1e-3]];
        let params = DbParams {
            top_db: Some(30.0),
            ..DbParams::default()
        };
        assert_eq!(
            power_to_db(s.view(), &params).unwrap(),
            array![[0.0, -10.0], [20.0, -10.0]]
        );
        let relative = DbParams {
            reference: Reference::Max,
            top_db: None,
            ..params
        };
        let db = power_to_db(s.view(), &relative).unwrap();
        assert_eq!(db[[1, 0]], 0.0);
        assert!((db[[0, 1]] + 110.0).abs() < 1e-4);
    }

    #[test]
    fn bad_parameters_are_errors() {
        let s = array![[1.0f32]];
        assert!(
            power_to_db(
                s.view(),
                &DbParams {
                    amin: 0.0,
                    ..DbParams::default()
                }
            )
            .is_err()
        );
        let params = DbParams {
            top_db: Some(-1.0),
            ..DbParams::default()
        };
        assert!(power_to_db(s.view(), &params).is_err());
    }
}
