//! A second implementation of the networks, from their definitions, in f64 and without regard to speed.

use crate::kernels::geometry::Padding;
use crate::layers::activation::Activation;
use crate::nets::architecture::Architecture;
use crate::nets::attention_net::AttentionNetParams;
use crate::nets::conv_net::Pooling;
use crate::nets::network::Network;
use crate::nets::stem::ConvBlockParams;
use crate::shape::Shape;
use crate::training::loss::Target;

/// Examples `[height, width, channels]`.
pub(crate) type Batch = Vec<Vec<f64>>;

/// The forward pass of a network with parameters in f64.
pub(crate) struct Reference<'a> {
    pub(crate) network: &'a Network,
    pub(crate) parameters: &'a [f64],
}

impl Reference<'_> {
    fn get(&self, name: &str) -> &[f64] {
        let tensor = self.network.plan.tensor(name).expect(name);
        &self.parameters[tensor.range.clone()]
    }

    /// The logits of examples in training, without dropout.
    pub(crate) fn logits(&self, mut x: Batch) -> Batch {
        match &self.network.architecture {
            Architecture::Mlp(params) => {
                for i in 0..=params.units.len() {
                    let name = format!("layers.{i}");
                    let hidden = i < params.units.len();
                    x = self.dense(&x, &name, hidden && params.batch_norm);
                    let tanh = params.activation == Activation::Tanh;
                    if hidden {
                        x = map(&x, |x| if tanh { x.tanh() } else { x.max(0.0) });
                    }
                }
                x
            }
            Architecture::ConvNet(params) => {
                let (x, shape) = self.stem(x, &params.blocks);
                let pooled = x.iter().map(|x| {
                    let channel = |c: usize| x.iter().skip(c).step_by(shape.channels).copied();
                    let n = (shape.height * shape.width) as f64;
                    let means = (0..shape.channels).map(|c| channel(c).sum::<f64>() / n);
                    let largest = (0..shape.channels).map(|c| channel(c).fold(0.0, f64::max));
                    match params.pooling {
                        Pooling::Mean => means.collect(),
                        Pooling::MeanMax => means.chain(largest).collect(),
                    }
                });
                self.dense(&pooled.collect(), "classes", false)
            }
            Architecture::Crnn(params) => {
                let (x, shape) = self.stem(x, &params.blocks);
                let x = columns(&x, shape);
                let n_in = shape.height * shape.channels;
                let forward = self.gru(&x, n_in, params.units, "gru.forward", false);
                let backward = self.gru(&x, n_in, params.units, "gru.backward", true);
                let both = forward.iter().zip(&backward).map(|(a, b)| {
                    let steps = a.chunks(params.units).zip(b.chunks(params.units));
                    steps.flat_map(|(a, b)| [a, b].concat()).collect()
                });
                let pooled = self.attention_pool(&both.collect(), 2 * params.units);
                self.dense(&pooled, "classes", false)
            }
            Architecture::AttentionNet(params) => {
                let (x, shape) = self.stem(x, &params.blocks);
                let mut x = self.dense(&columns(&x, shape), "project", false);
                for i in 0..params.encoders {
                    let name = |inner: &str| format!("encoders.{i}.{inner}");
                    let inner = self.layer_norm(&x, params.units, &name("norm_1"));
                    x = sum(&x, &self.attention(&inner, params, &name("attention")));
                    let inner = self.layer_norm(&x, params.units, &name("norm_2"));
                    let inner = map(&self.dense(&inner, &name("dense_1"), false), |x| x.max(0.0));
                    x = sum(&x, &self.dense(&inner, &name("dense_2"), false));
                }
                let x = self.layer_norm(&x, params.units, "norm");
                self.dense(&self.attention_pool(&x, params.units), "classes", false)
            }
        }
    }

    /// A dense layer on rows as wide as its weights.
    fn dense(&self, x: &Batch, name: &str, batch_norm: bool) -> Batch {
        let bias = self.get(&format!("{name}.bias"));
        let weight = self.get(&format!("{name}.weight"));
        let (n_out, n_in) = (bias.len(), weight.len() / bias.len());
        let product = |row: &[f64], j: usize| {
            let terms = row
                .iter()
                .enumerate()
                .map(|(i, x)| x * weight[i * n_out + j]);
            terms.sum::<f64>()
        };
        let rows = x.iter().map(|x| {
            let rows = x.chunks(n_in);
            rows.flat_map(|row| (0..n_out).map(move |j| product(row, j)))
                .collect()
        });
        let mut x: Batch = rows.collect();
        if batch_norm {
            let scale = self.get(&format!("{name}.norm.scale"));
            x = normalise(&x, n_out, scale, &vec![0.0; n_out]);
        }
        for x in &mut x {
            x.iter_mut()
                .enumerate()
                .for_each(|(i, x)| *x += bias[i % n_out]);
        }
        x
    }

    fn stem(&self, x: Batch, blocks: &[ConvBlockParams]) -> (Batch, Shape) {
        let mut shape = self.network.input;
        let [means, variances] = ["input.mean", "input.variance"].map(|name| {
            let tensor = self.network.plan.tensor(name).expect(name);
            &self.network.statistics[tensor.range.clone()]
        });
        let mut x = x;
        for x in &mut x {
            for (i, x) in x.iter_mut().enumerate() {
                let band = i / shape.width;
                *x = (*x - f64::from(means[band])) / f64::from(variances[band]).sqrt();
            }
        }
        for (i, block) in blocks.iter().enumerate() {
            let name = format!("blocks.{i}");
            let (sums, at) = conv(&x, shape, block, self.get(&format!("{name}.weight")));
            let scale = self.get(&format!("{name}.norm.scale"));
            let shift = self.get(&format!("{name}.norm.shift"));
            let positive = map(&normalise(&sums, at.channels, scale, shift), |x| x.max(0.0));
            (x, shape) = max_pool(&positive, at, block.pool);
        }
        (x, shape)
    }

    fn gru(&self, x: &Batch, n_in: usize, units: usize, name: &str, reverse: bool) -> Batch {
        let weight = self.get(&format!("{name}.weight"));
        let recurrent = self.get(&format!("{name}.recurrent"));
        let bias = self.get(&format!("{name}.bias"));
        let part = |row: &[f64], weight: &[f64], bias: &[f64]| -> Vec<f64> {
            let column = |j: usize| {
                let terms = row
                    .iter()
                    .enumerate()
                    .map(|(i, x)| x * weight[i * 3 * units + j]);
                terms.sum::<f64>() + bias[j]
            };
            (0..3 * units).map(column).collect()
        };
        let sigmoid = |x: f64| 1.0 / (1.0 + (-x).exp());
        let sequence = |x: &Vec<f64>| {
            let mut steps: Vec<&[f64]> = x.chunks(n_in).collect();
            if reverse {
                steps.reverse();
            }
            let mut state = vec![0.0; units];
            let mut states = Vec::new();
            for step in steps {
                let a = part(step, weight, &bias[..3 * units]);
                let s = part(&state, recurrent, &bias[3 * units..]);
                for u in 0..units {
                    let (r, g) = (u + units, u + 2 * units);
                    let candidate = (a[g] + sigmoid(a[r] + s[r]) * s[g]).tanh();
                    let z = sigmoid(a[u] + s[u]);
                    state[u] = z * state[u] + (1.0 - z) * candidate;
                }
                states.push(state.clone());
            }
            if reverse {
                states.reverse();
            }
            states.concat()
        };
        x.iter().map(sequence).collect()
    }

    fn attention(&self, x: &Batch, params: &AttentionNetParams, name: &str) -> Batch {
        let [q, k, v] =
            ["query", "key", "value"].map(|part| self.dense(x, &format!("{name}.{part}"), false));
        let (units, key_dim) = (params.units, params.units / params.heads);
        let mixed = (0..x.len()).map(|n| {
            let rows = |of: &Batch| -> Vec<Vec<f64>> {
                of[n].chunks(units).map(<[f64]>::to_vec).collect()
            };
            let (q, k, v) = (rows(&q), rows(&k), rows(&v));
            let mut out = Vec::new();
            for q in &q {
                for c in 0..units {
                    let head = c / key_dim * key_dim..(c / key_dim + 1) * key_dim;
                    let scores = k.iter().map(|k| {
                        let product: f64 = head.clone().map(|c| q[c] * k[c]).sum();
                        (product / (key_dim as f64).sqrt()).exp()
                    });
                    let scores: Vec<f64> = scores.collect();
                    let total: f64 = scores.iter().sum();
                    out.push(scores.iter().zip(&v).map(|(s, v)| s / total * v[c]).sum());
                }
            }
            out
        });
        self.dense(&mixed.collect(), &format!("{name}.output"), false)
    }

    fn layer_norm(&self, x: &Batch, units: usize, name: &str) -> Batch {
        let scale = self.get(&format!("{name}.scale"));
        let shift = self.get(&format!("{name}.shift"));
        let place = |row: &[f64]| -> Vec<f64> {
            let mean = row.iter().sum::<f64>() / units as f64;
            let squares: f64 = row.iter().map(|x| (x - mean) * (x - mean)).sum();
            let std = (squares / units as f64 + 1e-3).sqrt();
            let unit = |u: usize| (row[u] - mean) / std * scale[u] + shift[u];
            (0..units).map(unit).collect()
        };
        x.iter()
            .map(|x| x.chunks(units).flat_map(place).collect())
            .collect()
    }

    fn attention_pool(&self, x: &Batch, units: usize) -> Batch {
        let weight = self.get("pool.weight");
        let pooled = x.iter().map(|x| {
            let scores = x.chunks(units).map(|step| {
                let product: f64 = step.iter().zip(weight).map(|(x, w)| x * w).sum();
                product.exp()
            });
            let scores: Vec<f64> = scores.collect();
            let total: f64 = scores.iter().sum();
            let unit = |u: usize| {
                let steps = x.chunks(units).zip(&scores);
                steps.map(|(step, score)| score / total * step[u]).sum()
            };
            (0..units).map(unit).collect()
        });
        pooled.collect()
    }
}

