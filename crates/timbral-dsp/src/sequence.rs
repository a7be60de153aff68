//! Sequences of states and of frames.

mod decoder;
mod dtw;
mod path_to_steps;
mod stack_memory;
mod transition;
mod viterbi;
mod viterbi_discriminative;

pub(crate) use decoder::Decoder;
pub use dtw::{DtwParams, DtwStep, Warping, dtw, dtw_of_costs};
pub use path_to_steps::path_to_steps;
pub use stack_memory::{StackParams, stack_memory};
pub(crate) use transition::local_weights;
pub use transition::{transition_cycle, transition_local, transition_loop, transition_uniform};
pub use viterbi::{StatePath, ViterbiParams, viterbi};
pub use viterbi_discriminative::{viterbi_binary, viterbi_discriminative};
