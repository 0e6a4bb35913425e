"""One training iteration of every solver in NumPy, written from the formulas alone.

Draws, schedules, drop plans and update rules, in double precision and without a line of the
library. numpy_oracle_test.py compares it with what a run wrote down.
"""

import math
from dataclasses import dataclass, field

import numpy as np

WORD = (1 << 64) - 1
DROP_LAYER, DROP_CHANNEL, DROP_WEIGHT = 5, 6, 7


# --- Random numbers: Philox 4x32-10 (Salmon et al., SC11), keyed by names. ---
def name_hash(name):
    """FNV-1a, 64 bit."""
    value = 0xCBF29CE484222325
    for byte in name.encode():
        value = ((value ^ byte) * 0x100000001B3) & WORD
    return value


def mix(x):
    """SplitMix64's finaliser."""
    x = (x + 0x9E3779B97F4A7C15) & WORD
    x = ((x ^ (x >> 30)) * 0xBF58476D1CE4E5B9) & WORD
    x = ((x ^ (x >> 27)) * 0x94D049BB133111EB) & WORD
    return x ^ (x >> 31)


def words(seed, purpose, stream, iteration, count):
    """The first `count` words of a sequence, as an array of integers below 2^32."""
    key = mix(mix(mix(seed) ^ purpose) ^ stream)
    low = np.uint64(0xFFFFFFFF)
    half = np.uint64(32)
    blocks = np.arange((count + 3) // 4, dtype=np.uint64)
    c = [blocks & low, blocks >> half,
         np.full_like(blocks, iteration & 0xFFFFFFFF), np.full_like(blocks, iteration >> 32)]
    k = [key & 0xFFFFFFFF, key >> 32]
    for _ in range(10):
        p0 = np.uint64(0xD2511F53) * c[0]
        p1 = np.uint64(0xCD9E8D57) * c[2]
        c = [(p1 >> half) ^ c[1] ^ np.uint64(k[0]), p1 & low,
             (p0 >> half) ^ c[3] ^ np.uint64(k[1]), p0 & low]
        k = [(k[0] + 0x9E3779B9) & 0xFFFFFFFF, (k[1] + 0xBB67AE85) & 0xFFFFFFFF]
    return np.stack(c, axis=1).reshape(-1)[:count]


def bound(rate):
    return int(rate * 2.0**32)


# --- The net: what a method has to know of it. ---
@dataclass
class Layer:
    """A layer with weights: its first blob is the weight, the second, if any, the bias."""
    name: str
    type: str
    shapes: list
    lr: list
    decay: list
    outputs: int = 0  # axis of the weight
    inputs: int = 1
    first: int = 0  # number of its first blob among all

    @property
    def drops(self):
        return self.type in ("Convolution", "Deconvolution", "InnerProduct") and self.lr[0] != 0


# --- Rates over the iterations. ---
def drop_rate(schedule, k, decays):
    f = {name: float(np.float32(value)) for name, value in schedule.items()
         if isinstance(value, (int, float))}
    policy = schedule.get("policy", "fixed")
    if policy == "fixed":
        return f["value"]
    if policy == "adaptive":
        done = sum(k >= d for d in decays)
        return f["initial"] + (f["final"] - f["initial"]) * done / len(decays)
    if policy == "linear":
        part = (k - f["start_iter"]) / (f["end_iter"] - f["start_iter"])
        return f["initial"] + (f["final"] - f["initial"]) * min(max(part, 0), 1)
    if policy == "reference":
        epoch = k // schedule["iterations_per_epoch"]
        first, second = schedule["milestone"]
        return f["initial"] if epoch <= first + 1 else f["final"] / (2 if epoch <= second + 1 else 1)
    raise ValueError(policy)


# --- The method. ---
PAPER = dict(selection="ONE_LAYER", distribution="UNIFORM", channel_axis="OUTPUT",
             channel_count="BERNOULLI", all_dropped="DROP_ALL", mask="UPDATE", rescale=False,
             drop_bias=False, freeze_unselected=False, lr_outside_momentum=False, skip_layers=4,
             skip_parameters=-1, layer=[],
             layer_drop_rate=dict(policy="adaptive", initial=0.01, final=0.3),
             channel_drop_rate=dict(value=0.5))
REFERENCE = dict(PAPER, selection="EACH_LAYER", channel_axis="INPUT", all_dropped="DROP_NONE",
                 mask="GRADIENT", rescale=True, lr_outside_momentum=True, skip_layers=0,
                 skip_parameters=3, channel_drop_rate=dict(value=0.3))


@dataclass
class Eligible:
    layer: Layer
    weight: float

    def axis(self, options):
        return self.layer.outputs if options["channel_axis"] == "OUTPUT" else self.layer.inputs

    def channels(self, options):
        return self.layer.shapes[0][self.axis(options)]


def eligible_layers(layers, options):
    found, number, tensor = [], 0, 0
    for layer in layers:
        rule = next((r for r in reversed(options["layer"]) if r["name"] == layer.name), {})
        if layer.drops:
            skipped = number < options["skip_layers"] or tensor <= options["skip_parameters"]
            if rule.get("eligible", not skipped):
                found.append(Eligible(layer, rule.get("weight", 1.0)))
            number += 1
        tensor += sum(lr != 0 for lr in layer.lr)
    for i, entry in enumerate(found):
        if options["distribution"] == "LINEAR_DEPTH":
            entry.weight *= (i + 1) / len(found)
        elif options["distribution"] == "CHANNELS":
            entry.weight *= entry.channels(options)
    return found


def chosen_layers(seed, k, eligible, options, rate):
    draws = [[int(w) for w in words(seed, DROP_LAYER, name_hash(e.layer.name), k, 3)]
             for e in eligible]
    if options["selection"] == "ONE_LAYER":
        finish = [-math.log((((d[0] << 32 | d[1]) >> 12) + 0.5) * 2.0**-52) / e.weight
                  for d, e in zip(draws, eligible)]
        first = finish.index(min(finish))
        return [first] if draws[first][2] < bound(rate) else []
    largest = max(e.weight for e in eligible)
    return [i for i, (d, e) in enumerate(zip(draws, eligible))
            if d[2] < bound(rate * e.weight / largest)]


def kept_channels(seed, k, entry, options, rate):
    """One bool a channel."""
    count = entry.channels(options)
    draws = words(seed, DROP_CHANNEL, name_hash(entry.layer.name), k, count)
    if options["channel_count"] == "EXACT":
        dropped = np.zeros(count, bool)
        dropped[np.argsort(draws, kind="stable")[:math.floor(rate * count + 0.5)]] = True
    else:
        dropped = draws < bound(rate)
    if options["all_dropped"] == "DROP_NONE" and dropped.all():
        dropped[:] = False
    return ~dropped


@dataclass
class Part:
    """What an iteration does to one blob, element by element."""
    take: np.ndarray
    renew: np.ndarray
    move: np.ndarray
    factor: float = 1.0


def everything(shape):
    return Part(*(np.ones(shape, bool) for _ in range(3)))


@dataclass
class Plan:
    rates: tuple
    keep: dict  # layer name -> one bool a channel, of all eligible layers
    chosen: list = field(default_factory=list)


def draw_plan(seed, k, eligible, options, decays):
    rates = (drop_rate(options["layer_drop_rate"], k, decays),
             drop_rate(options["channel_drop_rate"], k, decays))
    plan = Plan(rates, {e.layer.name: np.ones(e.channels(options), bool) for e in eligible})
    for i in chosen_layers(seed, k, eligible, options, rates[0]):
        plan.chosen.append(eligible[i])
        plan.keep[eligible[i].layer.name] = kept_channels(seed, k, eligible[i], options, rates[1])
    return plan


def parts_of(plan, layers, options):
    """A Part for each blob of the net."""
    take, renew, move = {"UPDATE": (True, True, False), "GRADIENT": (False, True, True),
                         "SKIP": (False, False, False)}[options["mask"]]
    parts = [everything(shape) for layer in layers for shape in layer.shapes]
    if options["freeze_unselected"] and plan.chosen:
        moving = {e.layer.first + b for e in plan.chosen for b in range(len(e.layer.shapes))}
        for i, part in enumerate(parts):
            if i not in moving:
                part.take &= take
                part.renew &= renew
                part.move[...] = False
    for entry in plan.chosen:
        keep = plan.keep[entry.layer.name]
        if keep.all():
            continue
        shape = entry.layer.shapes[0]
        along = [1] * len(shape)
        along[entry.axis(options)] = -1
        masks = [(entry.layer.first, np.broadcast_to(keep.reshape(along), shape))]
        if options["drop_bias"] and len(entry.layer.shapes) > 1:
            size = entry.layer.shapes[1][0]
            masks.append((entry.layer.first + 1, np.tile(keep, size // len(keep))))
        for blob, mask in masks:
            factor = len(keep) / keep.sum() if options["rescale"] and keep.any() else 1.0
            parts[blob] = Part(mask | take, mask | renew, mask | move, factor)
    return parts


# --- Update rules: (g, eta, t, history, constants) -> D, history. ---
def sgd(g, eta, t, h, c):
    if c["lr_outside_momentum"]:
        v = c["momentum"] * h[0] + g
        return eta * v, [v]
    v = c["momentum"] * h[0] + eta * g
    return v, [v]


def nesterov(g, eta, t, h, c):
    m = c["momentum"]
    v = m * h[0] + (g if c["lr_outside_momentum"] else eta * g)
    look_ahead = (1 + m) * v - m * h[0]
    return (eta if c["lr_outside_momentum"] else 1) * look_ahead, [v]


def ada_grad(g, eta, t, h, c):
    s = h[0] + g**2
    return eta * g / (np.sqrt(s) + c["delta"]), [s]


def rms_prop(g, eta, t, h, c):
    s = c["rms_decay"] * h[0] + (1 - c["rms_decay"]) * g**2
    return eta * g / (np.sqrt(s) + c["delta"]), [s]


def ada_delta(g, eta, t, h, c):
    m = c["momentum"]
    a = m * h[0] + (1 - m) * g**2
    u = g * np.sqrt((h[1] + c["delta"]) / (a + c["delta"]))
    return eta * u, [a, m * h[1] + (1 - m) * u**2]


def adam(g, eta, t, h, c):
    b1, b2 = c["momentum"], c["momentum2"]
    m = b1 * h[0] + (1 - b1) * g
    v = b2 * h[1] + (1 - b2) * g**2
    return eta * math.sqrt(1 - b2**t) / (1 - b1**t) * m / (np.sqrt(v) + c["delta"]), [m, v]


RULES = {"SGD": (sgd, 1), "Nesterov": (nesterov, 1), "AdaGrad": (ada_grad, 1),
         "RMSProp": (rms_prop, 1), "AdaDelta": (ada_delta, 2), "Adam": (adam, 2)}


class Training:
    """Weights and history that follow recorded gradients.

    settings: base_lr, gamma, stepvalue, momentum, ..., as in a solver file; rule: a name;
    options: of the method, or None; lr_dropout: a schedule, or None.
    """

    def __init__(self, layers, weights, rule, settings, options, lr_dropout):
        self.layers, self.w, self.options, self.lr_dropout = layers, weights, options, lr_dropout
        self.rule, self.remembers = RULES[rule]
        self.c = {"momentum": 0.0, "momentum2": 0.999, "rms_decay": 0.99, "delta": 1e-8,
                  "weight_decay": 0.0, "clip_gradients": -1.0, "iter_size": 1,
                  "regularization_type": "L2"}
        self.c.update(settings)
        for name, value in self.c.items():
            if isinstance(value, float):
                self.c[name] = float(np.float32(value))
        self.c["lr_outside_momentum"] = bool(options and options["lr_outside_momentum"])
        self.h = [[np.zeros_like(w) for w in weights] for _ in range(self.remembers)]
        self.eligible = eligible_layers(layers, options) if options else []
        self.plan = None

    def step(self, k, gradients):
        c = self.c
        parts = [everything(w.shape) for w in self.w]
        if self.options:
            self.plan = draw_plan(c["random_seed"], k, self.eligible, self.options, c["stepvalue"])
            parts = parts_of(self.plan, self.layers, self.options)
        gradients = [np.where(p.take, g * p.factor, 0) for g, p in zip(gradients, parts)]
        norm = math.sqrt(sum((g**2).sum() for g in gradients))
        scale = c["clip_gradients"] / norm if 0 <= c["clip_gradients"] < norm else 1
        rate = c["base_lr"] * c["gamma"]**sum(k >= s for s in c["stepvalue"])
        blob = 0
        for layer in self.layers:
            for b in range(len(layer.shapes)):
                self.move_weights(k, layer, b, blob, gradients[blob] * scale / c["iter_size"],
                                  rate * layer.lr[b], parts[blob])
                blob += 1

    def move_weights(self, k, layer, b, blob, g, eta, part):
        w = self.w[blob]
        penalty = w if self.c["regularization_type"] == "L2" else np.sign(w)
        g = g + self.c["weight_decay"] * layer.decay[b] * penalty
        d, history = self.rule(g, eta, k + 1, [h[blob] for h in self.h], self.c)
        move = part.move
        if self.lr_dropout:
            limit = bound(drop_rate(self.lr_dropout, k, self.c["stepvalue"]))
            draws = words(self.c["random_seed"], DROP_WEIGHT, (name_hash(layer.name) + b) & WORD, k,
                          w.size)
            move = move & (draws >= limit).reshape(w.shape)
        for old, new in zip(self.h, history):
            old[blob] = np.where(part.renew, new, old[blob])
        self.w[blob] = np.where(move, w - d, w)
