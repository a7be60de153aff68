use crate::data::{Bin, LANES};
use crate::growing::regularisation::Sums;

/// The sums of one bin number of each feature of a word, in the order of [`SLOT`].
#[derive(Debug, Clone, Copy, PartialEq, Default)]
#[repr(align(64))]
pub(crate) struct Line([Sums; LANES]);

/// The index of each feature of a word in a [`Line`], in the order in which shuffles within the halves
/// of a register separate gradients from hessians.
const SLOT: [usize; LANES] = [0, 2, 1, 3, 4, 6, 5, 7];

impl Line {
    /// The sums of one feature.
    #[inline(always)]
    pub(crate) fn get(&self, lane: usize) -> Sums {
        self.0[SLOT[lane]]
    }

    #[inline(always)]
    pub(crate) fn set(&mut self, lane: usize, sums: Sums) {
        self.0[SLOT[lane]] = sums;
    }
}

/// Adds lines to others and sets them to zero.
pub(super) fn take_from(lines: &mut [Line], sums: &mut [Line]) {
    for (sum, line) in sums.iter_mut().zip(lines) {
        let line = std::mem::take(line);
        let sums = sum.0.as_flattened_mut().iter_mut();
        sums.zip(line.0.as_flattened()).for_each(|(a, b)| *a += b);
    }
}

/// The same by feature, gradients apart from hessians.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(crate) struct Lanes {
    pub(crate) gradients: [f64; LANES],
    pub(crate) hessians: [f64; LANES],
}

/// Adds the gradients of each row to the sums of its bins.
#[inline(always)]
pub(super) fn add_lanes<'w, const N: usize, B: Bin + 'w>(
    bins: impl Iterator<Item = &'w [B; LANES]>,
    sums: &[Sums],
    lines: &mut [Line],
) {
    // With this length the compiler removes the bounds checks.
    let lines = &mut lines[..B::N_BINS];
    for (bins, [g, h]) in bins.zip(sums) {
        for lane in 0..N {
            let pair = &mut lines[bins[lane].index()].0[SLOT[lane]];
            pair[0] += g;
            pair[1] += h;
        }
    }
}

/// Operations on whole vectors. All must be inlined, here and below.
pub(super) trait Ops: Copy {
    fn lanes(self, line: Line) -> Lanes;
    /// What remains of `a` without `b`.
    fn minus(self, a: Line, b: Line) -> Line;
}

/// Code that needs operations on vectors.
pub(super) trait WithOps {
    type Output;

    fn run(self, ops: impl Ops) -> Self::Output;
}

/// Runs `kernel` compiled for the best instruction set of this machine.
pub(super) fn vectorize<K: WithOps>(kernel: K) -> K::Output {
    #[cfg(target_arch = "x86_64")]
    {
        use pulp::x86::{V3, V4};
        if let Some(simd) = V4::try_new() {
            return simd.vectorize(
                #[inline(always)]
                || kernel.run(*simd),
            );
        }
        if let Some(simd) = V3::try_new() {
            return simd.vectorize(
                #[inline(always)]
                || kernel.run(simd),
            );
        }
    }
    kernel.run(Plain)
}

// Written out, as the compiler mixes the lanes of what it makes vectors of by itself.
#[cfg(target_arch = "x86_64")]
impl Ops for pulp::x86::V3 {
    #[inline(always)]
    fn lanes(self, Line(sums): Line) -> Lanes {
        let [a, b, c, d]: [std::arch::x86_64::__m256d; 4] = pulp::cast(sums);
        let [low, high] = [
            self.avx._mm256_unpacklo_pd(a, b),
            self.avx._mm256_unpacklo_pd(c, d),
        ];
        let gradients = pulp::cast([low, high]);
        let [low, high] = [
            self.avx._mm256_unpackhi_pd(a, b),
            self.avx._mm256_unpackhi_pd(c, d),
        ];
        Lanes {
            gradients,
            hessians: pulp::cast([low, high]),
        }
    }

    #[inline(always)]
    fn minus(self, a: Line, b: Line) -> Line {
        let a: [std::arch::x86_64::__m256d; 4] = pulp::cast(a.0);
        let b: [std::arch::x86_64::__m256d; 4] = pulp::cast(b.0);
        Line(pulp::cast([
            self.avx._mm256_sub_pd(a[0], b[0]),
            self.avx._mm256_sub_pd(a[1], b[1]),
            self.avx._mm256_sub_pd(a[2], b[2]),
            self.avx._mm256_sub_pd(a[3], b[3]),
        ]))
    }
}

#[derive(Clone, Copy)]
struct Plain;

impl Ops for Plain {
    #[inline(always)]
    fn lanes(self, Line(sums): Line) -> Lanes {
        Lanes {
            gradients: SLOT.map(|slot| sums[slot][0]),
            hessians: SLOT.map(|slot| sums[slot][1]),
        }
    }

    #[inline(always)]
    fn minus(self, mut a: Line, b: Line) -> Line {
        let sums = a.0.as_flattened_mut().iter_mut();
        sums.zip(b.0.as_flattened()).for_each(|(a, b)| *a -= b);
        a
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Both([Line; 2]);

    impl WithOps for Both {
        type Output = (Lanes, Line);

        #[inline(always)]
        fn run(self, ops: impl Ops) -> Self::Output {
            let [a, b] = self.0;
            (ops.lanes(a), ops.minus(a, b))
        }
    }

    #[test]
    fn the_vector_code_gives_the_sums_of_the_scalar_code() {
        let mut lines = [Line::default(); 2];
        for lane in 0..LANES {
            lines[0].set(lane, [lane as f64 + 0.25, -(lane as f64)]);
            lines[1].set(lane, [0.1, 0.2 * lane as f64]);
        }
        let (lanes, rest) = vectorize(Both(lines));
        assert_eq!((lanes, rest), Both(lines).run(Plain));
        for lane in 0..LANES {
            let [a, b] = lines.map(|line| line.get(lane));
            assert_eq!([lanes.gradients[lane], lanes.hessians[lane]], a);
            assert_eq!(rest.get(lane), [a[0] - b[0], a[1] - b[1]]);
        }
    }
}
