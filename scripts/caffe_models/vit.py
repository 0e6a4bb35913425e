"""Vision transformers: patches of an image as tokens, blocks of attention and MLP with layer norm
in front, a learned class token that the classifier reads.

Dropout follows the position embedding and every dense layer but queries, keys and values.
"""

from .prototxt import Word

HEAD_FEATURES = 64
DROPOUT = 0.1
EPS = 1e-6

# Uniform in +-sqrt(6 / (inputs + outputs)).
MLP_FILLERS = {"weight_filler": {"type": "xavier", "variance_norm": Word("AVERAGE")},
               "bias_filler": {"type": "gaussian", "std": 1e-6}}
ZERO = {"type": "constant"}


def vit_b16(net, image, classes, width=1):
    return vit(net, image, classes, patch=16, depth=12, heads=12 * width)


def vit_l16(net, image, classes, width=1):
    return vit(net, image, classes, patch=16, depth=24, heads=16 * width)


def vit_tiny(net, image, classes, width=1):
    """The usual tiny size, with patches of 4 x 4 for images of 32 x 32."""
    return vit(net, image, classes, patch=4, depth=12, heads=3 * width)


def vit(net, image, classes, patch, depth, heads):
    """`heads`, at least one, have 64 features each."""
    heads = max(1, round(heads))
    x = net.convolution(image, "patches", HEAD_FEATURES * heads, patch, stride=patch, bias=True)
    x = net.tokens(x, "patch_tokens")
    x = net.class_token(x, "tokens")
    x = net.position_embedding(x, "positions")
    x = net.dropout(x, "dropout", DROPOUT)
    for i in range(depth):
        x = attention_block(net, x, f"block{i}", heads)
        x = mlp_block(net, x, f"block{i}")
    # Each token is normalised by itself: only the class token has to be.
    x, others = net.slice(x, "slice", ("class_token", "other_tokens"), at=1)
    net.silence([others], "silence")
    x = net.layer_norm(x, "ln", EPS)
    return net.inner_product(x, "fc", classes, weight_filler=ZERO, bias_filler=ZERO)


def attention_block(net, x, name, heads):
    width = x.shape[-1]
    y = net.layer_norm(x, f"{name}_ln1", EPS)
    queries, keys, values = (net.inner_product(y, f"{name}_{part}", width, axis=2)
                             for part in ("q", "k", "v"))
    y = net.attention(queries, keys, values, f"{name}_attention", heads)
    y = net.inner_product(y, f"{name}_out", width, axis=2)
    y = net.dropout(y, f"{name}_dropout1", DROPOUT)
    return net.add_up(y, x, f"{name}_sum1")


def mlp_block(net, x, name):
    width = x.shape[-1]
    y = net.layer_norm(x, f"{name}_ln2", EPS)
    y = net.inner_product(y, f"{name}_fc1", 4 * width, axis=2, **MLP_FILLERS)
    y = net.gelu(y, f"{name}_gelu")
    y = net.dropout(y, f"{name}_dropout2", DROPOUT)
    y = net.inner_product(y, f"{name}_fc2", width, axis=2, **MLP_FILLERS)
    y = net.dropout(y, f"{name}_dropout3", DROPOUT)
    return net.add_up(y, x, f"{name}_sum2")
