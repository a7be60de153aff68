use std::path::Path;

use tempfile::TempDir;
use timbral_core::Rng;

use crate::program::run;
use crate::seeds::audio::simple_wav;
use crate::seeds::tables::table;

/// A command that writes.
pub(super) struct Case {
    pub(super) args: &'static str,
    /// Files that are written at once, or folders of such files.
    pub(super) outputs: &'static [&'static str],
    /// Logs of lines, which only grow.
    pub(super) logs: &'static [&'static str],
    /// Whether it takes little more than a second without optimisation.
    pub(super) is_short: bool,
}

/// Every command that writes.
pub(super) const CASES: [Case; 13] = [
    Case {
        args: "extract-features music --segments 3s --out o.csv --resume",
        outputs: &["o.csv"],
        logs: &["o.csv.partial"],
        is_short: true,
    },
    Case {
        args: "train-boost t.csv --rounds 30 --model-out o.ubj --probabilities o.parquet --json o.json",
        outputs: &["o.ubj", "o.parquet", "o.json"],
        logs: &[],
        is_short: true,
    },
    Case {
        args: "tune-boost t.csv --trials 5 --steps 3 --folds 2 --log o.jsonl --json o.json",
        outputs: &["o.json"],
        logs: &["o.jsonl"],
        is_short: true,
    },
    Case {
        args: "evaluate m.json t.csv --probabilities o.csv",
        outputs: &["o.csv"],
        logs: &[],
        is_short: true,
    },
    Case {
        args: "make-corpus corpus --recordings 3 --seconds 3",
        outputs: &["corpus"],
        logs: &[],
        is_short: false,
    },
    Case {
        args: "train music --folds 0 --out o.timbral",
        outputs: &["o.timbral"],
        logs: &[],
        is_short: false,
    },
    Case {
        args: "similar music music/jazz/jazz.00000.wav --index o.index",
        outputs: &["o.index"],
        logs: &[],
        is_short: false,
    },
    Case {
        args: "train-dense t.csv --units 16 --epochs 20 --model-out o.safetensors --probabilities o.npz --json o.json",
        outputs: &["o.safetensors", "o.npz", "o.json"],
        logs: &[],
        is_short: false,
    },
    Case {
        args: "train-conv minutes --epochs 3 --frames 64 --batch-size 4 --spectrograms-out o.npz --checkpoint \
               o.checkpoint --model-out o.safetensors --probabilities o.csv",
        outputs: &["o.npz", "o.safetensors", "o.csv"],
        logs: &[],
        is_short: false,
    },
    Case {
        args: "boost-study t.csv --seeds 1 --log o.jsonl",
        outputs: &[],
        logs: &["o.jsonl"],
        is_short: false,
    },
    Case {
        args: "sampler-study t.csv --trials 3 --steps 3 --folds 2 --seeds 2 --log o.jsonl",
        outputs: &[],
        logs: &["o.jsonl"],
        is_short: false,
    },
    Case {
        args: "explore t.csv music/jazz/jazz.00000.wav --out figures",
        outputs: &["figures"],
        logs: &[],
        is_short: false,
    },
    Case {
        args: "reproduce --features t.csv --out study",
        outputs: &["study/index.html", "study/results.json"],
        logs: &["study/fits.jsonl"],
        is_short: false,
    },
];

/// What else a command goes on from.
const KEPT: [&str; 2] = ["o.checkpoint", "corpus"];

impl Case {
    /// Removes what the command would go on from, so that it begins anew.
    pub(super) fn forget(&self, folder: &Path) {
        for name in self.logs.iter().chain(&KEPT) {
            let path = folder.join(name);
            let removed = match path.is_dir() {
                true => std::fs::remove_dir_all(path),
                false => std::fs::remove_file(path),
            };
            // It need not be there.
            drop(removed);
        }
    }

    /// The command.
    pub(super) fn name(&self) -> &'static str {
        self.args.split(' ').next().unwrap_or_default()
    }

    /// A folder to run it in, with links to the material.
    pub(super) fn folder(&self, material: &TempDir) -> TempDir {
        let folder = tempfile::tempdir().unwrap();
        for entry in std::fs::read_dir(material.path()).unwrap() {
            let entry = entry.unwrap();
            copy(&entry.path(), &folder.path().join(entry.file_name()));
        }
        folder
    }
}

fn copy(from: &Path, to: &Path) {
    if from.is_file() {
        std::fs::copy(from, to).unwrap();
        return;
    }
    std::fs::create_dir(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        copy(&entry.path(), &to.join(entry.file_name()));
    }
}

/// A folder with a table, a model, and music of three genres with so many recordings each: of 3 s and, if there is
/// more than one, of half a minute.
pub(super) fn material(recordings: usize) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    table().write(folder.path().join("t.csv")).unwrap();
    let args = "train-boost t.csv --rounds 3 --model-out m.json";
    run(folder.path(), args, 0);
    write_music(&folder.path().join("music"), recordings, 75_000);
    if recordings > 1 {
        write_music(&folder.path().join("minutes"), recordings, 661_500);
    }
    folder
}

/// Noise of so many samples, one folder per genre.
fn write_music(music: &Path, recordings: usize, samples: usize) {
    for genre in ["jazz", "pop", "rock"] {
        let folder = music.join(genre);
        std::fs::create_dir_all(&folder).unwrap();
        for i in 0..recordings {
            let mut rng = Rng::stream(genre.len() as u64, i as u64);
            let noise: Vec<u8> = (0..samples).map(|_| rng.next_u64() as u8).collect();
            let path = folder.join(format!("{genre}.{i:05}.wav"));
            std::fs::write(path, simple_wav(1, 1, 8, &noise)).unwrap();
        }
    }
}
