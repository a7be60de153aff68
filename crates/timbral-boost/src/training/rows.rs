use std::borrow::Cow;

use super::checks::{check_categories, check_weights};
use super::params::BoostParams;
use crate::data::{BinnedRows, Dataset, FeatureType};
use crate::error::{Error, Result};
use crate::loss::{Groups, Objective, Ranking};
use crate::model::Model;

/// The rows that a model is trained on.
pub(super) enum Rows<'a> {
    Table(Dataset<'a>),
    /// Without their table.
    Binned(&'a BinnedRows),
}

impl<'a> Rows<'a> {
    pub(super) fn n_rows(&self) -> usize {
        self.labels().len()
    }

    pub(super) fn n_features(&self) -> usize {
        match self {
            Self::Table(data) => data.n_features(),
            Self::Binned(rows) => rows.n_features(),
        }
    }

    pub(super) fn labels(&self) -> &'a [f32] {
        match self {
            Self::Table(data) => data.labels(),
            Self::Binned(rows) => &rows.labels,
        }
    }

    pub(super) fn feature_types(&self) -> Option<&'a [FeatureType]> {
        match self {
            Self::Table(data) => data.feature_types(),
            Self::Binned(_) => None,
        }
    }

    /// Whether the parts of the data fit the objective.
    pub(super) fn check(&self, objective: &Objective) -> Result<()> {
        match self {
            Self::Table(data) => {
                check_categories(data)?;
                check_weights(data, objective)
            }
            Self::Binned(_) if objective.ranking().is_some() => Err(Error::Unsupported {
                path: None,
                what: "ranking on binned rows, which have no groups; pass a Dataset".to_owned(),
            }),
            Self::Binned(_) => Ok(()),
        }
    }

    /// What an objective of ranking is computed from.
    pub(super) fn ranking<'b>(&self, objective: &'b Objective) -> Option<Ranking<'b>>
    where
        'a: 'b,
    {
        let (loss, params) = objective.ranking()?;
        match self {
            Self::Table(data) => Some(Ranking::new(loss, params, groups(data), data.labels())),
            Self::Binned(_) => None,
        }
    }

    /// The weights of the rows times those of their classes.
    pub(super) fn weights(&self, params: &BoostParams) -> Result<Option<Cow<'a, [f32]>>> {
        let weights = match self {
            Self::Table(data) => match groups(data).row_weights() {
                Some(weights) => Some(weights),
                None => params.row_weights(data.labels(), data.weights())?,
            },
            Self::Binned(rows) => return Ok(rows.weights.as_deref().map(Cow::Borrowed)),
        };
        Ok(weights.map(Cow::Owned))
    }

    /// The margins of a model, output by output.
    pub(super) fn margins(&self, model: &Model) -> Result<Vec<Vec<f32>>> {
        match self {
            Self::Table(data) => margins(model, data),
            Self::Binned(rows) if model.n_rounds() == 0 => {
                let of_output = |score| vec![score; rows.n_rows()];
                Ok(model.base_margin().into_iter().map(of_output).collect())
            }
            Self::Binned(_) => Err(Error::Unsupported {
                path: None,
                what: "continuing a model on binned rows; pass a Dataset instead".to_owned(),
            }),
        }
    }
}

/// The margins of a model, output by output.
pub(super) fn margins(model: &Model, data: &Dataset<'_>) -> Result<Vec<Vec<f32>>> {
    let margins = model.compile().margins(data.features())?;
    Ok(margins.columns().into_iter().map(|c| c.to_vec()).collect())
}

/// The groups of rows of a set.
pub(super) fn groups<'a>(data: &Dataset<'a>) -> Groups<'a> {
    Groups::new(data.n_rows(), data.groups(), data.group_weights())
}
