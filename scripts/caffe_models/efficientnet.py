"""EfficientNet-B0: inverted residual blocks with squeeze-and-excitation and swish.

The form for small images has fewer strides and no 1280-wide head.
"""
from .net import is_small, narrowed

# Expansion, planes, blocks, kernel, stride of the first block.
STAGES = [(1, 16, 1, 3, 1), (6, 24, 2, 3, 2), (6, 40, 2, 5, 2), (6, 80, 3, 3, 2),
          (6, 112, 3, 5, 1), (6, 192, 4, 5, 2), (6, 320, 1, 3, 1)]


def efficientnet_b0(net, image, classes, drop_path=0, width=1):
    """`drop_path` is the drop rate of the residual branches behind the last block, 0.2 in nets of
    this family; it grows linearly over the blocks."""
    small = is_small(image)
    total = sum(blocks for _, _, blocks, _, _ in STAGES)
    number = 0
    x = net.conv_bn(image, "conv1", narrowed(32, width), 3, "Swish", stride=1 if small else 2)
    for stage, (expansion, planes, blocks, kernel, stride) in enumerate(STAGES, start=1):
        for i in range(blocks):
            param = {"keep": 1 - drop_path, "depth": number, "depths": total}
            x = mb_conv(net, x, f"block{stage}_{i}", expansion, narrowed(planes, width), kernel,
                        1 if i else stride, param if drop_path else None)
            number += 1
    if not small:
        x = net.conv_bn(x, "conv2", narrowed(1280, width), 1, "Swish")
    x = net.global_average_pool(x, "pool")
    x = net.dropout(x, "dropout", 0.2)
    return net.inner_product(x, "fc", classes)


def mb_conv(net, x, name, expansion, planes, kernel, stride, drop_path):
    y = x
    if expansion != 1:
        y = net.conv_bn(x, f"{name}_expand", expansion * x.channels, 1, "Swish")
    y = net.conv_bn(y, f"{name}_depthwise", y.channels, kernel, "Swish", stride=stride,
                    group=y.channels)
    y = squeeze_excitation(net, y, f"{name}_se", x.channels // 4)
    y = net.conv_bn(y, f"{name}_project", planes, 1)
    if stride == 1 and x.channels == planes:
        if drop_path:
            y = net.drop_path(y, f"{name}_drop_path", drop_path)
        return net.add_up(y, x, f"{name}_sum")
    return y


def squeeze_excitation(net, x, name, planes):
    """A factor between 0 and 1 for each channel, from the means of all channels. Its two 1x1
    convolutions of 1x1 images are inner products, whose top is what Scale wants."""
    y = net.global_average_pool(x, f"{name}_pool")
    y = net.inner_product(y, f"{name}_reduce", planes)
    y = net.activation(y, "Swish", f"{name}_swish")
    y = net.inner_product(y, f"{name}_expand", x.channels)
    y = net.activation(y, "Sigmoid", f"{name}_sigmoid")
    return net.scale_channels(x, y, f"{name}_product")
