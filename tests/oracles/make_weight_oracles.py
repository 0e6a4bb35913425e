#!/usr/bin/env python3
"""Names of published weights and what nets compute with them, as an oracle for import_weights.

    make_weight_oracles.py [NAME...]     all of them, or those whose file is named

A file in tests/data/oracles/weights has one line of results - norm, product with
value("probe", i, 1), and first 20 of the scores of one image - then one line for each tensor: its
name and its shape. Batch norm's counters are left out. Tensors have the values (oracle_values.py;
<name> is the tensor's)

    running_var                                1 + value("<name>", i, 0.5)
    1-d weight or scale, of norms              1 + value("<name>", i, 0.5)
    other 1-d tensors: biases, running_mean    value("<name>", i, 0.25)
    class token, position embeddings           value("<name>", i, 1)
    convolutions, linear layers                value("<name>", i, sqrt(3 / inputs))

where inputs are the product of all axes but that of the outputs. The image is 8 x 8 squares,
value("image", j, sqrt(3)), enlarged to the input of the net.

The nets are those of torchvision, timm and transformers. "vit_tiny_original" is an .npz with the
names and shapes of the original vision transformers, as timm's loader of such files understands it.
"vit_tiny_48" and "vit_tiny_48_bicubic" have the weights of "vit_tiny", for images of 48 x 48: the
position embeddings are resized by scipy.ndimage.zoom at order 1, as the authors' code does, and by
PyTorch's bicubic interpolation with antialias, as timm does. positions.txt has such grids apart.

Written with PyTorch 2.15, torchvision 0.29, timm 1.0.31, transformers 4.57.6 and SciPy 1.17; nets
in double precision, vision transformers other than the tiny one in float.
"""
import argparse
import math
import pathlib
import tempfile

import numpy as np
import scipy.ndimage
import torch
from oracle_values import FOLDER, values, write_arrays
from torch.nn import functional as F
from torchvision import models

TINY = {"image_size": 32, "patch_size": 4, "num_layers": 12, "num_heads": 3, "hidden_dim": 192,
        "mlp_dim": 768, "num_classes": 100}
KINDS_OF_EMBEDDING = ("token", "pos_embed", "position_embeddings", "cls")


def fill(name, shape, inputs=None):
    """The values of a tensor; `inputs` where the first axis is not that of the outputs."""
    if name.endswith("running_var") or (len(shape) == 1 and name.endswith(("weight", "scale"))):
        return 1 + values(name, shape, 0.5)
    if any(kind in name for kind in KINDS_OF_EMBEDDING):
        return values(name, shape, 1.0)
    if len(shape) == 1 or (inputs is None and name.endswith("bias")):
        return values(name, shape, 0.25)
    return values(name, shape, math.sqrt(3 / (inputs or math.prod(shape[1:]))))


def filled(net):
    """Gives a module its values. @return shapes by name"""
    shapes = {}
    with torch.no_grad():
        for name, tensor in net.state_dict().items():
            if name.endswith("num_batches_tracked"):
                continue
            shapes[name] = tuple(tensor.shape)
            tensor.copy_(torch.from_numpy(fill(name, tensor.shape)))
    return shapes


