//! Faults of candle 0.11.1 on the CPU that this crate works around. If a test fails with a later
//! candle, the fault is gone and the workaround can be removed.
#![cfg(feature = "candle")]

use candle_core::{DType, Device, Result, Tensor, Var};

/// Numbers `step` apart, row by row.
fn image(height: usize, width: usize, step: f32) -> Var {
    let values = (0..height * width).map(|i| i as f32 * step).collect();
    Var::from_vec(values, (1, 1, height, width), &Device::Cpu).expect("made")
}

/// The gradient with respect to `x` of the sum of `f(x)`.
fn gradient(x: &Var, f: impl Fn(&Tensor) -> Result<Tensor>) -> Result<Vec<f32>> {
    let gradients = f(x)?.sum_all()?.backward()?;
    gradients.get(x).expect("there").flatten_all()?.to_vec1()
}

/// `value` at these of `n` positions, 0 elsewhere.
fn at(places: &[usize], n: usize, value: f32) -> Vec<f32> {
    let value = |i: usize| if places.contains(&i) { value } else { 0.0 };
    (0..n).map(value).collect()
}

#[test]
fn the_gradient_of_max_pool2d_is_divided_by_the_window() {
    let got = gradient(&image(4, 4, 1.0), |x| x.max_pool2d(2)).expect("runs");
    let largest = [5, 7, 13, 15];
    assert_eq!(got, at(&largest, 16, 0.25));
    assert_ne!(got, at(&largest, 16, 1.0), "fixed");
}

#[test]
fn the_gradient_of_max_pool2d_is_lost_where_windows_do_not_fill_the_image() {
    let got = gradient(&image(5, 5, -1.0), |x| x.max_pool2d(2)).expect("runs");
    let largest = [0, 2, 10, 12];
    assert_eq!(got, at(&largest[..1], 25, 0.25));
    assert_ne!(got, at(&largest, 25, 1.0), "fixed");
}

#[test]
fn the_gradient_of_avg_pool2d_goes_to_positions_outside_all_windows() {
    let got = gradient(&image(3, 3, 1.0), |x| x.avg_pool2d(2)).expect("runs");
    assert_eq!(got, [0.25; 9]);
    assert_ne!(got, at(&[0, 1, 3, 4], 9, 0.25), "fixed");
}

#[test]
fn windows_that_overlap_have_no_gradient() {
    let error = gradient(&image(5, 5, 1.0), |x| x.max_pool2d_with_stride(3, 2));
    let error = error.expect_err("none").to_string();
    assert!(error.starts_with("backward not supported"), "{error}");
}

#[test]
fn the_gradient_of_a_strided_conv2d_fails_where_one_axis_has_a_remainder() {
    for (height, width, size, padding, fails) in [
        (1, 2, 1, 0, true),
        (2, 1, 1, 0, true),
        (2, 2, 1, 0, false),
        (3, 3, 1, 0, false),
        (9, 12, 3, 1, true),
    ] {
        let kernel = Tensor::ones((1, 1, size, size), DType::F32, &Device::Cpu).expect("made");
        let image = image(height, width, 1.0);
        let got = gradient(&image, |x| x.conv2d(&kernel, padding, 2, 1, 1));
        assert_eq!(got.is_err(), fails, "{height} x {width}: {got:?}");
        if let Err(error) = got {
            let error = error.to_string();
            assert!(error.starts_with("shape mismatch in add"), "{error}");
        }
    }
}

#[test]
fn max_gives_the_gradient_to_all_equal_values() {
    let zeros = Var::zeros(3, DType::F32, &Device::Cpu).expect("made");
    let got = gradient(&zeros, |x| x.max(0)).expect("runs");
    assert_eq!(got, [1.0; 3]);
}

#[test]
fn the_derivative_of_relu_at_0_is_1() {
    let zeros = Var::zeros(3, DType::F32, &Device::Cpu).expect("made");
    let got = gradient(&zeros, Tensor::relu).expect("runs");
    assert_eq!(got, [1.0; 3]);
}

#[test]
fn random_numbers_of_the_cpu_have_no_seed() {
    let error = Device::Cpu.set_seed(1).expect_err("none").to_string();
    assert!(error.starts_with("cannot seed"), "{error}");
}
