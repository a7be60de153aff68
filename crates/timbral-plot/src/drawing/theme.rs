/// The colour theme of a figure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Theme {
    /// Dark text on white; the default.
    #[default]
    Light,
    /// Light text on near-black.
    Dark,
}

/// The role of a colour; the theme decides which colour that is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Paint {
    Ink,
    Muted,
    Grid,
    Back,
    Class(usize),
    Rgb([u8; 3]),
}

/// Ten colours that remain distinguishable with the three common kinds of colour blindness: the "muted"
/// scheme of Paul Tol (2021) and a grey.
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

/// The same colours, with the dark ones lightened for a dark background.
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
