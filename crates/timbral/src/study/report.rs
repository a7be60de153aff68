use std::fmt::{self, Write};
use std::path::Path;

use timbral_core::write_json;
use timbral_data::{LeakReport, SplitMethod};
use timbral_metrics::{BinParams, Scores, expected_calibration_error};
use timbral_plot::Report;

use crate::error::{Error, Result};
use crate::explore::{CaptionedFigure, sound_grid, table_figures};
use crate::recipes::kind::ModelKind;
use crate::study::claims::{by_recording, by_row, claims};
use crate::study::models;
use crate::study::run::{Study, StudyRun};

/// The table of results, in aligned columns.
impl fmt::Display for Study {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (columns, rows) = self.table();
        let heading: Vec<String> = columns.iter().map(|column| (*column).to_owned()).collect();
        let lines = || std::iter::once(&heading).chain(&rows);
        let width = |c: usize| {
            lines()
                .map(|line| line[c].chars().count())
                .max()
                .unwrap_or(0)
        };
        let widths: Vec<usize> = (0..columns.len()).map(width).collect();
        for line in lines() {
            let cells = line
                .iter()
                .zip(&widths)
                .map(|(cell, width)| format!("{cell:<width$}"));
            writeln!(f, "{}", cells.collect::<Vec<_>>().join("  ").trim_end())?;
        }
        match &self.tags {
            Some(tags) => write!(f, "\n{tags}\n"),
            None => Ok(()),
        }
    }
}

impl Study {
    /// Writes `index.html`, the page, and `results.json`, the table and the claims, into a folder.
    ///
    /// # Errors
    ///
    /// Those of [`report`](Self::report), or a file cannot be written.
    pub fn save(&self, folder: impl AsRef<Path>) -> Result<()> {
        let folder = folder.as_ref();
        self.report()?.save(folder.join("index.html"))?;
        let (columns, rows) = self.table();
        let rows: Vec<_> = rows
            .iter()
            .map(|row| {
                columns
                    .iter()
                    .zip(row)
                    .collect::<std::collections::BTreeMap<_, _>>()
            })
            .collect();
        let results = serde_json::json!({
            "material": self.material.name,
            "results": rows,
            "claims": claims(self),
            "tags": self.tags.as_ref().map(|tags| tags.table().1),
        });
        let path = folder.join("results.json");
        write_json(&path, &results).map_err(|e| Error::Input {
            reason: e.to_string(),
            path,
        })
    }

    /// The study as a page: data, leak, models, published claims, conclusions, time and memory.
    ///
    /// # Errors
    ///
    /// A sound cannot be read, a figure cannot be drawn.
    pub fn report(&self) -> Result<Report> {
        let material = &self.material;
        let mut report = Report::new(
            "Music genres: a study with and without leaks",
            format!(
                "{}. Boosted trees, a dense network{} on random rows, the usual protocol, and on recordings \
                 that the models were not trained on.",
                material.name,
                if material.spectrograms.is_some() {
                    " and a convolutional network"
                } else {
                    ""
                },
            ),
        );
        self.summary(&mut report)?;
        self.data(&mut report)?;
        self.leak(&mut report)?;
        for model in self.models() {
            models::section(self, model, &mut report)?;
        }
        self.tags_section(&mut report)?;
        self.claims_section(&mut report)?;
        self.conclusions(&mut report)?;
        self.cost(&mut report)?;
        Ok(report)
    }

    /// The models, in the order in which they were fitted.
    pub fn models(&self) -> Vec<ModelKind> {
        let mut models: Vec<ModelKind> = self.runs.iter().map(|run| run.model).collect();
        models.dedup();
        models
    }

    /// The splits of a model, in the order in which they were used.
    pub(crate) fn splits(&self, model: ModelKind) -> Vec<SplitMethod> {
        let runs = self.runs.iter().filter(|run| run.model == model);
        let mut splits: Vec<SplitMethod> = runs.map(|run| run.split).collect();
        splits.dedup();
        splits
    }

    /// A row of results for every model and split: accuracy by segment, by recording with its interval,
    /// log loss and calibration error.
    pub fn table(&self) -> (Vec<&'static str>, Vec<Vec<String>>) {
        let columns = vec![
            "model",
            "split",
            "train",
            "test rows",
            "95 % interval",
            "recordings",
            "log loss",
            "calibration error",
            "seeds",
            "n rows",
        ];
        let mut rows = Vec::new();
        for model in self.models() {
            for split in self.splits(model) {
                let number = |f: &dyn Fn(&StudyRun) -> Option<f64>| {
                    let spread = self.spread(model, split, f);
                    spread.map_or(String::new(), |spread| spread.to_string())
                };
                let runs: Vec<&StudyRun> = self.of(model, split).collect();
                let first = runs.first().map(|run| &run.evaluation);
                let interval = first.map_or(String::new(), |evaluation| {
                    format!(
                        "{:.3} to {:.3}",
                        evaluation.by_row.low, evaluation.by_row.high
                    )
                });
                rows.push(vec![
                    model.to_string(),
                    split.to_string(),
                    number(&|run| Some(run.train_accuracy)),
                    number(&by_row),
                    interval,
                    number(&by_recording),
                    number(&|run| Some(run.evaluation.log_loss)),
                    number(&calibration_error),
                    runs.len().to_string(),
                    first
                        .map_or(0, |evaluation| evaluation.by_row.n)
                        .to_string(),
                ]);
            }
        }
        (columns, rows)
    }

