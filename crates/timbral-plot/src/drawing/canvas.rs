use super::text::printable;
use super::theme::Paint;

/// The horizontal point of a text that is at its position; vertically it is always the middle.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Anchor {
    Start,
    Middle,
    End,
}

/// An element of a picture, in pixels from the upper left corner.
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
        /// Rotated so that it reads from bottom to top.
        upright: bool,
        bold: bool,
    },
    /// A grid of cells, each an index into the palette, in rows from the top.
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

    /// Band `index` of `n` horizontal bands from the top, `gap` pixels apart.
    pub(crate) fn row(&self, index: usize, n: usize, gap: f64) -> Self {
        let height = (self.height() - gap * (n - 1) as f64) / n as f64;
        let y0 = self.y0 + (height + gap) * index as f64;
        Self {
            y0,
            y1: y0 + height,
            ..*self
        }
    }

    /// Band `index` of `n` vertical bands from the left, `gap` pixels apart.
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

/// The shapes of a picture in drawing order.
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

    /// The marker of a class: classes differ in shape as well as in colour.
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
