//! The texts of each file in a table: recording, artist and album.

use std::path::{Path, PathBuf};

use timbral_audio::SoundTags;
use timbral_core::parallel;

use super::extractor::Segmentation;
use super::labels::GenreFolder;
use super::recordings::{names_tell_recordings, recordings};

/// The columns `group`, `artist` and `album`, as far as a table needs them.
#[derive(Debug)]
pub(crate) struct FileTexts {
    columns: Vec<&'static str>,
    /// The texts of each file, in the order of the columns.
    texts: Vec<Vec<String>>,
}

impl FileTexts {
    /// There are groups only if the names of the rows do not contain the recording or folders matter, artists and
    /// albums only if the tags of a file name some.
    pub(crate) fn of(files: &[PathBuf], segments: Segmentation, genre_folder: GenreFolder) -> Self {
        let tags = sound_tags(files);
        let texts = |of: fn(&SoundTags) -> &Option<String>| {
            let texts = tags.iter().map(|tags| of(tags).clone().unwrap_or_default());
            texts.collect()
        };
        let (artists, albums) = (texts(|tags| &tags.artist), texts(|tags| &tags.album));
        Self::new(files, (segments, genre_folder), artists, albums)
    }

    /// As [`of`](Self::of), with the artist and the album of each file, empty where there is none.
    pub(crate) fn new(
        files: &[PathBuf],
        (segments, genre_folder): (Segmentation, GenreFolder),
        artists: Vec<String>,
        albums: Vec<String>,
    ) -> Self {
        let recordings = recordings(files);
        let mut texts = Self {
            columns: Vec::new(),
            texts: vec![Vec::new(); files.len()],
        };
        if genre_folder == GenreFolder::Top || !names_tell_recordings(files, &recordings, segments)
        {
            texts.add("group", recordings);
        }
        for (name, column) in [("artist", artists), ("album", albums)] {
            if column.iter().any(|text| !text.is_empty()) {
                texts.add(name, column);
            }
        }
        texts
    }

    fn add(&mut self, name: &'static str, column: Vec<String>) {
        self.columns.push(name);
        for (texts, text) in self.texts.iter_mut().zip(column) {
            texts.push(text);
        }
    }

    /// The names of the columns.
    pub(crate) fn columns(&self) -> &[&'static str] {
        &self.columns
    }

    /// The texts of a file, in the order of the columns.
    pub(crate) fn of_file(&self, file: usize) -> &[String] {
        &self.texts[file]
    }
}

