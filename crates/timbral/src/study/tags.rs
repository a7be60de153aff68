//! Models on features and on tags by a network that was trained on other music.

use std::fmt;

use ndarray::Array2;
use timbral_boost::BoostParams;
use timbral_core::Monitor;
use timbral_data::gtzan::{Artists, Taggrams, fault_filtered_split};
use timbral_data::{FeatureTable, GroupBy, Split, SplitMethod};
use timbral_metrics::mcnemar;
use timbral_plot::{Figure, FigureParams, ScoreInterval, score_intervals};

use crate::error::Result;
use crate::experiment::evaluation::Accuracy;
use crate::experiment::fingerprint::Fingerprint;
use crate::experiment::fit::most_probable;
use crate::experiment::folds::folds_by_split_group;
use crate::experiment::probabilities::Probabilities;
use crate::experiment::results::Results;
use crate::experiment::runner::{PlannedFit, run_all};
use crate::linear::logistic::LogisticParams;
use crate::recipes::dense::DenseParams;
use crate::recipes::ensemble::mean;
use crate::recipes::recipe::Recipe;

/// Number of folds; no artist is in two of them.
const N_SPLITS: usize = 5;

/// A model in a [`TagStudy`].
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct TagRow {
    /// The name of the model and of its input.
    pub model: String,
    /// Its accuracy on the test recordings of the fault-filtered partition.
    pub accuracy: Accuracy,
    /// The p-value of McNemar's exact test against the ensemble; `None` for the ensemble.
    pub p_value: Option<f64>,
    /// Its accuracy over folds of all recordings, with no artist in two folds; `None` if the artists are not known.
    pub by_artist: Option<Accuracy>,
}

/// Models on the published features, on the published tags of musicnn, on both, and the mean of those on both.
///
/// They are trained on the training clips of the fault-filtered partition, as far as these have tags (443), and evaluated
/// on its test clips (290), on which nothing is chosen: the penalties of the regressions are chosen on folds of the
/// training clips; the members of the ensemble are fixed.
#[derive(Debug, Clone, PartialEq, Default)]
#[non_exhaustive]
pub struct TagStudy {
    /// The models; the ensemble is the last.
    pub rows: Vec<TagRow>,
    /// Number of training recordings and of test recordings.
    pub n_recordings: [usize; 2],
    /// Number of recordings in all folds and of their artists; `None` if the artists are not known.
    pub n_artists: Option<[usize; 2]>,
}

/// The input of a model.
#[derive(Clone, Copy, PartialEq)]
enum Seen {
    Features,
    Tags,
    Both,
}

