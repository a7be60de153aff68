//! The same bits on every instruction set that this machine has, and on every other machine.

use std::cell::Cell;

use pulp::Arch;

use crate::resample::{ResampleParams, ResampleQuality, Resampler};

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

/// Values that must not depend on the machine. If all instruction sets give other numbers than these, an
/// algorithm has changed; the new numbers then belong here.
const EXPECTED: [(u32, u32, ResampleQuality, u64); 8] = [
    (
        44_100,
        22_050,
        ResampleQuality::SoxrHq,
        0x8442_78ac_67f3_c7f6,
    ),
    (
        48_000,
        22_050,
        ResampleQuality::SoxrHq,
        0xc77a_ff3e_a25a_4cbe,
    ),
    (
        44_100,
        24_000,
        ResampleQuality::SoxrHq,
        0x0e20_44b2_b0b0_a54f,
    ),
    (
        44_100,
        16_000,
        ResampleQuality::SoxrHq,
        0xde30_7823_6a17_1d7b,
    ),
    (
        11_025,
        48_000,
        ResampleQuality::SoxrHq,
        0x2ca2_a229_e711_0e6e,
    ),
    (
        192_000,
        8_000,
        ResampleQuality::SoxrHq,
        0x5ffb_f875_0bf8_5086,
    ),
    (
        44_056,
        44_100,
        ResampleQuality::SoxrHq,
        0x0c07_a712_6e8f_c3e6,
    ),
    (
        44_100,
        16_000,
        ResampleQuality::KaiserBest,
        0x8a84_cd88_5d7a_cf06,
    ),
];

#[test]
fn every_instruction_set_gives_the_same_bits() {
    let mut state = 1u32;
    let x: Vec<f32> = (0..60_000)
        .map(|_| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 8) as f32 / 16_777_216.0 - 0.5
        })
        .collect();
    for arch in available() {
        CHOSEN.set(Some(arch));
        let got = EXPECTED.map(|(from, to, quality, _)| {
            let params = ResampleParams {
                quality,
                ..Default::default()
            };
            let y = Resampler::new(from, to, &params).unwrap().resample(&x);
            // FNV-1a of 64 bits.
            let digest = y
                .unwrap()
                .iter()
                .flat_map(|v| v.to_bits().to_le_bytes())
                .fold(0xcbf2_9ce4_8422_2325u64, |hash, byte| {
                    (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
                });
            (from, to, quality, digest)
        });
        CHOSEN.set(None);
        let hex = |all: &[(u32, u32, ResampleQuality, u64)]| -> Vec<String> {
            let line = |(from, to, quality, digest): &(u32, u32, ResampleQuality, u64)| {
                format!("{from} {to} {quality:?} {digest:#018x}")
            };
            all.iter().map(line).collect()
        };
        assert_eq!(hex(&got), hex(&EXPECTED), "{arch:?}");
    }
}
