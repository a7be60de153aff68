use ndarray::{Array2, ArrayView2};

use crate::axes::{Axis, axes, bare_axes};
use crate::canvas::{Anchor, Area, Canvas, SMALL, TEXT, fit};
use crate::check;
use crate::error::{Error, Result};
use crate::figure::{Figure, FigureParams};
use crate::heat::{even_heat, heat};
use crate::legend::{Key, colorbar, legend};
use crate::theme::{Colormap, Paint};

/// When the frames of a feature are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Frames {
    /// Samples a second, at least 1; default 22050.
    pub sample_rate: u32,
    /// Samples from frame to frame, at least 1; default 512.
    pub hop_length: usize,
}

impl Default for Frames {
    fn default() -> Self {
        Self {
            sample_rate: 22_050,
            hop_length: 512,
        }
    }
}

impl Frames {
    fn check(&self) -> Result<()> {
        let rate = self.sample_rate;
        check::parameter(rate > 0, "sample_rate", rate, "must be at least 1")?;
        check::parameter(
            self.hop_length > 0,
            "hop_length",
            self.hop_length,
            "must be at least 1",
        )
    }

    fn seconds(&self, frame: f64) -> f64 {
        frame * self.hop_length as f64 / f64::from(self.sample_rate)
    }

    fn axis(&self, n_frames: usize) -> Axis {
        Axis::linear((0.0, self.seconds(n_frames as f64)), "time (s)")
    }
}

/// Which frequencies the rows of a spectrogram are, and how they are drawn.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub enum FrequencyAxis {
    /// Rows of an STFT, 0 Hz to half the sample rate, at equal distances.
    #[default]
    Linear,
    /// Rows of an STFT, octaves at equal distances, from 30 Hz or the first row above.
    Log,
    /// Bands of a mel filter bank between these frequencies in Hz, on the scale of Slaney.
    Mel {
        /// Lower edge of the lowest band.
        f_min: f64,
        /// Upper edge of the highest band.
        f_max: f64,
    },
}

/// A spectrogram in decibels, with linear, logarithmic or mel frequencies.
///
/// `db` has shape `(n_bins, n_frames)`, the lowest frequency first.
///
/// # Errors
///
/// An empty matrix, numbers that are not finite, a sample rate or hop of 0, or mel edges that do
/// not rise from 0 or above.
///
/// ```
/// use ndarray::Array2;
/// use timbral_plot::{FigureParams, Frames, FrequencyAxis, spectrogram};
///
/// let db = Array2::from_shape_fn((128, 40), |(bin, frame)| -((bin + frame) as f32));
/// let axis = FrequencyAxis::Mel { f_min: 0.0, f_max: 11025.0 };
/// let figure = spectrogram(db.view(), axis, &Frames::default(), &FigureParams::titled("Mel"))?;
/// assert!(figure.svg()?.contains("frequency (Hz, mel scale)"));
/// # Ok::<(), timbral_plot::Error>(())
/// ```
pub fn spectrogram<T: Copy + Into<f64>>(
    db: ArrayView2<'_, T>,
    axis: FrequencyAxis,
    frames: &Frames,
    params: &FigureParams,
) -> Result<Figure> {
    let db = check::matrix("db", db)?;
    check_axis(axis, frames)?;
    let range = check::range(db.iter().copied());
    Figure::draw(params, |canvas, area| {
        let area = colorbar(canvas, area, Colormap::Magma, range, "level (dB)");
        panel(
            canvas,
            area,
            &db,
            axis,
            frames,
            range,
            ["time (s)", hertz(axis)],
        );
        Ok(())
    })
}

