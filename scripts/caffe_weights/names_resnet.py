"""ResNets: layer1_0_conv2, layer1_0_bn2, layer1_0_scale2, layer1_0_shortcut_conv, ..., and a stem
of conv1, bn1, scale1."""
import re

from .naming import Naming, by_module

_PART = re.compile(r"layer(\d+)_(\d+)_"
                   r"(conv|bn|scale|shortcut_conv|shortcut_bn|shortcut_scale)(\d*)")
_STEM = {"conv1": ("conv1", "embedder.embedder.convolution"),
         "bn1": ("bn1", "embedder.embedder.normalization"),
         "scale1": ("bn1", "embedder.embedder.normalization")}


def _torchvision(layer):
    if layer.name in _STEM:
        return _STEM[layer.name][0]
    if layer.name == "fc":
        return "fc"
    match = _PART.fullmatch(layer.name)
    if match is None:
        return None
    stage, block, part, number = match.groups()
    if part.startswith("shortcut"):
        return f"layer{stage}.{block}.downsample.{0 if part.endswith('conv') else 1}"
    return f"layer{stage}.{block}.{'conv' if part == 'conv' else 'bn'}{number}"


def _hugging_face(layer):
    if layer.name in _STEM:
        return _STEM[layer.name][1]
    if layer.name == "fc":
        return "classifier.1"
    match = _PART.fullmatch(layer.name)
    if match is None:
        return None
    stage, block, part, number = match.groups()
    kind = "convolution" if part.endswith("conv") else "normalization"
    place = "shortcut" if part.startswith("shortcut") else f"layer.{int(number) - 1}"
    return f"encoder.stages.{int(stage) - 1}.layers.{block}.{place}.{kind}"


NAMINGS = (
    Naming("torchvision, timm", ("conv1.weight", "layer1.0.conv1.weight"), by_module(_torchvision)),
    Naming("Hugging Face", ("embedder.embedder.convolution.weight",), by_module(_hugging_face)),
)
