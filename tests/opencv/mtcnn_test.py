#!/usr/bin/env python3
"""Runs the three MTCNN nets, which other people trained with Caffe, on photos and compares all
outputs with those of OpenCV's DNN module.

    mtcnn_test.py TOOLS_DIR

Needs the models and the photos: the folder `data` of $CAFFE_SHARED_DATA, or ../shared/data beside
the source tree. Exits with 77 (skipped) where they or Python's OpenCV are missing.
"""

import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

try:
    import cv2
    import numpy as np
except ImportError as missing:
    print(f"SKIPPED: {missing}")
    sys.exit(77)

SOURCE = Path(__file__).resolve().parents[2]
TOLERANCE = 1e-4
PASSES = ("Convolution", "PReLU", "Pooling", "InnerProduct")
# The inputs of the nets: the first is run over whole photos, the others over crops of one size.
SIZES = {1: (180, 240), 2: (24, 24), 3: (48, 48)}
PARTS = ((0, 0, 1, 1), (0.1, 0.2, 0.7, 0.8), (0.4, 0.0, 1.0, 0.5), (0.3, 0.3, 0.5, 0.5))


def shared_data():
    for place in (os.environ.get("CAFFE_SHARED_DATA"), SOURCE.parent / "shared" / "data"):
        if place and (Path(place) / "caffemodels" / "mtcnn_det1.caffemodel").is_file():
            return Path(place)
    print("SKIPPED: no data; set CAFFE_SHARED_DATA")
    sys.exit(77)


def run(*command):
    done = subprocess.run([str(c) for c in command], capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"{' '.join(map(str, command))}\n{done.stderr[-3000:]}")
    return done.stdout


def deploy_form(definition, size):
    """The stored training net without its data, losses and splits."""
    layers = re.split(r"(?m)^(?=layer \{)", definition)[1:]
    layers = [layer for layer in layers if re.search(r'type: "(\w+)"', layer)[1] in PASSES]
    text = "".join(layers)
    data = re.search(r'bottom: "(\w+)"', layers[0])[1]
    text = re.sub(r'bottom: "([\w-]+?)_[\w-]+_split_\d"', r'bottom: "\1"', text)
    text = re.sub(r"(?m)^  (phase: TRAIN|loss_weight: .*)\n", "", text)
    shape = f"dim: 1 dim: 3 dim: {size[0]} dim: {size[1]}"
    return (f'layer {{ name: "{data}" type: "Input" top: "{data}" '
            f"input_param {{ shape {{ {shape} }} }} }}\n{text}")


def crops(photo, size, parts):
    height, width = photo.shape[:2]
    for left, top, right, bottom in parts:
        part = photo[int(top * height):int(bottom * height), int(left * width):int(right * width)]
        scaled = cv2.resize(part, (size[1], size[0])).astype(np.float32)
        yield ((scaled - 127.5) / 128).transpose(2, 0, 1)


def main():
    tools, data = Path(sys.argv[1]).resolve(), shared_data()
    photos = [cv2.imread(str(path)) for path in sorted((data / "photos").rglob("*.JPEG"))[::12]]
    photos = [photo for photo in photos if photo is not None]
    assert photos, "no photos"
    good = True
    for number, size in SIZES.items():
        model = data / "caffemodels" / f"mtcnn_det{number}.caffemodel"
        parts = PARTS[:1] if number == 1 else PARTS
        images = np.ascontiguousarray([c for photo in photos for c in crops(photo, size, parts)])
        with tempfile.TemporaryDirectory() as work:
            net, inputs, outputs = (Path(work) / name for name in ("net", "inputs", "outputs"))
            net.write_text(deploy_form(run(tools / "print_definition", model), size))
            inputs.write_bytes(images.tobytes())
            run(tools / "dump_scores", net, model, inputs, outputs)
            ours = np.fromfile(outputs, np.float32).reshape(len(images), -1)
            other = cv2.dnn.readNetFromCaffe(str(net), str(model))
        names = sorted(other.getUnconnectedOutLayersNames())
        theirs = []
        for image in images:
            other.setInput(image[np.newaxis])
            theirs.append(np.concatenate([blob.ravel() for blob in other.forward(names)]))
        difference = np.abs(ours - np.array(theirs)).max()
        spread = np.ptp(ours, axis=0).max()
        agrees = difference <= TOLERANCE and spread > 0.1
        good = good and agrees
        print(f"{'ok  ' if agrees else 'FAIL'} det{number}: {len(images)} images, {ours.shape[1]} values "
              f"each ({', '.join(names)}), largest difference {difference:.2g}, spread {spread:.2g}")
    sys.exit(0 if good else 1)


if __name__ == "__main__":
    main()