/// The harmonic and the percussive part of a recording, one above the other, on one scale of dB.
///
/// # Errors
///
/// As [`spectrogram`], and matrices of unequal shapes.
///
/// ```
/// use ndarray::Array2;
/// use timbral_plot::{FigureParams, Frames, FrequencyAxis, hpss};
///
/// let db = Array2::from_elem((9, 5), -20.0);
/// let pair = hpss(db.view(), db.view(), FrequencyAxis::Log, &Frames::default(), &FigureParams::default())?;
/// assert!(pair.svg()?.contains("percussive"));
/// # Ok::<(), timbral_plot::Error>(())
/// ```
pub fn hpss<T: Copy + Into<f64>>(
    harmonic_db: ArrayView2<'_, T>,
    percussive_db: ArrayView2<'_, T>,
    axis: FrequencyAxis,
    frames: &Frames,
    params: &FigureParams,
) -> Result<Figure> {
    let harmonic = check::matrix("harmonic_db", harmonic_db)?;
    let percussive = check::matrix("percussive_db", percussive_db)?;
    check::shape("percussive_db", harmonic.nrows(), percussive.nrows())?;
    check::shape("percussive_db", harmonic.ncols(), percussive.ncols())?;
    check_axis(axis, frames)?;
    let range = check::range(harmonic.iter().chain(&percussive).copied());
    Figure::draw(params, |canvas, area| {
        let area = colorbar(canvas, area, Colormap::Magma, range, "level (dB)");
        for (i, (part, name)) in [(harmonic, "harmonic"), (percussive, "percussive")]
            .iter()
            .enumerate()
        {
            let mut area = area.row(i, 2, 10.0);
            canvas.bold(
                (area.x0 + 70.0, area.y0 + 6.0),
                *name,
                SMALL + 1.0,
                Anchor::Start,
            );
            area.y0 += 16.0;
            let time = if i == 1 { "time (s)" } else { "" };
            panel(canvas, area, part, axis, frames, range, [time, hertz(axis)]);
        }
        Ok(())
    })
}

