/// `e^x`, correctly rounded except for about one value in 10 000, with the same bits on every machine.
/// It has no branch, so that loops over it are vectorised.
#[inline(always)]
pub(crate) fn exp(x: f32) -> f32 {
    /// Added to a number, it puts the nearest integer into the lowest bits.
    const ROUND: f64 = 6_755_399_441_055_744.0;
    /// `1 / n!`, from the highest power to the lowest.
    const TAYLOR: [f64; 11] = [
        1.0 / 3_628_800.0,
        1.0 / 362_880.0,
        1.0 / 40_320.0,
        1.0 / 5_040.0,
        1.0 / 720.0,
        1.0 / 120.0,
        1.0 / 24.0,
        1.0 / 6.0,
        0.5,
        1.0,
        1.0,
    ];
    let exponent = f64::from(x.clamp(-110.0, 90.0)) * std::f64::consts::LOG2_E;
    let shifted = exponent + ROUND;
    let rest = (exponent - (shifted - ROUND)) * std::f64::consts::LN_2;
    let mut sum = 0.0;
    for factor in TAYLOR {
        sum = sum * rest + factor;
    }
    let scale = f64::from_bits(shifted.to_bits().wrapping_add(1023) << 52);
    (sum * scale) as f32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exp_is_correctly_rounded() {
        let mut wrong = 0;
        for i in -200_000..200_000 {
            let x = i as f32 * 4.3e-4;
            let expected = f64::from(x).exp();
            let difference = (f64::from(exp(x)) - expected).abs();
            let unit = f64::from(expected as f32 * f32::EPSILON);
            assert!(difference <= 0.51 * unit, "exp({x})");
            wrong += usize::from(exp(x) != expected as f32);
        }
        assert!(wrong < 100, "{wrong} of 400 000 rounded to the other side");
        assert_eq!(
            [exp(0.0), exp(-200.0), exp(f32::NEG_INFINITY)],
            [1.0, 0.0, 0.0]
        );
        assert_eq!([exp(100.0), exp(f32::INFINITY)], [f32::INFINITY; 2]);
        assert!(exp(f32::NAN).is_nan());
    }
}
