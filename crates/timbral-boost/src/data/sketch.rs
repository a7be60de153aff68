//! Weighted quantiles of a stream, as XGBoost finds its cuts (Chen & Guestrin 2016, appendix).
//!
//! The cuts decide where trees may split, so a tree can equal XGBoost's only if the sketch is
//! computed in the same steps, `f32` ranks included.

use ndarray::ArrayView1;

/// A value and the range of its rank.
#[derive(Debug, Clone, Copy)]
struct Entry {
    rank_min: f32,
    rank_max: f32,
    weight: f32,
    value: f32,
}

impl Entry {
    fn next_rank_min(&self) -> f32 {
        self.rank_min + self.weight
    }

    fn previous_rank_max(&self) -> f32 {
        self.rank_max - self.weight
    }
}

/// How many times finer a summary is than the bins.
const OVERSAMPLING: f64 = 2.0;

/// A sketch of the values of one column.
#[derive(Debug)]
pub(super) struct Sketch {
    max_bin: usize,
    limit: usize,
    /// Values of a weight above 0.
    n_values: usize,
    queue: Vec<(f32, f32)>,
    levels: Vec<Vec<Entry>>,
}

/// Entries of a summary of `n_values` values for at most `max_bin` bins.
fn limit(n_values: usize, max_bin: usize) -> usize {
    let bins = max_bin.min(n_values).max(1);
    let epsilon = 1.0 / bins as f64 / OVERSAMPLING;
    let mut level = 1;
    loop {
        let limit = (((level as f64) / epsilon).ceil() as usize + 1).min(n_values);
        if limit.saturating_mul(1 << level.min(60)) >= n_values {
            return limit.max(1);
        }
        level += 1;
    }
}

impl Sketch {
    /// For `n_values` values and at most `max_bin` bins.
    pub(super) fn new(n_values: usize, max_bin: usize) -> Self {
        Self {
            max_bin,
            limit: limit(n_values, max_bin),
            n_values: 0,
            queue: Vec::new(),
            levels: Vec::new(),
        }
    }

    /// Adds the values of some rows of a column; returns how many of them are not missing.
    pub(super) fn push_column(
        &mut self,
        column: ArrayView1<'_, f32>,
        weights: Option<&[f32]>,
    ) -> usize {
        let mut n_values = 0;
        for (row, &value) in column.iter().enumerate() {
            if !value.is_nan() {
                n_values += 1;
                self.push(value, weights.map_or(1.0, |w| w[row]));
            }
        }
        n_values
    }

    /// Adds a value; a weight of 0 adds nothing.
    fn push(&mut self, value: f32, weight: f32) {
        if weight == 0.0 {
            return;
        }
        self.n_values += 1;
        match self.queue.last_mut() {
            Some(last) if last.0 == value => last.1 += weight,
            _ => {
                if self.queue.len() >= 2 * self.limit {
                    let summary = self.drain_queue();
                    self.push_summary(summary);
                }
                self.queue.push((value, weight));
            }
        }
    }

    fn drain_queue(&mut self) -> Vec<Entry> {
        self.queue.sort_unstable_by(|a, b| a.0.total_cmp(&b.0));
        let mut summary: Vec<Entry> = Vec::with_capacity(self.queue.len());
        let mut rank = 0.0;
        for same in self.queue.chunk_by(|a, b| a.0 == b.0) {
            let weight = same[1..].iter().fold(same[0].1, |sum, &(_, w)| sum + w);
            summary.push(Entry {
                rank_min: rank,
                rank_max: rank + weight,
                weight,
                value: same[0].0,
            });
            rank += weight;
        }
        self.queue.clear();
        summary
    }

    fn push_summary(&mut self, mut summary: Vec<Entry>) {
        for level in 0.. {
            if self.levels.len() <= level {
                self.levels.resize_with(level + 1, Vec::new);
            }
            summary = prune(summary, self.limit);
            summary = combine(summary, &self.levels[level]);
            if summary.len() <= self.limit {
                self.levels[level] = summary;
                return;
            }
            self.levels[level].clear();
        }
    }

    /// The cuts between bins, ascending: bin `i` holds the values in `cuts[i - 1]..cuts[i]`. The
    /// last is greater than every value. At most `max_bin`, at least one.
    pub(super) fn cuts(mut self) -> Vec<f32> {
        let rest = self.drain_queue();
        self.push_summary(rest);
        let target = limit(self.n_values, self.max_bin);
        let mut summary = Vec::new();
        for level in &self.levels {
            summary = prune(combine(summary, level), target.max(self.limit));
        }
        let summary = prune(summary, target);
        let Some(highest) = summary.last().map(|entry| entry.value) else {
            return vec![1e-5];
        };
        let mut cuts = if summary.len() <= self.max_bin {
            summary[1..].iter().map(|entry| entry.value).collect()
        } else {
            quantiles(&summary, self.max_bin)
        };
        cuts.push((highest + (highest.abs() + 1e-5)).min(f32::MAX));
        // Near the largest number the cuts are not distinct.
        cuts.dedup();
        cuts
    }
}

