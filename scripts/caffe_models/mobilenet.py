"""MobileNetV2: inverted residual blocks around depthwise convolutions.

The form for small images has ReLU in place of ReLU6, fewer strides, a 1x1 expansion in the first
block, too, and a 1x1 convolution as a shortcut where only the number of planes changes.
"""
from .net import is_small, narrowed

# Expansion, planes, blocks, stride of the first block.
STAGES = [(1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1),
          (6, 160, 3, 2), (6, 320, 1, 1)]
STAGES_SMALL = [(1, 16, 1, 1), (6, 24, 2, 1), *STAGES[2:]]


def mobilenetv2(net, image, classes, width=1):
    small = is_small(image)
    block, relu = (small_block, "ReLU") if small else (inverted_residual, "ReLU6")
    x = net.conv_bn(image, "conv1", narrowed(32, width), 3, relu, stride=1 if small else 2)
    for stage, (expansion, planes, blocks, stride) in enumerate(
            STAGES_SMALL if small else STAGES, start=1):
        for i in range(blocks):
            x = block(net, x, f"block{stage}_{i}", expansion, narrowed(planes, width),
                      1 if i else stride)
    x = net.conv_bn(x, "conv2", narrowed(1280, width), 1, relu)
    x = net.global_average_pool(x, "pool")
    if not small:
        x = net.dropout(x, "dropout", 0.2)
    return net.inner_product(x, "fc", classes)


def inverted_residual(net, x, name, expansion, planes, stride):
    y = x
    if expansion != 1:
        y = net.conv_bn(x, f"{name}_expand", expansion * x.channels, 1, "ReLU6")
    y = depthwise_and_project(net, y, name, planes, stride, "ReLU6")
    if stride == 1 and x.channels == planes:
        return net.add_up(y, x, f"{name}_sum")
    return y


def small_block(net, x, name, expansion, planes, stride):
    y = net.conv_bn(x, f"{name}_expand", expansion * x.channels, 1, "ReLU")
    y = depthwise_and_project(net, y, name, planes, stride, "ReLU")
    if stride != 1:
        return y
    if x.channels != planes:
        x = net.conv_bn(x, f"{name}_shortcut", planes, 1)
    return net.add_up(y, x, f"{name}_sum")


def depthwise_and_project(net, x, name, planes, stride, relu):
    x = net.conv_bn(x, f"{name}_depthwise", x.channels, 3, relu, stride=stride, group=x.channels)
    return net.conv_bn(x, f"{name}_project", planes, 1)
