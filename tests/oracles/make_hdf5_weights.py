#!/usr/bin/env python3
"""Weights and a solver state in HDF5 files that h5py writes, as an oracle for the reader.

    make_hdf5_weights.py [FOLDER]

Blob j of layer L holds values("L.j", shape, 1) of oracle_values.py. The layouts are those of Caffe,
the storage is not: big-endian, 64 bit, compressed, half precision and integers, texts of variable
length.

Written with h5py 3.16 and HDF5 2.0 (libver="v110").
"""
import pathlib
import sys

import h5py
import numpy as np
from oracle_values import FOLDER, values


def main():
    folder = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER
    with h5py.File(folder / "weights.caffemodel.h5", "w", libver="v110") as out:
        data = out.create_group("data")
        data.create_group("input")
        data.create_dataset("conv/3x3/0", data=values("conv/3x3.0", (4, 2, 3, 3), 1).astype(">f8"))
        data.create_dataset("conv/3x3/1", data=values("conv/3x3.1", (4,), 1), dtype="<f4")
        data.create_dataset("fc/0", data=values("fc.0", (3, 16), 1), compression="gzip",
                            chunks=(2, 16), shuffle=True)
        data.create_dataset("fc/1", data=np.array([1, -2, 3], dtype=np.int16))
        data.create_dataset("elsewhere/0", data=np.zeros(3, dtype=np.float16))
    with h5py.File(folder / "state.solverstate.h5", "w", libver="v110") as out:
        out["iter"] = np.array([7], dtype=np.int64)
        out["current_step"] = np.int32(2)
        out["learned_net"] = "net_iter_7.caffemodel.h5"
        history = out.create_group("history")
        for i, shape in enumerate([(2, 3), (2,)]):
            history.create_dataset(str(i), data=values(f"history.{i}", shape, 1).astype("f8"))


main()
