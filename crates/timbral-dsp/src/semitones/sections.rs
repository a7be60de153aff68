//! Filters forward and back, some of them side by side.

use super::elliptic::Section;
use crate::simd::dispatch;

/// Filters side by side.
pub(super) const FILTERS: usize = 8;

/// A value for each filter.
pub(super) type Values = [f64; FILTERS];

/// Coefficients of one section of all filters.
#[derive(Debug, Clone, Copy, Default)]
struct Sections {
    b: [Values; 3],
    a: [Values; 2],
    /// The state in which a constant 1 at the first section has always been there.
    rest: [Values; 2],
}

/// Up to [`FILTERS`] filters of equally many sections.
#[derive(Debug, Clone)]
pub(super) struct FilterGroup {
    sections: Vec<Sections>,
}

impl FilterGroup {
    pub(super) fn new(filters: &[Vec<Section>]) -> Self {
        let n_sections = filters.iter().map(Vec::len).max().unwrap_or(0);
        let mut sections = vec![Sections::default(); n_sections];
        for (f, filter) in filters.iter().enumerate().take(FILTERS) {
            let mut scale = 1.0;
            for (section, to) in filter.iter().zip(&mut sections) {
                let Section { b, a } = section;
                let gain = (b[0] + b[1] + b[2]) / (1.0 + a[0] + a[1]);
                let last = b[2] - a[1] * gain;
                let rest = [b[1] - a[0] * gain + last, last];
                for (to, from) in to.rest.iter_mut().zip(rest) {
                    to[f] = scale * from;
                }
                to.b.iter_mut().zip(b).for_each(|(to, b)| to[f] = *b);
                to.a.iter_mut().zip(a).for_each(|(to, a)| to[f] = *a);
                scale *= gain;
            }
        }
        Self { sections }
    }

    /// Number of samples by which the signal is continued at both ends, as in SciPy. The signal must have more
    /// samples than this.
    pub(super) fn edge(&self) -> usize {
        3 * (2 * self.sections.len() + 1)
    }

    /// Filters the signal, which has more than `edge` samples, by each filter, and backwards by it again, so
    /// that no frequency is delayed: `scipy.signal.sosfiltfilt`. At both ends it is continued by its image,
    /// rotated about the end sample.
    pub(super) fn apply(&self, x: &[f32], out: &mut Vec<Values>) {
        let (n, edge) = (x.len(), self.edge());
        let (first, last) = (x[0], x[n - 1]);
        let before = (1..=edge).rev().map(|i| 2.0 * first - x[i]);
        let after = (1..=edge).map(|i| 2.0 * last - x[n - 1 - i]);
        out.clear();
        out.extend(
            before
                .chain(x.iter().copied())
                .chain(after)
                .map(|v| [f64::from(v); FILTERS]),
        );
        self.pass(out.iter_mut());
        self.pass(out.iter_mut().rev());
        out.truncate(edge + n);
        out.drain(..edge);
    }

    /// Filters the values in the order of the iterator, as if the first one had always been there.
    fn pass<'a>(&self, values: impl Iterator<Item = &'a mut Values>) {
        let mut values = values.peekable();
        let first = values.peek().map_or([0.0; FILTERS], |v| **v);
        let mut states: Vec<[Values; 2]> = self.sections.iter().map(|s| s.rest).collect();
        for value in states.iter_mut().flatten() {
            value
                .iter_mut()
                .zip(first)
                .for_each(|(v, first)| *v *= first);
        }
        dispatch(
            #[inline(always)]
            || {
                for value in values {
                    let mut x = *value;
                    for (section, [z0, z1]) in self.sections.iter().zip(&mut states) {
                        let Sections { b, a, .. } = section;
                        for f in 0..FILTERS {
                            let y = b[0][f] * x[f] + z0[f];
                            z0[f] = b[1][f] * x[f] - a[0][f] * y + z1[f];
                            z1[f] = b[2][f] * x[f] - a[1][f] * y;
                            x[f] = y;
                        }
                    }
                    *value = x;
                }
            },
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_constant_stays_constant() {
        // A gain of 3 at frequency 0, applied twice.
        let section = Section {
            b: [1.0, 0.5, 0.0],
            a: [-0.75, 0.25],
        };
        let group = FilterGroup::new(&[vec![section; 2], vec![section; 2]]);
        let mut out = Vec::new();
        group.apply(&[0.5; 40], &mut out);
        assert_eq!(out.len(), 40);
        for values in out {
            assert!((values[0] - 0.5 * 81.0).abs() < 1e-10 && values[0] == values[1]);
            assert_eq!(values[2], 0.0);
        }
    }
}
