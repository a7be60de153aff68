use timbral::dsp::{FeatureSet, FeatureSetParams};

/// A fifth of a second of noise.
fn sound() -> Vec<f32> {
    let noise = |i: u32| (i.wrapping_mul(2_654_435_761) >> 8) as f32 / 1e8;
    (0..4410).map(noise).collect()
}

/// A set that is read is the same after it is written, and has a finite number for every name, or an error.
fn works(params: FeatureSetParams) {
    let Ok(set) = FeatureSet::new(params) else {
        return;
    };
    let text = serde_json::to_string(set.params()).unwrap();
    let again: FeatureSetParams =
        serde_json::from_str(&text).unwrap_or_else(|e| panic!("it is not read again: {e}"));
    assert_eq!(again, *set.params());
    if let Ok(values) = set.process(&sound()) {
        assert_eq!(values.len(), set.names().len());
        assert!(values.iter().all(|v| v.is_finite()));
    }
}

/// A file of features.
pub(crate) fn json(bytes: &[u8]) {
    if let Ok(params) = serde_json::from_slice(bytes) {
        works(params);
    }
}

/// The option `--features`.
pub(crate) fn text(bytes: &[u8]) {
    let text = std::str::from_utf8(bytes).map(str::parse);
    if let Ok(Ok(params)) = text {
        works(params);
    }
}
