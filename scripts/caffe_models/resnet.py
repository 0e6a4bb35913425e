"""Residual nets: a stem, four stages of blocks, option-B shortcuts.

Layers are named `layer<stage>_<block>_<part>`, stages from 1 and blocks from 0. A bottleneck has
its stride on the 3x3 convolution. `rival` is a regulariser of rivals.py, `width` a factor on all
planes.
"""
from .net import is_small, narrowed
from .rivals import NONE, Place

PLANES = [64, 128, 256, 512]


def resnet18(net, x, classes, rival=NONE, width=1):
    return resnet(net, x, classes, basic_block, narrowed(PLANES, width), blocks=[2, 2, 2, 2],
                  rival=rival)


def resnet34(net, x, classes, rival=NONE, width=1):
    return resnet(net, x, classes, basic_block, narrowed(PLANES, width), blocks=[3, 4, 6, 3],
                  rival=rival)


def resnet50(net, x, classes, rival=NONE, width=1):
    return resnet(net, x, classes, bottleneck, narrowed(PLANES, width), blocks=[3, 4, 6, 3],
                  rival=rival)


def resnet101(net, x, classes, rival=NONE, width=1):
    return resnet(net, x, classes, bottleneck, narrowed(PLANES, width), blocks=[3, 4, 23, 3],
                  rival=rival)


def resnet8(net, x, classes, rival=NONE):
    """A narrow net of three stages that trains in minutes on a CPU."""
    return resnet(net, x, classes, basic_block, planes=[16, 32, 64], blocks=[1, 1, 1],
                  rival=rival)


def resnet(net, x, classes, residual_block, planes, blocks, rival=NONE):
    small = is_small(x)
    x = stem(net, x, planes[0])
    depth = 0
    for stage, (width, count) in enumerate(zip(planes, blocks), start=1):
        for block in range(count):
            stride = 2 if stage > 1 and block == 0 else 1
            depth += 1
            place = Place(f"layer{stage}_{block}", small, stage, len(planes), depth, sum(blocks))
            x = residual_block(net, x, place, width, stride, rival)
    x = net.global_average_pool(x, "pool")
    return rival.classifier(net, x, "fc", classes)


def stem(net, image, planes):
    """3x3 for small images, else 7x7 with stride 2 and a pooling."""
    if is_small(image):
        x = net.convolution(image, "conv1", planes, 3, pad=1)
    else:
        x = net.convolution(image, "conv1", planes, 7, stride=2, pad=3)
    x = net.batch_norm(x, "bn1", "scale1")
    x = net.relu(x, "relu1")
    return x if is_small(image) else net.halving_max_pool(x, "pool1")


def basic_block(net, x, place, planes, stride, rival):
    y = conv_bn(net, x, place, 1, rival, planes, 3, stride=stride)
    y = conv_bn(net, y, place, 2, rival, planes, 3, relu=False)
    return residual_sum(net, x, y, place, planes, stride, rival, "relu2")


def bottleneck(net, x, place, planes, stride, rival):
    """1x1 to `planes`, 3x3 with the stride, 1x1 to four times `planes`."""
    y = conv_bn(net, x, place, 1, rival, planes, 1)
    y = conv_bn(net, y, place, 2, rival, planes, 3, stride=stride)
    y = conv_bn(net, y, place, 3, rival, 4 * planes, 1, relu=False)
    return residual_sum(net, x, y, place, 4 * planes, stride, rival, "relu3")


def conv_bn(net, x, place, number, rival, planes, kernel, *, stride=1, relu=True):
    """Convolution that keeps the size (at stride 1) and batch norm, number `number` of a block."""
    name = place.name
    x = net.convolution(x, f"{name}_conv{number}", planes, kernel, stride=stride, pad=kernel // 2)
    x = net.batch_norm(x, f"{name}_bn{number}", f"{name}_scale{number}")
    if relu:
        x = net.relu(x, f"{name}_relu{number}")
    return rival.after_norm(net, x, f"{name}_conv{number}", place)


def residual_sum(net, x, branch, place, planes, stride, rival, relu):
    branch = rival.branch(net, branch, place)
    other = rival.shortcut(net, shortcut(net, x, place.name, planes, stride), place)
    y = net.add_up(branch, other, f"{place.name}_sum")
    return net.relu(y, f"{place.name}_{relu}")


def shortcut(net, x, name, planes, stride):
    """The input itself, or where its shape is another, a 1x1 convolution of it (option B)."""
    if stride == 1 and x.channels == planes:
        return x
    x = net.convolution(x, f"{name}_shortcut_conv", planes, 1, stride=stride)
    return net.batch_norm(x, f"{name}_shortcut_bn", f"{name}_shortcut_scale")
