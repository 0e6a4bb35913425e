"""Which layers of a net hold weights, and what their definition says of the shapes."""
from dataclasses import dataclass
from pathlib import Path

from .prototxt import read_prototxt
from .errors import WeightsError


INNER_PRODUCTS = ("InnerProduct", "DropConnect")


@dataclass(frozen=True)
class Layer:
    name: str
    type: str
    roles: tuple    # of its blobs: weight, bias, running_mean, running_var, factor
    shapes: tuple   # of its blobs; None for a length that follows from other layers
    transposed: bool = False    # InnerProduct: weights are inputs x outputs


@dataclass(frozen=True)
class NetDefinition:
    path: Path
    name: str
    layers: tuple        # those with weights, in order
    image: tuple | None  # height and width of the input, where the file says them
    patch: tuple | None  # height and width of the patches of a vision transformer

    def layer(self, name):
        return next((layer for layer in self.layers if layer.name == name), None)

    @property
    def classifier(self):
        """The last inner product, or None."""
        products = [layer for layer in self.layers if layer.type in INNER_PRODUCTS]
        return products[-1] if products else None

    @property
    def grid(self):
        """Rows and columns of patches of a vision transformer, or None where the file does not say
        the size of its images."""
        if self.image is None or self.patch is None:
            return None
        return tuple(size // patch for size, patch in zip(self.image, self.patch))


def read_net(path):
    """The net of a file, or of a folder as under models/. Throws WeightsError."""
    path = Path(path)
    if path.is_dir():
        files = [path / name for name in ("train_val.prototxt", "deploy.prototxt")]
        found = [file for file in files if file.is_file()]
        if not found:
            raise WeightsError(f"'{path}' has neither train_val.prototxt nor deploy.prototxt in it")
        path = found[0]
    net = read_prototxt(path)
    if not net.get("layer"):
        hint = "; it looks like a solver: give its net" if "base_lr" in net else ""
        raise WeightsError(f"{path}: it defines no layers{hint}")
    layers, seen = [], set()
    for message in net["layer"]:
        layer = _layer(message, path)
        if layer is not None and layer.name not in seen:   # one for each phase
            seen.add(layer.name)
            layers.append(layer)
    if not layers:
        raise WeightsError(f"{path}: none of its layers holds weights")
    return NetDefinition(path, _first(net, "name", ""), tuple(layers), _image(net["layer"]),
                         _patch(net["layer"]))


def _first(message, field, default=None):
    return message.get(field, [default])[0]


def _integer(message, field, default=None):
    value = _first(message, field, default)
    try:
        return None if value is None else int(value)
    except (TypeError, ValueError):
        raise WeightsError(f"{field} is '{value}', which is no integer") from None


def _is_true(message, field, default):
    return str(_first(message, field, default)).lower() in ("true", "t", "1")


def _layer(message, path):
    name, type = _first(message, "name", ""), _first(message, "type", "")
    describe = _DESCRIPTIONS.get(type)
    if describe is None:
        return None
    try:
        roles, shapes, *more = describe(message)
    except WeightsError as error:
        raise WeightsError(f"{path}: layer '{name}': {error}") from None
    return Layer(name, type, tuple(roles), tuple(shapes), *more) if roles else None


def _convolution(message):
    param = _first(message, "convolution_param", {})
    outputs = _integer(param, "num_output")
    kernel = [int(k) for k in param.get("kernel_size", [])]
    height = _integer(param, "kernel_h") or (kernel[0] if kernel else None)
    width = _integer(param, "kernel_w") or (kernel[-1] if kernel else None)
    return _with_bias(param, (outputs, None, height, width), (outputs,))


def _inner_product(message):
    param = _first(message, "inner_product_param", {})
    outputs = _integer(param, "num_output")
    return *_with_bias(param, (outputs, None), (outputs,)), _is_true(param, "transpose", False)


def _with_bias(param, weights, bias):
    if not _is_true(param, "bias_term", True):
        return ["weight"], [weights]
    return ["weight", "bias"], [weights, bias]


def _batch_norm(message):
    return ["running_mean", "running_var", "factor"], [(None,), (None,), (1,)]


def _scale(message):
    param = _first(message, "scale_param", {})
    roles = ["weight"] if len(message.get("bottom", [])) == 1 else []
    if _is_true(param, "bias_term", False):
        roles.append("bias")
    return roles, [(None,)] * len(roles)


def _layer_norm(message):
    affine = _is_true(_first(message, "layer_norm_param", {}), "affine", True)
    return (["weight", "bias"], [(None,), (None,)]) if affine else ([], [])


def _class_token(message):
    return ["weight"], [(1, 1, None)]


def _bias(message):
    one = len(message.get("bottom", [])) == 1
    axes = _integer(_first(message, "bias_param", {}), "num_axes", 1)
    return (["weight"], [(None,) * axes]) if one else ([], [])


CONVOLUTIONS = ("Convolution", "DepthwiseConvolution", "ConvolutionDepthwise")
_DESCRIPTIONS = {**dict.fromkeys(CONVOLUTIONS, _convolution),
                 **dict.fromkeys(INNER_PRODUCTS, _inner_product),
                 "BatchNorm": _batch_norm, "Scale": _scale, "LayerNorm": _layer_norm,
                 "ClassToken": _class_token, "Bias": _bias}


def _image(layers):
    """From an Input layer, or from how a data layer crops or resizes."""
    for message in layers:
        if _first(message, "type") == "Input":
            dims = _first(_first(message, "input_param", {}), "shape", {}).get("dim", [])
            if len(dims) == 4:
                return int(dims[2]), int(dims[3])
    for message in layers:
        transform = _first(message, "transform_param", {})
        crop = _integer(transform, "crop_size")
        if crop:
            return crop, crop
        height, width = _integer(transform, "new_height"), _integer(transform, "new_width")
        if height and width:
            return height, width
    return None


def _patch(layers):
    """Of the convolution that cuts an image into the patches of a vision transformer."""
    for message in layers:
        if _first(message, "type") == "Convolution" and _first(message, "name") == "patches":
            _, shapes = _convolution(message)
            return shapes[0][2:] if None not in shapes[0][2:] else None
    return None
