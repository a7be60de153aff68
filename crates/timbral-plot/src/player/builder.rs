use std::io::Write;
use std::iter::once;
use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ndarray::{Array2, ArrayView2};

use crate::check;
use crate::drawing::{Area, Canvas, Colormap, Theme, escape, even_heat, png};
use crate::error::Result;
use crate::file::save_by;

use super::page::{SCRIPT, STYLE};

/// The largest width in pixels of the picture of a spectrogram.
const WIDTH: usize = 1600;

/// Heights of the bars of a lane for the value 1, in units of its picture.
const HEIGHT: f64 = 100.0;

/// A page with a player of a recording, its spectrogram, and values over time, such as the probabilities of genres.
/// Each value has a lane, a row of bars. A cursor moves with the player. More recordings can be [added](Self::push).
///
/// It is one HTML file that contains the sound and loads nothing else. A click into the lanes plays from that time.
/// The page follows the reader's light or dark theme. All text is escaped.
///
/// ```
/// use ndarray::array;
/// use timbral_plot::SoundPage;
///
/// let mut page = SoundPage::new("song.wav", "jazz 0.75", 6.0)?;
/// page.sound("audio/wav", b"RIFF....");
/// page.spectrogram(array![[-20.0, -30.0], [-40.0, -60.0]].view())?;
/// page.over_time(&[[0.0, 3.0], [3.0, 6.0]], &["jazz", "rock"], array![[0.9, 0.1], [0.6, 0.4]].view())?;
/// let html = page.html();
/// assert!(html.contains("<audio controls") && html.contains("data:audio/wav;base64,UklGRi4uLi4="));
/// assert_eq!(html.matches("<svg").count(), 2);
/// # Ok::<(), timbral_plot::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct SoundPage {
    title: String,
    lead: String,
    seconds: f64,
    /// The media type of the sound, and its bytes.
    sound: Option<(String, Vec<u8>)>,
    /// The spectrogram as PNG.
    picture: Option<Vec<u8>>,
    windows: Vec<[f64; 2]>,
    names: Vec<String>,
    /// One row per window.
    values: Array2<f64>,
    /// Other recordings, which have no more.
    more: Vec<Self>,
}

impl SoundPage {
    /// A page of a recording that lasts `seconds`, with a title and an introductory sentence `lead`, which may be
    /// empty.
    ///
    /// # Errors
    ///
    /// `seconds` is not above 0, or not finite.
    pub fn new(title: impl Into<String>, lead: impl Into<String>, seconds: f64) -> Result<Self> {
        let good = seconds.is_finite() && seconds > 0.0;
        timbral_core::check(good, "seconds", seconds, "must be finite and above 0")?;
        Ok(Self {
            title: title.into(),
            lead: lead.into(),
            seconds,
            sound: None,
            picture: None,
            windows: Vec::new(),
            names: Vec::new(),
            values: Array2::zeros((0, 0)),
            more: Vec::new(),
        })
    }

    /// Puts a sound file into the page: its media type, such as `audio/mpeg`, and its bytes. The reader's browser must
    /// play that type; all browsers play WAV, MP3, FLAC and AAC in MP4.
    pub fn sound(&mut self, media_type: &str, bytes: &[u8]) -> &mut Self {
        self.sound = Some((media_type.to_owned(), bytes.to_vec()));
        self
    }

    /// Adds a spectrogram of the whole recording: levels, `(n_bands, n_frames)`, the lowest band first. If there are
    /// more frames than pixels, neighbouring frames are averaged.
    ///
    /// # Errors
    ///
    /// An empty matrix, or numbers that are not finite.
    pub fn spectrogram<T: Copy + Into<f64>>(&mut self, db: ArrayView2<'_, T>) -> Result<&mut Self> {
        let db = check::matrix("db", db)?;
        let (rows, columns) = (db.nrows(), db.ncols().min(WIDTH));
        let area = Area {
            x0: 0.0,
            y0: 0.0,
            x1: columns as f64,
            y1: rows as f64,
        };
        let mut canvas = Canvas::default();
        let range = check::range(db.iter().copied());
        even_heat(&mut canvas, area, &db, range, Colormap::Magma);
        let size = (columns as u32, rows as u32);
        self.picture = Some(png(&canvas.shapes, size, Theme::Light)?);
        Ok(self)
    }

    /// Sets the lanes: starts and ends of parts of the time in seconds, the names of the lanes, and their values from 0
    /// to 1, `(n_windows, n_names)`. Values outside are drawn as 0 and 1.
    ///
    /// # Errors
    ///
    /// Shapes that differ, or numbers that are not finite.
    pub fn over_time<S: AsRef<str>, T: Copy + Into<f64>>(
        &mut self,
        windows: &[[f64; 2]],
        names: &[S],
        values: ArrayView2<'_, T>,
    ) -> Result<&mut Self> {
        check::finite("windows", windows.as_flattened())?;
        let values = check::matrix("values", values)?;
        check::shape("values", windows.len(), values.nrows())?;
        check::shape("values", names.len(), values.ncols())?;
        self.windows = windows.to_vec();
        self.names = names.iter().map(|name| name.as_ref().to_owned()).collect();
        self.values = values;
        Ok(self)
    }

