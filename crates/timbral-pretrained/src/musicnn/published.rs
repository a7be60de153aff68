use super::layout::layout;
use super::params::MusicnnParams;
use crate::weights::{CheckpointFiles, Published, TensorSpec};

const PACKAGE: &str = "musicnn";
const WHEEL: &str = "musicnn-0.1.0-py3-none-any.whl";
const OBTAIN: &str = "pip download --no-deps musicnn==0.1.0";

fn published_layout() -> Vec<TensorSpec> {
    layout(&MusicnnParams::default())
}

/// Trained on the Million Song Dataset.
pub(crate) const MSD: Published = Published {
    name: "musicnn-msd",
    package: PACKAGE,
    wheel: WHEEL,
    obtain: OBTAIN,
    files: CheckpointFiles {
        folder: "MSD_musicnn",
        index_sha256: "87f3e0f3550c8d3bafc840374003e5c8af5eeb5ecf6add61af09a7822d3282c8",
        data_sha256: "8579734ee6388f799ed0def4bbd0d1fdcbeaf213ef2a9dc860917bd76a303de6",
    },
    fingerprint: "7f154c1d602078b02c1353d79758e3e25f2f174936174a8b850fe9aa6abc3240",
    layout: published_layout,
};

/// Trained on MagnaTagATune.
pub(crate) const MTT: Published = Published {
    name: "musicnn-mtt",
    files: CheckpointFiles {
        folder: "MTT_musicnn",
        index_sha256: "da2d7bb670b2b31e9bc441bb1bd75eca31b5b061f963cc1f9630c1aff3238f57",
        data_sha256: "041f3935e981a65cea739842d30c188d3a7d2adf4410955c8668eb3de4a5acab",
    },
    fingerprint: "4ea1e19d9578873c2c785aa8cc4c280d5d88dab34aea53028ba450e197b1821e",
    ..MSD
};
