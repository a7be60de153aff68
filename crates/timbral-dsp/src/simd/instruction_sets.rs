//! The same bits on every instruction set that this machine has, and on every other machine.

use std::cell::Cell;

use pulp::Arch;

use crate::constant_q::{Cqt, CqtParams, PseudoCqt};
use crate::features::{FeatureSet, FeatureSetParams};
use crate::pitch::{Pyin, PyinParams, Yin, YinParams};
use crate::rhythm::{Tempogram, TempogramParams, autocorrelate, fourier_tempogram};
use crate::separation::{Hpss, HpssParams};
use crate::transform::{Stft, StftParams};

thread_local! {
    static CHOSEN: Cell<Option<Arch>> = const { Cell::new(None) };
}

/// The instruction set that the running test asks for.
pub(super) fn chosen() -> Option<Arch> {
    CHOSEN.get()
}

/// The instruction sets of this machine.
fn available() -> Vec<Arch> {
    #[allow(unused_mut, reason = "other processors have no further ones")]
    let mut all = vec![Arch::Scalar, Arch::new()];
    #[cfg(target_arch = "x86_64")]
    {
        all.extend(pulp::x86::V3::try_new().map(Arch::V3));
        all.extend(pulp::x86::V4::try_new().map(Arch::V4));
    }
    all
}

/// Three seconds at 22 050 Hz, made without a function whose last bits differ between systems: a
/// sawtooth, a click every half second and noise.
fn signal() -> Vec<f32> {
    let mut state = 1u32;
    let mut sample = |n: u32| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let noise = (state >> 8) as f32 / (1 << 24) as f32 - 0.5;
        let saw = (n % 100) as f32 / 100.0 - 0.5;
        let click = if n % 11_025 < 20 { 0.25 } else { 0.0 };
        0.125 * noise + 0.5 * saw + click
    };
    (0..3 * 22_050).map(&mut sample).collect()
}

/// FNV-1a of 64 bits.
fn digest(bytes: impl IntoIterator<Item = u8>) -> u64 {
    bytes.into_iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

fn digest_f32<'a>(values: impl IntoIterator<Item = &'a f32>) -> u64 {
    digest(values.into_iter().flat_map(|v| v.to_bits().to_le_bytes()))
}

fn digest_f64<'a>(values: impl IntoIterator<Item = &'a f64>) -> u64 {
    digest(values.into_iter().flat_map(|v| v.to_bits().to_le_bytes()))
}

/// Values that must not depend on the machine. If all instruction sets give other numbers than these, an
/// algorithm has changed; the new numbers then belong here.
const EXPECTED: [(&str, u64); 12] = [
    ("librosa", 0xf6ec_b837_a261_22bc),
    ("gtzan", 0xe25e_6111_5012_8d48),
    ("fma", 0x8363_752e_92a0_14cc),
    ("hpss 2048", 0xda8d_b742_cad2_204e),
    ("hpss 1000", 0x7818_e5f5_5ae4_f55c),
    ("autocorrelate", 0x572c_055c_0551_a0db),
    ("tempogram", 0x3783_959b_2026_1762),
    ("fourier_tempogram", 0x6580_c615_eaa5_a899),
    ("vqt", 0xcbb6_234a_9c11_a4a9),
    ("pseudo_cqt", 0x0d5e_b0d3_8f65_454a),
    ("yin", 0x0221_f3d5_deb9_beb0),
    ("pyin", 0x4315_c33d_be01_2664),
];

#[test]
fn every_instruction_set_gives_the_same_bits() {
    for arch in available() {
        CHOSEN.set(Some(arch));
        let got = digests();
        CHOSEN.set(None);
        let hex = |all: &[(&str, u64)]| -> Vec<String> {
            let line = |(name, digest): &(&str, u64)| format!("{name} {digest:#018x}");
            all.iter().map(line).collect()
        };
        assert_eq!(hex(&got), hex(&EXPECTED), "{arch:?}");
    }
}

fn digests() -> Vec<(&'static str, u64)> {
    let y = signal();
    let vector = |params: FeatureSetParams| {
        digest_f64(&FeatureSet::new(params).unwrap().process(&y).unwrap())
    };
    let hpss = |n_fft| {
        let params = StftParams {
            n_fft,
            hop_length: n_fft / 4,
            ..Default::default()
        };
        let stft = Stft::new(params).unwrap();
        let hpss = Hpss::new(HpssParams::default()).unwrap();
        let (harmonic, percussive) = hpss.process_signal(&stft, &y).unwrap();
        digest_f32(harmonic.iter().chain(&percussive))
    };
    let envelope: Vec<f32> = y.iter().copied().step_by(100).collect();
    let double: Vec<f64> = envelope.iter().map(|v| f64::from(*v)).collect();
    let params = TempogramParams::default();
    let tempogram = Tempogram::new(params).unwrap().process(&envelope).unwrap();
    let fourier = fourier_tempogram(&envelope, &params).unwrap();
    vec![
        ("librosa", vector(FeatureSetParams::librosa())),
        ("gtzan", vector(FeatureSetParams::gtzan())),
        ("fma", vector(FeatureSetParams::fma())),
        // A power of two, and a length that is transformed frame by frame.
        ("hpss 2048", hpss(2048)),
        ("hpss 1000", hpss(1000)),
        ("autocorrelate", digest_f64(&autocorrelate(&double, None))),
        ("tempogram", digest_f64(&tempogram)),
        (
            "fourier_tempogram",
            digest_f32(fourier.iter().flat_map(|z| [&z.re, &z.im])),
        ),
        ("vqt", {
            let vqt = Cqt::new(CqtParams::vqt()).unwrap();
            digest_f32(&vqt.magnitude(&y).unwrap())
        }),
        ("pseudo_cqt", {
            // Long transforms at half of the rate.
            let params = CqtParams {
                n_bins: 60,
                ..CqtParams::default()
            };
            digest_f32(&PseudoCqt::new(params).unwrap().process(&y).unwrap())
        }),
        ("yin", {
            let yin = Yin::new(YinParams::default()).unwrap();
            digest_f64(&yin.process(&y).unwrap())
        }),
        ("pyin", {
            let pyin = Pyin::new(PyinParams::default()).unwrap();
            digest_f64(&pyin.process(&y).unwrap().voiced_probability)
        }),
    ]
}
