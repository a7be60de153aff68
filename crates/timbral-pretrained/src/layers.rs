pub(crate) mod block;
mod cpu_op;
mod kernel;
pub(crate) mod pool;
pub(crate) mod sigmoid;
