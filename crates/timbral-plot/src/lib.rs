//! Figures of audio features and classifiers as PNG and SVG, and a report of them in one HTML file.
//!
//! Every function takes slices or array views and returns a [`Figure`], which
//! [`Figure::save`] writes to a file and [`Report::figure`] adds to a report. Title, size and theme are in
//! [`FigureParams`].
//!
//! - Recordings: [`waveform`], [`spectrogram`] (linear, logarithmic, mel or notes), [`pitch_curve`],
//!   [`harmonic_percussive`], [`chromagram`], [`tonal_centroids`], [`tempogram`], [`onset_curve`], [`recurrence_plot`]; one panel per genre: [`waveform_grid`],
//!   [`spectrogram_grid`].
//! - Data sets: [`label_counts`], [`box_plots`], [`correlations`] and [`correlation_heatmap`], [`Pca`] and
//!   [`scatter_map`].
//! - Training: [`training_curves`], [`learning_curve`], [`tuning_history`], or any [`line_plot`].
//! - Models: [`confusion_matrix`], [`roc_curves`], [`precision_recall_curves`], [`reliability_diagram`],
//!   [`feature_importances`], [`shap_summary`], [`score_intervals`].
//!
//! A [`SoundPage`] is a page with players of recordings, their spectrograms, and values over their time.
//!
//! The crate reads no files and no system fonts: the font of PNG files is embedded. Text that is too long
//! for its place is shortened with an ellipsis. Data that cannot be drawn are an [`Error`], never a panic;
//! constant data get a range around their value. The ten class colours are distinguishable with colour
//! blindness; they repeat if there are more classes.
//!
//! ```
//! use timbral_plot::{FigureParams, Report, Series, training_curves};
//!
//! let loss = [Series::counted("train", vec![2.1, 1.4, 0.9]), Series::counted("validation", vec![2.2, 1.7, 1.6])];
//! let figure = training_curves(&loss, &[], "epoch", &FigureParams::titled("Loss of the network"))?;
//! assert_eq!(figure.size(), (900, 560));
//!
//! let mut report = Report::new("A network", "How it was trained.");
//! report.section("Training").figure(&figure, "Loss by epoch.")?;
//! assert!(report.html().contains("Loss by epoch."));
//! # Ok::<(), timbral_plot::Error>(())
//! ```

mod analysis;
mod check;
mod drawing;
mod error;
mod figures;
mod file;
mod player;
mod report;

pub use ndarray;

pub use analysis::{Pca, cluster_order, correlations};
pub use drawing::{Figure, FigureParams, Theme};
pub use error::{Error, Result};
pub use figures::{
    FrameTiming, FrequencyAxis, ScoreInterval, SearchScores, Series, box_plots, chromagram,
    confusion_matrix, correlation_heatmap, feature_importances, harmonic_percussive, label_counts,
    learning_curve, line_plot, onset_curve, pitch_curve, precision_recall_curves, recurrence_plot,
    reliability_diagram, roc_curves, scatter_map, score_intervals, shap_summary, spectrogram,
    spectrogram_grid, tempogram, tonal_centroids, training_curves, tuning_history, waveform,
    waveform_grid,
};
pub use player::SoundPage;
pub use report::Report;
