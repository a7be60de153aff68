//! The vector of 57 features, compared with the transforms that it needs at least: one of the clip, and
//! one inverse transform of each of the two parts of its separation.

use std::hint::black_box;

use criterion::Criterion;
use timbral::dsp::{FeatureParams, FeatureSet, FeatureSetParams, Framing, rms, zero_crossing_rate};

use crate::bare::BareFfts;
use crate::signal::{LONG, SHORT};
use crate::{CLIP, group, same};

pub(crate) fn vector(c: &mut Criterion) {
    let mut group = group(c, "vector");
    for (length, n) in [("30_s", LONG), ("3_s", SHORT)] {
        let y = &CLIP[..n];
        for (preset, params) in [
            ("gtzan", FeatureParams::gtzan()),
            ("librosa", FeatureParams::librosa()),
        ] {
            let set = FeatureSet::new(params).unwrap();
            let mut scratch = set.make_scratch();
            let values = set.process_with_scratch(y, &mut scratch).unwrap();
            let value = |name| values[set.names().iter().position(|n| n == name).unwrap()];
            assert_eq!(values.len(), 57);
            assert!(
                (value("tempo") - 120.0).abs() < 4.0,
                "{preset}: {}",
                value("tempo")
            );
            let framing = Framing {
                pad_mode: params.pad_mode,
                ..Framing::default()
            };
            let energies = rms(y, &framing).unwrap();
            let mean = energies.iter().map(|x| f64::from(*x)).sum::<f64>() / energies.len() as f64;
            same("rms_mean", &[value("rms_mean")], &[mean], 1e-6);
            let rates = zero_crossing_rate(y, &framing).unwrap();
            let mean = rates.iter().sum::<f64>() / rates.len() as f64;
            same(
                "zero_crossing_rate_mean",
                &[value("zero_crossing_rate_mean")],
                &[mean],
                1e-9,
            );

            group.bench_function(format!("{length}/{preset}/timbral"), |b| {
                b.iter(|| {
                    set.process_with_scratch(black_box(y), &mut scratch)
                        .unwrap()
                });
            });
        }
        let fma = FeatureSet::new(FeatureSetParams::fma()).unwrap();
        let mut scratch = fma.make_scratch();
        let values = fma.process_with_scratch(y, &mut scratch).unwrap();
        assert_eq!(
            (values.len(), fma.names()[401].as_str()),
            (518, "spectral_bandwidth_mean_01")
        );
        group.bench_function(format!("{length}/fma/timbral"), |b| {
            b.iter(|| {
                fma.process_with_scratch(black_box(y), &mut scratch)
                    .unwrap()
            });
        });
        let mut bare = BareFfts::new();
        let padded = BareFfts::padded(y);
        let spectra = bare.spectra(&padded);
        group.bench_function(format!("{length}/bare_ffts"), |b| {
            b.iter(|| {
                bare.forward(black_box(&padded), |spectrum| _ = black_box(spectrum));
                for _ in 0..2 {
                    bare.inverse(black_box(&spectra), |samples| _ = black_box(samples));
                }
            });
        });
    }
    group.finish();
}
