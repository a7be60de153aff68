//! A figure as a list of shapes in pixels, and how it becomes a PNG or an SVG file.

mod axes;
mod canvas;
mod colormap;
mod escape;
mod figure;
mod heat;
mod legend;
mod render;
mod scale;
mod text;
mod theme;

pub(crate) use axes::{Plot, axes, bare_axes};
pub(crate) use canvas::{Anchor, Area, Canvas};
pub(crate) use colormap::{Colormap, ink_on};
pub(crate) use escape::escape;
pub use figure::{Figure, FigureParams};
pub(crate) use heat::{even_heat, heat};
pub(crate) use legend::{Key, colorbar, labelled_colorbar, legend};
pub(crate) use render::png;
pub(crate) use scale::{Axis, number};
pub(crate) use text::{SMALL, TEXT, fit};
pub(crate) use theme::Paint;
pub use theme::Theme;
