//! Elliptic band-passes (Cauer 1958): `scipy.signal.iirdesign(..., ftype="ellip", output="sos")`.

use std::f64::consts::PI;

use num_complex::Complex;

type C = Complex<f64>;

/// Numerator and denominator of a section of order 2; the denominator starts with 1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Section {
    pub(super) b: [f64; 3],
    pub(super) a: [f64; 2],
}

/// The ripple of the pass band and the attenuation of the stop band in decibels.
const RIPPLE: f64 = 1.0;
const ATTENUATION: f64 = 50.0;

/// The sections of a band-pass with the smallest order. It passes frequencies between the two numbers of
/// `pass`, and attenuates those beyond the two of `stop`, in units of the Nyquist frequency.
pub(super) fn band_pass(pass: [f64; 2], stop: [f64; 2]) -> Vec<Section> {
    // The bilinear transform at a sample rate of 2 warps the frequencies; this is the inverse of the warping.
    let warped = |f: f64| 4.0 * libm::tan(PI * f / 2.0);
    let [low, high] = pass.map(warped);
    let (bandwidth, square) = (high - low, low * high);
    // The nearer edge of the stop band, for the low-pass that becomes the band-pass.
    let edges = stop
        .map(warped)
        .map(|s| ((s * s - square) / (s * bandwidth)).abs());
    let prototype = Prototype::new(order(edges[0].min(edges[1])));
    // A place of the low-pass becomes a pair of places, which are conjugate to those of its conjugate.
    let to_band = |s: C| {
        let half = s * (bandwidth / 2.0);
        let root = (half * half - square).sqrt();
        [half + root, half - root]
    };
    let bilinear = |s: C| (4.0 + s) / (4.0 - s);
    let mut gain = prototype.gain;
    let mut sections = Vec::new();
    if let Some(pole) = prototype.real_pole {
        // A real pole becomes a pair, and a zero at 0 and one at infinity come with it.
        let [pole, _] = to_band(C::new(pole, 0.0));
        gain *= 4.0 * bandwidth / (4.0 - pole).norm_sqr();
        let pole = bilinear(pole);
        sections.push(Section {
            b: [1.0, 0.0, -1.0],
            a: [-2.0 * pole.re, pole.norm_sqr()],
        });
    }
    for (zero, pole) in prototype.zeros.iter().zip(&prototype.poles) {
        let (mut zeros, poles) = (to_band(*zero), to_band(*pole));
        // Each pole is paired with the nearest zero.
        if (zeros[0] - poles[0]).norm() > (zeros[1] - poles[0]).norm()
            && (zeros[0].conj() - poles[0]).norm() > (zeros[1].conj() - poles[0]).norm()
        {
            zeros.swap(0, 1);
        }
        for (zero, pole) in zeros.into_iter().zip(poles) {
            // Each represents itself and its conjugate.
            gain *= ((4.0 - zero) / (4.0 - pole)).norm_sqr();
            let (zero, pole) = (bilinear(zero), bilinear(pole));
            sections.push(Section {
                b: [1.0, -2.0 * zero.re, zero.norm_sqr()],
                a: [-2.0 * pole.re, pole.norm_sqr()],
            });
        }
    }
    // The most resonant section comes last.
    sections.sort_by(|x, y| x.a[1].total_cmp(&y.a[1]));
    if let Some(first) = sections.first_mut() {
        first.b = first.b.map(|b| b * gain);
    }
    sections
}

/// The low-pass with pass band up to 1, of its conjugate pairs one each.
struct Prototype {
    zeros: Vec<C>,
    poles: Vec<C>,
    /// The pole that odd orders have in addition to the pairs.
    real_pole: Option<f64>,
    gain: f64,
}

/// Decibels as power, minus 1.
fn power(db: f64) -> f64 {
    libm::expm1(std::f64::consts::LN_10 * 0.1 * db)
}

/// The parameter of the ripples.
fn ripples() -> f64 {
    power(RIPPLE) / power(ATTENUATION)
}

/// The smallest order of a low-pass with pass band up to 1 and stop band from `edge` on.
fn order(edge: f64) -> usize {
    let (m, m1) = (1.0 / (edge * edge), ripples());
    let ratio = |m: f64| quarter_period(m) / quarter_period(1.0 - m);
    (ratio(m) / ratio(m1)).ceil() as usize
}

impl Prototype {
    fn new(order: usize) -> Self {
        let ripple = power(RIPPLE);
        // The parameter of the frequencies follows from the order by the nomes of both.
        let m1 = ripples();
        let quarter1 = quarter_period(m1);
        let nome = libm::exp(-PI * quarter_period(1.0 - m1) / quarter1 / order as f64);
        let m = modulus(nome);
        let quarter = quarter_period(m);
        let depth = incomplete(libm::atan(1.0 / ripple.sqrt()), 1.0 - m1);
        let [sv, cv, dv] = jacobi(quarter * depth / (order as f64 * quarter1), 1.0 - m);
        let mut low_pass = Self {
            zeros: Vec::new(),
            poles: Vec::new(),
            real_pole: None,
            gain: 1.0,
        };
        for j in (1 - order % 2..order).step_by(2) {
            let [s, c, d] = jacobi(j as f64 * quarter / order as f64, m);
            let pole = -C::new(c * d * sv * cv, s * dv) / (1.0 - (d * sv) * (d * sv));
            if j == 0 {
                low_pass.real_pole = Some(pole.re);
                low_pass.gain *= -pole.re;
                continue;
            }
            let zero = C::new(0.0, 1.0 / (m.sqrt() * s));
            low_pass.gain *= pole.norm_sqr() / zero.norm_sqr();
            low_pass.zeros.push(zero);
            low_pass.poles.push(pole);
        }
        // An even number of ripples begins in a trough.
        if low_pass.real_pole.is_none() {
            low_pass.gain /= (1.0 + ripple).sqrt();
        }
        low_pass
    }
}

