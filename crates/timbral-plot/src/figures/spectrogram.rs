use ndarray::{Array2, ArrayView2};

use crate::check;
use crate::drawing::{
    Anchor, Area, Axis, Canvas, Colormap, Figure, FigureParams, Key, Paint, Plot, SMALL, bare_axes,
    colorbar, even_heat, heat, legend,
};
use crate::error::Result;

use super::frames::FrameTiming;
use super::frequency::{FrequencyAxis, axis_label, check_axis, mel, note_place, note_ticks};
use super::grid::grid;

/// A spectrogram in decibels, with linear, logarithmic or mel frequencies, or the notes of a constant-Q transform.
///
/// `db` has shape `(n_bins, n_frames)`, the lowest frequency first.
///
/// # Errors
///
/// An empty matrix, numbers that are not finite, a sample rate or hop length of 0, mel edges that are
/// negative or not increasing, or notes from a frequency outside `1..=100000` or without bins per octave.
///
/// ```
/// use ndarray::Array2;
/// use timbral_plot::{FigureParams, FrameTiming, FrequencyAxis, spectrogram};
///
/// let db = Array2::from_shape_fn((128, 40), |(bin, frame)| -((bin + frame) as f32));
/// let axis = FrequencyAxis::Mel { f_min: 0.0, f_max: 11025.0 };
/// let figure = spectrogram(db.view(), axis, &FrameTiming::default(), &FigureParams::titled("Mel"))?;
/// assert!(figure.svg()?.contains("frequency (Hz, mel scale)"));
/// # Ok::<(), timbral_plot::Error>(())
/// ```
pub fn spectrogram<T: Copy + Into<f64>>(
    db: ArrayView2<'_, T>,
    axis: FrequencyAxis,
    frames: &FrameTiming,
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
            ["time (s)", axis_label(axis)],
        );
        Ok(())
    })
}

/// Spectrograms of the harmonic and the percussive part of a recording, one above the other, with a shared
/// colour scale in decibels.
///
/// # Errors
///
/// Those of [`spectrogram`], or the shapes of the matrices differ.
///
/// ```
/// use ndarray::Array2;
/// use timbral_plot::{FigureParams, FrameTiming, FrequencyAxis, harmonic_percussive};
///
/// let db = Array2::from_elem((9, 5), -20.0);
/// let pair = harmonic_percussive(db.view(), db.view(), FrequencyAxis::Log, &FrameTiming::default(), &FigureParams::default())?;
/// assert!(pair.svg()?.contains("percussive"));
/// # Ok::<(), timbral_plot::Error>(())
/// ```
pub fn harmonic_percussive<T: Copy + Into<f64>>(
    harmonic_db: ArrayView2<'_, T>,
    percussive_db: ArrayView2<'_, T>,
    axis: FrequencyAxis,
    frames: &FrameTiming,
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
            panel(
                canvas,
                area,
                part,
                axis,
                frames,
                range,
                [time, axis_label(axis)],
            );
        }
        Ok(())
    })
}

