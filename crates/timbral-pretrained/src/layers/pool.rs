use candle_core::{Result, Tensor};

use super::cpu_op::apply;

/// Maximum and mean over time: `[n, frames, channels]` to `[n, channels, 2]`, the maximum first.
///
/// On the CPU the mean is summed in f64 in the order of time.
pub(crate) fn max_and_mean(x: &Tensor) -> Result<Tensor> {
    if !x.device().is_cpu() {
        return Tensor::stack(&[x.max(1)?, x.mean(1)?], 2);
    }
    let (n, frames, channels) = x.dims3()?;
    apply(x, "max_and_mean", |x, _| {
        let mut out = Vec::with_capacity(n * channels * 2);
        for window in x.chunks_exact((frames * channels).max(1)) {
            let mut greatest = vec![f32::NEG_INFINITY; channels];
            let mut sums = vec![0.0; channels];
            for frame in window.chunks_exact(channels) {
                for ((greatest, sum), &x) in greatest.iter_mut().zip(&mut sums).zip(frame) {
                    *greatest = greatest.max(x);
                    *sum += f64::from(x);
                }
            }
            let means = sums.iter().map(|sum| (sum / frames as f64) as f32);
            out.extend(greatest.into_iter().zip(means).flat_map(|(a, b)| [a, b]));
        }
        (out, vec![n, channels, 2])
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use candle_core::Device;

    #[test]
    fn the_maximum_and_the_mean_are_interleaved() {
        let x = Tensor::new(&[[[1f32, -4.0], [3.0, -2.0]]], &Device::Cpu).unwrap();
        let pooled = max_and_mean(&x).unwrap().to_vec3::<f32>().unwrap();
        assert_eq!(pooled, [[[3.0, 2.0], [-2.0, -3.0]]]);
    }
}
