use super::canvas::{Anchor, Area, Canvas, Shape};
use super::colormap::Colormap;
use super::scale::{Axis, linear_ticks};
use super::text::{SMALL, TEXT, fit, text_width};
use super::theme::Paint;

/// The symbol before an entry of a legend.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Key {
    Line(Paint),
    /// The marker of a class.
    Mark(usize),
    /// No symbol: the entry is a heading.
    Heading,
}

/// Draws a legend on the right side and returns the remaining area.
pub(crate) fn legend(canvas: &mut Canvas, area: Area, entries: &[(Key, String)]) -> Area {
    if entries.is_empty() {
        return area;
    }
    let widest = entries
        .iter()
        .map(|(_, text)| text_width(text, SMALL + 1.0))
        .fold(0.0, f64::max);
    let width = widest.min(area.width() * 0.36);
    let x = area.x1 - width - 26.0;
    let step = 20f64
        .min((area.height() - 10.0) / entries.len() as f64)
        .max(13.0);
    let room = ((area.height() - 10.0) / step) as usize;
    for (i, (key, text)) in entries.iter().enumerate() {
        let y = area.y0 + 10.0 + i as f64 * step;
        if i + 1 == room && room < entries.len() {
            let rest = format!("and {} more", entries.len() - i);
            canvas.text((x + 26.0, y), rest, SMALL, Paint::Muted, Anchor::Start);
            break;
        }
        match key {
            Key::Line(paint) => canvas.line(vec![(x, y), (x + 18.0, y)], *paint, 3),
            Key::Mark(class) => canvas.mark((x + 9.0, y), 5.0, *class, 1.0),
            Key::Heading => {
                let text = fit(text, SMALL + 1.0, width + 26.0);
                canvas.text((x, y), text, SMALL + 1.0, Paint::Muted, Anchor::Start);
                continue;
            }
        }
        let text = fit(text, SMALL + 1.0, width + 1.0);
        canvas.text((x + 26.0, y), text, SMALL + 1.0, Paint::Ink, Anchor::Start);
    }
    Area {
        x1: x - 14.0,
        ..area
    }
}

/// Draws a colour bar on the right side and returns the remaining area.
pub(crate) fn colorbar(
    canvas: &mut Canvas,
    area: Area,
    map: Colormap,
    range: (f64, f64),
    label: &str,
) -> Area {
    let ticks = linear_ticks(range, ((area.height() / 40.0) as usize).clamp(2, 8));
    labelled_colorbar(canvas, area, map, range, &ticks, label)
}

/// Like [`colorbar`], with given positions and texts of the ticks.
pub(crate) fn labelled_colorbar(
    canvas: &mut Canvas,
    area: Area,
    map: Colormap,
    range: (f64, f64),
    ticks: &[(f64, String)],
    label: &str,
) -> Area {
    let widest = ticks
        .iter()
        .map(|(_, text)| text_width(text, SMALL))
        .fold(0.0, f64::max);
    let right = area.x1 - if label.is_empty() { 0.0 } else { 20.0 };
    let x0 = right - widest - 22.0;
    // The height of a plot that has ticks and a label below it.
    let bar = Area {
        x0,
        x1: x0 + 14.0,
        y1: (area.y1 - 44.0).max(area.y0 + 8.0),
        ..area
    };
    canvas.shapes.push(Shape::Image {
        area: bar,
        columns: 1,
        rows: 256,
        pixels: (0..=255).rev().collect(),
        palette: map.palette(),
    });
    canvas.frame(bar, Paint::Muted);
    let scale = Axis::linear(range, "").scale(bar.y1, bar.y0);
    for (value, text) in ticks {
        let y = scale.at(*value);
        canvas.line(vec![(bar.x1, y), (bar.x1 + 4.0, y)], Paint::Muted, 1);
        let inside = y.clamp(bar.y0 + 5.0, bar.y1 - 5.0);
        canvas.text(
            (bar.x1 + 7.0, inside),
            text,
            SMALL,
            Paint::Ink,
            Anchor::Start,
        );
    }
    let label = fit(label, TEXT, bar.height());
    let middle = (bar.y0 + bar.y1) / 2.0;
    canvas.upright(
        (area.x1 - 6.0, middle),
        label,
        TEXT,
        Paint::Muted,
        Anchor::Middle,
    );
    Area {
        x1: x0 - 14.0,
        ..area
    }
}
