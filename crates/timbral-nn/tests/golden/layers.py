"""Writes layers.json: outputs and gradients of layers of Keras, in float64.

    pip install tensorflow-cpu==2.21.0
    python crates/timbral-nn/tests/golden/layers.py

Made with Keras 3.15.1. Inputs, weights and output gradients are float32 numbers with two decimals; computed
numbers have nine significant digits. Images are [batch, height, width, channels], the height is
the frequency; sequences are [batch, time, features]. A case:

    layer, name, options      the layer and its options
    input, input_shape        the input
    weights                   name: {shape, values}
    output, output_shape      the output, in training mode if there is a difference
    output_gradient           the gradient of a loss with respect to the output, random
    input_gradient            the gradient with respect to the input
    weight_gradients          the gradients with respect to the weights, name: {shape, values}

and with batch normalisation

    statistics                moving mean and variance after this one step from 0 and 1
    inference_statistics      other statistics
    inference_output          the output in inference with these

Cross-entropies have `targets`, {shape, values}, before label smoothing.

No input of a ReLU is near 0, and no two values of a maximum are nearly equal, so that rounding to float32
changes no decision.
"""
import json
import os
import platform
from pathlib import Path

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["CUDA_VISIBLE_DEVICES"] = ""

import keras
import numpy as np
import tensorflow as tf
from keras import layers

MARGIN = 1e-4
MOMENTUM, EPSILON = 0.99, 1e-3

keras.config.set_floatx("float64")
rng = np.random.default_rng(20)
cases = []


class TooClose(Exception):
    """Rounding to float32 might change the decision of a ReLU or a maximum."""


def draw(*shape, scale=1.0, low=None, high=None):
    """Normal random numbers, or uniform ones between limits, rounded to float32 with two decimals."""
    x = rng.normal(0, scale, shape) if low is None else rng.uniform(low, high, shape)
    return tf.constant(x.round(2).astype(np.float32).astype(np.float64))


def number(x):
    """The shortest digits that identify a float32, or nine digits of any other number."""
    short = np.float32(x)
    return float(str(short)) if short == x else float(f"{x:.9g}")


def flat(x):
    return [number(v) for v in np.asarray(x).ravel()]


def named(arrays):
    return {name: {"shape": list(np.shape(x)), "values": flat(x)} for name, x in arrays.items()}


def add(layer, name, options, x, weights, apply, output_gradient=None, **more):
    """One case of `apply`; `weights` are the variables it uses, by name."""
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = apply(x)
        dy = draw(*y.shape) if output_gradient is None else tf.constant(output_gradient, y.dtype)
        loss = tf.reduce_sum(y * dy)
    dx, *dw = tape.gradient(loss, [x, *weights.values()])
    cases.append({
        "layer": layer, "name": name, "options": options,
        "input_shape": list(x.shape), "input": flat(x), "weights": named(weights),
        "output_shape": list(y.shape), "output": flat(y), "output_gradient": flat(dy),
        "input_gradient": flat(dx), "weight_gradients": named(dict(zip(weights, dw))), **more,
    })


def drawn(layer, shape, *names):
    """The trainable variables of a layer, in its order, by these names, with random values."""
    if not layer.built:
        layer.build(shape)
    variables = [variable.value for variable in layer.trainable_variables]
    for variable in variables:
        variable.assign(draw(*variable.shape, scale=0.5))
    return dict(zip(names, variables, strict=True))


def clear_of_zero(x):
    if np.abs(x).min() < MARGIN:
        raise TooClose


def clear_of_ties(rows):
    """`rows`: [n, values of a maximum]; a maximum of 0 has no gradient."""
    top = np.sort(rows, axis=1)[:, -2:]
    if top.shape[1] == 2 and ((top[:, 1] - top[:, 0] < MARGIN) & (top[:, 1] > 0)).any():
        raise TooClose


def until_clear(case, *args, **kwargs):
    while True:
        try:
            return case(*args, **kwargs)
        except TooClose:
            pass


def pair(x):
    return [x, x] if isinstance(x, int) else list(x)


def title(*parts):
    return " ".join("x".join(map(str, p)) if isinstance(p, (tuple, list)) else str(p) for p in parts)


def conv2d(shape, filters, kernel, strides, padding):
    conv = layers.Conv2D(filters, kernel, strides, padding, use_bias=False)
    weights = drawn(conv, shape, "kernel")
    options = {"kernel": list(kernel), "strides": pair(strides), "padding": padding}
    add("conv2d", title(shape, "to", filters, "kernel", kernel, "strides", pair(strides), padding), options,
        draw(*shape), weights, conv)


