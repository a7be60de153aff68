//! Table files of formats that are not read: named for what they are, with what to do.

/// What a file is, by the last part of its name.
pub(super) fn by_extension(extension: &str) -> Option<&'static str> {
    Some(match extension {
        "xlsx" | "xls" | "xlsm" | "ods" | "numbers" => {
            "a spreadsheet; save it as CSV, or in pandas `df.to_parquet(\"t.parquet\")`"
        }
        "json" | "jsonl" | "ndjson" => {
            "a table as JSON, which is not supported; in pandas `df.to_parquet(\"t.parquet\")`"
        }
        "feather" | "arrow" | "ipc" => {
            "an Arrow or Feather file, which is not supported; in pandas `df.to_parquet(\"t.parquet\")`, in polars \
             `df.write_parquet(\"t.parquet\")`"
        }
        "pkl" | "pickle" | "joblib" => {
            "a Python pickle, which only Python can read; in pandas `df.to_parquet(\"t.parquet\")`"
        }
        "h5" | "hdf5" | "hdf" => {
            "an HDF5 file, which is not supported; in pandas `df.to_parquet(\"t.parquet\")`"
        }
        "npy" => {
            "a single NumPy array; write a table as `np.savez(\"t.npz\", features=x, feature_names=names, labels=y)`"
        }
        "zst" | "zstd" | "xz" | "bz2" | "zip" | "7z" | "lz4" => {
            "a compressed file; decompress it first, or compress it by gzip (`.csv.gz`)"
        }
        _ => return None,
    })
}

/// Starts of files that are no text tables.
const STARTS: [(&[u8], &str); 9] = [
    (
        b"PAR1",
        "a Parquet file under another name; let its name end in .parquet",
    ),
    (
        b"PK\x03\x04",
        "a zip archive (a spreadsheet or .npz) under another name",
    ),
    (
        b"\x1f\x8b",
        "compressed by gzip; let its name end in .gz, as .csv.gz does",
    ),
    (
        b"\x28\xb5\x2f\xfd",
        "compressed by zstd; decompress it with `unzstd` first",
    ),
    (
        b"BZh",
        "compressed by bzip2; decompress it with `bunzip2` first",
    ),
    (
        b"\xfd7zXZ\0",
        "compressed by xz; decompress it with `unxz` first",
    ),
    (
        b"ARROW1",
        "an Arrow or Feather file; in pandas `df.to_parquet(\"t.parquet\")`",
    ),
    (
        b"\x89HDF\r\n\x1a\n",
        "an HDF5 file; in pandas `df.to_parquet(\"t.parquet\")`",
    ),
    (b"\xd0\xcf\x11\xe0", "a spreadsheet; save it as CSV"),
];

/// What a file under the name of a text table really is.
pub(super) fn by_start(start: &[u8]) -> Option<&'static str> {
    let known = STARTS.iter().find(|(bytes, _)| start.starts_with(bytes));
    known.map(|(_, text)| *text)
}
