//! The autocorrelation of frames that overlap by whole hops.
//!
//! The products of a frame at a lag are the sum of those of its hops: each hop but the last is multiplied by
//! the samples that follow it, and the last one only by samples within itself. Both are correlations of one
//! hop. So every hop is transformed once, eight of them side by side, and the lags of the hops of a frame are
//! added up.

use crate::transform::{Correlated, CorrelationScratch, Correlations, PAIRS};

/// Planned correlations of hops.
#[derive(Debug, Clone)]
pub(super) struct HopLags {
    correlations: Correlations,
    hop: usize,
    n_lags: usize,
}

impl HopLags {
    /// For the lags `0 .. n_lags`, of which there are at most `hop + 1`; `None` where there is no transform.
    pub(super) fn new(hop: usize, n_lags: usize) -> Option<Self> {
        if n_lags > hop + 1 {
            return None;
        }
        Some(Self {
            correlations: Correlations::new(hop + n_lags, Correlated::BothWithFirst)?,
            hop,
            n_lags,
        })
    }

    /// For every hop the products with what follows and those within itself, lag after lag: `[c, a]` at
    /// `hop n_lags + lag`. `y` has `n_lags` samples more than its hops.
    pub(super) fn process(&self, y: &[f32], n_hops: usize) -> Vec<[f64; 2]> {
        let mut out = vec![[0.0; 2]; n_hops * self.n_lags];
        let mut tile = vec![[[0.0; PAIRS]; 2]; self.correlations.n()];
        let mut scratch = CorrelationScratch::default();
        for first in (0..n_hops).step_by(PAIRS) {
            let used = (n_hops - first).min(PAIRS);
            for (i, [re, im]) in tile.iter_mut().enumerate() {
                // The hop itself as real part, with what follows as imaginary part.
                for l in 0..used {
                    let sample = y.get((first + l) * self.hop + i);
                    let sample = f64::from(sample.copied().unwrap_or(0.0));
                    re[l] = if i < self.hop { sample } else { 0.0 };
                    im[l] = if i + 1 < self.hop + self.n_lags {
                        sample
                    } else {
                        0.0
                    };
                }
            }
            self.correlations.process(&mut tile, &mut scratch);
            for l in 0..used {
                let lags = &mut out[(first + l) * self.n_lags..][..self.n_lags];
                for (to, [re, im]) in lags.iter_mut().zip(&tile) {
                    *to = [re[l], im[l]];
                }
            }
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn correlations_are_the_textbook_sums() {
        for (hop, n_lags, n_hops) in [(8, 9, 3), (100, 40, 17), (512, 339, 9)] {
            let y: Vec<f32> = (0..n_hops * hop + n_lags)
                .map(|i| ((i * i * 31 + 7) % 101) as f32 / 50.0 - 1.0)
                .collect();
            let plan = HopLags::new(hop, n_lags).unwrap();
            let got = plan.process(&y, n_hops);
            for b in [0, n_hops / 2, n_hops - 1] {
                for l in [0, 1, n_lags / 2, n_lags - 1] {
                    let product = |n: usize| f64::from(y[n]) * f64::from(y[n + l]);
                    let first = b * hop;
                    let c: f64 = (first..first + hop).map(product).sum();
                    let a: f64 = (first..(first + hop).saturating_sub(l).max(first))
                        .map(product)
                        .sum();
                    let [got_c, got_a] = got[b * n_lags + l];
                    // A few roundings of the energy, which is below 512.
                    assert!(
                        (got_c - c).abs() < 1e-11 && (got_a - a).abs() < 1e-11,
                        "{hop} {b} {l}"
                    );
                }
            }
        }
        assert!(HopLags::new(8, 10).is_none());
        assert!(HopLags::new(4096, 2).is_none());
    }
}
