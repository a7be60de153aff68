use std::path::{Path, PathBuf};

use anyhow::ensure;
use timbral::pretrained::{EmbedderParams, Model, Network};
use timbral::{Inputs, Progress, Tagger, Tagging};

use crate::command::Command;
use crate::options::page::PageArgs;
use crate::options::weights::WeightArgs;
use crate::options::{SoundArgs, find_files};
use crate::session::{Session, ThreadArgs, phase_of_files, report_files};
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
    /// Print also the tags of every window
    #[arg(long)]
    over_time: bool,
    /// Print one line of JSON per file
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    page: PageArgs,
    #[command(flatten)]
    sound: SoundArgs,
    #[command(flatten)]
    threads: ThreadArgs,
}

impl Command for TagMusic {
    const NAME: &'static str = "tag-music";
    const ABOUT: &'static str = "Tag sound files by a published network, without training";
    const DETAILS: &'static str = "Prints the most probable of 50 tags of every file, as soon as they are computed: \
        genres, moods and decades, or instruments and voices. The weights are not part of this program: download them \
        with `pip download --no-deps musicnn==0.1.0` (ISC licence), and name the wheel by `--weights` the first time. \
        Files that cannot be read are skipped and reported.";
    const EXAMPLE: &'static str =
        "song.mp3 ALBUM --weights musicnn-0.1.0-py3-none-any.whl --over-time";

    fn run(self) -> anyhow::Result<Status> {
        let session = self.threads.start()?;
        let weights = self.weights.weights.as_deref();
        let params = EmbedderParams {
            hop: self.hop,
            ..EmbedderParams::default()
        };
        self.tag(self.model.load(weights)?, params, &session)
    }
}

impl TagMusic {
    /// Prints the tags of the files by a network.
    fn tag(
        &self,
        network: Box<dyn Network>,
        params: EmbedderParams,
        session: &Session,
    ) -> anyhow::Result<Status> {
        ensure!(self.top >= 1, "--top 0: must be at least 1");
        // A page draws the most probable tags of the whole file also where other tags are more probable.
        let most = match self.page.is_some() {
            true => usize::MAX,
            false => self.top,
        };
        let open = self.sound.open_params();
        let tagger = Tagger::new(network, params, most)?.with_open_params(open);
        let Inputs {
            files, unreadable, ..
        } = find_files(&self.music)?;
        phase_of_files("tagging", files.len());
        let mut page = self.page.start(&files)?;
        let print = |path: &Path, mut tagging: Tagging| {
            page.add(|| tagging.page(path, open));
            tagging.truncate(self.top);
            if self.json {
                return println!("{}", tagging.to_json(path, self.over_time));
            }
            println!("{}: {tagging}", path.display());
            for window in tagging.windows.iter().filter(|_| self.over_time) {
                println!("{window}");
            }
        };
        let mut stop = |_: &Progress| session.flow();
        let report = tagger.files(&files, print, &mut stop);
        let status = report_files(report, unreadable);
        page.save()?;
        Ok(status)
    }
}

#[cfg(test)]
mod tests {
    use clap::{Args, FromArgMatches};
    use timbral::dsp::MelParams;
    use timbral::pretrained::{Compression, Device, LogMelParams, Output, Tensor, candle_core};

    use super::*;

    const TAGS: [&str; 12] = [
        "<i>", "low", "b", "c", "d", "e", "f", "g", "h", "i", "j", "high",
    ];

    /// The means of the bands of half a second, squashed, as tags.
    #[derive(Debug)]
    struct MeanBands;

    impl Network for MeanBands {
        fn name(&self) -> &str {
            "mean-bands"
        }

        fn front_end(&self) -> LogMelParams {
            let mel = MelParams {
                sample_rate: 8000,
                n_fft: 256,
                n_mels: TAGS.len(),
                ..MelParams::default()
            };
            LogMelParams::new(mel, 80, Compression::Log10 { gain: 100.0 })
        }

        fn window_frames(&self) -> usize {
            50
        }

        fn outputs(&self) -> &[Output] {
            const OUTPUTS: [Output; 1] = [Output::new("taggram", TAGS.len())];
            &OUTPUTS
        }

        fn tags(&self) -> &[&'static str] {
            &TAGS
        }

        fn device(&self) -> &Device {
            &Device::Cpu
        }

        fn forward(&self, windows: &Tensor) -> candle_core::Result<Vec<Tensor>> {
            Ok(vec![windows.mean(1)?.tanh()?])
        }
    }

    #[test]
    fn a_page_has_every_song_with_its_strongest_tags() {
        let folder = tempfile::tempdir().unwrap();
        let params = timbral::synth::SynthParams {
            recordings_per_genre: 1,
            seconds: 1.2,
            ..Default::default()
        };
        let corpus = timbral::synth::SynthCorpus::new(params).unwrap();
        corpus.write(folder.path(), &mut ()).unwrap();
        std::fs::write(folder.path().join("bad.wav"), "RIFF").unwrap();
        let page = folder.path().join("p.html");
        let tag = |top: &str| {
            let args = ["tag-music", "--top", top, "--page"].map(std::ffi::OsStr::new);
            let args = args
                .into_iter()
                .chain([page.as_os_str(), folder.path().as_os_str()]);
            let command = TagMusic::augment_args(clap::Command::new(TagMusic::NAME));
            let matches = command.try_get_matches_from(args).unwrap();
            let command = TagMusic::from_arg_matches(&matches).unwrap();
            let session = command.threads.start().unwrap();
            command.tag(Box::new(MeanBands), EmbedderParams::default(), &session)
        };
        assert_eq!(tag("1").unwrap().code(), 2);
        let html = std::fs::read_to_string(&page).unwrap();
        for (text, n) in [
            ("<audio controls src=\"data:audio/wav;base64,", 10),
            ("alt=\"Spectrogram\"", 10),
            ("<svg ", 100),
            ("<script>", 1),
            ("<i>", 0),
        ] {
            assert_eq!(html.matches(text).count(), n, "{text}");
        }
        assert!(tag("0").is_err());
    }
}
