//! The stages in which soxr's HQ recipe (linear phase, 20 bits) changes a sample rate; librosa calls it
//! `soxr_hq`.
//!
//! Found by measuring the impulse responses of soxr 1.1 (the Python package) at 200 pairs of rates: the
//! product of the responses below differs from them by at most 1e-5 anywhere and by -115 dB RMS over the
//! passband. `tests/scripts/soxr_response.py` repeats the measurements. The stages:
//!
//! 1. halvings, while the rate is at least four times the new one;
//! 2. a sharp low-pass, flat to 0.9137 of the lower Nyquist frequency, with its stopband from 1 on;
//! 3. unless the rates are in a ratio of small integers, a short interpolating filter, which
//!    loses up to 0.01 dB at the end of the passband; before the sharp low-pass for ratios of 1.5
//!    to 2, else after it;
//! 4. if the rate more than quadruples, a last step by 4, 8, ....
//!
//! All filters are Kaiser-windowed sincs. The more stages there are, the higher their attenuation: each
//! doubling of their number adds one bit. The output of a filter before the start of the signal does not reach
//! the next stage.

use super::kaiser::KaiserSinc;

/// End of the passband of the sharp low-pass; its stopband begins at 1.
const PASSBAND: f64 = 0.913_743;

/// The stages for a pair of rates.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct SoxrStages {
    pub(super) halvings: u32,
    /// Input and output rate of the stages 2 and 3, divided by their greatest common divisor.
    pub(super) ratio: (u64, u64),
    pub(super) sharp: KaiserSinc,
    pub(super) interpolator: Option<KaiserSinc>,
    /// Taps on each side of the halving filters.
    pub(super) halving_taps: usize,
    /// The factor of the last step and its filter.
    pub(super) last: Option<(u64, KaiserSinc)>,
}

impl SoxrStages {
    pub(super) fn new(from: u32, to: u32) -> Self {
        let (mut from, mut to) = (u64::from(from), u64::from(to));
        let whole_ratio = to / from;
        let mut halvings = 0;
        let mut last = 1;
        if from >= 4 * to {
            while from >= 4 * to {
                to *= 2;
                halvings += 1;
            }
        } else if to > 4 * from && to != 5 * from {
            last = 4;
            while 8 * last <= whole_ratio {
                last *= 2;
            }
            from *= last;
        }
        let common = gcd(from, to);
        let (from, to) = (from / common, to / common);
        let ratio = from as f64 / to as f64;
        let others = halvings + u32::from(last > 1);

        let small = from.max(to) < 5 || from * to < 6;
        let (interpolator, rate, stages, multiple) = if small {
            let multiple = if to > from && to.is_power_of_two() {
                2 * to
            } else {
                4
            };
            (None, from.max(to) as f64, 1 + others, multiple)
        } else {
            let rate = match ratio {
                r if r < 1.0 => 2.0,
                r if r < 1.5 => 2.0 * r,
                r if r < 2.0 => 2.0,
                r => r,
            };
            (Some(interpolator(from, to)), rate, 2 * (1 + others), 4)
        };
        let bits = libm::log2(f64::from(stages));
        // A length in samples at the lower rate, made a whole number of samples at the filter's rate.
        let length = 192.49 + 9.92 * bits;
        let beta = 13.04 + 0.6711 * bits + 0.0003 * bits * bits;
        let sharp = KaiserSinc::new(
            (1.0 + PASSBAND) / 2.0,
            beta,
            taps(length * rate, multiple) / rate / 2.0,
        );
        let last = (last > 1).then(|| {
            // The step starts from `1 / ratio` times the lower rate: images begin at `2 / ratio - 1`.
            let images = 2.0 / ratio - 1.0;
            let rate = last as f64 / ratio;
            let (sharp_width, width) = (1.0 - PASSBAND, images - PASSBAND);
            // Inversely as the width, and up to 2.7 % more for wide ones.
            let more = 0.027 * (1.0 - libm::exp((sharp_width - width) / 0.9));
            // Beta grows with the width as well, by 0.35 in the 4.6 doublings to about 2.
            let doublings = libm::log2(width / sharp_width);
            let wider = 0.349 * libm::pow((doublings / 4.6).clamp(0.0, 1.0), 1.7);
            let length = (1.0 + more) * length * sharp_width / width;
            let kernel = KaiserSinc::new(
                (images + PASSBAND) / 2.0,
                beta + wider,
                taps(length * rate, 2 * last) / rate / 2.0,
            );
            (last, kernel)
        });
        Self {
            halvings,
            ratio: (from, to),
            sharp,
            interpolator,
            halving_taps: if stages < 4 { 8 } else { 9 },
            last,
        }
    }
}

