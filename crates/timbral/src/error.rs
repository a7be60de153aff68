use std::path::{Path, PathBuf};

use timbral_core::{InvalidParameter, JsonLinesError};

/// The errors of this crate, from sound files to the evaluation of models.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A monitor stopped the work.
    #[error("stopped")]
    Stopped,
    /// A sound file cannot be decoded.
    #[error(transparent)]
    Audio(#[from] timbral_audio::Error),
    /// Parameters are out of range, or a signal has no features.
    #[error("{}{reason}", path.as_ref().map(|p| format!("{}: ", p.display())).unwrap_or_default())]
    Features {
        /// The sound file, if the error comes from one.
        path: Option<PathBuf>,
        /// The reason.
        reason: timbral_dsp::Error,
    },
    /// Boosted trees cannot be trained or used.
    #[error(transparent)]
    Boost(#[from] timbral_boost::Error),
    /// A table cannot be read, split or written.
    #[error(transparent)]
    Table(timbral_data::Error),
    /// Synthetic recordings cannot be made.
    #[cfg(feature = "synth")]
    #[error(transparent)]
    Synth(timbral_synth::Error),
    /// A network cannot be trained or used.
    #[error(transparent)]
    Network(#[from] timbral_nn::Error),
    /// A published network, or its weights, cannot be used.
    #[cfg(feature = "pretrained")]
    #[error(transparent)]
    Pretrained(#[from] timbral_pretrained::Error),
    /// A [`Recipe`](crate::Recipe) from outside this crate, or a model of another crate in one, failed.
    #[error(transparent)]
    Recipe(Box<dyn std::error::Error + Send + Sync>),
    /// A parameter is out of its range, or a name is not known.
    #[error(transparent)]
    InvalidParameter(#[from] InvalidParameter),
    /// A saved classifier or index cannot be read: it is of another kind, damaged, or of another
    /// version.
    #[error("{}: {reason}", path.display())]
    Saved {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// The parts of a classifier do not fit together.
    #[error("member {member} of the classifier: {reason}")]
    Member {
        /// Number of the model, from 0.
        member: usize,
        /// The part that does not fit, and why.
        reason: String,
    },
    /// Predictions cannot be scored.
    #[error(transparent)]
    Metrics(#[from] timbral_metrics::Error),
    /// A table for training or evaluation has no labels.
    #[error(
        "the table has no labels: it needs a column `label`, or the name of another one (--label of the commands)"
    )]
    NoLabels,
    /// Every row of a table for training has the same label.
    #[error("all rows have the label {label}: at least two different labels are needed")]
    OneClass {
        /// The label.
        label: String,
    },
    /// A label is none of the classes of the probabilities.
    #[error("the table's label {label} is not among the model's classes {}", classes.join(", "))]
    UnknownLabel {
        /// The label.
        label: String,
        /// The model's classes.
        classes: Vec<String>,
    },
    /// The classes of a model have no names, and the labels of the table do not determine them.
    #[error(
        "the model has {expected} classes without names, and {}; name all classes in their order \
         (option --classes)",
        labelled(labels, got)
    )]
    ClassNames {
        /// Number of classes of the model.
        expected: usize,
        /// The names that were given or found.
        got: Vec<String>,
        /// The labels of the table.
        labels: Vec<String>,
    },
    /// A feature that a model needs is not in the table.
    #[error("the table has no feature {name}")]
    NoFeature {
        /// The feature.
        name: String,
    },
    /// An index of similar tracks was made from a table, so that sound files cannot be compared with it.
    #[error(
        "the index was made from a table, so that the parameters of its features are unknown: compare with a track \
         of the index, or make the index from sound files"
    )]
    IndexOfTable,
    /// An index of similar tracks has no track of that name.
    #[error("there is no track {name} in the index")]
    NoTrack {
        /// The track.
        name: String,
    },
    /// A part that is needed has no rows.
    #[error("there are no {part} rows")]
    EmptyPart {
        /// The part.
        part: &'static str,
    },
    /// All files are of one genre.
    #[error(
        "all files are in one folder, {genre}: a classifier needs at least two classes, each in a folder \
         of its own"
    )]
    OneGenre {
        /// The genre.
        genre: String,
    },
    /// Probabilities of another shape than the table and the classes have.
    #[error("expected probabilities of shape {expected:?}, got {got:?}")]
    Probabilities {
        /// Rows and classes.
        expected: (usize, usize),
        /// The shape.
        got: (usize, usize),
    },
    /// Models of this kind cannot be kept in a file.
    #[error("models of this kind have no file format; boosted trees and networks have one")]
    NoModelFile,
    /// There is no model to average or compare.
    #[error("there are no models to average or compare: give at least one")]
    NoMembers,
    /// The probabilities of two models are of different classes.
    #[error("the classes {} are not {}", got.join(", "), expected.join(", "))]
    OtherClasses {
        /// The classes before.
        expected: Vec<String>,
        /// The others.
        got: Vec<String>,
    },
    /// The probabilities of two models are of different recordings.
    #[error("the recording {name} is not in all of the tables")]
    OtherRecordings {
        /// The first recording that is missing somewhere.
        name: String,
    },
    /// Rows of one recording have different labels.
    #[error("the recording {name} has rows of several labels")]
    SeveralLabels {
        /// The recording.
        name: String,
    },
    /// An input folder or file cannot be read.
    #[error("{}: {reason}", path.display())]
    Input {
        /// The file or folder.
        path: PathBuf,
        /// The reason.
        reason: String,
    },
    /// A sound file is shorter than one segment.
    #[error("{}: {got} samples are less than one segment of {needed}", path.display())]
    TooShort {
        /// The sound file.
        path: PathBuf,
        /// Samples of a segment.
        needed: usize,
        /// Samples of the file.
        got: usize,
    },
    /// A row has another number of values than the table has columns of features.
    #[error("{}: a row of {got} values, expected {expected}", path.display())]
    Row {
        /// The sound file.
        path: PathBuf,
        /// The columns of features.
        expected: usize,
        /// The values.
        got: usize,
    },
    /// Segments without samples, or with a stride that is too short.
    #[error(
        "segments of {length} samples every {stride}: both must be at least 1, and the stride at least a 64th of the length"
    )]
    Segments {
        /// Samples of a segment.
        length: usize,
        /// Samples from one start to the next.
        stride: usize,
    },
    /// A space to search has no parameters, or a range that is empty.
    #[error("search: {name}{}{reason}", if name.is_empty() { "" } else { ": " })]
    Space {
        /// The parameter; empty where there is none.
        name: String,
        /// The reason.
        reason: &'static str,
    },
    /// A score of a search is NaN.
    #[error("search: the score at {resources} resources is NaN: {point}")]
    Score {
        /// The parameters.
        point: String,
        /// The resources.
        resources: usize,
    },
    /// A figure or report cannot be made.
    #[cfg(feature = "plot")]
    #[error(transparent)]
    Plot(#[from] timbral_plot::Error),
    /// A point of a search does not make valid parameters.
    #[error("search: {point}: {reason}")]
    Point {
        /// The point.
        point: String,
        /// The reason.
        reason: String,
    },
    /// A log of results cannot be read or written.
    #[error(transparent)]
    Log(#[from] JsonLinesError),
    /// A log has results about other tables.
    #[error(
        "{}: has results for other data ({differences}); choose another file", path.display()
    )]
    OtherResults {
        /// The log.
        path: PathBuf,
        /// What differs: the value of the log, then the expected value.
        differences: String,
    },
}

