//! The report is well formed, complete and safe.
use crate::gallery::figures;
use timbral_plot::*;

/// Panics unless every element is closed in order, except the void elements of HTML.
pub(crate) fn balanced(text: &str) {
    const VOID: [&str; 4] = ["meta", "img", "br", "!DOCTYPE"];
    let mut open: Vec<&str> = Vec::new();
    let mut rest = text;
    while let Some(begin) = rest.find('<') {
        let after = &rest[begin + 1..];
        let end = after.find('>').expect("a tag ends");
        let tag = &after[..end];
        rest = &after[end + 1..];
        let name = tag
            .trim_start_matches('/')
            .split([' ', '\n', '/'])
            .next()
            .unwrap();
        if tag.starts_with('/') {
            assert_eq!(open.pop(), Some(name), "…{}", &after[..end.min(60)]);
        } else if !tag.ends_with('/') && !VOID.contains(&name) {
            open.push(name);
            if name == "script" || name == "style" {
                let close = rest.find("</").unwrap();
                rest = &rest[close..];
            }
        }
    }
    assert!(open.is_empty(), "{open:?}");
}

fn full() -> Report {
    let mut report = Report::new("All", "Everything.");
    report.section("Figures");
    for (name, figure) in figures(100, false, Theme::Light).unwrap() {
        report
            .figure(&figure, format!("caption of {name}"))
            .unwrap();
    }
    report
}

#[test]
fn it_is_well_formed_and_has_each_figure_once() {
    let html = full().html();
    balanced(&html);
    let all = figures(1, false, Theme::Light).unwrap();
    assert_eq!(html.matches("<figure ").count(), all.len());
    for (name, _) in &all {
        let caption = format!("<figcaption>caption of {name}</figcaption>");
        assert_eq!(html.matches(&caption).count(), 1, "{name}");
    }
    assert_eq!(
        html.matches("alt=\"").count() + html.matches("aria-label=\"").count(),
        all.len() + 1
    );
    assert!(html.len() < 2_500_000, "{} bytes", html.len());
}

#[test]
fn it_loads_nothing_from_the_network() {
    let html = full().html().replace("http://www.w3.org/2000/svg", "");
    for outside in ["http:", "https:", "src=\"/", "url(", "@import"] {
        assert!(!html.contains(outside), "{outside}");
    }
}

#[test]
fn all_text_is_escaped() {
    let evil = "<script>alert(1)</script>\"'&\u{0}";
    let params = FigureParams::titled(evil);
    let figure = label_counts(&[evil], &[1], &params).unwrap();
    let mut report = Report::new(evil, evil);
    report
        .section(evil)
        .subsection(evil)
        .paragraph(evil)
        .preformatted(evil)
        .cards(&[(evil, evil)]);
    report.figure(&figure, evil).unwrap();
    report.table(evil, &[evil], &[vec![evil]]).unwrap();
    let html = report.html();
    balanced(&html);
    assert!(!html.contains("<script>alert") && !html.contains('\0'));
    assert_eq!(html.matches("<script>").count(), 1);
}

#[test]
fn headings_are_in_order_and_linked_from_the_contents() {
    let mut report = Report::new("T", "");
    report
        .subsection("first")
        .section("second")
        .subsection("part");
    let html = report.html();
    let at = |text: &str| html.find(text).unwrap_or_else(|| panic!("{text}"));
    assert!(
        at("<h1>T") < at("<h2 id=\"section-1\">first")
            && at("<h2 id=\"section-2\">second") < at("<h3>part")
    );
    assert!(html.contains("<a href=\"#section-2\">second</a>"));
}

#[test]
fn table_rows_must_match_and_numbers_are_right_aligned() {
    let mut report = Report::new("T", "");
    assert!(matches!(
        report.table("", &["a", "b"], &[vec!["1"]]),
        Err(Error::Shape { .. })
    ));
    assert!(report.table::<&str, &str>("", &[], &[]).is_err());
    report
        .table(
            "",
            &["model", "score"],
            &[vec!["x", "0.5"], vec!["y", "−1 %"]],
        )
        .unwrap();
    let html = report.html();
    assert!(html.contains("<td>x</td><td class=\"number\">0.5</td>"));
}

#[test]
fn it_is_saved_completely() {
    let folder = std::env::temp_dir().join(format!("timbral-plot-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let path = folder.join("report.html");
    Report::new("T", "").save(&path).unwrap();
    assert_eq!(
        std::fs::read_to_string(&path).unwrap(),
        Report::new("T", "").html()
    );
    assert!(matches!(
        Report::new("T", "").save(folder.join("no/r.html")),
        Err(Error::Io { .. })
    ));
    std::fs::remove_dir_all(&folder).unwrap();
}