def conv_block(shape, filters, kernel=(3, 3), strides=1, pool=(2, 2)):
    conv = layers.Conv2D(filters, kernel, strides, "same", use_bias=False)
    weights = drawn(conv, shape, "kernel")
    norm, norm_weights = batch_norm((None, None, None, filters))
    layer = layers.MaxPooling2D(pool, padding="valid")

    def apply(x, training=True):
        x = norm(conv(x), training=training)
        clear_of_zero(x)
        x = keras.ops.relu(x)
        windows = tf.image.extract_patches(x, [1, *pool, 1], [1, *pool, 1], [1] * 4, "VALID")
        windows = np.reshape(windows, (-1, pool[0] * pool[1], filters))
        clear_of_ties(windows.transpose(0, 2, 1).reshape(-1, pool[0] * pool[1]))
        return layer(x)

    options = {"kernel": list(kernel), "strides": pair(strides), "padding": "same", "momentum": MOMENTUM,
               "epsilon": EPSILON, "pool": list(pool)}
    x = draw(*shape)
    name = title(shape, "to", filters, "kernel", kernel, "strides", pair(strides), "pool", pool)
    add("conv_block", name, options, x, weights | norm_weights, apply)
    with_statistics(x, norm, apply)


def batch_norm(shape):
    """A batch normalisation and its weights, gamma of both signs."""
    norm = layers.BatchNormalization(momentum=MOMENTUM, epsilon=EPSILON)
    weights = drawn(norm, shape, "gamma", "beta")
    gamma = np.abs(weights["gamma"]) + 0.25
    gamma[1::3] *= -1
    weights["gamma"].assign(gamma.round(2).astype(np.float32))
    return norm, weights


def with_statistics(x, norm, apply):
    """Adds to the last case the statistics of training, and the output in inference with others."""
    names, moving = ("moving_mean", "moving_variance"), (norm.moving_mean, norm.moving_variance)
    cases[-1]["statistics"] = named(dict(zip(names, moving)))
    units = moving[0].shape
    moving[0].assign(draw(*units))
    moving[1].assign(draw(*units, low=0.5, high=2.5))
    cases[-1]["inference_statistics"] = named(dict(zip(names, moving)))
    try:
        cases[-1]["inference_output"] = flat(apply(x, training=False))
    except TooClose:
        del cases[-1]
        raise


def gru(shape, units, go_backwards=False):
    rnn = layers.GRU(units, return_sequences=True, reset_after=True, go_backwards=go_backwards)
    weights = drawn(rnn, shape, "kernel", "recurrent_kernel", "bias")
    options = {"units": units, "go_backwards": go_backwards, "reset_after": True, "return_sequences": True}
    # In the order of the input, as in Bidirectional.
    aligned = (lambda x: tf.reverse(rnn(x), [1])) if go_backwards else rnn
    add("gru", title(shape, "to", units, "backwards" if go_backwards else "forwards"), options,
        draw(*shape), weights, aligned)


def bidirectional_gru(shape, units):
    rnn = layers.Bidirectional(layers.GRU(units, return_sequences=True, reset_after=True), "concat")
    names = [f"{direction}_{name}" for direction in ("forward", "backward") for name in ("kernel", "recurrent_kernel", "bias")]
    weights = drawn(rnn, shape, *names)
    options = {"units": units, "merge_mode": "concat", "reset_after": True, "return_sequences": True}
    add("bidirectional_gru", title(shape, "to 2 *", units), options, draw(*shape), weights, rnn)


def attention(shape, heads, key_dim):
    layer = layers.MultiHeadAttention(heads, key_dim)
    layer.build(shape, shape, shape)
    names = [f"{part}_{name}" for part in ("query", "key", "value", "output") for name in ("kernel", "bias")]
    weights = drawn(layer, shape, *names)
    options = {"heads": heads, "key_dim": key_dim, "use_bias": True}
    add("attention", title(shape, "heads", heads, "of", key_dim), options, draw(*shape), weights,
        lambda x: layer(x, x, x))


def layer_norm(shape):
    layer = layers.LayerNormalization(epsilon=EPSILON)
    weights = drawn(layer, shape, "gamma", "beta")
    add("layer_norm", title(shape), {"epsilon": EPSILON}, draw(*shape), weights, layer)


def attention_pool(shape):
    weight = tf.Variable(draw(shape[-1]))

    def apply(x):
        fraction = tf.nn.softmax(tf.linalg.matvec(x, weight), axis=1)
        return tf.reduce_sum(fraction[..., None] * x, axis=1)

    add("attention_pool", title(shape), {}, draw(*shape), {"weight": weight}, apply)


def mean_max_pool(shape):
    def apply(x):
        clear_of_ties(np.moveaxis(x, -1, 1).reshape(shape[0] * shape[-1], -1))
        return tf.concat([tf.reduce_mean(x, [1, 2]), tf.reduce_max(x, [1, 2])], 1)

    add("mean_max_pool", title(shape), {}, draw(*shape), {}, apply)


def mean_pool(shape):
    add("mean_pool", title(shape), {}, draw(*shape), {}, lambda x: tf.reduce_mean(x, [1, 2]))


def dense(shape, units, normalised):
    layer = layers.Dense(units, use_bias=not normalised)
    weights = drawn(layer, shape, *(["kernel"] if normalised else ["kernel", "bias"]))
    options = {"units": units, "activation": "relu", "use_bias": not normalised, "batch_norm": normalised}
    x = draw(*shape)
    if normalised:
        norm, norm_weights = batch_norm((None, units))
        weights |= norm_weights
        options |= {"momentum": MOMENTUM, "epsilon": EPSILON}

    def apply(x, training=True):
        x = layer(x)
        if normalised:
            x = norm(x, training=training)
        clear_of_zero(x)
        return keras.ops.relu(x)

    name = title(shape, "to", units, "with batch norm" if normalised else "with bias")
    add("dense", name, options, x, weights, apply)
    if normalised:
        with_statistics(x, norm, apply)


