//! Cells of table files, whatever the format, and what they mean.

/// A cell as read from a file format.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(not(any(feature = "npy", feature = "parquet")), expect(dead_code))]
pub(crate) enum Cell<'a> {
    Text(&'a str),
    Number(f64),
    Whole(u64),
    Bool(bool),
    /// No value.
    #[cfg_attr(all(feature = "npy", not(feature = "parquet")), expect(dead_code))]
    Missing,
    /// Of a type that no role accepts, with its name, such as `a list`.
    #[cfg_attr(all(feature = "npy", not(feature = "parquet")), expect(dead_code))]
    Other(&'static str),
}

/// Why a cell cannot be used.
pub(crate) type Fault = &'static str;

const NO_NUMBER: Fault = "is not a number; if the column is not a feature, leave it out with \
     `TableSchema::ignore` (option --ignore)";
const NO_TEXT: Fault = "is neither a text nor a number";
pub(crate) const NO_VALUE: Fault = "is missing: every row must have one";

/// The words that `pandas.read_csv` takes for a missing value.
const MISSING: [&str; 18] = [
    "", "#N/A", "#N/A N/A", "#NA", "-1.#IND", "-1.#QNAN", "-NaN", "-nan", "1.#IND", "1.#QNAN",
    "<NA>", "N/A", "NA", "NULL", "NaN", "None", "n/a", "nan",
];

/// Whether the trimmed text means a missing value.
pub(crate) fn missing(text: &str) -> bool {
    text == "null" || MISSING.contains(&text)
}

/// A text for an error message: its first characters.
pub(crate) fn shown(text: &str) -> String {
    const MOST: usize = 40;
    match text.char_indices().nth(MOST) {
        Some((end, _)) => format!("{}...", &text[..end]),
        None => text.to_owned(),
    }
}

impl Cell<'_> {
    /// For an error message.
    pub(super) fn shown(self) -> String {
        match self {
            Cell::Text(t) => shown(t),
            // A number of 32 bits with its own digits.
            Cell::Number(x) if f64::from(x as f32) == x => (x as f32).to_string(),
            Cell::Number(x) => x.to_string(),
            Cell::Whole(n) => n.to_string(),
            Cell::Bool(b) => bool_text(b).to_owned(),
            Cell::Missing => String::new(),
            Cell::Other(what) => what.to_owned(),
        }
    }

    pub(super) fn is_missing(self) -> bool {
        match self {
            Cell::Missing => true,
            Cell::Number(x) => x.is_nan(),
            Cell::Text(text) => missing(text.trim()),
            _ => false,
        }
    }

    /// A number; NaN where it is missing. Text is rounded once, from its decimal digits; with
    /// `decimal_comma` they may have a comma for the point.
    pub(super) fn number(self, decimal_comma: bool) -> Result<f32, Fault> {
        if self.is_missing() {
            return Ok(f32::NAN);
        }
        let number = match self {
            Cell::Text(text) => of_text(text.trim(), decimal_comma).ok_or(NO_NUMBER)?,
            Cell::Number(x) => x as f32,
            Cell::Whole(n) => n as f32,
            Cell::Bool(b) => f32::from(b),
            Cell::Missing | Cell::Other(_) => return Err(NO_NUMBER),
        };
        if number.is_infinite() {
            return Err("is infinite or beyond the range of 32 bits");
        }
        Ok(number)
    }

    /// A whole number of samples, also one that pandas wrote with a point.
    pub(super) fn length(self) -> Result<u64, Fault> {
        let of_f64 = |x: f64| (x >= 0.0 && x.fract() == 0.0 && x < 1e18).then_some(x as u64);
        let whole = match self {
            Cell::Text(text) => {
                let text = text.trim();
                (text.parse().ok()).or_else(|| text.parse().ok().and_then(of_f64))
            }
            Cell::Whole(n) => Some(n),
            Cell::Number(x) => of_f64(x),
            Cell::Bool(_) | Cell::Missing | Cell::Other(_) => None,
        };
        whole.ok_or(
            "is not a whole number of samples; if the column is something else, leave it out with \
             `TableSchema::ignore` (option --ignore)",
        )
    }

    /// A name: texts without spaces around them, whole numbers without a point.
    pub(super) fn text(self) -> Result<String, Fault> {
        if self.is_missing() {
            return Err(NO_VALUE);
        }
        match self {
            Cell::Text(text) => Ok(text.trim().to_owned()),
            Cell::Whole(n) => Ok(n.to_string()),
            Cell::Number(x) => Ok(x.to_string()),
            Cell::Bool(b) => Ok(bool_text(b).to_owned()),
            Cell::Missing | Cell::Other(_) => Err(NO_TEXT),
        }
    }
}

/// As pandas writes it.
fn bool_text(value: bool) -> &'static str {
    if value { "True" } else { "False" }
}

fn of_text(text: &str, decimal_comma: bool) -> Option<f32> {
    match text {
        "True" | "TRUE" | "true" => return Some(1.0),
        "False" | "FALSE" | "false" => return Some(0.0),
        _ => {}
    }
    if decimal_comma && !text.contains('.') && text.matches(',').count() == 1 {
        return text.replace(',', ".").parse().ok();
    }
    text.parse().ok()
}
