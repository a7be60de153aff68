//! Which features are computed from sound files.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use anyhow::{Context, bail, ensure};
use timbral::dsp::{FeatureSet, FeatureSetParams};

/// Longest file that describes features.
const MAX_BYTES: u64 = 1 << 20;

#[derive(clap::Args)]
pub(crate) struct FeatureArgs {
    /// Set of features: librosa (57 columns as librosa 1.0 computes them), gtzan (the same columns as in the published
    /// GTZAN tables), fma (the 518 columns of the FMA data set) or librosa-all (mean and standard deviation of every
    /// feature that librosa computes per frame) [default: librosa]
    #[arg(long, value_name = "PRESET", value_parser = preset)]
    preset: Option<FeatureSetParams>,
    /// Features and their statistics, such as mfcc,chroma_cqt:mean,std;tempo, or a file with them, .json or .toml
    #[arg(long, value_name = "FEATURES", conflicts_with = "preset")]
    features: Option<String>,
}

fn preset(name: &str) -> Result<FeatureSetParams, String> {
    match name {
        "librosa" => Ok(FeatureSetParams::librosa()),
        "gtzan" => Ok(FeatureSetParams::gtzan()),
        "fma" => Ok(FeatureSetParams::fma()),
        "librosa-all" => Ok(FeatureSetParams::librosa_all()),
        _ => Err("is neither librosa, gtzan, fma nor librosa-all".to_owned()),
    }
}

impl FeatureArgs {
    /// Whether an option is given.
    pub(crate) fn is_given(&self) -> bool {
        self.preset.is_some() || self.features.is_some()
    }

    /// The requested features; a set that cannot be computed is an error.
    pub(crate) fn params(&self) -> anyhow::Result<FeatureSetParams> {
        let params = match (&self.features, &self.preset) {
            (Some(text), _) => of_text(text)?,
            (None, Some(preset)) => preset.clone(),
            (None, None) => FeatureSetParams::default(),
        };
        FeatureSet::new(params.clone()).context("--features")?;
        Ok(params)
    }
}

/// A set from the option's value.
fn of_text(text: &str) -> anyhow::Result<FeatureSetParams> {
    let path = Path::new(text);
    let extension = path.extension().and_then(|e| e.to_str());
    match extension.map(str::to_ascii_lowercase).as_deref() {
        Some("json") => {
            let text = read(path)?;
            serde_json::from_str(&text).with_context(|| path.display().to_string())
        }
        Some("toml") => {
            let text = read(path)?;
            toml::from_str(&text).with_context(|| path.display().to_string())
        }
        _ if path.is_file() => bail!("{text}: a file of features ends in .json or .toml"),
        _ => text.parse().context("--features"),
    }
}

fn read(path: &Path) -> anyhow::Result<String> {
    let name = || path.display().to_string();
    let mut text = String::new();
    let file = File::open(path).with_context(name)?;
    // One byte more than allowed, to notice a file that is too long.
    let n = file
        .take(MAX_BYTES + 1)
        .read_to_string(&mut text)
        .with_context(name)?;
    ensure!(
        n as u64 <= MAX_BYTES,
        "{}: a file of features has at most 1 MiB",
        path.display()
    );
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_json_and_toml_give_the_same_set() {
        let folder = tempfile::tempdir().unwrap();
        let file = |name: &str, text: &str| {
            let path = folder.path().join(name);
            std::fs::write(&path, text).unwrap();
            path.to_str().unwrap().to_owned()
        };
        let json = r#"{"features": [
            {"feature": "mfcc", "n_mfcc": 13, "statistics": ["mean", "std"]}, {"feature": "tempo"}]}"#;
        let toml = "statistics = ['mean', 'std']\nfeatures = [\n  { feature = 'mfcc', n_mfcc = 13 },\n  'tempo',\n]\n";
        let expected = of_text("mfcc(n_mfcc=13):mean,std;tempo").unwrap();
        assert_eq!(expected.features.len(), 2);
        assert_eq!(of_text(&file("a.json", json)).unwrap(), expected);
        assert_eq!(of_text(&file("a.toml", toml)).unwrap(), expected);
        assert_eq!(of_text("fma").unwrap(), FeatureSetParams::fma());
    }

    #[test]
    fn what_is_wrong_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let error = |name: &str, text: &str| {
            let path = folder.path().join(name);
            std::fs::write(&path, text).unwrap();
            let error = of_text(path.to_str().unwrap()).unwrap_err();
            let error = format!("{error:#}");
            assert!(error.contains(name), "{error}");
            error
        };
        let json = |text: &str| error("set.json", text);
        assert!(json("{").contains("EOF"));
        assert!(json(r#"{"features": ["mfc"]}"#).contains("feature = mfc"));
        assert!(json(r#"{"features": [{"feature": "mfcc", "n": 1}]}"#).contains("mfcc(n)"));
        assert!(
            json(r#"{"features": [{"statistics": ["mean"]}]}"#).contains("missing field `feature`")
        );
        assert!(json(r#"{"features": [], "n_mfcc": 3}"#).contains("`n_mfcc`"));
        assert!(json(r#"{"features": ["mfcc:mode"]}"#).contains("statistic = mode"));
        assert!(json(r#"{"feature": ["mfcc"]}"#).contains("unknown field `feature`"));
        assert!(error("set.toml", "features = 3").contains("features"));
        assert!(error("set.txt", "mfcc").contains(".json or .toml"));
        let long = "x".repeat(MAX_BYTES as usize + 1);
        assert!(error("long.json", &long).contains("at most 1 MiB"));
        assert!(of_text("missing.json").is_err());
        for text in [
            "mfcc,mfcc",
            "mfcc(n_mfcc=0)",
            "mfcc(n_mfcc=99999999999999999999)",
            "",
            ":",
            "mfcc(n_mfcc=3",
            "mfcc:",
        ] {
            let args = FeatureArgs {
                preset: None,
                features: Some(text.to_owned()),
            };
            assert!(args.params().is_err(), "{text}");
        }
    }
}