fn map(x: &Batch, f: impl Fn(f64) -> f64) -> Batch {
    x.iter()
        .map(|x| x.iter().map(|x| f(*x)).collect())
        .collect()
}

fn sum(a: &Batch, b: &Batch) -> Batch {
    let pairs = a.iter().zip(b);
    pairs
        .map(|(a, b)| a.iter().zip(b).map(|(a, b)| a + b).collect())
        .collect()
}

/// Batch normalisation over all positions.
fn normalise(x: &Batch, channels: usize, scale: &[f64], shift: &[f64]) -> Batch {
    let mut out = x.clone();
    for c in 0..channels {
        let values = || x.iter().flat_map(|x| x.iter().skip(c).step_by(channels));
        let n = values().count() as f64;
        let mean = values().sum::<f64>() / n;
        let variance = values().map(|x| (x - mean) * (x - mean)).sum::<f64>() / n;
        for out in &mut out {
            for x in out.iter_mut().skip(c).step_by(channels) {
                *x = (*x - mean) / (variance + 1e-3).sqrt() * scale[c] + shift[c];
            }
        }
    }
    out
}

fn conv(x: &Batch, shape: Shape, block: &ConvBlockParams, weight: &[f64]) -> (Batch, Shape) {
    let axis = |size: usize, i: usize| match block.padding {
        Padding::Valid => ((size - block.kernel[i]) / block.stride[i] + 1, 0),
        Padding::Same => {
            let out = size.div_ceil(block.stride[i]);
            let reach = (out - 1) * block.stride[i] + block.kernel[i];
            (out, reach.saturating_sub(size) / 2)
        }
    };
    let ((height, above), (width, left)) = (axis(shape.height, 0), axis(shape.width, 1));
    let out = Shape::new(height, width, block.channels);
    let at = |x: &[f64], y: usize, x0: usize, o: usize| {
        let mut total = 0.0;
        for ky in 0..block.kernel[0] {
            for kx in 0..block.kernel[1] {
                let row = (y * block.stride[0] + ky).wrapping_sub(above);
                let column = (x0 * block.stride[1] + kx).wrapping_sub(left);
                if row < shape.height && column < shape.width {
                    for i in 0..shape.channels {
                        let place = (row * shape.width + column) * shape.channels + i;
                        let kernel = (ky * block.kernel[1] + kx) * shape.channels + i;
                        total += x[place] * weight[kernel * block.channels + o];
                    }
                }
            }
        }
        total
    };
    let images = x.iter().map(|x| {
        let places = (0..out.len()).map(|i| {
            let (place, o) = (i / out.channels, i % out.channels);
            at(x, place / width, place % width, o)
        });
        places.collect()
    });
    (images.collect(), out)
}

