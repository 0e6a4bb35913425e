"""Vision transformers: patches, tokens, positions, block0_ln1, block0_q, block0_k, block0_v,
block0_out, block0_ln2, block0_fc1, block0_fc2, ..., ln, fc."""
import re

from .layouts import (BATCH_OF_ONE, FLAX_BIAS_OF_HEADS, FLAX_CONVOLUTION, FLAX_DENSE,
                      FLAX_FROM_HEADS, FLAX_TO_HEADS, SAME, rows)
from .naming import Naming, Part

_BLOCK = re.compile(r"block(\d+)_(ln1|q|k|v|out|ln2|fc1|fc2)")
_QKV = {"q": 0, "k": 1, "v": 2}


def _naming(publisher, probes, outer, block, joined="", joined_dot=".", aliases=()):
    """`outer` and `block` have PyTorch's modules by the names of our layers, {} being the number of
    the block; `joined` is the one parameter of queries, keys and values, where they are one."""
    def parts(layer):
        if layer.name in ("tokens", "positions"):
            is_grid = layer.name == "positions"
            return [Part(outer[layer.name], BATCH_OF_ONE if is_grid else SAME, is_grid)]
        if layer.name in outer:
            return [Part(f"{outer[layer.name]}.{role}") for role in layer.roles]
        match = _BLOCK.fullmatch(layer.name)
        if match is None:
            return None
        number, part = match.groups()
        if part in _QKV and joined:
            return [Part(joined.format(number) + joined_dot + role, rows(_QKV[part], 3))
                    for role in layer.roles]
        return [Part(f"{block[part].format(number)}.{role}") for role in layer.roles]
    return Naming(publisher, probes, parts, aliases)


_LAYER = "encoder.layers.encoder_layer_{}"
TORCHVISION = _naming(
    "torchvision", ("conv_proj.weight", "encoder.pos_embedding"),
    {"patches": "conv_proj", "tokens": "class_token", "positions": "encoder.pos_embedding",
     "ln": "encoder.ln", "fc": "heads.head"},
    {"ln1": f"{_LAYER}.ln_1", "out": f"{_LAYER}.self_attention.out_proj", "ln2": f"{_LAYER}.ln_2",
     "fc1": f"{_LAYER}.mlp.0", "fc2": f"{_LAYER}.mlp.3"},
    joined=f"{_LAYER}.self_attention.in_proj", joined_dot="_",
    # So the published files have it, from before the MLP was a sequence of modules.
    aliases=((r"\.mlp\.linear_1\.", ".mlp.0."), (r"\.mlp\.linear_2\.", ".mlp.3.")))

TIMM = _naming(
    "timm", ("patch_embed.proj.weight", "pos_embed"),
    {"patches": "patch_embed.proj", "tokens": "cls_token", "positions": "pos_embed", "ln": "norm",
     "fc": "head"},
    {"ln1": "blocks.{}.norm1", "out": "blocks.{}.attn.proj", "ln2": "blocks.{}.norm2",
     "fc1": "blocks.{}.mlp.fc1", "fc2": "blocks.{}.mlp.fc2"},
    joined="blocks.{}.attn.qkv")

_LAYER = "encoder.layer.{}"
HUGGING_FACE = _naming(
    "Hugging Face",
    ("embeddings.patch_embeddings.projection.weight", "embeddings.position_embeddings"),
    {"patches": "embeddings.patch_embeddings.projection", "tokens": "embeddings.cls_token",
     "positions": "embeddings.position_embeddings", "ln": "layernorm", "fc": "classifier"},
    {"ln1": f"{_LAYER}.layernorm_before", "q": f"{_LAYER}.attention.attention.query",
     "k": f"{_LAYER}.attention.attention.key", "v": f"{_LAYER}.attention.attention.value",
     "out": f"{_LAYER}.attention.output.dense", "ln2": f"{_LAYER}.layernorm_after",
     "fc1": f"{_LAYER}.intermediate.dense", "fc2": f"{_LAYER}.output.dense"})

_ATTENTION = {"q": "query", "k": "key", "v": "value", "out": "out"}
_FLAX_BLOCK = {"ln1": "LayerNorm_0", "ln2": "LayerNorm_2", "fc1": "MlpBlock_3/Dense_0",
               "fc2": "MlpBlock_3/Dense_1"}


def _flax(layer):
    """The original authors' .npz."""
    if layer.name == "tokens":
        return [Part("cls")]
    if layer.name == "positions":
        return [Part("Transformer/posembed_input/pos_embedding", BATCH_OF_ONE, True)]
    if layer.name == "patches":
        return [Part("embedding/kernel", FLAX_CONVOLUTION), Part("embedding/bias")]
    if layer.name == "ln":
        return [Part("Transformer/encoder_norm/scale"), Part("Transformer/encoder_norm/bias")]
    if layer.name == "fc":
        return [Part("head/kernel", FLAX_DENSE), Part("head/bias")]
    match = _BLOCK.fullmatch(layer.name)
    if match is None:
        return None
    block, part = f"Transformer/encoderblock_{match[1]}", match[2]
    if part in _ATTENTION:
        name = f"{block}/MultiHeadDotProductAttention_1/{_ATTENTION[part]}"
        if part == "out":
            return [Part(f"{name}/kernel", FLAX_FROM_HEADS), Part(f"{name}/bias")]
        return [Part(f"{name}/kernel", FLAX_TO_HEADS), Part(f"{name}/bias", FLAX_BIAS_OF_HEADS)]
    name = f"{block}/{_FLAX_BLOCK[part]}"
    if part.startswith("ln"):
        return [Part(f"{name}/scale"), Part(f"{name}/bias")]
    return [Part(f"{name}/kernel", FLAX_DENSE), Part(f"{name}/bias")]


ORIGINAL = Naming("the original authors", ("embedding/kernel", "cls"), _flax)

NAMINGS = (TORCHVISION, TIMM, HUGGING_FACE, ORIGINAL)