def image(size):
    x = torch.from_numpy(values("image", (1, 3, 8, 8), math.sqrt(3)))
    return x.repeat_interleave(size // 8, 2).repeat_interleave(size // 8, 3)


def scores_of(net, size, dtype=torch.float64):
    net = net.to(dtype).eval()
    with torch.no_grad():
        scores = net(image(size).to(dtype))
    return getattr(scores, "logits", scores)[0].double().numpy()


def write(name, scores, shapes):
    probe = values("probe", scores.shape, 1.0).astype(np.float64)
    results = [np.linalg.norm(scores), scores @ probe, *scores[:20]]
    lines = [" ".join(f"{x:.7g}" for x in results)]
    lines += [" ".join(map(str, (key, *shape))) for key, shape in shapes.items()]
    (FOLDER / "weights" / f"{name}.txt").write_text("\n".join(lines) + "\n")
    print(name, lines[0][:60], flush=True)


def torchvision_net(make, dtype=torch.float64, size=224, **kwargs):
    def run(name):
        net = make(**kwargs)
        shapes = filled(net)
        write(name, scores_of(net, size, dtype), shapes)
    return run


def resized(positions, side, method):
    """Position embeddings (1, 1 + old * old, features) for side * side patches."""
    token, grid = positions[:, :1], positions[0, 1:]
    old = math.isqrt(len(grid))
    grid = grid.reshape(old, old, -1)
    if method == "zoom":
        grid = scipy.ndimage.zoom(grid, (side / old, side / old, 1), order=1)
    else:
        x = torch.from_numpy(grid).permute(2, 0, 1)[None]
        x = F.interpolate(x, size=(side, side), mode="bicubic", antialias=True, align_corners=False)
        grid = x[0].permute(1, 2, 0).numpy()
    return np.concatenate([token, grid.reshape(1, side * side, -1)], axis=1)


def vit_tiny_at_48(method):
    def run(name):
        net = models.VisionTransformer(**TINY)
        shapes = filled(net)
        state = net.state_dict()
        key = "encoder.pos_embedding"
        state[key] = torch.from_numpy(resized(state[key].numpy(), 12, method))
        large = models.VisionTransformer(**{**TINY, "image_size": 48})
        large.load_state_dict(state)
        write(name, scores_of(large, 48), shapes)
    return run


def vit_tiny_timm(name):
    import timm
    net = timm.create_model("vit_tiny_patch16_224", img_size=32, patch_size=4, num_classes=100)
    shapes = filled(net)
    write(name, scores_of(net, 32), shapes)


def vit_tiny_hugging_face(name):
    from transformers import ViTConfig, ViTForImageClassification
    net = ViTForImageClassification(ViTConfig(
        hidden_size=192, num_hidden_layers=12, num_attention_heads=3, intermediate_size=768,
        image_size=32, patch_size=4, num_labels=100, layer_norm_eps=1e-6))
    shapes = filled(net)
    write(name, scores_of(net, 32), shapes)


def resnet_hugging_face(kind, depths, sizes):
    def run(name):
        from transformers import ResNetConfig, ResNetForImageClassification
        net = ResNetForImageClassification(ResNetConfig(layer_type=kind, depths=depths,
                                                        hidden_sizes=sizes, num_labels=1000))
        shapes = filled(net)
        write(name, scores_of(net, 224), shapes)
    return run


def original_arrays(width=192, depth=12, heads=3, patch=4, tokens=65, classes=100):
    """Shapes of an original .npz, and for kernels the number of inputs."""
    norm = {"scale": ((width,), None), "bias": ((width,), None)}
    split = {"kernel": ((width, heads, width // heads), width),
             "bias": ((heads, width // heads), None)}
    tree = {"cls": ((1, 1, width), None),
            "embedding": {"kernel": ((patch, patch, 3, width), patch * patch * 3),
                          "bias": ((width,), None)},
            "Transformer/posembed_input": {"pos_embedding": ((1, tokens, width), None)}}
    for i in range(depth):
        block = f"Transformer/encoderblock_{i}"
        tree |= {f"{block}/LayerNorm_0": norm, f"{block}/LayerNorm_2": norm}
        tree |= {f"{block}/MultiHeadDotProductAttention_1/{part}": split
                 for part in ("query", "key", "value")}
        tree[f"{block}/MultiHeadDotProductAttention_1/out"] = {
            "kernel": ((heads, width // heads, width), width), "bias": ((width,), None)}
        tree[f"{block}/MlpBlock_3/Dense_0"] = {"kernel": ((width, 4 * width), width),
                                               "bias": ((4 * width,), None)}
        tree[f"{block}/MlpBlock_3/Dense_1"] = {"kernel": ((4 * width, width), 4 * width),
                                               "bias": ((width,), None)}
    tree |= {"Transformer/encoder_norm": norm,
             "head": {"kernel": ((width, classes), width), "bias": ((classes,), None)}}
    flat = {}
    for name, value in tree.items():
        flat |= {name: value} if isinstance(value, tuple) else {
            f"{name}/{key}": entry for key, entry in value.items()}
    return flat


def vit_tiny_original(name):
    import timm
    from timm.models.vision_transformer import _load_weights
    arrays = {key: fill(key, shape, inputs) for key, (shape, inputs) in original_arrays().items()}
    net = timm.create_model("vit_tiny_patch16_224", img_size=32, patch_size=4, num_classes=100)
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "vit.npz"
        np.savez(path, **arrays)
        _load_weights(net, str(path))
    write(name, scores_of(net, 32), {key: array.shape for key, array in arrays.items()})


def positions(name):
    arrays = {}
    for old, new in ((3, 5), (4, 2), (7, 7), (14, 24), (2, 1)):
        grid = values(f"grid{old}", (1, 1 + old * old, 2), 1.0)
        for method in ("zoom", "bicubic"):
            arrays[f"{old}_{new}_{method}"] = resized(grid, new, method)
    write_arrays(FOLDER / "weights" / f"{name}.txt",
                 "Position embeddings; see tests/oracles/make_weight_oracles.py.", arrays)


FILES = {
    **{name: torchvision_net(getattr(models, make)) for name, make in (
        ("resnet18", "resnet18"), ("resnet34", "resnet34"), ("resnet50", "resnet50"),
        ("resnet101", "resnet101"), ("mobilenetv2", "mobilenet_v2"),
        ("efficientnet_b0", "efficientnet_b0"), ("densenet121", "densenet121"),
        ("shufflenetv2_x0_5", "shufflenet_v2_x0_5"), ("shufflenetv2_x1_0", "shufflenet_v2_x1_0"))},
    "vit_b16": torchvision_net(models.vit_b_16, torch.float32),
    "vit_l16": torchvision_net(models.vit_l_16, torch.float32),
    "vit_tiny": torchvision_net(models.VisionTransformer, size=32, **TINY),
    "vit_tiny_48": vit_tiny_at_48("zoom"),
    "vit_tiny_48_bicubic": vit_tiny_at_48("bicubic"),
    "vit_tiny_timm": vit_tiny_timm,
    "vit_tiny_hugging_face": vit_tiny_hugging_face,
    "vit_tiny_original": vit_tiny_original,
    "resnet18_hugging_face": resnet_hugging_face("basic", [2, 2, 2, 2], [64, 128, 256, 512]),
    "resnet50_hugging_face": resnet_hugging_face("bottleneck", [3, 4, 6, 3],
                                                 [256, 512, 1024, 2048]),
    "positions": positions,
}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("names", nargs="*")
    args = parser.parse_args()
    (FOLDER / "weights").mkdir(parents=True, exist_ok=True)
    for name, make in FILES.items():
        if not args.names or name in args.names:
            make(name)


if __name__ == "__main__":
    main()
