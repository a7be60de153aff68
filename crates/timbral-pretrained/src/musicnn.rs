mod layout;
mod network;
mod params;
mod published;
mod tags;

pub use network::Musicnn;
pub use params::MusicnnParams;
pub(crate) use published::{MSD, MTT};
pub(crate) use tags::{MSD_TAGS, MTT_TAGS};
