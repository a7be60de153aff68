//! One of each figure, with synthetic data that resemble real ones.
use ndarray::Array2;
use timbral_metrics::{BinParams, ConfusionMatrix, Scores};
use timbral_plot::*;

pub(crate) const GENRES: [&str; 10] = [
    "blues",
    "classical",
    "country",
    "disco",
    "hiphop",
    "jazz",
    "metal",
    "pop",
    "reggae",
    "rock",
];

/// Pseudo-random numbers in 0..1 (Knuth's linear congruential generator).
pub(crate) struct Noise(pub(crate) u64);

impl Noise {
    pub(crate) fn next(&mut self) -> f64 {
        self.0 = self
            .0
            .wrapping_mul(6364136223846793005)
            .wrapping_add(1442695040888963407);
        (self.0 >> 11) as f64 / (1u64 << 53) as f64
    }

    /// Approximately normal.
    fn bell(&mut self) -> f64 {
        (0..12).map(|_| self.next()).sum::<f64>() - 6.0
    }
}

/// `size` is the number of examples, samples or frames; `constant` replaces all values by 1.
pub(crate) fn figures(
    size: usize,
    constant: bool,
    theme: Theme,
) -> Result<Vec<(&'static str, Figure)>> {
    let mut noise = Noise(7);
    let value = |v: f64| if constant { 1.0 } else { v };
    let p = |title: &str| FigureParams {
        theme,
        ..FigureParams::titled(title)
    };
    let frames = FrameTiming::default();
    let mel = FrequencyAxis::Mel {
        f_min: 0.0,
        f_max: 11025.0,
    };
    let audio: Vec<f32> = (0..size * 200)
        .map(|i| {
            value((i as f64 * 0.05).sin() * (i as f64 / 9000.0).sin().abs() * (0.5 + noise.next()))
                as f32
        })
        .collect();
    let mut db = |rows: usize| {
        Array2::from_shape_fn((rows, size), |(row, t)| {
            let ridge = (row as f64 / rows as f64 * 40.0 - 6.0 * (t as f64 / 20.0).sin()).sin();
            value(-60.0 * row as f64 / rows as f64 + 12.0 * ridge + 8.0 * noise.next() - 20.0)
                as f32
        })
    };
    let (stft, bands, chroma, lags) = (
        db(1025),
        db(128),
        db(12).mapv(|v| v + 110.0),
        db(384).mapv(|v| v + 110.0),
    );
    let notes = FrequencyAxis::Notes {
        f_min: 32.703,
        bins_per_octave: 12,
    };
    // A sung line with rests.
    let f0: Vec<f64> = (0..size)
        .map(|t| match t / 30 % 3 {
            2 => f64::NAN,
            _ => value(330.0 + 110.0 * (t as f64 / 17.0).sin() + 6.0 * (t as f64).sin()),
        })
        .collect();
    let n = size.min(400);
    let recurrence = Array2::from_shape_fn((n, n), |(i, j)| {
        let apart = (i as f64 - j as f64).rem_euclid(60.0);
        value((-apart.min(60.0 - apart) / 4.0).exp())
    });
    let half: Vec<(&str, &[f32])> = GENRES.iter().map(|g| (*g, &audio[..])).collect();
    let panels: Vec<_> = GENRES.iter().map(|g| (*g, bands.view())).collect();
    let mut out = vec![
        (
            "waveform",
            waveform(&audio, 22050, &p("Waveform: blues, track 3"))?,
        ),
        (
            "spectrogram_linear",
            spectrogram(
                stft.view(),
                FrequencyAxis::Linear,
                &frames,
                &p("Spectrogram"),
            )?,
        ),
        (
            "spectrogram_log",
            spectrogram(
                stft.view(),
                FrequencyAxis::Log,
                &frames,
                &p("Spectrogram, logarithmic"),
            )?,
        ),
        (
            "spectrogram_mel",
            spectrogram(bands.view(), mel, &frames, &p("Mel spectrogram"))?,
        ),
        (
            "hpss",
            harmonic_percussive(
                stft.view(),
                stft.view(),
                FrequencyAxis::Log,
                &frames,
                &p("Harmonic and percussive part"),
            )?,
        ),
        (
            "chromagram",
            chromagram(chroma.view(), &frames, &p("Chromagram"))?,
        ),
        (
            "tonal_centroids",
            tonal_centroids(
                chroma
                    .slice(ndarray::s![..6, ..])
                    .mapv(|v| v / 50.0 - 1.5)
                    .view(),
                &frames,
                &p("Tonal centroids"),
            )?,
        ),
        (
            "spectrogram_notes",
            spectrogram(
                bands.slice(ndarray::s![..84, ..]),
                notes,
                &frames,
                &p("Constant-Q transform"),
            )?,
        ),
        (
            "pitch_curve",
            pitch_curve(stft.view(), FrequencyAxis::Log, &f0, &frames, &p("Pitch"))?,
        ),
        (
            "pitch_curve_notes",
            pitch_curve(
                bands.slice(ndarray::s![..84, ..]),
                notes,
                &f0,
                &frames,
                &p("Pitch on notes"),
            )?,
        ),
        (
            "recurrence_plot",
            recurrence_plot(recurrence.view(), &frames, &p("Recurrence"))?,
        ),
        (
            "tempogram",
            tempogram(lags.view(), &frames, &p("Tempogram"))?,
        ),
        (
            "waveform_grid",
            waveform_grid(&half, 22050, &p("One track of each genre"))?,
        ),
        (
            "spectrogram_grid",
            spectrogram_grid(&panels, mel, &frames, &p("One track of each genre"))?,
        ),
    ];
    let envelope: Vec<f64> = (0..size)
        .map(|i| value((i as f64 / 7.0).sin().powi(8) + 0.2 * noise.next()))
        .collect();
    let beats: Vec<usize> = (0..size).step_by(22).collect();
    out.push((
        "onset_strength",
        onset_curve(&envelope, &beats, &frames, &p("Onsets and beats"))?,
    ));

    let labels: Vec<usize> = (0..size).map(|i| i % 10).collect();
    let tempo: Vec<f64> = labels
        .iter()
        .map(|c| value(90.0 + 8.0 * *c as f64 + 12.0 * noise.bell()))
        .collect();
    out.push((
        "distributions",
        box_plots(
            &tempo,
            &labels,
            &GENRES,
            "tempo (beats a minute)",
            &p("Tempo by genre"),
        )?,
    ));
    let counts = [100, 100, 100, 100, 100, 99, 100, 100, 100, 100];
    out.push((
        "label_counts",
        label_counts(&GENRES, &counts, &p("Tracks of each genre"))?,
    ));
    let names: Vec<String> = (0..57).map(|i| format!("mfcc_{i}_mean")).collect();
    let table = Array2::from_shape_fn((size, 57), |(i, j)| {
        value((i % (2 + j % 5)) as f64 + noise.bell())
    });
    let r = correlations(table.view())?;
    out.push((
        "correlation_heatmap",
        correlation_heatmap(r.view(), &names, &p("Correlation of features"))?,
    ));
    let few = r.slice(ndarray::s![..9, ..9]);
    out.push((
        "correlation_small",
        correlation_heatmap(few, &names[..9], &p("Correlation of nine features"))?,
    ));
    let weights: Vec<f64> = (0..57)
        .map(|i| value(1.0 / (1.0 + i as f64) + 0.02 * noise.next()))
        .collect();
    out.push((
        "importances",
        feature_importances(&names, &weights, 20, &p("Importance of features"))?,
    ));
    let shap = table.mapv(|v| v * 0.1);
    out.push((
        "shap_summary",
        shap_summary(
            shap.view(),
            table.view(),
            &names,
            15,
            &p("SHAP values: class metal"),
        )?,
    ));

    let mut scores = Vec::new();
    let mut predicted = Vec::new();
    for label in &labels {
        let raw: Vec<f64> = (0..10)
            .map(|c| value(noise.next() + if c == *label { 0.7 } else { 0.0 }).powi(3))
            .collect();
        let sum: f64 = raw.iter().sum();
        let best = (0..10)
            .max_by(|a, b| raw[*a].total_cmp(&raw[*b]))
            .unwrap_or(0);
        predicted.push(best);
        scores.extend(raw.iter().map(|v| v / sum));
    }
    let scores = Scores::new(&scores, 10)?;
    let matrix = ConfusionMatrix::new(&labels, &predicted, 10, None)?.with_labels(GENRES)?;
    out.push((
        "confusion_matrix",
        confusion_matrix(&matrix, &p("Confusion matrix: boosting, test"))?,
    ));
    out.push((
        "roc_curves",
        roc_curves(&labels, &scores, &GENRES, &p("ROC curves (area)"))?,
    ));
    out.push((
        "precision_recall",
        precision_recall_curves(
            &labels,
            &scores,
            &GENRES,
            &p("Precision and recall (average precision)"),
        )?,
    ));
    let hits: Vec<bool> = labels.iter().zip(&predicted).map(|(a, b)| a == b).collect();
    let sure: Vec<f64> = (0..size)
        .map(|i| scores.row(i).unwrap()[predicted[i]])
        .collect();
    let over: Vec<f64> = sure.iter().map(|v| v.sqrt()).collect();
    let models = [
        ("boosting", &hits[..], &sure[..]),
        ("network", &hits[..], &over[..]),
    ];
    out.push((
        "reliability",
        reliability_diagram(&models, &BinParams::default(), &p("Reliability"))?,
    ));

    let mut curve = |from: f64, to: f64| -> Vec<f64> {
        let steps = size.min(60);
        (0..steps)
            .map(|i| value(to + (from - to) * (-(i as f64) / 12.0).exp() + 0.02 * noise.bell()))
            .collect()
    };
    let loss = [
        Series::counted("train", curve(2.3, 0.2)),
        Series::counted("validation", curve(2.3, 0.8)),
    ];
    let hits = [
        Series::counted("train", curve(0.1, 0.97)),
        Series::counted("validation", curve(0.1, 0.78)),
    ];
    out.push((
        "training_curves",
        training_curves(&loss, &hits, "epoch", &p("Training of the network"))?,
    ));
    let y = curve(0.3, 0.8);
    let x: Vec<f64> = (1..=y.len()).map(|i| 13.0 * i as f64).collect();
    let band = |d: f64| y.iter().map(|v| v + d).collect::<Vec<_>>();
    let learning = Series::new("boosting", x.clone(), y.clone()).with_band(band(-0.04), band(0.04));
    let train = Series::new("boosting, training set", x, band(0.15));
    out.push((
        "learning_curve",
        learning_curve(&[learning, train], "accuracy", &p("Learning curve"))?,
    ));
    let mut runs = |lift: f64| {
        (0..5)
            .map(|_| {
                (0..size.min(50))
                    .map(|i| value(0.6 + 0.05 * noise.bell() + lift * i as f64))
                    .collect()
            })
            .collect()
    };
    let searches = [
        SearchScores::new("random", runs(0.0)),
        SearchScores::new("TPE", runs(0.002)),
    ];
    out.push((
        "tuning_history",
        tuning_history(
            &searches,
            "accuracy of validation",
            &p("Search for hyperparameters"),
        )?,
    ));

    let pca = Pca::fit_scaled(table.view(), 2)?;
    let points = pca.transform(table.view())?;
    let axis = |c: usize| {
        format!(
            "component {} ({:.0} %)",
            c + 1,
            pca.explained_variance_ratio[c] * 100.0
        )
    };
    out.push((
        "scatter_map",
        scatter_map(
            points.view(),
            &labels,
            &GENRES,
            [&axis(0), &axis(1)],
            &p("Map of the tracks"),
        )?,
    ));
    let mut intervals = Vec::new();
    for (i, model) in [
        "gradient boosting",
        "random forest",
        "CNN on mel spectrograms",
        "attention",
        "linear",
    ]
    .iter()
    .enumerate()
    {
        for (j, split) in ["random", "artists apart", "cross-validation"]
            .iter()
            .enumerate()
        {
            let v = value(0.85 - 0.04 * i as f64 - 0.08 * j as f64);
            intervals.push(ScoreInterval::new(*model, *split, v, [v - 0.05, v + 0.06]));
        }
    }
    out.push((
        "comparison",
        score_intervals(
            &intervals,
            "accuracy (95 % interval)",
            &p("Models and splits"),
        )?,
    ));
    Ok(out)
}

