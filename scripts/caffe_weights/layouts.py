"""How an array of a file and a blob of ours differ in shape: a pair of functions, from the
published array to our blob and back."""
from typing import Callable, NamedTuple


class Layout(NamedTuple):
    load: Callable
    store: Callable    # None where nothing is written in this form
    words: str = ""    # for the report
    index: int = 0     # the array holds this one of `of` blobs, along its first axis
    of: int = 1


def _same(x):
    return x


SAME = Layout(_same, _same)
# Convolutions of 1x1 images that are inner products here.
POINTWISE = Layout(lambda x: x.reshape(x.shape[:2]) if x.shape[2:] == (1, 1) else x,
                   lambda x: x[:, :, None, None], "1x1 kernel")
# Position embeddings: a batch of one. The class token has it here, too.
BATCH_OF_ONE = Layout(lambda x: x[0] if x.shape[:1] == (1,) else x, lambda x: x[None])


def rows(index, of):
    """One of `of` equal parts of the first axis; on the way back they are joined."""
    def load(x):
        size = len(x) // of
        return x[index * size:(index + 1) * size] if len(x) % of == 0 else x
    return Layout(load, _same, f"part {index + 1} of {of}", index, of)


# Flax: kernels end in the outputs, attention has an axis for its heads.
FLAX_CONVOLUTION = Layout(lambda x: x.transpose(3, 2, 0, 1) if x.ndim == 4 else x,
                          None, "transposed")
FLAX_DENSE = Layout(lambda x: x.T, None, "transposed")
FLAX_TO_HEADS = Layout(lambda x: x.reshape(x.shape[0], -1).T, None, "transposed, heads joined")
FLAX_FROM_HEADS = Layout(lambda x: x.reshape(-1, x.shape[-1]).T, None, "transposed, heads joined")
FLAX_BIAS_OF_HEADS = Layout(lambda x: x.reshape(-1), None, "heads joined")
