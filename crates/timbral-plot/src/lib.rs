//! Figures of audio features and of classifiers, as PNG and SVG, and a report of them in one HTML
//! file: slices and views in, pictures out.
//!
//! Every function here gives a [`Figure`], which [`Figure::save`] writes and [`Report::figure`]
//! puts into a report. Title, size and theme are in [`FigureParams`].
//!
//! - Recordings: [`waveform`], [`spectrogram`] (linear, logarithmic or mel), [`hpss`],
//!   [`chromagram`], [`tempogram`], [`onset_strength`]; one panel a genre: [`waveform_grid`],
//!   [`spectrogram_grid`].
//! - Data sets: [`label_counts`], [`distributions`], [`correlations`] and [`correlation_heatmap`],
//!   [`Pca`] and [`scatter_map`].
//! - Training: [`training_curves`], [`learning_curve`], [`tuning_history`], any [`lines`].
//! - Models: [`confusion_matrix`], [`roc_curves`], [`precision_recall_curves`],
//!   [`reliability_diagram`], [`importances`], [`shap_summary`], [`comparison`].
//!
//! Nothing is read from files or the system: the font of PNG files is inside the crate. Text that
//! is too long for its place is cut, with an ellipsis. Data that cannot be drawn are an [`Error`],
//! never a panic; constant data get a range around them. The ten colours of classes stay apart for
//! the colour blind; with more classes they repeat.
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
mod axes;
mod bars;
mod canvas;
mod check;
mod classify;
mod correlation;
mod distribution;
mod error;
mod figure;
mod heat;
mod html;
mod legend;
mod pca;
mod render;
mod report;
mod scatter;
mod series;
mod spectrogram;
mod theme;
mod waveform;

pub use bars::{Estimate, comparison, importances, label_counts};
pub use classify::{confusion_matrix, precision_recall_curves, reliability_diagram, roc_curves};
pub use correlation::{cluster_order, correlation_heatmap, correlations};
pub use distribution::distributions;
pub use error::{Error, Result};
pub use figure::{Figure, FigureParams};
pub use pca::Pca;
pub use report::Report;
pub use scatter::{scatter_map, shap_summary};
pub use series::{Search, Series, learning_curve, lines, training_curves, tuning_history};
pub use spectrogram::{
    Frames, FrequencyAxis, chromagram, hpss, onset_strength, spectrogram, spectrogram_grid,
    tempogram,
};
pub use theme::Theme;
pub use waveform::{waveform, waveform_grid};
