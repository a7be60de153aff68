//! The whole study of a collection: what the data are, what models make of them, what of it is true.
//!
//! A [`Material`] is a table of segments, with spectrograms and sounds where there are any; a
//! [`StudyParams`] says what is fitted to it; [`StudyParams::run`] fits boosted trees, a dense network
//! and a convolutional one under every split the material allows, and a [`Study`] is what came out,
//! which [`Study::report`] tells as a page with pictures.

mod claims;
mod material;
mod models;
mod report;
mod run;

pub use claims::{Claim, claims};
pub use material::Material;
pub use run::{Curve, Study, StudyParams, StudyRun};
