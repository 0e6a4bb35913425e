"""The paper's nets for images of 32 x 32, in PyTorch, from their descriptions. Parameters are made
in the order in which the nets use them; a shortcut comes behind the branch that it passes by."""
import torch
from torch import nn
from torch.nn import functional as F


def conv_bn(inputs, outputs, kernel, stride=1, groups=1):
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, groups=groups, bias=False),
        nn.BatchNorm2d(outputs))


class ClassifierOfMeans(nn.Module):
    def __init__(self, inputs, classes):
        super().__init__()
        self.linear = nn.Linear(inputs, classes)

    def forward(self, x):
        return self.linear(x.mean((2, 3)))


class ReLUOf(nn.Sequential):
    """Modules one after the other, then ReLU."""

    def forward(self, x):
        return F.relu(super().forward(x))


class Residual(nn.Module):
    """ReLU of branch + shortcut; the shortcut is a convolution where the shape changes."""

    def __init__(self, branch, inputs, outputs, stride):
        super().__init__()
        self.branch = branch
        same = stride == 1 and inputs == outputs
        self.shortcut = nn.Identity() if same else conv_bn(inputs, outputs, 1, stride)

    def forward(self, x):
        return F.relu(self.branch(x) + self.shortcut(x))


def resnet(classes, blocks, bottleneck, planes=(64, 128, 256, 512)):
    layers = [ReLUOf(*conv_bn(3, planes[0], 3))]
    inputs = planes[0]
    for stage, (width, count) in enumerate(zip(planes, blocks)):
        for block in range(count):
            stride = 2 if stage > 0 and block == 0 else 1
            outputs = 4 * width if bottleneck else width
            if bottleneck:
                branch = nn.Sequential(ReLUOf(*conv_bn(inputs, width, 1)),
                                       ReLUOf(*conv_bn(width, width, 3, stride)),
                                       *conv_bn(width, outputs, 1))
            else:
                branch = nn.Sequential(ReLUOf(*conv_bn(inputs, width, 3, stride)),
                                       *conv_bn(width, width, 3))
            layers.append(Residual(branch, inputs, outputs, stride))
            inputs = outputs
    return nn.Sequential(*layers, ClassifierOfMeans(inputs, classes))


class InvertedResidual(nn.Module):
    """Expansion (always there), depthwise 3x3, projection; at stride 1 a sum, with a convolution
    as a shortcut where the planes change."""

    def __init__(self, inputs, expansion, outputs, stride):
        super().__init__()
        width = expansion * inputs
        self.branch = nn.Sequential(ReLUOf(*conv_bn(inputs, width, 1)),
                                    ReLUOf(*conv_bn(width, width, 3, stride, width)),
                                    *conv_bn(width, outputs, 1))
        self.shortcut = None
        if stride == 1:
            self.shortcut = nn.Identity() if inputs == outputs else conv_bn(inputs, outputs, 1)

    def forward(self, x):
        y = self.branch(x)
        return y if self.shortcut is None else y + self.shortcut(x)


def mobilenetv2(classes):
    layers = [ReLUOf(*conv_bn(3, 32, 3))]
    inputs = 32
    for expansion, planes, blocks, stride in (
            (1, 16, 1, 1), (6, 24, 2, 1), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1),
            (6, 160, 3, 2), (6, 320, 1, 1)):
        for block in range(blocks):
            layers.append(InvertedResidual(inputs, expansion, planes, 1 if block else stride))
            inputs = planes
    return nn.Sequential(*layers, ReLUOf(*conv_bn(320, 1280, 1)), ClassifierOfMeans(1280, classes))


class SwishOf(nn.Sequential):
    def forward(self, x):
        y = super().forward(x)
        return y * torch.sigmoid(y)


class SqueezeExcitation(nn.Module):
    def __init__(self, channels, squeezed):
        super().__init__()
        self.reduce = nn.Conv2d(channels, squeezed, 1)
        self.expand = nn.Conv2d(squeezed, channels, 1)

    def forward(self, x):
        y = self.reduce(x.mean((2, 3), keepdim=True))
        return x * torch.sigmoid(self.expand(y * torch.sigmoid(y)))


