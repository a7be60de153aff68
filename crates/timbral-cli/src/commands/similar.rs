use std::path::PathBuf;

use timbral::audio::AudioReader;
use timbral::{FileProblems, Inputs, SimilarityIndex};

use crate::command::Command;
use crate::options::output::output;
use crate::options::{FeatureArgs, SoundArgs, at_least_one, find_files};
use crate::session::{ThreadArgs, phase_of_files, print_problems, print_skipped};
use crate::status::Status;

/// `similar`: the tracks of a collection that sound most like a file.
#[derive(clap::Args)]
pub struct Similar {
    /// Folder of music, or an index that `--index` wrote
    collection: PathBuf,
    /// Sound file to compare with
    file: PathBuf,
    /// Number of tracks to find
    #[arg(short, value_name = "N", default_value_t = 5, value_parser = at_least_one)]
    k: usize,
    #[command(flatten)]
    features: FeatureArgs,
    /// File to write the index of the folder to, for the next search
    #[arg(long, value_name = "FILE", value_parser = output())]
    index: Option<PathBuf>,
    #[command(flatten)]
    sound: SoundArgs,
    #[command(flatten)]
    threads: ThreadArgs,
}

impl Command for Similar {
    const NAME: &'static str = "similar";
    const ABOUT: &'static str = "Find the tracks of a collection that sound most like a file";
    const DETAILS: &'static str = "Prints the distance and the name of the most similar tracks, the nearest first. The \
        distance is 0 for equal features; its unit is the standard deviation of a feature in the collection. The file \
        itself is left out if it is in the collection. Tracks that cannot be read are skipped and reported.";
    const EXAMPLE: &'static str = "MUSIC song.flac -k 5 --index music.index";

    fn run(self) -> anyhow::Result<Status> {
        let session = self.threads.start()?;
        let open = self.sound.open_params();
        let (index, problems, unreadable) = match self.collection.is_dir() {
            false if self.features.is_given() => {
                anyhow::bail!(
                    "{}: an index keeps the features it was made with; leave out --features and --preset",
                    self.collection.display()
                )
            }
            false => {
                let index = SimilarityIndex::load(&self.collection)?;
                (index.with_open_params(open), FileProblems::default(), 0)
            }
            true => {
                // A file that cannot be opened is reported before the folder is read, which takes long.
                drop(AudioReader::open_with(&self.file, &open)?);
                let Inputs {
                    files, unreadable, ..
                } = find_files(&[&self.collection])?;
                print_skipped(&unreadable);
                phase_of_files("extracting features from", files.len());
                let (index, problems) = SimilarityIndex::of_files_by(
                    &files,
                    self.features.params()?,
                    open,
                    &mut session.monitor(),
                )?;
                (index, problems, unreadable.len())
            }
        };
        if let Some(path) = &self.index {
            index.save(path)?;
        }
        print_problems(&problems);
        for track in index.similar_to_file(&self.file, self.k)? {
            println!("{track}");
        }
        for file in index.take_damaged() {
            eprintln!("damaged {file}");
        }
        Ok(Status::of_files(
            index.names().len(),
            problems.skipped.len() + unreadable,
        ))
    }
}
