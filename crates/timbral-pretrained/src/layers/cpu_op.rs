use candle_core::{CpuStorage, CustomOp1, Error, Layout, Result, Shape, Tensor};

/// An operation on the numbers of a tensor on the CPU: numbers and shape to numbers and shape.
struct CpuOp<F>(&'static str, F);

impl<F: Fn(&[f32], &[usize]) -> (Vec<f32>, Vec<usize>)> CustomOp1 for CpuOp<F> {
    fn name(&self) -> &'static str {
        self.0
    }

    fn cpu_fwd(&self, storage: &CpuStorage, layout: &Layout) -> Result<(CpuStorage, Shape)> {
        let (start, end) = layout
            .contiguous_offsets()
            .ok_or_else(|| Error::Msg(format!("{}: the tensor is not contiguous", self.0)))?;
        let values = &storage.as_slice::<f32>()?[start..end];
        let (values, shape) = (self.1)(values, layout.dims());
        Ok((CpuStorage::F32(values), Shape::from(shape)))
    }
}

/// Applies an operation to a tensor on the CPU.
pub(super) fn apply(
    x: &Tensor,
    name: &'static str,
    op: impl Fn(&[f32], &[usize]) -> (Vec<f32>, Vec<usize>),
) -> Result<Tensor> {
    x.contiguous()?.apply_op1_no_bwd(&CpuOp(name, op))
}
