//! The networks: which layers they have and in which order.

pub(crate) mod architecture;
pub(crate) mod attention_net;
pub(crate) mod conv_net;
pub(crate) mod crnn;
pub(crate) mod mlp;
pub(crate) mod network;
pub(crate) mod stem;
