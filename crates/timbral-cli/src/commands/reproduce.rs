use std::path::{Path, PathBuf};

use timbral::Results;
use timbral::data::gtzan::{Artists, Taggrams};
use timbral::data::{FeatureTable, Spectrograms, SplitMethod};
use timbral::study::{Material, Study, StudyParams};
use timbral::synth::SynthParams;

use crate::command::Command;
use crate::options::output::output_folder;
use crate::options::table::TableArgs;
use crate::options::{SoundArgs, create_folder};
use crate::session::{Session, ThreadArgs, phase, print_problems};
use crate::status::Status;

/// `reproduce`: the whole study, from data to a page with figures.
#[derive(clap::Args)]
pub struct Reproduce {
    /// Table of features, one row per segment
    #[arg(long, value_name = "FILE", conflicts_with = "audio")]
    features: Option<PathBuf>,
    #[command(flatten)]
    columns: TableArgs,
    /// Spectrograms of the recordings in the table, .npz
    #[arg(long, value_name = "FILE", requires = "features")]
    spectrograms: Option<PathBuf>,
    /// Folder of music, one folder per genre
    #[arg(long, value_name = "FOLDER")]
    audio: Option<PathBuf>,
    /// Folder with the published tags of GTZAN's clips: training.npz and evaluation.npz [default:
    /// data/gtzan/musicnn_taggrams, or gtzan/musicnn_taggrams, in the folder of the environment variable TIMBRAL_DATA]
    #[arg(long, value_name = "FOLDER", requires = "features")]
    taggrams: Option<PathBuf>,
    #[command(flatten)]
    sound: SoundArgs,
    /// Use ten random seeds, not one
    #[arg(long)]
    full: bool,
    /// Folder to write `index.html`, `results.json` and all intermediate results to
    #[arg(long, value_name = "FOLDER", default_value = "target/reproduce", value_parser = output_folder())]
    out: PathBuf,
    #[command(flatten)]
    threads: ThreadArgs,
}

impl Reproduce {
    /// The models and their training, which is shorter on the synthetic corpus.
    fn params(&self) -> StudyParams {
        let params = StudyParams {
            seeds: if self.full { 10 } else { 1 },
            ..StudyParams::default()
        };
        match self.features.is_none() && self.audio.is_none() {
            true => params.quick(),
            false => params,
        }
    }

    /// Reads or makes the data; computed data are kept in the folder `scratch`.
    fn material(&self, scratch: &Path, session: &Session) -> anyhow::Result<Material> {
        let mut bar = session.monitor();
        match (&self.features, &self.audio) {
            (Some(table), _) => {
                let read = self.columns.read_labelled(table)?;
                let images = self.spectrograms.as_ref().map(Spectrograms::read);
                let material = Material::new(table.display().to_string(), read);
                Ok(material.with_spectrograms(images.transpose()?))
            }
            (_, Some(folder)) => {
                phase(format!(
                    "extracting features and spectrograms from {}",
                    folder.display()
                ));
                let open = self.sound.open_params();
                let (material, problems) = Material::of_music(folder, scratch, open, &mut bar)?;
                print_problems(&problems);
                Ok(material)
            }
            _ => {
                let params = SynthParams::default();
                let n = 10 * params.recordings_per_genre;
                phase(format!(
                    "making {n} synthetic recordings, their features and spectrograms"
                ));
                Ok(Material::synthetic(params, scratch, &mut bar)?)
            }
        }
    }
}

impl Reproduce {
    /// Adds the results of models on features and tags, if the study is of GTZAN and the published tags are available.
    fn add_tags(
        &self,
        study: &mut Study,
        results: &Results,
        session: &Session,
    ) -> anyhow::Result<()> {
        if !study
            .material
            .splits()
            .contains(&SplitMethod::FaultFiltered)
        {
            return Ok(());
        }
        let data = std::env::var_os("TIMBRAL_DATA").and_then(|data| gtzan_in(data.as_ref()));
        let of_data = |name: &str| data.as_ref().map(|data| data.join(name));
        let folder = self
            .taggrams
            .clone()
            .or_else(|| of_data("musicnn_taggrams"));
        let folder = folder.filter(|folder| self.taggrams.is_some() || folder.is_dir());
        let near = |name: &str| {
            let near = self
                .features
                .as_ref()
                .map(|table| table.with_file_name(name));
            [near, of_data(name)]
                .into_iter()
                .flatten()
                .find(|path| path.is_file())
        };
        let (Some(folder), Some(clips)) = (folder, near("features_30_sec.csv")) else {
            eprintln!(
                "note: no rows with tags: they need the published tags of musicnn, training.npz and evaluation.npz of \
                 the project sklearn-audio-transfer-learning (GTZAN fault-filtered, musicnn), named by --taggrams, and \
                 features_30_sec.csv beside the table"
            );
            return Ok(());
        };
        phase("fitting models on features and published tags");
        let archives = ["training.npz", "evaluation.npz"].map(|name| folder.join(name));
        let tags = Taggrams::read(archives)?;
        let artists = near("artists_sturm.txt").map(Artists::read).transpose()?;
        let table = FeatureTable::read(clips)?;
        let artists = artists.as_ref();
        study.add_tags(&table, &tags, artists, results, &mut session.monitor())?;
        Ok(())
    }
}

/// The folder of GTZAN's files in the folder of all data.
fn gtzan_in(data: &Path) -> Option<PathBuf> {
    let folders = ["data/gtzan", "gtzan"].map(|name| data.join(name));
    folders.into_iter().find(|folder| folder.is_dir())
}

impl Command for Reproduce {
    const NAME: &'static str = "reproduce";
    const ABOUT: &'static str =
        "Run the whole study: data, models, scores with and without leaks, a page with figures";
    const DETAILS: &'static str = "Makes a synthetic corpus, extracts features and spectrograms, trains \
        boosted trees, a dense and a convolutional network on random rows and by recording, and writes a \
        page with all results, in a few minutes. With `--features` and `--spectrograms` it does the same \
        on GTZAN's published tables, with `--audio` on your music. The same command continues a run that \
        was stopped.";
    const EXAMPLE: &'static str = "--audio MUSIC --out study";

    fn run(self) -> anyhow::Result<Status> {
        let session = self.threads.start()?;
        if self.features.is_none() {
            create_folder(&self.out)?;
        }
        let material = self.material(&self.out, &session)?;
        create_folder(&self.out)?;
        // Without tables, the log takes results about any data: several studies may use the same folder.
        let results = Results::open(self.out.join("fits.jsonl"), [])?;
        phase("fitting the models");
        let mut study = self
            .params()
            .run(material, &results, &mut session.monitor())?;
        self.add_tags(&mut study, &results, &session)?;
        phase("writing the page");
        study.save(&self.out)?;
        println!("{study}\n{}", self.out.join("index.html").display());
        Ok(Status::Done)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_of_gtzan_are_found_where_the_tests_look_for_them() {
        let data = tempfile::tempdir().unwrap();
        assert_eq!(gtzan_in(data.path()), None);
        for name in ["gtzan", "data/gtzan"] {
            let folder = data.path().join(name);
            std::fs::create_dir_all(&folder).unwrap();
            assert_eq!(gtzan_in(data.path()), Some(folder));
        }
    }
}
