//! Folders of synthetic tracks, some of them damaged.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::{fs, io};

use timbral::dsp::FeatureSetParams;
use timbral::{Extraction, Inputs, Segmentation};
use timbral_cluster::datafusion::arrow::array::{Array, AsArray, RecordBatch};
use timbral_cluster::datafusion::arrow::compute::concat_batches;
use timbral_cluster::datafusion::arrow::datatypes::{Float64Type, UInt64Type};
use timbral_cluster::{Error, ExtractParams, ExtractReport, ManifestParams, Session};
use timbral_synth::{SynthCorpus, SynthParams};

/// A folder with music, to be removed at the end.
pub(crate) struct Music {
    pub(crate) folder: tempfile::TempDir,
    /// Tracks, with those that cannot be used.
    pub(crate) tracks: usize,
    /// Those that cannot be used.
    pub(crate) bad: usize,
}

impl Music {
    /// `tracks` of a second, a multiple of ten; every fiftieth is cut off within its header or has noise for a header.
    pub(crate) fn new(tracks: usize) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let params = SynthParams {
            recordings_per_genre: tracks / 10,
            seconds: 1.0,
            ..SynthParams::default()
        };
        let corpus = SynthCorpus::new(params).unwrap();
        corpus.write(folder.path().join("music"), &mut ()).unwrap();
        let mut music = Self {
            folder,
            tracks,
            bad: 0,
        };
        for (i, path) in music.files().iter().enumerate().skip(7).step_by(50) {
            let bytes = fs::read(path).unwrap();
            match i % 4 {
                3 => fs::write(path, &bytes[..20]).unwrap(),
                _ => fs::write(path, [7; 1000]).unwrap(),
            }
            music.bad += 1;
        }
        music
    }

    pub(crate) fn path(&self, name: &str) -> String {
        self.folder.path().join(name).to_str().unwrap().to_owned()
    }

    pub(crate) fn files(&self) -> Vec<PathBuf> {
        Inputs::find([self.folder.path().join("music")])
            .unwrap()
            .files
    }

    pub(crate) async fn manifest(&self, rows_per_part: usize) {
        let params = ManifestParams {
            rows_per_part,
            ..ManifestParams::default()
        };
        let (music, manifest) = (self.path("music"), self.path("manifest"));
        params.run(&music, &manifest, &mut ()).await.unwrap();
    }

    /// Makes the shards of the manifest.
    pub(crate) async fn extract(&self, session: &Session) -> Result<ExtractReport, Error> {
        self.extract_with(ExtractParams::default(), session).await
    }

    pub(crate) async fn extract_with(
        &self,
        params: ExtractParams,
        session: &Session,
    ) -> Result<ExtractReport, Error> {
        let (manifest, out) = (self.path("manifest"), self.path("shards"));
        params.run(session, &manifest, &out, &mut ()).await
    }

    /// The cells of each file as the command `extract-features` writes them, and the error of each file without a row.
    pub(crate) fn table(&self) -> (BTreeMap<String, Vec<String>>, Vec<String>) {
        let extraction = Extraction {
            features: FeatureSetParams::librosa(),
            segments: Segmentation::Whole,
            ..Extraction::default()
        };
        let table = self.folder.path().join("table.csv");
        let report = extraction.run(&self.files(), &table, &mut ()).unwrap();
        let text = fs::read_to_string(table).unwrap();
        let rows = text.lines().skip(1).map(|line| {
            let cells: Vec<_> = line.split(',').map(str::to_owned).collect();
            (cells[0].clone(), cells)
        });
        let mut errors: Vec<_> = report.skipped.iter().map(ToString::to_string).collect();
        errors.sort();
        (rows.collect(), errors)
    }
}

