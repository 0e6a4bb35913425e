"""Position embeddings of a vision transformer for another number of patches."""
import numpy as np


def resize(positions, grid, method):
    """From (1 + tokens, features) to (1 + rows * columns, features) for `grid` = (rows, columns).

    The class token's row is kept; the others are a square grid of values that is resized by
    `method`, a key of METHODS.
    """
    token, old = positions[:1], positions[1:]
    side = square_side(len(old))
    matrix = METHODS[method]
    vertical, horizontal = (matrix(side, new) for new in grid)
    values = old.reshape(side, side, -1).astype(np.float64)
    values = np.einsum("yi,xj,ijf->yxf", vertical, horizontal, values, optimize=True)
    return np.concatenate([token, values.reshape(-1, old.shape[1]).astype(np.float32)])


def square_side(tokens):
    """Of a square grid; None if the number is no square."""
    side = round(tokens ** 0.5)
    return side if side * side == tokens else None


def _bilinear(old, new):
    """Straight lines between values, the outermost ones staying where they are: what
    scipy.ndimage.zoom does at order 1, and with it the code of the vision transformer's authors."""
    place = np.arange(new) * ((old - 1) / (new - 1) if new > 1 else 0)
    left = np.minimum(place.astype(int), max(old - 2, 0))
    matrix = np.zeros((new, old))
    matrix[np.arange(new), left] = 1 - (place - left)
    if old > 1:
        matrix[np.arange(new), left + 1] += place - left
    return matrix


def _bicubic(old, new):
    """Keys' cubic with a = -0.5 about the centres of cells, as wide as a new cell where there are
    fewer of them: PyTorch's bicubic interpolation with antialias, and with it timm's code."""
    scale = old / new
    stretch = max(scale, 1.0)
    centre = (np.arange(new)[:, None] + 0.5) * scale
    x = np.abs(np.arange(old) + 0.5 - centre) / stretch
    near = (1.5 * x - 2.5) * x * x + 1
    far = ((-0.5 * x + 2.5) * x - 4) * x + 2
    weights = np.where(x < 1, near, np.where(x < 2, far, 0.0))
    return weights / weights.sum(axis=1, keepdims=True)


METHODS = {"bilinear": _bilinear, "bicubic": _bicubic}
