"""Residual nets for 32x32 images: a 3x3 stem, stages of basic blocks, option-B shortcuts.

Layers are named `layer<stage>_<block>_<part>`, stages from 1 and blocks from 0.
"""


def resnet18(net, x, classes):
    return resnet(net, x, classes, planes=[64, 128, 256, 512], blocks=[2, 2, 2, 2])


def resnet8(net, x, classes):
    """A narrow net of three stages that trains in minutes on a CPU."""
    return resnet(net, x, classes, planes=[16, 32, 64], blocks=[1, 1, 1])


def resnet(net, x, classes, planes, blocks):
    x = net.convolution(x, "conv1", planes[0], 3, pad=1)
    x = net.batch_norm(x, "bn1", "scale1")
    x = net.relu(x, "relu1")
    for stage, (width, depth) in enumerate(zip(planes, blocks), start=1):
        for block in range(depth):
            stride = 2 if stage > 1 and block == 0 else 1
            x = basic_block(net, x, f"layer{stage}_{block}", width, stride)
    x = net.global_average_pool(x, "pool")
    return net.inner_product(x, "fc", classes)


def basic_block(net, x, name, planes, stride):
    y = net.convolution(x, f"{name}_conv1", planes, 3, stride=stride, pad=1)
    y = net.batch_norm(y, f"{name}_bn1", f"{name}_scale1")
    y = net.relu(y, f"{name}_relu1")
    y = net.convolution(y, f"{name}_conv2", planes, 3, pad=1)
    y = net.batch_norm(y, f"{name}_bn2", f"{name}_scale2")
    if stride != 1 or x.channels != planes:
        x = net.convolution(x, f"{name}_shortcut_conv", planes, 1, stride=stride)
        x = net.batch_norm(x, f"{name}_shortcut_bn", f"{name}_shortcut_scale")
    y = net.add_up(y, x, f"{name}_sum")
    return net.relu(y, f"{name}_relu2")