    /// Adds the recordings of another page below those of this one. Each recording has its own player, spectrogram and
    /// cursor, and only one plays at a time.
    ///
    /// ```
    /// use timbral_plot::SoundPage;
    ///
    /// let mut page = SoundPage::new("one.wav", "", 6.0)?;
    /// page.push(SoundPage::new("two.wav", "", 7.5)?);
    /// assert_eq!(page.html().matches("<audio controls").count(), 2);
    /// # Ok::<(), timbral_plot::Error>(())
    /// ```
    pub fn push(&mut self, mut other: Self) -> &mut Self {
        let more = std::mem::take(&mut other.more);
        self.more.push(other);
        self.more.extend(more);
        self
    }

    /// The HTML text of the file.
    pub fn html(&self) -> String {
        self.parts().collect()
    }

    /// The same, one recording at a time.
    fn parts(&self) -> impl Iterator<Item = String> {
        let mut title = escape(&self.title);
        match self.more.len() {
            0 => {}
            n => title += &format!(" and {n} more"),
        }
        let head = format!(
            "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
             <title>{title}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n"
        );
        let end = format!("<script>\n{SCRIPT}</script>\n</body>\n</html>\n");
        let songs = once(self).chain(&self.more).map(Self::section);
        once(head).chain(songs).chain(once(end))
    }

    /// The HTML text of one recording.
    fn section(&self) -> String {
        let mut html = format!("<section>\n<h1>{}</h1>\n", escape(&self.title));
        if !self.lead.is_empty() {
            html += &format!("<p class=\"lead\">{}</p>\n", escape(&self.lead));
        }
        html += "<audio controls src=\"";
        if let Some((media_type, bytes)) = &self.sound {
            html += &format!("data:{};base64,", escape(media_type));
            STANDARD.encode_string(bytes, &mut html);
        }
        html += &format!(
            "\"></audio>\n<p class=\"now\"></p>\n<div class=\"time\" data-seconds=\"{}\">\n",
            self.seconds
        );
        if let Some(picture) = &self.picture {
            let picture = STANDARD.encode(picture);
            html += &format!(
                "<div class=\"lane\"><span class=\"name\">spectrogram</span>\
                 <img src=\"data:image/png;base64,{picture}\" alt=\"Spectrogram\"></div>\n"
            );
        }
        for (name, values) in self.names.iter().zip(self.values.columns()) {
            html += &self.lane(name, values.iter().copied());
        }
        html += &self.axis();
        html += "<div class=\"cursor\"></div>\n</div>\n</section>\n";
        html
    }

    /// A bar for each window, as high as its value.
    fn lane(&self, name: &str, values: impl Iterator<Item = f64>) -> String {
        let mut bars = String::new();
        for ([start, end], value) in self.windows.iter().zip(values) {
            let height = value.clamp(0.0, 1.0) * HEIGHT;
            bars += &format!(
                "<rect x=\"{start:.3}\" y=\"{:.1}\" width=\"{:.3}\" height=\"{height:.1}\"/>",
                HEIGHT - height,
                (end - start).max(0.0),
            );
        }
        let (name, seconds) = (escape(name), self.seconds);
        format!(
            "<div class=\"lane\"><span class=\"name\" title=\"{name}\">{name}</span>\
             <svg viewBox=\"0 0 {seconds:.3} {HEIGHT}\" preserveAspectRatio=\"none\" role=\"img\" \
             aria-label=\"{name} over time\">{bars}</svg></div>\n"
        )
    }

    /// Times in minutes and seconds, at most a dozen.
    fn axis(&self) -> String {
        let steps = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1800, 3600];
        let step = steps
            .into_iter()
            .find(|step| self.seconds / f64::from(*step) <= 12.0);
        let step = f64::from(step.unwrap_or(7200)).max(self.seconds / 12.0);
        let mut marks = String::new();
        for mark in 0..(self.seconds / step).ceil() as u32 {
            let at = f64::from(mark) * step;
            let percent = 100.0 * at / self.seconds;
            let (minutes, seconds) = (at as u64 / 60, at as u64 % 60);
            marks += &format!("<span style=\"left:{percent:.2}%\">{minutes}:{seconds:02}</span>");
        }
        format!(
            "<div class=\"lane\"><span class=\"name\"></span>\
             <div class=\"axis\" aria-hidden=\"true\">{marks}</div></div>\n"
        )
    }

    /// Writes the file atomically: an interrupted write leaves no partial file.
    ///
    /// # Errors
    ///
    /// The file cannot be written.
    pub fn save(&self, path: impl AsRef<Path>) -> Result<()> {
        save_by(path.as_ref(), |file| {
            self.parts()
                .try_for_each(|part| file.write_all(part.as_bytes()))
        })
    }
}
