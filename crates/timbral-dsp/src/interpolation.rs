//! Straight lines between known values: `scipy.interpolate.interp1d`.

/// The value at `x` between the neighbours of a series whose positions ascend; `None` outside of it.
pub(crate) fn interpolate(positions: &[f64], value: impl Fn(usize) -> f64, x: f64) -> Option<f64> {
    let line = Line::new(positions, x)?;
    let [low, high] = line.ends.map(value);
    Some(line.value(low, high))
}

/// The line between two neighbours of a series, and a place on it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Line {
    /// The neighbours.
    pub(crate) ends: [usize; 2],
    /// Their distance, and that of the place from the first one.
    run: f64,
    along: f64,
}

impl Line {
    /// The neighbours of `x` in positions that ascend; `None` outside of them.
    pub(crate) fn new(positions: &[f64], x: f64) -> Option<Self> {
        let (first, last) = (positions.first()?, positions.last()?);
        if !(*first..=*last).contains(&x) {
            return None;
        }
        let upper = positions.partition_point(|p| *p < x);
        let upper = upper.clamp(1, (positions.len() - 1).max(1));
        let Some(high) = positions.get(upper) else {
            return Some(Self {
                ends: [0, 0],
                run: 1.0,
                along: 0.0,
            });
        };
        let low = positions[upper - 1];
        Some(Self {
            ends: [upper - 1, upper],
            run: high - low,
            along: x - low,
        })
    }

    /// The value there, from those of the neighbours.
    #[inline(always)]
    pub(crate) fn value(&self, low: f64, high: f64) -> f64 {
        (high - low) / self.run * self.along + low
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lies_on_the_line_and_nowhere_outside() {
        let values = [0.0, 10.0, 30.0];
        let at = |x| interpolate(&[1.0, 2.0, 4.0], |i| values[i], x);
        for (x, expected) in [
            (1.0, 0.0),
            (1.5, 5.0),
            (2.0, 10.0),
            (3.0, 20.0),
            (4.0, 30.0),
        ] {
            assert_eq!(at(x), Some(expected), "{x}");
        }
        assert_eq!((at(0.9), at(4.1), at(f64::NAN)), (None, None, None));
        assert_eq!(interpolate(&[], |_| 0.0, 1.0), None);
        assert_eq!(interpolate(&[1.0], |_| 7.0, 1.0), Some(7.0));
    }
}
