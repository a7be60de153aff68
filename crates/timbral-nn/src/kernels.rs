//! The inner loops: products of matrices, convolutions, softmax.

pub(crate) mod conv;
pub(crate) mod conv_lines;
pub(crate) mod geometry;
pub(crate) mod matmul;
pub(crate) mod simd;
pub(crate) mod softmax;
