"""ShuffleNetV2: stage2_0_left_depthwise, stage2_0_left_project, stage2_1_expand,
stage2_1_depthwise, stage2_1_project, each with _bn and _scale, between conv1 and conv5."""
import re

from .naming import Naming, by_module

_PART = re.compile(r"stage(\d+)_(\d+)_(left_depthwise|left_project|expand|depthwise|project)"
                   r"(_bn|_scale)?")
# The convolution's number in its branch; its batch norm has the next one.
_PLACES = {"left_depthwise": ("branch1", 0), "left_project": ("branch1", 2),
           "expand": ("branch2", 0), "depthwise": ("branch2", 3), "project": ("branch2", 5)}


def _module(layer):
    stem = re.fullmatch(r"(conv[15])(_bn|_scale)?", layer.name)
    if stem:
        return f"{stem[1]}.{1 if stem[2] else 0}"
    if layer.name == "fc":
        return "fc"
    match = _PART.fullmatch(layer.name)
    if match is None:
        return None
    branch, number = _PLACES[match[3]]
    return f"stage{match[1]}.{match[2]}.{branch}.{number + (1 if match[4] else 0)}"


NAMINGS = (Naming("torchvision", ("conv1.0.weight", "stage2.0.branch1.0.weight"),
                  by_module(_module)),)
