//! The file of a classifier.

use std::path::Path;

use serde::{Deserialize, Serialize};
use timbral_data::Scaler;
use timbral_nn::History;

use super::Classifier;
use super::member::{CompiledMember, GenreModel, Member, SoundAnalyzer, SoundView};
use super::networks::Networks;
use super::provenance::Provenance;
use crate::container::{Format, Members};
use crate::error::Result;
use crate::recipes::dense::DenseModel;

const FORMAT: Format = Format {
    name: "timbral-classifier",
    version: 1,
};

/// The largest number of models in a file.
const MAX_MEMBERS: usize = 64;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Manifest {
    classes: Vec<String>,
    members: Vec<Entry>,
    provenance: Provenance,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    model: Kind,
    view: SoundView,
    weight: f64,
}

#[derive(Clone, Copy, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Kind {
    Boost,
    Dense,
    Network,
    Logistic,
}

/// The parts of a dense model besides its network.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct DenseParts {
    scalers: [Scaler; 2],
    history: History,
    epochs: usize,
}

/// Files of classifiers.
///
/// A file is a zip archive of stored entries: `manifest.json` with format and version, the classes, the views and
/// weights of the models, and the provenance; then for model `i` either `members/i/model.ubj` (XGBoost's format),
/// `members/i/logistic.json`, or `members/i/network.safetensors`, the latter with `members/i/dense.json` (scalers,
/// history) for a dense network. Published networks whose outputs are the input of a model are included with their
/// weights and their licence (`networks/musicnn-msd.safetensors` and `networks/musicnn-msd.txt`), so that a
/// prediction needs no other file.
impl Classifier {
    /// Writes the classifier into one file; on an error no incomplete file is left.
    ///
    /// # Errors
    ///
    /// The file cannot be written.
    pub fn save(&self, path: impl AsRef<Path>) -> Result<()> {
        self.save_to(path.as_ref())
    }

    fn save_to(&self, path: &Path) -> Result<()> {
        let mut files = Vec::new();
        let mut members = Vec::new();
        for (i, CompiledMember { member, .. }) in self.members.iter().enumerate() {
            let file = |name: &str| format!("members/{i}/{name}");
            let model = match &member.model {
                GenreModel::Boost(model) => {
                    files.push((file("model.ubj"), model.to_ubjson()));
                    Kind::Boost
                }
                GenreModel::Dense(model) => {
                    let parts = DenseParts {
                        scalers: (*model.scalers).clone(),
                        history: model.history.clone(),
                        epochs: model.epochs,
                    };
                    // Strings and finite numbers: serialisation cannot fail.
                    let parts = serde_json::to_vec(&parts).unwrap_or_default();
                    let network = model.classifier.to_safetensors()?;
                    files.push((file("network.safetensors"), network));
                    files.push((file("dense.json"), parts));
                    Kind::Dense
                }
                GenreModel::Network(network) => {
                    files.push((file("network.safetensors"), network.to_safetensors()?));
                    Kind::Network
                }
                GenreModel::Logistic(model) => {
                    // Strings and finite numbers: serialisation cannot fail.
                    let model = serde_json::to_vec(model).unwrap_or_default();
                    files.push((file("logistic.json"), model));
                    Kind::Logistic
                }
            };
            members.push(Entry {
                model,
                view: member.view.clone(),
                weight: member.weight,
            });
        }
        files.extend(self.analyzers.iter().flat_map(network_files));
        let manifest = Manifest {
            classes: self.classes.clone(),
            members,
            provenance: self.provenance.clone(),
        };
        FORMAT.write(path, &manifest, &files)
    }

    /// Reads what [`save`](Self::save) wrote.
    ///
    /// It takes memory in proportion to the size of the file, whatever sizes the file declares.
    ///
    /// # Errors
    ///
    /// [`Error::Saved`](crate::Error::Saved), which names the file, if it cannot be read, is damaged or of
    /// another kind or version, or its parts do not fit together.
    pub fn load(path: impl AsRef<Path>) -> Result<Self> {
        Self::of_entries(FORMAT.open(path.as_ref())?)
    }

