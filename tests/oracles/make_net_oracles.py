#!/usr/bin/env python3
"""Scores and gradients of every net under models/ in PyTorch, as an oracle for ours.

    make_net_oracles.py [--float] [NAME...]     all of them, or those whose file is named

The nets are torchvision's, or those of small_nets.py, which are written from the paper's
descriptions and not from our generator. tests/models/net_oracle_test.cpp reads the files.

Learnable tensors are numbered in the order of PyTorch's parameters (of a vision transformer: patch
convolution, class token, positions, then the blocks with queries, keys, values and outputs of the
attention apart). Tensor number k has the values (oracle_values.py)

    weights of convolutions and linear layers   value("<k>", i, sqrt(3 / fan_in))
    scales of batch norm and layer norm         1 + value("<k>", i, 0.5)
    biases and shifts                           value("<k>", i, 0.25)
    class token, positions                      value("<k>", i, 1)

Images are squares of an eighth of the side (a seventh of MNIST's 28 pixels), value("data", j,
sqrt(3)), j counting images * channels * squares; labels are mix(fnv1a("label") + i) mod classes.
Two images give the training pass, the next two the test pass. Dropout does nothing. Batch norm's
statistics for the test pass are those of the training pass (momentum 1).

A file has the loss, then `norm projection` of the scores in training and in testing and of the
gradient of each tensor. The projection is the product with value("probe", i, 1).

Computed in double precision; --float does it in float, to see what rounding alone changes. Written
with PyTorch 2.15 and torchvision 0.29 on a CPU.
"""
import argparse
import math
import pathlib

import numpy as np
import small_nets
import torch
from oracle_values import FOLDER, fnv1a, mix, values
from torch import nn
from torch.nn import functional as F
from torchvision import models

BATCH = 2
# As long as the largest tensor.
PROBE = torch.from_numpy(values("probe", 1 << 22, 1.0)).double()


def resnet(blocks, bottleneck):
    return lambda classes: small_nets.resnet(classes, blocks, bottleneck)


def shufflenet(planes):
    return lambda classes: small_nets.shufflenetv2(classes, planes)


# The form for 32 x 32, and torchvision's for 224 x 224.
CONVOLUTIONAL = {
    "resnet18": (resnet([2, 2, 2, 2], False), models.resnet18),
    "resnet34": (resnet([3, 4, 6, 3], False), models.resnet34),
    "resnet50": (resnet([3, 4, 6, 3], True), models.resnet50),
    "resnet101": (resnet([3, 4, 23, 3], True), models.resnet101),
    "mobilenetv2": (small_nets.mobilenetv2, models.mobilenet_v2),
    "efficientnet_b0": (small_nets.efficientnet_b0, models.efficientnet_b0),
    "densenet121": (small_nets.densenet121, models.densenet121),
    "shufflenetv2_x0_5": (shufflenet([48, 96, 192]), models.shufflenet_v2_x0_5),
    "shufflenetv2_x1_0": (shufflenet([116, 232, 464]), models.shufflenet_v2_x1_0),
}


def nets():
    """By file name: a function that makes the net, its classes, and channels and side of images."""
    table = {"lenet_mnist": (lambda: small_nets.lenet(10), 10, 1, 28),
             "resnet8_cifar10_quick": (lambda: small_nets.resnet(
                 10, [1, 1, 1], False, (16, 32, 64)), 10, 3, 32)}
    for name, (small, large) in CONVOLUTIONAL.items():
        for data, classes in (("cifar10", 10), ("cifar100", 100)):
            table[f"{name}_{data}"] = lambda m=small, c=classes: m(c), classes, 3, 32
        table[f"{name}_imagenet"] = lambda m=large: m(num_classes=1000), 1000, 3, 224
    for data, classes in (("cifar10", 10), ("cifar100", 100)):
        table[f"resnet50_{data}_224"] = (lambda c=classes: models.resnet50(num_classes=c),
                                         classes, 3, 224)
    for name, make in (("vit_b16", models.vit_b_16), ("vit_l16", models.vit_l_16)):
        for form, classes, size in (("cifar10", 10, 224), ("cifar100", 100, 224),
                                    ("imagenet", 1000, 224), ("imagenet_384", 1000, 384)):
            table[f"{name}_{form}"] = (lambda m=make, c=classes, s=size: m(
                num_classes=c, image_size=s), classes, 3, size)
    table["vit_tiny_cifar100"] = (lambda: models.VisionTransformer(
        image_size=32, patch_size=4, num_layers=12, num_heads=3, hidden_dim=192, mlp_dim=768,
        num_classes=100), 100, 3, 32)
    return table