/// Spectrograms side by side, each on its own scale of dB, as one of each genre.
///
/// # Errors
///
/// As [`spectrogram`], and no panels.
///
/// ```
/// use ndarray::Array2;
/// use timbral_plot::{FigureParams, Frames, FrequencyAxis, spectrogram_grid};
///
/// let db = Array2::from_elem((9, 5), -20.0);
/// let panels = [("blues", db.view()), ("rock", db.view())];
/// let grid = spectrogram_grid(&panels, FrequencyAxis::Linear, &Frames::default(), &FigureParams::default())?;
/// assert!(grid.svg()?.contains("blues"));
/// # Ok::<(), timbral_plot::Error>(())
/// ```
pub fn spectrogram_grid<S: AsRef<str>, T: Copy + Into<f64>>(
    panels: &[(S, ArrayView2<'_, T>)],
    axis: FrequencyAxis,
    frames: &Frames,
    params: &FigureParams,
) -> Result<Figure> {
    check_axis(axis, frames)?;
    let drawn: Vec<Array2<f64>> = panels
        .iter()
        .map(|(_, db)| check::matrix("db", db.view()))
        .collect::<Result<_>>()?;
    grid(
        params,
        panels.iter().map(|(name, _)| name.as_ref()),
        |canvas, area, i| {
            let range = check::range(drawn[i].iter().copied());
            panel(
                canvas,
                area,
                &drawn[i],
                axis,
                frames,
                range,
                ["time (s)", "Hz"],
            );
        },
    )
}

/// The strength of the twelve pitch classes over time.
///
/// `chroma` has shape `(12, n_frames)`, C first, or any multiple of 12 rows.
///
/// # Errors
///
/// Another number of rows, no frames, numbers that are not finite, or a sample rate or hop of 0.
///
/// ```
/// use ndarray::Array2;
/// use timbral_plot::{FigureParams, Frames, chromagram};
///
/// let chroma = Array2::from_shape_fn((12, 8), |(class, frame)| (class * frame) as f32);
/// let svg = chromagram(chroma.view(), &Frames::default(), &FigureParams::default())?.svg()?;
/// assert!(svg.contains("G♯"));
/// # Ok::<(), timbral_plot::Error>(())
/// ```
pub fn chromagram<T: Copy + Into<f64>>(
    chroma: ArrayView2<'_, T>,
    frames: &Frames,
    params: &FigureParams,
) -> Result<Figure> {
    const NAMES: [&str; 12] = [
        "C", "C♯", "D", "D♯", "E", "F", "F♯", "G", "G♯", "A", "A♯", "B",
    ];
    let chroma = check::matrix("chroma", chroma)?;
    frames.check()?;
    let n = chroma.nrows();
    check::parameter(n % 12 == 0, "chroma.nrows()", n, "must be a multiple of 12")?;
    let each = n as f64 / 12.0;
    let ticks = NAMES.iter().enumerate();
    let ticks = ticks
        .map(|(i, name)| ((i as f64 + 0.5) * each, (*name).to_owned()))
        .collect();
    let (lo, hi) = check::range(chroma.iter().copied());
    let range = (lo.min(0.0), hi);
    Figure::draw(params, |canvas, area| {
        let area = colorbar(canvas, area, Colormap::Viridis, range, "strength");
        let y = Axis::Given {
            range: (0.0, n as f64),
            ticks,
            label: "pitch class".into(),
        };
        let plot = bare_axes(canvas, area, &frames.axis(chroma.ncols()), &y);
        even_heat(canvas, plot.area, &chroma, range, Colormap::Viridis);
        Ok(())
    })
}

/// How strongly each tempo is present over time.
///
/// `tempogram` has shape `(n_lags, n_frames)`; row k is the lag of k frames, which is the tempo
/// `60 sample_rate / (hop_length k)`. Drawn are 30 to 300 beats a minute, as far as there are rows.
///
/// # Errors
///
/// Fewer than 2 rows, no frames, numbers that are not finite, a sample rate or hop of 0, or no
/// row in that range.
///
/// ```
/// use ndarray::Array2;
/// use timbral_plot::{FigureParams, Frames, tempogram};
///
/// let lags = Array2::from_shape_fn((384, 20), |(lag, _)| 1.0 / (1 + lag) as f32);
/// let svg = tempogram(lags.view(), &Frames::default(), &FigureParams::default())?.svg()?;
/// assert!(svg.contains("tempo (beats a minute)") && svg.contains("120"));
/// # Ok::<(), timbral_plot::Error>(())
/// ```
pub fn tempogram<T: Copy + Into<f64>>(
    tempogram: ArrayView2<'_, T>,
    frames: &Frames,
    params: &FigureParams,
) -> Result<Figure> {
    let values = check::matrix("tempogram", tempogram)?;
    frames.check()?;
    let tempo_of_one = 60.0 / frames.seconds(1.0);
    let (lo, hi) = (
        (tempo_of_one / values.nrows() as f64).max(30.0),
        tempo_of_one.min(300.0),
    );
    check::parameter(
        hi > lo,
        "tempogram.nrows()",
        values.nrows(),
        "has no lag of 30 to 300 beats a minute",
    )?;
    let shown = values.slice(ndarray::s![(tempo_of_one / hi) as usize.., ..]);
    let range = check::range(shown.iter().copied());
    let ticks = [
        30.0, 40.0, 60.0, 80.0, 100.0, 120.0, 160.0, 200.0, 240.0, 300.0,
    ];
    let ticks = ticks
        .into_iter()
        .filter(|t| *t >= lo * 0.999 && *t <= hi * 1.001);
    let height = |tempo: f64| (tempo / lo).ln() / (hi / lo).ln();
    let y = Axis::Given {
        range: (0.0, 1.0),
        ticks: ticks.map(|t| (height(t), format!("{t}"))).collect(),
        label: "tempo (beats a minute)".into(),
    };
    // Tempo rises where lags fall.
    let turned = values.slice(ndarray::s![..;-1, ..]).to_owned();
    let n = values.nrows() as f64;
    Figure::draw(params, |canvas, area| {
        let area = colorbar(canvas, area, Colormap::Viridis, range, "strength");
        let plot = bare_axes(canvas, area, &frames.axis(values.ncols()), &y);
        heat(
            canvas,
            plot.area,
            &turned,
            range,
            Colormap::Viridis,
            400,
            |share| n - 0.5 - tempo_of_one / (lo * (hi / lo).powf(share)),
        );
        Ok(())
    })
}

/// The strength of note onsets over time, with a line at each beat.
///
/// `beats` are frames; ones past the end are left out.
///
/// # Errors
///
/// An empty envelope, numbers that are not finite, or a sample rate or hop of 0.
///
/// ```
/// use timbral_plot::{FigureParams, Frames, onset_strength};
///
/// let envelope = [0.0f32, 1.0, 0.2, 0.9, 0.1];
/// let svg = onset_strength(&envelope, &[1, 3], &Frames::default(), &FigureParams::default())?.svg()?;
/// assert!(svg.contains("beats") && svg.contains("onset strength"));
/// # Ok::<(), timbral_plot::Error>(())
/// ```
pub fn onset_strength<T: Copy + Into<f64>>(
    envelope: &[T],
    beats: &[usize],
    frames: &Frames,
    params: &FigureParams,
) -> Result<Figure> {
    let envelope = check::finite("envelope", envelope)?;
    frames.check()?;
    Figure::draw(params, |canvas, area| {
        let keys = [
            (Key::Line(Paint::Class(0)), "onset strength".to_owned()),
            (Key::Line(Paint::Class(1)), "beats".to_owned()),
        ];
        let area = legend(canvas, area, &keys);
        let y = Axis::linear(
            check::padded(check::range(envelope.iter().copied())),
            "strength",
        );
        let plot = axes(canvas, area, &frames.axis(envelope.len()), &y);
        for beat in beats.iter().filter(|beat| **beat < envelope.len()) {
            let x = plot.x.at(frames.seconds(*beat as f64));
            canvas.line(
                vec![(x, plot.area.y0), (x, plot.area.y1)],
                Paint::Class(1),
                1,
            );
        }
        let at = |(i, v): (usize, &f64)| plot.at(frames.seconds(i as f64), *v);
        canvas.line(
            envelope.iter().enumerate().map(at).collect(),
            Paint::Class(0),
            1,
        );
        Ok(())
    })
}

/// Panels side by side under their names, in as many columns as give them a good shape.
pub(crate) fn grid<'a>(
    params: &FigureParams,
    names: impl ExactSizeIterator<Item = &'a str>,
    mut draw: impl FnMut(&mut Canvas, Area, usize),
) -> Result<Figure> {
    let n = names.len();
    if n == 0 {
        return Err(Error::Empty { name: "panels" });
    }
    Figure::draw(params, |canvas, area| {
        let columns = (1..=n)
            .min_by_key(|c| {
                let (w, h) = (
                    area.width() / *c as f64,
                    area.height() / n.div_ceil(*c) as f64,
                );
                let empty = n.div_ceil(*c) * c - n;
                ((w / h / 1.7).ln().abs() * 1000.0) as i64 + 350 * empty as i64
            })
            .unwrap_or(1);
        let rows = n.div_ceil(columns);
        for (i, name) in names.enumerate() {
            let mut part = area
                .row(i / columns, rows, 12.0)
                .column(i % columns, columns, 16.0);
            let name = fit(name, TEXT, part.width());
            canvas.bold(
                ((part.x0 + part.x1) / 2.0 + 12.0, part.y0 + 7.0),
                name,
                TEXT,
                Anchor::Middle,
            );
            part.y0 += 20.0;
            draw(canvas, part, i);
        }
        Ok(())
    })
}

fn check_axis(axis: FrequencyAxis, frames: &Frames) -> Result<()> {
    frames.check()?;
    if let FrequencyAxis::Mel { f_min, f_max } = axis {
        let holds = f_min >= 0.0 && f_max > f_min && f_max < 1e9;
        check::parameter(
            holds,
            "f_max",
            f_max,
            "must be above f_min, which must not be negative",
        )?;
    }
    Ok(())
}

/// Frequency in Hz to mel: linear to 1 kHz, then logarithmic (Slaney 1998).
fn mel(hz: f64) -> f64 {
    if hz < 1000.0 {
        hz * 3.0 / 200.0
    } else {
        15.0 + (hz / 1000.0).ln() * 27.0 / 6.4f64.ln()
    }
}

fn hertz(axis: FrequencyAxis) -> &'static str {
    match axis {
        FrequencyAxis::Linear => "frequency (Hz)",
        FrequencyAxis::Log => "frequency (Hz, logarithmic)",
        FrequencyAxis::Mel { .. } => "frequency (Hz, mel scale)",
    }
}

