use base64::Engine;
use plotters::backend::{BitMapBackend, DrawingBackend, SVGBackend};
use plotters::coord::Shift;
use plotters::drawing::{DrawingArea, IntoDrawingArea};
use plotters::element::{Circle, PathElement, Polygon, Rectangle, Text};
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{
    Color, FontStyle, FontTransform, IntoTextStyle, RGBAColor, RGBColor, ShapeStyle,
};

use crate::error::{Error, Result};

use super::canvas::{Anchor, Area, Shape};
use super::escape::escape;
use super::text::FAMILY;
use super::theme::{Paint, Theme};

pub(crate) fn png(shapes: &[Shape], (width, height): (u32, u32), theme: Theme) -> Result<Vec<u8>> {
    let (w, h) = (width as usize, height as usize);
    let mut pixels = vec![0u8; w * h * 3];
    {
        let root = BitMapBackend::with_buffer(&mut pixels, (width, height)).into_drawing_area();
        root.fill(&rgb(Paint::Back, theme)).map_err(failed)?;
        root.present().map_err(failed)?;
    }
    for shape in shapes {
        if let Shape::Image { .. } = shape {
            blit(shape, &mut pixels, w, h);
        }
    }
    {
        let root = BitMapBackend::with_buffer(&mut pixels, (width, height)).into_drawing_area();
        paint(shapes, &root, theme)?;
        root.present().map_err(failed)?;
    }
    encode(&pixels, width, height)
}

pub(crate) fn svg(shapes: &[Shape], size: (u32, u32), theme: Theme, title: &str) -> Result<String> {
    let mut drawn = String::new();
    {
        let root = SVGBackend::with_string(&mut drawn, size).into_drawing_area();
        paint(shapes, &root, theme)?;
        root.present().map_err(failed)?;
    }
    // Plotters draws neither background nor images into the SVG; insert both before its elements.
    let head = drawn.find('>').map_or(0, |end| end + 1);
    let mut svg = String::with_capacity(drawn.len() + 256);
    svg.push_str("<svg role=\"img\"");
    svg.push_str(drawn[..head].strip_prefix("<svg").unwrap_or(">"));
    if !title.is_empty() {
        svg.push_str(&format!("\n<title>{}</title>", escape(title)));
    }
    let [r, g, b] = Paint::Back.rgb(theme);
    svg.push_str(&format!(
        "\n<rect width=\"100%\" height=\"100%\" fill=\"#{r:02X}{g:02X}{b:02X}\"/>"
    ));
    for shape in shapes {
        if let Shape::Image { area, .. } = shape {
            let png = base64::engine::general_purpose::STANDARD.encode(cells(shape)?);
            svg.push_str(&format!(
                "\n<image x=\"{:.0}\" y=\"{:.0}\" width=\"{:.0}\" height=\"{:.0}\" \
                 preserveAspectRatio=\"none\" style=\"image-rendering:pixelated\" \
                 href=\"data:image/png;base64,{png}\"/>",
                area.x0,
                area.y0,
                area.x1.round() - area.x0.round(),
                area.y1.round() - area.y0.round(),
            ));
        }
    }
    svg.push_str(&drawn[head..]);
    Ok(svg)
}

/// Draws all shapes except images.
fn paint<DB: DrawingBackend>(
    shapes: &[Shape],
    root: &DrawingArea<DB, Shift>,
    theme: Theme,
) -> Result<()> {
    let style = |paint, alpha: f64, filled, width| ShapeStyle {
        color: rgba(paint, alpha, theme),
        filled,
        stroke_width: width,
    };
    for shape in shapes {
        let drawn = match shape {
            Shape::Line {
                points,
                paint,
                alpha,
                width,
            } => root.draw(&PathElement::new(
                points.iter().map(|p| pixel(*p)).collect::<Vec<_>>(),
                style(*paint, *alpha, false, *width),
            )),
            Shape::Polygon {
                points,
                paint,
                alpha,
            } => root.draw(&Polygon::new(
                points.iter().map(|p| pixel(*p)).collect::<Vec<_>>(),
                style(*paint, *alpha, true, 0),
            )),
            Shape::Rect {
                area,
                paint,
                alpha,
                filled,
            } => root.draw(&Rectangle::new(
                [pixel((area.x0, area.y0)), pixel((area.x1, area.y1))],
                style(*paint, *alpha, *filled, 1),
            )),
            Shape::Circle {
                at,
                radius,
                paint,
                alpha,
            } => root.draw(&Circle::new(
                pixel(*at),
                radius.round().max(1.0) as i32,
                style(*paint, *alpha, true, 0),
            )),
            Shape::Text {
                at,
                text,
                size,
                paint,
                anchor,
                upright,
                bold,
            } => {
                let h_pos = match anchor {
                    Anchor::Start => HPos::Left,
                    Anchor::Middle => HPos::Center,
                    Anchor::End => HPos::Right,
                };
                let weight = if *bold {
                    FontStyle::Bold
                } else {
                    FontStyle::Normal
                };
                let ink = rgba(*paint, 1.0, theme);
                let mut text_style = (FAMILY, *size, weight)
                    .into_text_style(root)
                    .color(&ink)
                    .pos(Pos::new(h_pos, VPos::Center));
                if *upright {
                    text_style = text_style.transform(FontTransform::Rotate270);
                }
                root.draw(&Text::new(text.clone(), pixel(*at), text_style))
            }
            Shape::Image { .. } => Ok(()),
        };
        drawn.map_err(failed)?;
    }
    Ok(())
}

