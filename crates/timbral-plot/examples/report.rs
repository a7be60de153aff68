//! Writes a report on a made-up classifier: training curves and a confusion matrix in one HTML file.
//!
//! `cargo run -p timbral-plot --example report` writes `report.html` into the temporary folder.

#![allow(clippy::print_stdout)]

use timbral_metrics::ConfusionMatrix;
use timbral_plot::{FigureParams, Report, Series, confusion_matrix, training_curves};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let loss = [
        Series::counted("train", vec![1.10, 0.71, 0.42, 0.23]),
        Series::counted("validation", vec![1.12, 0.84, 0.69, 0.66]),
    ];
    let curves = training_curves(&loss, &[], "epoch", &FigureParams::titled("Loss"))?;

    let (truth, predicted) = ([0, 0, 0, 1, 1, 2, 2, 2], [0, 0, 1, 1, 1, 2, 0, 2]);
    let genres = ["blues", "jazz", "rock"];
    let matrix = ConfusionMatrix::new(&truth, &predicted, 3, None)?.with_labels(genres)?;
    let confusion = confusion_matrix(&matrix, &FigureParams::default())?;

    let mut report = Report::new("Three genres", "A network on eight recordings.");
    report
        .section("Training")
        .figure(&curves, "Loss by epoch.")?;
    report
        .section("Test")
        .cards(&[("accuracy", "0.75")])
        .figure(&confusion, "Six of eight recordings are correct.")?;
    let path = std::env::temp_dir().join("report.html");
    report.save(&path)?;
    println!("{}: {} bytes", path.display(), report.html().len());
    Ok(())
}
