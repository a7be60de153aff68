use super::super::regularisation::Sums;
use crate::data::{Bin, LANES};

/// The sums of one bin number of each feature of a word.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
#[repr(align(64))]
pub(crate) struct Line {
    pub(crate) gradients: [f64; LANES],
    pub(crate) hessians: [f64; LANES],
}

impl Line {
    /// The sums of one feature.
    #[inline(always)]
    pub(crate) fn get(&self, lane: usize) -> Sums {
        [self.gradients[lane], self.hessians[lane]]
    }

    #[inline(always)]
    pub(crate) fn set(&mut self, lane: usize, sums: Sums) {
        [self.gradients[lane], self.hessians[lane]] = sums;
    }
}

/// The same while rows are added: gradient next to hessian.
#[derive(Debug, Clone, Copy, Default)]
#[repr(align(64))]
pub(super) struct Pairs(pub(super) [Sums; LANES]);

/// The index of each feature of a word in [`Pairs`], in the order in which shuffles within the halves
/// of a register separate gradients from hessians.
const SLOT: [usize; LANES] = [0, 2, 1, 3, 4, 6, 5, 7];

/// Adds the gradients of each row to the sums of its bins.
#[inline(always)]
pub(super) fn add_lanes<'w, const N: usize, B: Bin + 'w>(
    bins: impl Iterator<Item = &'w [B; LANES]>,
    sums: &[[f32; 2]],
    pairs: &mut [Pairs],
) {
    // With this length the compiler removes the bounds checks.
    let pairs = &mut pairs[..B::N_BINS];
    for (bins, sum) in bins.zip(sums) {
        let [g, h] = sum.map(f64::from);
        for lane in 0..N {
            let pair = &mut pairs[bins[lane].index()].0[SLOT[lane]];
            pair[0] += g;
            pair[1] += h;
        }
    }
}

/// Adds up the parts of a word, sets them to zero, and subtracts the sum from `rest`.
pub(super) fn finish(parts: &mut [&mut [Pairs]], own: &mut [Line], rest: &mut [Line]) {
    #[cfg(target_arch = "x86_64")]
    if let Some(simd) = pulp::x86::V3::try_new() {
        let line = |pairs: Pairs| {
            let pairs: [std::arch::x86_64::__m256d; 4] = pulp::cast(pairs.0);
            let [low, high] = [[pairs[0], pairs[1]], [pairs[2], pairs[3]]];
            Line {
                gradients: pulp::cast([low, high].map(|[a, b]| simd.avx._mm256_unpacklo_pd(a, b))),
                hessians: pulp::cast([low, high].map(|[a, b]| simd.avx._mm256_unpackhi_pd(a, b))),
            }
        };
        simd.vectorize(
            #[inline(always)]
            || finish_with(line, parts, own, rest),
        );
        return;
    }
    finish_with(line, parts, own, rest);
}

fn line(Pairs(pairs): Pairs) -> Line {
    Line {
        gradients: SLOT.map(|slot| pairs[slot][0]),
        hessians: SLOT.map(|slot| pairs[slot][1]),
    }
}

#[inline(always)]
fn finish_with(
    line: impl Fn(Pairs) -> Line,
    parts: &mut [&mut [Pairs]],
    own: &mut [Line],
    rest: &mut [Line],
) {
    let Some((first, others)) = parts.split_first_mut() else {
        return;
    };
    for part in others {
        for (sum, pairs) in first.iter_mut().zip(&mut **part) {
            let pairs = std::mem::take(pairs);
            let sums = sum.0.as_flattened_mut().iter_mut();
            sums.zip(pairs.0.as_flattened()).for_each(|(a, b)| *a += b);
        }
    }
    let mut rest = rest.iter_mut();
    for (own, pairs) in own.iter_mut().zip(&mut **first) {
        let sums = line(std::mem::take(pairs));
        *own = sums;
        if let Some(rest) = rest.next() {
            for lane in 0..LANES {
                rest.gradients[lane] -= sums.gradients[lane];
                rest.hessians[lane] -= sums.hessians[lane];
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_vector_code_gives_the_sums_of_the_scalar_code() {
        let pairs = Pairs(std::array::from_fn(|slot| {
            [slot as f64 + 0.25, -(slot as f64)]
        }));
        let parts = [vec![pairs; 3], vec![pairs; 3]];
        let finished = |vector: bool| {
            let mut parts = parts.clone();
            let [first, second] = &mut parts;
            let mut own = vec![Line::default(); 3];
            let mut rest = vec![
                Line {
                    gradients: [1.0; LANES],
                    hessians: [2.0; LANES],
                };
                3
            ];
            let mut both = [&mut first[..], &mut second[..]];
            if vector {
                finish(&mut both, &mut own, &mut rest);
            } else {
                finish_with(line, &mut both, &mut own, &mut rest);
            }
            assert!(parts.iter().flatten().all(|p| p.0 == [[0.0; 2]; LANES]));
            (own, rest)
        };
        let (own, rest) = finished(false);
        assert_eq!(finished(true), (own.clone(), rest.clone()));
        for (lane, slot) in SLOT.into_iter().enumerate() {
            let [g, h] = own[2].get(lane);
            assert_eq!([g, h], [2.0 * slot as f64 + 0.5, -2.0 * slot as f64]);
            assert_eq!(rest[2].get(lane), [1.0 - g, 2.0 - h]);
        }
    }
}
