//! The formats that a file may have instead of XGBoost's JSON or UBJSON.

/// Starts of files, what they are, and what to do with them.
const STARTS: [(&[u8], &str); 14] = [
    (
        b"binf",
        "XGBoost's old binary format, which its version 3.1 removed; load it in XGBoost 1.7 to 3.0 and save it as \
         .json or .ubj",
    ),
    (
        b"\x1f\x8b",
        "compressed by gzip; decompress it with `gunzip` first",
    ),
    (
        b"\x28\xb5\x2f\xfd",
        "compressed by zstd; decompress it with `unzstd` first",
    ),
    (
        b"\xfd7zXZ\0",
        "compressed by xz; decompress it with `unxz` first",
    ),
    (
        b"BZh",
        "compressed by bzip2; decompress it with `bunzip2` first",
    ),
    (
        b"PK\x03\x04",
        "a zip archive (such as of skops or NumPy), not a model; save the booster with `save_model(\"model.json\")`",
    ),
    (
        b"tree\n",
        "a model of LightGBM, which is not supported; train it in XGBoost or here",
    ),
    (
        b"tree\r\n",
        "a model of LightGBM, which is not supported; train it in XGBoost or here",
    ),
    (
        b"CBM1",
        "a model of CatBoost, which is not supported; train it in XGBoost or here",
    ),
    (
        b"booster[",
        "a text dump of XGBoost (`dump_model`), which lacks parts of the model; use `save_model`",
    ),
    (
        b"\x89HDF\r\n\x1a\n",
        "an HDF5 file (such as of Keras), not a model of trees",
    ),
    (
        b"<?xml",
        "an XML file (such as PMML), not a model of XGBoost",
    ),
    (b"<PMML", "a PMML file, not a model of XGBoost"),
    (b"\xff\xfe", "text in UTF-16; save it in UTF-8"),
];

/// The kind of the file, and what to do with it, if it is another known kind.
pub(super) fn name(bytes: &[u8]) -> Option<String> {
    let known = STARTS.iter().find(|(start, _)| bytes.starts_with(start));
    let text = match (known, bytes) {
        (Some((_, text)), _) => text,
        (_, []) => "an empty file",
        (_, [0x80, 2..=5, ..]) => {
            "a Python pickle (also joblib), which only Python can read; save the booster with \
             `save_model(\"model.json\")`"
        }
        (_, [b'{', b'\n' | b' ', ..] | [b'[', ..]) if is_dump(bytes) => {
            "a JSON dump of XGBoost (`dump_model`), which lacks parts of the model; use `save_model`"
        }
        // A ModelProto: field 1, the version of the format, then field 2, the name of the producer.
        (_, [0x08, 1..=0x20, 0x12 | 0x3a, ..]) => {
            "a model in ONNX, which is not supported; save the booster with `save_model(\"model.json\")`"
        }
        (_, [0x78, 0x01 | 0x5e | 0x9c | 0xda, ..]) => {
            "compressed by zlib (as joblib does); save the booster with `save_model(\"model.json\")`"
        }
        (_, [b'{', ..])
            if has(start(bytes), b"\"tree_info\"") && has(start(bytes), b"\"version\":\"v") =>
        {
            "a JSON dump of LightGBM, which is not supported; train it in XGBoost or here"
        }
        (_, [b'{', ..]) if has(start(bytes), b"\"oblivious_trees\"") => {
            "a model of CatBoost, which is not supported; train it in XGBoost or here"
        }
        _ if has(&bytes[..bytes.len().min(4096)], b"gbtree") && bytes.contains(&0) => {
            "probably XGBoost's old binary format; load it in XGBoost 1.7 to 3.0 and save it as .json or .ubj"
        }
        (_, [_, _, _, _, _, _, _, _, b'{', ..]) if bytes[..8].contains(&0) => {
            "a file of safetensors, not a model of trees"
        }
        _ => return None,
    };
    Some(text.to_owned())
}

/// Where the first keys of a JSON file are.
fn start(bytes: &[u8]) -> &[u8] {
    &bytes[..bytes.len().min(1 << 14)]
}

/// Whether the file is a list of trees in the form of XGBoost's `dump_model`.
fn is_dump(bytes: &[u8]) -> bool {
    has(&bytes[..bytes.len().min(200)], b"\"nodeid\"")
}

fn has(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_has_its_name() {
        for (bytes, expected) in [
            (&b"binf\0\0\0\x3f"[..], "old binary format"),
            (b"\0\0\0\x3f\x04\0\0\0gbtree\0\0", "old binary format"),
            (b"\x1f\x8b\x08", "gzip"),
            (b"\x80\x04\x95", "pickle"),
            (b"PK\x03\x04", "zip"),
            (b"tree\nversion=v4\n", "LightGBM"),
            (b"\x08\x09\x12\x0aonnxmltools", "ONNX"),
            (b"booster[0]:\n0:leaf=1", "text dump"),
            (b"[\n  { \"nodeid\": 0, \"leaf\": 1 }\n]", "JSON dump"),
            (b"\x40\0\0\0\0\0\0\0{\"a\"", "safetensors"),
            (b"", "empty"),
        ] {
            let name = name(bytes).unwrap();
            assert!(name.contains(expected), "{name}");
        }
        for bytes in [&b"{\"learner\":{}}"[..], b"{", b"[[", b" {}", b"7"] {
            assert_eq!(name(bytes), None, "{bytes:?}");
        }
    }
}