fn max_pool(x: &Batch, shape: Shape, pool: [usize; 2]) -> (Batch, Shape) {
    let out = Shape::new(
        shape.height / pool[0],
        shape.width / pool[1],
        shape.channels,
    );
    let images = x.iter().map(|x| {
        let places = (0..out.len()).map(|i| {
            let (place, c) = (i / out.channels, i % out.channels);
            let window = (0..pool[0] * pool[1]).map(|k| {
                let y = place / out.width * pool[0] + k / pool[1];
                let x0 = place % out.width * pool[1] + k % pool[1];
                x[(y * shape.width + x0) * shape.channels + c]
            });
            window.fold(f64::NEG_INFINITY, f64::max)
        });
        places.collect()
    });
    (images.collect(), out)
}

fn columns(x: &Batch, shape: Shape) -> Batch {
    let images = x.iter().map(|image| {
        let mut out = Vec::new();
        for x in 0..shape.width {
            for y in 0..shape.height {
                let place = (y * shape.width + x) * shape.channels;
                out.extend_from_slice(&image[place..place + shape.channels]);
            }
        }
        out
    });
    images.collect()
}

/// The mean loss of targets.
pub(crate) fn loss(logits: &Batch, targets: &[Target], smoothing: f64) -> f64 {
    let rows = logits.iter().zip(targets).map(|(row, target)| {
        let total: f64 = row.iter().map(|x| x.exp()).sum();
        let fraction = f64::from(target.fraction);
        let terms = row.iter().enumerate().map(|(j, x)| {
            let own = if j == target.label { fraction } else { 0.0 };
            let other = if j == target.other {
                1.0 - fraction
            } else {
                0.0
            };
            let wanted = smoothing / row.len() as f64 + (1.0 - smoothing) * (own + other);
            -wanted * (x - total.ln())
        });
        terms.sum::<f64>()
    });
    rows.sum::<f64>() / targets.len() as f64
}
