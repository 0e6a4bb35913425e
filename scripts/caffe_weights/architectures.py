"""Which architecture a net is of, and how its weights are named elsewhere."""
from . import names_densenet, names_mobile, names_resnet, names_shufflenet, names_vit
from .naming import Naming, by_module

# A layer that only nets of the architecture have, its title, and the namings of its files; the
# first one is that of export_weights.
_ARCHITECTURES = (
    ("layer1_0_conv1", "ResNet", lambda net: names_resnet.NAMINGS),
    ("block1_0_se_reduce", "EfficientNet", names_mobile.efficientnet_namings),
    ("block1_0_depthwise", "MobileNetV2", names_mobile.mobilenet_namings),
    ("block1_layer1_conv1", "DenseNet", lambda net: names_densenet.NAMINGS),
    ("stage2_0_left_depthwise", "ShuffleNetV2", lambda net: names_shufflenet.NAMINGS),
    ("positions", "vision transformer", lambda net: names_vit.NAMINGS),
)


def architecture_of(net):
    """(title, namings) of a NetDefinition. Any other net has the names of its own layers."""
    for layer, title, namings in _ARCHITECTURES:
        if net.layer(layer) is not None:
            return title, namings(net)
    probe = f"{net.layers[0].name}.{net.layers[0].roles[0]}"
    return "net", (Naming("this net's layers", (probe,), by_module(lambda layer: layer.name)),)
