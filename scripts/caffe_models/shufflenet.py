"""ShuffleNetV2: blocks of which half of the channels pass unchanged, then a channel shuffle."""
from .net import is_small, narrowed

# Blocks of each stage; the first one halves the size.
BLOCKS = [4, 8, 4]


def shufflenetv2_x0_5(net, x, classes, width=1):
    return shufflenetv2(net, x, classes, width, planes=[48, 96, 192])


def shufflenetv2_x1_0(net, x, classes, width=1):
    return shufflenetv2(net, x, classes, width, planes=[116, 232, 464])


def shufflenetv2(net, image, classes, width, planes):
    small = is_small(image)
    x = net.conv_bn(image, "conv1", narrowed(24, width), 3, "ReLU", stride=1 if small else 2)
    if not small:
        x = net.halving_max_pool(x, "pool1")
    for stage, (maps, blocks) in enumerate(zip(narrowed(planes, width), BLOCKS), start=2):
        x = down_block(net, x, f"stage{stage}_0", maps)
        for i in range(1, blocks):
            x = plain_block(net, x, f"stage{stage}_{i}")
    x = net.conv_bn(x, "conv5", narrowed(1024, width), 1, "ReLU")
    x = net.global_average_pool(x, "pool")
    return net.inner_product(x, "fc", classes)


def down_block(net, x, name, planes):
    """Two branches of all channels, both with stride 2."""
    half = planes // 2
    left = net.conv_bn(x, f"{name}_left_depthwise", x.channels, 3, stride=2, group=x.channels)
    left = net.conv_bn(left, f"{name}_left_project", half, 1, "ReLU")
    return merge(net, left, branch(net, x, name, half, stride=2), name)


def plain_block(net, x, name):
    """The first half of the channels passes, the last one goes through a branch."""
    half = x.channels // 2
    left, right = net.slice(x, f"{name}_slice", (f"{name}_left", f"{name}_right"), at=half)
    return merge(net, left, branch(net, right, name, half, stride=1), name)


def branch(net, x, name, planes, stride):
    x = net.conv_bn(x, f"{name}_expand", planes, 1, "ReLU")
    x = net.conv_bn(x, f"{name}_depthwise", planes, 3, stride=stride, group=planes)
    return net.conv_bn(x, f"{name}_project", planes, 1, "ReLU")


def merge(net, left, right, name):
    x = net.concat([left, right], f"{name}_concat")
    return net.shuffle_channels(x, f"{name}_shuffle", 2)
