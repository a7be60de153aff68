//! The dynamic programme behind the beat tracker (Ellis 2007).

/// The envelope divided by its sample standard deviation (`ddof=1`), in f32 as in NumPy.
pub(super) fn normalized(envelope: &[f32]) -> Vec<f64> {
    let n = envelope.len();
    let mean = pairwise_sum(envelope) / n as f32;
    let squares: Vec<f32> = envelope.iter().map(|v| (v - mean) * (v - mean)).collect();
    let std = (pairwise_sum(&squares) / (n - 1) as f32).sqrt();
    envelope
        .iter()
        .map(|v| f64::from(v / (std + f32::MIN_POSITIVE)))
        .collect()
}

/// The sum in the order of NumPy: by halves, down to runs of at most 128 with eight partial sums.
fn pairwise_sum(values: &[f32]) -> f32 {
    if values.len() > 128 {
        let half = values.len() / 2;
        let (left, right) = values.split_at(half - half % 8);
        return pairwise_sum(left) + pairwise_sum(right);
    }
    let chunks = values.chunks_exact(8);
    let rest = chunks.remainder();
    let mut partial = [0.0f32; 8];
    for chunk in chunks {
        for (partial, value) in partial.iter_mut().zip(chunk) {
            *partial += value;
        }
    }
    let [a, b, c, d, e, f, g, h] = partial;
    let sum = ((a + b) + (c + d)) + ((e + f) + (g + h));
    rest.iter().fold(sum, |sum, value| sum + value)
}

/// The envelope without its first value, smoothed by a Gaussian of width `period / 32`. The order of
/// the additions is librosa's: from the latest neighbour to the earliest, each sum rounded to f32.
pub(super) fn local_score(onsets: &[f64], period: f64) -> Vec<f64> {
    let n = onsets.len();
    let reach = (period as usize).min(n - 1);
    let mut local = vec![0.0; n];
    let add = |to: &mut [f64], from: &[f64], distance: usize| {
        let weight = libm::exp(-0.5 * (distance as f64 * 32.0 / period).powi(2));
        for (to, from) in to.iter_mut().zip(from) {
            *to = f64::from((*to + weight * from) as f32);
        }
    };
    for later in (0..=reach).rev() {
        let skip = usize::from(later == 0);
        add(&mut local[skip..], &onsets[later + skip..], later);
    }
    for earlier in 1..=reach {
        add(&mut local[(earlier + 1).min(n)..], &onsets[1..], earlier);
    }
    local
}

/// For each frame the previous beat on the best path that ends there, and the score of that path.
pub(super) fn track(local: &[f64], period: f64, tightness: f32) -> (Vec<Option<usize>>, Vec<f64>) {
    let nearest = ((period / 2.0).round_ties_even() as usize).max(1);
    let furthest = ((2.0 * period) as usize).min(local.len() - 1);
    let penalty =
        |d: usize| f64::from(tightness) * (libm::log(d as f64) - libm::log(period)).powi(2);
    // In the order of the frames: the furthest first.
    let penalties: Vec<f64> = (nearest..=furthest).rev().map(penalty).collect();
    let threshold = 0.01 * local.iter().copied().fold(f64::NEG_INFINITY, f64::max);

    let mut backlinks = Vec::with_capacity(local.len());
    let mut cumulative: Vec<f64> = Vec::with_capacity(local.len());
    let mut first_beat = true;
    for (t, score) in local.iter().enumerate() {
        let reachable = &cumulative[t.saturating_sub(furthest)..(t + 1).saturating_sub(nearest)];
        let penalties = &penalties[penalties.len() - reachable.len()..];
        let mut best = f64::NEG_INFINITY;
        let mut previous = None;
        // Of equal predecessors the latest one is taken.
        for (i, (before, penalty)) in reachable.iter().zip(penalties).enumerate().rev() {
            let score = before - penalty;
            if score > best {
                best = score;
                previous = Some(t.saturating_sub(furthest) + i);
            }
        }
        cumulative.push(if previous.is_some() {
            score + best
        } else {
            *score
        });
        if first_beat && *score < threshold {
            backlinks.push(None);
        } else {
            backlinks.push(previous);
            first_beat = false;
        }
    }
    (backlinks, cumulative)
}