class MBConv(nn.Module):
    def __init__(self, inputs, expansion, outputs, kernel, stride):
        super().__init__()
        width = expansion * inputs
        parts = [] if expansion == 1 else [SwishOf(*conv_bn(inputs, width, 1))]
        parts += [SwishOf(*conv_bn(width, width, kernel, stride, width)),
                  SqueezeExcitation(width, inputs // 4), *conv_bn(width, outputs, 1)]
        self.branch = nn.Sequential(*parts)
        self.adds = stride == 1 and inputs == outputs

    def forward(self, x):
        return x + self.branch(x) if self.adds else self.branch(x)


def efficientnet_b0(classes):
    layers = [SwishOf(*conv_bn(3, 32, 3))]
    inputs = 32
    for blocks, expansion, planes, kernel, stride in zip(
            (1, 2, 2, 3, 3, 4, 1), (1, 6, 6, 6, 6, 6, 6), (16, 24, 40, 80, 112, 192, 320),
            (3, 3, 5, 3, 5, 5, 3), (1, 2, 2, 2, 1, 2, 1)):
        for block in range(blocks):
            layers.append(MBConv(inputs, expansion, planes, kernel, 1 if block else stride))
            inputs = planes
    return nn.Sequential(*layers, ClassifierOfMeans(320, classes))


class DenseLayer(nn.Module):
    def __init__(self, inputs, growth):
        super().__init__()
        self.new = nn.Sequential(
            ReLUOf(nn.BatchNorm2d(inputs)), nn.Conv2d(inputs, 4 * growth, 1, bias=False),
            ReLUOf(nn.BatchNorm2d(4 * growth)),
            nn.Conv2d(4 * growth, growth, 3, padding=1, bias=False))

    def forward(self, x):
        return torch.cat([self.new(x), x], 1)


def densenet121(classes, growth=32):
    layers = [nn.Conv2d(3, 64, 3, padding=1, bias=False)]
    planes = 64
    for block, count in enumerate((6, 12, 24, 16)):
        for _ in range(count):
            layers.append(DenseLayer(planes, growth))
            planes += growth
        layers.append(ReLUOf(nn.BatchNorm2d(planes)))
        if block < 3:
            layers += [nn.Conv2d(planes, planes // 2, 1, bias=False), nn.AvgPool2d(2)]
            planes //= 2
    return nn.Sequential(*layers, ClassifierOfMeans(planes, classes))


def shuffled(x, groups=2):
    n, c, h, w = x.shape
    return x.reshape(n, groups, c // groups, h, w).transpose(1, 2).reshape(n, c, h, w)


def shuffle_branch(inputs, outputs, stride):
    return nn.Sequential(ReLUOf(*conv_bn(inputs, outputs, 1)),
                         *conv_bn(outputs, outputs, 3, stride, outputs),
                         ReLUOf(*conv_bn(outputs, outputs, 1)))


class ShuffleDown(nn.Module):
    def __init__(self, inputs, outputs):
        super().__init__()
        half = outputs // 2
        self.left = nn.Sequential(*conv_bn(inputs, inputs, 3, 2, inputs),
                                  ReLUOf(*conv_bn(inputs, half, 1)))
        self.right = shuffle_branch(inputs, half, 2)

    def forward(self, x):
        return shuffled(torch.cat([self.left(x), self.right(x)], 1))


class ShufflePlain(nn.Module):
    def __init__(self, planes):
        super().__init__()
        self.branch = shuffle_branch(planes // 2, planes // 2, 1)

    def forward(self, x):
        passes, goes = x.chunk(2, 1)
        return shuffled(torch.cat([passes, self.branch(goes)], 1))


def shufflenetv2(classes, planes):
    layers = [ReLUOf(*conv_bn(3, 24, 3))]
    inputs = 24
    for width, blocks in zip(planes, (3, 7, 3)):
        layers += [ShuffleDown(inputs, width), *(ShufflePlain(width) for _ in range(blocks))]
        inputs = width
    return nn.Sequential(*layers, ReLUOf(*conv_bn(inputs, 1024, 1)),
                         ClassifierOfMeans(1024, classes))


def lenet(classes):
    return nn.Sequential(nn.Conv2d(1, 20, 5), nn.MaxPool2d(2), nn.Conv2d(20, 50, 5),
                         nn.MaxPool2d(2), nn.Flatten(), nn.Linear(800, 500), nn.ReLU(),
                         nn.Linear(500, classes))
