/// Whether a figure is drawn on white or on near-black.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Theme {
    /// Dark ink on white; that of the report, whatever the reader's settings.
    #[default]
    Light,
    /// Light ink on near-black.
    Dark,
}

/// What a shape is painted with; the theme says which colour that is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Paint {
    Ink,
    Muted,
    Grid,
    Back,
    Class(usize),
    Rgb([u8; 3]),
}

/// Ten hues that stay apart for the three common kinds of colour blindness: the "muted" scheme of
/// Paul Tol (2021) and a grey.
const LIGHT: [[u8; 3]; 10] = [
    [0x33, 0x22, 0x88],
    [0xCC, 0x66, 0x77],
    [0x11, 0x77, 0x33],
    [0xDD, 0xAA, 0x33],
    [0x66, 0xBB, 0xEE],
    [0x88, 0x22, 0x55],
    [0x44, 0xAA, 0x99],
    [0xAA, 0x44, 0x99],
    [0x99, 0x99, 0x33],
    [0x77, 0x77, 0x77],
];

/// The same with the dark ones lifted off a dark ground.
const DARK: [[u8; 3]; 10] = [
    [0x8C, 0x82, 0xE6],
    [0xE0, 0x80, 0x90],
    [0x3F, 0xA8, 0x66],
    [0xE8, 0xC0, 0x58],
    [0x88, 0xCC, 0xEE],
    [0xC8, 0x5A, 0x90],
    [0x5C, 0xC4, 0xB2],
    [0xCC, 0x77, 0xBB],
    [0xB8, 0xB8, 0x50],
    [0xA8, 0xA8, 0xA8],
];

impl Paint {
    pub(crate) fn rgb(self, theme: Theme) -> [u8; 3] {
        let dark = theme == Theme::Dark;
        let pick = |light, night| if dark { night } else { light };
        match self {
            Paint::Ink => pick([0x20, 0x24, 0x2A], [0xE8, 0xEA, 0xED]),
            Paint::Muted => pick([0x5C, 0x64, 0x70], [0xA6, 0xAE, 0xB8]),
            Paint::Grid => pick([0xE3, 0xE6, 0xEA], [0x33, 0x38, 0x40]),
            Paint::Back => pick([0xFF, 0xFF, 0xFF], [0x16, 0x19, 0x1D]),
            Paint::Class(class) => pick(LIGHT[class % LIGHT.len()], DARK[class % DARK.len()]),
            Paint::Rgb(rgb) => rgb,
        }
    }
}

/// The scale from a number to a colour, of equal steps to the eye.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Colormap {
    Viridis,
    Magma,
    /// Blue, white, red.
    Diverging,
    /// White to blue.
    Blues,
}

impl Colormap {
    /// Colours at equal distances from 0 to 1; between them lines.
    fn anchors(self) -> &'static [[u8; 3]] {
        match self {
            Colormap::Viridis => &[
                [68, 1, 84],
                [72, 40, 120],
                [62, 74, 137],
                [49, 104, 142],
                [38, 130, 142],
                [31, 158, 137],
                [53, 183, 121],
                [109, 205, 89],
                [180, 222, 44],
                [253, 231, 37],
            ],
            Colormap::Magma => &[
                [0, 0, 4],
                [24, 15, 62],
                [69, 16, 119],
                [114, 31, 129],
                [159, 47, 127],
                [205, 64, 113],
                [241, 96, 93],
                [253, 149, 103],
                [254, 202, 141],
                [252, 253, 191],
            ],
            Colormap::Diverging => &[
                [33, 102, 172],
                [103, 169, 207],
                [209, 229, 240],
                [247, 247, 247],
                [253, 219, 199],
                [239, 138, 98],
                [178, 24, 43],
            ],
            Colormap::Blues => &[
                [255, 255, 255],
                [214, 229, 243],
                [158, 202, 225],
                [84, 149, 203],
                [20, 82, 150],
                [8, 38, 88],
            ],
        }
    }

    /// The colour at `t`, 0 to 1; beyond that of the nearer end.
    pub(crate) fn at(self, t: f64) -> [u8; 3] {
        let anchors = self.anchors();
        let place = t.clamp(0.0, 1.0) * (anchors.len() - 1) as f64;
        let below = (place as usize).min(anchors.len() - 2);
        let share = place - below as f64;
        let mix = |c: usize| {
            let (a, b) = (
                f64::from(anchors[below][c]),
                f64::from(anchors[below + 1][c]),
            );
            (a + (b - a) * share).round() as u8
        };
        [mix(0), mix(1), mix(2)]
    }

    /// 256 steps.
    pub(crate) fn palette(self) -> Vec<[u8; 3]> {
        (0..256).map(|i| self.at(f64::from(i) / 255.0)).collect()
    }
}

/// Dark or light ink, whichever reads better on that ground.
pub(crate) fn ink_on(ground: [u8; 3]) -> Paint {
    let [r, g, b] = ground.map(f64::from);
    if 0.299 * r + 0.587 * g + 0.114 * b > 140.0 {
        Paint::Rgb([0x20, 0x24, 0x2A])
    } else {
        Paint::Rgb([0xFF, 0xFF, 0xFF])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colormaps_begin_and_end_where_matplotlib_s_do() {
        assert_eq!(Colormap::Viridis.at(0.0), [68, 1, 84]);
        assert_eq!(Colormap::Viridis.at(1.0), [253, 231, 37]);
        assert_eq!(Colormap::Magma.at(-3.0), [0, 0, 4]);
        assert_eq!(Colormap::Magma.at(9.0), [252, 253, 191]);
        assert_eq!(Colormap::Diverging.at(0.5), [247, 247, 247]);
        assert_eq!(Colormap::Viridis.at(f64::NAN).len(), 3);
    }

    #[test]
    fn magma_rises_in_brightness() {
        let bright = |c: [u8; 3]| {
            0.2126 * f64::from(c[0]) + 0.7152 * f64::from(c[1]) + 0.0722 * f64::from(c[2])
        };
        for map in [Colormap::Magma, Colormap::Viridis] {
            let steps: Vec<f64> = map.palette().into_iter().map(bright).collect();
            // Rounding to a byte may cost one step of a channel.
            assert!(steps.windows(2).all(|s| s[1] > s[0] - 1.0), "{map:?}");
        }
    }
}
