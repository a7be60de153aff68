//! The short-time Fourier transform and its inverse.

use std::hint::black_box;

use criterion::Criterion;
use ndarray::Array2;
use realfft::num_complex::Complex;
use timbral::dsp::{Stft, StftParams};

use crate::bare::BareFfts;
use crate::{CLIP, WIDE, group, same};

pub(crate) fn stft(c: &mut Criterion) {
    let y = &CLIP[..];
    let stft = Stft::new(StftParams::default()).unwrap();
    let mut scratch = stft.make_scratch();
    let mut spectrum = stft.process(y).unwrap();
    let mut bare = BareFfts::new();
    let padded = BareFfts::padded(y);

    let parts = |from: &Array2<_>| -> [Vec<f32>; 2] {
        [from.map(|z: &Complex<f32>| z.re), from.map(|z| z.im)]
            .map(|part| part.into_raw_vec_and_offset().0)
    };
    let [re, im] = parts(&spectrum);
    let (rosa_re, rosa_im) = rosa::stft_as_real_imag(&WIDE, &rosa::StftParams::default());
    same("stft, real, rosa", &re, rosa_re.as_slice(), 1e-7);
    same("stft, imaginary, rosa", &im, rosa_im.as_slice(), 1e-7);
    let bins = stft.n_bins();
    let spectra = Array2::from_shape_vec((1293, bins), bare.spectra(&padded)).unwrap();
    let [bare_re, bare_im] = parts(&spectra.t().as_standard_layout().into_owned());
    same("stft, real, bare", &re, &bare_re, 1e-6);
    same("stft, imaginary, bare", &im, &bare_im, 1e-6);

    let mut group = group(c, "stft");
    group.bench_function("timbral", |b| {
        b.iter(|| {
            stft.process_with_scratch(black_box(y), spectrum.view_mut(), &mut scratch)
                .unwrap()
        });
    });
    group.bench_function("bare_ffts", |b| {
        b.iter(|| bare.forward(black_box(&padded), |spectrum| _ = black_box(spectrum)));
    });
    group.bench_function("rosa", |b| {
        b.iter(|| rosa::stft_as_real_imag(black_box(&WIDE), &rosa::StftParams::default()));
    });
    group.finish();
}

pub(crate) fn istft(c: &mut Criterion) {
    let y = &CLIP[..];
    let stft = Stft::new(StftParams::default()).unwrap();
    let mut scratch = stft.make_scratch();
    let spectrum = stft.process(y).unwrap();
    let mut bare = BareFfts::new();
    let padded = BareFfts::padded(y);
    let spectra = bare.spectra(&padded);
    let (re, im) = rosa::stft_as_real_imag(&WIDE, &rosa::StftParams::default());
    let params = rosa::IstftParams {
        length: Some(y.len()),
        ..rosa::IstftParams::new(2048)
    };

    same(
        "istft(stft(y))",
        &stft.inverse(spectrum.view(), Some(y.len())).unwrap(),
        y,
        1e-6,
    );
    // rosa drops the samples after the last full hop before it checks the length.
    let whole = y.len() / 512 * 512;
    same(
        "istft(stft(y)), rosa",
        &rosa::istft(&re, &im, &params)[..whole],
        &WIDE[..whole],
        1e-9,
    );
    // The bare frames are the windowed ones times the transform length: the middle of each, where the
    // window is 1, is the sample at its centre.
    let mut centres = Vec::new();
    bare.inverse(&spectra, |frame| centres.push(frame[1024] / 2048.0));
    let expected: Vec<f32> = y.iter().copied().step_by(512).collect();
    same("bare inverse", &centres, &expected, 1e-6);

    let mut group = group(c, "istft");
    group.bench_function("timbral", |b| {
        b.iter(|| {
            stft.inverse_with_scratch(black_box(spectrum.view()), Some(y.len()), &mut scratch)
                .unwrap()
        });
    });
    group.bench_function("bare_ffts", |b| {
        b.iter(|| bare.inverse(black_box(&spectra), |samples| _ = black_box(samples)));
    });
    group.bench_function("rosa", |b| {
        b.iter(|| rosa::istft(black_box(&re), &im, &params))
    });
    group.finish();
}
