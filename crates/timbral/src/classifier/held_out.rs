//! Predictions for recordings that were not trained on.

use ndarray::Array2;
#[cfg(feature = "plot")]
use {
    super::calibration::{Calibration, Rejection},
    super::provenance::Provenance,
    crate::error::{Error, Result},
    crate::experiment::fit::hits,
    timbral_metrics::{BinParams, roc_curve},
    timbral_plot::{FigureParams, Report, Series, line_plot, reliability_diagram},
};

/// The predictions for held-out recordings, on which the scores, the [`Calibration`](crate::Calibration) and the
/// [`Rejection`](crate::Rejection) of a classifier are measured. No model was trained on the recording that it
/// predicts here.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct HeldOut {
    /// The class of each recording.
    pub labels: Vec<usize>,
    /// The probabilities by models that were trained on the other folds, shape `(n, n_classes)`.
    pub probabilities: Array2<f64>,
    /// These probabilities after calibration by the predictions for the other folds; equal to `probabilities` if
    /// calibration does not lower the log loss.
    pub calibrated: Array2<f64>,
    /// The calibrated probabilities of the most probable genre for recordings of known genres, by models for whose
    /// training another genre was left out; empty if the rejection was not measured.
    pub known: Vec<f64>,
    /// The same probabilities for the recordings of that other genre which are in no group with training recordings.
    pub unknown: Vec<f64>,
}

#[cfg(feature = "plot")]
impl HeldOut {
    pub(super) fn report(&self, provenance: &Provenance) -> Result<Report> {
        let part = "held-out";
        let calibration = provenance.calibration.as_ref();
        let calibration = calibration.ok_or(Error::EmptyPart { part })?;
        let mut report = Report::new(
            "A genre classifier on held-out recordings",
            "Every prediction here is for a recording that the models were not trained on.",
        );
        let number = |x: f64| format!("{x:.3}");
        let mut cards = vec![
            ("log loss", number(calibration.log_loss[1])),
            ("calibration error", number(calibration.error[1])),
        ];
        if let Some(score) = &provenance.score {
            cards.insert(0, ("accuracy", number(score.accuracy.value)));
        }
        if let Some(rejection) = &calibration.rejection {
            cards.push(("none of these: area under the curve", number(rejection.auc)));
        }
        report.section("In short").cards(&cards);
        report.preformatted(provenance.to_string());
        self.reliability(calibration, &mut report)?;
        if let Some(rejection) = &calibration.rejection {
            self.rejection(rejection, &mut report)?;
        }
        Ok(report)
    }

    fn reliability(&self, calibration: &Calibration, report: &mut Report) -> Result<()> {
        let temperature = calibration.temperature;
        let [before, after] = [&self.probabilities, &self.calibrated]
            .map(|probabilities| hits(probabilities.view(), &self.labels));
        let mut sides = Vec::new();
        report.section("Are the probabilities right?");
        if temperature == 1.0 {
            sides.push(("as they are".to_owned(), before?));
            report.paragraph(
                "The probabilities are used as they are: no temperature lowers the log loss.",
            );
        } else {
            sides.push(("before".to_owned(), before?));
            sides.push((format!("after, temperature {temperature:.3}"), after?));
            report.paragraph(
                "Probabilities after calibration are those with a temperature that was fitted to the predictions for the \
                 other folds; the temperature of the classifier is fitted to all.",
            );
        }
        let sides: Vec<_> = sides
            .iter()
            .map(|(name, (hits, p))| (name, &hits[..], &p[..]))
            .collect();
        let params = FigureParams::titled("Reliability on held-out recordings");
        let figure = reliability_diagram(&sides, &BinParams::default(), &params)?;
        let n = self.labels.len();
        report.figure(
            &figure,
            format!("How often the most probable genre is the right one, by its probability; {n} recordings"),
        )?;
        Ok(())
    }

