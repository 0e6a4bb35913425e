#!/usr/bin/env python3
"""MAT files as SVHN and the development kit of ImageNet have them, written by SciPy.

    make_mat_files.py [OUTPUT]        (tests/data/mat)

    svhn_compressed/, svhn_plain/     train_32x32.mat (5 images), test_32x32.mat (3),
                                      extra_32x32.mat (2); the first form has its arrays compressed
                                      and y behind X, the second one y as doubles before X
    devkit/meta.mat                   the array of structs 'synsets': 4 classes, numbered in another
                                      order than that of their WordNet ids, and their parents
    devkit/ILSVRC2012_validation_ground_truth.txt

Image n of a file whose images begin at `first` has at row r, column c and channel k the value
(3 r + 5 c + 64 k + 17 (first + n)) mod 256, and the label (first + n) mod 10, where 0 is stored as
10. tests/data_tools/convert_svhn_test.cpp and convert_imagenet_test.cpp read them.
"""
import pathlib
import sys

import numpy as np
from scipy.io import savemat

FILES = {"train": (0, 5), "test": (8, 3), "extra": (100, 2)}


def images(first, count):
    row, column, channel, number = np.indices((32, 32, 3, count))
    return ((3 * row + 5 * column + 64 * channel + 17 * (first + number)) % 256).astype(np.uint8)


def labels(first, count, kind):
    digits = (first + np.arange(count)) % 10
    return np.where(digits == 0, 10, digits).astype(kind).reshape(count, 1)


def write_svhn(folder):
    for form in ("svhn_compressed", "svhn_plain"):
        (folder / form).mkdir(parents=True, exist_ok=True)
        for name, (first, count) in FILES.items():
            x = images(first, count)
            y = labels(first, count, np.uint8 if form == "svhn_compressed" else np.float64)
            arrays = {"X": x, "y": y} if form == "svhn_compressed" else {"y": y, "X": x}
            savemat(folder / form / f"{name}_32x32.mat", arrays,
                    do_compression=form == "svhn_compressed")


def write_devkit(folder):
    folder.mkdir(parents=True, exist_ok=True)
    # ILSVRC2012_ID, WNID, words, num_children
    classes = [(1, "n03000684", "chain saw, chainsaw", 0), (2, "n01440764", "tench, Tinca tinca", 0),
               (3, "n03888257", "parachute, chute", 0), (4, "n02102040", "English springer", 0),
               (5, "n00001740", "entity", 2), (6, "n00002684", "object", 2)]
    fields = ["ILSVRC2012_ID", "WNID", "words", "gloss", "num_children", "children",
              "wordnet_height", "num_train_images"]
    synsets = np.zeros((len(classes), 1), [(name, object) for name in fields])
    for row, (number, wnid, words, children) in zip(synsets[:, 0], classes):
        row["ILSVRC2012_ID"] = np.float64(number)
        row["WNID"], row["words"], row["gloss"] = wnid, words, f"what {words} means"
        row["num_children"] = np.float64(children)
        row["children"] = np.arange(children, dtype=np.float64) + 1
        row["wordnet_height"], row["num_train_images"] = np.float64(children), np.float64(1300)
    savemat(folder / "meta.mat", {"synsets": synsets}, do_compression=True)
    (folder / "ILSVRC2012_validation_ground_truth.txt").write_text("2\n4\n1\n3\n2\n")


def main():
    output = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else
                          pathlib.Path(__file__).parents[1] / "data/mat")
    write_svhn(output)
    write_devkit(output / "devkit")


if __name__ == "__main__":
    main()
