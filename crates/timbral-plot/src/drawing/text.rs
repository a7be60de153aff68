use std::sync::OnceLock;

use plotters::style::{FontStyle, FontTransform, IntoFont, register_font};

use crate::error::{Error, Result};

/// The family name under which the embedded font is registered.
pub(crate) const FAMILY: &str = "sans-serif";
/// Font sizes in pixels.
pub(crate) const TITLE: f64 = 20.0;
pub(crate) const TEXT: f64 = 15.0;
pub(crate) const SMALL: f64 = 13.0;

/// Registers the embedded font once; without it no text can be drawn.
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

/// The width of a text in pixels.
pub(crate) fn text_width(text: &str, size: f64) -> f64 {
    let font = (FAMILY, size).into_font().transform(FontTransform::None);
    match font.box_size(text) {
        Ok((width, _)) => f64::from(width),
        Err(_) => text.chars().count() as f64 * size * 0.6,
    }
}

/// The text, shortened with an ellipsis if it is wider than `width`.
pub(crate) fn fit(text: &str, size: f64, width: f64) -> String {
    // No figure is wide enough for more.
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

/// Replaces control characters, which have no glyph and are forbidden in XML.
pub(crate) fn printable(c: char) -> char {
    if c.is_control() || matches!(c, '\u{FFFE}' | '\u{FFFF}') {
        ' '
    } else {
        c
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_text_is_shortened_to_the_width() {
        font().unwrap();
        assert_eq!(fit("short", TEXT, 500.0), "short");
        assert_eq!(fit("anything", TEXT, 0.0), "");
        let cut = fit(&"wide ".repeat(1000), TEXT, 100.0);
        assert!(cut.starts_with("wide") && cut.ends_with('…'), "{cut}");
        assert!((70.0..=100.0).contains(&text_width(&cut, TEXT)), "{cut}");
    }
}
