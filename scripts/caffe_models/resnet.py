"""Residual nets: a stem, four stages of blocks, option-B shortcuts.

Layers are named `layer<stage>_<block>_<part>`, stages from 1 and blocks from 0. A bottleneck has
its stride on the 3x3 convolution.
"""
from .net import is_small

PLANES = [64, 128, 256, 512]


def resnet18(net, x, classes):
    return resnet(net, x, classes, basic_block, PLANES, blocks=[2, 2, 2, 2])


def resnet34(net, x, classes):
    return resnet(net, x, classes, basic_block, PLANES, blocks=[3, 4, 6, 3])


def resnet50(net, x, classes):
    return resnet(net, x, classes, bottleneck, PLANES, blocks=[3, 4, 6, 3])


def resnet101(net, x, classes):
    return resnet(net, x, classes, bottleneck, PLANES, blocks=[3, 4, 23, 3])


def resnet8(net, x, classes):
    """A narrow net of three stages that trains in minutes on a CPU."""
    return resnet(net, x, classes, basic_block, planes=[16, 32, 64], blocks=[1, 1, 1])


def resnet(net, x, classes, residual_block, planes, blocks):
    x = stem(net, x, planes[0])
    for stage, (width, depth) in enumerate(zip(planes, blocks), start=1):
        for block in range(depth):
            stride = 2 if stage > 1 and block == 0 else 1
            x = residual_block(net, x, f"layer{stage}_{block}", width, stride)
    x = net.global_average_pool(x, "pool")
    return net.inner_product(x, "fc", classes)


def stem(net, image, planes):
    """3x3 for small images, else 7x7 with stride 2 and a pooling."""
    if is_small(image):
        x = net.convolution(image, "conv1", planes, 3, pad=1)
    else:
        x = net.convolution(image, "conv1", planes, 7, stride=2, pad=3)
    x = net.batch_norm(x, "bn1", "scale1")
    x = net.relu(x, "relu1")
    return x if is_small(image) else net.halving_max_pool(x, "pool1")


def basic_block(net, x, name, planes, stride):
    y = net.convolution(x, f"{name}_conv1", planes, 3, stride=stride, pad=1)
    y = net.batch_norm(y, f"{name}_bn1", f"{name}_scale1")
    y = net.relu(y, f"{name}_relu1")
    y = net.convolution(y, f"{name}_conv2", planes, 3, pad=1)
    y = net.batch_norm(y, f"{name}_bn2", f"{name}_scale2")
    y = net.add_up(y, shortcut(net, x, name, planes, stride), f"{name}_sum")
    return net.relu(y, f"{name}_relu2")


def bottleneck(net, x, name, planes, stride):
    """1x1 to `planes`, 3x3 with the stride, 1x1 to four times `planes`."""
    y = net.convolution(x, f"{name}_conv1", planes, 1)
    y = net.batch_norm(y, f"{name}_bn1", f"{name}_scale1")
    y = net.relu(y, f"{name}_relu1")
    y = net.convolution(y, f"{name}_conv2", planes, 3, stride=stride, pad=1)
    y = net.batch_norm(y, f"{name}_bn2", f"{name}_scale2")
    y = net.relu(y, f"{name}_relu2")
    y = net.convolution(y, f"{name}_conv3", 4 * planes, 1)
    y = net.batch_norm(y, f"{name}_bn3", f"{name}_scale3")
    y = net.add_up(y, shortcut(net, x, name, 4 * planes, stride), f"{name}_sum")
    return net.relu(y, f"{name}_relu3")


def shortcut(net, x, name, planes, stride):
    """The input itself, or where its shape is another, a 1x1 convolution of it (option B)."""
    if stride == 1 and x.channels == planes:
        return x
    x = net.convolution(x, f"{name}_shortcut_conv", planes, 1, stride=stride)
    return net.batch_norm(x, f"{name}_shortcut_bn", f"{name}_shortcut_scale")