    fn rejection(&self, rejection: &Rejection, report: &mut Report) -> Result<()> {
        let is_unknown = self.known.iter().map(|_| false);
        let is_unknown: Vec<bool> = is_unknown
            .chain(self.unknown.iter().map(|_| true))
            .collect();
        let scores = self.known.iter().chain(&self.unknown).map(|p| -p);
        let curve = roc_curve(&is_unknown, &scores.collect::<Vec<_>>(), None, true)?;
        let threshold = rejection.threshold;
        let [known, unknown] = [&self.known, &self.unknown].map(|side| {
            let below = side.iter().filter(|p| **p < threshold).count();
            below as f64 / side.len().max(1) as f64
        });
        let series = [
            Series::new(
                format!("area under the curve {:.3}", rejection.auc),
                curve.fpr,
                curve.tpr,
            ),
            Series::new("chance, 0.5", vec![0.0, 1.0], vec![0.0, 1.0]),
            Series::new(
                format!("threshold {threshold:.3}"),
                vec![known],
                vec![unknown],
            ),
        ];
        let figure = line_plot(
            &series,
            "fraction of known genres rejected",
            "fraction of unknown genres rejected",
            &FigureParams::titled("None of these: rejection of held-out genres"),
        )?;
        report.section("Is music of other genres recognised?").paragraph(
            "Each genre in turn is left out of the training, and its recordings are the unknown ones; recordings of the \
             other genres that were not trained on, either, are the known ones. A recording is rejected if the probability \
             of its most probable genre is below a threshold.",
        );
        report.figure(
            &figure,
            format!(
                "The threshold of the classifier rejects {unknown:.2} of {} unknown and {known:.2} of {} known predictions",
                self.unknown.len(),
                self.known.len()
            ),
        )?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(feature = "plot")]
    #[test]
    fn the_page_shows_both_sides_of_the_calibration_and_the_rejection() {
        use crate::classifier::calibration::tests::overconfident;

        let (probabilities, labels, folds) = overconfident();
        let (mut calibration, calibrated) =
            Calibration::new(&probabilities, &labels, &folds).unwrap();
        let mut held_out = HeldOut {
            labels,
            probabilities,
            calibrated,
            known: Vec::new(),
            unknown: Vec::new(),
        };
        let page = |held_out: &HeldOut, calibration: &Calibration| {
            let provenance = Provenance {
                calibration: Some(calibration.clone()),
                ..Provenance::default()
            };
            held_out.report(&provenance).unwrap().html()
        };
        let html = page(&held_out, &calibration);
        assert_eq!(html.matches("<figure ").count(), 1);
        assert!(
            html.contains("\nbefore\n") && html.contains("\nafter, temperature 4.183\n"),
            "{html}"
        );
        // Rejected are 1 of 4 known and 3 of 4 unknown predictions; of the 16 pairs 14 are in order.
        held_out.known = vec![0.5, 0.7, 0.8, 0.9];
        held_out.unknown = vec![0.2, 0.3, 0.4, 0.75];
        let new = Rejection::new(&[0.55; 20], &held_out.known, &held_out.unknown).unwrap();
        assert_eq!((new.threshold, new.auc), (0.55, 14.0 / 16.0));
        calibration.rejection = Some(new);
        let html = page(&held_out, &calibration);
        assert_eq!(html.matches("<figure ").count(), 2);
        assert!(
            html.contains("rejects 0.75 of 4 unknown and 0.25 of 4 known"),
            "{html}"
        );
        assert!(html.contains("\narea under the curve 0.875\n"), "{html}");
        // Probabilities that no temperature makes better are drawn once.
        calibration.temperature = 1.0;
        let html = page(&held_out, &calibration);
        assert!(
            html.contains("\nas they are\n") && !html.contains("\nafter, "),
            "{html}"
        );
    }

    #[cfg(feature = "synth")]
    #[test]
    fn no_prediction_is_for_a_recording_that_was_trained_on() {
        use crate::classifier::{ClassifierParams, ModelParams};
        use crate::experiment::fit::hits;
        use crate::extraction::inputs::Inputs;

        let folder = tempfile::tempdir().unwrap();
        let corpus = timbral_synth::SynthParams {
            recordings_per_genre: 2,
            seconds: 3.5,
            ..Default::default()
        };
        let corpus = timbral_synth::SynthCorpus::new(corpus).unwrap();
        corpus.write(folder.path(), &mut ()).unwrap();
        let files = Inputs::find([folder.path()]).unwrap().files;
        let mut params = ClassifierParams {
            n_splits: 2,
            reject: true,
            ..ClassifierParams::default()
        };
        for member in &mut params.members {
            if let ModelParams::Boost(boost) = &mut member.model {
                boost.n_rounds = 10;
            }
        }
        let fitted = params.fit(&files, &mut ()).unwrap();
        let held_out = fitted.held_out.as_ref().unwrap();
        assert_eq!(held_out.probabilities.dim(), (20, 10));
        let n_right = |probabilities: &Array2<f64>| {
            let (hits, _) = hits(probabilities.view(), &held_out.labels).unwrap();
            hits.iter().filter(|hit| **hit).count()
        };
        // A temperature changes no rank, and training rows would all be right.
        let n = n_right(&held_out.probabilities);
        assert!(n < 20 && n == n_right(&held_out.calibrated));
        let provenance = fitted.classifier.provenance();
        let score = provenance.score.unwrap();
        assert_eq!(score.accuracy.value, n as f64 / 20.0);
        // Each recording once as of an unknown genre; each time 9 of the fold are of known ones.
        assert_eq!((held_out.known.len(), held_out.unknown.len()), (90, 20));
        #[cfg(feature = "plot")]
        assert_eq!(
            fitted.report().unwrap().html().matches("<figure ").count(),
            2
        );
        // A copy in the folder of another genre: in one of the two rounds the other is among the training recordings.
        let copy = files[2].with_file_name("copy.wav");
        std::fs::copy(&files[0], &copy).unwrap();
        let with_copy = Inputs::find([folder.path()]).unwrap().files;
        let fitted = params.fit(&with_copy, &mut ()).unwrap();
        assert_eq!(fitted.held_out.unwrap().unknown.len(), 20);
        params.n_splits = 0;
        let fitted = params.fit(&files, &mut ()).unwrap();
        assert_eq!(fitted.held_out, None);
        #[cfg(feature = "plot")]
        assert!(fitted.report().is_err());
    }
}