impl TagStudy {
    /// Fits the models. `table` has the published features of whole clips. `networks` are probabilities of the test clips
    /// by other models, such as networks on spectrograms, which become members of the ensemble.
    ///
    /// Fits that are in `results` are not repeated; new ones are added to it. `monitor` is called after every step of
    /// every fit and after every fit; the unit is `fits`.
    ///
    /// # Errors
    ///
    /// No row of the table has tags; those of the models; [`Error::Stopped`](crate::Error::Stopped) on `Break`.
    pub fn run(
        table: &FeatureTable,
        tags: &Taggrams,
        artists: Option<&Artists>,
        networks: &[(String, Probabilities)],
        seed: u64,
        results: &Results,
        monitor: &mut dyn Monitor,
    ) -> Result<Self> {
        let mut joined = tags.add_to(table)?;
        if let Some(artists) = artists {
            joined = artists.add_to(joined)?.grouped_by(GroupBy::Artist);
        }
        let logistic = LogisticParams::default();
        let (boost, dense) = (trees(), DenseParams::default());
        let models: [(&str, Seen, &dyn Recipe); 5] = [
            ("logistic regression, features", Seen::Features, &logistic),
            ("logistic regression, tags", Seen::Tags, &logistic),
            (
                "logistic regression, features and tags",
                Seen::Both,
                &logistic,
            ),
            ("boosted trees, features and tags", Seen::Both, &boost),
            ("dense network, features and tags", Seen::Both, &dense),
        ];
        let split = fault_filtered_split(&joined)?;
        let folds = match artists {
            Some(_) => folds_by_split_group(&joined, N_SPLITS, seed)?,
            None => Vec::new(),
        };
        let folds: Vec<Split> = folds.into_iter().map(Split::from).collect();
        let mut tables = Vec::new();
        for (_, seen, _) in models {
            let table = of_columns(&joined, seen)?;
            tables.push((Fingerprint::of_table(&table), table));
        }
        let mut plan = Vec::new();
        for ((_, _, recipe), (content, table)) in models.into_iter().zip(&tables) {
            let mut add = |method, split: &Split| {
                let fit = PlannedFit::new(recipe, table, content, method, seed, split.clone());
                plan.push(fit.without_train_accuracy());
            };
            add(SplitMethod::FaultFiltered, &split);
            folds
                .iter()
                .for_each(|fold| add(SplitMethod::StratifiedGrouped, fold));
        }
        let runs = run_all(&plan, results, monitor)?;
        // For each model the probabilities of the test clips, then those of all clips by folds.
        let mut outputs = Vec::new();
        for runs in runs.chunks(1 + folds.len()) {
            let mut by_folds = Array2::zeros((joined.n_rows(), joined.classes().len()));
            for (run, fold) in runs[1..].iter().zip(&folds) {
                for (row, values) in fold.test.iter().zip(run.probabilities.values().rows()) {
                    by_folds.row_mut(*row).assign(&values);
                }
            }
            outputs.push((runs[0].probabilities.values().to_owned(), by_folds));
        }
        let test = joined.select(&split.test)?;
        let mut names: Vec<String> = models.iter().map(|(name, ..)| (*name).to_owned()).collect();
        let members: Vec<usize> = (0..models.len())
            .filter(|i| models[*i].1 == Seen::Both)
            .collect();
        let both = |part: usize| -> Vec<Array2<f32>> {
            let of = |i: &usize| match part {
                0 => outputs[*i].0.clone(),
                _ => outputs[*i].1.clone(),
            };
            members.iter().map(of).collect()
        };
        names.push("mean of the models of features and tags".to_owned());
        let (mut on_test, by_folds) = (both(0), both(1));
        outputs.push((mean(&on_test)?, mean(&by_folds)?));
        if !networks.is_empty() {
            for (name, probabilities) in networks {
                let rows = rows_of(probabilities, &test);
                outputs.push((rows.clone(), Array2::zeros((0, 0))));
                names.push(name.clone());
                on_test.push(rows);
            }
            names.push("mean of these and the networks".to_owned());
            outputs.push((mean(&on_test)?, Array2::zeros((0, 0))));
        }
        let truth = test.labels().unwrap_or_default();
        let best = match outputs.last() {
            Some((on_test, _)) => most_probable(on_test.view())?,
            None => Vec::new(),
        };
        let mut rows = Vec::new();
        for (i, (model, (on_test, by_folds))) in names.into_iter().zip(&outputs).enumerate() {
            let predicted = most_probable(on_test.view())?;
            let is_last = i + 1 == outputs.len();
            let p_value = match is_last {
                true => None,
                false => Some(mcnemar(truth, &predicted, &best)?.p_value),
            };
            let by_artist = match folds.is_empty() || by_folds.nrows() == 0 {
                true => None,
                false => Some(Accuracy::new(&joined, &most_probable(by_folds.view())?)?),
            };
            rows.push(TagRow {
                model,
                accuracy: Accuracy::new(&test, &predicted)?,
                p_value,
                by_artist,
            });
        }
        Ok(Self {
            rows,
            n_recordings: [split.train.len(), split.test.len()],
            n_artists: artists.map(|_| [joined.n_rows(), joined.n_split_groups()]),
        })
    }