fn panel(
    canvas: &mut Canvas,
    area: Area,
    db: &Array2<f64>,
    axis: FrequencyAxis,
    frames: &Frames,
    range: (f64, f64),
    [x_label, y_label]: [&str; 2],
) {
    let nyquist = f64::from(frames.sample_rate) / 2.0;
    let bins = db.nrows().max(2) as f64 - 1.0;
    let y = match axis {
        FrequencyAxis::Linear => Axis::linear((0.0, nyquist), y_label),
        FrequencyAxis::Log => Axis::Log {
            range: ((nyquist / bins).max(30.0).min(nyquist / 2.0), nyquist),
            label: y_label.into(),
        },
        FrequencyAxis::Mel { f_min, f_max } => {
            let hz = [
                0.0, 100.0, 250.0, 500.0, 1000.0, 2000.0, 4000.0, 8000.0, 16000.0, 32000.0,
            ];
            let hz = hz.into_iter().filter(|f| *f >= f_min && *f <= f_max);
            Axis::Given {
                range: (mel(f_min), mel(f_max)),
                ticks: hz.map(|f| (mel(f), format!("{f}"))).collect(),
                label: y_label.into(),
            }
        }
    };
    let x = Axis::linear((0.0, frames.seconds(db.ncols() as f64)), x_label);
    let plot = bare_axes(canvas, area, &x, &y);
    if let Axis::Log {
        range: (lo, hi), ..
    } = y
    {
        let row = |share: f64| lo * (hi / lo).powf(share) / nyquist * bins + 0.5;
        heat(canvas, plot.area, db, range, Colormap::Magma, 400, row);
    } else {
        even_heat(canvas, plot.area, db, range, Colormap::Magma);
    }
}
