use candle_core::{Result, Tensor};

use super::cpu_op::apply;

/// `1 / (1 + exp(-x))`; on the CPU with the same bits on every machine.
pub(crate) fn sigmoid(x: &Tensor) -> Result<Tensor> {
    if !x.device().is_cpu() {
        return candle_nn::ops::sigmoid(x);
    }
    apply(x, "sigmoid", |x, shape| {
        let y = x.iter().map(|x| 1.0 / (1.0 + libm::expf(-x)));
        (y.collect(), shape.to_vec())
    })
}