    /// As [`load`](Self::load), of the bytes of a file, which errors call `name`.
    ///
    /// # Errors
    ///
    /// Those of [`load`](Self::load).
    pub fn from_bytes(bytes: &[u8], name: impl AsRef<Path>) -> Result<Self> {
        Self::of_entries(FORMAT.open_bytes(name.as_ref(), bytes)?)
    }

    fn of_entries((manifest, mut files): (Manifest, Members<'_>)) -> Result<Self> {
        if manifest.members.len() > MAX_MEMBERS {
            let n = manifest.members.len();
            return Err(files.bad("manifest.json", &format!("{n} members")));
        }
        let entries = manifest.members.into_iter().enumerate();
        let members = entries.map(|(i, entry)| {
            Ok(Member {
                model: model(&mut files, i, entry.model, &manifest.classes)?,
                view: entry.view,
                weight: entry.weight,
            })
        });
        let members = members.collect::<Result<Vec<_>>>()?;
        let networks = networks(&mut files, &members)?;
        Self::with_networks(manifest.classes, members, manifest.provenance, &networks)
            .map_err(|e| files.bad("manifest.json", &e))
    }
}

/// The weights and the licence of a published network.
#[cfg(feature = "pretrained")]
fn network_files(analyzer: &SoundAnalyzer) -> Vec<(String, Vec<u8>)> {
    let SoundAnalyzer::Embeddings(analyzer) = analyzer else {
        return Vec::new();
    };
    let (weights, model) = (analyzer.weights(), analyzer.model());
    let name = model.name();
    vec![
        (
            format!("networks/{name}.safetensors"),
            weights.to_safetensors(),
        ),
        (format!("networks/{name}.txt"), model.licence_text().into()),
    ]
}

#[cfg(not(feature = "pretrained"))]
fn network_files(_analyzer: &SoundAnalyzer) -> Vec<(String, Vec<u8>)> {
    Vec::new()
}

/// The published networks that members need.
fn networks(files: &mut Members<'_>, members: &[Member]) -> Result<Networks> {
    #[cfg_attr(not(feature = "pretrained"), expect(unused_mut))]
    let mut networks = Networks::default();
    for member in members {
        let SoundView::Embeddings(network) = member.view else {
            continue;
        };
        #[cfg(not(feature = "pretrained"))]
        return Err(files.bad("manifest.json", &network.unavailable()));
        #[cfg(feature = "pretrained")]
        if !networks.known.iter().any(|(known, _)| *known == network) {
            let name = format!("networks/{network}.safetensors");
            let weights = network.model().weights_from_slice(&files.read(&name)?);
            let weights = weights.map_err(|e| files.bad(&name, &e))?;
            networks.known.push((network, weights.into()));
        }
    }
    Ok(networks)
}

fn model(
    files: &mut Members<'_>,
    member: usize,
    kind: Kind,
    classes: &[String],
) -> Result<GenreModel> {
    let file = |name: &str| format!("members/{member}/{name}");
    let network = |files: &mut Members<'_>| {
        let name = file("network.safetensors");
        let network = timbral_nn::Classifier::from_slice(&files.read(&name)?);
        network.map_err(|e| files.bad(&name, &e))
    };
    Ok(match kind {
        Kind::Boost => {
            let name = file("model.ubj");
            let model = timbral_boost::Model::from_slice(&files.read(&name)?);
            GenreModel::Boost(model.map_err(|e| files.bad(&name, &e))?)
        }
        Kind::Dense => {
            let classifier = network(files)?;
            let parts: DenseParts = files.json(&file("dense.json"))?;
            GenreModel::Dense(DenseModel {
                classifier,
                history: parts.history,
                epochs: parts.epochs,
                scalers: parts.scalers.into(),
                classes: classes.to_vec(),
            })
        }
        Kind::Network => GenreModel::Network(network(files)?),
        Kind::Logistic => GenreModel::Logistic(files.json(&file("logistic.json"))?),
    })
}

