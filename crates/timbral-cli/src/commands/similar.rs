use std::path::PathBuf;

use timbral::{Inputs, SimilarityIndex};

use crate::command::Command;
use crate::options::find_files;
use crate::session::{ThreadArgs, phase, print_skipped};
use crate::status::Status;

/// `similar`: the tracks of a collection that sound most like a file.
#[derive(clap::Args)]
pub struct Similar {
    /// Folder of music, or an index that `--index` wrote
    collection: PathBuf,
    /// Sound file to compare with
    file: PathBuf,
    /// Number of tracks to find
    #[arg(short, value_name = "N", default_value_t = 5)]
    k: usize,
    /// File to write the index of the folder to, for the next search
    #[arg(long, value_name = "FILE")]
    index: Option<PathBuf>,
    #[command(flatten)]
    threads: ThreadArgs,
}

impl Command for Similar {
    const NAME: &'static str = "similar";
    const ABOUT: &'static str = "Find the tracks of a collection that sound most like a file";
    const DETAILS: &'static str = "Prints distance and name of every track, the nearest first. The file itself \
        is left out if it is in the collection. Tracks that cannot be read are skipped and named.";
    const EXAMPLE: &'static str = "MUSIC song.flac -k 5 --index music.index";

    fn run(self) -> anyhow::Result<Status> {
        let session = self.threads.start()?;
        let (index, skipped, unreadable) = match self.collection.is_dir() {
            false => (SimilarityIndex::load(&self.collection)?, Vec::new(), 0),
            true => {
                let Inputs {
                    files, unreadable, ..
                } = find_files(&[&self.collection])?;
                print_skipped(&unreadable);
                phase(format!(
                    "extracting features from {} sound files",
                    files.len()
                ));
                let (index, skipped) = SimilarityIndex::of_files(&files, &mut session.monitor())?;
                (index, skipped, unreadable.len())
            }
        };
        if let Some(path) = &self.index {
            index.save(path)?;
        }
        print_skipped(&skipped);
        for track in index.similar_to_file(&self.file, self.k)? {
            println!("{track}");
        }
        Ok(Status::of_files(
            index.names().len(),
            skipped.len() + unreadable,
        ))
    }
}
