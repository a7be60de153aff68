use super::Framing;
use crate::error::{Result, check_finite};

/// Root mean square of each frame; equals `librosa.feature.rms(y=y)`.
///
/// ```text
/// r[t] = sqrt( 1 / frame_length sum_n y[t hop_length + n - p]^2 )
/// ```
///
/// # Errors
///
/// - a `frame_length` or `hop_length` outside `1..=2^24`;
/// - no samples, or too few for one frame;
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
    let mut out = Vec::with_capacity(n_frames);
    let mut copy = Vec::new();
    for first in (0..n_frames).step_by(RUN) {
        let n = (n_frames - first).min(RUN);
        let samples = framing.samples(y, first, n, &mut copy);
        frame_rms(samples, framing, n, &mut out);
    }
    Ok(out)
}

/// Frames that are computed together.
const RUN: usize = 64;

/// Appends the root mean squares of the `n_frames` frames of `samples`, which has no more than they need.
pub(crate) fn frame_rms(samples: &[f32], framing: &Framing, n_frames: usize, out: &mut Vec<f32>) {
    let Framing {
        frame_length,
        hop_length,
        ..
    } = *framing;
    let mean = |sum: f64| (sum / frame_length as f64).sqrt() as f32;
    if frame_length.is_multiple_of(hop_length) {
        // Frames overlap: the hops are summed once.
        let hops: Vec<f64> = samples.chunks_exact(hop_length).map(sum_squares).collect();
        let frames = hops.windows(frame_length / hop_length);
        out.extend(frames.map(|hops| mean(hops.iter().sum())));
    } else {
        let frame = |t: usize| &samples[t * hop_length..][..frame_length];
        out.extend((0..n_frames).map(|t| mean(sum_squares(frame(t)))));
    }
}

fn sum_squares(samples: &[f32]) -> f64 {
    let mut sum = [0.0f64; 8];
    let chunks = samples.chunks_exact(8);
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
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::frames::PadMode;

    #[test]
    fn sums_of_blocks_equal_sums_of_frames() {
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
                        _non_exhaustive: (),
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
}
