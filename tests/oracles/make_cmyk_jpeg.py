#!/usr/bin/env python3
"""A JPEG file in CMYK as some images of ImageNet are (Adobe's, whose values are inverted).

    make_cmyk_jpeg.py [OUTPUT]        (tests/data/images/cmyk.jpg)

Three squares of 16 x 16, red, green, blue: (230, 40, 20), (30, 150, 200), (100, 220, 90).
tests/data_tools/convert_imagenet_test.cpp reads it.
"""
import pathlib
import sys

from PIL import Image


def main():
    output = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else
                          pathlib.Path(__file__).parents[1] / "data/images/cmyk.jpg")
    output.parent.mkdir(parents=True, exist_ok=True)
    image = Image.new("RGB", (48, 16))
    for number, colour in enumerate([(230, 40, 20), (30, 150, 200), (100, 220, 90)]):
        image.paste(colour, (16 * number, 0, 16 * number + 16, 16))
    image.convert("CMYK").save(output, "JPEG", quality=95)


if __name__ == "__main__":
    main()
