use std::path::PathBuf;

use anyhow::ensure;
use timbral::data::GroupBy;
use timbral::{ClassifierParams, Inputs};

use crate::command::Command;
use crate::options::output::{PAGES, output, output_of};
use crate::options::{FeatureArgs, GenreArgs, SoundArgs, find_files};
use crate::session::{ThreadArgs, phase_of_files, print_problems, print_skipped};
use crate::status::Status;

/// `train`: a genre classifier in one file, trained on folders of music.
#[derive(clap::Args)]
pub struct Train {
    /// Folders named by their genre, or folders of such folders
    #[arg(required = true)]
    music: Vec<PathBuf>,
    /// Kind of model: boost (boosted trees), dense (a dense network), conv, crnn, attention (networks on
    /// spectrograms), embedding (on the outputs of a published network), ensemble (boost, dense and conv), or several
    /// joined by +, such as embedding+boost
    #[arg(long = "model", value_name = "KIND", default_value = "boost")]
    params: ClassifierParams,
    /// Network of the model embedding: musicnn-msd or musicnn-mtt, and after a colon one or more of its outputs
    /// max_pool, mean_pool, penultimate and taggram, separated by commas; the best one is chosen by cross-validation
    #[cfg(feature = "pretrained")]
    #[arg(long, value_name = "NETWORK", default_value = "musicnn-msd:max_pool")]
    embedding: timbral::EmbeddingModel,
    #[cfg(feature = "pretrained")]
    #[command(flatten)]
    weights: crate::options::weights::WeightArgs,
    #[command(flatten)]
    features: FeatureArgs,
    /// Classifier to write
    #[arg(long, value_name = "FILE", value_parser = output())]
    out: PathBuf,
    /// Number of folds of the cross-validation that measures the accuracy, at least 2; 0 measures no accuracy
    #[arg(long, value_name = "N", default_value_t = 5)]
    folds: usize,
    #[command(flatten)]
    genres: GenreArgs,
    /// What is never in two folds: a recording, album, artist (by the files' tags) or folder (the first below that of
    /// the genre) [default: the widest of these that is known for most files and has two or more groups per genre]
    #[arg(long, value_name = "GROUPS")]
    group_by: Option<GroupBy>,
    /// Make the classifier answer "none of these" for music unlike all genres, and measure this on held-out genres;
    /// the models are trained once more for each genre
    #[arg(long)]
    reject: bool,
    /// Page to write, .html, about the predictions for held-out recordings: their reliability before and after
    /// calibration, and with --reject the receiver operating characteristic on held-out genres
    #[arg(long, value_name = "FILE", value_parser = output_of(PAGES))]
    page: Option<PathBuf>,
    /// Random seed
    #[arg(long, default_value_t = 0)]
    seed: u64,
    #[command(flatten)]
    sound: SoundArgs,
    #[command(flatten)]
    threads: ThreadArgs,
}

impl Command for Train {
    const NAME: &'static str = "train";
    const ABOUT: &'static str =
        "Train a genre classifier on folders of music, one folder per genre";
    const DETAILS: &'static str = "Prints the number of recordings per genre, how well calibrated the probabilities are, \
        and the accuracy on recordings that were not trained on. Where the files' tags name artists or albums, or folders \
        are below those of the genres, it also prints the accuracy with folds that have no artist, album or folder in \
        common; the difference is the album effect. The classifier is one file, which `predict` uses; it keeps the choice \
        of features, so that `predict` computes the same ones. Files that cannot be read are skipped and reported.";
    const EXAMPLE: &'static str = "MUSIC --model boost --out genres.timbral";

    fn run(self) -> anyhow::Result<Status> {
        ensure!(
            self.page.is_none() || self.folds > 0,
            "--page shows held-out recordings, and --folds 0 holds none out"
        );
        let session = self.threads.start()?;
        let mut params = self.params;
        (params.n_splits, params.seed) = (self.folds, self.seed);
        (params.genre_folder, params.group_by) = (self.genres.genre_folder, self.group_by);
        params.reject = self.reject;
        #[cfg(feature = "pretrained")]
        {
            params.weights = self.weights.weights;
            for member in &mut params.members {
                if let timbral::ModelParams::Embedding(model) = &mut member.model {
                    model.clone_from(&self.embedding);
                }
            }
        }
        params.open = self.sound.open_params();
        params.features = self.features.params()?;
        let Inputs {
            files, unreadable, ..
        } = find_files(&self.music)?;
        print_skipped(&unreadable);
        phase_of_files("training on", files.len());
        let fitted = params.fit(&files, &mut session.monitor())?;
        fitted.classifier.save(&self.out)?;
        if let Some(page) = &self.page {
            fitted.report()?.save(page)?;
        }
        print_problems(&fitted.problems);
        println!("{}", fitted.classifier.provenance());
        let skipped = fitted.problems.skipped.len() + unreadable.len();
        Ok(Status::of_files(1, skipped))
    }
}
