use std::path::Path;

use base64::Engine;

use crate::check;
use crate::drawing::{Figure, escape};
use crate::error::{Error, Result};
use crate::file::save;

use super::page::{SCRIPT, STYLE};

/// From this size in bytes on, a figure is embedded as PNG if that is smaller than the SVG.
const LARGE_SVG: usize = 64 * 1024;

/// A report of text, figures and tables in one self-contained HTML file.
///
/// Content is appended to the current section. All text is escaped. Figures are on a white background;
/// the rest of the page follows the reader's light or dark theme. A click on a column heading sorts the
/// table.
///
/// ```
/// use timbral_plot::{FigureParams, Report, label_counts};
///
/// let figure = label_counts(&["blues", "rock"], &[100, 99], &FigureParams::default())?;
/// let mut report = Report::new("Genres & models", "What was found.");
/// report.section("Data").paragraph("Two genres.");
/// report.cards(&[("accuracy", "0.92")]);
/// report.figure(&figure, "Tracks of each genre")?;
/// report.table("Scores", &["model", "accuracy"], &[vec!["boosting", "0.92"]])?;
/// let html = report.html();
/// assert!(html.starts_with("<!DOCTYPE html>") && html.contains("Genres &amp; models"));
/// assert_eq!(html.matches("<figure").count(), 1);
/// # Ok::<(), timbral_plot::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct Report {
    title: String,
    lead: String,
    /// Headings of the sections, for the table of contents.
    sections: Vec<String>,
    body: String,
    figures: usize,
}

impl Report {
    /// An empty report with a title and an introductory sentence, `lead`, which may be empty.
    pub fn new(title: impl Into<String>, lead: impl Into<String>) -> Self {
        Self {
            title: title.into(),
            lead: lead.into(),
            sections: Vec::new(),
            body: String::new(),
            figures: 0,
        }
    }

    /// Starts a section, which is listed in the table of contents.
    pub fn section(&mut self, heading: impl AsRef<str>) -> &mut Self {
        self.sections.push(heading.as_ref().to_owned());
        let id = self.sections.len();
        let heading = escape(heading.as_ref());
        self.body += &format!("<h2 id=\"section-{id}\">{heading}</h2>\n");
        self
    }

    /// Starts a subsection. Before the first section it starts a section instead.
    pub fn subsection(&mut self, heading: impl AsRef<str>) -> &mut Self {
        if self.sections.is_empty() {
            return self.section(heading);
        }
        self.body += &format!("<h3>{}</h3>\n", escape(heading.as_ref()));
        self
    }

    /// Adds a paragraph.
    pub fn paragraph(&mut self, text: impl AsRef<str>) -> &mut Self {
        self.body += &format!("<p>{}</p>\n", escape(text.as_ref()));
        self
    }

    /// Adds text whose spaces and line breaks are kept.
    pub fn preformatted(&mut self, text: impl AsRef<str>) -> &mut Self {
        self.body += &format!("<pre tabindex=\"0\">{}</pre>\n", escape(text.as_ref()));
        self
    }

    /// Adds key numbers side by side, as pairs of name and value.
    pub fn cards<N: AsRef<str>, V: AsRef<str>>(&mut self, cards: &[(N, V)]) -> &mut Self {
        if cards.is_empty() {
            return self;
        }
        self.body += "<ul class=\"cards\">\n";
        for (name, value) in cards {
            let (name, value) = (escape(name.as_ref()), escape(value.as_ref()));
            self.body += &format!("<li><b>{value}</b><span>{name}</span></li>\n");
        }
        self.body += "</ul>\n";
        self
    }

