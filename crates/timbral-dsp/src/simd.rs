//! The memory layout and the SIMD dispatch that all spectral kernels share.
//!
//! Spectrograms are processed in *tiles* of 16 neighbouring frames, `tile[bin][lane]`. Operations
//! along frequency (sums, cumulative sums, filter banks, median windows) then run for 16 frames at
//! once in one to four registers, without shuffles and in the textbook's order of additions, so that
//! rounding does not depend on the instruction set. A tile of 1025 bins has 64 KiB and stays in the
//! cache through all kernels that read it.

#[cfg(test)]
mod instruction_sets;
mod matrix;
mod tiles;

pub(crate) use matrix::{Banded, Dense};
pub(crate) use tiles::{Tiles, for_each_tile, store_tile};

/// The frames of a tile, and one of its bins.
pub(crate) use timbral_core::{LANES, Lane};

pub(crate) const ZERO: Lane = [0.0; LANES];

/// Runs `kernel` compiled for the best instruction set of this machine (AVX-512, AVX2, NEON or
/// the target's baseline), detected at run time. Everything in it must be `#[inline(always)]`.
#[inline(always)]
pub(crate) fn dispatch<R>(kernel: impl FnOnce() -> R) -> R {
    arch().dispatch(kernel)
}

/// The best instruction set of this machine, detected at run time.
#[inline(always)]
pub(crate) fn arch() -> pulp::Arch {
    #[cfg(test)]
    if let Some(chosen) = instruction_sets::chosen() {
        return chosen;
    }
    pulp::Arch::new()
}

/// `out = a b`, value by value.
pub(crate) fn multiply(a: &[Lane], b: &[Lane], out: &mut [Lane]) {
    dispatch(
        #[inline(always)]
        || {
            let (a, b) = (a.as_flattened(), b.as_flattened());
            for ((a, b), out) in a.iter().zip(b).zip(out.as_flattened_mut()) {
                *out = a * b;
            }
        },
    );
}

/// `|re + i im|` of a tile.
pub(crate) fn magnitudes(re: &[Lane], im: &[Lane], out: &mut [Lane]) {
    dispatch(
        #[inline(always)]
        || {
            let (re, im) = (re.as_flattened(), im.as_flattened());
            for ((re, im), out) in re.iter().zip(im).zip(out.as_flattened_mut()) {
                *out = (re * re + im * im).sqrt();
            }
        },
    );
}
