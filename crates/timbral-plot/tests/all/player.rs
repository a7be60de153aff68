//! The page with a player is well formed, complete and safe.
use crate::report::balanced;
use ndarray::{Array2, array};
use timbral_plot::*;

fn page(name: &str) -> SoundPage {
    let mut page = SoundPage::new(name, name, 130.5).unwrap();
    page.sound("audio/wav", b"RIFF");
    let db = Array2::from_shape_fn((128, 5000), |(band, frame)| -((band + frame) as f64) / 90.0);
    page.spectrogram(db.view()).unwrap();
    let values = array![[0.25, 1.5], [0.75, -0.5]];
    page.over_time(
        &[[0.0, 60.0], [60.0, 120.0]],
        &[name, "rock"],
        values.view(),
    )
    .unwrap();
    page
}

#[test]
fn it_is_well_formed_loads_nothing_and_escapes_text() {
    let evil = "<script>alert(1)</script>\"'&\u{0}";
    let html = page(evil).html();
    balanced(&html);
    assert!(!html.contains("<script>alert") && !html.contains('\0'));
    assert_eq!(html.matches("<script>").count(), 1);
    for outside in ["http:", "https:", "src=\"/", "url(", "@import"] {
        assert!(!html.contains(outside), "{outside}");
    }
}

#[test]
fn recordings_have_players_of_their_own_and_no_more_than_one_script() {
    let evil = "</section><script>alert(1)</script>";
    let mut pages = page("one");
    let mut others = page(evil);
    others.push(page("three"));
    pages.push(others);
    let html = pages.html();
    balanced(&html);
    for (text, n) in [
        ("<section>", 3),
        ("<audio controls src=\"data:audio/wav;base64,UklGRg==\">", 3),
        ("<img ", 3),
        ("class=\"cursor\"", 3),
        ("<svg ", 6),
        ("<script>", 1),
        ("<style>", 1),
        ("<title>one and 2 more</title>", 1),
        ("<h1>three</h1>", 1),
    ] {
        assert_eq!(html.matches(text).count(), n, "{text}");
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("p.html");
    pages.save(&path).unwrap();
    assert_eq!(std::fs::read_to_string(path).unwrap(), html);
}

#[test]
fn bars_are_as_high_as_their_values_and_marks_are_where_their_times_are() {
    let html = page("song").html();
    for bar in [
        "<rect x=\"0.000\" y=\"75.0\" width=\"60.000\" height=\"25.0\"/>",
        "<rect x=\"60.000\" y=\"25.0\" width=\"60.000\" height=\"75.0\"/>",
        // Values outside are drawn as 0 and 1.
        "<rect x=\"0.000\" y=\"0.0\" width=\"60.000\" height=\"100.0\"/>",
        "<rect x=\"60.000\" y=\"100.0\" width=\"60.000\" height=\"0.0\"/>",
    ] {
        assert_eq!(html.matches(bar).count(), 1, "{bar}");
    }
    // Every 15 s: the ninth is 120 / 130.5 of the way.
    assert_eq!(html.matches("<span style=\"left:").count(), 9);
    assert!(html.contains("<span style=\"left:91.95%\">2:00</span>"));
    assert!(html.contains("data-seconds=\"130.5\""));
}

#[test]
fn what_does_not_fit_is_refused() {
    for seconds in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        assert!(SoundPage::new("", "", seconds).is_err(), "{seconds}");
    }
    let mut page = SoundPage::new("", "", 1e9).unwrap();
    assert!(page.html().matches("<span style=\"left:").count() <= 12);
    let one = array![[0.5]];
    assert!(
        page.over_time(&[[0.0, 1.0]; 2], &["a"], one.view())
            .is_err()
    );
    assert!(
        page.over_time(&[[0.0, 1.0]], &["a", "b"], one.view())
            .is_err()
    );
    assert!(
        page.over_time(&[[0.0, f64::NAN]], &["a"], one.view())
            .is_err()
    );
    assert!(
        page.over_time(&[[0.0, 1.0]], &["a"], array![[f64::NAN]].view())
            .is_err()
    );
    assert!(
        page.spectrogram(Array2::<f64>::zeros((0, 0)).view())
            .is_err()
    );
}