class Tensor:
    """A learnable tensor: a parameter or, of joined queries, keys and values, a part of one."""

    def __init__(self, parameter, bound=None, offset=0.0, part=slice(None)):
        self.parameter, self.part = parameter, part
        self.bound = bound or math.sqrt(3 / parameter[0].numel())
        self.offset = offset

    def fill(self, name):
        data = self.parameter.data[self.part]
        data.copy_(self.offset + torch.from_numpy(values(name, data.shape, self.bound)))

    def count(self):
        return self.parameter.data[self.part].numel()

    def gradient(self):
        return self.parameter.grad[self.part]


def tensors_of(module):
    """Those of a module and all modules in it."""
    if isinstance(module, (nn.Conv2d, nn.Linear)):
        biases = [] if module.bias is None else [Tensor(module.bias, 0.25)]
        return [Tensor(module.weight), *biases]
    if isinstance(module, (nn.BatchNorm2d, nn.LayerNorm)):
        return [Tensor(module.weight, 0.5, 1.0), Tensor(module.bias, 0.25)]
    if isinstance(module, nn.MultiheadAttention):
        width = module.embed_dim
        parts = [slice(i * width, (i + 1) * width) for i in range(3)]
        joined = [Tensor(*args) for part in parts for args in (
            (module.in_proj_weight, None, 0.0, part), (module.in_proj_bias, 0.25, 0.0, part))]
        return joined + tensors_of(module.out_proj)
    if isinstance(module, models.VisionTransformer):
        return [*tensors_of(module.conv_proj), Tensor(module.class_token, 1.0),
                Tensor(module.encoder.pos_embedding, 1.0), *tensors_of(module.encoder),
                *tensors_of(module.heads)]
    return [tensor for child in module.children() for tensor in tensors_of(child)]


def images_of(batch, channels, size):
    squares = 7 if size == 28 else 8
    x = torch.from_numpy(values("data", (2 * BATCH, channels, squares, squares), math.sqrt(3)))
    x = x[BATCH * batch:BATCH * (batch + 1)]
    return x.repeat_interleave(size // squares, 2).repeat_interleave(size // squares, 3)


def labels_of(classes):
    hashes = mix((np.arange(BATCH, dtype=np.uint64) + fnv1a("label")).astype(np.uint32))
    return torch.from_numpy((hashes % classes).astype(np.int64))


def line(x):
    """Norm and projection."""
    flat = x.detach().double().flatten()
    return f"{flat.norm().item():.7g} {(flat @ PROBE[:len(flat)]).item():.7g}\n"


def oracle(make, classes, channels, size, dtype):
    net = make().to(dtype).train()
    for module in net.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.momentum = 1.0
        if isinstance(module, nn.Dropout):
            module.p = 0.0
        if hasattr(module, "stochastic_depth"):
            module.stochastic_depth.p = 0.0
    tensors = tensors_of(net)
    assert sum(t.count() for t in tensors) == sum(p.numel() for p in net.parameters())
    for k, tensor in enumerate(tensors):
        tensor.fill(str(k))
    scores = net(images_of(0, channels, size).to(dtype))
    loss = F.cross_entropy(scores, labels_of(classes))
    loss.backward()
    lines = [f"{loss.item():.7g}\n", line(scores)]
    net.eval()
    with torch.no_grad():
        lines.append(line(net(images_of(1, channels, size).to(dtype))))
    return "".join(lines + [line(t.gradient()) for t in tensors])


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("names", nargs="*")
    parser.add_argument("--float", action="store_true")
    parser.add_argument("--output", type=pathlib.Path, default=FOLDER / "nets")
    args = parser.parse_args()
    args.output.mkdir(parents=True, exist_ok=True)
    for name, (make, classes, channels, size) in nets().items():
        if args.names and name not in args.names:
            continue
        text = oracle(make, classes, channels, size, torch.float32 if args.float else torch.float64)
        (args.output / f"{name}.txt").write_text(text)
        print(name, text.splitlines()[:3], flush=True)


if __name__ == "__main__":
    main()
