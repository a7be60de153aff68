/// Runs `kernel` compiled for the best instruction set of this machine.
///
/// Everything that the kernel calls must be inlined. The parameter is of type `FnOnce` so that a closure
/// is inlined, too.
#[inline(always)]
pub(crate) fn dispatch<R>(kernel: impl FnOnce() -> R) -> R {
    pulp::Arch::new().dispatch(kernel)
}
