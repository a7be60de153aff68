use std::collections::HashMap;

use ndarray::{Array2, ArrayView2, ArrayViewMut2, Axis};

use super::class_order::{sort_classes, without_points};
use super::notice::Notice;
use super::origin::Origin;
use super::schema::LENGTH;
use crate::error::{Error, Result};

/// A table of features: one row per sound (or segment of one), one column per feature.
///
/// | part | shape | meaning |
/// |---|---|---|
/// | [`feature_names`](Self::feature_names) | `n_features` | names of the columns |
/// | [`features`](Self::features) | `(n_rows, n_features)` | `f32`, NaN where a cell is missing |
/// | [`ids`](Self::ids) | `n_rows` | name of each row, such as `blues.00000.3.wav` |
/// | [`lengths`](Self::lengths) | `n_rows` | samples of each row's sound, if they are known |
/// | [`classes`](Self::classes) | `n_classes` | the labels, sorted ([`sort_classes`](crate::sort_classes)) |
/// | [`labels`](Self::labels) | `n_rows` | class of each row, if the table is labelled |
/// | [`groups`](Self::groups) | `n_rows` | recording of each row, below [`n_groups`](Self::n_groups) |
/// | [`artists`](Self::artists), [`albums`](Self::albums) | `n_rows` | texts, if they are known |
///
/// Rows of one group belong together: a split that divides a group lets a model recognise the recording
/// instead of the genre.
///
/// ```
/// use timbral_data::FeatureTable;
/// let table = FeatureTable::new(
///     vec!["tempo".into()],
///     ndarray::array![[120.0], [121.0], [90.0]],
///     vec!["blues.00000.0.wav".into(), "blues.00000.1.wav".into(), "pop.00001.0.wav".into()],
/// )?
/// .with_labels(["blues", "blues", "pop"])?
/// .with_groups(["blues.00000", "blues.00000", "pop.00001"])?;
/// assert_eq!(table.classes(), ["blues", "pop"]);
/// assert_eq!(table.labels(), Some(&[0, 0, 1][..]));
/// assert_eq!(table.groups(), [0, 0, 1]);
/// # Ok::<(), timbral_data::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct FeatureTable {
    feature_names: Vec<String>,
    features: Array2<f32>,
    ids: Vec<String>,
    lengths: Option<Vec<u64>>,
    classes: Vec<String>,
    labels: Option<Vec<usize>>,
    group_names: Vec<String>,
    groups: Vec<usize>,
    pub(super) artists: Option<Vec<String>>,
    pub(super) albums: Option<Vec<String>>,
    /// What splits keep together, if it is not the groups.
    pub(super) split_groups: Option<Vec<usize>>,
    /// Where the cells come from, if they come from a file.
    origin: Option<Origin>,
    notices: Vec<Notice>,
}

/// The same cells, wherever they come from.
impl PartialEq for FeatureTable {
    fn eq(&self, other: &Self) -> bool {
        let parts = |t: &Self| (t.features.clone(), t.lengths.clone(), t.labels.clone());
        let texts = |t: &Self| (t.artists.clone(), t.albums.clone(), t.split_groups.clone());
        self.feature_names == other.feature_names
            && self.ids == other.ids
            && self.classes == other.classes
            && (&self.group_names, &self.groups) == (&other.group_names, &other.groups)
            && parts(self) == parts(other)
            && texts(self) == texts(other)
    }
}

impl FeatureTable {
    /// A table without labels, in which every row is a group of its own.
    ///
    /// # Errors
    /// [`Error::Length`] if the names or ids do not fit the shape of `features`.
    pub fn new(
        feature_names: Vec<String>,
        features: Array2<f32>,
        ids: Vec<String>,
    ) -> Result<Self> {
        fits("feature_names", feature_names.len(), features.ncols())?;
        fits("ids", ids.len(), features.nrows())?;
        Ok(Self {
            feature_names,
            groups: (0..ids.len()).collect(),
            group_names: ids.clone(),
            features,
            ids,
            lengths: None,
            classes: Vec::new(),
            labels: None,
            artists: None,
            albums: None,
            split_groups: None,
            origin: None,
            notices: Vec::new(),
        })
    }

    /// The same table with the file that it was read from.
    pub(super) fn with_origin(mut self, origin: Origin, notices: Vec<Notice>) -> Self {
        self.origin = Some(origin);
        self.notices = notices;
        self
    }

    /// The decisions about the columns that were made while the table was read.
    pub fn notices(&self) -> &[Notice] {
        &self.notices
    }