/// The complete elliptic integral of the first kind with parameter `m`, by the arithmetic-geometric mean.
fn quarter_period(m: f64) -> f64 {
    let (mut a, mut b) = (1.0, (1.0 - m).sqrt());
    for _ in 0..12 {
        (a, b) = ((a + b) / 2.0, (a * b).sqrt());
    }
    PI / (2.0 * a)
}

/// The parameter with a nome, by theta functions.
fn modulus(q: f64) -> f64 {
    let power = |n: i32| libm::pow(q, f64::from(n));
    let numerator: f64 = (0..8).map(|n| power(n * (n + 1))).sum();
    let denominator: f64 = 1.0 + 2.0 * (1..9).map(|n| power(n * n)).sum::<f64>();
    let ratio = numerator / denominator;
    16.0 * q * ratio * ratio * ratio * ratio
}

/// The elliptic integral of the first kind up to `phi` in `0..pi / 2`, by Landen's transformation.
fn incomplete(phi: f64, m: f64) -> f64 {
    let (mut a, mut b, mut phi, mut twos) = (1.0, (1.0 - m).sqrt(), phi, 1.0);
    for _ in 0..12 {
        let whole = PI * (phi / PI + 0.5).floor();
        phi += libm::atan(b / a * libm::tan(phi)) + whole;
        (a, b) = ((a + b) / 2.0, (a * b).sqrt());
        twos *= 2.0;
    }
    phi / (twos * a)
}

/// Jacobi's elliptic functions sn, cn and dn.
fn jacobi(u: f64, m: f64) -> [f64; 3] {
    const STEPS: usize = 12;
    let (mut a, mut c) = ([1.0; STEPS + 1], [m.sqrt(); STEPS + 1]);
    let mut b = (1.0 - m).sqrt();
    for i in 0..STEPS {
        c[i + 1] = (a[i] - b) / 2.0;
        a[i + 1] = (a[i] + b) / 2.0;
        b = (a[i] * b).sqrt();
    }
    let mut phi = libm::ldexp(a[STEPS] * u, STEPS as i32);
    for i in (1..=STEPS).rev() {
        phi = (phi + libm::asin(c[i] * libm::sin(phi) / a[i])) / 2.0;
    }
    let (sn, cn) = libm::sincos(phi);
    [sn, cn, (1.0 - m * sn * sn).sqrt()]
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The gain at a frequency, in decibels.
    fn decibels(sections: &[Section], f: f64) -> f64 {
        let z = C::from_polar(1.0, -PI * f);
        let gain: C = sections
            .iter()
            .map(|s| (s.b[0] + z * (s.b[1] + z * s.b[2])) / (1.0 + z * (s.a[0] + z * s.a[1])))
            .product();
        20.0 * gain.norm().log10()
    }

    #[test]
    fn integrals_and_functions_have_their_textbook_values() {
        // Abramowitz and Stegun, tables 17.1 and 17.5, and section 16.
        assert!((quarter_period(0.5) - 1.854_074_677_301_371_9).abs() < 1e-14);
        assert!((incomplete(PI / 4.0, 0.5) - 0.826_017_876_249_245_2).abs() < 1e-14);
        let [sn, cn, dn] = jacobi(incomplete(0.7, 0.3), 0.3);
        assert!((sn - libm::sin(0.7)).abs() < 1e-14);
        assert!((cn - libm::cos(0.7)).abs() < 1e-14);
        assert!((dn - (1.0 - 0.3 * sn * sn).sqrt()).abs() < 1e-14);
        let nome = libm::exp(-PI * quarter_period(0.6) / quarter_period(0.4));
        assert!((modulus(nome) - 0.4).abs() < 1e-14);
    }

    #[test]
    fn ripple_and_attenuation_are_kept() {
        for (centre, order) in [(0.01, 4), (0.1, 4), (0.4, 4), (0.81, 5), (0.9, 5)] {
            let edge = |by: f64| centre * (1.0 + by / 50.0);
            let pair = |by: f64| [edge(-by), edge(by)];
            let sections = band_pass(pair(1.0), pair(2.0));
            assert_eq!(sections.len(), order);
            assert!(sections.iter().all(|s| s.a[1] < 1.0));
            for i in -100..=100 {
                let db = decibels(&sections, edge(f64::from(i) / 100.0));
                assert!((-RIPPLE - 1e-6..1e-6).contains(&db), "{centre} {i} {db}");
            }
            for i in 0..=100 {
                for side in [-1.0, 1.0] {
                    let f = edge(side * (2.0 + f64::from(i) / 25.0));
                    let db = decibels(&sections, f);
                    assert!(db < -ATTENUATION + 1e-6 || f >= 1.0, "{centre} {f} {db}");
                }
            }
        }
    }
}
