//! A small network whose weights are made here.

use std::collections::HashMap;

use serde_json::Value;
use timbral_pretrained::candle_core::DType;
use timbral_pretrained::{Device, Musicnn, MusicnnParams, Tensor, VarBuilder};

/// Numbers from -1 to 1, as in `scripts/musicnn.py`.
pub(crate) fn numbers(n: usize, seed: u32) -> Vec<f32> {
    let number = |i: u32| {
        let start = i.wrapping_mul(0x9E37_79B1);
        let mut x = start.wrapping_add(seed.wrapping_mul(0x85EB_CA77));
        x ^= x >> 16;
        x = x.wrapping_mul(0x7FEB_352D);
        x ^= x >> 15;
        x = x.wrapping_mul(0x846C_A68B);
        x ^= x >> 16;
        (f64::from(x) / f64::from(1_u32 << 31) - 1.0) as f32
    };
    (1..=n as u32).map(number).collect()
}

pub(crate) fn golden() -> Value {
    serde_json::from_str(include_str!("../golden/musicnn.json")).unwrap()
}

/// The numbers of an array in JSON.
pub(crate) fn floats(value: &Value) -> Vec<f32> {
    let numbers = value.as_array().unwrap().iter();
    numbers.map(|x| x.as_f64().unwrap() as f32).collect()
}

pub(crate) fn params() -> MusicnnParams {
    let golden = golden();
    let sizes = golden["sizes"].as_array().unwrap();
    let size = |i: usize| sizes[i].as_u64().unwrap() as usize;
    MusicnnParams {
        timbral_filters: size(0),
        temporal_filters: size(1),
        middle_filters: size(2),
        units: size(3),
        tags: size(4),
        ..MusicnnParams::default()
    }
}

pub(crate) fn tensors() -> HashMap<String, Tensor> {
    let golden = golden();
    let tensor = |(seed, tensor): (usize, &Value)| {
        let name = tensor[0].as_str().unwrap().to_owned();
        let shape: Vec<usize> = floats(&tensor[1]).iter().map(|n| *n as usize).collect();
        let scale = tensor[2].as_f64().unwrap() as f32;
        let mut values = numbers(shape.iter().product(), seed as u32);
        for value in &mut values {
            *value *= scale;
            if let Some(least) = tensor[3].as_f64() {
                *value = value.abs() + least as f32;
            }
        }
        (name, Tensor::from_vec(values, shape, &Device::Cpu).unwrap())
    };
    golden["tensors"]
        .as_array()
        .unwrap()
        .iter()
        .enumerate()
        .map(tensor)
        .collect()
}

pub(crate) fn network() -> Musicnn {
    let vb = VarBuilder::from_tensors(tensors(), DType::F32, &Device::Cpu);
    Musicnn::new("tiny", &params(), &["a", "b", "c", "d", "e", "f"], vb).unwrap()
}
