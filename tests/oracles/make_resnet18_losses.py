#!/usr/bin/env python3
"""Losses of 20 SGD iterations of ResNet-18 (CIFAR-100 form) in PyTorch, as an oracle for ours.

    make_resnet18_losses.py [--double] [OUTPUT]

Weights, images and labels come from the formula of oracle_values.py, which
tests/caffe/oracle_values.hpp repeats with the same bits, so that nothing large has to be stored:

    weights of a convolution   value("<layer>.0", i, sqrt(6 / fan_in))
    inner product              value("<layer>.0", i, 1 / sqrt(fan_in)), biases "<layer>.1"
    batch norm                 shift 0; scale 1/4 at the end of each block's main branch, else 1
    images of iteration k      value("data", j, sqrt(3)), each value a square of 8 x 8 pixels:
                               j counts images * 3 * 4 * 4, batch k mod 4 of four batches
    labels of iteration k      mix(fnv1a("label") + (k mod 4) * 32 + i) mod 100

These are not the recipe's initial weights, on purpose. With those (uniform in +-1/sqrt(fan_in),
all scales 1) rounding alone decides: PyTorch in float and PyTorch in double differ by about 1e-3
after four steps and by 1e-2 within ten, measured on images of noise, of squares and of CIFAR-100.
With wider weights and the small scale they differ by less than 1e-5 over all 20.

Written with PyTorch 1.13 on a CPU. --double computes in double precision, to see how much
rounding alone moves the losses.
"""
import math
import pathlib
import sys

import numpy as np
import torch
from oracle_values import FOLDER, fnv1a, mix
from torch import nn
from torch.nn import functional as F

BATCH, BATCHES, ITERATIONS = 32, 4, 20
OUTPUT = FOLDER / "resnet18_cifar100_losses.txt"


def hashes(name, start, count):
    index = (np.arange(start, start + count, dtype=np.uint64) + fnv1a(name)) % 2**32
    return mix(index.astype(np.uint32))


def values(name, start, count, bound):
    u = (hashes(name, start, count) >> np.uint32(8)).astype(np.float64)
    return torch.from_numpy((bound * (u / 2**23 - 1)).astype(np.float32))


class Block(nn.Module):
    def __init__(self, inputs, planes, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, planes, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(planes)
        self.conv2 = nn.Conv2d(planes, planes, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(planes)
        self.shortcut_conv = None
        if stride != 1 or inputs != planes:
            self.shortcut_conv = nn.Conv2d(inputs, planes, 1, stride, bias=False)
            self.shortcut_bn = nn.BatchNorm2d(planes)

    def forward(self, x):
        y = F.relu(self.bn1(self.conv1(x)))
        y = self.bn2(self.conv2(y))
        if self.shortcut_conv is not None:
            x = self.shortcut_bn(self.shortcut_conv(x))
        return F.relu(y + x)


class ResNet18(nn.Module):
    def __init__(self, classes=100):
        super().__init__()
        self.conv1 = nn.Conv2d(3, 64, 3, 1, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(64)
        self.blocks = nn.ModuleDict()
        inputs = 64
        for stage, planes in enumerate((64, 128, 256, 512), start=1):
            for block in range(2):
                stride = 2 if stage > 1 and block == 0 else 1
                self.blocks[f"layer{stage}_{block}"] = Block(inputs, planes, stride)
                inputs = planes
        self.fc = nn.Linear(512, classes)

    def forward(self, x):
        x = F.relu(self.bn1(self.conv1(x)))
        for block in self.blocks.values():
            x = block(x)
        return self.fc(x.mean((2, 3)))


def fill(net):
    with torch.no_grad():
        for name, module in net.named_modules():
            name = name.removeprefix("blocks.").replace(".", "_")
            if isinstance(module, (nn.Conv2d, nn.Linear)):
                gain = 6 if isinstance(module, nn.Conv2d) else 1
                bound = math.sqrt(gain / module.weight[0].numel())
                for index, p in enumerate(module.parameters()):
                    p.copy_(values(f"{name}.{index}", 0, p.numel(), bound).reshape(p.shape))
            elif name.endswith("_bn2"):
                module.weight.fill_(0.25)


def images_of(batch):
    squares = values("data", batch * BATCH * 48, BATCH * 48, math.sqrt(3))
    squares = squares.reshape(BATCH, 3, 4, 4)
    return squares.repeat_interleave(8, 2).repeat_interleave(8, 3)


def labels_of(batch):
    return torch.from_numpy((hashes("label", batch * BATCH, BATCH) % 100).astype(np.int64))


def main(arguments):
    dtype = torch.float64 if "--double" in arguments else torch.float32
    paths = [a for a in arguments if not a.startswith("--")]
    net = ResNet18()
    fill(net)
    net.to(dtype).train()
    assert sum(p.numel() for p in net.parameters()) == 11_220_132
    optimizer = torch.optim.SGD(net.parameters(), lr=0.01, momentum=0.9, weight_decay=1e-4)
    lines = []
    for k in range(ITERATIONS):
        scores = net(images_of(k % BATCHES).to(dtype))
        loss = F.cross_entropy(scores, labels_of(k % BATCHES))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        lines.append(f"{loss.item():.8g}\n")
        print(k, lines[-1], end="", flush=True)
    pathlib.Path(paths[0] if paths else OUTPUT).write_text("".join(lines))


if __name__ == "__main__":
    main(sys.argv[1:])
