//! One convolution, computed in the way that suits its sizes.

use crate::kernels::conv::{self, Packed};
use crate::kernels::geometry::Geometry;
use crate::kernels::{winograd, winograd_conv};

/// A convolution with packed weights.
pub(crate) struct Convolution {
    pub(crate) geometry: Geometry,
    /// Positions of the input are this far apart in the padded image.
    dilation: [usize; 2],
    winograd: bool,
    transformed: Vec<f32>,
    packed: Packed,
}

/// The buffers of a thread.
#[derive(Default)]
pub(crate) struct Buffers {
    padded: Vec<f32>,
    winograd: winograd_conv::Buffers,
}

impl Convolution {
    pub(crate) fn new(geometry: Geometry) -> Self {
        Self::dilated(geometry, [1, 1])
    }

    /// The convolution that gives the gradient with respect to the input; its weights are
    /// [`Geometry::turn`]ed.
    pub(crate) fn adjoint(&self) -> Self {
        Self::dilated(self.geometry.adjoint(), self.geometry.stride)
    }

    fn dilated(geometry: Geometry, dilation: [usize; 2]) -> Self {
        Self {
            geometry,
            dilation,
            winograd: dilation == [1, 1] && winograd_conv::suits(&geometry),
            transformed: Vec::new(),
            packed: Packed::default(),
        }
    }

    /// Takes the weights, `[kernel height, kernel width, channels in, channels out]`.
    pub(crate) fn pack(&mut self, weights: &[f32]) {
        let n_out = self.geometry.output.channels;
        if self.winograd {
            winograd::kernel(weights, &mut self.transformed);
            self.packed.pack(&self.transformed, n_out);
        } else {
            self.packed.pack(weights, n_out);
        }
    }

    /// Convolves an image. `each` gets some lines of the output at a time, all of them in order.
    pub(crate) fn apply(
        &self,
        image: &[f32],
        buffers: &mut Buffers,
        out: &mut [f32],
        mut each: impl FnMut(&mut [f32]),
    ) {
        let (geometry, packed) = (&self.geometry, &self.packed);
        if self.winograd {
            let buffers = &mut buffers.winograd;
            return winograd_conv::convolve(geometry, image, packed, buffers, out, each);
        }
        geometry.dilate(self.dilation, image, &mut buffers.padded);
        let line = geometry.output.width * geometry.output.channels;
        for (y, out) in out.chunks_exact_mut(line).enumerate() {
            conv::convolve(geometry, &buffers.padded, packed, y, out);
            each(out);
        }
    }

    /// The length of the sums that [`add_gradient`](Self::add_gradient) adds to.
    pub(crate) fn n_sums(&self) -> usize {
        let kernel = match self.winograd {
            true => winograd::PRODUCTS,
            false => self.geometry.kernel[0] * self.geometry.kernel[1],
        };
        kernel * self.geometry.input.channels * self.geometry.output.channels
    }

    /// Adds what an image contributes to the gradient of the weights; `delta` is the gradient with respect
    /// to the output.
    pub(crate) fn add_gradient(
        &self,
        image: &[f32],
        delta: &[f32],
        buffers: &mut Buffers,
        sums: &mut [f32],
    ) {
        let geometry = &self.geometry;
        if self.winograd {
            let buffers = &mut buffers.winograd;
            winograd_conv::kernel_gradient(geometry, image, delta, buffers, sums);
        } else {
            geometry.pad(image, &mut buffers.padded);
            conv::weight_gradient(geometry, &buffers.padded, delta, sums);
        }
    }

    /// The gradient of the weights, from the sums over all images.
    pub(crate) fn gradient(&self, sums: &[f32], gradient: &mut [f32]) {
        match self.winograd {
            true => winograd::kernel_gradient(sums, gradient),
            false => gradient.copy_from_slice(sums),
        }
    }
}