    /// The error of a number that cannot be used: [`Error::Cell`] with file, line and column if the table
    /// was read from a file, else [`Error::Value`] with row and feature.
    ///
    /// ```
    /// use timbral_data::TableSchema;
    /// let text = "name,tempo\na,98.5\nb,\n";
    /// let schema = TableSchema { ignore: vec!["name".into()], ..TableSchema::default() };
    /// let table = schema.read_csv_from(text.as_bytes(), "songs.csv")?;
    /// assert_eq!(
    ///     table.cell_error(1, 0, "is missing").to_string(),
    ///     "songs.csv, line 3, column 2 (\"tempo\"): \"NaN\" is missing",
    /// );
    /// # Ok::<(), timbral_data::Error>(())
    /// ```
    pub fn cell_error(&self, row: usize, feature: usize, reason: &'static str) -> Error {
        let name = self.feature_names.get(feature).cloned().unwrap_or_default();
        let value = self.features.get((row, feature)).copied();
        let value = value.unwrap_or(f32::NAN);
        let known = self.origin.as_ref();
        let known = known.and_then(|o| o.error((row, feature), &name, value, reason));
        known.unwrap_or(Error::Value {
            row,
            name,
            value,
            reason,
        })
    }

    /// The first cell that is missing, as row and feature.
    pub fn first_missing(&self) -> Option<(usize, usize)> {
        let cells = self.features.indexed_iter();
        cells
            .into_iter()
            .find(|(_, x)| x.is_nan())
            .map(|(cell, _)| cell)
    }

    /// The same table with the number of samples of each row's sound.
    ///
    /// # Errors
    /// [`Error::Length`] if there is not one number per row.
    pub fn with_lengths(mut self, lengths: Vec<u64>) -> Result<Self> {
        fits("lengths", lengths.len(), self.n_rows())?;
        self.lengths = Some(lengths);
        Ok(self)
    }

    /// The same table with a label for each row; the classes are the distinct labels, sorted
    /// ([`sort_classes`](crate::sort_classes)). If all labels are whole numbers, `3.0` is the label `3`.
    ///
    /// # Errors
    /// [`Error::Length`] if there is not one label per row.
    pub fn with_labels<S: AsRef<str>>(
        mut self,
        labels: impl IntoIterator<Item = S>,
    ) -> Result<Self> {
        let mut distinct = Distinct::default();
        let labels = labels
            .into_iter()
            .map(|label| distinct.number(label.as_ref()))
            .collect();
        self.set_labels(labels, distinct.names)?;
        Ok(self)
    }

    /// The labels by their numbers among `names`.
    fn set_labels(&mut self, labels: Vec<usize>, mut names: Vec<String>) -> Result<()> {
        fits("labels", labels.len(), self.n_rows())?;
        without_points(&mut names);
        let mut classes = names.clone();
        sort_classes(&mut classes);
        let numbers = classes.iter().enumerate();
        let numbers: HashMap<&str, usize> = numbers.map(|(i, c)| (c.as_str(), i)).collect();
        let numbers: Vec<usize> = names.iter().map(|name| numbers[name.as_str()]).collect();
        self.labels = Some(labels.into_iter().map(|name| numbers[name]).collect());
        self.classes = classes;
        Ok(())
    }

    /// The same table with the name of its group (recording) for each row; groups are numbered in the order in
    /// which they appear. Splits keep these groups together, until [`grouped_by`](Self::grouped_by) chooses wider ones.
    ///
    /// # Errors
    /// [`Error::Length`] if there is not one name per row.
    pub fn with_groups<S: AsRef<str>>(
        mut self,
        groups: impl IntoIterator<Item = S>,
    ) -> Result<Self> {
        let mut distinct = Distinct::default();
        let groups: Vec<usize> = groups
            .into_iter()
            .map(|group| distinct.number(group.as_ref()))
            .collect();
        fits("groups", groups.len(), self.n_rows())?;
        self.groups = groups;
        self.group_names = distinct.names;
        self.split_groups = None;
        Ok(self)
    }

    /// The rows with the given numbers, in that order; classes and groups keep their numbers.
    ///
    /// # Errors
    /// [`Error::Row`] if a number is not below [`n_rows`](Self::n_rows).
    pub fn select(&self, rows: &[usize]) -> Result<Self> {
        let n_rows = self.n_rows();
        if let Some(&row) = rows.iter().find(|&&row| row >= n_rows) {
            return Err(Error::Row { row, n_rows });
        }
        Ok(self.take(rows))
    }

    /// As [`select`](Self::select), for rows that exist.
    fn take(&self, rows: &[usize]) -> Self {
        let texts = |texts: &Option<Vec<String>>| {
            let texts = texts.as_ref()?;
            Some(rows.iter().map(|&row| texts[row].clone()).collect())
        };
        Self {
            feature_names: self.feature_names.clone(),
            features: self.features.select(Axis(0), rows),
            ids: rows.iter().map(|&row| self.ids[row].clone()).collect(),
            lengths: self
                .lengths
                .as_ref()
                .map(|l| rows.iter().map(|&row| l[row]).collect()),
            classes: self.classes.clone(),
            labels: self
                .labels
                .as_ref()
                .map(|l| rows.iter().map(|&row| l[row]).collect()),
            group_names: self.group_names.clone(),
            groups: rows.iter().map(|&row| self.groups[row]).collect(),
            artists: texts(&self.artists),
            albums: texts(&self.albums),
            split_groups: (self.split_groups.as_ref())
                .map(|groups| rows.iter().map(|&row| groups[row]).collect()),
            origin: self.origin.as_ref().map(|origin| origin.take(rows)),
            notices: self.notices.clone(),
        }
    }