/// The tags of each file; none of a file that cannot be opened.
pub(crate) fn sound_tags<P: AsRef<Path> + Sync>(files: &[P]) -> Vec<SoundTags> {
    let read = |i: usize| SoundTags::read(&files[i]).unwrap_or_default();
    parallel::map(files.len(), 1, &read)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use timbral_data::GroupBy;
    use timbral_dsp::FeatureParams;

    use super::*;
    use crate::extraction::inputs::Inputs;
    use crate::extraction::table::Extraction;
    use crate::{ClassifierParams, feature_table};

    const ARTISTS: [&str; 4] = ["Anna", "Benn", "Cyan", "Dora"];

    /// Appends a chunk with the artist to a WAV file.
    fn tag(file: &Path, artist: &str) {
        let mut bytes = fs::read(file).unwrap();
        let text = format!("INFOIART{}", "\0".repeat(4));
        let mut list = text.into_bytes();
        list[8..].copy_from_slice(&(artist.len() as u32).to_le_bytes());
        list.extend(artist.bytes());
        bytes.extend(b"LIST");
        bytes.extend((list.len() as u32).to_le_bytes());
        bytes.extend(list);
        fs::write(file, bytes).unwrap();
    }

    /// Four recordings of two genres each, by two artists each, with tags of these.
    fn music(artists: Option<[&str; 4]>) -> (tempfile::TempDir, Vec<PathBuf>) {
        let params = timbral_synth::SynthParams {
            recordings_per_genre: 4,
            seconds: 3.5,
            ..Default::default()
        };
        let corpus = timbral_synth::SynthCorpus::new(params).unwrap();
        let all = tempfile::tempdir().unwrap();
        corpus.write(all.path(), &mut ()).unwrap();
        let folders = fs::read_dir(all.path()).unwrap();
        let folders = folders.map(|e| e.unwrap().path());
        let mut folders: Vec<PathBuf> = folders.filter(|path| path.is_dir()).collect();
        folders.sort();
        folders[2..]
            .iter()
            .for_each(|f| fs::remove_dir_all(f).unwrap());
        let files = Inputs::find([all.path()]).unwrap().files;
        for (i, file) in files.iter().enumerate() {
            if let Some(artists) = artists {
                tag(file, artists[i / 2]);
            }
        }
        (all, files)
    }

    #[test]
    fn tables_have_the_artists_of_the_tags() {
        let (folder, files) = music(Some(ARTISTS));
        let path = folder.path().join("t.csv");
        let extraction = Extraction::default();
        extraction.run(&files, &path, &mut ()).unwrap();
        let read = timbral_data::FeatureTable::read(&path).unwrap();
        let expected = [
            "Anna", "Anna", "Benn", "Benn", "Cyan", "Cyan", "Dora", "Dora",
        ];
        assert_eq!(read.artists().unwrap(), expected);
        assert_eq!((read.albums(), read.n_features()), (None, 57));
        assert_eq!(
            read.supported_groupings(2),
            [GroupBy::Artist, GroupBy::Recording]
        );
        assert_eq!(read.grouped_by(GroupBy::Artist).n_split_groups(), 4);
        let whole = Segmentation::Whole;
        let in_memory = feature_table(folder.path(), FeatureParams::default(), whole).unwrap();
        assert_eq!(in_memory.artists().unwrap(), expected);
    }

    #[test]
    fn folds_of_a_classifier_share_no_artist() {
        let (_folder, files) = music(Some(ARTISTS));
        let params = |group_by| ClassifierParams {
            n_splits: 2,
            group_by,
            ..ClassifierParams::default()
        };
        let provenance = |group_by| {
            let fitted = params(group_by).fit(&files, &mut ()).unwrap();
            fitted.classifier.provenance().clone()
        };
        let widest = provenance(None);
        let score = widest.score.unwrap();
        assert_eq!((score.group_by, score.n_groups), (GroupBy::Artist, 4));
        let [other] = widest.other_scores[..] else {
            panic!("{widest:?}");
        };
        assert_eq!((other.group_by, other.n_groups), (GroupBy::Recording, 8));
        assert!(widest.to_string().contains("album effect: "), "{widest}");
        let asked = provenance(Some(GroupBy::Recording));
        assert_eq!(asked.score.unwrap().accuracy, other.accuracy);
        assert_eq!(asked.other_scores[0].accuracy, score.accuracy);
    }

    /// The files as `genre/artist/album/song`, two artists per genre with two albums each.
    fn nested(files: &[PathBuf], root: &Path) -> Vec<PathBuf> {
        let place = |(i, file): (usize, &PathBuf)| {
            let genre = file.parent().unwrap().file_name().unwrap();
            let folder = format!("artist {}/album {}", i / 2, i % 2);
            let to = root.join(genre).join(folder).join("01.wav");
            fs::create_dir_all(to.parent().unwrap()).unwrap();
            fs::copy(file, &to).unwrap();
            to
        };
        files.iter().enumerate().map(place).collect()
    }

    #[test]
    fn without_tags_folds_share_no_folder_below_the_genre() {
        let root = tempfile::tempdir().unwrap();
        let (_folder, mut files) = music(None);
        files = nested(&files, root.path());
        let params = ClassifierParams {
            n_splits: 2,
            genre_folder: GenreFolder::Top,
            ..ClassifierParams::default()
        };
        let fitted = |files: &[PathBuf]| params.fit(files, &mut ()).unwrap().classifier;
        let classifier = fitted(&files);
        assert_eq!(classifier.classes().len(), 2);
        let provenance = classifier.provenance();
        let score = provenance.score.unwrap();
        assert_eq!((score.group_by, score.n_groups), (GroupBy::Folder, 4));
        let text = provenance.to_string();
        assert!(
            text.contains("2 folds that share no folder (4 groups)"),
            "{text}"
        );
        let others = provenance.other_scores.iter();
        let others: Vec<_> = others
            .map(|score| (score.group_by, score.n_groups))
            .collect();
        assert_eq!(others, [(GroupBy::Recording, 8)]);
        // Tags that name the artists of most count first.
        for (i, file) in files[..6].iter().enumerate() {
            tag(file, ARTISTS[i % 4]);
        }
        let score = fitted(&files).provenance().score.unwrap();
        assert_eq!((score.group_by, score.n_groups), (GroupBy::Artist, 6));
    }
    #[test]
    fn tables_have_the_genre_of_the_folder_at_the_top() {
        let root = tempfile::tempdir().unwrap();
        let (_folder, files) = music(None);
        let files = nested(&files, root.path());
        let path = root.path().join("t.csv");
        let extraction = Extraction {
            genre_folder: GenreFolder::Top,
            ..Extraction::default()
        };
        extraction.run(&files, &path, &mut ()).unwrap();
        let read = timbral_data::FeatureTable::read(&path).unwrap();
        let genre = |i: usize| {
            let below = files[i].strip_prefix(root.path()).unwrap();
            below.iter().next().unwrap().to_str().unwrap()
        };
        assert_eq!(read.classes(), [genre(0), genre(4)]);
        assert_eq!(read.labels().unwrap(), [0, 0, 0, 0, 1, 1, 1, 1]);
        let folders = [GroupBy::Folder, GroupBy::Recording];
        assert_eq!(read.supported_groupings(2), folders);
        let (in_memory, _) = extraction.table(&files, &mut ()).unwrap();
        assert_eq!(in_memory.labels(), read.labels());
        assert_eq!(in_memory.supported_groupings(2), folders);
        assert_eq!(read.grouped_by(GroupBy::Folder).n_split_groups(), 4);
    }
}
