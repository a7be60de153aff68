use std::env;
use std::path::{Path, PathBuf};

use super::archive::{Copy, copy_of, read_copy};
use super::cache::cache_folder;
use super::checkpoint;
use super::published::Published;
use super::stored;
use super::tensors::{Weights, sha256};
use crate::error::{Error, Result};

/// The environment variable with the path of a copy.
const VARIABLE: &str = "TIMBRAL_WEIGHTS";

/// Finds the weights: in `path`, else in the copy that `TIMBRAL_WEIGHTS` names, else in the cache.
///
/// Published weights that are read from a wheel or a folder are put into the cache, if it can be written.
pub(crate) fn find(published: &Published, path: Option<&Path>) -> Result<Weights> {
    let of_environment = || env::var_os(VARIABLE).filter(|v| !v.is_empty());
    let path = path.map(Path::to_owned);
    let path = path.or_else(|| of_environment().map(PathBuf::from));
    find_in(published, path, cache_folder())
}

/// The weights in the bytes of a wheel or a safetensors file.
pub(crate) fn from_slice(published: &Published, bytes: &[u8]) -> Result<Weights> {
    let path = Path::new("the bytes");
    checked(published, path, copy_of(bytes, published))
}

fn find_in(
    published: &Published,
    path: Option<PathBuf>,
    cache: Option<PathBuf>,
) -> Result<Weights> {
    let cached = cache.map(|folder| folder.join(published.file_name()));
    if let Some(path) = path {
        let weights = read(published, &path)?;
        if let Some(cached) = cached.filter(|file| weights.is_published() && !file.exists()) {
            // The cache only saves time: without it the copy is read again.
            let _ = cached.parent().map(std::fs::create_dir_all);
            let _ = weights.save(&cached);
        }
        return Ok(weights);
    }
    match cached.filter(|file| file.is_file()) {
        Some(file) => read(published, &file),
        None => Err(Error::NoWeights {
            network: published.name,
            obtain: published.obtain,
        }),
    }
}

/// Reads and checks a copy.
fn read(published: &Published, path: &Path) -> Result<Weights> {
    checked(published, path, read_copy(path, published))
}

/// The weights of a copy that was read from `path`, if they are those of the network.
fn checked(
    published: &Published,
    path: &Path,
    copy: std::result::Result<Copy, String>,
) -> Result<Weights> {
    let weights = || {
        let layout = (published.layout)();
        let values = match copy? {
            Copy::Safetensors(bytes) => stored::decode(&bytes, published.name, &layout)?,
            Copy::Checkpoint { index, data } => {
                check_digest("index", &index, published.files.index_sha256)?;
                check_digest("file of numbers", &data, published.files.data_sha256)?;
                checkpoint::read(&index, &data, &layout)?
            }
        };
        let known = published.fingerprint;
        Weights::new(published.name, path, layout, values, known)
    };
    weights().map_err(|reason: String| Error::Weights {
        path: path.to_owned(),
        network: published.name.to_owned(),
        reason,
    })
}

fn check_digest(what: &str, bytes: &[u8], expected: &str) -> std::result::Result<(), String> {
    let got = sha256(bytes);
    match got == expected {
        true => Ok(()),
        false => Err(format!(
            "another version, or damaged: the SHA-256 of its {what} ({} bytes) is {got}, not {expected}",
            bytes.len()
        )),
    }
}

#[cfg(test)]
mod tests {
    use std::fs::{self, File};
    use std::io::Write;

    use zip::write::SimpleFileOptions;

    use super::super::layout::TensorSpec;
    use super::super::published::CheckpointFiles;
    use super::super::test_checkpoint as made;
    use super::*;

    fn layout() -> Vec<TensorSpec> {
        vec![
            TensorSpec::vector("norm.running_var".into(), 3, "norm/moving_variance".into()),
            TensorSpec::permuted("conv.weight".into(), &[2, 3], "conv/kernel".into(), &[1, 0]),
        ]
    }

