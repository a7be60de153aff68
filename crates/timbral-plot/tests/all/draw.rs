//! Figures of ordinary, tiny, constant and extreme data, as PNG and as SVG.
use crate::gallery::{GENRES, Noise, figures};
use ndarray::Array2;
use proptest::prelude::*;
use timbral_plot::*;

fn draws(figure: &Figure, what: &str) {
    let png = figure.png().unwrap();
    assert!(png.starts_with(b"\x89PNG\r\n\x1a\n"), "{what}");
    let side = |at: usize| u32::from_be_bytes(png[at..at + 4].try_into().unwrap());
    assert_eq!((side(16), side(20)), figure.size(), "{what}");
    let svg = figure.svg().unwrap();
    crate::report::balanced(&svg);
    assert!(!svg.contains("\"NaN") && !svg.contains("inf\""), "{what}");
}

#[test]
fn every_figure_can_be_drawn() {
    let cases = [
        (120, false, Theme::Light),
        (1, false, Theme::Dark),
        (2, false, Theme::Light),
        (20, true, Theme::Light),
    ];
    for (size, constant, theme) in cases {
        for (name, figure) in figures(size, constant, theme).unwrap() {
            draws(&figure, &format!("{name} of {size}, constant: {constant}"));
        }
    }
}

#[test]
fn figures_are_the_same_bytes_each_time() {
    let bytes = || -> Vec<Vec<u8>> {
        let all = figures(30, false, Theme::Light).unwrap();
        all.iter()
            .map(|(_, figure)| figure.png().unwrap())
            .collect()
    };
    assert_eq!(bytes(), bytes());
}

#[test]
fn ten_genres_are_named_and_have_ten_colours() {
    let svg = label_counts(&GENRES, &[1; 10], &FigureParams::default())
        .unwrap()
        .svg()
        .unwrap();
    let mut colours: Vec<&str> = svg.split("fill=\"#").skip(1).map(|s| &s[..6]).collect();
    colours.sort_unstable();
    colours.dedup();
    // Plus the background and two text colours.
    assert_eq!(colours.len(), 13);
    assert!(GENRES.iter().all(|genre| svg.contains(genre)));
}

#[test]
fn data_that_cannot_be_drawn_are_an_error() {
    let params = FigureParams::default();
    let none: [f64; 0] = [];
    assert!(matches!(
        waveform(&none, 22050, &params),
        Err(Error::Empty { .. })
    ));
    assert!(matches!(
        waveform(&[0.0, f64::INFINITY], 22050, &params),
        Err(Error::NotFinite { index: 1, .. })
    ));
    assert!(matches!(
        waveform(&[0.0], 0, &params),
        Err(Error::InvalidParameter { .. })
    ));
    let empty = Array2::<f64>::zeros((0, 5));
    let frames = FrameTiming::default();
    assert!(spectrogram(empty.view(), FrequencyAxis::Linear, &frames, &params).is_err());
    let db = Array2::<f64>::zeros((4, 5));
    let mel = FrequencyAxis::Mel {
        f_min: 9.0,
        f_max: f64::NAN,
    };
    assert!(spectrogram(db.view(), mel, &frames, &params).is_err());
    assert!(chromagram(db.view(), &frames, &params).is_err());
    assert!(tonal_centroids(db.view(), &frames, &params).is_err());
    assert!(recurrence_plot(db.view(), &frames, &params).is_err());
    let linear = FrequencyAxis::Linear;
    assert!(matches!(
        pitch_curve(db.view(), linear, &[1.0; 4], &frames, &params),
        Err(Error::Shape {
            expected: 5,
            got: 4,
            ..
        })
    ));
    // Frequencies that cannot be drawn are left out.
    let odd = [f64::INFINITY, -1.0, 1e300, 0.0, f64::NAN];
    assert!(pitch_curve(db.view(), linear, &odd, &frames, &params).is_ok());
    for (f_min, bins_per_octave) in [(0.0, 12), (f64::NAN, 12), (440.0, 0)] {
        let notes = FrequencyAxis::Notes {
            f_min,
            bins_per_octave,
        };
        assert!(spectrogram(db.view(), notes, &frames, &params).is_err());
    }
    assert!(box_plots(&[1.0], &[3], &["a"], "", &params).is_err());
    assert!(correlation_heatmap(db.view(), &["a"; 4], &params).is_err());
    assert!(feature_importances(&["a"], &[1.0], 0, &params).is_err());
    assert!(score_intervals(&[], "", &params).is_err());
    let panels: [(&str, &[f64]); 0] = [];
    assert!(waveform_grid(&panels, 22050, &params).is_err());
}

#[test]
fn extreme_names_and_sizes_can_be_drawn() {
    let names = [
        "",
        "<&\"'>\u{0}\u{7}",
        &"long ".repeat(500),
        "日本語",
        "a\nb",
    ];
    for (width, height) in [(240, 160), (4000, 160), (900, 560)] {
        let params = FigureParams::titled("<script>\u{1}").sized(width, height);
        draws(
            &label_counts(&names, &[0, 0, usize::MAX, 1, 2], &params).unwrap(),
            "counts",
        );
        let points = Array2::from_shape_fn((5, 2), |(i, j)| {
            [1e300, -1e300, 0.0, 1e-300, 1.0][(i + j) % 5]
        });
        let figure = scatter_map(
            points.view(),
            &[0, 1, 2, 3, 4],
            &names,
            ["", names[2]],
            &params,
        );
        draws(&figure.unwrap(), "scatter");
        let many: Vec<String> = (0..500).map(|i| i.to_string()).collect();
        draws(
            &label_counts(&many, &[3; 500], &params).unwrap(),
            "many classes",
        );
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn any_numbers_are_drawn_or_an_error(values in prop::collection::vec(any::<f64>(), 0..20), seed in any::<u64>()) {
        let params = FigureParams::default().sized(300, 200);
        let mut noise = Noise(seed);
        let labels: Vec<usize> = values.iter().map(|_| (noise.next() * 3.0) as usize).collect();
        let good = !values.is_empty() && values.iter().all(|v| v.abs() <= 1e300);
        let names = vec!["x"; values.len()];
        let figures = [
            waveform(&values, 8000, &params),
            line_plot(&[Series::counted("s", values.clone())], "x", "y", &params),
            box_plots(&values, &labels, &["a", "b", "c"], "v", &params),
            feature_importances(&names, &values, 5, &params),
            onset_curve(&values, &[0, 3, 99], &FrameTiming::default(), &params),
        ];
        for figure in figures {
            prop_assert_eq!(figure.is_ok(), good);
            if let Ok(figure) = figure {
                draws(&figure, "any numbers");
            }
        }
    }
}

#[test]
fn pitch_is_drawn_where_there_is_one() {
    let db = Array2::<f64>::zeros((84, 6));
    let f0 = [f64::NAN, 440.0, 440.0, 0.0, 220.0, 1e6];
    let mel = FrequencyAxis::Mel {
        f_min: 0.0,
        f_max: 8000.0,
    };
    let notes = FrequencyAxis::Notes {
        f_min: 32.703,
        bins_per_octave: 12,
    };
    for axis in [FrequencyAxis::Linear, FrequencyAxis::Log, mel, notes] {
        let params = FigureParams::default();
        let figure = pitch_curve(db.view(), axis, &f0, &FrameTiming::default(), &params);
        let svg = figure.unwrap().svg().unwrap().to_lowercase();
        // Two lines, and one in the legend.
        assert_eq!(svg.matches("#5cf2c0").count(), 3, "{axis:?}");
    }
}
