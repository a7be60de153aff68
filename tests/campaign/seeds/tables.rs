use ndarray::{Array2, Array3};
use timbral_data::{FeatureTable, Spectrograms};

use super::{kept, kept_with_ending, written};
use crate::engine::Form::{Binary, Gzip, Text, Zip};
use crate::engine::{Seed, compressed};

const PEOPLE: &str = "timbral-data/tests/golden/people";

const CSV: &str = "filename,length,tempo,rms_mean,label\npop.00000.0.wav,66149,98.5,0.25,pop\n\
    pop.00000.1.wav,66149,,0.5,pop\nrock.00001.0.wav,66149,-1.5e-3,1,rock\n";

const SEMICOLONS: &str = "\u{feff};track;tempo;\"loud\";genre;artist\r\n0;\"a, b\";1,5;True;jazz;Ann\r\n\
    1;c;2,25;False;rock;Ben\r\n2;\"d\"\"e\";NA;True;jazz;Ann\r\n";

/// Three genres with four recordings of two segments.
pub(crate) fn table() -> FeatureTable {
    let names = ["tempo", "rms_mean", "rms_var"].map(str::to_owned).to_vec();
    let values = Array2::from_shape_fn((24, 3), |(i, j)| {
        ((i * 7 + j * 5) % 11) as f32 / 4.0 + (i % 3) as f32
    });
    let genre = |row: usize| ["jazz", "pop", "rock"][row % 3];
    let ids = (0..24).map(|i| format!("{}.{:05}.{}.wav", genre(i), i / 3 % 4, i / 12));
    FeatureTable::new(names, values, ids.collect())
        .and_then(|table| table.with_labels((0..24).map(genre)))
        .and_then(|table| table.with_lengths(vec![66_149; 24]))
        .unwrap()
}

fn saved(ending: &str, form: crate::engine::Form) -> Seed {
    written(form, ending, |path| table().write(path).unwrap())
}

pub(crate) fn csv() -> Vec<Seed> {
    let mut seeds = vec![
        Seed::new(Text, CSV),
        Seed::new(Text, SEMICOLONS),
        Seed::new(Text, CSV.replace(',', "\t")),
        saved(".csv", Text),
        Seed::new(Text, utf16(CSV)),
    ];
    seeds.extend(kept(Text, PEOPLE, &["pandas.csv", "polars.tsv"]));
    seeds.extend(kept_with_ending(
        Text,
        "timbral-data/tests/tables/malformed",
        ".csv",
    ));
    seeds
}

/// With a byte order mark.
fn utf16(text: &str) -> Vec<u8> {
    let units = "\u{feff}".encode_utf16().chain(text.encode_utf16());
    units.flat_map(u16::to_le_bytes).collect()
}

pub(crate) fn csv_gz() -> Vec<Seed> {
    let mut seeds = vec![Seed::new(Gzip, compressed(CSV.as_bytes()))];
    seeds.extend(kept(Gzip, PEOPLE, &["pandas.csv.gz"]));
    seeds
}

/// Uncompressed, by snappy, gzip, LZ4, zstd and Brotli; pages of both versions.
pub(crate) fn parquet() -> Vec<Seed> {
    let mut seeds = kept_with_ending(Binary, PEOPLE, ".parquet");
    seeds.extend(kept(
        Binary,
        "timbral-data/tests/golden",
        &["table.parquet"],
    ));
    seeds.push(saved(".parquet", Binary));
    seeds
}

pub(crate) fn npz() -> Vec<Seed> {
    let mut seeds = kept_with_ending(Zip, PEOPLE, ".npz");
    seeds.extend(kept(Zip, "timbral-data/tests/golden", &["table.npz"]));
    seeds.push(saved(".npz", Zip));
    seeds
}

/// Images of three genres.
pub(crate) fn images() -> Spectrograms {
    let images = Array3::from_shape_fn((12, 8, 16), |(i, j, k)| ((i * 5 + j * 3 + k) % 13) as f32);
    let names: Vec<String> = (0..12)
        .map(|i| format!("{}.{i:05}", ["jazz", "pop", "rock"][i % 3]))
        .collect();
    let labels: Vec<String> = names
        .iter()
        .map(|name| name.split('.').next().unwrap().to_owned())
        .collect();
    Spectrograms::new(images, &names, &labels, &names).unwrap()
}

pub(crate) fn spectrograms() -> Vec<Seed> {
    vec![written(Zip, ".npz", |path| images().write(path).unwrap())]
}

pub(crate) fn test_rows() -> Vec<Seed> {
    vec![
        Seed::new(Text, "0\n3\n17\n"),
        Seed::new(Text, "5\r\n\r\n 6 \r\n"),
    ]
}

pub(crate) fn artists() -> Vec<Seed> {
    let text = "# clip ::: artist\npop.00000.wav ::: Ann ::: x\npop.00001.wav:::B & C\nrock.00001.wav ::: AC/DC\n";
    vec![Seed::new(Text, text)]
}
