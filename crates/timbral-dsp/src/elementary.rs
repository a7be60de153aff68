//! Logarithm and exponential function without branches, so that loops over them use whole registers. They have
//! the same bits on every instruction set, and are accurate to a few roundings of f64, for results that are
//! stored as f32.

/// `ln(1 + x)` for `x >= 0`; infinity counts as the largest number.
#[inline(always)]
pub(crate) fn ln_1p(x: f64) -> f64 {
    /// The bits of 1 / sqrt 2.
    const ROOT_HALF: u64 = 0x3fe6_a09e_667f_3bcd;
    /// 2^52 + 2^51: numbers added to it become whole.
    const WHOLE: f64 = 6_755_399_441_055_744.0;
    let x = if x > f64::MAX { f64::MAX } else { x };
    let u = 1.0 + x;
    // The part that the rounding of 1 + x lost, relative to it.
    let lost = (x - (u - 1.0)) / u;
    let shifted = u.to_bits().wrapping_sub(ROOT_HALF);
    // The exponent as a float, without a conversion that only some instruction sets have.
    let exponent = ((shifted as i64) >> 52) as u64;
    let exponent = f64::from_bits(WHOLE.to_bits().wrapping_add(exponent)) - WHOLE;
    let m = f64::from_bits((shifted & 0x000f_ffff_ffff_ffff).wrapping_add(ROOT_HALF));
    let s = (m - 1.0) / (m + 1.0);
    let s2 = s * s;
    let mut series = 1.0 / 19.0;
    for odd in [17.0, 15.0, 13.0, 11.0, 9.0, 7.0, 5.0, 3.0, 1.0] {
        series = series * s2 + 1.0 / odd;
    }
    exponent * std::f64::consts::LN_2 + (2.0 * s * series + lost)
}

/// `exp(x) - 1`; infinite above 709, -1 below -700.
#[inline(always)]
pub(crate) fn exp_m1(x: f64) -> f64 {
    let (power, small) = exp_parts(x);
    let result = power * small + (power - 1.0);
    if x > 709.0 { f64::INFINITY } else { result }
}

/// `exp(x)`; infinite above 709, exp(-700) below -700.
#[inline(always)]
pub(crate) fn exp(x: f64) -> f64 {
    let (power, small) = exp_parts(x);
    let result = power * small + power;
    if x > 709.0 { f64::INFINITY } else { result }
}

/// `1 / n!` from 13 to 1.
const INVERSE_FACTORIALS: [f64; 13] = {
    let mut all = [1.0; 13];
    let (mut n, mut factorial) = (1, 1.0);
    while n <= 13 {
        factorial *= n as f64;
        all[13 - n] = 1.0 / factorial;
        n += 1;
    }
    all
};

/// `exp(x) = p (1 + s)` with a power of two `p` and `|s| < 0.42`, for `x` cut to -700..709.
#[inline(always)]
fn exp_parts(x: f64) -> (f64, f64) {
    const WHOLE: f64 = 6_755_399_441_055_744.0;
    /// ln 2 in two parts; the first has 33 bits, so that its multiples are exact.
    const LN_2_HIGH: f64 = 0.693_147_180_369_123_8;
    const LN_2_LOW: f64 = 1.908_214_929_270_587_7e-10;
    let x = if x < -700.0 { -700.0 } else { x };
    let x = if x > 709.0 { 709.0 } else { x };
    let shifted = x * std::f64::consts::LOG2_E + WHOLE;
    let k = shifted - WHOLE;
    let r = (x - k * LN_2_HIGH) - k * LN_2_LOW;
    // 2^k, from the bits of the whole number.
    let power = f64::from_bits(shifted.to_bits().wrapping_add(1023) << 52);
    // r + r^2 / 2! + ... + r^13 / 13!, without divisions.
    let mut series = INVERSE_FACTORIALS[0];
    for factor in &INVERSE_FACTORIALS[1..] {
        series = factor + r * series;
    }
    (power, r * series)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_are_accurate_over_their_whole_range() {
        for i in 0..4000 {
            let x = 2f64.powf(f64::from(i) / 4.0 - 300.0);
            let off = (ln_1p(x) / libm::log1p(x) - 1.0).abs();
            assert!(off < 2e-15, "ln_1p({x}): {off:e}");
            for x in [x.min(708.0), -x.min(699.0)] {
                let off = (exp_m1(x) / libm::expm1(x) - 1.0).abs();
                assert!(off < 2e-15, "exp_m1({x}): {off:e}");
                let off = (exp(x) / libm::exp(x) - 1.0).abs();
                assert!(off < 2e-15, "exp({x}): {off:e}");
            }
        }
        assert_eq!((ln_1p(0.0), exp_m1(0.0)), (0.0, 0.0));
        assert!(ln_1p(f64::INFINITY) > 709.0 && ln_1p(f64::NAN).is_nan());
        assert_eq!((exp_m1(800.0), exp_m1(-800.0)), (f64::INFINITY, -1.0));
    }
}
