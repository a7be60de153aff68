/// The numbers of a tree whose leaves are vectors, node by node: one number per output.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Vectors {
    pub(crate) n_outputs: usize,
    /// Weights of the nodes as in model files: those of inner nodes before the learning rate.
    pub(crate) weights: Vec<f32>,
    /// Values of the leaves, scaled by the learning rate; 0 in inner nodes.
    pub(crate) values: Vec<f32>,
}

impl Vectors {
    /// The values of a leaf.
    pub(crate) fn values(&self, node: usize) -> &[f32] {
        &self.values[node * self.n_outputs..][..self.n_outputs]
    }
}
