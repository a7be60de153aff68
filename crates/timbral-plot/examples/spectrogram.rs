//! Draws the log spectrogram of a rising tone, computed by a plain DFT.
//!
//! `cargo run -p timbral-plot --example spectrogram` writes `spectrogram.png` into the temporary folder.

#![allow(clippy::print_stdout)]

use std::f32::consts::TAU;

use timbral_plot::ndarray::Array2;
use timbral_plot::{FigureParams, FrameTiming, FrequencyAxis, spectrogram};

const SAMPLE_RATE: u32 = 8000;
const N_FFT: usize = 256;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    // From 200 Hz to 2200 Hz in one second.
    let seconds = |n: usize| n as f32 / SAMPLE_RATE as f32;
    let tone: Vec<f32> = (0..SAMPLE_RATE as usize)
        .map(|n| (TAU * (200.0 + 1000.0 * seconds(n)) * seconds(n)).sin())
        .collect();
    let frames: Vec<&[f32]> = tone.chunks_exact(N_FFT).collect();
    let decibels = Array2::from_shape_fn((N_FFT / 2 + 1, frames.len()), |(bin, t)| {
        let angle = |n: usize| TAU * (bin * n % N_FFT) as f32 / N_FFT as f32;
        let sum = |f: fn(f32) -> f32| -> f32 {
            let products = frames[t].iter().enumerate().map(|(n, x)| x * f(angle(n)));
            products.sum()
        };
        10.0 * (sum(f32::cos).powi(2) + sum(f32::sin).powi(2))
            .max(1e-3)
            .log10()
    });

    let timing = FrameTiming::new(SAMPLE_RATE, N_FFT);
    let params = FigureParams::titled("A rising tone").sized(600, 400);
    let figure = spectrogram(decibels.view(), FrequencyAxis::Linear, &timing, &params)?;
    let path = std::env::temp_dir().join("spectrogram.png");
    figure.save(&path)?;
    println!("{}: {} frames", path.display(), frames.len());
    Ok(())
}
