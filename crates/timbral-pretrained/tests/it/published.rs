//! The published networks, if their weights are at hand.

use std::collections::HashMap;
use std::fs::File;
use std::io::{Read, Write as _};
use std::path::{Path, PathBuf};

use timbral_pretrained::{
    Device, Embedder, EmbedderParams, Error, Model, ResampleQuality, Weights,
};

/// The published networks whose weights `TIMBRAL_WEIGHTS` or the cache has.
pub(crate) fn weights_of(model: Model) -> Option<Weights> {
    match model.weights(None) {
        Ok(weights) => Some(weights),
        Err(Error::NoWeights { .. }) => {
            let _ = writeln!(
                std::io::stderr(),
                "SKIPPED: no weights of {model}; set TIMBRAL_WEIGHTS to the wheel of musicnn 0.1.0"
            );
            None
        }
        Err(error) => panic!("{error}"),
    }
}

/// The folder of GTZAN's clips.
fn gtzan() -> Option<PathBuf> {
    let data = std::env::var_os("TIMBRAL_DATA").map_or_else(
        || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared"),
        PathBuf::from,
    );
    let folder = data.join("data/gtzan");
    if !folder.join("musicnn_taggrams").is_dir() {
        let _ = writeln!(
            std::io::stderr(),
            "SKIPPED: no taggrams at {}; set TIMBRAL_DATA",
            folder.display()
        );
        return None;
    }
    Some(folder)
}

#[test]
fn the_published_weights_are_recognised() {
    for model in Model::ALL {
        if let Some(weights) = weights_of(model) {
            assert!(weights.is_published(), "{model}: {}", weights.fingerprint());
            assert_eq!(weights.n_values(), 792_079);
        }
    }
}

/// The rows of an array of an uncompressed `.npz`, as bytes.
fn array(path: &Path, name: &str, row: usize) -> Vec<Vec<u8>> {
    let mut zip = zip::ZipArchive::new(File::open(path).unwrap()).unwrap();
    let mut bytes = Vec::new();
    zip.by_name(name).unwrap().read_to_end(&mut bytes).unwrap();
    let header = 10 + usize::from(u16::from_le_bytes([bytes[8], bytes[9]]));
    bytes[header..]
        .chunks_exact(row)
        .map(<[u8]>::to_vec)
        .collect()
}

/// The published tags of every clip: 28 windows of 50 numbers, or one fewer, by its name without extension.
fn taggrams(folder: &Path) -> HashMap<String, Vec<Vec<f32>>> {
    let mut clips = HashMap::<_, Vec<_>>::new();
    for part in ["training", "evaluation"] {
        let path = folder.join(format!("musicnn_taggrams/{part}.npz"));
        let names = array(&path, "IDS.npy", 4 * 28);
        let rows = array(&path, "X.npy", 4 * 50);
        assert_eq!(names.len(), rows.len());
        for (name, row) in names.iter().zip(&rows) {
            let letters = name.chunks_exact(4).map(|c| char::from(c[0]));
            let name: String = letters.take_while(|c| *c != '\0').collect();
            let row = row
                .chunks_exact(4)
                .map(|x| f32::from_le_bytes([x[0], x[1], x[2], x[3]]));
            let name = name.trim_end_matches(".au").to_owned();
            clips.entry(name).or_default().push(row.collect());
        }
    }
    clips
}

/// The greatest difference to the published tags, on all windows of a clip.
fn greatest_difference(embedder: &Embedder, file: &Path, expected: &[Vec<f32>]) -> f32 {
    let windows = embedder.file(file).unwrap();
    assert_eq!(windows.len(), expected.len(), "{}", file.display());
    let each = windows.iter().zip(expected).flat_map(|(window, row)| {
        let tags = window.values[0].iter().zip(row);
        tags.map(|(a, b)| (a - b).abs())
    });
    each.fold(0.0, f32::max)
}

/// musicnn's own: an overlap of 1 s is rounded to 61 frames.
const HOP: f64 = 61.0 * 256.0 / 16_000.0;

/// Clips that are whole, windows of all, and the greatest difference to the published tags.
fn compare(quality: ResampleQuality, folder: &Path, weights: &Weights) -> (usize, usize, f32) {
    let params = EmbedderParams {
        hop: Some(HOP),
        quality,
        ..EmbedderParams::default()
    };
    let network = Model::MusicnnMsd.network(weights, &Device::Cpu).unwrap();
    let embedder = Embedder::new(network, params).unwrap();
    let (mut n_clips, mut n_windows, mut greatest) = (0, 0, 0.0f32);
    for (name, expected) in &taggrams(folder) {
        let file = folder.join("clips").join(format!("{name}.wav"));
        // The file of that clip has no header.
        if file.exists() && name != "jazz/jazz.00054" {
            let difference = greatest_difference(&embedder, &file, expected);
            (n_clips, n_windows) = (n_clips + 1, n_windows + expected.len());
            greatest = greatest.max(difference);
        }
    }
    eprintln!(
        "{quality:?}: {n_clips} clips, {n_windows} windows, greatest difference {greatest:.5}"
    );
    (n_clips, n_windows, greatest)
}

#[test]
fn the_published_tags_of_whole_clips_are_met_on_every_window() {
    let (Some(folder), Some(weights)) = (gtzan(), weights_of(Model::MusicnnMsd)) else {
        return;
    };
    let (n_clips, _, greatest) = compare(ResampleQuality::KaiserBest, &folder, &weights);
    assert!(n_clips > 0);
    assert!(greatest < 0.005, "{greatest}");
}

/// The figures of the README; the published tags were made with `KaiserBest`.
#[test]
#[ignore = "it only prints"]
fn the_published_tags_with_other_resamplers() {
    let (Some(folder), Some(weights)) = (gtzan(), weights_of(Model::MusicnnMsd)) else {
        return;
    };
    for quality in [ResampleQuality::KaiserBest2022, ResampleQuality::SoxrHq] {
        compare(quality, &folder, &weights);
    }
}
