/// Replaces logits `[n, n_classes]` by probabilities, row by row: exp(x - max) / Σ exp(x - max).
pub(crate) fn softmax(logits: &mut [f32], n_classes: usize) {
    for row in logits.chunks_exact_mut(n_classes) {
        let max = row.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        row.iter_mut().for_each(|x| *x = libm::expf(*x - max));
        let sum: f32 = row.iter().sum();
        row.iter_mut().for_each(|x| *x /= sum);
    }
}
