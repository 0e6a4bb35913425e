#!/usr/bin/env python3
"""Outputs and gradients of PyTorch's layer_norm, scaled_dot_product_attention and matmul in double
precision, as an oracle for LayerNorm, Attention and MatMul.

    make_transformer_values.py [OUTPUT]

Inputs come from oracle_values.py: array X of case C is values("C.X", shape, 2), the gradient of the
output values("C.dy", shape, 1).

Written with PyTorch 2.15 on a CPU.
"""
import sys

import torch
from oracle_values import FOLDER, values, write_arrays
from torch.nn import functional as F

OUTPUT = FOLDER / "transformer_values.txt"
LAYER_NORMS = {"norm_last": ((3, 4, 6), (6,)), "norm_two": ((3, 4, 6), (4, 6))}
# shape of q, of k and v, heads, causal
ATTENTIONS = {
    "attend": ((2, 5, 12), (2, 7, 12), 3, False),
    "attend_causal": ((2, 6, 8), (2, 6, 8), 2, True),
    "attend_causal_wide": ((1, 4, 3), (1, 6, 3), 1, True),
}
# shapes, transpose_a, transpose_b
PRODUCTS = {
    "product": ((2, 3, 4), (2, 4, 5), False, False),
    "product_transposed": ((2, 4, 3), (2, 5, 4), True, True),
    "product_shared": ((2, 3, 4, 2), (5, 2), False, True),
    "product_broadcast": ((2, 1, 3, 4), (3, 4, 2), False, False),
    "product_crossed": ((2, 1, 4, 3), (1, 3, 4, 2), True, False),
}


def leaf(case, name, shape):
    return torch.from_numpy(values(f"{case}.{name}", shape, 2)).double().requires_grad_()


def record(arrays, case, output, inputs):
    output.backward(torch.from_numpy(values(f"{case}.dy", output.shape, 1)).double())
    arrays[f"{case}.y"] = output.detach().numpy()
    for name, tensor in inputs.items():
        arrays[f"{case}.d{name}"] = tensor.grad.numpy()


def split(x, heads):
    """(N, L, E) -> (N, heads, L, E / heads)"""
    return x.reshape(x.shape[0], x.shape[1], heads, -1).transpose(1, 2)


def main():
    arrays = {}
    for case, (shape, normalized) in LAYER_NORMS.items():
        inputs = {"x": leaf(case, "x", shape), "scale": leaf(case, "scale", normalized),
                  "shift": leaf(case, "shift", normalized)}
        record(arrays, case, F.layer_norm(inputs["x"], normalized, inputs["scale"],
                                          inputs["shift"], 1e-5), inputs)
    for case, (q, kv, heads, causal) in ATTENTIONS.items():
        inputs = {"q": leaf(case, "q", q), "k": leaf(case, "k", kv), "v": leaf(case, "v", kv)}
        parts = [split(x, heads) for x in inputs.values()]
        y = F.scaled_dot_product_attention(*parts, is_causal=causal)
        record(arrays, case, y.transpose(1, 2).reshape(q), inputs)
    for case, (a, b, transpose_a, transpose_b) in PRODUCTS.items():
        inputs = {"a": leaf(case, "a", a), "b": leaf(case, "b", b)}
        left = inputs["a"].mT if transpose_a else inputs["a"]
        right = inputs["b"].mT if transpose_b else inputs["b"]
        record(arrays, case, left @ right, inputs)
    write_arrays(sys.argv[1] if len(sys.argv) > 1 else OUTPUT, __doc__.split("\n\n")[0], arrays)


main()