def cross_entropy(name, targets, smoothing, class_weights=()):
    """The mean over the rows of a batch, weighted by their classes."""
    loss = keras.losses.CategoricalCrossentropy(from_logits=True, label_smoothing=smoothing, dtype="float64")
    row_weights = np.asarray(targets) @ class_weights if class_weights else None
    options = {"label_smoothing": smoothing, "class_weights": list(class_weights)}
    add("cross_entropy", name, options, draw(*targets.shape, scale=3.0), {},
        lambda x: tf.reshape(loss(targets, x, row_weights), [1]), [1.0],
        targets={"shape": list(targets.shape), "values": flat(targets)})


# Heights and widths odd and even, smaller than the kernel, wider than a vector register; strides that leave
# columns out.
conv2d((2, 5, 7, 3), 5, (1, 1), 1, "same")
conv2d((2, 5, 6, 8), 24, (1, 1), 2, "same")
conv2d((2, 5, 11, 1), 4, (1, 1), (1, 3), "valid")
conv2d((2, 7, 9, 1), 4, (3, 3), 1, "same")
conv2d((2, 3, 21, 1), 4, (3, 3), 1, "same")
conv2d((2, 4, 3, 3), 24, (3, 3), 1, "same")
conv2d((2, 8, 5, 3), 5, (3, 3), 1, "valid")
conv2d((2, 7, 9, 3), 5, (3, 3), 2, "same")
conv2d((2, 8, 6, 3), 4, (3, 3), 2, "same")
conv2d((2, 8, 5, 3), 5, (3, 3), (2, 1), "same")
conv2d((2, 5, 11, 3), 4, (3, 3), (1, 3), "same")
conv2d((2, 8, 11, 1), 5, (3, 3), (1, 3), "valid")
conv2d((2, 8, 5, 1), 4, (5, 3), 1, "same")
conv2d((2, 7, 5, 8), 5, (5, 3), 2, "same")
conv2d((2, 9, 6, 3), 5, (5, 3), (2, 1), "valid")
conv2d((2, 3, 2, 3), 4, (5, 3), 1, "same")
conv2d((2, 7, 5, 1), 4, (2, 2), 1, "same")
conv2d((3, 6, 5, 3), 5, (2, 2), 1, "valid")
conv2d((2, 4, 5, 8), 16, (2, 2), 2, "same")
conv2d((2, 5, 11, 3), 4, (2, 2), (1, 3), "same")

until_clear(conv_block, (2, 8, 6, 1), 4)
until_clear(conv_block, (3, 7, 5, 3), 4)
until_clear(conv_block, (2, 7, 9, 3), 5, pool=(3, 2))
until_clear(conv_block, (2, 5, 6, 3), 4, pool=(1, 1))
until_clear(conv_block, (2, 9, 6, 3), 5, kernel=(5, 3))
until_clear(conv_block, (2, 7, 9, 3), 4, strides=(1, 2), pool=(2, 1))
until_clear(conv_block, (2, 4, 5, 8), 10)

gru((2, 5, 3), 4)
gru((3, 8, 4), 6)
gru((2, 7, 5), 5, go_backwards=True)
bidirectional_gru((2, 6, 4), 5)
attention((2, 5, 6), 2, 4)
attention((2, 7, 5), 3, 4)
layer_norm((2, 5, 6))
layer_norm((2, 3, 16))
attention_pool((2, 5, 4))
attention_pool((3, 9, 6))
until_clear(mean_max_pool, (2, 3, 5, 4))
until_clear(mean_max_pool, (3, 4, 1, 3))
mean_pool((2, 3, 5, 4))
mean_pool((3, 1, 4, 3))
until_clear(dense, (4, 6), 5, normalised=False)
until_clear(dense, (7, 5), 4, normalised=True)

classes = np.eye(5)
one, other = classes[[0, 3, 4, 1]], classes[[2, 3, 0, 4]]
fraction = np.array([[0.25], [0.5], [0.875], [0.625]])
mixed = tf.constant(fraction * one + (1 - fraction) * other)
class_weights = (1.0, 0.5, 1.5, 0.75, 2.0)
cross_entropy("soft targets", mixed, 0.0)
cross_entropy("soft targets, smoothed", mixed, 0.1)
cross_entropy("class weights, smoothed", tf.constant(one), 0.1, class_weights)

versions = {"python": platform.python_version(), "keras": keras.__version__, "tensorflow": tf.__version__,
            "numpy": np.__version__}
lines = ",\n".join(json.dumps(case, separators=(",", ":")) for case in cases)
path = Path(__file__).with_suffix(".json")
path.write_text(f'{{"versions":{json.dumps(versions)},"cases":[\n{lines}\n]}}\n')
print(f"{len(cases)} cases, {path.stat().st_size} bytes")
