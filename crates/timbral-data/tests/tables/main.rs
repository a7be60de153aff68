//! Reading, writing and scaling of feature tables.

#![allow(clippy::unwrap_used)]

mod csv;
#[cfg(any(feature = "npy", feature = "parquet"))]
mod formats;
#[cfg(all(feature = "gzip", feature = "npy", feature = "parquet"))]
mod hard_tables;
mod malformed;
mod people;
mod published;
mod scale;

use timbral_data::FeatureTable;

/// All parts are equal, numbers bit by bit.
fn same(a: &FeatureTable, b: &FeatureTable) {
    let bits = |t: &FeatureTable| t.features().mapv(f32::to_bits);
    assert_eq!(bits(a), bits(b));
    assert_eq!(a.feature_names(), b.feature_names());
    assert_eq!(a.ids(), b.ids());
    assert_eq!(a.lengths(), b.lengths());
    assert_eq!(a.classes(), b.classes());
    assert_eq!(a.labels(), b.labels());
    assert_eq!(a.group_names(), b.group_names());
    assert_eq!(a.groups(), b.groups());
}
