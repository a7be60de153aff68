use std::fmt;

use serde::{Serialize, Serializer};
use timbral_core::unit_f64;

use super::draws::Draws;
use crate::error::{Error, Result};

/// The value of one parameter; serialised as the bare integer, number or text.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Value {
    /// Of an integer parameter.
    Integer(i64),
    /// Of a linear or log parameter.
    Number(f64),
    /// One of several texts.
    Text(String),
}

impl From<i64> for Value {
    fn from(value: i64) -> Self {
        Self::Integer(value)
    }
}

impl From<f64> for Value {
    fn from(value: f64) -> Self {
        Self::Number(value)
    }
}

impl From<&str> for Value {
    fn from(value: &str) -> Self {
        Self::Text(value.to_owned())
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Integer(value) => write!(f, "{value}"),
            Self::Number(value) => write!(f, "{value:.4}"),
            Self::Text(value) => write!(f, "{value}"),
        }
    }
}

/// A value for each parameter of a [`Space`], in its order.
///
/// It is serialised as a map from names to values, so that a point can be read as any struct of parameters with serde.
/// `Display` prints `name value, name value`.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Point(pub(super) Vec<(String, Value)>);

impl Point {
    /// The value of a parameter; `None` if the space has no parameter of that name.
    pub fn get(&self, name: &str) -> Option<&Value> {
        let found = self.0.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value)
    }
}

impl Serialize for Point {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, value)| (name, value)))
    }
}

impl fmt::Display for Point {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, (name, value)) in self.0.iter().enumerate() {
            let comma = if i == 0 { "" } else { ", " };
            write!(f, "{comma}{name} {value}")?;
        }
        Ok(())
    }
}

/// The values of a parameter.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Range {
    Integer(i64, i64),
    Linear(f64, f64),
    Log(f64, f64),
    Choice(Vec<Value>),
}

/// Parameters with their ranges, drawn independently of each other.
///
/// | parameter | values |
/// |---|---|
/// | [`integer`](Self::integer) | `low, low + 1, .., high`, all equally likely |
/// | [`linear`](Self::linear) | `low + u (high - low)`, u uniform from 0 to 1 |
/// | [`log`](Self::log) | `low (high / low)^u` |
/// | [`choice`](Self::choice) | those given, all equally likely |
///
/// Ranges are checked by [`sample`](Self::sample).
///
/// ```
/// use timbral::boost::BoostParams;
/// use timbral::tune::{Point, Space, Value};
///
/// let space = Space::new()
///     .integer("max_depth", 3, 12)
///     .log("lambda", 0.001, 10.0)
///     .choice("grow_policy", ["depthwise", "lossguide"]);
/// let points = space.sample(100, 42)?;
/// assert_eq!(points[0].get("max_depth"), Some(&Value::Integer(6)));
/// let below = |p: &&Point| matches!(p.get("lambda"), Some(Value::Number(x)) if *x < 0.1);
/// assert_eq!(points.iter().filter(below).count(), 48); // of 50 expected
///
/// let params: BoostParams = serde_json::from_value(serde_json::to_value(&points[0])?)?;
/// assert_eq!((params.max_depth, params.n_rounds), (6, 100));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct Space(Vec<(String, Range)>);

impl Space {
    /// Makes a space without parameters.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds an integer from `low` to `high`, both included.
    pub fn integer(self, name: impl Into<String>, low: i64, high: i64) -> Self {
        self.with(name, Range::Integer(low, high))
    }

    /// Adds a number from `low` to `high`.
    pub fn linear(self, name: impl Into<String>, low: f64, high: f64) -> Self {
        self.with(name, Range::Linear(low, high))
    }

    /// Adds a number from `low`, above 0, to `high`, whose logarithm is uniform.
    pub fn log(self, name: impl Into<String>, low: f64, high: f64) -> Self {
        self.with(name, Range::Log(low, high))
    }

    /// Adds a parameter that is one of the given texts.
    pub fn choice<V: Into<Value>>(
        self,
        name: impl Into<String>,
        values: impl IntoIterator<Item = V>,
    ) -> Self {
        self.with(
            name,
            Range::Choice(values.into_iter().map(Into::into).collect()),
        )
    }

    fn with(mut self, name: impl Into<String>, range: Range) -> Self {
        self.0.push((name.into(), range));
        self
    }

    /// The first `n` random points under `seed`; the i-th does not depend on `n`.
    ///
    /// # Errors
    ///
    /// [`Error::Space`] without parameters, with two of one name, or where a range is empty, not
    /// finite or, of a log parameter, not above 0.
    pub fn sample(&self, n: usize, seed: u64) -> Result<Vec<Point>> {
        self.check()?;
        Ok((0..n).map(|number| self.point(number, seed)).collect())
    }

    /// One point of a sample; the space must have been checked.
    pub(super) fn point(&self, number: usize, seed: u64) -> Point {
        let mut draws = Draws::new(seed, number);
        let parameters = self.0.iter();
        let values = parameters.map(|(name, range)| (name.clone(), range.value(draws.bits())));
        Point(values.collect())
    }

    pub(super) fn parameters(&self) -> &[(String, Range)] {
        &self.0
    }