/// The shards in a folder, by path.
pub(crate) async fn shards(folder: &str) -> RecordBatch {
    let session = Session::local().unwrap();
    let table = session
        .context()
        .read_parquet(format!("{folder}/"), Default::default());
    let table = table.await.unwrap();
    let order = vec![timbral_cluster::datafusion::prelude::col("path").sort(true, false)];
    let batches = table.sort(order).unwrap().collect().await.unwrap();
    concat_batches(&batches[0].schema(), &batches).unwrap()
}

/// The texts of a column; nulls are empty.
pub(crate) fn texts(batch: &RecordBatch, name: &str) -> Vec<String> {
    let column = batch.column_by_name(name).unwrap();
    let utf8 = timbral_cluster::datafusion::arrow::datatypes::DataType::Utf8;
    let column = timbral_cluster::datafusion::arrow::compute::cast(column, &utf8).unwrap();
    let column = column.as_string::<i32>().iter();
    column
        .map(|text| text.unwrap_or_default().to_owned())
        .collect()
}

/// Checks that shards have the rows of the command `extract-features`, bit for bit, and the others as errors.
pub(crate) fn assert_equals_table(music: &Music, shards: &RecordBatch) {
    assert_equals_table_from(music, shards, music.folder.path().to_str().unwrap());
}

/// As [`assert_equals_table`], of files whose paths begin with `root` instead of the folder.
pub(crate) fn assert_equals_table_from(music: &Music, shards: &RecordBatch, root: &str) {
    let folder = music.folder.path().to_str().unwrap();
    let local = |text: String| text.replace(root, folder);
    let (table, errors) = music.table();
    assert_eq!(shards.num_rows(), music.tracks);
    assert_eq!(
        (table.len(), errors.len()),
        (music.tracks - music.bad, music.bad)
    );
    let mut got = texts(shards, "error");
    got = got
        .into_iter()
        .filter(|error| !error.is_empty())
        .map(local)
        .collect();
    got.sort();
    assert_eq!(got, errors);

    let names: Vec<_> = shards
        .schema()
        .fields()
        .iter()
        .map(|f| f.name().clone())
        .collect();
    let first = names.iter().position(|name| name == "length").unwrap() + 1;
    let last = names.iter().position(|name| name == "label").unwrap();
    assert_eq!(last - first, 57);
    let paths: Vec<_> = music
        .files()
        .iter()
        .map(|p| p.display().to_string())
        .collect();
    let got: Vec<_> = texts(shards, "path").into_iter().map(local).collect();
    assert_eq!(got, sorted(paths));
    let (files, labels) = (texts(shards, "filename"), texts(shards, "label"));
    let lengths = shards.column_by_name("length").unwrap();
    let lengths = lengths.as_primitive::<UInt64Type>();
    for row in 0..shards.num_rows() {
        let Some(cells) = table.get(&files[row]) else {
            assert!(lengths.is_null(row), "{}", files[row]);
            continue;
        };
        assert_eq!(lengths.value(row).to_string(), cells[1]);
        assert_eq!(Some(&labels[row]), cells.last());
        for (i, column) in (first..last).enumerate() {
            let value = shards
                .column(column)
                .as_primitive::<Float64Type>()
                .value(row);
            let expected: f64 = cells[2 + i].parse().unwrap();
            assert_eq!(
                value.to_bits(),
                expected.to_bits(),
                "{} {}",
                files[row],
                names[column]
            );
        }
    }
}

fn sorted(mut texts: Vec<String>) -> Vec<String> {
    texts.sort();
    texts
}

/// The bytes of the files in a folder, by name, without temporary files that are renamed meanwhile.
pub(crate) fn bytes_of(folder: impl AsRef<Path>) -> BTreeMap<String, Vec<u8>> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let files = entries.filter(|entry| entry.path().is_file());
    let file = |entry: fs::DirEntry| {
        let name = entry.file_name().into_string().unwrap();
        match fs::read(entry.path()) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            bytes => Some((name, bytes.unwrap())),
        }
    };
    files.filter_map(file).collect()
}
