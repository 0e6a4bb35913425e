"""Numbers that scripts here and tests/caffe/oracle_values.hpp make from the same formula, with the
same bits, so that inputs have not to be stored:

    u(name, i) = mix(fnv1a(name) + i) >> 8, a 24-bit integer; all arithmetic modulo 2^32
    value(name, i, bound) = float(bound * (u / 2^23 - 1)), computed in double precision

mix is the "lowbias32" integer hash, fnv1a the 32-bit FNV-1a hash of the name's bytes.
"""
import pathlib

import numpy as np

FOLDER = pathlib.Path(__file__).parents[1] / "data" / "oracles"


def fnv1a(name):
    h = 2166136261
    for byte in name.encode():
        h = (h ^ byte) * 16777619 % 2**32
    return h


def mix(x):
    x = x ^ (x >> np.uint32(16))
    x = x * np.uint32(0x7FEB352D)
    x = x ^ (x >> np.uint32(15))
    x = x * np.uint32(0x846CA68B)
    return x ^ (x >> np.uint32(16))


def values(name, shape, bound):
    """float32 array of the given shape."""
    count = int(np.prod(shape))
    index = (np.arange(count, dtype=np.uint64) + fnv1a(name)) % 2**32
    u = (mix(index.astype(np.uint32)) >> np.uint32(8)).astype(np.float64)
    return (bound * (u / 2**23 - 1)).astype(np.float32).reshape(shape)


def write_arrays(path, header, arrays):
    """One line an array: its name and its values, row-major."""
    with open(path, "w") as out:
        for line in header.splitlines():
            out.write(f"# {line}".rstrip() + "\n")
        for name, array in arrays.items():
            out.write(" ".join([name] + [f"{x:.9g}" for x in np.ravel(array)]) + "\n")