/// A spectrogram with the fundamental frequency on it, such as that of `timbral_dsp::Pyin`.
///
/// `f0` has one frequency in Hz per frame, 0 or NaN where there is none; it is drawn within the frequencies of the spectrogram.
///
/// # Errors
///
/// Those of [`spectrogram`], or another number of frequencies than frames.
///
/// ```
/// use ndarray::Array2;
/// use timbral_plot::{FigureParams, FrameTiming, FrequencyAxis, pitch_curve};
///
/// let db = Array2::from_shape_fn((1025, 40), |(bin, _)| -(bin as f32) / 20.0);
/// let f0: Vec<f64> = (0..40).map(|t| if t < 20 { f64::NAN } else { 440.0 }).collect();
/// let svg = pitch_curve(db.view(), FrequencyAxis::Log, &f0, &FrameTiming::default(), &FigureParams::default())?.svg()?;
/// assert!(svg.contains("fundamental"));
/// # Ok::<(), timbral_plot::Error>(())
/// ```
pub fn pitch_curve<T: Copy + Into<f64>>(
    db: ArrayView2<'_, T>,
    axis: FrequencyAxis,
    f0: &[f64],
    frames: &FrameTiming,
    params: &FigureParams,
) -> Result<Figure> {
    let db = check::matrix("db", db)?;
    check_axis(axis, frames)?;
    check::shape("f0", db.ncols(), f0.len())?;
    let range = check::range(db.iter().copied());
    // Light green differs from all colours of the spectrogram.
    let paint = Paint::Rgb([0x5C, 0xF2, 0xC0]);
    Figure::draw(params, |canvas, area| {
        let area = colorbar(canvas, area, Colormap::Magma, range, "level (dB)");
        let area = legend(
            canvas,
            area,
            &[(Key::Line(paint), "fundamental".to_owned())],
        );
        let labels = ["time (s)", axis_label(axis)];
        let plot = panel(canvas, area, &db, axis, frames, range, labels);
        let mut points = Vec::new();
        for (t, hz) in f0.iter().chain(&[f64::NAN]).enumerate() {
            let place = match axis {
                FrequencyAxis::Linear | FrequencyAxis::Log => *hz,
                _ if !(*hz > 0.0 && *hz < 1e9) => f64::NAN,
                FrequencyAxis::Mel { .. } => mel(*hz),
                FrequencyAxis::Notes {
                    f_min,
                    bins_per_octave,
                } => note_place(*hz, f_min, bins_per_octave),
            };
            if let Some(y) = plot.y.within(place).filter(|_| *hz > 0.0) {
                // In the middle of its frame.
                points.push((plot.x.at(frames.seconds(t as f64 + 0.5)), y));
                continue;
            }
            if let [(x, y)] = points[..] {
                points = vec![(x - 1.0, y), (x + 1.0, y)];
            }
            if !points.is_empty() {
                canvas.line(std::mem::take(&mut points), paint, 2);
            }
        }
        Ok(())
    })
}

/// Spectrograms side by side, each with its own colour scale, for example one per genre.
///
/// # Errors
///
/// Those of [`spectrogram`], or no panels.
///
/// ```
/// use ndarray::Array2;
/// use timbral_plot::{FigureParams, FrameTiming, FrequencyAxis, spectrogram_grid};
///
/// let db = Array2::from_elem((9, 5), -20.0);
/// let panels = [("blues", db.view()), ("rock", db.view())];
/// let grid = spectrogram_grid(&panels, FrequencyAxis::Linear, &FrameTiming::default(), &FigureParams::default())?;
/// assert!(grid.svg()?.contains("blues"));
/// # Ok::<(), timbral_plot::Error>(())
/// ```
pub fn spectrogram_grid<S: AsRef<str>, T: Copy + Into<f64>>(
    panels: &[(S, ArrayView2<'_, T>)],
    axis: FrequencyAxis,
    frames: &FrameTiming,
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

fn panel(
    canvas: &mut Canvas,
    area: Area,
    db: &Array2<f64>,
    axis: FrequencyAxis,
    frames: &FrameTiming,
    range: (f64, f64),
    [x_label, y_label]: [&str; 2],
) -> Plot {
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
        FrequencyAxis::Notes {
            f_min,
            bins_per_octave,
        } => Axis::Given {
            range: (0.0, db.nrows() as f64),
            ticks: note_ticks(f_min, bins_per_octave, db.nrows()),
            label: y_label.into(),
        },
    };
    let x = Axis::linear((0.0, frames.seconds(db.ncols() as f64)), x_label);
    let plot = bare_axes(canvas, area, &x, &y);
    if let Axis::Log {
        range: (lo, hi), ..
    } = y
    {
        let row = |fraction: f64| lo * (hi / lo).powf(fraction) / nyquist * bins + 0.5;
        heat(canvas, plot.area, db, range, Colormap::Magma, 400, row);
    } else {
        even_heat(canvas, plot.area, db, range, Colormap::Magma);
    }
    plot
}
