use super::theme::Paint;

/// A colour scale with perceptually even steps.
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
    /// Colours at equal distances from 0 to 1, interpolated linearly.
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

    /// The colour at `t`, which is clamped to 0..=1.
    pub(crate) fn at(self, t: f64) -> [u8; 3] {
        let anchors = self.anchors();
        let place = t.clamp(0.0, 1.0) * (anchors.len() - 1) as f64;
        let below = (place as usize).min(anchors.len() - 2);
        let fraction = place - below as f64;
        let mix = |c: usize| {
            let (a, b) = (
                f64::from(anchors[below][c]),
                f64::from(anchors[below + 1][c]),
            );
            (a + (b - a) * fraction).round() as u8
        };
        [mix(0), mix(1), mix(2)]
    }

    /// The colours of 256 steps from 0 to 1.
    pub(crate) fn palette(self) -> Vec<[u8; 3]> {
        (0..256).map(|i| self.at(f64::from(i) / 255.0)).collect()
    }
}

/// Dark or light text colour, whichever is easier to read on that background.
pub(crate) fn ink_on(background: [u8; 3]) -> Paint {
    let [r, g, b] = background.map(f64::from);
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
