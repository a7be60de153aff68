//! Matrices of transition probabilities.

use ndarray::Array2;

use crate::error::{Result, check};

/// Largest number of states: those of a path are stored in 16 bits, as in librosa.
pub(super) const MAX_STATES: usize = 1 << 16;

/// The rule for numbers of states; a matrix has their square.
fn check_states(n_states: usize, least: usize) -> Result<()> {
    let holds = (least..=1 << 13).contains(&n_states);
    let rule = "must be in 1..=8192, and at least 2 where states have neighbours";
    check(holds, "n_states", n_states, rule)?;
    Ok(())
}

/// The rule for probabilities.
fn check_probability(prob: f64) -> Result<()> {
    let holds = (0.0..=1.0).contains(&prob);
    check(holds, "prob", prob, "must be in 0..=1")?;
    Ok(())
}

/// The transition matrix in which each state follows with the same probability `1 / n_states`; equals
/// `librosa.sequence.transition_uniform`.
///
/// # Errors
///
/// `n_states` outside `1..=8192`.
///
/// ```
/// assert_eq!(timbral_dsp::transition_uniform(4)?[[1, 2]], 0.25);
/// # Ok::<(), timbral_dsp::Error>(())
/// ```
pub fn transition_uniform(n_states: usize) -> Result<Array2<f64>> {
    check_states(n_states, 1)?;
    Ok(Array2::from_elem(
        (n_states, n_states),
        1.0 / n_states as f64,
    ))
}

/// The transition matrix in which a state stays with probability `prob`, and all others follow with equal
/// probabilities; equals `librosa.sequence.transition_loop`.
///
/// # Errors
///
/// `n_states` outside `2..=8192`, or `prob` outside `0..=1`.
///
/// ```
/// let transition = timbral_dsp::transition_loop(3, 0.5)?;
/// assert_eq!(transition.row(0).to_vec(), [0.5, 0.25, 0.25]);
/// # Ok::<(), timbral_dsp::Error>(())
/// ```
pub fn transition_loop(n_states: usize, prob: f64) -> Result<Array2<f64>> {
    check_states(n_states, 2)?;
    check_probability(prob)?;
    let other = (1.0 - prob) / (n_states as f64 - 1.0);
    Ok(Array2::from_shape_fn((n_states, n_states), |(i, j)| {
        if i == j { prob } else { other }
    }))
}

/// The transition matrix in which a state stays with probability `prob`, and otherwise the next one follows.
/// The first state follows the last. Equals `librosa.sequence.transition_cycle`.
///
/// # Errors
///
/// `n_states` outside `2..=8192`, or `prob` outside `0..=1`.
///
/// ```
/// let transition = timbral_dsp::transition_cycle(3, 0.75)?;
/// assert_eq!(transition.row(2).to_vec(), [0.25, 0.0, 0.75]);
/// # Ok::<(), timbral_dsp::Error>(())
/// ```
pub fn transition_cycle(n_states: usize, prob: f64) -> Result<Array2<f64>> {
    check_states(n_states, 2)?;
    check_probability(prob)?;
    Ok(Array2::from_shape_fn(
        (n_states, n_states),
        |(i, j)| match (j + n_states - i) % n_states {
            0 => prob,
            1 => 1.0 - prob,
            _ => 0.0,
        },
    ))
}

/// The transition matrix in which states near a state follow, with the probabilities of a triangle of `width`
/// states; equals `librosa.sequence.transition_local` with its default window and without `wrap`.
///
/// # Errors
///
/// `n_states` outside `2..=8192`, or `width` outside `1..=n_states`.
///
/// ```
/// let transition = timbral_dsp::transition_local(4, 3)?;
/// assert_eq!(transition.row(1).to_vec(), [0.25, 0.5, 0.25, 0.0]);
/// # Ok::<(), timbral_dsp::Error>(())
/// ```
pub fn transition_local(n_states: usize, width: usize) -> Result<Array2<f64>> {
    check_states(n_states, 2)?;
    let holds = (1..=n_states).contains(&width);
    check(holds, "width", width, "must be in 1..=n_states")?;
    let weights = local_weights(n_states, width);
    Ok(Array2::from_shape_fn((n_states, n_states), |(i, j)| {
        weights.at(i, j)
    }))
}

/// The rows of [`transition_local`], without their zeros.
pub(crate) struct LocalWeights {
    /// The first state and the probabilities of each row.
    rows: Vec<(usize, Vec<f64>)>,
}

impl LocalWeights {
    /// The probability of state `to` after `from`.
    pub(crate) fn at(&self, from: usize, to: usize) -> f64 {
        let (first, row) = &self.rows[from];
        let place = to.checked_sub(*first).and_then(|i| row.get(i));
        place.copied().unwrap_or(0.0)
    }
}

/// The probabilities for `1 <= width <= n_states`.
pub(crate) fn local_weights(n_states: usize, width: usize) -> LocalWeights {
    let triangle = triangle(width);
    // Where an even width has its middle depends on the number of states, as in librosa.
    let before = if width.is_multiple_of(2) && n_states.is_multiple_of(2) {
        width / 2 - 1
    } else {
        width / 2
    };
    // The triangle around state i, closed to a ring. If its even width is the number of states, both ends are
    // the same state.
    let row = |i: usize| {
        let first = i.saturating_sub(width / 2);
        let end = (i + width / 2 + 1).min(n_states);
        let weight = |to: usize| {
            let place = (to + n_states + before - i) % n_states;
            triangle.get(place).copied().unwrap_or(0.0)
        };
        let row: Vec<f64> = (first..end).map(weight).collect();
        let sum: f64 = row.iter().sum();
        (first, row.iter().map(|w| w / sum).collect())
    };
    LocalWeights {
        rows: (0..n_states).map(row).collect(),
    }
}

/// `scipy.signal.windows.triang`: without zeros at its ends.
fn triangle(n: usize) -> Vec<f64> {
    let value = |i: usize| {
        let rank = (i + 1).min(n - i) as f64;
        match n % 2 {
            0 => (2.0 * rank - 1.0) / n as f64,
            _ => 2.0 * rank / (n as f64 + 1.0),
        }
    };
    (0..n).map(value).collect()
}
