use super::params::MusicnnParams;
use crate::weights::TensorSpec;

/// Mel bands of the input.
pub(super) const N_MELS: usize = 96;

/// Heights and widths of the kernels of the timbral and temporal convolutions, and their names.
pub(super) const TIMBRAL: [(&str, [usize; 2]); 2] =
    [("timbral_38", [7, 38]), ("timbral_67", [7, 67])];
pub(super) const TEMPORAL: [(&str, [usize; 2]); 3] = [
    ("temporal_128", [128, 1]),
    ("temporal_64", [64, 1]),
    ("temporal_32", [32, 1]),
];
/// Frames of the kernels in the middle.
pub(super) const MIDDLE: usize = 7;

/// Collects the tensors of a network, with TensorFlow's numbers of layers of one kind.
#[derive(Default)]
struct Layout {
    specs: Vec<TensorSpec>,
    n_convs: usize,
    n_norms: usize,
    n_dense: usize,
}

/// TensorFlow's name of the `i`-th layer of a kind.
fn numbered(kind: &str, i: &mut usize) -> String {
    *i += 1;
    match *i {
        1 => kind.to_owned(),
        i => format!("{kind}_{}", i - 1),
    }
}

impl Layout {
    fn norm(&mut self, name: &str, len: usize) {
        let layer = numbered("batch_normalization", &mut self.n_norms);
        for (ours, theirs) in [
            ("weight", "gamma"),
            ("bias", "beta"),
            ("running_mean", "moving_mean"),
            ("running_var", "moving_variance"),
        ] {
            let source = format!("{layer}/{theirs}");
            self.specs
                .push(TensorSpec::vector(format!("{name}.{ours}"), len, source));
        }
    }

    /// A convolution whose kernel has the axes `axes` of TensorFlow's height, width, in, out.
    fn conv(&mut self, name: &str, shape: [usize; 4], axes: [usize; 4]) {
        let layer = numbered("conv2d", &mut self.n_convs);
        let [weight, bias] = ["weight", "bias"].map(|part| format!("{name}.conv.{part}"));
        self.specs.push(TensorSpec::permuted(
            weight,
            &shape,
            format!("{layer}/kernel"),
            &axes,
        ));
        self.specs
            .push(TensorSpec::vector(bias, shape[0], format!("{layer}/bias")));
        self.norm(&format!("{name}.norm"), shape[0]);
    }

    /// A dense layer.
    fn dense(&mut self, name: &str, n_in: usize, n_out: usize) {
        let layer = numbered("dense", &mut self.n_dense);
        let [weight, bias] = ["weight", "bias"].map(|part| format!("{name}.linear.{part}"));
        self.specs.push(TensorSpec::permuted(
            weight,
            &[n_out, n_in],
            format!("{layer}/kernel"),
            &[1, 0],
        ));
        self.specs
            .push(TensorSpec::vector(bias, n_out, format!("{layer}/bias")));
    }
}

/// The tensors of a network.
pub(crate) fn layout(params: &MusicnnParams) -> Vec<TensorSpec> {
    let mut layout = Layout::default();
    layout.norm("input_norm", 1);
    for (convs, filters) in [
        (&TIMBRAL[..], params.timbral_filters),
        (&TEMPORAL[..], params.temporal_filters),
    ] {
        for (name, [height, width]) in convs {
            layout.conv(name, [filters, 1, *height, *width], [3, 2, 0, 1]);
        }
    }
    let filters = params.middle_filters;
    for (i, n_in) in [params.front_channels(), filters, filters]
        .into_iter()
        .enumerate()
    {
        // Channels are the height, frames the width.
        layout.conv(
            &format!("middle_{}", i + 1),
            [filters, 1, n_in, MIDDLE],
            [3, 2, 1, 0],
        );
    }
    let pooled = 2 * params.channels();
    layout.norm("pool_norm", pooled);
    layout.dense("dense", pooled, params.units);
    layout.norm("dense.norm", params.units);
    layout.dense("output", params.units, params.tags);
    layout.specs
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_published_network_has_792_079_numbers() {
        let layout = layout(&MusicnnParams::default());
        let n: usize = layout.iter().map(TensorSpec::len).sum();
        assert_eq!(n, 792_079);
        let of = |source: &str| layout.iter().find(|spec| spec.source == source);
        let shape = |source: &str| of(source).map(TensorSpec::source_shape);
        assert_eq!(shape("conv2d_5/kernel"), Some(vec![7, 561, 1, 64]));
        assert_eq!(shape("conv2d_2/kernel"), Some(vec![128, 1, 1, 51]));
        assert_eq!(shape("batch_normalization_9/gamma"), Some(vec![1506]));
        assert_eq!(shape("batch_normalization_10/gamma"), Some(vec![200]));
        assert_eq!(shape("dense_1/kernel"), Some(vec![200, 50]));
    }
}
