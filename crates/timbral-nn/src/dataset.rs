use ndarray::{ArrayView, ArrayView2, ArrayView3, Dimension};

use timbral_core::finalize;

use crate::error::{Error, Result};
use crate::shape::Shape;

/// Training, validation or test examples with their labels. All numbers are finite; labels are counted from 0.
#[derive(Debug, Clone)]
pub struct Dataset {
    values: Vec<f32>,
    shape: Shape,
    labels: Vec<usize>,
    n_classes: usize,
}

impl Dataset {
    /// Copies a table `[rows, features]`.
    ///
    /// # Errors
    ///
    /// [`Error::Empty`] without rows or columns, [`Error::Length`] if the numbers of labels and rows
    /// differ, [`Error::InvalidValue`] if a feature is not finite or a label is not below
    /// `n_classes`.
    pub fn new(features: ArrayView2<'_, f32>, labels: &[usize], n_classes: usize) -> Result<Self> {
        let shape = Shape::row(features.ncols());
        Self::of("features", features, shape, labels, n_classes)
    }

    /// Copies spectrograms `[n, bands, frames]`; the first band is the first row of the image.
    ///
    /// # Errors
    ///
    /// Those of [`Dataset::new`].
    ///
    /// ```
    /// use timbral_nn::Dataset;
    /// let images = ndarray::Array3::<f32>::zeros((2, 128, 96));
    /// assert_eq!(Dataset::images(images.view(), &[0, 1], 2)?.shape().width, 96);
    /// # Ok::<(), timbral_nn::Error>(())
    /// ```
    pub fn images(images: ArrayView3<'_, f32>, labels: &[usize], n_classes: usize) -> Result<Self> {
        let (_, bands, frames) = images.dim();
        let shape = Shape::new(bands, frames, 1);
        Self::of("images", images, shape, labels, n_classes)
    }

    fn of<D: Dimension>(
        name: &'static str,
        values: ArrayView<'_, f32, D>,
        shape: Shape,
        labels: &[usize],
        n_classes: usize,
    ) -> Result<Self> {
        if values.is_empty() {
            return Err(Error::Empty { name });
        }
        let n = values.len() / shape.len();
        if labels.len() != n {
            return Err(Error::Length {
                name: "labels",
                expected: n,
                got: labels.len(),
            });
        }
        if let Some(index) = labels.iter().position(|label| *label >= n_classes) {
            return Err(Error::InvalidValue {
                name: "labels",
                index,
                value: labels[index] as f64,
                reason: "must be below the number of classes",
            });
        }
        Ok(Self {
            values: finite(name, values)?,
            shape,
            labels: labels.to_vec(),
            n_classes,
        })
    }

    /// A hash of the rows and labels, in hexadecimal digits.
    pub(crate) fn fingerprint(&self) -> String {
        let shape = [self.shape.height, self.shape.width, self.shape.channels];
        let labels = shape
            .into_iter()
            .chain([self.n_classes])
            .chain(self.labels.iter().copied());
        let values = self.values.iter().map(|x| u64::from(x.to_bits()));
        let all = labels.map(|n| n as u64).chain(values);
        let hash = all.fold(self.labels.len() as u64, |hash, n| {
            finalize(hash.wrapping_add(0x9E37_79B9_7F4A_7C15) ^ n)
        });
        format!("{hash:016x}")
    }

    /// The shape of an example.
    pub fn shape(&self) -> Shape {
        self.shape
    }

    /// The examples, one after the other.
    pub(crate) fn values(&self) -> &[f32] {
        &self.values
    }

    pub(crate) fn labels(&self) -> &[usize] {
        &self.labels
    }

    pub(crate) fn n_classes(&self) -> usize {
        self.n_classes
    }

    /// Appends `width` columns of an example from `start` on.
    pub(crate) fn crop(&self, row: usize, start: usize, width: usize, to: &mut Vec<f32>) {
        let example = &self.values[row * self.shape.len()..][..self.shape.len()];
        crop(example, self.shape, start, width, to);
    }

    /// Mean and variance of every row of the images.
    pub(crate) fn bands(&self) -> Vec<(f64, f64)> {
        let line = self.shape.width * self.shape.channels;
        let lines = |band: usize| {
            let all = self.values.chunks_exact(line);
            all.skip(band).step_by(self.shape.height).flatten()
        };
        let n = (self.values.len() / self.shape.height) as f64;
        (0..self.shape.height)
            .map(|band| {
                let mean = lines(band).map(|x| f64::from(*x)).sum::<f64>() / n;
                let square = |x: &f32| (f64::from(*x) - mean) * (f64::from(*x) - mean);
                (mean, lines(band).map(square).sum::<f64>() / n)
            })
            .collect()
    }
}

/// Appends `width` columns of an image from `start` on.
pub(crate) fn crop(image: &[f32], shape: Shape, start: usize, width: usize, to: &mut Vec<f32>) {
    let columns = start * shape.channels..(start + width) * shape.channels;
    for line in image.chunks_exact(shape.width * shape.channels) {
        to.extend_from_slice(&line[columns.clone()]);
    }
}

/// The numbers in the order of their indices.
pub(crate) fn finite<D: Dimension>(
    name: &'static str,
    values: ArrayView<'_, f32, D>,
) -> Result<Vec<f32>> {
    let values: Vec<f32> = values.iter().copied().collect();
    match values.iter().position(|x| !x.is_finite()) {
        None => Ok(values),
        Some(index) => Err(Error::InvalidValue {
            name,
            index,
            value: values[index].into(),
            reason: "must be finite",
        }),
    }
}
