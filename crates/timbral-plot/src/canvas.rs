use plotters::style::{FontStyle, FontTransform, IntoFont, register_font};
use std::sync::OnceLock;

use crate::error::{Error, Result};
use crate::theme::Paint;

/// The family under which the embedded font is registered.
pub(crate) const FAMILY: &str = "sans-serif";
/// Sizes of text in pixels.
pub(crate) const TITLE: f64 = 20.0;
pub(crate) const TEXT: f64 = 15.0;
pub(crate) const SMALL: f64 = 13.0;

/// Which point of a text is at its position; vertically it is always the middle.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Anchor {
    Start,
    Middle,
    End,
}

/// What a picture is made of, in pixels from the upper left corner.
#[derive(Debug, Clone)]
pub(crate) enum Shape {
    Line {
        points: Vec<(f64, f64)>,
        paint: Paint,
        alpha: f64,
        width: u32,
    },
    Polygon {
        points: Vec<(f64, f64)>,
        paint: Paint,
        alpha: f64,
    },
    Rect {
        area: Area,
        paint: Paint,
        alpha: f64,
        filled: bool,
    },
    Circle {
        at: (f64, f64),
        radius: f64,
        paint: Paint,
        alpha: f64,
    },
    Text {
        at: (f64, f64),
        text: String,
        size: f64,
        paint: Paint,
        anchor: Anchor,
        /// Read from below to above.
        upright: bool,
        bold: bool,
    },
    /// Cells of one colour of the palette each, by rows from the top.
    Image {
        area: Area,
        columns: usize,
        rows: usize,
        pixels: Vec<u8>,
        palette: Vec<[u8; 3]>,
    },
}

/// A rectangle; `x0 <= x1`, `y0 <= y1`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Area {
    pub(crate) x0: f64,
    pub(crate) y0: f64,
    pub(crate) x1: f64,
    pub(crate) y1: f64,
}

impl Area {
    pub(crate) fn width(&self) -> f64 {
        self.x1 - self.x0
    }

    pub(crate) fn height(&self) -> f64 {
        self.y1 - self.y0
    }

    /// The `index`th of `n` bands from the top, `gap` pixels apart.
    pub(crate) fn row(&self, index: usize, n: usize, gap: f64) -> Self {
        let height = (self.height() - gap * (n - 1) as f64) / n as f64;
        let y0 = self.y0 + (height + gap) * index as f64;
        Self {
            y0,
            y1: y0 + height,
            ..*self
        }
    }

    /// The `index`th of `n` bands from the left, `gap` pixels apart.
    pub(crate) fn column(&self, index: usize, n: usize, gap: f64) -> Self {
        let width = (self.width() - gap * (n - 1) as f64) / n as f64;
        let x0 = self.x0 + (width + gap) * index as f64;
        Self {
            x0,
            x1: x0 + width,
            ..*self
        }
    }
}

/// Registers the embedded font, once; without it nothing can be written.
pub(crate) fn font() -> Result<()> {
    static DONE: OnceLock<bool> = OnceLock::new();
    let done = *DONE.get_or_init(|| {
        let regular = register_font(FAMILY, FontStyle::Normal, dejavu::sans::regular());
        let bold = register_font(FAMILY, FontStyle::Bold, dejavu::sans::bold());
        regular.is_ok() && bold.is_ok()
    });
    if done {
        Ok(())
    } else {
        Err(Error::Draw {
            reason: "the embedded font is damaged".into(),
        })
    }
}

/// Width of a text in pixels.
pub(crate) fn text_width(text: &str, size: f64) -> f64 {
    let font = (FAMILY, size).into_font().transform(FontTransform::None);
    match font.box_size(text) {
        Ok((width, _)) => f64::from(width),
        Err(_) => text.chars().count() as f64 * size * 0.6,
    }
}

/// The text, or as much of its beginning as fits, with an ellipsis.
pub(crate) fn fit(text: &str, size: f64, width: f64) -> String {
    // No figure has room for more.
    let whole: String = text.chars().take(400).map(printable).collect();
    if whole.len() == text.len() && text_width(&whole, size) <= width {
        return whole;
    }
    let letters: Vec<char> = whole.chars().collect();
    let begin = |n: usize| {
        letters[..n]
            .iter()
            .collect::<String>()
            .trim_end()
            .to_owned()
            + "…"
    };
    let (mut fits, mut too_long) = (0, letters.len() + 1);
    while fits + 1 < too_long {
        let n = (fits + too_long) / 2;
        if text_width(&begin(n), size) <= width {
            fits = n;
        } else {
            too_long = n;
        }
    }
    if fits == 0 {
        String::new()
    } else {
        begin(fits)
    }
}

