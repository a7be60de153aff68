/// The scale and labels along one side of a plot.
#[derive(Debug, Clone)]
pub(crate) enum Axis {
    /// A linear scale.
    Linear { range: (f64, f64), label: String },
    /// A logarithmic scale; the range is positive.
    Log { range: (f64, f64), label: String },
    /// One slot per name; on a vertical axis from the top.
    Names { names: Vec<String>, label: String },
    /// A linear scale with given tick positions and texts.
    Given {
        range: (f64, f64),
        ticks: Vec<(f64, String)>,
        label: String,
    },
}

impl Axis {
    pub(crate) fn linear(range: (f64, f64), label: &str) -> Self {
        let label = label.to_owned();
        Axis::Linear { range, label }
    }

    pub(crate) fn names(names: Vec<String>, label: &str) -> Self {
        let label = label.to_owned();
        Axis::Names { names, label }
    }

    pub(super) fn label(&self) -> &str {
        match self {
            Axis::Linear { label, .. }
            | Axis::Log { label, .. }
            | Axis::Names { label, .. }
            | Axis::Given { label, .. } => label,
        }
    }

    pub(crate) fn scale(&self, p0: f64, p1: f64) -> Scale {
        let (log, (lo, hi)) = match self {
            Axis::Linear { range, .. } | Axis::Given { range, .. } => (false, *range),
            Axis::Log { range, .. } => (true, *range),
            Axis::Names { names, .. } => (false, (0.0, names.len().max(1) as f64)),
        };
        let hi = if hi > lo { hi } else { lo + lo.abs().max(1.0) };
        Scale {
            lo,
            hi,
            log,
            p0,
            p1,
        }
    }

    /// Positions and texts of about `most` ticks.
    pub(super) fn ticks(&self, most: usize) -> Vec<(f64, String)> {
        match self {
            Axis::Linear { range, .. } => linear_ticks(*range, most),
            Axis::Log { range, .. } => log_ticks(*range),
            Axis::Given { ticks, .. } => ticks.clone(),
            Axis::Names { names, .. } => {
                let middle = |(i, name): (usize, &String)| (i as f64 + 0.5, name.clone());
                names.iter().enumerate().map(middle).collect()
            }
        }
    }
}

/// The map from numbers to pixels.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Scale {
    lo: f64,
    hi: f64,
    log: bool,
    p0: f64,
    p1: f64,
}

impl Scale {
    /// The pixel of a number; numbers outside the range are clamped.
    pub(crate) fn at(&self, value: f64) -> f64 {
        let fraction = if self.log {
            (value.max(self.lo) / self.lo).ln() / (self.hi / self.lo).ln()
        } else {
            (value - self.lo) / (self.hi - self.lo)
        };
        self.p0 + (self.p1 - self.p0) * fraction.clamp(0.0, 1.0)
    }

    /// The pixel of a number in the range.
    pub(crate) fn within(&self, value: f64) -> Option<f64> {
        (self.lo..=self.hi).contains(&value).then(|| self.at(value))
    }

    /// Pixels per unit; per slot for a scale of names.
    pub(crate) fn unit(&self) -> f64 {
        (self.p1 - self.p0).abs() / (self.hi - self.lo)
    }
}

pub(crate) fn linear_ticks((lo, hi): (f64, f64), most: usize) -> Vec<(f64, String)> {
    let span = hi - lo;
    if !(span > 0.0 && span.is_finite()) {
        return vec![(lo, number(lo, lo.abs()))];
    }
    let raw = span / most.max(1) as f64;
    let decade = 10f64.powf(raw.log10().floor());
    let step = [1.0, 2.0, 5.0, 10.0]
        .map(|m| m * decade)
        .into_iter()
        .find(|step| span / step <= most as f64)
        .unwrap_or(10.0 * decade);
    let first = (lo / step - 1e-9).ceil();
    (0..=most)
        .map(|i| (first + i as f64) * step)
        .filter(|v| *v <= hi + step * 1e-9)
        .map(|v| (v, number(v, step)))
        .collect()
}

fn log_ticks((lo, hi): (f64, f64)) -> Vec<(f64, String)> {
    let mut ticks = Vec::new();
    let steps: &[f64] = if hi / lo > 1e4 {
        &[1.0]
    } else {
        &[1.0, 2.0, 5.0]
    };
    let first = lo.log10().floor() as i32;
    let last = hi.log10().ceil() as i32;
    for exponent in first..=last {
        for step in steps {
            let value = step * 10f64.powi(exponent);
            if value >= lo * 0.999 && value <= hi * 1.001 {
                ticks.push((value, number(value, value)));
            }
        }
    }
    ticks
}

/// The number with as many digits as ticks `step` apart need.
pub(crate) fn number(value: f64, step: f64) -> String {
    if value == 0.0 || value.abs() < step * 1e-6 {
        return "0".into();
    }
    if value.abs() >= 1e7 || value.abs() < 1e-4 {
        return format!("{value:.1e}");
    }
    if value.abs() >= 1e4 && step >= 100.0 {
        let digits = usize::from(step % 1000.0 != 0.0);
        return format!("{:.*}k", digits, value / 1000.0).replace('-', "−");
    }
    let digits = (-(step.abs().log10() + 1e-9).floor()).clamp(0.0, 6.0) as usize;
    let text = format!("{value:.digits$}");
    let zero = text.bytes().all(|c| matches!(c, b'-' | b'0' | b'.'));
    text.replace('-', if zero { "" } else { "−" })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(ticks: Vec<(f64, String)>) -> Vec<String> {
        ticks.into_iter().map(|(_, text)| text).collect()
    }

    #[test]
    fn ticks_are_round_numbers() {
        assert_eq!(
            texts(linear_ticks((0.0, 1.0), 5)),
            ["0.0", "0.2", "0.4", "0.6", "0.8", "1.0"].map(|t| if t == "0.0" { "0" } else { t })
        );
        assert_eq!(
            texts(linear_ticks((-80.0, 0.0), 4)),
            ["−80", "−60", "−40", "−20", "0"]
        );
        assert_eq!(
            texts(linear_ticks((0.0, 11025.0), 6)),
            ["0", "2000", "4000", "6000", "8000", "10k"]
        );
        assert_eq!(
            texts(log_ticks((40.0, 1100.0))),
            ["50", "100", "200", "500", "1000"]
        );
    }

    #[test]
    fn every_range_has_a_few_ticks() {
        for range in [
            (0.0, 0.0),
            (-1e300, 1e300),
            (5.0, 5.0 + 1e-12),
            (1e-300, 2e-300),
        ] {
            let ticks = linear_ticks(range, 8);
            assert!(ticks.len() <= 9, "{range:?}: {}", ticks.len());
        }
    }
}
