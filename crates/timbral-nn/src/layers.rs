//! The layers of networks, each with its forward and backward pass.

pub(crate) mod activation;
pub(crate) mod attention_pool;
pub(crate) mod batch_norm;
pub(crate) mod chain;
pub(crate) mod conv_block;
pub(crate) mod dense;
pub(crate) mod dense_unit;
pub(crate) mod dropout;
pub(crate) mod gru;
pub(crate) mod init;
pub(crate) mod layer_norm;
pub(crate) mod plan;
pub(crate) mod pool;
pub(crate) mod residual;
pub(crate) mod self_attention;