    fn summary(&self, report: &mut Report) -> Result<()> {
        report.section("In short");
        let mut cards = Vec::new();
        for model in self.models() {
            for split in [SplitMethod::Random, self.held_out_split()] {
                if let Some(spread) = self.spread(model, split, by_row) {
                    cards.push((format!("{model}, {split}: accuracy"), spread.to_string()));
                }
            }
        }
        report.cards(&cards);
        let (columns, rows) = self.table();
        report.table("All results", &columns, &rows)?;
        report.paragraph(
            "Mean and, over several seeds, standard deviation. The interval is that of the first seed: \
             recordings are drawn with replacement, since segments of one recording are not \
             independent. The class of a recording is that with the highest mean probability over its \
             segments. Test rows were used once; the number of epochs of the dense network is chosen on a \
             part of the training rows.",
        );
        report.figure(
            &models::forest(self)?,
            "Accuracy by segment with 95 % intervals",
        )?;
        Ok(())
    }

    fn data(&self, report: &mut Report) -> Result<()> {
        let table = &self.material.table;
        report.section("The data").paragraph(format!(
            "{} rows of {} recordings, {} features, {} genres.",
            table.n_rows(),
            table.n_groups(),
            table.n_features(),
            table.classes().len(),
        ));
        for CaptionedFigure { figure, caption } in table_figures(table)? {
            report.figure(&figure, caption)?;
        }
        for CaptionedFigure { figure, caption } in sound_grid(&self.material.sounds)? {
            report.figure(&figure, caption)?;
        }
        Ok(())
    }

    fn leak(&self, report: &mut Report) -> Result<()> {
        report.section("The leak").paragraph(
            "A recording has several rows. If test rows are drawn at random, other segments of most test \
             recordings are among the training rows, and a model can recognise the recording instead of \
             the genre.",
        );
        let table = &self.material.table;
        for split in self.material.splits() {
            let parts = split.split(table, 0)?;
            report.subsection(format!("Split: {split}"));
            report.preformatted(LeakReport::of_split(table, &parts)?.to_string());
        }
        Ok(())
    }

    fn tags_section(&self, report: &mut Report) -> Result<()> {
        let Some(tags) = &self.tags else {
            return Ok(());
        };
        let [train, test] = tags.n_recordings;
        report.section("Tags by a network trained on other music").paragraph(format!(
            "The published tags of musicnn (Pons and Serra 2019; ISC licence) over the windows of a clip, as mean, \
             standard deviation and mean logarithm, beside the published features: {train} training and {test} test \
             recordings of the fault-filtered partition. Penalties are chosen on folds of the training recordings, \
             nothing on the test recordings. The folds by artist are of all these recordings and share no artist."
        ));
        let (columns, rows) = tags.table();
        report.table("Features and tags", &columns, &rows)?;
        report.figure(
            &tags.figure()?,
            "Accuracy with 95 % intervals over recordings",
        )?;
        Ok(())
    }

    fn claims_section(&self, report: &mut Report) -> Result<()> {
        report.section("Claims of the published study");
        let columns = [
            "published, on GTZAN",
            "the same protocol here",
            "held-out recordings",
        ];
        let claims = claims(self).into_iter();
        let rows: Vec<Vec<String>> = claims
            .map(|claim| vec![claim.published.to_owned(), claim.here, claim.held_out])
            .collect();
        report.table("Claims and results", &columns, &rows)?;
        Ok(())
    }

    fn conclusions(&self, report: &mut Report) -> Result<()> {
        report.section("Conclusions");
        let split = self.held_out_split();
        for model in self.models() {
            let of = |split| self.spread(model, split, by_row);
            let Some(held_out) = of(split) else {
                continue;
            };
            let mut text = match of(SplitMethod::Random) {
                Some(random) => {
                    let lost = random.mean - held_out.mean;
                    let times = (1.0 - held_out.mean) / (1.0 - random.mean).max(1e-9);
                    format!(
                        "{model}: {random} on random rows, {held_out} on held-out recordings ({split}), \
                         with {times:.1} times the errors: {lost:.3} of the accuracy comes from recordings \
                         in the training rows."
                    )
                }
                None => format!("{model}: {held_out} on held-out recordings ({split})."),
            };
            if let Some(run) = self.of(model, split).next() {
                // Writing to a String cannot fail.
                let _ = write!(text, " {}", models::confused(run));
            }
            report.paragraph(text);
        }
        Ok(())
    }

    fn cost(&self, report: &mut Report) -> Result<()> {
        report.section("Time and memory");
        let mut rows = Vec::new();
        for model in self.models() {
            for split in self.splits(model) {
                let seconds = |f: fn(&StudyRun) -> f64| {
                    let spread = self.spread(model, split, |run| Some(f(run)));
                    spread.map_or(String::new(), |spread| format!("{:.2}", spread.mean))
                };
                let (fit, predict) = (
                    seconds(|run| run.fit_seconds),
                    seconds(|run| run.predict_seconds),
                );
                rows.push(vec![model.to_string(), split.to_string(), fit, predict]);
            }
        }
        report.table(
            "Means over the seeds",
            &["model", "split", "fit, s", "predict, s"],
            &rows,
        )?;
        if let Some(mebibytes) = peak_memory() {
            report.paragraph(format!("Peak memory of the whole run: {mebibytes:.0} MiB."));
        }
        Ok(())
    }
}

/// The mean difference between the probability of the most probable class and the accuracy.
fn calibration_error(run: &StudyRun) -> Option<f64> {
    let probabilities = run.values().mapv(f64::from);
    let scores = Scores::try_from(probabilities.view()).ok()?;
    expected_calibration_error(&run.labels, &scores, &BinParams::default()).ok()
}

/// The peak memory of this process in MiB; on Linux only.
fn peak_memory() -> Option<f64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kibibytes: f64 = line.trim().trim_end_matches(" kB").parse().ok()?;
    Some(kibibytes / 1024.0)
}
