/// A tensor of a network, and where it is in the published checkpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TensorSpec {
    /// The name in a safetensors file.
    pub(crate) name: String,
    /// The shape in a safetensors file.
    pub(crate) shape: Vec<usize>,
    /// The name in the checkpoint.
    pub(crate) source: String,
    /// The axis of the checkpoint's tensor that becomes each axis.
    pub(crate) axes: Vec<usize>,
    /// Whether its numbers are variances, which are not negative.
    pub(crate) is_variance: bool,
}

impl TensorSpec {
    /// A vector.
    pub(crate) fn vector(name: String, len: usize, source: String) -> Self {
        Self {
            is_variance: name.ends_with("running_var"),
            name,
            shape: vec![len],
            source,
            axes: vec![0],
        }
    }

    /// A tensor whose axis `i` is the axis `axes[i]` of the checkpoint's.
    pub(crate) fn permuted(name: String, shape: &[usize], source: String, axes: &[usize]) -> Self {
        Self {
            name,
            shape: shape.to_vec(),
            source,
            axes: axes.to_vec(),
            is_variance: false,
        }
    }

    /// Number of its values.
    pub(crate) fn len(&self) -> usize {
        self.shape.iter().product()
    }

    /// The shape in the checkpoint.
    pub(crate) fn source_shape(&self) -> Vec<usize> {
        let mut shape = vec![0; self.shape.len()];
        for (axis, len) in self.axes.iter().zip(&self.shape) {
            shape[*axis] = *len;
        }
        shape
    }

    /// The values in the order of a safetensors file, from those in the order of the checkpoint.
    pub(crate) fn permute(&self, values: &[f32]) -> Vec<f32> {
        let shape = self.source_shape();
        let mut strides = vec![1; shape.len()];
        for i in (1..shape.len()).rev() {
            strides[i - 1] = strides[i] * shape[i];
        }
        let place = |mut index: usize| {
            let mut place = 0;
            for (axis, len) in self.axes.iter().zip(&self.shape).rev() {
                place += index % len * strides[*axis];
                index /= len;
            }
            place
        };
        (0..values.len())
            .map(|index| values[place(index)])
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn axes_are_exchanged() {
        let spec = TensorSpec::permuted("w".into(), &[3, 1, 2], "k".into(), &[2, 1, 0]);
        assert_eq!(spec.source_shape(), [2, 1, 3]);
        let values = [0.0, 1.0, 2.0, 10.0, 11.0, 12.0];
        assert_eq!(spec.permute(&values), [0.0, 10.0, 1.0, 11.0, 2.0, 12.0]);
    }
}
