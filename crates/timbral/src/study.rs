//! A study of a collection: the data, the scores of several models, and how much of them is due to leaks.
//!
//! A [`Material`] is a table of segments, with spectrograms and sounds if there are any; [`StudyParams`]
//! has the models; [`StudyParams::run`] fits boosted trees, a dense network and a convolutional one under
//! every split that the material allows. The result is a [`Study`]; [`Study::report`] is a page with
//! figures.

mod claims;
mod material;
mod models;
mod report;
mod run;
mod tags;

pub use claims::{Claim, claims};
pub use material::Material;
pub use run::{Curve, Study, StudyParams, StudyRun};
pub use tags::{TagRow, TagStudy};
