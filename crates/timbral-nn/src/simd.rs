use pulp::{Arch, Simd, WithSimd};

/// Runs code compiled for the machine's widest registers; without a change of bits, for the compiler
/// reorders no sums and fuses no products.
///
/// The closure is to be `#[inline(always)]`, and so are the functions that it calls: only what is
/// inlined here is compiled anew.
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