    pub(super) fn check(&self) -> Result<()> {
        let wrong = |name: &str, reason| {
            let name = name.to_owned();
            Err(Error::Space { name, reason })
        };
        if self.0.is_empty() {
            return wrong("", "there is no parameter to search");
        }
        for (i, (name, range)) in self.0.iter().enumerate() {
            if self.0[..i].iter().any(|(known, _)| known == name) {
                return wrong(name, "appears twice");
            }
            match range {
                Range::Integer(low, high) if low > high => return wrong(name, "low is above high"),
                Range::Linear(low, high) | Range::Log(low, high)
                    if !(low.is_finite() && high.is_finite()) =>
                {
                    return wrong(name, "low and high must be finite");
                }
                Range::Linear(low, high) | Range::Log(low, high) if low > high => {
                    return wrong(name, "low is above high");
                }
                Range::Log(low, _) if *low <= 0.0 => return wrong(name, "low must be above 0"),
                Range::Choice(values) if values.is_empty() => {
                    return wrong(name, "there is nothing to choose from");
                }
                _ => {}
            }
        }
        Ok(())
    }
}

impl Range {
    /// The value that 64 random bits select.
    pub(super) fn value(&self, bits: u64) -> Value {
        let below = |n: u128| ((u128::from(bits) * n) >> 64) as i128;
        let u = unit_f64(bits);
        match self {
            Self::Integer(low, high) => {
                let (low, high) = (i128::from(*low), i128::from(*high));
                Value::Integer((low + below((high - low + 1) as u128)) as i64)
            }
            Self::Linear(low, high) => {
                Value::Number((low * (1.0 - u) + high * u).clamp(*low, *high))
            }
            Self::Log(low, high) => {
                let ln = libm::log(*low) * (1.0 - u) + libm::log(*high) * u;
                Value::Number(libm::exp(ln).clamp(*low, *high))
            }
            Self::Choice(values) => values[below(values.len() as u128) as usize].clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn space() -> Space {
        Space::new()
            .integer("depth", -1, 1)
            .linear("fraction", 0.5, 1.0)
            .log("lambda", 0.01, 100.0)
            .choice("policy", ["a", "b"])
    }

    fn number(point: &Point, name: &str) -> f64 {
        match point.get(name) {
            Some(Value::Number(value)) => *value,
            other => panic!("{name}: {other:?}"),
        }
    }

    #[test]
    fn values_are_distributed_as_documented() {
        let points = space().sample(4000, 3).unwrap();
        let fraction =
            |hit: &dyn Fn(&Point) -> bool| points.iter().filter(|p| hit(p)).count() as f64 / 4000.0;
        // Five standard deviations of a fraction of a half: 0.04.
        for (hit, expected) in [
            (
                fraction(&|p| p.get("depth") == Some(&Value::Integer(-1))),
                1.0 / 3.0,
            ),
            (
                fraction(&|p| p.get("depth") == Some(&Value::Integer(1))),
                1.0 / 3.0,
            ),
            (fraction(&|p| number(p, "fraction") < 0.75), 0.5),
            (fraction(&|p| number(p, "lambda") < 0.1), 0.25),
            (fraction(&|p| number(p, "lambda") < 1.0), 0.5),
            (
                fraction(&|p| p.get("policy") == Some(&Value::from("a"))),
                0.5,
            ),
            // Drawn independently.
            (
                fraction(&|p| number(p, "fraction") < 0.75 && number(p, "lambda") < 1.0),
                0.25,
            ),
        ] {
            assert!((hit - expected).abs() < 0.04, "{hit} for {expected}");
        }
        for p in &points {
            assert!((0.5..=1.0).contains(&number(p, "fraction")), "{p}");
            assert!((0.01..=100.0).contains(&number(p, "lambda")), "{p}");
        }
    }

    #[test]
    fn a_longer_sample_begins_with_the_shorter() {
        let (short, long) = (space().sample(3, 7).unwrap(), space().sample(9, 7).unwrap());
        assert_eq!(short, long[..3]);
    }

    #[test]
    fn the_whole_range_of_integers_can_be_drawn_from() {
        let space = Space::new()
            .integer("i", i64::MIN, i64::MAX)
            .integer("one", 4, 4);
        let points = space.sample(100, 0).unwrap();
        let negative = |p: &&Point| matches!(p.get("i"), Some(Value::Integer(i)) if *i < 0);
        assert!((30..=70).contains(&points.iter().filter(negative).count()));
        assert!(
            points
                .iter()
                .all(|p| p.get("one") == Some(&Value::Integer(4)))
        );
    }

    #[test]
    fn a_point_is_a_map_to_serde() {
        let point = &Space::new()
            .integer("depth", 3, 3)
            .linear("x", 0.5, 0.5)
            .choice("c", ["b"])
            .sample(1, 0)
            .unwrap()[0];
        assert_eq!(
            serde_json::to_string(point).unwrap(),
            r#"{"depth":3,"x":0.5,"c":"b"}"#
        );
        assert_eq!(point.to_string(), "depth 3, x 0.5000, c b");
        assert_eq!(point.get("y"), None);
    }

    #[test]
    fn a_range_that_cannot_be_sampled_is_named() {
        let message = |space: Space| space.sample(1, 0).unwrap_err().to_string();
        for (space, expected) in [
            (Space::new(), "search: there is no parameter to search"),
            (
                space().log("fraction", 1.0, 2.0),
                "search: fraction: appears twice",
            ),
            (
                Space::new().integer("i", 2, 1),
                "search: i: low is above high",
            ),
            (
                Space::new().linear("x", 2.0, 1.0),
                "search: x: low is above high",
            ),
            (
                Space::new().linear("x", f64::NAN, 1.0),
                "search: x: low and high must be finite",
            ),
            (
                Space::new().log("x", 1.0, f64::INFINITY),
                "search: x: low and high must be finite",
            ),
            (
                Space::new().log("x", 0.0, 1.0),
                "search: x: low must be above 0",
            ),
            (
                Space::new().choice("c", [""; 0]),
                "search: c: there is nothing to choose from",
            ),
        ] {
            assert_eq!(message(space), expected);
        }
    }
}
