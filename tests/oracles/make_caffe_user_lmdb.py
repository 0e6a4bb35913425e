#!/usr/bin/env python3
"""A small LMDB as users of Caffe have them, written without any code of this project.

    make_caffe_user_lmdb.py [OUTPUT]        (tests/data/lmdb/caffe_user)

The usual way from Python: the package `lmdb` (of LMDB 0.9) and serialised Datum
messages. The messages are put together byte by byte here after the published format of protocol
buffers, the PNG image after its own specification. tests/data_tools/caffe_user_lmdb_test.cpp reads
it. Records, in the order of their keys:

    00000000_sky.jpg   3x4x5, value (3 * i + 1) mod 256 at index i, label 3
    00000001_a b.jpg   3x4x5, value (5 * i + 2) mod 256 at index i, label 0
    00000002           3x4x5, value 255 - i at index i, label 999; fields in another order, and an
                       unknown field such as forks of Caffe write
    00000003.png       encoded: a PNG of 4 rows of 5 pixels, blue (4 * p) mod 256, green
                       (6 * p + 7) mod 256, red (9 * p + 200) mod 256 at pixel p; label 7
"""
import pathlib
import struct
import sys
import zlib

import lmdb

HEIGHT, WIDTH = 4, 5


def varint(number):
    out = b""
    while number > 127:
        out += bytes([number & 127 | 128])
        number >>= 7
    return out + bytes([number])


def integer(field, value):
    return varint(field << 3) + varint(value)


def content(field, value):
    return varint(field << 3 | 2) + varint(len(value)) + value


def raw_datum(values, label):
    return (integer(1, 3) + integer(2, HEIGHT) + integer(3, WIDTH) + content(4, bytes(values)) +
            integer(5, label) + integer(7, 0))


def shuffled_datum(values, label):
    return (integer(5, label) + content(4, bytes(values)) + content(100, b"of a fork") +
            integer(3, WIDTH) + integer(2, HEIGHT) + integer(1, 3))


def png():
    def chunk(name, data):
        return (struct.pack(">I", len(data)) + name + data +
                struct.pack(">I", zlib.crc32(name + data)))

    rows = b""
    for row in range(HEIGHT):
        rows += b"\0"  # no filter
        for pixel in range(row * WIDTH, (row + 1) * WIDTH):
            rows += bytes([(9 * pixel + 200) % 256, (6 * pixel + 7) % 256, 4 * pixel % 256])
    header = struct.pack(">IIBBBBB", WIDTH, HEIGHT, 8, 2, 0, 0, 0)
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) +
            chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))


def main():
    output = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else
                          pathlib.Path(__file__).parents[1] / "data/lmdb/caffe_user")
    count = 3 * HEIGHT * WIDTH
    records = {
        b"00000000_sky.jpg": raw_datum([(3 * i + 1) % 256 for i in range(count)], 3),
        b"00000001_a b.jpg": raw_datum([(5 * i + 2) % 256 for i in range(count)], 0),
        b"00000002": shuffled_datum([255 - i for i in range(count)], 999),
        b"00000003.png": content(4, png()) + integer(5, 7) + integer(7, 1),
    }
    environment = lmdb.open(str(output), map_size=1 << 34)
    with environment.begin(write=True) as transaction:
        for key, value in records.items():
            transaction.put(key, value)
    environment.close()
    (output / "lock.mdb").unlink()


if __name__ == "__main__":
    main()