    /// The accuracies with their intervals.
    ///
    /// # Errors
    ///
    /// It cannot be drawn.
    pub(crate) fn figure(&self) -> Result<Figure> {
        let mut estimates = Vec::new();
        for row in &self.rows {
            let on = [
                ("fault-filtered", Some(row.accuracy)),
                ("folds by artist", row.by_artist),
            ];
            for (split, accuracy) in on {
                if let Some(a) = accuracy {
                    let interval = [a.low, a.high];
                    estimates.push(ScoreInterval::new(
                        row.model.clone(),
                        split,
                        a.value,
                        interval,
                    ));
                }
            }
        }
        let params = FigureParams::titled("Features and tags").sized(900, 520);
        Ok(score_intervals(
            &estimates,
            "accuracy by recording",
            &params,
        )?)
    }

    /// The columns and cells of the table of results.
    pub(crate) fn table(&self) -> ([&'static str; 5], Vec<Vec<String>>) {
        let columns = [
            "model",
            "fault-filtered",
            "95 % interval",
            "p against the last",
            "folds by artist",
        ];
        let cells = |row: &TagRow| {
            let accuracy = |a: &Accuracy| format!("{:.3} ({:.3} to {:.3})", a.value, a.low, a.high);
            vec![
                row.model.clone(),
                format!("{:.3}", row.accuracy.value),
                format!("{:.3} to {:.3}", row.accuracy.low, row.accuracy.high),
                row.p_value.map_or(String::new(), |p| format!("{p:.3}")),
                row.by_artist.as_ref().map_or(String::new(), accuracy),
            ]
        };
        (columns, self.rows.iter().map(cells).collect())
    }
}

/// A line for each model.
impl fmt::Display for TagStudy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [train, test] = self.n_recordings;
        write!(
            f,
            "features and published tags, {train} training and {test} test recordings"
        )?;
        if let Some([recordings, artists]) = self.n_artists {
            write!(
                f,
                "; folds of {recordings} recordings by artist ({artists} groups)"
            )?;
        }
        for cells in self.table().1 {
            write!(
                f,
                "\n{:<42} {:>6}  {:>14}  p {:>5}  {}",
                cells[0], cells[1], cells[2], cells[3], cells[4]
            )?;
        }
        Ok(())
    }
}

/// Trees for few rows and many columns.
fn trees() -> BoostParams {
    BoostParams {
        n_rounds: 200,
        learning_rate: 0.1,
        max_depth: 3,
        subsample: 0.5,
        colsample_bynode: 0.3,
        ..BoostParams::default()
    }
}

fn of_columns(table: &FeatureTable, seen: Seen) -> Result<FeatureTable> {
    let is_tag = |name: &&String| name.starts_with("tag");
    let names = table.feature_names().iter();
    let names: Vec<String> = match seen {
        Seen::Both => return Ok(table.clone()),
        Seen::Tags => names.filter(is_tag).cloned().collect(),
        Seen::Features => names.filter(|name| !is_tag(name)).cloned().collect(),
    };
    Ok(table.select_features(&names)?)
}

/// The mean probabilities of the recordings of a table, in its order of rows and classes; equal ones where unknown.
fn rows_of(probabilities: &Probabilities, test: &FeatureTable) -> Array2<f32> {
    let k = test.classes().len();
    let places = test.classes().iter();
    let places: Vec<Option<usize>> = places
        .map(|class| probabilities.classes().iter().position(|c| c == class))
        .collect();
    Array2::from_shape_fn((test.n_rows(), k), |(row, class)| {
        let recording = &test.group_names()[test.groups()[row]];
        let rows = (0..probabilities.n_rows()).filter(|r| probabilities.recording(*r) == recording);
        let of = |r: usize| places[class].map_or(0.0, |place| probabilities.values()[[r, place]]);
        let values: Vec<f32> = rows.map(of).collect();
        match values.is_empty() {
            true => 1.0 / k as f32,
            false => values.iter().sum::<f32>() / values.len() as f32,
        }
    })
}
