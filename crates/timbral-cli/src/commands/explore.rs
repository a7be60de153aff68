use std::path::PathBuf;

use timbral::data::FeatureTable;
use timbral::plot::Report;
use timbral::{file_figures, table_figures};

use crate::command::Command;
use crate::options::output::output_folder;
use crate::options::table::TableArgs;
use crate::options::{SoundArgs, create_folder};
use crate::session::phase;
use crate::status::Status;

/// `explore`: figures of sound files and of tables of features, on one page.
#[derive(clap::Args)]
pub struct Explore {
    /// Sound files, and tables of features (.csv, .tsv, .csv.gz, .parquet, .npz)
    #[arg(required = true)]
    inputs: Vec<PathBuf>,
    #[command(flatten)]
    columns: TableArgs,
    #[command(flatten)]
    sound: SoundArgs,
    /// Folder to write the figures and the page `index.html` to
    #[arg(long, value_name = "FOLDER", default_value = "target/explore", value_parser = output_folder())]
    out: PathBuf,
    /// Seconds of a sound file to draw, from its start
    #[arg(long, default_value_t = 30.0)]
    seconds: f64,
    /// Format of the figures
    #[arg(long, default_value = "svg", value_parser = ["svg", "png"])]
    format: String,
}

impl Command for Explore {
    const NAME: &'static str = "explore";
    const ABOUT: &'static str = "Draw sound files and tables of features, on one page";
    const DETAILS: &'static str = "The figures of a sound file are: waveform, spectrogram, mel bands, constant-Q \
        transform, pitch, chroma, tonal centroids, onsets and beats, tempogram, recurrence, harmonic and percussive \
        parts. The figures of a table are: rows per genre, distributions and correlations of features, and the rows in \
        the plane of their first two principal components.";
    const EXAMPLE: &'static str = "song.wav features.csv --out figures";

    fn run(self) -> anyhow::Result<Status> {
        let mut report = Report::new(
            "Figures",
            "Figures of sound files and of tables of features.",
        );
        let mut figures = Vec::new();
        for input in &self.inputs {
            phase(format!("drawing {}", input.display()));
            report.section(input.file_name().unwrap_or_default().to_string_lossy());
            let drawn = match FeatureTable::is_table(input) {
                true => table_figures(&self.columns.read_labelled(input)?)?,
                false => file_figures(input, self.seconds, self.sound.open_params())?,
            };
            for drawn in drawn {
                report.figure(&drawn.figure, drawn.caption)?;
                figures.push(drawn.figure);
            }
        }
        // A file that cannot be drawn leaves nothing behind.
        create_folder(&self.out)?;
        for (i, figure) in figures.iter().enumerate() {
            figure.save(self.out.join(format!("{:02}.{}", i + 1, self.format)))?;
        }
        let page = self.out.join("index.html");
        report.save(&page)?;
        println!("{} figures, {}", figures.len(), page.display());
        Ok(Status::Done)
    }
}
