use std::path::Path;

use timbral_core::InvalidParameter;

use crate::error::Result;
use crate::file::save;

use super::canvas::{Anchor, Area, Canvas};
use super::render;
use super::text::{self, TITLE, fit};
use super::theme::Theme;

/// Title, size and theme of a figure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FigureParams {
    /// Heading of the figure; default empty: no heading.
    pub title: String,
    /// Width in pixels, in 240..=4000; default 900.
    pub width: u32,
    /// Height in pixels, in 160..=4000; default 560.
    pub height: u32,
    /// Colours; default [`Theme::Light`].
    pub theme: Theme,
    #[doc(hidden)]
    pub _non_exhaustive: (),
}

impl Default for FigureParams {
    fn default() -> Self {
        Self {
            title: String::new(),
            width: 900,
            height: 560,
            theme: Theme::default(),
            _non_exhaustive: (),
        }
    }
}

impl FigureParams {
    /// The defaults with a title.
    pub fn titled(title: impl Into<String>) -> Self {
        Self {
            title: title.into(),
            ..Self::default()
        }
    }

    /// The same parameters with another width and height in pixels.
    #[must_use]
    pub fn sized(self, width: u32, height: u32) -> Self {
        Self {
            width,
            height,
            ..self
        }
    }
}

/// A finished picture, which can be encoded as PNG or SVG.
///
/// ```
/// use timbral_plot::{FigureParams, Theme, label_counts};
///
/// let figure = label_counts(&["blues", "rock"], &[100, 99], &FigureParams::titled("Tracks"))?;
/// assert_eq!(figure.size(), (900, 560));
/// assert!(figure.png()?.starts_with(b"\x89PNG\r\n"));
/// assert!(figure.with_theme(Theme::Dark).svg()?.contains("blues"));
/// # Ok::<(), timbral_plot::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct Figure {
    params: FigureParams,
    canvas: Canvas,
}

impl Figure {
    /// Checks the size, draws the title and calls `body` with the remaining area.
    pub(crate) fn draw(
        params: &FigureParams,
        body: impl FnOnce(&mut Canvas, Area) -> Result<()>,
    ) -> Result<Self> {
        let (mut canvas, area) = Self::empty(params)?;
        body(&mut canvas, area)?;
        Ok(Self {
            params: params.clone(),
            canvas,
        })
    }

    /// A canvas with the title, and the area below it.
    fn empty(params: &FigureParams) -> Result<(Canvas, Area)> {
        let (w, h) = (params.width, params.height);
        timbral_core::check(
            (240..=4000).contains(&w),
            "width",
            w,
            "must be in 240..=4000",
        )?;
        timbral_core::check(
            (160..=4000).contains(&h),
            "height",
            h,
            "must be in 160..=4000",
        )?;
        text::font()?;
        let mut canvas = Canvas::default();
        let (width, height) = (f64::from(w), f64::from(h));
        let mut area = Area {
            x0: 12.0,
            y0: 14.0,
            x1: width - 16.0,
            y1: height - 10.0,
        };
        if !params.title.is_empty() {
            let title = fit(&params.title, TITLE, width - 32.0);
            canvas.bold((16.0, 22.0), title, TITLE, Anchor::Start);
            area.y0 = 46.0;
        }
        Ok((canvas, area))
    }

    /// The title; may be empty.
    pub fn title(&self) -> &str {
        &self.params.title
    }

    /// Width and height in pixels.
    pub fn size(&self) -> (u32, u32) {
        (self.params.width, self.params.height)
    }

    /// The same picture with the colours of `theme`.
    #[must_use]
    pub fn with_theme(mut self, theme: Theme) -> Self {
        self.params.theme = theme;
        self
    }

    /// The bytes of a PNG file.
    ///
    /// # Errors
    ///
    /// The picture cannot be drawn or encoded, which would be a bug in this crate.
    pub fn png(&self) -> Result<Vec<u8>> {
        render::png(&self.canvas.shapes, self.size(), self.params.theme)
    }

    /// The text of an SVG file. Images are embedded; the viewer chooses the font.
    ///
    /// # Errors
    ///
    /// The picture cannot be drawn or encoded, which would be a bug in this crate.
    pub fn svg(&self) -> Result<String> {
        let title = self.title();
        render::svg(&self.canvas.shapes, self.size(), self.params.theme, title)
    }

    /// Writes a PNG or SVG file, depending on the extension.
    ///
    /// The write is atomic: an interrupted one leaves no partial file.
    ///
    /// # Errors
    ///
    /// The extension is neither `.png` nor `.svg`, or the file cannot be written.
    pub fn save(&self, path: impl AsRef<Path>) -> Result<()> {
        self.save_to(path.as_ref())
    }

    fn save_to(&self, path: &Path) -> Result<()> {
        let extension = path.extension().and_then(|e| e.to_str()).unwrap_or("");
        match extension.to_ascii_lowercase().as_str() {
            "png" => save(path, &self.png()?),
            "svg" => save(path, self.svg()?.as_bytes()),
            _ => {
                let reason = "must end in .png or .svg";
                Err(InvalidParameter::new("path", path.display(), reason).into())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::label_counts;

    #[test]
    fn saves_by_extension_and_refuses_others() {
        let folder = tempfile::tempdir().unwrap();
        let figure = label_counts(&["a"], &[1], &FigureParams::default()).unwrap();
        figure.save(folder.path().join("a.png")).unwrap();
        figure.save(folder.path().join("a.SVG")).unwrap();
        assert!(
            std::fs::read(folder.path().join("a.png"))
                .unwrap()
                .starts_with(b"\x89PNG")
        );
        assert!(
            std::fs::read(folder.path().join("a.SVG"))
                .unwrap()
                .starts_with(b"<svg")
        );
        assert!(figure.save(folder.path().join("a.gif")).is_err());
        assert!(figure.save(folder.path().join("no/a.png")).is_err());
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 2);
    }

    #[test]
    fn refuses_sizes_that_cannot_be_drawn() {
        for (width, height) in [(0, 0), (239, 560), (900, 5000)] {
            let params = FigureParams::default().sized(width, height);
            assert!(
                label_counts(&["a"], &[1], &params).is_err(),
                "{width}x{height}"
            );
        }
    }
}