fn rgb(paint: Paint, theme: Theme) -> RGBColor {
    let [r, g, b] = paint.rgb(theme);
    RGBColor(r, g, b)
}

fn rgba(paint: Paint, alpha: f64, theme: Theme) -> RGBAColor {
    rgb(paint, theme).mix(alpha)
}

/// The nearest pixel, clamped so that no line is long enough to take noticeable time.
fn pixel((x, y): (f64, f64)) -> (i32, i32) {
    let near = |v: f64| v.clamp(-5000.0, 9000.0).round() as i32;
    (near(x), near(y))
}

fn failed(error: impl std::fmt::Display) -> Error {
    Error::Draw {
        reason: error.to_string(),
    }
}

/// Draws the cells of an image, stretched to its area, into a picture of w x h RGB pixels.
fn blit(shape: &Shape, picture: &mut [u8], w: usize, h: usize) {
    let Shape::Image {
        area,
        columns,
        rows,
        pixels,
        palette,
    } = shape
    else {
        return;
    };
    let Area { x0, y0, x1, y1 } = area;
    let [x0, y0, x1, y1] = [x0, y0, x1, y1].map(|v| v.round().max(0.0) as usize);
    for y in y0..y1.min(h) {
        let row = ((y - y0) * rows / (y1 - y0)).min(rows - 1);
        for x in x0..x1.min(w) {
            let column = ((x - x0) * columns / (x1 - x0)).min(columns - 1);
            let colour = palette[usize::from(pixels[row * columns + column])];
            picture[(y * w + x) * 3..][..3].copy_from_slice(&colour);
        }
    }
}

/// The cells of an image as a PNG with one byte per cell.
fn cells(shape: &Shape) -> Result<Vec<u8>> {
    match shape {
        Shape::Image {
            columns,
            rows,
            pixels,
            palette,
            ..
        } => indexed(pixels, palette, *columns as u32, *rows as u32),
        _ => Ok(Vec::new()),
    }
}

/// The picture as PNG, with one byte per pixel if it has at most 256 colours.
fn encode(pixels: &[u8], width: u32, height: u32) -> Result<Vec<u8>> {
    let mut palette: Vec<[u8; 3]> = Vec::new();
    let mut index = std::collections::HashMap::new();
    let mut bytes = Vec::with_capacity(pixels.len() / 3);
    for pixel in pixels.chunks_exact(3) {
        let colour = [pixel[0], pixel[1], pixel[2]];
        let next = palette.len();
        let at = *index.entry(colour).or_insert(next);
        if at == next {
            if next == 256 {
                return true_colour(pixels, width, height);
            }
            palette.push(colour);
        }
        bytes.push(at as u8);
    }
    indexed(&bytes, &palette, width, height)
}

fn true_colour(pixels: &[u8], width: u32, height: u32) -> Result<Vec<u8>> {
    let mut file = Vec::new();
    let mut encoder = png::Encoder::new(&mut file, width, height);
    encoder.set_color(png::ColorType::Rgb);
    let mut writer = encoder.write_header().map_err(failed)?;
    writer.write_image_data(pixels).map_err(failed)?;
    writer.finish().map_err(failed)?;
    Ok(file)
}

fn indexed(bytes: &[u8], palette: &[[u8; 3]], width: u32, height: u32) -> Result<Vec<u8>> {
    let mut file = Vec::new();
    let mut encoder = png::Encoder::new(&mut file, width, height);
    encoder.set_color(png::ColorType::Indexed);
    encoder.set_palette(palette.concat());
    let mut writer = encoder.write_header().map_err(failed)?;
    writer.write_image_data(bytes).map_err(failed)?;
    writer.finish().map_err(failed)?;
    Ok(file)
}