    /// A checkpoint whose last number is `last`, and how it is published.
    fn published(last: f32) -> (Published, [Vec<u8>; 2]) {
        let (tensors, data) = made::tensors(&[
            ("conv/kernel", &[3, 2], &[0.0, 1.0, 10.0, 11.0, 20.0, last]),
            ("norm/moving_variance", &[3], &[1.0, 2.0, 3.0]),
        ]);
        let index = made::index(&[made::block(&made::entries(&tensors))]);
        let fixed = |text: String| -> &'static str { text.leak() };
        let values = vec![vec![1.0, 2.0, 3.0], vec![0.0, 10.0, 20.0, 1.0, 11.0, last]];
        let weights = Weights::new("tiny", Path::new(""), layout(), values, "").unwrap();
        let published = Published {
            name: "tiny",
            package: "package",
            wheel: "tiny-1.whl",
            obtain: "pip download tiny",
            files: CheckpointFiles {
                folder: "model",
                index_sha256: fixed(sha256(&index)),
                data_sha256: fixed(sha256(&data)),
            },
            fingerprint: fixed(weights.fingerprint().to_owned()),
            layout,
        };
        (published, [index, data])
    }

    fn wheel(path: &Path, folder: &str, [index, data]: &[Vec<u8>; 2]) {
        let mut zip = zip::ZipWriter::new(File::create(path).unwrap());
        for (name, bytes) in [(".index", index), (".data-00000-of-00001", data)] {
            let options = SimpleFileOptions::default();
            zip.start_file(format!("{folder}/{name}"), options).unwrap();
            zip.write_all(bytes).unwrap();
        }
        zip.finish().unwrap();
    }

    fn unpack(folder: &Path, [index, data]: &[Vec<u8>; 2]) {
        fs::create_dir_all(folder).unwrap();
        fs::write(folder.join(".index"), index).unwrap();
        fs::write(folder.join(".data-00000-of-00001"), data).unwrap();
    }

    #[test]
    fn bytes_are_read_as_the_file_is() {
        let (published, [index, data]) = published(21.0);
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("w");
        let files = [index.clone(), data.clone()];
        wheel(&path, "package/model", &files);
        let of_wheel = from_slice(&published, &fs::read(&path).unwrap()).unwrap();
        assert!(of_wheel.is_published());
        let layout = layout();
        let values = checkpoint::read(&index, &data, &layout).unwrap();
        let weights = Weights::new("tiny", Path::new(""), layout, values, "").unwrap();
        let bytes = weights.to_safetensors();
        let read = from_slice(&published, &bytes).unwrap();
        assert_eq!(read.fingerprint(), weights.fingerprint());
        assert!(from_slice(&published, &bytes[..bytes.len() - 1]).is_err());
    }

    #[test]
    fn every_kind_of_copy_gives_the_same_weights() {
        let (published, files) = published(21.0);
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path();
        let zip = folder.join("a.zip");
        wheel(&zip, "package/model", &files);
        fs::create_dir(folder.join("downloads")).unwrap();
        wheel(
            &folder.join("downloads/tiny-1.whl"),
            "package/model",
            &files,
        );
        unpack(&folder.join("site-packages/package/model"), &files);
        let first = read(&published, &zip).unwrap();
        assert!(first.is_published());
        assert_eq!((first.network(), first.n_values()), ("tiny", 9));
        first.save(folder.join("b.safetensors")).unwrap();
        for copy in [
            "downloads",
            "site-packages",
            "site-packages/package",
            "site-packages/package/model",
            "b.safetensors",
        ] {
            let weights = read(&published, &folder.join(copy)).unwrap();
            assert_eq!(weights.fingerprint(), first.fingerprint(), "{copy}");
        }
        let vb = first.var_builder(&candle_core::Device::Cpu).unwrap();
        let kernel = vb
            .get((2, 3), "conv.weight")
            .unwrap()
            .to_vec2::<f32>()
            .unwrap();
        assert_eq!(kernel, [[0.0, 10.0, 20.0], [1.0, 11.0, 21.0]]);
    }

    #[test]
    fn a_copy_is_kept_in_the_cache_and_a_missing_one_is_named() {
        let (published, files) = published(21.0);
        let folder = tempfile::tempdir().unwrap();
        let cache = folder.path().join("cache/timbral");
        let error = find_in(&published, None, Some(cache.clone())).unwrap_err();
        assert_eq!(
            error.to_string(),
            "tiny: no weights; get them by `pip download tiny`, then give the file (--weights of the commands, or TIMBRAL_WEIGHTS)"
        );
        assert!(find_in(&published, None, None).is_err());
        let path = folder.path().join("w");
        wheel(&path, "package/model", &files);
        let first = find_in(&published, Some(path), Some(cache.clone())).unwrap();
        let second = find_in(&published, None, Some(cache.clone())).unwrap();
        assert_eq!(second.path(), cache.join("tiny.safetensors"));
        assert_eq!(first.fingerprint(), second.fingerprint());
    }

