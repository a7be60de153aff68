use ndarray::{Array2, ArrayView2};

use crate::error::{Error, Result, check};

/// Parameters of [`rqa`], named as in `librosa.sequence.rqa`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RqaParams {
    /// The cost of the first step over dissimilar frames, at least 0; default 1.
    pub gap_onset: f64,
    /// The cost of each further step over dissimilar frames, at least 0; default 1.
    pub gap_extend: f64,
    /// Whether a path may advance by two frames of one series and one of the other; default true.
    pub knight_moves: bool,
    #[doc(hidden)]
    pub _non_exhaustive: (),
}

impl Default for RqaParams {
    fn default() -> Self {
        Self {
            gap_onset: 1.0,
            gap_extend: 1.0,
            knight_moves: true,
            _non_exhaustive: (),
        }
    }
}

impl RqaParams {
    /// Checks the ranges of all parameters.
    ///
    /// # Errors
    ///
    /// A cost that is negative or not finite.
    pub fn validate(&self) -> Result<()> {
        for (name, cost) in [
            ("gap_onset", self.gap_onset),
            ("gap_extend", self.gap_extend),
        ] {
            let holds = cost >= 0.0 && cost.is_finite();
            check(holds, name, cost, "must be finite and not negative")?;
        }
        Ok(())
    }
}

/// The longest common part of two series, by [`rqa`].
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Recurrence {
    /// The score of the best path that ends at each pair of frames.
    pub score: Array2<f64>,
    /// The pairs of frames of the best path, from its start to its end; empty if no frames are similar.
    pub path: Vec<(usize, usize)>,
}

/// Recurrence quantification: the best-scoring path through a matrix of similarities, as an alignment of parts of two
/// series (Serrà, Serra and Andrzejak 2009); equals `librosa.sequence.rqa`.
///
/// ```text
/// Q[i, j] = sim[i, j] + max over moves of Q[before]                              where sim[i, j] > 0
/// Q[i, j] = max(0, max over moves of Q[before] - gap(sim[before]))               elsewhere
/// ```
///
/// Moves are diagonal (from `i - 1, j - 1`) and, with `knight_moves`, from `i - 1, j - 2` and `i - 2, j - 1`. A
/// gap costs `gap_onset` after a similar pair and `gap_extend` after a dissimilar one. A path ends where its
/// score is 0. Of equally good moves the first is taken.
///
/// `sim` has shape `(n_frames_1, n_frames_2)`, for example that of [`cross_similarity`](crate::cross_similarity) or
/// [`recurrence_matrix`](crate::recurrence_matrix); its values are not negative.
///
/// # Errors
///
/// Those of [`RqaParams::validate`]; no frames; a value that is negative or not finite.
///
/// ```
/// use ndarray::array;
/// use timbral_dsp::{RqaParams, rqa};
///
/// let sim = array![[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]];
/// let found = rqa(sim.view(), &RqaParams::default())?;
/// assert_eq!(found.score[[2, 2]], 3.0);
/// assert_eq!(found.path, [(0, 0), (1, 1), (2, 2)]);
/// # Ok::<(), timbral_dsp::Error>(())
/// ```
pub fn rqa(sim: ArrayView2<'_, f64>, params: &RqaParams) -> Result<Recurrence> {
    params.validate()?;
    let (n, m) = sim.dim();
    if n == 0 || m == 0 {
        return Err(Error::TooShort {
            name: "sim",
            needed: 1,
            got: 0,
        });
    }
    for value in sim {
        let holds = *value >= 0.0 && value.is_finite();
        check(holds, "sim", value, "must be finite and not negative")?;
    }
    let mut score = sim.to_owned();
    let mut moves = Array2::from_elem((n, m), Move::Start);
    for i in 1..n {
        for j in 1..m {
            let here = sim[[i, j]];
            let mut best: Option<(f64, Step)> = None;
            for step in STEPS {
                let (up, left) = (step.0, step.1);
                let is_knight = up + left > 2;
                if (is_knight && !params.knight_moves) || up > i || left > j {
                    continue;
                }
                let before = [i - up, j - left];
                let gap = match sim[before] > 0.0 {
                    _ if here > 0.0 => 0.0,
                    true => params.gap_onset,
                    false => params.gap_extend,
                };
                let value = score[before] - gap;
                if best.is_none_or(|(most, _)| value > most) {
                    best = Some((value, step));
                }
            }
            let (value, step) = best.unwrap_or((0.0, STEPS[0]));
            let value = if here > 0.0 {
                value + here
            } else {
                value.max(0.0)
            };
            score[[i, j]] = value;
            moves[[i, j]] = match value > 0.0 {
                true => Move::From(step),
                false => Move::Reset,
            };
        }
    }
    let path = path(&sim, &score, &moves);
    Ok(Recurrence { score, path })
}

/// Numbers of frames by which a move advances in both series.
type Step = (usize, usize);

/// The moves in the order in which equal ones are preferred.
const STEPS: [Step; 3] = [(1, 1), (1, 2), (2, 1)];

#[derive(Debug, Clone, Copy, PartialEq)]
enum Move {
    /// An edge of the matrix.
    Start,
    /// Where no path goes on.
    Reset,
    From(Step),
}

/// Goes back from the largest score to the start of the path.
fn path(
    sim: &ArrayView2<'_, f64>,
    score: &Array2<f64>,
    moves: &Array2<Move>,
) -> Vec<(usize, usize)> {
    let mut best = (0, 0);
    for (at, value) in score.indexed_iter() {
        if *value > score[best] {
            best = at;
        }
    }
    let mut path = Vec::new();
    let mut at = best;
    loop {
        match moves[at] {
            Move::Reset => break,
            Move::Start => {
                if sim[at] > 0.0 {
                    path.push(at);
                }
                break;
            }
            Move::From((up, left)) => {
                path.push(at);
                at = (at.0 - up, at.1 - left);
            }
        }
    }
    path.reverse();
    path
}