/// The last peak that reaches half the median peak; the last frame if there is none.
pub(super) fn last_beat(cumulative: &[f64]) -> usize {
    let last = cumulative.len() - 1;
    let is_peak = |t: &usize| {
        let t = *t;
        cumulative[t] > cumulative[t - 1] && (t == last || cumulative[t] >= cumulative[t + 1])
    };
    let peaks: Vec<usize> = (1..=last).filter(is_peak).collect();
    let mut heights: Vec<f64> = peaks.iter().map(|t| cumulative[*t]).collect();
    heights.sort_by(f64::total_cmp);
    let median = match heights.len() {
        0 => return last,
        n if n % 2 == 1 => heights[n / 2],
        n => (heights[n / 2 - 1] + heights[n / 2]) / 2.0,
    };
    let reaches = |t: &&usize| cumulative[**t] >= 0.5 * median;
    peaks.iter().rev().find(reaches).copied().unwrap_or(last)
}

/// Drops the beats in the weak frames at both ends. Without `trim`, a frame is weak if its score is
/// not above zero.
pub(super) fn trim(frames: &mut Vec<usize>, local: &[f64], trim: bool) {
    let threshold = if trim {
        trim_threshold(frames, local)
    } else {
        0.0
    };
    let is_weak = |score: &f64| *score <= threshold;
    let first = local.iter().position(|score| !is_weak(score));
    let last = local.iter().rposition(|score| !is_weak(score));
    match (first, last) {
        (Some(first), Some(last)) => frames.retain(|t| (first..=last).contains(t)),
        _ => frames.clear(),
    }
}

/// Half the root mean square of the local scores of the beats, smoothed by a Hann window of five
/// values. The smoothed series has one more value at each end, but at most one per frame.
fn trim_threshold(frames: &[usize], local: &[f64]) -> f64 {
    // The zeros matter: a constant envelope can have infinite scores. 0 * inf then makes the threshold
    // NaN, and no frame counts as weak.
    const HANN: [f64; 5] = [0.0, 0.5, 1.0, 0.5, 0.0];
    let n_smooth = (frames.len() + 2).min(local.len());
    let smooth = |i: usize| -> f64 {
        let term = |(k, w): (usize, &f64)| {
            let at = (i + 2).checked_sub(k).and_then(|at| frames.get(at));
            at.map_or(0.0, |t| w * local[*t])
        };
        HANN.iter().enumerate().map(term).sum()
    };
    let sum: f64 = (0..n_smooth).map(|i| smooth(i).powi(2)).sum();
    0.5 * (sum / n_smooth as f64).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn noise(n: usize) -> Vec<f32> {
        (0..n)
            .map(|t| ((t * t * 31 + t * 7) % 101) as f32 / 9.0)
            .collect()
    }

    /// The best score of all sequences of beats that end at `t`, by plain recursion.
    fn naive_score(local: &[f64], period: f64, t: usize) -> f64 {
        let from = (period / 2.0).round_ties_even().max(1.0) as usize;
        let to = (2.0 * period) as usize;
        let before = |d: usize| {
            let penalty = 100.0 * ((d as f64).ln() - period.ln()).powi(2);
            (d <= t).then(|| naive_score(local, period, t - d) - penalty)
        };
        local[t]
            + (from..=to)
                .filter_map(before)
                .reduce(f64::max)
                .unwrap_or(0.0)
    }

    #[test]
    fn the_score_is_that_of_the_best_of_all_sequences() {
        for period in [1.0, 2.0, 3.0, 5.0] {
            let n = if period < 3.0 { 14 } else { 22 };
            let local = local_score(&normalized(&noise(n)), period);
            let (_, cumulative) = track(&local, period, 100.0);
            for (t, got) in cumulative.iter().enumerate() {
                let expected = naive_score(&local, period, t);
                // The same additions in another order.
                let tolerance = 1e-12 * expected.abs().max(1.0);
                assert!(
                    (got - expected).abs() < tolerance,
                    "{period} [{t}]: {got} {expected}"
                );
            }
        }
    }

    #[test]
    fn local_score_is_a_convolution_without_the_first_value() {
        for (n, period) in [(2usize, 1.0), (5, 9.0), (40, 6.0), (40, 39.0), (40, 1e9)] {
            let onsets: Vec<f64> = noise(n).iter().map(|v| f64::from(*v)).collect();
            let got = local_score(&onsets, period);
            for (t, got) in got.iter().enumerate() {
                let term = |i: usize| {
                    let d = i.abs_diff(t) as f64;
                    if d > period {
                        0.0
                    } else {
                        onsets[i] * (-0.5 * (32.0 * d / period).powi(2)).exp()
                    }
                };
                let expected: f64 = (1..n).map(term).sum();
                // At most 40 sums that are rounded to f32, by half of 2^-23 each.
                assert!(
                    (got - expected).abs() < 40.0 * 6e-8 * (1.0 + expected),
                    "{n} {period} [{t}]"
                );
            }
        }
    }
}