#[cfg(test)]
mod tests {
    use ndarray::{Array2, Array3};
    use proptest::prelude::*;
    use std::fs;
    use timbral_boost::{BoostParams, Objective};
    use timbral_data::FeatureTable;
    use timbral_dsp::{FeatureSetParams, MelParams};
    use timbral_nn::{ConvBlockParams, ConvNetParams, MlpParams, TrainParams};

    use super::*;
    use crate::{DenseParams, Extractor, MelImages, Segmentation};

    /// One model of each kind, on noise.
    fn classifier() -> Classifier {
        let classes = ["jazz", "pop", "rock"].map(str::to_owned).to_vec();
        let view = SoundView::Features {
            features: FeatureSetParams::gtzan(),
            segments: Segmentation::gtzan(),
        };
        let extractor = Extractor::new(FeatureSetParams::gtzan(), Segmentation::gtzan()).unwrap();
        let names = extractor.names().to_vec();
        let x = Array2::from_shape_fn((30, names.len()), |(i, j)| (i * (j + 3) % 17) as f32);
        let labels: Vec<usize> = (0..30).map(|i| i % 3).collect();
        let y: Vec<f32> = labels.iter().map(|label| *label as f32).collect();
        let params = BoostParams {
            objective: Objective::Softprob { n_classes: 3 },
            n_rounds: 1,
            max_depth: 2,
            ..BoostParams::default()
        };
        let data = timbral_boost::Dataset::new(x.view(), &y).unwrap();
        let boost = params.fit(&data).unwrap();
        let boost = boost.with_class_names(classes.clone()).unwrap();

        let ids = (0..30).map(|i| i.to_string()).collect();
        let labelled = labels.iter().map(|label| &classes[*label]);
        let table = FeatureTable::new(names, x, ids).unwrap();
        let table = table.with_labels(labelled).unwrap();
        let rows = |rows: std::ops::Range<usize>| table.select(&rows.collect::<Vec<_>>()).unwrap();
        let mut params = DenseParams {
            net: MlpParams {
                units: vec![2],
                ..MlpParams::default()
            },
            ..DenseParams::default()
        };
        params.train.epochs = 1;
        let dense = params
            .fit_rows(&rows(0..24), &rows(24..30), &mut ())
            .unwrap();

        let images = MelImages {
            mel: MelParams {
                n_fft: 512,
                n_mels: 8,
                ..MelParams::default()
            },
            seconds: 0.5,
            ..MelImages::default()
        };
        let x = Array3::from_shape_fn((30, 8, 7), |(i, j, k)| (i * (j + k + 3) % 17) as f32);
        let data = timbral_nn::Dataset::images(x.view(), &labels, 3).unwrap();
        let net = ConvNetParams {
            blocks: ConvBlockParams::stack(&[2], &[[2, 2]]),
            ..ConvNetParams::default()
        };
        let train = TrainParams {
            epochs: 1,
            ..TrainParams::default()
        };
        let network = timbral_nn::Training::new(net, &train, &data).run().unwrap();
        let member = |view, model, weight| Member {
            view,
            model,
            weight,
        };
        let members = vec![
            member(view.clone(), GenreModel::Boost(boost), 2.0),
            member(view, GenreModel::Dense(dense), 1.0),
            member(
                SoundView::Images(images),
                GenreModel::Network(network.model),
                0.5,
            ),
        ];
        Classifier::new(classes, members, Provenance::default()).unwrap()
    }

    fn saved() -> (Classifier, tempfile::TempDir, std::path::PathBuf) {
        let (classifier, folder) = (classifier(), tempfile::tempdir().unwrap());
        let path = folder.path().join("genres.timbral");
        classifier.save(&path).unwrap();
        (classifier, folder, path)
    }