    /// Adds a figure with a caption, which is also its alternative text.
    ///
    /// The figure is embedded as SVG, or as PNG if that is smaller.
    ///
    /// # Errors
    ///
    /// The figure cannot be drawn.
    pub fn figure(&mut self, figure: &Figure, caption: impl AsRef<str>) -> Result<&mut Self> {
        let caption = escape(caption.as_ref());
        let title = escape(figure.title());
        let alt = match (title.is_empty(), caption.is_empty()) {
            (true, _) => caption.clone(),
            (false, true) => title,
            (false, false) => format!("{title}. {caption}"),
        };
        let mut picture = figure.svg()?;
        if picture.len() > LARGE_SVG {
            let png = base64::engine::general_purpose::STANDARD.encode(figure.png()?);
            if png.len() < picture.len() {
                let (width, height) = figure.size();
                picture = format!(
                    "<img src=\"data:image/png;base64,{png}\" width=\"{width}\" \
                     height=\"{height}\" alt=\"{alt}\">"
                );
            }
        }
        let picture = match picture.strip_prefix("<svg ") {
            Some(rest) => format!("<svg aria-label=\"{alt}\" {rest}"),
            None => picture,
        };
        self.figures += 1;
        self.body += &format!(
            "<figure id=\"figure-{}\"><div class=\"picture\">{picture}</div>\n\
             <figcaption>{caption}</figcaption></figure>\n",
            self.figures
        );
        Ok(self)
    }

    /// Adds a table. Columns in which every cell starts with a number are right-aligned.
    ///
    /// # Errors
    ///
    /// No columns, or a row whose length differs from the number of columns.
    pub fn table<H: AsRef<str>, C: AsRef<str>>(
        &mut self,
        caption: impl AsRef<str>,
        columns: &[H],
        rows: &[Vec<C>],
    ) -> Result<&mut Self> {
        if columns.is_empty() {
            return Err(Error::Empty { name: "columns" });
        }
        for row in rows {
            check::shape("rows", columns.len(), row.len())?;
        }
        let numbers: Vec<&str> = (0..columns.len())
            .map(|c| {
                let all = !rows.is_empty() && rows.iter().all(|row| numeric(row[c].as_ref()));
                if all { " class=\"number\"" } else { "" }
            })
            .collect();
        self.body += "<div class=\"scroll\" tabindex=\"0\"><table>\n";
        let caption = escape(caption.as_ref());
        if !caption.is_empty() {
            self.body += &format!("<caption>{caption}</caption>\n");
        }
        self.body += "<thead><tr>";
        for (column, class) in columns.iter().zip(&numbers) {
            let column = escape(column.as_ref());
            self.body +=
                &format!("<th scope=\"col\"{class}><button type=\"button\">{column}</button></th>");
        }
        self.body += "</tr></thead>\n<tbody>\n";
        for row in rows {
            self.body += "<tr>";
            for (cell, class) in row.iter().zip(&numbers) {
                self.body += &format!("<td{class}>{}</td>", escape(cell.as_ref()));
            }
            self.body += "</tr>\n";
        }
        self.body += "</tbody></table></div>\n";
        Ok(self)
    }

    /// The HTML text of the file.
    pub fn html(&self) -> String {
        let title = escape(&self.title);
        let mut html = format!(
            "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
             <title>{title}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n\
             <header>\n<h1>{title}</h1>\n"
        );
        if !self.lead.is_empty() {
            html += &format!("<p class=\"lead\">{}</p>\n", escape(&self.lead));
        }
        html += "</header>\n";
        if !self.sections.is_empty() {
            html += "<nav aria-label=\"Contents\"><ol>\n";
            for (i, heading) in self.sections.iter().enumerate() {
                let heading = escape(heading);
                html += &format!("<li><a href=\"#section-{}\">{heading}</a></li>\n", i + 1);
            }
            html += "</ol></nav>\n";
        }
        html += "<main>\n";
        html += &self.body;
        html += &format!("</main>\n<script>\n{SCRIPT}</script>\n</body>\n</html>\n");
        html
    }

    /// Writes the file atomically: an interrupted write leaves no partial file.
    ///
    /// # Errors
    ///
    /// The file cannot be written.
    pub fn save(&self, path: impl AsRef<Path>) -> Result<()> {
        save(path.as_ref(), self.html().as_bytes())
    }
}

/// Whether a cell starts with a number: `0.81`, `92 %`, `−3.5`, `0.81 ± 0.02`.
fn numeric(cell: &str) -> bool {
    let cell = cell.trim().trim_start_matches(['−', '-', '+']);
    cell.is_empty() || cell.starts_with(|c: char| c.is_ascii_digit())
}
