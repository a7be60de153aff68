use crate::canvas::{Anchor, Area, Canvas, SMALL, TEXT, fit, text_width};
use crate::theme::Paint;

/// What is written along one side of a plot.
#[derive(Debug, Clone)]
pub(crate) enum Axis {
    /// Numbers at equal distances.
    Linear { range: (f64, f64), label: String },
    /// Numbers of equal ratios at equal distances; the range is positive.
    Log { range: (f64, f64), label: String },
    /// One slot a name; vertically from the top.
    Names { names: Vec<String>, label: String },
    /// Numbers at equal distances with texts of their own.
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

    fn label(&self) -> &str {
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

    /// Places and texts of about `most` ticks.
    fn ticks(&self, most: usize) -> Vec<(f64, String)> {
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

/// From numbers to pixels.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Scale {
    lo: f64,
    hi: f64,
    log: bool,
    p0: f64,
    p1: f64,
}

impl Scale {
    /// The pixel of a number; of one outside the range that of the nearer end.
    pub(crate) fn at(&self, value: f64) -> f64 {
        let share = if self.log {
            (value.max(self.lo) / self.lo).ln() / (self.hi / self.lo).ln()
        } else {
            (value - self.lo) / (self.hi - self.lo)
        };
        self.p0 + (self.p1 - self.p0) * share.clamp(0.0, 1.0)
    }

    /// Pixels of one unit; of a slot, if it is a scale of names.
    pub(crate) fn unit(&self) -> f64 {
        (self.p1 - self.p0).abs() / (self.hi - self.lo)
    }
}

/// Where the data go.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Plot {
    pub(crate) area: Area,
    pub(crate) x: Scale,
    pub(crate) y: Scale,
}

impl Plot {
    pub(crate) fn at(&self, x: f64, y: f64) -> (f64, f64) {
        (self.x.at(x), self.y.at(y))
    }
}

/// Draws axes in `outer` and returns what is left for the data; lines of a grid for numbers.
pub(crate) fn axes(canvas: &mut Canvas, outer: Area, x: &Axis, y: &Axis) -> Plot {
    draw(canvas, outer, x, y, true)
}

/// As [`axes`], for images: no grid.
pub(crate) fn bare_axes(canvas: &mut Canvas, outer: Area, x: &Axis, y: &Axis) -> Plot {
    draw(canvas, outer, x, y, false)
}

fn draw(canvas: &mut Canvas, outer: Area, x: &Axis, y: &Axis, grid: bool) -> Plot {
    let mut area = outer;
    // First the height, by a guess of the width, then the width, which the texts of y decide.
    let x_label = if x.label().is_empty() { 0.0 } else { 22.0 };
    let y_label = if y.label().is_empty() { 0.0 } else { 22.0 };
    area.y1 -= 22.0 + x_label;
    let y_most = ((area.height() / 28.0) as usize).clamp(3, 12);
    let y_ticks = y.ticks(y_most);
    let y_size = name_size(y, area.height());
    let widest = |ticks: &[(f64, String)], size| {
        ticks
            .iter()
            .map(|(_, text)| text_width(text, size))
            .fold(0.0, f64::max)
    };
    let y_width = widest(&y_ticks, y_size).min(outer.width() * 0.32);
    area.x0 += y_width + 8.0 + y_label;

    let mut x_ticks = Vec::new();
    for most in (2..=12).rev() {
        x_ticks = x.ticks(most);
        let needed: f64 = x_ticks
            .iter()
            .map(|(_, text)| text_width(text, SMALL + 1.0) + 16.0)
            .sum();
        if needed <= area.width() {
            break;
        }
    }
    let slot = area.width() / x_ticks.len().max(1) as f64;
    let x_size = SMALL + 1.0;
    let stand = matches!(x, Axis::Names { .. }) && widest(&x_ticks, x_size) + 6.0 > slot;
    if stand {
        let depth = widest(&x_ticks, x_size).min(outer.height() * 0.3) + 8.0;
        area.y1 -= (depth - 20.0).max(0.0);
    }
    area.x1 = area.x1.max(area.x0 + 8.0);
    area.y1 = area.y1.max(area.y0 + 8.0);
    let downwards = matches!(y, Axis::Names { .. });
    let plot = Plot {
        area,
        x: x.scale(area.x0, area.x1),
        y: if downwards {
            y.scale(area.y0, area.y1)
        } else {
            y.scale(area.y1, area.y0)
        },
    };
    x_marks(canvas, outer, &plot, x, &x_ticks, stand, grid);
    y_marks(canvas, outer, &plot, y, &y_ticks, y_size, y_width, grid);
    canvas.line(
        vec![(area.x0, area.y0), (area.x0, area.y1), (area.x1, area.y1)],
        Paint::Muted,
        1,
    );
    plot
}

fn x_marks(
    canvas: &mut Canvas,
    outer: Area,
    plot: &Plot,
    axis: &Axis,
    ticks: &[(f64, String)],
    stand: bool,
    grid: bool,
) {
    let area = plot.area;
    let named = matches!(axis, Axis::Names { .. });
    let size = if stand {
        name_size(axis, area.width()).min(SMALL + 1.0)
    } else {
        SMALL + 1.0
    };
    let mut free = f64::NEG_INFINITY;
    for (value, text) in ticks {
        let x = plot.x.at(*value);
        let half = if stand {
            size * 0.45
        } else {
            text_width(text, size) / 2.0 + 3.0
        };
        if grid && !named {
            canvas.line(vec![(x, area.y0), (x, area.y1)], Paint::Grid, 1);
        }
        if x - half < free {
            continue;
        }
        free = x + half;
        if stand {
            let room = outer.y1 - area.y1 - 6.0 - if axis.label().is_empty() { 0.0 } else { 20.0 };
            let text = fit(text, size, room);
            canvas.upright((x, area.y1 + 6.0), text, size, Paint::Ink, Anchor::End);
        } else {
            if !named {
                canvas.line(vec![(x, area.y1), (x, area.y1 + 4.0)], Paint::Muted, 1);
            }
            canvas.text((x, area.y1 + 13.0), text, size, Paint::Ink, Anchor::Middle);
        }
    }
    let label = fit(axis.label(), TEXT, area.width());
    let middle = (area.x0 + area.x1) / 2.0;
    canvas.text(
        (middle, outer.y1 - 9.0),
        label,
        TEXT,
        Paint::Muted,
        Anchor::Middle,
    );
}

#[expect(
    clippy::too_many_arguments,
    reason = "what was measured for the layout"
)]
fn y_marks(
    canvas: &mut Canvas,
    outer: Area,
    plot: &Plot,
    axis: &Axis,
    ticks: &[(f64, String)],
    size: f64,
    width: f64,
    grid: bool,
) {
    let area = plot.area;
    let named = matches!(axis, Axis::Names { .. });
    let mut last = f64::INFINITY;
    for (value, text) in ticks {
        let y = plot.y.at(*value);
        if grid && !named {
            canvas.line(vec![(area.x0, y), (area.x1, y)], Paint::Grid, 1);
        }
        if (y - last).abs() < size * 0.95 {
            continue;
        }
        last = y;
        if !named {
            canvas.line(vec![(area.x0 - 4.0, y), (area.x0, y)], Paint::Muted, 1);
        }
        let text = fit(text, size, width + 1.0);
        canvas.text((area.x0 - 7.0, y), text, size, Paint::Ink, Anchor::End);
    }
    let label = fit(axis.label(), TEXT, area.height());
    let middle = (area.y0 + area.y1) / 2.0;
    canvas.upright(
        (outer.x0 + 8.0, middle),
        label,
        TEXT,
        Paint::Muted,
        Anchor::Middle,
    );
}

/// Names get smaller where there are many.
fn name_size(axis: &Axis, length: f64) -> f64 {
    match axis {
        Axis::Names { names, .. } => {
            (length / names.len().max(1) as f64 * 0.95).clamp(8.0, SMALL + 1.0)
        }
        _ => SMALL + 1.0,
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

/// The number with as many digits as steps of that size need.
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
    fn ticks_are_round() {
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
    fn any_range_has_ticks_and_few() {
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
