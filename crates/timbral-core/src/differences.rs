use serde_json::Value;

/// A leaf in which two JSON values differ.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Difference {
    /// Its path in the JSON values, such as `tables.0.rows`.
    pub name: String,
    /// The first value; null if it is missing.
    pub found: Value,
    /// The second value; null if it is missing.
    pub expected: Value,
}

/// The leaves in which two JSON values differ. Lists are leaves, except for lists of objects with equal
/// lengths.
///
/// ```
/// use serde_json::json;
/// use timbral_core::differences;
/// let found = differences(&json!({"a": 1, "b": {"c": 2}}), &json!({"a": 1, "b": {"c": 3}}));
/// assert_eq!(found.len(), 1);
/// assert_eq!(found[0].to_string(), "b.c: 2, not 3");
/// ```
pub fn differences(found: &Value, expected: &Value) -> Vec<Difference> {
    let mut all = Vec::new();
    collect("", found, expected, &mut all);
    all
}

impl std::fmt::Display for Difference {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self {
            name,
            found,
            expected,
        } = self;
        write!(f, "{name}: {found}, not {expected}")
    }
}

fn collect(name: &str, found: &Value, expected: &Value, all: &mut Vec<Difference>) {
    let within = |inner: &str| match name {
        "" => inner.to_owned(),
        _ => format!("{name}.{inner}"),
    };
    match (found, expected) {
        (Value::Object(found), Value::Object(expected)) => {
            let new = expected.keys().filter(|key| !found.contains_key(*key));
            for key in found.keys().chain(new) {
                let [found, expected] = [found, expected].map(|o| o.get(key).unwrap_or_default());
                collect(&within(key), found, expected, all);
            }
        }
        (Value::Array(found), Value::Array(expected))
            if found.len() == expected.len() && found.iter().all(Value::is_object) =>
        {
            for (i, (found, expected)) in found.iter().zip(expected).enumerate() {
                collect(&within(&i.to_string()), found, expected, all);
            }
        }
        _ if found != expected => all.push(Difference {
            name: name.to_owned(),
            found: found.clone(),
            expected: expected.clone(),
        }),
        _ => {}
    }
}
