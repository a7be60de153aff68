//! The inner loops: products of matrices, convolutions, softmax.

pub(crate) mod conv;
pub(crate) mod conv_lines;
pub(crate) mod convolution;
pub(crate) mod geometry;
pub(crate) mod matmul;
pub(crate) mod matrix;
pub(crate) mod simd;
pub(crate) mod softmax;
pub(crate) mod winograd;
pub(crate) mod winograd_conv;
