"""Shapes and sizes of a net from its text, independently of the generator and of Caffe."""
import math


def first(message, name, default=None):
    return message.get(name, [default])[0]


def in_phase(net, phase):
    for layer in net["layer"]:
        if first(first(layer, "include", {}), "phase", phase) == phase:
            yield layer


def number(message, name, default=None):
    return int(first(message, name, default))


class Shapes:
    """Shapes of all blobs without the batch, learnable parameters, and multiply-adds of an image.

    `fans` has the inputs of each output of every convolution and inner product.
    """

    def __init__(self, layers, image):
        self.blobs = {"data": image, "label": ()}
        self.parameters = self.multiply_adds = 0
        self.fans = {}
        for layer in layers:
            name, tops = first(layer, "name"), layer.get("top", [])
            inputs = []
            for bottom in layer.get("bottom", []):
                if bottom not in self.blobs:
                    raise AssertionError(f"{name}: nobody makes '{bottom}'")
                inputs.append(self.blobs[bottom])
            if not inputs:
                continue
            made = getattr(self, first(layer, "type"))(layer, name, *inputs)
            self.blobs |= {tops[0]: made} if isinstance(made, tuple) else dict(zip(tops, made))

    def Convolution(self, layer, name, x):
        p = first(layer, "convolution_param")
        outputs, kernel = number(p, "num_output"), number(p, "kernel_size")
        stride, pad, group = number(p, "stride", 1), number(p, "pad", 0), number(p, "group", 1)
        if x[0] % group or outputs % group:
            raise AssertionError(f"{name}: {x[0]} and {outputs} channels in {group} groups")
        size = (x[1] + 2 * pad - kernel) // stride + 1
        self._weights(name, outputs, x[0] // group * kernel * kernel,
                      first(p, "bias_term") != "false", size * size)
        return outputs, size, size

    def InnerProduct(self, layer, name, x):
        p = first(layer, "inner_product_param")
        outputs, kept = number(p, "num_output"), x[:number(p, "axis", 1) - 1]
        self._weights(name, outputs, math.prod(x[len(kept):]), True, math.prod(kept))
        return *kept, outputs

    def _weights(self, name, outputs, fan, bias, times):
        self.fans[name] = fan
        self.parameters += outputs * (fan + bias)
        self.multiply_adds += outputs * fan * times

    def Scale(self, layer, name, x, factors=None):
        if factors is None:
            self.parameters += 2 * x[0]
        elif first(first(layer, "scale_param"), "axis") != "0" or factors != x[:1]:
            raise AssertionError(f"{name}: scales {x} by {factors}")
        return x

    def LayerNorm(self, layer, name, x):
        self.parameters += 2 * x[-1]
        return x

    def ClassToken(self, layer, name, x):
        self.parameters += x[1]
        return x[0] + 1, x[1]

    def Bias(self, layer, name, x):
        if number(first(layer, "bias_param"), "num_axes") != len(x):
            raise AssertionError(f"{name}: is not for all of {x}")
        self.parameters += math.prod(x)
        return x

    def Attention(self, layer, name, q, k, v):
        if not q == k == v or q[1] % number(first(layer, "attention_param"), "num_heads"):
            raise AssertionError(f"{name}: attention of {q}, {k}, {v}")
        self.multiply_adds += 2 * q[0] * q[0] * q[1]
        return q

    def Pooling(self, layer, name, x):
        p = first(layer, "pooling_param")
        if first(p, "global_pooling") == "true":
            return x[0], 1, 1
        steps = (x[1] + 2 * number(p, "pad", 0) - number(p, "kernel_size")) / number(p, "stride", 1)
        rounded = math.floor(steps) if first(p, "round_mode") == "FLOOR" else math.ceil(steps)
        return x[0], rounded + 1, rounded + 1

    def Eltwise(self, layer, name, x, y):
        if x != y:
            raise AssertionError(f"{name}: adds {x} and {y}")
        return x

    def Concat(self, layer, name, *parts):
        if len({part[1:] for part in parts}) != 1:
            raise AssertionError(f"{name}: joins {parts}")
        return sum(part[0] for part in parts), *parts[0][1:]

    def Slice(self, layer, name, x):
        p = first(layer, "slice_param")
        axis, point = number(p, "axis", 1) - 1, number(p, "slice_point")
        return [(*x[:axis], length, *x[axis + 1:]) for length in (point, x[axis] - point)]

    def Flatten(self, layer, name, x):
        axis = number(first(layer, "flatten_param"), "axis") - 1
        return *x[:axis], math.prod(x[axis:])

    def Reshape(self, layer, name, x):
        batch, *shape = [int(d) for d in first(first(layer, "reshape_param"), "shape")["dim"]]
        if batch != 0 or math.prod(shape) != math.prod(x):
            raise AssertionError(f"{name}: {x} cannot become {shape}")
        return tuple(shape)

    def Permute(self, layer, name, x):
        batch, *order = [int(axis) for axis in first(layer, "permute_param")["order"]]
        if batch != 0:
            raise AssertionError(f"{name}: moves the batch")
        return tuple(x[axis - 1] for axis in order)

    def ShuffleChannel(self, layer, name, x):
        if x[0] % number(first(layer, "shuffle_channel_param"), "group"):
            raise AssertionError(f"{name}: {x[0]} channels")
        return x

    def Silence(self, layer, name, *inputs):
        return []

    def _same(self, layer, name, *inputs):
        return inputs[0]

    DropConnect = InnerProduct

    ReLU = ReLU6 = Swish = Sigmoid = GELU = Power = BatchNorm = _same
    Dropout = SpatialDropout = DropBlock = DropPath = ShakeDrop = _same
    Softmax = SoftmaxWithLoss = Accuracy = _same
