//! The commands, each a type whose fields are its arguments.
//!
//! | command | what it does |
//! |---|---|
//! | `train`: [`Train`] | trains a genre classifier on folders of music |
//! | `predict`: [`Predict`] | predicts the genres of sound files |
//! | `listen`: [`Listen`] | features or genres of sound on standard input, every second |
//! | `similar`: [`Similar`] | finds the tracks that sound most alike |
//! | `tag-music`: `TagMusic` (feature `pretrained`) | the tags of sound files, by a published network |
//! | `extract-features`: [`ExtractFeatures`] | sound files to a table of features |
//! | `explore`: [`Explore`] | draws sound files and tables |
//! | `make-corpus`: [`MakeCorpus`] | writes synthetic recordings |
//! | `train-boost`: [`TrainBoost`] | boosted trees on a table |
//! | `train-shards`: [`TrainShards`] | boosted trees on a table larger than memory |
//! | `train-dense`: [`TrainDense`] | a dense network on a table |
//! | `train-conv`: [`TrainConv`] | a network on mel spectrograms |
//! | `tune-boost`: [`TuneBoost`] | searches parameters of boosted trees |
//! | `evaluate`: [`Evaluate`] | scores a saved model of boosted trees |
//! | `average`: [`Average`] | averages the probabilities of several models |
//! | `compare-models`: `CompareModels` (feature `classical`) | many models on the same splits |
//! | `reproduce`: [`Reproduce`] | the whole study, as a page with figures |
//! | `nearest-neighbour`: [`NearestNeighbour`] | measures how much of an accuracy comes from recognising recordings |
//! | `boost-study`: [`BoostStudy`] | tuned boosted trees over several seeds |
//! | `sampler-study`: [`SamplerStudy`] | tree-structured Parzen estimator against random search |
//! | `completions`: [`Completions`] | completion script of a shell |

mod average;
mod boost_study;
#[cfg(feature = "classical")]
mod compare_models;
mod completions;
mod evaluate;
mod explore;
mod extract_features;
mod listen;
mod make_corpus;
mod nearest_neighbour;
mod predict;
mod reproduce;
mod sampler_study;
mod similar;
#[cfg(feature = "pretrained")]
mod tag_music;
mod train;
mod train_boost;
mod train_conv;
mod train_dense;
mod train_shards;
mod tune_boost;

pub use average::Average;
pub use boost_study::BoostStudy;
#[cfg(feature = "classical")]
pub use compare_models::CompareModels;
pub use completions::Completions;
pub use evaluate::Evaluate;
pub use explore::Explore;
pub use extract_features::ExtractFeatures;
pub use listen::Listen;
pub use make_corpus::MakeCorpus;
pub use nearest_neighbour::NearestNeighbour;
pub use predict::Predict;
pub use reproduce::Reproduce;
pub use sampler_study::SamplerStudy;
pub use similar::Similar;
#[cfg(feature = "pretrained")]
pub use tag_music::TagMusic;
pub use train::Train;
pub use train_boost::TrainBoost;
pub use train_conv::TrainConv;
pub use train_dense::TrainDense;
pub use train_shards::TrainShards;
pub use tune_boost::TuneBoost;