/// Start of the stopband of a sharp low-pass or a last step.
pub(super) fn stopband(kernel: &KaiserSinc) -> f64 {
    2.0 * kernel.cutoff() - PASSBAND
}

/// The number of samples of a filter: one more than a multiple of `multiple`.
fn taps(length: f64, multiple: u64) -> f64 {
    let taps = (length + 1.0).ceil() as u64;
    ((taps + multiple - 2) / multiple * multiple + 1) as f64
}

/// The interpolating filter of the reduced ratio `from / to < 4`.
fn interpolator(from: u64, to: u64) -> KaiserSinc {
    let ratio = from as f64 / to as f64;
    // Its input is the doubled input, or the input; for ratios of 1.5 to 2 its output is the doubled
    // output.
    let (rate, phases) = match ratio {
        r if r < 1.0 => (2.0, to / gcd(2, to)),
        r if r < 1.5 => (2.0 * r, to / gcd(2, to)),
        r if r < 2.0 => (r, 2 * to / gcd(from, 2 * to)),
        r => (r, to),
    };
    let phases = phases as f64;
    let cutoff = 0.8561 * rate + 0.1057;
    let (length, cutoff) = match ratio {
        r if r < 1.0 => (15.0, cutoff),
        r if (1.5..2.0).contains(&r) => ((7.5 * r).floor() + 1.0, 1.8068),
        _ => {
            let needed = 15.607 * rate / (2.0 * rate - 1.9076) + 0.5 / phases;
            (2.0 * (needed / 2.0).ceil(), cutoff)
        }
    };
    // Filters of `length phases - 1` values; an even number of values gets another one.
    let missing = if (length * phases) % 2.0 == 0.0 {
        0.5
    } else {
        0.25
    };
    KaiserSinc::new(cutoff, 14.06, (length - missing / phases) / rate / 2.0)
}

/// The greatest common divisor.
pub(super) fn gcd(mut a: u64, mut b: u64) -> u64 {
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The product of all responses at `u` times the lower Nyquist frequency.
    fn response(from: u32, to: u32, u: f64) -> f64 {
        let stages = SoxrStages::new(from, to);
        [
            Some(stages.sharp),
            stages.interpolator,
            stages.last.map(|(_, kernel)| kernel),
        ]
        .into_iter()
        .flatten()
        .map(|kernel| kernel.response(0.0625).at(u))
        .product()
    }

    #[test]
    fn the_edges_are_those_of_soxr() {
        for (from, to) in [(44_100, 22_050), (48_000, 22_050), (16_000, 22_050)] {
            assert!((response(from, to, 0.5) - 1.0).abs() < 1e-5, "{from} {to}");
            // 0.01 dB.
            assert!(
                (response(from, to, 0.91) - 1.0).abs() < 1.2e-3,
                "{from} {to}"
            );
            assert!(
                (response(from, to, 0.956_872) - 0.5).abs() < 2e-3,
                "{from} {to}"
            );
            assert!(response(from, to, 1.0).abs() < 1e-6, "{from} {to}");
        }
    }

    /// The responses of soxr at 0.94 and 0.97, measured by `tests/scripts/soxr_response.py`.
    #[test]
    fn the_transition_band_is_that_of_soxr() {
        for (from, to, at_94, at_97) in [
            (44_100, 22_050, 0.925_439, 0.132_830),
            (24_000, 16_000, 0.924_526, 0.133_882),
            (12_000, 16_000, 0.925_166, 0.133_145),
            (48_000, 12_000, 0.930_562, 0.126_742),
            (8_000, 48_000, 0.929_038, 0.128_535),
            (192_000, 8_000, 0.934_506, 0.121_942),
            (48_000, 22_050, 0.929_229, 0.126_594),
            (16_000, 22_050, 0.929_227, 0.126_472),
            (44_100, 48_000, 0.929_221, 0.126_470),
            (96_000, 22_050, 0.933_194, 0.121_774),
            (192_000, 11_025, 0.936_903, 0.117_181),
            (44_100, 16_000, 0.928_382, 0.127_681),
            (44_100, 24_000, 0.929_272, 0.126_479),
            (44_100, 37_800, 0.929_757, 0.126_686),
            (8_000, 192_000, 0.933_853, 0.120_727),
        ] {
            for (u, exact) in [(0.94, at_94), (0.97, at_97)] {
                let error = response(from, to, u) - exact;
                assert!(error.abs() < 1.5e-5, "{from} {to} {u}: {error}");
            }
        }
    }
}