#[test]
#[ignore = "writes pictures into the folder TIMBRAL_GALLERY"]
fn gallery() {
    let folder = std::env::var_os("TIMBRAL_GALLERY").expect("TIMBRAL_GALLERY names a folder");
    let folder = std::path::Path::new(&folder);
    std::fs::create_dir_all(folder).unwrap();
    let mut report = Report::new("Gallery", "Every figure of the crate, with synthetic data.");
    report
        .section("Figures")
        .cards(&[("figures", "31"), ("accuracy", "0.81 ± 0.02")]);
    for (name, figure) in figures(1000, false, Theme::Light).unwrap() {
        figure.save(folder.join(format!("{name}.png"))).unwrap();
        figure.save(folder.join(format!("{name}.svg"))).unwrap();
        report
            .subsection(name)
            .figure(&figure, format!("This is {name}."))
            .unwrap();
    }
    for (name, figure) in figures(1000, false, Theme::Dark).unwrap() {
        figure
            .save(folder.join(format!("{name}_dark.png")))
            .unwrap();
    }
    report
        .section("Table & text")
        .paragraph("Click a heading to sort.");
    let rows = [
        vec!["boosting", "0.81", "12 s"],
        vec!["network", "0.78", "140 s"],
        vec!["linear", "0.66", "2 s"],
    ];
    report
        .table("Models", &["model", "accuracy", "time"], &rows)
        .unwrap();
    report.preformatted("cargo run --release\n    --example train");
    report.save(folder.join("report.html")).unwrap();
}
