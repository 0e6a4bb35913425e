"""DenseNet: block1_layer2_1_bn, block1_layer2_conv1, block1_layer2_2_bn, block1_layer2_conv2,
transition1_bn, transition1_conv, ..., conv1 and conv1_bn in front and final_bn behind."""
import re

from .naming import Naming, by_module

_LAYER = re.compile(r"block(\d+)_layer(\d+)_(?:conv([12])|([12])_(?:bn|scale))")
_TRANSITION = re.compile(r"transition(\d+)_(conv|bn|scale)")
_OTHERS = {"conv1": "features.conv0", "conv1_bn": "features.norm0", "conv1_scale": "features.norm0",
           "final_bn": "features.norm5", "final_scale": "features.norm5", "fc": "classifier"}


def _module(layer):
    match = _LAYER.fullmatch(layer.name)
    if match:
        part = f"conv{match[3]}" if match[3] else f"norm{match[4]}"
        return f"features.denseblock{match[1]}.denselayer{match[2]}.{part}"
    match = _TRANSITION.fullmatch(layer.name)
    if match:
        return f"features.transition{match[1]}.{'conv' if match[2] == 'conv' else 'norm'}"
    return _OTHERS.get(layer.name)


NAMINGS = (
    # The files that torchvision publishes are older than its modules: norm.1 is norm1 today.
    Naming("torchvision",
           ("features.conv0.weight", "features.denseblock1.denselayer1.conv1.weight"),
           by_module(_module), aliases=((r"(denselayer\d+\.(?:norm|conv))\.(?=[12]\.)", r"\1"),)),
)
