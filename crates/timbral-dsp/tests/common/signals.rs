//! The test signals of `golden/spectral.py`. They use integers, IEEE additions, products and
//! quotients, and one rounding to f32, so that both sides have the same bits.

use ndarray::Array2;

const SAMPLE_RATE: u64 = 22050;

/// Pseudo-random numbers in 0..1 with 24 bits each.
pub(crate) fn lcg(n: usize, seed: u32) -> Vec<f32> {
    let mut state = seed;
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 8) as f32 / 16_777_216.0
    };
    (0..n).map(|_| next()).collect()
}

/// Numbers in -1..1.
pub(crate) fn signed(n: usize, seed: u32) -> Vec<f32> {
    lcg(n, seed).iter().map(|v| v * 2.0 - 1.0).collect()
}

/// An array of numbers in 0..1.
pub(crate) fn flat(rows: usize, columns: usize, seed: u32) -> Array2<f32> {
    Array2::from_shape_vec((rows, columns), lcg(rows * columns, seed)).expect("the number of cells")
}

/// `sin(2 pi phase / 2^32)` to 1e-9, by operations that give the same bits everywhere.
pub(crate) fn sine(phase: u64) -> f64 {
    let q = f64::from(phase as u32 as i32) / 2_147_483_648.0;
    let q = match q {
        _ if q > 0.5 => 1.0 - q,
        _ if q < -0.5 => -1.0 - q,
        _ => q,
    };
    let z = std::f64::consts::PI * q;
    let z2 = z * z;
    let series = [110.0, 72.0, 42.0, 20.0, 6.0];
    z * series
        .iter()
        .fold(1.0 - z2 / 156.0, |t, d| 1.0 - z2 / d * t)
}

/// Phase increment per sample.
fn step(hertz: u64) -> u64 {
    (hertz << 32) / SAMPLE_RATE
}

const CHORDS: [[u64; 3]; 4] = [
    [262, 330, 392],
    [220, 262, 330],
    [175, 220, 262],
    [196, 247, 294],
];

/// Decodes e.g. `tone:30000:440` as 30000 samples of the signal tone with argument 440.
pub(crate) fn signal(name: &str) -> Vec<f32> {
    let mut parts = name.split(':');
    let kind = parts.next().unwrap_or_default();
    let args: Vec<u64> = parts
        .map(|part| part.parse().expect("an integer"))
        .collect();
    let n = args[0];
    let make = |value: &dyn Fn(u64) -> f64| (0..n).map(|t| value(t) as f32).collect();
    match (kind, &args[1..]) {
        ("noise", [seed]) => signed(n as usize, *seed as u32),
        ("quiet", [seed]) => signed(n as usize, *seed as u32)
            .iter()
            .map(|v| v * 1e-5)
            .collect(),
        ("zero", []) => vec![0.0; n as usize],
        ("dc", []) => vec![0.25; n as usize],
        ("impulse", [at]) => make(&|t| f64::from(u8::from(t == *at))),
        ("tone", [hertz]) => make(&|t| 0.5 * sine(step(*hertz) * t)),
        ("gap", [hertz]) => make(&|t| {
            let inside = t >= n / 4 && t < n / 4 * 3;
            if inside {
                0.5 * sine(step(*hertz) * t)
            } else {
                0.0
            }
        }),
        ("chirp", []) => make(&|t| 0.5 * sine(step(100) * t + 21000 * (t * (t + 1) / 2))),
        ("harmonic", []) => make(&|t| {
            let tone = |k: u64| 0.3 / k as f64 * sine(step(220) * k * t);
            let tones = (1..7).map(tone).fold(0.0, |sum, v| sum + v);
            tones / (1.0 + t as f64 / 8192.0) + if t % 4410 == 2205 { 0.5 } else { 0.0 }
        }),
        ("mix", []) => mix(n as usize),
        _ => panic!("unknown signal {name}"),
    }
}

/// Chords, drum, hi-hat and hiss.
fn mix(n: usize) -> Vec<f32> {
    let (hiss, hat) = (signed(n, 7), signed(n, 8));
    let sample = |i: usize| {
        let t = i as u64;
        let mut y = 0.002 * f64::from(hiss[i]);
        let m = t % 16537;
        for hertz in CHORDS[(t / 16537 % 4) as usize] {
            for k in 1..5 {
                let note = 0.1 / (k * k) as f64 * sine(step(hertz) * k * m);
                y += note / (1.0 + m as f64 / 8192.0);
            }
        }
        let m = t % 11025;
        let d = 1.0 + m as f64 / 512.0;
        y += 0.4 * sine(step(60) * m) / (d * d);
        let d = 1.0 + (t % 5512) as f64 / 256.0;
        (y + 0.15 * f64::from(hat[i]) / (d * d)) as f32
    };
    (0..n).map(sample).collect()
}
