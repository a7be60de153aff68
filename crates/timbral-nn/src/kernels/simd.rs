use pulp::{Arch, Simd, WithSimd};

/// Runs code compiled for the widest registers of the machine. The bits stay the same, for the compiler
/// neither reorders sums nor fuses products.
///
/// The closure and the functions that it calls must be `#[inline(always)]`: only what is inlined here
/// is compiled for these registers.
pub(crate) fn vectorised(task: impl FnMut()) {
    struct Task<F>(F);
    impl<F: FnMut()> WithSimd for Task<F> {
        type Output = ();

        #[inline(always)]
        fn with_simd<S: Simd>(mut self, _: S) {
            (self.0)();
        }
    }
    Arch::new().dispatch(Task(task));
}
