"""DenseNet-121: every layer of a block sees the features of all layers before it.

The form for small images has a stem without batch norm and puts new features before the old ones;
the other form puts them behind.
"""
from .net import is_small, narrowed

BLOCKS = [6, 12, 24, 16]
STEM = 64
GROWTH = 32
REDUCTION = 0.5


def densenet121(net, image, classes, width=1):
    small = is_small(image)
    stem, growth = narrowed(STEM, width), narrowed(GROWTH, width)
    x = net.convolution(image, "conv1", stem, 3, pad=1) if small else large_stem(net, image, stem)
    for block, layers in enumerate(BLOCKS, start=1):
        for i in range(1, layers + 1):
            new = dense_layer(net, x, f"block{block}_layer{i}", growth)
            parts = [new, x] if small else [x, new]
            x = net.concat(parts, f"block{block}_layer{i}_concat")
        if block < len(BLOCKS):
            x = transition(net, x, f"transition{block}")
    x = bn_relu(net, x, "final")
    x = net.global_average_pool(x, "pool")
    return net.inner_product(x, "fc", classes)


def large_stem(net, image, planes):
    x = net.convolution(image, "conv1", planes, 7, stride=2, pad=3)
    x = net.batch_norm(x, "conv1_bn", "conv1_scale")
    x = net.relu(x, "conv1_relu")
    return net.halving_max_pool(x, "pool1")


def dense_layer(net, x, name, growth):
    """1x1 to four times the growth, then 3x3 to the new features."""
    x = bn_relu(net, x, f"{name}_1")
    x = net.convolution(x, f"{name}_conv1", 4 * growth, 1)
    x = net.batch_norm(x, f"{name}_2_bn", f"{name}_2_scale")
    x = net.relu(x, f"{name}_2_relu")
    return net.convolution(x, f"{name}_conv2", growth, 3, pad=1)


def transition(net, x, name):
    x = bn_relu(net, x, name)
    x = net.convolution(x, f"{name}_conv", int(REDUCTION * x.channels), 1)
    return net.average_pool(x, f"{name}_pool", 2)


def bn_relu(net, x, name):
    """Not in place: others read x, too."""
    x = net.batch_norm(x, f"{name}_bn", f"{name}_scale", in_place=False)
    return net.relu(x, f"{name}_relu")