/// A control character has no shape and is forbidden in XML.
fn printable(c: char) -> char {
    if c.is_control() || matches!(c, '\u{FFFE}' | '\u{FFFF}') {
        ' '
    } else {
        c
    }
}

/// Shapes in the order of drawing.
#[derive(Debug, Clone, Default)]
pub(crate) struct Canvas {
    pub(crate) shapes: Vec<Shape>,
}

impl Canvas {
    pub(crate) fn line(&mut self, points: Vec<(f64, f64)>, paint: Paint, width: u32) {
        let alpha = 1.0;
        self.shapes.push(Shape::Line {
            points,
            paint,
            alpha,
            width,
        });
    }

    pub(crate) fn polygon(&mut self, points: Vec<(f64, f64)>, paint: Paint, alpha: f64) {
        self.shapes.push(Shape::Polygon {
            points,
            paint,
            alpha,
        });
    }

    pub(crate) fn fill(&mut self, area: Area, paint: Paint, alpha: f64) {
        self.shapes.push(Shape::Rect {
            area,
            paint,
            alpha,
            filled: true,
        });
    }

    pub(crate) fn frame(&mut self, area: Area, paint: Paint) {
        self.shapes.push(Shape::Rect {
            area,
            paint,
            alpha: 1.0,
            filled: false,
        });
    }

    pub(crate) fn circle(&mut self, at: (f64, f64), radius: f64, paint: Paint, alpha: f64) {
        self.shapes.push(Shape::Circle {
            at,
            radius,
            paint,
            alpha,
        });
    }

    /// A mark of a class: its form tells it from others too.
    pub(crate) fn mark(&mut self, (x, y): (f64, f64), r: f64, class: usize, alpha: f64) {
        let paint = Paint::Class(class);
        match class % 5 {
            0 => self.circle((x, y), r, paint, alpha),
            1 => {
                let r = r * 0.9;
                let corners = vec![
                    (x - r, y - r),
                    (x + r, y - r),
                    (x + r, y + r),
                    (x - r, y + r),
                ];
                self.polygon(corners, paint, alpha);
            }
            2 => {
                let r = r * 1.2;
                let corners = vec![(x, y - r), (x + r, y + r * 0.8), (x - r, y + r * 0.8)];
                self.polygon(corners, paint, alpha);
            }
            3 => {
                let r = r * 1.25;
                self.polygon(
                    vec![(x, y - r), (x + r, y), (x, y + r), (x - r, y)],
                    paint,
                    alpha,
                );
            }
            _ => {
                let r = r * 1.2;
                let corners = vec![(x, y + r), (x + r, y - r * 0.8), (x - r, y - r * 0.8)];
                self.polygon(corners, paint, alpha);
            }
        }
    }

    pub(crate) fn text(
        &mut self,
        at: (f64, f64),
        text: impl Into<String>,
        size: f64,
        paint: Paint,
        anchor: Anchor,
    ) {
        self.push_text(at, text.into(), size, paint, anchor, false, false);
    }

    pub(crate) fn upright(
        &mut self,
        at: (f64, f64),
        text: impl Into<String>,
        size: f64,
        paint: Paint,
        anchor: Anchor,
    ) {
        self.push_text(at, text.into(), size, paint, anchor, true, false);
    }

    pub(crate) fn bold(
        &mut self,
        at: (f64, f64),
        text: impl Into<String>,
        size: f64,
        anchor: Anchor,
    ) {
        self.push_text(at, text.into(), size, Paint::Ink, anchor, false, true);
    }

    #[expect(clippy::too_many_arguments, reason = "the fields of one shape")]
    fn push_text(
        &mut self,
        at: (f64, f64),
        text: String,
        size: f64,
        paint: Paint,
        anchor: Anchor,
        upright: bool,
        bold: bool,
    ) {
        if text.is_empty() {
            return;
        }
        self.shapes.push(Shape::Text {
            at,
            text: text.chars().map(printable).collect(),
            size,
            paint,
            anchor,
            upright,
            bold,
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_cut_where_the_room_ends() {
        font().unwrap();
        assert_eq!(fit("short", TEXT, 500.0), "short");
        assert_eq!(fit("anything", TEXT, 0.0), "");
        let cut = fit(&"wide ".repeat(1000), TEXT, 100.0);
        assert!(cut.starts_with("wide") && cut.ends_with('…'), "{cut}");
        assert!((70.0..=100.0).contains(&text_width(&cut, TEXT)), "{cut}");
    }
}
