use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use timbral_audio::SoundTags;

use crate::error::{Error, Result};
use crate::extraction::encoded::EncodedSound;
use crate::extraction::extractor::{Extractor, FeatureRow};
use crate::extraction::file_texts::FileTexts;
use crate::extraction::labels::{GenreFolder, label};
use crate::extraction::table::columns;

/// The rows of a sound file in memory, with its artist and album: one part of the table of many files, which can be
/// stored as JSON.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[non_exhaustive]
pub struct SoundRows {
    /// The name of the file, with its folders.
    pub name: PathBuf,
    /// The artist; empty if the tags have none.
    pub artist: String,
    /// The album; empty if the tags have none.
    pub album: String,
    /// Its rows; none of a file that cannot be read.
    pub rows: Vec<FeatureRow>,
}

impl SoundRows {
    /// Rows of a file, with its name and tags.
    pub fn new(sound: &EncodedSound, rows: Vec<FeatureRow>) -> Self {
        let tags = SoundTags::from_reader(sound.reader());
        Self {
            name: sound.name().to_owned(),
            artist: tags.artist.unwrap_or_default(),
            album: tags.album.unwrap_or_default(),
            rows,
        }
    }
}

impl Extractor {
    /// The table of files in memory as CSV, byte for byte equal to what [`Extraction::run`](crate::Extraction::run)
    /// writes for the same files in folders.
    ///
    /// ```
    /// use timbral::dsp::FeatureParams;
    /// use timbral::synth::{SynthCorpus, SynthParams};
    /// use timbral::{EncodedSound, Extractor, Segmentation, SoundRows};
    ///
    /// # let music = tempfile::tempdir()?;
    /// # let params = SynthParams { recordings_per_genre: 1, seconds: 3.0, ..Default::default() };
    /// # SynthCorpus::new(params)?.write(music.path(), &mut ())?;
    /// let bytes = std::fs::read(music.path().join("synth-pulse/synth-pulse.00000.wav"))?;
    /// let sound = EncodedSound::new("pulse/a.wav", bytes);
    /// let extractor = Extractor::new(FeatureParams::default(), Segmentation::Whole)?;
    /// let (rows, _) = extractor.rows_encoded(&sound)?;
    /// let table = extractor.csv(&[SoundRows::new(&sound, rows)])?;
    /// assert!(table.starts_with("filename,length,chroma_stft_mean,"));
    /// assert!(table.contains("\na.wav,66150,") && table.ends_with(",pulse\n"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::Row`] for a row with another number of values than the extractor has names.
    pub fn csv(&self, sounds: &[SoundRows]) -> Result<String> {
        let files: Vec<PathBuf> = sounds.iter().map(|sound| sound.name.clone()).collect();
        let texts = |of: fn(&SoundRows) -> &String| sounds.iter().map(|s| of(s).clone()).collect();
        let (artists, albums) = (texts(|sound| &sound.artist), texts(|sound| &sound.album));
        let texts = FileTexts::new(
            &files,
            (self.segments(), GenreFolder::Parent),
            artists,
            albums,
        );
        let mut records = vec![columns(self.names(), texts.columns())];
        for (i, sound) in sounds.iter().enumerate() {
            let label = label(&sound.name);
            for row in &sound.rows {
                if row.values.len() != self.names().len() {
                    let (expected, got) = (self.names().len(), row.values.len());
                    let path = sound.name.clone();
                    return Err(Error::Row {
                        path,
                        expected,
                        got,
                    });
                }
                records.push(row.cells(texts.of_file(i), &label));
            }
        }
        let mut csv = csv::Writer::from_writer(Vec::new());
        // Into memory, records of one length: writing cannot fail.
        for record in records {
            let _ = csv.write_record(record);
        }
        let bytes = csv.into_inner().unwrap_or_default();
        Ok(String::from_utf8(bytes).unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use timbral_dsp::FeatureSetParams;

    use super::*;
    use crate::extraction::extractor::Segmentation;
    use crate::extraction::inputs::Inputs;
    use crate::extraction::table::Extraction;

    /// Synthetic recordings, two of one name, one with tags, one whose name needs quotes, and a text.
    fn music() -> tempfile::TempDir {
        let params = timbral_synth::SynthParams {
            recordings_per_genre: 1,
            seconds: 6.5,
            ..Default::default()
        };
        let corpus = timbral_synth::SynthCorpus::new(params).unwrap();
        let (all, music) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        corpus.write(all.path(), &mut ()).unwrap();
        let mut sounds = Inputs::find([all.path()]).unwrap().files.into_iter();
        for (name, artist) in [
            ("jazz/01.wav", None),
            ("rock/01.wav", Some("Anna")),
            ("rock/a, b.wav", None),
        ] {
            let mut bytes = fs::read(sounds.next().unwrap()).unwrap();
            if let Some(artist) = artist {
                bytes.extend(b"LIST\x10\0\0\0INFOIART\x04\0\0\0");
                bytes.extend(artist.bytes());
            }
            let path = music.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, bytes).unwrap();
        }
        fs::write(music.path().join("rock/text.wav"), "no sound").unwrap();
        music
    }

    #[test]
    fn a_table_of_files_in_memory_is_that_of_the_files() {
        let music = music();
        let files = Inputs::find([music.path()]).unwrap().files;
        let table = music.path().join("t.csv");
        for segments in [Segmentation::Whole, Segmentation::gtzan()] {
            let extraction = Extraction {
                segments,
                ..Extraction::default()
            };
            let report = extraction.run(&files, &table, &mut ()).unwrap();
            assert_eq!((report.files, report.skipped.len()), (3, 1));
            let extractor = Extractor::new(FeatureSetParams::default(), segments).unwrap();
            let sounds = files.iter().map(|file| {
                // Below the folder of the music, as a page gets them.
                let name = file.strip_prefix(music.path().parent().unwrap()).unwrap();
                let sound = EncodedSound::new(name, fs::read(file).unwrap());
                let rows = extractor
                    .rows_encoded(&sound)
                    .map_or(Vec::new(), |rows| rows.0);
                let text = serde_json::to_string(&SoundRows::new(&sound, rows)).unwrap();
                serde_json::from_str(&text).unwrap()
            });
            let sounds: Vec<SoundRows> = sounds.collect();
            let expected = fs::read_to_string(&table).unwrap();
            assert_eq!(extractor.csv(&sounds).unwrap(), expected);
            assert!(expected.contains("artist,label\n") && expected.contains("\"a, b."));
        }
    }

    #[test]
    fn rows_of_samples_are_those_of_the_file() {
        let music = music();
        let path = music.path().join("jazz/01.wav");
        let clip = timbral_audio::decode(&path).unwrap();
        for segments in [Segmentation::Whole, Segmentation::gtzan()] {
            let extractor = Extractor::new(FeatureSetParams::default(), segments).unwrap();
            let of_clip = extractor.rows_samples("jazz/01.wav", &clip).unwrap();
            assert_eq!(of_clip, extractor.rows(&path).unwrap());
        }
    }

    #[test]
    fn rows_of_other_features_are_refused() {
        let extractor = Extractor::new(FeatureSetParams::default(), Segmentation::Whole).unwrap();
        let row = r#"{"name":"a/b.wav","artist":"","album":"","rows":[{"filename":"b.wav","length":1,"values":[1.0]}]}"#;
        let error = extractor.csv(&[serde_json::from_str(row).unwrap()]);
        let error = error.unwrap_err().to_string();
        assert_eq!(error, "a/b.wav: a row of 1 values, expected 57");
    }
}