    #[test]
    fn what_is_not_a_copy_is_named() {
        let (published, files) = published(21.0);
        let (_, other) = self::published(22.0);
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path();
        wheel(&folder.join("whole.whl"), "package/model", &files);
        let whole = fs::read(folder.join("whole.whl")).unwrap();
        fs::write(folder.join("cut.whl"), &whole[..whole.len() - 30]).unwrap();
        wheel(&folder.join("other.whl"), "package/model", &other);
        wheel(&folder.join("package.whl"), "package/another", &files);
        unpack(
            &folder.join("cut"),
            &[files[0].clone(), files[1][..30].to_vec()],
        );
        unpack(
            &folder.join("long"),
            &[files[0].clone(), vec![0; (1 << 26) + 1]],
        );
        fs::create_dir(folder.join("empty")).unwrap();
        fs::create_dir_all(folder.join("half/model")).unwrap();
        fs::write(folder.join("half/model/.index"), &files[0]).unwrap();
        fs::write(folder.join("text.safetensors"), "not weights").unwrap();
        fs::write(folder.join("big.safetensors"), vec![0; (1 << 20) + 37]).unwrap();
        let mut cases = vec![
            ("none", "No such file"),
            ("cut.whl", "not a complete zip archive ("),
            (
                "other.whl",
                "another version, or damaged: the SHA-256 of its index (",
            ),
            (
                "package.whl",
                "it has no package/model/.index, as tiny-1.whl has",
            ),
            (
                "cut",
                "another version, or damaged: the SHA-256 of its file of numbers (30 bytes) is ",
            ),
            ("long", ".data-00000-of-00001: more than 67108864 bytes"),
            (
                "empty",
                "the folder has neither model/.index nor tiny-1.whl nor tiny.safetensors",
            ),
            ("half", ".data-00000-of-00001: not a file"),
            ("text.safetensors", "a damaged safetensors file: "),
            (
                "big.safetensors",
                "big.safetensors: more than 1048612 bytes",
            ),
        ];
        // Of other networks.
        let vector = |name: &str, len| TensorSpec::vector(name.into(), len, String::new());
        let specs = |len| vec![vector("norm.running_var", len), vector("conv.weight", 6)];
        for (name, network, layout, reason) in [
            ("name", "other", layout(), "the file is of other"),
            (
                "shape",
                "tiny",
                specs(4),
                "norm.running_var: expected the shape [3], got [4]",
            ),
            (
                "rank",
                "tiny",
                specs(3),
                "conv.weight: expected the shape [2, 3], got [6]",
            ),
            (
                "few",
                "tiny",
                layout()[..1].to_vec(),
                "the tensor conv.weight is missing",
            ),
            (
                "many",
                "tiny",
                [layout(), vec![vector("x", 1)]].concat(),
                "the tensor x is not of this network",
            ),
            (
                "negative",
                "tiny",
                layout(),
                "norm.running_var: a variance is negative",
            ),
            (
                "nan",
                "tiny",
                layout(),
                "norm.running_var: not all numbers are finite",
            ),
        ] {
            let number = match name {
                "negative" => -1.0,
                "nan" => f32::NAN,
                _ => 1.0,
            };
            let values: Vec<_> = layout.iter().map(|spec| vec![number; spec.len()]).collect();
            let file = folder.join(name).with_extension("safetensors");
            fs::write(file, stored::encode(network, &layout, &values)).unwrap();
            cases.push((name, reason));
        }
        for (copy, expected) in cases {
            let mut path = folder.join(copy);
            if !path.exists() && copy != "none" {
                path.set_extension("safetensors");
            }
            let error = read(&published, &path).unwrap_err().to_string();
            let start = format!("{}: not the weights of tiny: {expected}", path.display());
            assert!(error.starts_with(&start), "{error}\n{start}");
        }
    }

    /// Compressed zeros that would fill the memory.
    #[test]
    fn a_bomb_is_stopped_at_the_limit() {
        let (published, files) = published(21.0);
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("bomb.whl");
        wheel(
            &path,
            "package/model",
            &[files[0].clone(), vec![0; (1 << 26) + 1000]],
        );
        assert!(path.metadata().unwrap().len() < 1 << 20);
        let error = read(&published, &path).unwrap_err().to_string();
        assert!(
            error.contains(".data-00000-of-00001: more than 67108864 bytes"),
            "{error}"
        );
    }
}