    #[test]
    fn a_loaded_classifier_gives_the_same_probabilities() {
        let (classifier, _folder, path) = saved();
        let loaded = Classifier::load(&path).unwrap();
        assert_eq!(loaded, classifier);
        let noise = (0..70_000u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 8) as f32 / 1e8);
        let clip = timbral_audio::Clip::new(noise.collect(), 22_050, 1).unwrap();
        let prediction = loaded.predict_samples(&clip).unwrap();
        assert_eq!(prediction, classifier.predict_samples(&clip).unwrap());
        // Six segments of half a second, one of 3 s.
        let windows = &prediction.windows;
        assert_eq!(windows.len(), 6);
        assert_eq!((windows[5].start, windows[5].end), (2.5, 3.0));
    }

    #[test]
    fn every_file_cut_short_is_an_error() {
        let (_, _folder, path) = saved();
        let file = fs::File::options().write(true).open(&path).unwrap();
        for length in (0..file.metadata().unwrap().len()).rev() {
            file.set_len(length).unwrap();
            let error = Classifier::load(&path).unwrap_err().to_string();
            assert!(error.contains("genres.timbral: "), "{length}: {error}");
        }
    }

    #[test]
    fn a_changed_byte_is_an_error_or_changes_nothing() {
        let (classifier, _folder, path) = saved();
        let bytes = fs::read(&path).unwrap();
        let n = bytes.len();
        // Every byte of the directory at the end, some of the rest.
        let places = (0..n - 1000).step_by(23).chain(n - 1000..n);
        let config = ProptestConfig::with_cases(1);
        proptest!(config, |(change in 1u8..=255)| {
            for place in places.clone() {
                let mut changed = bytes.clone();
                changed[place] ^= change;
                fs::write(&path, changed).unwrap();
                if let Ok(loaded) = Classifier::load(&path) {
                    prop_assert!(loaded == classifier, "byte {place}");
                }
            }
        });
    }

    #[test]
    fn a_manifest_that_does_not_fit_is_named() {
        let (classifier, folder, path) = saved();
        let (manifest, mut files): (serde_json::Value, _) = FORMAT.open(&path).unwrap();
        let names = [
            "0/model.ubj",
            "1/network.safetensors",
            "1/dense.json",
            "2/network.safetensors",
        ];
        let members = names.map(|name| {
            let name = format!("members/{name}");
            let bytes = files.read(&name).unwrap();
            (name, bytes)
        });
        let other = folder.path().join("other");
        let load = |pointer: &str, value: serde_json::Value| {
            let mut manifest = manifest.clone();
            *manifest.pointer_mut(pointer).unwrap() = value;
            FORMAT.write(&other, &manifest, &members).unwrap();
            Classifier::load(&other).map_err(|e| e.to_string())
        };
        let same = load("/members/0/weight", 2.0.into());
        assert_eq!(same.unwrap(), classifier);
        for (pointer, value, expected) in [
            (
                "/members/0/weight",
                (-1.0).into(),
                "member 0 of the classifier: weight = -1",
            ),
            ("/classes/2", "jazz".into(), "two classes are called jazz"),
            (
                "/classes/2",
                "ska".into(),
                "member 0 of the classifier: it was trained on other classes",
            ),
            (
                "/classes",
                serde_json::json!(["a", "b"]),
                "member 0 of the classifier",
            ),
            ("/members", serde_json::json!([]), "there are no model rows"),
            (
                "/members/0/model",
                "network".into(),
                "members/0/network.safetensors: ",
            ),
            (
                "/members/1/model",
                "network".into(),
                "member 1 of the classifier: the model takes no such view",
            ),
            (
                "/members/0/model",
                "forest".into(),
                "manifest.json: unknown variant `forest`",
            ),
            ("/members/0/view/features/features/n_fft", 1.into(), "n_fft"),
            (
                "/members/0/view/features/features/n_mfcc",
                13.into(),
                "member 0 of the classifier",
            ),
            (
                "/members/2/view/images/mel/n_mels",
                9.into(),
                "member 2 of the classifier: the network takes",
            ),
            (
                "/members/0/view",
                serde_json::json!({"embeddings": "musicnn-msd"}),
                match cfg!(feature = "pretrained") {
                    true => "networks/musicnn-msd.safetensors: specified file not found",
                    false => "published networks need the feature `pretrained`",
                },
            ),
            (
                "/members/2/view/images/seconds",
                (-1.0).into(),
                "segments of 0 samples",
            ),
        ] {
            let error = load(pointer, value.clone()).unwrap_err();
            assert!(error.contains(expected), "{pointer} {value}: {error}");
        }
    }
}
