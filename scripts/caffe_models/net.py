"""Collects the layers of a net and knows the shape of every blob while it does.

Each method adds one layer, or the few that belong together, and returns its top as a `Blob`.
Layers that can work in place do.
"""
import math
from typing import NamedTuple

from .prototxt import Word


class Blob(NamedTuple):
    """A blob and its shape without the batch: (channels, height, width), (tokens, features) or
    (outputs,)."""
    name: str
    shape: tuple

    @property
    def channels(self):
        return self.shape[0]

    @property
    def size(self):
        """Height and width of an image."""
        return self.shape[1]


def fan_in_uniform(fan_in):
    """A filler that is uniform in +-1/sqrt(fan_in)."""
    bound = 1 / math.sqrt(fan_in)
    return {"type": "uniform", "min": -bound, "max": bound}


def narrowed(planes, width):
    """`planes` times `width`, as a multiple of 4; one number or a list of them."""
    if isinstance(planes, (list, tuple)):
        return [narrowed(number, width) for number in planes]
    return planes if width == 1 else max(4, 4 * round(planes * width / 4))


def is_small(image):
    """Whether a net is to take its form for images of 32 x 32."""
    return image.size <= 32


class Net:
    """`portable` writes what few readers of Caffe's format know in terms that all of them know."""

    def __init__(self, name, portable=False):
        self.name = name
        self.portable = portable
        self.layers = []
        self.parameters = 0      # learnable numbers
        self.multiply_adds = 0   # of one image
        self._tops = {}          # by name: numbers of one image
        self._readers = {}       # by name: layers that read it, those in place left out

    def add(self, type, name, bottoms, tops, **fields):
        """Adds any layer and returns `tops`, a Blob or several; `fields` are those of
        LayerParameter."""
        made = [tops] if isinstance(tops, Blob) else tops
        layer = {"name": name, "type": type}
        if bottoms:
            layer["bottom"] = [bottom.name for bottom in bottoms]
        if made:
            layer["top"] = [top.name for top in made]
        self._tops |= {top.name: math.prod(top.shape) for top in made}
        for bottom in bottoms:
            self._readers[bottom.name] = self._readers.get(bottom.name, 0) + (bottom not in made)
        self.layers.append({**layer, **fields})
        return tops

    def values(self):
        """Numbers in all blobs of one image, and in their gradients: a blob with several readers
        has one more for each."""
        return sum(count * (2 + (readers if readers > 1 else 0)) for name, count
                   in self._tops.items() for readers in [self._readers.get(name, 0)])

    # Learnable layers.

    def convolution(self, x, name, planes, kernel, *, stride=1, pad=0, group=1, bias=False,
                    params=None, weight_filler=None, bias_filler=None):
        """Square convolution; its weights (and biases) are `fan_in_uniform` unless given."""
        fan_in = x.channels // group * kernel * kernel
        convolution = {"num_output": planes}
        if not bias:
            convolution["bias_term"] = False
        if pad:
            convolution["pad"] = pad
        convolution["kernel_size"] = kernel
        if group != 1:
            convolution["group"] = group
        if stride != 1:
            convolution["stride"] = stride
        convolution["weight_filler"] = weight_filler or fan_in_uniform(fan_in)
        if bias:
            convolution["bias_filler"] = bias_filler or fan_in_uniform(fan_in)
        size = (x.size + 2 * pad - kernel) // stride + 1
        self._count(planes, fan_in, bias, times=size * size)
        return self.add("Convolution", name, [x], Blob(name, (planes, size, size)),
                        **_params(params), convolution_param=convolution)

    def inner_product(self, x, name, outputs, *, axis=1, params=None, weight_filler=None,
                      bias_filler=None, type="InnerProduct", **fields):
        """Over all axes from `axis` on, counted with the batch. `type` is that or one of its kind,
        `fields` are more of LayerParameter's."""
        kept, fan_in = x.shape[:axis - 1], math.prod(x.shape[axis - 1:])
        product = {"num_output": outputs}
        if axis != 1:
            product["axis"] = axis
        product["weight_filler"] = weight_filler or fan_in_uniform(fan_in)
        product["bias_filler"] = bias_filler or fan_in_uniform(fan_in)
        self._count(outputs, fan_in, True, times=math.prod(kept))
        return self.add(type, name, [x], Blob(name, (*kept, outputs)),
                        **_params(params), **fields, inner_product_param=product)

    def batch_norm(self, x, name, scale_name, *, in_place=True):
        """Batch norm with the running average of PyTorch's momentum 0.1, then scale and shift."""
        y = x if in_place else Blob(name, x.shape)
        self.add("BatchNorm", name, [x], y, batch_norm_param={"moving_average_fraction": 0.9})
        self.parameters += 2 * x.channels
        return self.add("Scale", scale_name, [y], y, scale_param={"bias_term": True})

    def conv_bn(self, x, name, planes, kernel, activation=None, *, stride=1, group=1):
        """Convolution that keeps the size (at stride 1), batch norm, and an activation, a type of
        layer."""
        x = self.convolution(x, name, planes, kernel, stride=stride, pad=kernel // 2, group=group)
        x = self.batch_norm(x, f"{name}_bn", f"{name}_scale")
        return self.activation(x, activation, f"{name}_{activation.lower()}") if activation else x

    def layer_norm(self, x, name, eps):
        self.parameters += 2 * x.shape[-1]
        return self.add("LayerNorm", name, [x], Blob(name, x.shape),
                        layer_norm_param={"eps": eps})

    def class_token(self, x, name):
        """Puts a learned token, at first 0, in front."""
        tokens, features = x.shape
        self.parameters += features
        return self.add("ClassToken", name, [x], Blob(name, (tokens + 1, features)))

    def position_embedding(self, x, name):
        """Adds learned values, at first 0."""
        self.parameters += math.prod(x.shape)
        return self.add("Bias", name, [x], x, bias_param={"num_axes": 2})

    # Layers without weights.

    def activation(self, x, type, name):
        return self.add(type, name, [x], x)

    def relu(self, x, name):
        return self.activation(x, "ReLU", name)

    def gelu(self, x, name):
        return self.add("GELU", name, [x], Blob(name, x.shape))

    def dropout(self, x, name, ratio):
        """Nothing in portable form: at test time it is the identity."""
        if self.portable:
            return x
        return self.add("Dropout", name, [x], x, dropout_param={"dropout_ratio": ratio})

    def drop_path(self, x, name, param):
        """Drops samples of a residual branch; nothing in portable form. `param` is
        drop_path_param."""
        if self.portable:
            return x
        return self.add("DropPath", name, [x], x, drop_path_param=param)

    def add_up(self, x, y, name):
        return self.add("Eltwise", name, [x, y], Blob(name, x.shape),
                        eltwise_param={"operation": Word("SUM")})

    def scale_channels(self, x, factors, name):
        """Times one factor for each channel of each image."""
        return self.add("Scale", name, [x, factors], Blob(name, x.shape),
                        scale_param={"axis": 0})

    def concat(self, parts, name):
        """Of the first axis behind the batch."""
        length = sum(part.shape[0] for part in parts)
        return self.add("Concat", name, parts, Blob(name, (length, *parts[0].shape[1:])))

    def slice(self, x, name, tops, *, at, axis=1):
        """Cuts `axis`, counted with the batch, before index `at`; the names of both parts are
        `tops`."""
        def part(top, length):
            return Blob(top, (*x.shape[:axis - 1], length, *x.shape[axis:]))
        parts = part(tops[0], at), part(tops[1], x.shape[axis - 1] - at)
        slice_param = {"slice_point": at} if axis == 1 else {"axis": axis, "slice_point": at}
        return self.add("Slice", name, [x], parts, slice_param=slice_param)

    def silence(self, blobs, name):
        """For blobs that nobody wants."""
        self.add("Silence", name, blobs, [])

    def max_pool(self, x, name, kernel, stride):
        # Caffe rounds the number of windows up.
        size = -(-(x.size - kernel) // stride) + 1
        return self._max_pool(x, name, size, {"kernel_size": kernel, "stride": stride})

    def halving_max_pool(self, x, name):
        """3x3 windows at stride 2 with a border of 1, as many as fit: 112 -> 56.

        Rounding down is a field that several readers lack. The portable form pools one window too
        many and cuts it off.
        """
        pooling = {"kernel_size": 3, "stride": 2, "pad": 1}
        size = x.size // 2
        if not self.portable:
            return self._max_pool(x, name, size, {**pooling, "round_mode": Word("FLOOR")})
        x = self._max_pool(x, f"{name}_larger", size + 1, pooling)
        x, row = self.slice(x, f"{name}_rows", (f"{name}_rows", f"{name}_row"), at=size, axis=2)
        x, column = self.slice(x, name, (name, f"{name}_column"), at=size, axis=3)
        self.silence([row, column], f"{name}_rest")
        return x

    def _max_pool(self, x, name, size, pooling):
        return self.add("Pooling", name, [x], Blob(name, (x.channels, size, size)),
                        pooling_param={"pool": Word("MAX"), **pooling})

    def average_pool(self, x, name, kernel):
        """Of windows side by side that cover the image exactly."""
        size = x.size // kernel
        return self.add("Pooling", name, [x], Blob(name, (x.channels, size, size)),
                        pooling_param={"pool": Word("AVE"), "kernel_size": kernel,
                                       "stride": kernel})

    def global_average_pool(self, x, name):
        return self.add("Pooling", name, [x], Blob(name, (x.channels, 1, 1)),
                        pooling_param={"pool": Word("AVE"), "global_pooling": True})

    def shuffle_channels(self, x, name, groups):
        """The first channels of all groups, then the second ones, ..."""
        if not self.portable:
            return self.add("ShuffleChannel", name, [x], Blob(name, x.shape),
                            shuffle_channel_param={"group": groups})
        each = x.channels // groups
        x = self._reshape(x, f"{name}_groups", (groups, each, x.size * x.size))
        x = self.permute(x, f"{name}_permute", (1, 0, 2))
        size = math.isqrt(x.shape[2])
        return self._reshape(x, name, (groups * each, size, size))

    def permute(self, x, name, order):
        """Axis i of the top is axis order[i] of x, both without the batch."""
        return self.add("Permute", name, [x], Blob(name, tuple(x.shape[i] for i in order)),
                        permute_param={"order": [0, *(i + 1 for i in order)]})

    def tokens(self, x, name):
        """The pixels of feature maps as a sequence: (channels, height, width) to (height * width,
        channels)."""
        flat = self.add("Flatten", f"{name}_flat", [x],
                        Blob(f"{name}_flat", (x.channels, x.size * x.size)),
                        flatten_param={"axis": 2})
        return self.permute(flat, name, (1, 0))

    def attention(self, queries, keys, values, name, heads):
        length, features = queries.shape
        self.multiply_adds += 2 * length * length * features
        return self.add("Attention", name, [queries, keys, values],
                        Blob(name, queries.shape), attention_param={"num_heads": heads})

    def _reshape(self, x, name, shape):
        return self.add("Reshape", name, [x], Blob(name, shape),
                        reshape_param={"shape": {"dim": [0, *shape]}})

    def _count(self, outputs, fan_in, bias, times):
        self.parameters += outputs * (fan_in + bias)
        self.multiply_adds += outputs * fan_in * times


def _params(params):
    return {"param": params} if params else {}
