//! Kaiser-windowed sincs and the frequency responses of symmetric filters, in f64.
//!
//! Times are in units of `1 / r` seconds, where r is the lower of the two sample rates, and
//! frequencies u in units of the lower Nyquist frequency `r / 2`; a cosine is `cos(pi u t)`.

use std::f64::consts::PI;

/// Values of a response that are computed at a time.
pub(super) const WIDTH: usize = 8;

/// `h(t) = c sinc(c t) I0(beta sqrt(1 - (t / half)^2)) / I0(beta)` for `|t| < half`, 0 elsewhere; its
/// response is 1/2 at u = c.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct KaiserSinc {
    cutoff: f64,
    beta: f64,
    half: f64,
    /// `1 / I0(beta)`.
    scale: f64,
}

impl KaiserSinc {
    pub(super) fn new(cutoff: f64, beta: f64, half: f64) -> Self {
        Self {
            cutoff,
            beta,
            half,
            scale: 1.0 / bessel_i0(beta),
        }
    }

    pub(super) fn cutoff(&self) -> f64 {
        self.cutoff
    }

    /// Half the length of the filter.
    pub(super) fn half(&self) -> f64 {
        self.half
    }

    /// The value at time `t`.
    pub(super) fn at(&self, t: f64) -> f64 {
        let place = t / self.half;
        if place.abs() >= 1.0 {
            return 0.0;
        }
        let window = bessel_i0(self.beta * (1.0 - place * place).sqrt()) * self.scale;
        self.cutoff * sinc(self.cutoff * t) * window
    }

    /// The frequency response, from samples `step` apart; images lie around multiples of `2 / step`.
    pub(super) fn response(&self, step: f64) -> Response {
        let n = (self.half / step).ceil() as usize;
        Response::new(step, (0..n).map(|k| self.at(k as f64 * step)).collect())
    }
}

/// The frequency response `1/s (h_0 + 2 sum_k h_k cos(pi u k step))` of a symmetric filter, with
/// `s = h_0 + 2 sum_k h_k`.
#[derive(Debug, Clone)]
pub(super) struct Response {
    step: f64,
    taps: Vec<f64>,
    sum: f64,
}

impl Response {
    /// `taps` are `h_0, h_1, ...`, not empty.
    fn new(step: f64, taps: Vec<f64>) -> Self {
        let sum = 2.0 * taps.iter().sum::<f64>() - taps[0];
        Self { step, taps, sum }
    }

    #[cfg(test)]
    pub(super) fn at(&self, u: f64) -> f64 {
        self.at_all([u; WIDTH])[0]
    }

    /// The response at several frequencies side by side, as each sum waits for its last term.
    pub(super) fn at_all(&self, u: [f64; WIDTH]) -> [f64; WIDTH] {
        // Clenshaw's recurrence for sums of cosines.
        let c = u.map(|u| 2.0 * libm::cos(PI * u * self.step));
        let (mut a, mut b) = ([0.0; WIDTH], [0.0; WIDTH]);
        for h in self.taps[1..].iter().rev() {
            for i in 0..WIDTH {
                (a[i], b[i]) = (h + c[i] * a[i] - b[i], a[i]);
            }
        }
        std::array::from_fn(|i| (self.taps[0] + c[i] * a[i] - 2.0 * b[i]) / self.sum)
    }
}

/// `sin(pi x) / (pi x)`.
pub(super) fn sinc(x: f64) -> f64 {
    if x == 0.0 {
        1.0
    } else {
        libm::sin(PI * x) / (PI * x)
    }
}

/// The modified Bessel function of order 0, by its power series.
pub(super) fn bessel_i0(x: f64) -> f64 {
    let quarter = x * x / 4.0;
    let (mut term, mut sum) = (1.0, 1.0);
    for inverse in INVERSE_SQUARES {
        term *= quarter * inverse;
        sum += term;
        if term < sum * 1e-17 {
            break;
        }
    }
    sum
}

/// `1 / k^2`, `k = 1 ..= 60`; the series needs 45 terms at x = 17, more than any filter here.
const INVERSE_SQUARES: [f64; 60] = {
    let mut all = [0.0; 60];
    let mut k = 1;
    while k <= 60 {
        all[k - 1] = 1.0 / (k * k) as f64;
        k += 1;
    }
    all
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bessel_function_has_its_tabulated_values() {
        // Abramowitz and Stegun, table 9.8, and scipy.special.i0.
        for (x, exact) in [
            (0.0, 1.0),
            (1.0, 1.266_065_877_752_008_4),
            (5.0, 27.239_871_823_604_44),
            (14.0, 129_418.562_700_648_55),
        ] {
            assert!((bessel_i0(x) / exact - 1.0).abs() < 1e-14, "{x}");
        }
    }

    #[test]
    fn a_response_is_the_textbook_sum() {
        let kernel = KaiserSinc::new(0.9, 8.0, 20.0);
        let response = kernel.response(0.5);
        assert!((response.at(0.0) - 1.0).abs() < 1e-14);
        assert!((response.at(0.9) - 0.5).abs() < 1e-4);
        for u in [0.3, 0.85, 0.95, 1.4] {
            let sum = |u: f64| -> f64 {
                (-39..40)
                    .map(|k| kernel.at(0.5 * f64::from(k)) * (PI * u * 0.5 * f64::from(k)).cos())
                    .sum()
            };
            assert!((response.at(u) - sum(u) / sum(0.0)).abs() < 1e-13, "{u}");
        }
    }
}
