//! The filters that resampy calls `kaiser_best`, with resampy's interpolation.
//!
//! resampy tabulates half a Kaiser-windowed sinc, `rolloff sinc(rolloff t)`, at `2^precision` points per
//! zero crossing and interpolates linearly. For a lower rate the filter is stretched: it steps through the
//! table by the whole part of `2^precision to / from` per input sample.

use super::kaiser::KaiserSinc;
use super::polyphase::Polyphase;
use super::soxr_stages::gcd;

/// The constants of a `kaiser_best`.
#[derive(Debug, Clone, Copy)]
pub(super) struct Recipe {
    zero_crossings: usize,
    precision: u32,
    beta: f64,
    rolloff: f64,
}

/// resampy before version 0.4.
pub(super) const KAISER_BEST: Recipe = Recipe {
    zero_crossings: 64,
    precision: 9,
    beta: 14.769_656_459_379_492,
    rolloff: 0.947_593_716_739_959_6,
};

/// resampy from version 0.4 on.
pub(super) const KAISER_BEST_2022: Recipe = Recipe {
    zero_crossings: 50,
    precision: 13,
    beta: 12.984_585_247_040_021,
    rolloff: 0.917_347_371_260_876_1,
};

/// The plan of a change from `from` to `to` Hz.
pub(super) fn plan(recipe: &Recipe, from: u32, to: u32) -> Polyphase {
    let points = 1usize << recipe.precision;
    let n = recipe.zero_crossings * points;
    let kernel = KaiserSinc::new(recipe.rolloff, recipe.beta, recipe.zero_crossings as f64);
    let scale = (f64::from(to) / f64::from(from)).min(1.0);
    // The last point, where the window ends, is 1e-9 and left out.
    let window: Vec<f64> = (0..=n)
        .map(|k| scale * kernel.at(k as f64 / points as f64))
        .collect();
    let stride = ((scale * points as f64) as usize).max(1);
    // The taps on one side of an output that is `distance` samples, at most 1, from the nearest input there.
    let wing = |distance: f64| {
        let place = distance * scale * points as f64;
        let first = place as usize;
        let part = place - first as f64;
        let window = &window;
        (0..(n + 1).saturating_sub(first) / stride).map(move |i| {
            let at = first + i * stride;
            let next = window.get(at + 1).unwrap_or(&window[at]);
            window[at] + part * (next - window[at])
        })
    };
    let side = (n + 1) / stride;
    let common = gcd(u64::from(from), u64::from(to));
    let ratio = (u64::from(from) / common, u64::from(to) / common);
    Polyphase::new(ratio, side - 1, 2 * side, |place| {
        let mut weights = vec![0.0; 2 * side];
        for (i, w) in wing(place).enumerate() {
            weights[side - 1 - i] = w;
        }
        for (i, w) in wing(1.0 - place).enumerate() {
            weights[side + i] = w;
        }
        weights
    })
}
