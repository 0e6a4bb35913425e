"""MobileNetV2 and EfficientNet: block3_1_expand, block3_1_depthwise, block3_1_se_reduce,
block3_1_project, each with _bn and _scale behind it, between conv1 and conv2.

torchvision numbers the modules of a block, so a block without expansion has other numbers.
"""
import re

from .layouts import POINTWISE, SAME
from .naming import Naming, by_module

_BLOCK = re.compile(r"block(\d+)_(\d+)_(expand|depthwise|se_reduce|se_expand|project|shortcut)"
                    r"(_bn|_scale)?")


def _conv_or_norm(suffix):
    return 1 if suffix else 0


def _blocks_of(net):
    """Blocks (stage, number) in order, and those that have an expansion."""
    blocks, expanded = [], set()
    for layer in net.layers:
        match = _BLOCK.fullmatch(layer.name)
        if match is None:
            continue
        block = int(match[1]), int(match[2])
        if block not in blocks:
            blocks.append(block)
        if match[3] == "expand":
            expanded.add(block)
    return blocks, expanded


def mobilenet_namings(net):
    blocks, expanded = _blocks_of(net)

    def module(layer):
        stem = re.fullmatch(r"conv([12])(_bn|_scale)?", layer.name)
        if stem:
            return f"features.{0 if stem[1] == '1' else len(blocks) + 1}.{_conv_or_norm(stem[2])}"
        if layer.name == "fc":
            return "classifier.1"
        match = _BLOCK.fullmatch(layer.name)
        if match is None:
            return None
        block, part = (int(match[1]), int(match[2])), match[3]
        place, number = f"features.{blocks.index(block) + 1}", _conv_or_norm(match[4])
        first = 1 if block in expanded else 0
        return {"expand": f"{place}.conv.0.{number}",
                "depthwise": f"{place}.conv.{first}.{number}",
                "project": f"{place}.conv.{first + 1 + number}",
                "shortcut": f"{place}.shortcut.{number}"}.get(part)

    return (Naming("torchvision", ("features.0.0.weight", "features.1.conv.0.0.weight"),
                   by_module(module)),)


def efficientnet_namings(net):
    blocks, expanded = _blocks_of(net)
    stages = max(stage for stage, _ in blocks)

    def module(layer):
        stem = re.fullmatch(r"conv([12])(_bn|_scale)?", layer.name)
        if stem:
            return f"features.{0 if stem[1] == '1' else stages + 1}.{_conv_or_norm(stem[2])}"
        if layer.name == "fc":
            return "classifier.1"
        match = _BLOCK.fullmatch(layer.name)
        if match is None:
            return None
        block, part = (int(match[1]), int(match[2])), match[3]
        place, number = f"features.{block[0]}.{block[1]}.block", _conv_or_norm(match[4])
        first = 1 if block in expanded else 0
        return {"expand": f"{place}.0.{number}",
                "depthwise": f"{place}.{first}.{number}",
                "se_reduce": f"{place}.{first + 1}.fc1",
                "se_expand": f"{place}.{first + 1}.fc2",
                "project": f"{place}.{first + 2}.{number}"}.get(part)

    def layout(layer):
        return POINTWISE if "_se_" in layer.name else SAME

    return (Naming("torchvision", ("features.0.0.weight", "features.1.0.block.0.0.weight"),
                   by_module(module, layout)),)
