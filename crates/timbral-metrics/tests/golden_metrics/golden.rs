//! The values of `golden/metrics.json`, and the comparison of results with them.

use std::collections::BTreeMap;

use serde_json::Value;

pub(crate) const N_CASES: usize = 336;

/// Largest relative difference allowed: two orders of adding at most 1000 terms differ by less than
/// 1000 roundings of 1.1e-16, and the stored numbers have 15 digits, 5e-16.
const RELATIVE: f64 = 1e-12;

/// Absolute difference allowed on top: differences of numbers near 1, as kappa, are near 0 to a few
/// roundings of 1.1e-16.
const ABSOLUTE: f64 = 1e-15;

pub(crate) struct Golden {
    values: BTreeMap<String, Vec<Value>>,
    compared: BTreeMap<String, usize>,
}

impl Golden {
    pub(crate) fn load() -> Self {
        let text = include_str!("../golden/metrics.json");
        Self {
            values: serde_json::from_str(text).expect("metrics.json is not JSON"),
            compared: BTreeMap::new(),
        }
    }

    /// Compares the result `got` of case `number` with the stored one (null for NaN).
    pub(crate) fn check(&mut self, name: &str, number: usize, got: f64) {
        let values = self.values.get(name);
        let values = values.unwrap_or_else(|| panic!("no golden values of {name}"));
        assert_eq!(values.len(), N_CASES, "{name}");
        let same = match values[number].as_f64() {
            None => !got.is_finite(),
            Some(expected) => (got - expected).abs() <= RELATIVE * expected.abs() + ABSOLUTE,
        };
        assert!(same, "{name}, case {number}: {got} for {}", values[number]);
        *self.compared.entry(name.to_string()).or_default() += 1;
    }

    /// [`check`](Self::check) of a digest: sum of (i + 1) v_i, -1 for NaN, -2 for infinity.
    pub(crate) fn check_all(&mut self, name: &str, number: usize, got: &[f64]) {
        let plain = |v: f64| match v {
            v if v.is_nan() => -1.0,
            v if v.is_infinite() => -2.0,
            v => v,
        };
        let terms = got
            .iter()
            .enumerate()
            .map(|(i, v)| (i + 1) as f64 * plain(*v));
        self.check(name, number, terms.sum());
    }

    /// [`check`](Self::check) of a hash (FNV-1a in 32 bits), exactly; `None` is a refusal.
    pub(crate) fn check_hash(&mut self, name: &str, number: usize, got: Option<&[u8]>) {
        let hash = |bytes: &[u8]| {
            let step = |h: u32, b: &u8| (h ^ u32::from(*b)).wrapping_mul(16_777_619);
            f64::from(bytes.iter().fold(2_166_136_261, step))
        };
        self.check(name, number, got.map_or(f64::NAN, hash));
    }

    /// Fails unless each name that begins with one of `prefixes` was compared at least 200 times.
    pub(crate) fn finish(self, prefixes: &[&str]) {
        for prefix in prefixes {
            let names: Vec<&String> = self
                .values
                .keys()
                .filter(|name| name.starts_with(prefix))
                .collect();
            assert!(!names.is_empty(), "{prefix}");
            for name in names {
                let n = self.compared.get(name).copied().unwrap_or(0);
                assert!(n >= 200, "{name} was compared {n} times");
            }
        }
    }
}
