use super::{Framing, PadMode};
use crate::error::{Result, check_finite};

/// Values within this distance of zero count as zero.
const ZERO_THRESHOLD: f32 = 1e-10;

/// Rate of sign changes between neighbouring samples of each frame; equals
/// `librosa.feature.zero_crossing_rate`.
///
/// ```text
/// z[t] = 1 / frame_length #{ n = 1 .. frame_length - 1 : sign(x[n]) != sign(x[n - 1]) }
/// ```
///
/// with `x` the frame. Values within 1e-10 of zero count as positive. librosa always repeats the end samples
/// for this feature, so `pad_mode` is ignored.
///
/// # Errors
///
/// Those of [`rms`](crate::rms).
///
/// ```
/// use timbral_dsp::{Framing, zero_crossing_rate};
///
/// let framing = Framing { frame_length: 4, hop_length: 4, center: false, ..Framing::default() };
/// assert_eq!(zero_crossing_rate(&[1.0, -1.0, 1.0, 0.0], &framing)?, [0.5]);
/// # Ok::<(), timbral_dsp::Error>(())
/// ```
pub fn zero_crossing_rate(y: &[f32], framing: &Framing) -> Result<Vec<f64>> {
    check_finite("signal", y)?;
    let framing = Framing {
        pad_mode: PadMode::Edge,
        ..*framing
    };
    let n_frames = framing.n_frames(y.len())?;
    let mut rates = Vec::with_capacity(n_frames);
    crossing_rates(y, -(framing.pad() as isize), &framing, n_frames, &mut rates);
    Ok(rates)
}

/// Appends the rates of `n_frames` frames, of which the first starts at position `start` of `y`; beyond its
/// ends there are no changes of sign.
pub(crate) fn crossing_rates(
    y: &[f32],
    start: isize,
    framing: &Framing,
    n_frames: usize,
    rates: &mut Vec<f64>,
) {
    let Framing {
        frame_length,
        hop_length,
        ..
    } = *framing;
    let start = |t: usize| start + (t * hop_length) as isize;
    let rate = |count: u32| f64::from(count) / frame_length as f64;
    if !frame_length.is_multiple_of(hop_length) {
        let count = |t| crossings(y, start(t) + 1, start(t) + frame_length as isize);
        rates.extend((0..n_frames).map(|t| rate(count(t))));
        return;
    }
    // A frame is a whole number of hops. Each hop is counted once, including the change at its end,
    // which is subtracted if the hop is the last of a frame.
    let per_frame = frame_length / hop_length;
    let hop = |b| crossings(y, start(b) + 1, start(b + 1) + 1);
    let hops: Vec<u32> = (0..n_frames + per_frame - 1).map(hop).collect();
    rates.extend(hops.windows(per_frame).enumerate().map(|(t, hops)| {
        let end = start(t + per_frame);
        rate(hops.iter().sum::<u32>() - crossings(y, end, end + 1))
    }));
}

/// Changes of sign from sample `i - 1` to `i`, for `i` in `from..to`. There are none beyond the ends
/// of the signal, where the end samples are repeated.
fn crossings(y: &[f32], from: isize, to: isize) -> u32 {
    let inside = |i: isize| i.clamp(1, (y.len() as isize).max(1)) as usize;
    let (from, to) = (inside(from), inside(to));
    if from >= to {
        return 0;
    }
    let pairs = y[from - 1..to - 1].iter().zip(&y[from..to]);
    pairs
        .map(|(a, b)| u32::from(is_negative(*a) != is_negative(*b)))
        .sum()
}

/// Whether a value counts as negative.
pub(crate) fn is_negative(v: f32) -> bool {
    v < -ZERO_THRESHOLD
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn crossings_of_hops_equal_crossings_of_frames() {
        let y: Vec<f32> = (0..83)
            .map(|i| [1.0, -1.0, 0.0, -1e-11, 2.0][i * i % 5])
            .collect();
        for center in [false, true] {
            let framing = Framing {
                frame_length: 9,
                hop_length: 4,
                center,
                pad_mode: PadMode::Edge,
                _non_exhaustive: (),
            };
            let mut frame = [0.0; 9];
            for (t, got) in zero_crossing_rate(&y, &framing)
                .unwrap()
                .into_iter()
                .enumerate()
            {
                framing.copy_frame(&y, t, &mut frame);
                let changes = frame
                    .windows(2)
                    .filter(|w| is_negative(w[0]) != is_negative(w[1]));
                assert_eq!(
                    got,
                    changes.count() as f64 / 9.0,
                    "frame {t}, center {center}"
                );
            }
        }
    }
}