/// What is known of the names of classes.
fn labelled(labels: &[String], names: &[String]) -> String {
    match names {
        [] => format!("the table {} labels ({})", labels.len(), labels.join(", ")),
        names => format!("{} names were given", names.len()),
    }
}

/// The crate's result type.
pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    /// The error of a model of another crate.
    #[cfg(any(feature = "linfa", feature = "smartcore"))]
    pub(crate) fn recipe(reason: impl std::fmt::Display) -> Self {
        Self::Recipe(reason.to_string().into())
    }

    pub(crate) fn saved(path: &Path, reason: String) -> Self {
        let path = path.to_owned();
        Self::Saved { path, reason }
    }
}

/// Work of that crate that was stopped is [`Error::Stopped`].
impl From<timbral_data::Error> for Error {
    fn from(error: timbral_data::Error) -> Self {
        match error {
            timbral_data::Error::Stopped => Self::Stopped,
            timbral_data::Error::NoFeature { name } => Self::NoFeature { name },
            other => Self::Table(other),
        }
    }
}

/// Work of that crate that was stopped is [`Error::Stopped`].
#[cfg(feature = "synth")]
impl From<timbral_synth::Error> for Error {
    fn from(error: timbral_synth::Error) -> Self {
        match error {
            timbral_synth::Error::Stopped => Self::Stopped,
            other => Self::Synth(other),
        }
    }
}

impl From<timbral_dsp::Error> for Error {
    fn from(reason: timbral_dsp::Error) -> Self {
        Self::Features { path: None, reason }
    }
}
