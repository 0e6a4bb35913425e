"""Collects the layers of a net and knows the shape of every blob while it does.

Each method adds one layer and returns its top as a `Blob`. Layers that can work in place do.
"""
import math
from typing import NamedTuple

from .prototxt import Word


class Blob(NamedTuple):
    """A blob of one image: `channels` maps of `size` x `size`; size 1 behind inner products."""
    name: str
    channels: int
    size: int


def fan_in_uniform(fan_in):
    """A filler that is uniform in +-1/sqrt(fan_in)."""
    bound = 1 / math.sqrt(fan_in)
    return {"type": "uniform", "min": -bound, "max": bound}


class Net:
    def __init__(self, name):
        self.name = name
        self.layers = []

    def add(self, type, name, bottoms, top, **fields):
        """Adds any layer; `fields` are those of LayerParameter."""
        layer = {"name": name, "type": type}
        if bottoms:
            layer["bottom"] = [bottom.name for bottom in bottoms]
        layer["top"] = top.name
        self.layers.append({**layer, **fields})
        return top

    def convolution(self, x, name, planes, kernel, *, stride=1, pad=0, bias=False, params=None,
                    weight_filler=None, bias_filler=None):
        """Square convolution; its weights (and biases) are `fan_in_uniform` unless given."""
        default = fan_in_uniform(x.channels * kernel * kernel)
        convolution = {"num_output": planes}
        if not bias:
            convolution["bias_term"] = False
        if pad:
            convolution["pad"] = pad
        convolution["kernel_size"] = kernel
        if stride != 1:
            convolution["stride"] = stride
        convolution["weight_filler"] = weight_filler or default
        if bias:
            convolution["bias_filler"] = bias_filler or default
        top = Blob(name, planes, (x.size + 2 * pad - kernel) // stride + 1)
        return self.add("Convolution", name, [x], top, **_params(params),
                        convolution_param=convolution)

    def inner_product(self, x, name, outputs, *, params=None, weight_filler=None,
                      bias_filler=None):
        default = fan_in_uniform(x.channels * x.size * x.size)
        return self.add("InnerProduct", name, [x], Blob(name, outputs, 1), **_params(params),
                        inner_product_param={"num_output": outputs,
                                             "weight_filler": weight_filler or default,
                                             "bias_filler": bias_filler or default})

    def batch_norm(self, x, name, scale_name):
        """Batch norm with the running average of PyTorch's momentum 0.1, then scale and shift."""
        self.add("BatchNorm", name, [x], x,
                 batch_norm_param={"moving_average_fraction": 0.9, "eps": 1e-5})
        return self.add("Scale", scale_name, [x], x, scale_param={"bias_term": True})

    def relu(self, x, name):
        return self.add("ReLU", name, [x], x)

    def add_up(self, x, y, name):
        return self.add("Eltwise", name, [x, y], x._replace(name=name),
                        eltwise_param={"operation": Word("SUM")})

    def max_pool(self, x, name, kernel, stride):
        # Caffe rounds the number of windows up.
        size = -(-(x.size - kernel) // stride) + 1
        return self.add("Pooling", name, [x], Blob(name, x.channels, size),
                        pooling_param={"pool": Word("MAX"), "kernel_size": kernel,
                                       "stride": stride})

    def global_average_pool(self, x, name):
        return self.add("Pooling", name, [x], Blob(name, x.channels, 1),
                        pooling_param={"pool": Word("AVE"), "global_pooling": True})


def _params(params):
    return {"param": params} if params else {}
