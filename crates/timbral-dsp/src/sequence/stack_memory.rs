use ndarray::{Array2, ArrayView2};

use crate::error::{Error, Result, check, check_length};
use crate::frames::PadMode;

/// Parameters of [`stack_memory`], named as in librosa.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct StackParams {
    /// Number of copies, the frame itself included, `1..=65536`; default 2.
    pub n_steps: usize,
    /// Frames between copies, not 0, at most 2^24 in magnitude; default 1. With a negative delay, copies are of
    /// later frames instead of earlier ones.
    pub delay: isize,
    /// The values that copies have before the first or after the last frame; default zeros.
    pub pad_mode: PadMode,
    #[doc(hidden)]
    pub _non_exhaustive: (),
}

impl Default for StackParams {
    fn default() -> Self {
        Self {
            n_steps: 2,
            delay: 1,
            pad_mode: PadMode::Zero,
            _non_exhaustive: (),
        }
    }
}

impl StackParams {
    /// Checks the ranges of all parameters.
    ///
    /// # Errors
    ///
    /// A parameter outside the range in its description.
    pub fn validate(&self) -> Result<()> {
        let n = self.n_steps;
        let holds = (1..=1 << 16).contains(&n);
        check(holds, "n_steps", n, "must be in 1..=65536")?;
        let delay = self.delay;
        let holds = delay != 0 && delay.unsigned_abs() <= 1 << 24;
        check(holds, "delay", delay, "must be in -2^24..=2^24 and not 0")?;
        Ok(())
    }
}

/// Each frame together with earlier ones, one above the other; equals `librosa.feature.stack_memory`.
///
/// ```text
/// out[s d + i, t] = data[i, t - s delay],   s = 0 .. n_steps
/// ```
///
/// - `data`: shape `(d, n_frames)`;
/// - result: shape `(d n_steps, n_frames)`.
///
/// # Errors
///
/// - those of [`StackParams::validate`];
/// - `data` without frames, or a result that does not fit into memory.
///
/// ```
/// use ndarray::array;
/// use timbral_dsp::{StackParams, stack_memory};
///
/// let stacked = stack_memory(array![[1.0f32, 2.0, 3.0]].view(), &StackParams::default())?;
/// assert_eq!(stacked, array![[1.0, 2.0, 3.0], [0.0, 1.0, 2.0]]);
/// # Ok::<(), timbral_dsp::Error>(())
/// ```
pub fn stack_memory(data: ArrayView2<'_, f32>, params: &StackParams) -> Result<Array2<f32>> {
    params.validate()?;
    let (d, n) = data.dim();
    if n == 0 {
        return Err(Error::TooShort {
            name: "data columns",
            needed: 1,
            got: 0,
        });
    }
    let cells = d.saturating_mul(n).saturating_mul(params.n_steps);
    let mut out = Vec::new();
    let fits = out.try_reserve_exact(cells).is_ok();
    let rule = "makes a result that does not fit into memory";
    check(fits, "n_steps", params.n_steps, rule)?;
    for s in 0..params.n_steps as isize {
        for row in data.outer_iter() {
            out.extend((0..n).map(|t| {
                let source = params.pad_mode.source(t as isize - s * params.delay, n);
                source.map_or(0.0, |t| row[t])
            }));
        }
    }
    let n_rows = d * params.n_steps;
    let filled = out.len();
    Array2::from_shape_vec((n_rows, n), out)
        .or_else(|_| check_length("data", cells, filled).map(|()| Array2::zeros((n_rows, n))))
}