    /// The feature columns with the given names, in that order. The name `length` selects the number of samples of
    /// each row, if it is known, because models of other programs may use it as a feature.
    ///
    /// ```
    /// use timbral_data::TableSchema;
    /// let text = "length,tempo,rms\n66149,120,0.5\n";
    /// let table = TableSchema::default().read_csv_from(text.as_bytes(), "t.csv")?;
    /// let table = table.select_features(&["rms".to_owned(), "length".to_owned()])?;
    /// assert_eq!(table.features(), ndarray::array![[0.5, 66149.0]]);
    /// # Ok::<(), timbral_data::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::NoFeature`] if there is no feature of that name.
    pub fn select_features(&self, names: &[String]) -> Result<Self> {
        let mut features = Array2::zeros((self.n_rows(), names.len()));
        let mut places = Vec::new();
        for (mut to, name) in features.columns_mut().into_iter().zip(names) {
            let place = self.feature_names.iter().position(|n| n == name);
            match (place, &self.lengths) {
                (Some(place), _) => to.assign(&self.features.column(place)),
                (None, Some(lengths)) if name == LENGTH => {
                    to.iter_mut().zip(lengths).for_each(|(x, n)| *x = *n as f32);
                }
                _ => return Err(Error::NoFeature { name: name.clone() }),
            }
            places.push(place);
        }
        let column = |origin: &Origin, place: Option<usize>| {
            place.and_then(|place| origin.columns.get(place).copied())
        };
        let origin = self.origin.clone().map(|origin| Origin {
            columns: places
                .iter()
                .map(|p| column(&origin, *p).unwrap_or(0))
                .collect(),
            ..origin
        });
        Ok(Self {
            feature_names: names.to_vec(),
            features,
            origin,
            ..self.clone()
        })
    }

    /// The rows whose group number satisfies `keep`, in their order; classes and groups keep their numbers.
    ///
    /// ```
    /// use timbral_data::FeatureTable;
    ///
    /// let ids = ["a.0.wav", "b.0.wav", "a.1.wav"].map(str::to_owned).to_vec();
    /// let table = FeatureTable::new(vec![], ndarray::Array2::zeros((3, 0)), ids)?
    ///     .with_groups(["a", "b", "a"])?;
    /// assert_eq!(table.select_groups(|group| group == 0).ids(), ["a.0.wav", "a.1.wav"]);
    /// # Ok::<(), timbral_data::Error>(())
    /// ```
    pub fn select_groups(&self, keep: impl Fn(usize) -> bool) -> Self {
        let rows = (0..self.n_rows()).filter(|row| keep(self.groups[*row]));
        self.take(&rows.collect::<Vec<_>>())
    }

    /// Number of rows.
    pub fn n_rows(&self) -> usize {
        self.features.nrows()
    }

    /// Number of feature columns.
    pub fn n_features(&self) -> usize {
        self.features.ncols()
    }

    /// Number of groups.
    pub fn n_groups(&self) -> usize {
        self.group_names.len()
    }

    /// Names of the feature columns.
    pub fn feature_names(&self) -> &[String] {
        &self.feature_names
    }

    /// The numbers, `(n_rows, n_features)`; NaN where a cell is missing.
    pub fn features(&self) -> ArrayView2<'_, f32> {
        self.features.view()
    }

    pub(crate) fn features_mut(&mut self) -> ArrayViewMut2<'_, f32> {
        self.features.view_mut()
    }

    /// Name of each row.
    pub fn ids(&self) -> &[String] {
        &self.ids
    }

    /// Number of samples of each row's sound, which is not a feature.
    pub fn lengths(&self) -> Option<&[u64]> {
        self.lengths.as_deref()
    }

    /// The labels, sorted; empty without labels.
    pub fn classes(&self) -> &[String] {
        &self.classes
    }

    /// Class of each row as an index into [`classes`](Self::classes).
    pub fn labels(&self) -> Option<&[usize]> {
        self.labels.as_deref()
    }

    /// Names of the groups.
    pub fn group_names(&self) -> &[String] {
        &self.group_names
    }

    /// Group of each row as an index into [`group_names`](Self::group_names).
    pub fn groups(&self) -> &[usize] {
        &self.groups
    }
}

/// Names in the order in which they appear.
#[derive(Default)]
struct Distinct {
    known: HashMap<String, usize>,
    names: Vec<String>,
}

impl Distinct {
    /// The number of a name, a new one if it has not appeared yet.
    fn number(&mut self, name: &str) -> usize {
        if let Some(number) = self.known.get(name) {
            return *number;
        }
        let number = self.names.len();
        self.names.push(name.to_owned());
        self.known.insert(name.to_owned(), number);
        number
    }
}

pub(super) fn fits(name: &'static str, got: usize, expected: usize) -> Result<()> {
    if got == expected {
        Ok(())
    } else {
        Err(Error::Length {
            name,
            expected,
            got,
        })
    }
}
