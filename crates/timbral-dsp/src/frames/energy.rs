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

/// The sums of an additive function over all frames. If the hop divides the frame length, blocks
/// of one hop are summed first, so that each sample is read once although frames overlap.
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
