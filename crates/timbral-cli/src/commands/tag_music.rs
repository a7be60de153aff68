use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use timbral::pretrained::{EmbedderParams, Model};
use timbral::{Inputs, Progress, Tagger, Tagging};

use crate::command::Command;
use crate::options::weights::WeightArgs;
use crate::options::{SoundArgs, find_files};
use crate::session::{ThreadArgs, phase};
use crate::status::Status;

/// `tag-music`: the tags of sound files, by a published network.
#[derive(clap::Args)]
pub struct TagMusic {
    /// Sound files, or folders to search for them
    #[arg(required = true)]
    music: Vec<PathBuf>,
    /// Network: musicnn-msd (genres, decades, moods) or musicnn-mtt (instruments, voices, styles)
    #[arg(long, default_value = "musicnn-msd")]
    model: Model,
    #[command(flatten)]
    weights: WeightArgs,
    /// Number of tags to print
    #[arg(long, value_name = "N", default_value_t = 5)]
    top: usize,
    /// Seconds from one window of 3 s to the next [default: the length of a window]
    #[arg(long, value_name = "SECONDS")]
    hop: Option<f64>,
    /// Print the tags of every window, too
    #[arg(long)]
    over_time: bool,
    /// Print one line of JSON per file
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    sound: SoundArgs,
    #[command(flatten)]
    threads: ThreadArgs,
}

impl Command for TagMusic {
    const NAME: &'static str = "tag-music";
    const ABOUT: &'static str = "Tag sound files by a published network, without training";
    const DETAILS: &'static str = "Prints the most probable of 50 tags of every file, as soon as they are known: \
        genres, moods and decades, or instruments and voices. The weights are not part of this program: get them \
        by `pip download --no-deps musicnn==0.1.0` (ISC licence), and give the wheel once. Files that cannot be read \
        are skipped and named.";
    const EXAMPLE: &'static str =
        "song.mp3 ALBUM --weights musicnn-0.1.0-py3-none-any.whl --over-time";

    fn run(self) -> anyhow::Result<Status> {
        let session = self.threads.start()?;
        let weights = self.weights.weights.as_deref();
        let params = EmbedderParams {
            hop: self.hop,
            ..EmbedderParams::default()
        };
        let tagger = Tagger::new(self.model.load(weights)?, params, self.top)?;
        let tagger = tagger.with_open_params(self.sound.open_params());
        let Inputs {
            files, unreadable, ..
        } = find_files(&self.music)?;
        phase(format!("tagging {} sound files", files.len()));
        let print = |path: &Path, tagging: Tagging| {
            if self.json {
                return println!("{}", tagging.to_json(path, self.over_time));
            }
            println!("{}: {tagging}", path.display());
            for window in tagging.windows.iter().filter(|_| self.over_time) {
                println!("{window}");
            }
        };
        let mut stop = |_: &Progress| match session.is_stopped() {
            true => ControlFlow::Break(()),
            false => ControlFlow::Continue(()),
        };
        let mut report = tagger.files(&files, print, &mut stop);
        report.skipped.splice(0..0, unreadable);
        eprintln!("{report}");
        Ok(match report.stopped {
            true => Status::Stopped,
            false => Status::of_files(report.files, report.skipped.len()),
        })
    }
}
