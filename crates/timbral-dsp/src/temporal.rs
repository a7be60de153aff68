//! What is read off the samples themselves, frame by frame: energy and zero crossings.

use crate::error::{Result, check_finite};
use crate::frame::{Framing, PadMode};

/// Root mean square of each frame; equals `librosa.feature.rms(y=y)`.
///
/// ```text
/// r[t] = sqrt( 1 / frame_length sum_n y[t hop_length + n - p]^2 )
/// ```
///
/// # Errors
///
/// - a frame or hop length outside `1..=2^24`;
/// - no samples, or fewer than fill one frame;
/// - a sample that is NaN or infinite.
///
/// ```
/// use timbral_dsp::{Framing, rms};
///
/// let framing = Framing { frame_length: 4, hop_length: 4, center: false, ..Framing::default() };
/// assert_eq!(rms(&[3.0, 0.0, 0.0, 0.0, 1.0, 1.0, -1.0, 1.0], &framing)?, [1.5, 1.0]);
/// # Ok::<(), timbral_dsp::Error>(())
/// ```
pub fn rms(y: &[f32], framing: &Framing) -> Result<Vec<f32>> {
    check_finite("signal", y)?;
    let n_frames = framing.n_frames(y.len())?;
    let sums = frame_sums(y, framing, n_frames, |block| {
        let mut sum = [0.0f64; 8];
        let chunks = block.chunks_exact(8);
        let rest: f64 = chunks
            .remainder()
            .iter()
            .map(|v| f64::from(*v).powi(2))
            .sum();
        for chunk in chunks {
            for l in 0..8 {
                sum[l] += f64::from(chunk[l]) * f64::from(chunk[l]);
            }
        }
        sum.iter().sum::<f64>() + rest
    });
    let mean = |sum: &f64| (sum / framing.frame_length as f64).sqrt() as f32;
    Ok(sums.iter().map(mean).collect())
}

/// Sums over frames of something additive, by summing blocks that all frames are made of.
///
/// Frames overlap; where the hop divides the frame each sample is read once.
fn frame_sums(
    y: &[f32],
    framing: &Framing,
    n_frames: usize,
    sum: impl Fn(&[f32]) -> f64,
) -> Vec<f64> {
    let Framing {
        frame_length,
        hop_length,
        ..
    } = *framing;
    if frame_length.is_multiple_of(hop_length) {
        let blocks = Framing {
            frame_length: hop_length,
            ..*framing
        };
        let per_frame = frame_length / hop_length;
        let mut block = vec![0.0; hop_length];
        let mut sums = Vec::with_capacity(n_frames + per_frame - 1);
        let start = framing.pad() as isize;
        for b in 0..n_frames + per_frame - 1 {
            let at = (b * hop_length) as isize - start;
            if at >= 0 && at as usize + hop_length <= y.len() {
                sums.push(sum(&y[at as usize..][..hop_length]));
                continue;
            }
            for (i, v) in block.iter_mut().enumerate() {
                *v = blocks
                    .pad_mode
                    .source(at + i as isize, y.len())
                    .map_or(0.0, |s| y[s]);
            }
            sums.push(sum(&block));
        }
        return sums.windows(per_frame).map(|w| w.iter().sum()).collect();
    }
    let mut frame = vec![0.0; frame_length];
    let one = |t: usize| {
        framing.copy_frame(y, t, &mut frame);
        sum(&frame)
    };
    (0..n_frames).map(one).collect()
}

/// Values this near to zero count as zero.
const ZERO_THRESHOLD: f32 = 1e-10;

/// Share of the neighbouring samples of each frame between which the sign changes; equals
/// `librosa.feature.zero_crossing_rate`.
///
/// ```text
/// z[t] = 1 / frame_length #{ n = 1 .. frame_length - 1 : sign(x[n]) != sign(x[n - 1]) }
/// ```
///
/// with `x` the frame and zero (within 1e-10) taken as positive. librosa pads with the end
/// samples whatever other features do; so `pad_mode` counts for nothing here.
///
/// # Errors
///
/// Those of [`rms`].
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
    let Framing {
        frame_length,
        hop_length,
        ..
    } = framing;
    let start = |t: usize| (t * hop_length) as isize - framing.pad() as isize;
    let rate = |count: u32| f64::from(count) / frame_length as f64;
    if !frame_length.is_multiple_of(hop_length) {
        let count = |t| crossings(y, start(t) + 1, start(t) + frame_length as isize);
        return Ok((0..n_frames).map(|t| rate(count(t))).collect());
    }
    // Frames are made of whole hops: each is counted once, with the change at its end, which
    // does not belong to the frame if it is the last.
    let per_frame = frame_length / hop_length;
    let hop = |b| crossings(y, start(b) + 1, start(b + 1) + 1);
    let hops: Vec<u32> = (0..n_frames + per_frame - 1).map(hop).collect();
    let frames = hops.windows(per_frame).enumerate().map(|(t, hops)| {
        let end = start(t + per_frame);
        rate(hops.iter().sum::<u32>() - crossings(y, end, end + 1))
    });
    Ok(frames.collect())
}

/// Changes of sign from sample `i - 1` to `i`, for `i` in `from..to`; beyond the ends of the
/// signal, where the end samples are repeated, there are none.
fn crossings(y: &[f32], from: isize, to: isize) -> u32 {
    let inside = |i: isize| i.clamp(1, y.len() as isize) as usize;
    let (from, to) = (inside(from), inside(to));
    let pairs = y[from - 1..to - 1].iter().zip(&y[from..to]);
    pairs
        .map(|(a, b)| u32::from(is_negative(*a) != is_negative(*b)))
        .sum()
}

fn is_negative(v: f32) -> bool {
    v < -ZERO_THRESHOLD
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_by_blocks_are_those_by_frames() {
        let y: Vec<f32> = (0..97)
            .map(|i| ((i * 37 % 19) as f32 - 9.0) / 4.0)
            .collect();
        for pad_mode in [PadMode::Zero, PadMode::Reflect, PadMode::Edge] {
            for (frame_length, hop_length) in [(8, 4), (8, 8), (8, 3), (9, 3), (4, 9), (12, 4)] {
                for center in [false, true] {
                    let framing = Framing {
                        frame_length,
                        hop_length,
                        center,
                        pad_mode,
                    };
                    let got = rms(&y, &framing).unwrap();
                    let mut frame = vec![0.0f32; frame_length];
                    for (t, got) in got.iter().enumerate() {
                        framing.copy_frame(&y, t, &mut frame);
                        let mean = frame.iter().map(|v| v * v).sum::<f32>() / frame_length as f32;
                        assert!((got - mean.sqrt()).abs() < 1e-6, "{framing:?} frame {t}");
                    }
                }
            }
        }
    }

    #[test]
    fn crossings_are_those_of_each_frame_alone() {
        let y: Vec<f32> = (0..83)
            .map(|i| [1.0, -1.0, 0.0, -1e-11, 2.0][i * i % 5])
            .collect();
        for center in [false, true] {
            let framing = Framing {
                frame_length: 9,
                hop_length: 4,
                center,
                pad_mode: PadMode::Edge,
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
