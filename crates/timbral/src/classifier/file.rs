//! The file of a classifier.

use std::path::Path;

use serde::{Deserialize, Serialize};
use timbral_data::Scaler;
use timbral_nn::History;

use super::member::{GenreModel, Member, SoundView};
use super::provenance::Provenance;
use super::{Classifier, Ready};
use crate::container::{Format, Members};
use crate::dense::DenseModel;
use crate::error::Result;

const FORMAT: Format = Format {
    name: "timbral-classifier",
    version: 1,
};

/// Models of a file, at most.
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
}

/// What a dense model has beside its network.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Dense {
    scalers: [Scaler; 2],
    history: History,
    epochs: usize,
}

/// Files of classifiers.
///
/// One is a zip archive of stored members: `manifest.json` with format and version, the classes, the
/// models' views of a sound and weights, and the provenance; then for model `i` either
/// `members/i/model.ubj` (XGBoost's format) or `members/i/network.safetensors`, the latter with
/// `members/i/dense.json` (scalers, history) for a dense network.
impl Classifier {
    /// Writes the classifier into one file, whole or not at all.
    ///
    /// # Errors
    ///
    /// The file cannot be written.
    pub fn save(&self, path: impl AsRef<Path>) -> Result<()> {
        let mut files = Vec::new();
        let mut members = Vec::new();
        for (i, Ready { member, .. }) in self.members.iter().enumerate() {
            let file = |name: &str| format!("members/{i}/{name}");
            let model = match &member.model {
                GenreModel::Boost(model) => {
                    files.push((file("model.ubj"), model.to_ubjson()));
                    Kind::Boost
                }
                GenreModel::Dense(model) => {
                    let beside = Dense {
                        scalers: model.scalers.clone(),
                        history: model.history.clone(),
                        epochs: model.epochs,
                    };
                    // Strings and finite numbers: there is nothing to fail on.
                    let beside = serde_json::to_vec(&beside).unwrap_or_default();
                    let network = model.classifier.to_safetensors()?;
                    files.push((file("network.safetensors"), network));
                    files.push((file("dense.json"), beside));
                    Kind::Dense
                }
                GenreModel::Network(network) => {
                    files.push((file("network.safetensors"), network.to_safetensors()?));
                    Kind::Network
                }
            };
            let Member { view, weight, .. } = *member;
            members.push(Entry {
                model,
                view,
                weight,
            });
        }
        let manifest = Manifest {
            classes: self.classes.clone(),
            members,
            provenance: self.provenance.clone(),
        };
        FORMAT.write(path.as_ref(), &manifest, &files)
    }

    /// Reads what [`save`](Self::save) wrote.
    ///
    /// It takes memory in proportion to the file, whatever that declares.
    ///
    /// # Errors
    ///
    /// [`Error::Saved`](crate::Error::Saved), which names the file, for one that cannot be read, is
    /// damaged, of another kind or version, or whose parts do not fit each other.
    pub fn load(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        let (manifest, mut files): (Manifest, _) = FORMAT.open(path)?;
        if manifest.members.len() > MAX_MEMBERS {
            let n = manifest.members.len();
            return Err(files.bad("manifest.json", &format!("{n} members")));
        }
        let entries = manifest.members.into_iter().enumerate();
        let members = entries.map(|(i, entry)| {
            Ok(Member {
                model: model(&mut files, i, entry.model)?,
                view: entry.view,
                weight: entry.weight,
            })
        });
        let members = members.collect::<Result<Vec<_>>>()?;
        Self::new(manifest.classes, members, manifest.provenance)
            .map_err(|e| files.bad("manifest.json", &e))
    }
}

fn model(files: &mut Members<'_>, member: usize, kind: Kind) -> Result<GenreModel> {
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
            let beside: Dense = files.json(&file("dense.json"))?;
            GenreModel::Dense(DenseModel {
                classifier,
                history: beside.history,
                epochs: beside.epochs,
                scalers: beside.scalers,
            })
        }
        Kind::Network => GenreModel::Network(network(files)?),
    })
}
