"""Bad input of the data tools."""

import gzip
import io
import os
import shutil
import struct
import tarfile

from case import SMALL_MNIST, Case


def mnist_case(name, parts, change):
    def prepare(folder):
        shutil.copytree(SMALL_MNIST, folder / "raw")
        change(folder)
    return Case("convert_mnist: " + name, parts, prepare, ["convert_mnist", "raw", "out"])


IMAGES = "raw/t10k-images-idx3-ubyte.gz"
LABELS = "raw/t10k-labels-idx1-ubyte.gz"
TOOLS = [
    Case("convert_mnist: no input", ["raw"], lambda d: None, ["convert_mnist", "raw", "out"]),
    mnist_case("a file is missing", ["t10k-labels"], lambda d: (d / LABELS).unlink()),
    mnist_case("cut off", ["t10k-images"],
               lambda d: os.truncate(d / IMAGES, (d / IMAGES).stat().st_size // 2)),
    mnist_case("labels for images", ["t10k-images"], lambda d: shutil.copy(d / LABELS, d / IMAGES)),
    mnist_case("numbers differ", ["t10k-labels"],
               lambda d: shutil.copy(d / "raw/train-labels-idx1-ubyte.gz", d / LABELS)),
    mnist_case("output exists", ["out", "--force"],
               lambda d: ((d / "out").mkdir(), (d / "out" / "train_lmdb").mkdir())),
    Case("convert_mnist: unknown flag", ["--forse", "--force"], lambda d: (d / "raw").mkdir(),
         ["convert_mnist", "--forse", "raw", "out"]),
    Case("convert_imageset: a flag's value", ["--threads", "'two'"], lambda d: None,
         ["convert_imageset", "--threads", "two", "in", "db"]),
    Case("convert_mnist: one word", ["convert_mnist"], lambda d: None, ["convert_mnist", "raw"]),
    Case("convert_cifar: which", ["cifar11", "cifar10"], lambda d: (d / "raw").mkdir(),
         ["convert_cifar", "cifar11", "raw", "out"]),
    Case("convert_cifar: empty folder", ["raw"], lambda d: (d / "raw").mkdir(),
         ["convert_cifar", "cifar10", "raw", "out"]),
    Case("convert_cifar: cut off", ["test_batch.bin"],
         lambda d: ((d / "raw").mkdir(),
                    [(d / "raw" / f"data_batch_{i}.bin").write_bytes(bytes(3073 * 10))
                     for i in range(1, 6)],
                    (d / "raw" / "test_batch.bin").write_bytes(bytes(3000))),
         ["convert_cifar", "cifar10", "raw", "out", "--any_count"]),
    Case("convert_cifar: label", ["data_batch_1.bin", "77"],
         lambda d: ((d / "raw").mkdir(),
                    [(d / "raw" / f"data_batch_{i}.bin").write_bytes(b"\x4d" + bytes(3072))
                     for i in range(1, 6)],
                    (d / "raw" / "test_batch.bin").write_bytes(bytes(3073))),
         ["convert_cifar", "cifar10", "raw", "out", "--any_count"]),
]


MAT = SMALL_MNIST.parents[1] / "tests" / "data" / "mat"


def svhn_case(name, parts, change, flags=("--any_count",), limit=None):
    def prepare(folder):
        shutil.copytree(MAT / "svhn_plain", folder / "raw")
        change(folder / "raw")
    return Case("convert_svhn: " + name, parts, prepare, ["convert_svhn", *flags, "raw", "out"], limit)


def replace(path, old, new):
    path.write_bytes(path.read_bytes().replace(old, new, 1))


TRAIN_MAT, TEST_MAT = "train_32x32.mat", "test_32x32.mat"
SVHN = [
    Case("convert_svhn: no input", ["raw"], lambda d: None, ["convert_svhn", "raw", "out"]),
    svhn_case("a file is missing", [TEST_MAT], lambda raw: (raw / TEST_MAT).unlink()),
    svhn_case("no extra images", ["extra_32x32.mat", "get_data.sh"],
              lambda raw: (raw / "extra_32x32.mat").unlink(), ("--any_count", "--extra")),
    svhn_case("empty file", [TRAIN_MAT, "0 bytes"], lambda raw: (raw / TRAIN_MAT).write_bytes(b"")),
    svhn_case("text", [TRAIN_MAT, "MAT file"],
              lambda raw: (raw / TRAIN_MAT).write_text("no MAT file " * 100)),
    svhn_case("cut off", [TEST_MAT, "cut off"],
              lambda raw: os.truncate(raw / TEST_MAT, (raw / TEST_MAT).stat().st_size - 3000)),
    svhn_case("HDF5", [TRAIN_MAT, "-v7"],
              lambda raw: replace(raw / TRAIN_MAT, b"MATLAB 5.0", b"MATLAB 7.3")),
    svhn_case("damaged when compressed", [TRAIN_MAT, "compressed"],
              lambda raw: (shutil.copy(MAT / "svhn_compressed" / TRAIN_MAT, raw),
                           replace(raw / TRAIN_MAT, (raw / TRAIN_MAT).read_bytes()[700:760],
                                   bytes(60)))),
    svhn_case("another array", [TRAIN_MAT, "'X'", "'Z'"],
              lambda raw: replace(raw / TRAIN_MAT, b"\1\0\1\0X\0\0\0", b"\1\0\1\0Z\0\0\0")),
    svhn_case("label", [TRAIN_MAT, "label 77"],
              lambda raw: replace(raw / TRAIN_MAT, struct.pack("<d", 4), struct.pack("<d", 77))),
    svhn_case("labels of another file", [TRAIN_MAT, "5 images", "3 labels"],
              lambda raw: (raw / TRAIN_MAT).write_bytes(
                  (raw / TEST_MAT).read_bytes()[:208] +
                  (raw / TRAIN_MAT).read_bytes()[224:])),
    svhn_case("official number", ["73257", "--any_count"], lambda raw: None, ()),
    svhn_case("disk full", ["LMDB", "disk is full"], lambda raw: None, limit=9000),
    svhn_case("output exists", ["out", "--force"], lambda raw: (raw / "../out/train_lmdb").mkdir(
        parents=True)),
]


def imagenet_case(name, parts, flags=(), change=None, limit=None):
    """convert_imagenet on two classes with an image each and two validation images."""
    def prepare(folder):
        for file in ("train/n01/a.JPEG", "train/n02/b.JPEG", "val/v1.JPEG", "val/v2.JPEG"):
            (folder / "in" / file).parent.mkdir(parents=True, exist_ok=True)
            (folder / "in" / file).write_bytes(image_bytes("JPEG"))
        (folder / "in/val.txt").write_text("v1.JPEG 1\nv2.JPEG n01\n")
        if change:
            change(folder / "in")
    return Case("convert_imagenet: " + name, parts, prepare,
                ["convert_imagenet", *flags, "in", "out"], limit)


def pack(folder, name):
    """Replaces folder / name by an archive."""
    with tarfile.open(folder / (name + ".tar"), "w") as archive:
        archive.add(folder / name, name)
    if (folder / name).is_dir():
        shutil.rmtree(folder / name)


IMAGENET = [
    Case("convert_imagenet: no input", ["training images", "nothing"], lambda d: None,
         ["convert_imagenet", "nothing", "out"]),
    imagenet_case("no validation images", ["validation", "--parts train"],
                  change=lambda d: shutil.rmtree(d / "val")),
    imagenet_case("an unreadable image", ["1 of 2 images", "a.JPEG", "cut off"],
                  change=lambda d: os.truncate(d / "train/n01/a.JPEG", 900)),
    imagenet_case("no readable image", ["None of the 2", "v1.JPEG"],
                  change=lambda d: [(d / "val" / v).write_text("x") for v in ("v1.JPEG", "v2.JPEG")]),
    imagenet_case("no labels", ["--val_labels", "--devkit"],
                  change=lambda d: (d / "val.txt").unlink()),
    imagenet_case("label out of range", ["val.txt:1", "'2'"],
                  change=lambda d: (d / "val.txt").write_text("v1.JPEG 2\n")),
    imagenet_case("unknown class", ["val.txt:2", "n03"],
                  change=lambda d: (d / "val.txt").write_text("v1.JPEG 0\nv2.JPEG n03\n")),
    imagenet_case("an image without label", ["val.txt", "v2.JPEG"],
                  change=lambda d: (d / "val.txt").write_text("v1.JPEG 0\n")),
    imagenet_case("numbers of the development kit", ["2 validation images", "5"],
                  ["--devkit", str(MAT / "devkit")], lambda d: (d / "val.txt").unlink()),
    imagenet_case("archive cut off", ["train.tar", "cut off"],
                  change=lambda d: (pack(d, "train"), os.truncate(d / "train.tar", 3000))),
    imagenet_case("archive of other things", ["train.tar", "no header of a tar"],
                  change=lambda d: (shutil.rmtree(d / "train"),
                                    (d / "train.tar").write_bytes(b"x" * 5000))),
    imagenet_case("packed archive", ["train.tar", "gunzip"],
                  change=lambda d: (shutil.rmtree(d / "train"),
                                    (d / "train.tar").write_bytes(gzip.compress(os.urandom(9000))))),
    imagenet_case("archive without classes", ["train.tar", "a.JPEG", "archive of archives"],
                  change=lambda d: (shutil.move(d / "train/n01/a.JPEG", d / "a.JPEG"),
                                    shutil.rmtree(d / "train"),
                                    pack(d, "a.JPEG"), shutil.move(d / "a.JPEG.tar", d / "train.tar"))),
    imagenet_case("development kit", ["meta.mat", "MAT file"], ["--parts", "val", "--devkit", "in/kit"],
                  lambda d: (shutil.rmtree(d / "train"), shutil.copytree(MAT / "devkit", d / "kit"),
                             shutil.copy(d / "val.txt", d / "kit/meta.mat"))),
    imagenet_case("parts", ["'all'"], ["--parts", "all"]),
    imagenet_case("quality", ["--jpeg_quality"], ["--jpeg_quality", "0"]),
    imagenet_case("size", ["--resize_short_side"], ["--resize_short_side", "-3"]),
    imagenet_case("output exists", ["out", "--force"],
                  change=lambda d: (d / "../out/test_lmdb").mkdir(parents=True)),
    imagenet_case("disk full", ["LMDB", "disk is full"], limit=9000),
]


def image_bytes(kind, side=64):
    from PIL import Image  # a test of the other programs needs no Pillow
    content = io.BytesIO()
    Image.effect_noise((side, side), 90).convert("RGB").save(content, kind)
    return content.getvalue()


def images_case(name, parts, flags=(), change=None, files=None, labels=None, limit=None):
    """convert_imageset on a folder with two good images and what `files` adds or `change` does."""
    def prepare(folder):
        (folder / "in/a").mkdir(parents=True)
        (folder / "in/b").mkdir()
        every = {"a/good.png": image_bytes("PNG"), "b/good.jpg": image_bytes("JPEG"),
                 **(files() if files else {})}
        for file, content in every.items():
            (folder / "in" / file).write_bytes(content)
        if labels is not None:
            (folder / "list").write_text(labels)
        if change:
            change(folder)
    inputs = ["in"] if labels is None else ["in/", "list"]
    return Case("convert_imageset: " + name, parts, prepare,
                ["convert_imageset", *flags, *inputs, "db"], limit)


LEFT_OUT = ["1 of 3 images", "db has the other 2"]
IMAGESETS = [
    images_case("truncated JPEG", LEFT_OUT + ["a/x.jpg", "cut off"],
                files=lambda: {"a/x.jpg": image_bytes("JPEG")[:-100]}),
    images_case("truncated PNG", LEFT_OUT + ["a/x.png", "cannot be decoded"],
                files=lambda: {"a/x.png": image_bytes("PNG")[:3000]}),
    images_case("zero bytes", LEFT_OUT + ["a/x.png", "empty"], files=lambda: {"a/x.png": b""}),
    images_case("text as image", LEFT_OUT + ["a/x.png", "cannot be decoded"],
                files=lambda: {"a/x.png": b"no image"}),
    images_case("damaged PNG", LEFT_OUT + ["a/x.png"],
                files=lambda: {"a/x.png": image_bytes("PNG")[:2000] + bytes(3000)}),
    images_case("a folder as image", ["1 of 2 images", "in/b", "directory"],
                labels="a/good.png 0\nb 1\n"),
    images_case("a missing image", ["1 of 2 images", "in/c.png", "no such file"],
                labels="a/good.png 0\nc.png 1\n"),
    images_case("all images missing", ["None of the 1 images", "in/good.png"],
                labels="good.png 0\n"),
    images_case("a link to nowhere", LEFT_OUT + ["a/x.png", "no such file"],
                change=lambda d: (d / "in/a/x.png").symlink_to("nowhere")),
    images_case("a loop of links", ["in/a/loop"],
                change=lambda d: (d / "in/a/loop").symlink_to("loop")),
    images_case("label is no number", ["list:2", "'b/good.jpg b'"], labels="a/good.png 0\nb/good.jpg b\n"),
    images_case("label with a fraction", ["list:1", "0.5'"], labels="a/good.png 0.5\n"),
    images_case("no label", ["list:1", "integer label"], labels="a/good.png\n"),
    images_case("label above 32 bits", ["list:1", "4294967296"], labels="a/good.png 4294967296\n"),
    images_case("empty list", ["list names no images"], labels=""),
    images_case("list is missing", ["list", "No such file"], labels="",
                change=lambda d: (d / "list").unlink()),
    images_case("list is a folder", ["'list'", "not a file"], labels="",
                change=lambda d: ((d / "list").unlink(), (d / "list").mkdir())),
    images_case("no folder", ["in"], change=lambda d: shutil.rmtree(d / "in")),
    images_case("folder without classes", ["no folders of classes"],
                change=lambda d: (shutil.rmtree(d / "in"), (d / "in").mkdir())),
    images_case("class without images", ["in/c has no images"],
                change=lambda d: (d / "in/c").mkdir()),
    images_case("unknown class", ["in/b", "--labels"], ["--labels", "names"],
                change=lambda d: (d / "names").write_text("a\nc\n")),
    images_case("database exists", ["db exists already", "--force"],
                change=lambda d: (d / "db").mkdir()),
    images_case("disk full", ["LMDB", "disk is full"], limit=20000),
    images_case("disk full at once", ["LMDB"], limit=1000),
    images_case("sizes differ", ["a/x.png", "3x32x32", "3x64x64"], ["--check_size"],
                files=lambda: {"a/x.png": image_bytes("PNG", 32)}),
    images_case("one size", ["--resize_height"], ["--resize_width", "9"]),
    images_case("two ways to resize", ["--resize_short_side"],
                ["--resize_width", "9", "--resize_height", "9", "--resize_short_side", "9"]),
    images_case("type to encode", ["'giff'"], ["--encode_type", "giff"]),
    images_case("backend", ["LEVELDB", "LMDB"], ["--backend", "leveldb"]),
    images_case("quality", ["--jpeg_quality"], ["--jpeg_quality", "101"]),
]


def tool_case(name, parts, command, change=None, limit=None):
    """A tool on `db`, the small MNIST's test digits, after the change."""
    def prepare(folder):
        shutil.copytree(folder.parent / "mnist" / "test_lmdb", folder / "db")
        if change:
            change(folder)
    return Case(f"{command[0]}: {name}", parts, prepare, command, limit)


MEAN = ["compute_image_mean", "db", "mean.binaryproto"]
INFO = ["lmdb_info", "db"]
DATABASE_CHANGES = [
    ("no database", ["db", "No such file"], lambda d: shutil.rmtree(d / "db")),
    ("a folder of other things", ["db", "data.mdb"], lambda d: (d / "db/data.mdb").unlink()),
    ("a file", ["db"], lambda d: (shutil.rmtree(d / "db"), (d / "db").write_text("x"))),
    ("not a database", ["db", "not an LMDB"],
     lambda d: (d / "db/data.mdb").write_bytes(b"\1" * 9000)),
    ("cut off", ["db", "cut off"],
     lambda d: os.truncate(d / "db/data.mdb", (d / "db/data.mdb").stat().st_size // 2)),
    ("a record of other bytes", ["db", "'00000000'"],
     lambda d: (d / "db/data.mdb").write_bytes(
         (d / "db/data.mdb").read_bytes().replace(b"\x08\x01\x10\x1c\x18\x1c\x22\x90\x06",
                                                  b"\x08\x01\x10\x1c\x18\x1d\x22\x90\x06"))),
]
INSPECTIONS = [
    *(tool_case(name, parts, command, change)
      for name, parts, change in DATABASE_CHANGES for command in (MEAN, INFO)),
    tool_case("output in no folder", ["nowhere/mean.binaryproto"],
              ["compute_image_mean", "db", "nowhere/mean.binaryproto"]),
    tool_case("output is a folder", ["mean.binaryproto"], MEAN,
              lambda d: (d / "mean.binaryproto").mkdir()),
    tool_case("disk full", ["mean.binaryproto"], MEAN, limit=1000),
    tool_case("nothing", ["INPUT_DB"], ["compute_image_mean"]),
    tool_case("backend", ["LEVELDB"], MEAN + ["--backend", "leveldb"]),
    tool_case("two decodings", ["--force_gray"], MEAN + ["--force_gray", "--force_color"]),
    tool_case("threads", ["--threads"], MEAN + ["--threads", "-2"]),
    tool_case("manifest is no manifest", ["db_manifest.json"], INFO,
              lambda d: (d / "db_manifest.json").write_text("[")),
    tool_case("manifest of another database", ["1000 records", "7", "manifest"], INFO,
              lambda d: (d / "db_manifest.json").write_text('{"records": 7}')),
    tool_case("nothing", ["DB"], ["lmdb_info"]),
    tool_case("negative head", ["--head"], INFO + ["--head", "-1"]),
]


DATA_TOOLS = TOOLS + SVHN + IMAGENET + IMAGESETS + INSPECTIONS