/// The values between `n_bins` bins of equal weight, strictly ascending and above the first value.
fn quantiles(summary: &[Entry], n_bins: usize) -> Vec<f32> {
    let last = summary.len() - 1;
    let total = f64::from(summary[last].rank_max);
    let mut cuts = Vec::with_capacity(n_bins);
    let (mut i, mut lowest) = (0, summary[0].value);
    for k in 1..n_bins {
        let twice = 2.0 * (k as f64 * total / n_bins as f64);
        let middle = |entry: &Entry| f64::from(entry.rank_min + entry.rank_max);
        while i + 1 < last && twice >= middle(&summary[i + 1]) {
            i += 1;
        }
        let (entry, next) = (&summary[i], &summary[i + 1]);
        let border = f64::from(entry.next_rank_min() + next.previous_rank_max());
        let mut cut = if twice < border { entry } else { next }.value;
        if cut <= lowest {
            let above = summary.partition_point(|entry| entry.value <= lowest);
            match summary.get(above) {
                Some(entry) => cut = entry.value,
                None => break,
            }
        }
        cuts.push(cut);
        lowest = cut;
    }
    cuts
}

/// At most `max_size` entries, evenly spread over the ranks; the first and the last are kept.
fn prune(summary: Vec<Entry>, max_size: usize) -> Vec<Entry> {
    if summary.len() <= max_size || max_size < 2 {
        return summary;
    }
    let last = summary.len() - 1;
    let begin = summary[0].rank_max;
    let range = summary[last].rank_min - summary[0].rank_max;
    let n = max_size - 1;
    let mut kept = vec![summary[0]];
    let mut i = 1;
    let mut last_kept = 0;
    for k in 1..n {
        let twice = 2.0 * ((k as f32 * range) / n as f32 + begin);
        while i < last && twice >= summary[i + 1].rank_max + summary[i + 1].rank_min {
            i += 1;
        }
        if i == last {
            break;
        }
        let near = if twice < summary[i].next_rank_min() + summary[i + 1].previous_rank_max() {
            i
        } else {
            i + 1
        };
        if near != last_kept {
            kept.push(summary[near]);
            last_kept = near;
        }
    }
    if last_kept != last {
        kept.push(summary[last]);
    }
    kept
}

/// The summary of both streams together.
fn combine(a: Vec<Entry>, b: &[Entry]) -> Vec<Entry> {
    if b.is_empty() {
        return a;
    }
    if a.is_empty() {
        return b.to_vec();
    }
    let mut merged = Vec::with_capacity(a.len() + b.len());
    let (mut i, mut j) = (0, 0);
    let (mut a_rank, mut b_rank) = (0.0, 0.0);
    while i < a.len() && j < b.len() {
        let (x, y) = (a[i], b[j]);
        if x.value == y.value {
            merged.push(Entry {
                rank_min: x.rank_min + y.rank_min,
                rank_max: x.rank_max + y.rank_max,
                weight: x.weight + y.weight,
                value: x.value,
            });
            (a_rank, b_rank) = (x.next_rank_min(), y.next_rank_min());
            i += 1;
            j += 1;
        } else if x.value < y.value {
            merged.push(shifted(x, b_rank, y.previous_rank_max()));
            a_rank = x.next_rank_min();
            i += 1;
        } else {
            merged.push(shifted(y, a_rank, x.previous_rank_max()));
            b_rank = y.next_rank_min();
            j += 1;
        }
    }
    let a_end = a.last().map_or(0.0, |e| e.rank_max);
    let b_end = b.last().map_or(0.0, |e| e.rank_max);
    merged.extend(a[i..].iter().map(|&x| shifted(x, b_rank, b_end)));
    merged.extend(b[j..].iter().map(|&y| shifted(y, a_rank, a_end)));
    // Rounding may have put ranks out of order.
    let (mut lowest, mut highest) = (0.0, 0.0);
    for entry in &mut merged {
        if entry.rank_min < lowest {
            entry.rank_min = lowest;
        } else {
            lowest = entry.rank_min;
        }
        entry.rank_max = entry.rank_max.max(highest).max(entry.next_rank_min());
        highest = entry.rank_max;
    }
    merged
}

fn shifted(entry: Entry, below: f32, above: f32) -> Entry {
    Entry {
        rank_min: entry.rank_min + below,
        rank_max: entry.rank_max + above,
        ..entry
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cuts(values: &[f32], max_bin: usize) -> Vec<f32> {
        let mut sketch = Sketch::new(values.len(), max_bin);
        values.iter().for_each(|&v| sketch.push(v, 1.0));
        sketch.cuts()
    }

    #[test]
    fn few_values_are_the_cuts_themselves() {
        assert_eq!(cuts(&[3.0, 1.0, 2.0, 2.0, 1.0], 256), [2.0, 3.0, 6.00001]);
        assert_eq!(cuts(&[5.0; 9], 256), [10.00001]);
        assert_eq!(cuts(&[], 256), [1e-5]);
        assert_eq!(cuts(&[f32::MAX, f32::MIN], 256), [f32::MAX]);
    }

    #[test]
    fn many_values_are_cut_into_bins_of_equal_weight() {
        let values: Vec<f32> = (0..100_000)
            .map(|i| ((i * 7919) % 100_003) as f32)
            .collect();
        let cuts = cuts(&values, 64);
        assert_eq!(cuts.len(), 64);
        let mut counts = vec![0_usize; 64];
        values
            .iter()
            .for_each(|v| counts[cuts.partition_point(|c| c <= v)] += 1);
        // The guarantee of the sketch: an error of less than half a bin on either side.
        let even = values.len() / 64;
        assert!(
            counts.iter().all(|&n| n.abs_diff(even) <= even),
            "{counts:?}"
        );
    }
}
