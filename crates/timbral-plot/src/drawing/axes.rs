use super::canvas::{Anchor, Area, Canvas};
use super::scale::{Axis, Scale};
use super::text::{SMALL, TEXT, fit, text_width};
use super::theme::Paint;

/// The area of the data and its scales.
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

/// Draws axes with grid lines inside `outer` and returns the area for the data.
pub(crate) fn axes(canvas: &mut Canvas, outer: Area, x: &Axis, y: &Axis) -> Plot {
    draw(canvas, outer, x, y, true)
}

/// Like [`axes`], without grid lines: for images.
pub(crate) fn bare_axes(canvas: &mut Canvas, outer: Area, x: &Axis, y: &Axis) -> Plot {
    draw(canvas, outer, x, y, false)
}

fn draw(canvas: &mut Canvas, outer: Area, x: &Axis, y: &Axis, grid: bool) -> Plot {
    let mut area = outer;
    // The height first, without rotated names; then the width, which depends on the texts of y.
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
    let rotated = matches!(x, Axis::Names { .. }) && widest(&x_ticks, x_size) + 6.0 > slot;
    if rotated {
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
    x_marks(canvas, outer, &plot, x, &x_ticks, rotated, grid);
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
    rotated: bool,
    grid: bool,
) {
    let area = plot.area;
    let named = matches!(axis, Axis::Names { .. });
    let size = if rotated {
        name_size(axis, area.width()).min(SMALL + 1.0)
    } else {
        SMALL + 1.0
    };
    let mut free = f64::NEG_INFINITY;
    for (value, text) in ticks {
        let x = plot.x.at(*value);
        let half = if rotated {
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
        if rotated {
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

#[expect(clippy::too_many_arguments, reason = "the measurements of the layout")]
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

/// The font size of tick texts, smaller for many names.
fn name_size(axis: &Axis, length: f64) -> f64 {
    match axis {
        Axis::Names { names, .. } => {
            (length / names.len().max(1) as f64 * 0.95).clamp(8.0, SMALL + 1.0)
        }
        _ => SMALL + 1.0,
    }
}
