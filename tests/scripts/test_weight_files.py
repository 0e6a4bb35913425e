"""Readers of published weights: formats, number types, strides, and what they refuse."""
import io
import pathlib
import pickle
import sys
import tempfile
import unittest
import zipfile
from collections import OrderedDict

import numpy as np

TESTS = pathlib.Path(__file__).resolve().parents[1]
sys.dont_write_bytecode = True
sys.path[:0] = [str(TESTS.parent / "scripts"), str(TESTS / "weights")]
from caffe_weights.caffemodel import (ModelLayer, read_caffemodel,  # noqa: E402
                                      write_caffemodel)
from caffe_weights.safetensors_file import write_safetensors as write_ours  # noqa: E402
from caffe_weights.sources import read_source  # noqa: E402
from caffe_weights.tensor import DAMAGE, WeightsError  # noqa: E402
from pth_writer import Tensor, tensors, write_legacy, write_zip  # noqa: E402
from weight_oracle import read_safetensors, write_safetensors  # noqa: E402

NUMBERS = np.arange(-6, 6, dtype=np.float32).reshape(3, 4) / 8
# Bits of bfloat16: the upper halves of floats that have nothing in the lower ones.
ROUND = NUMBERS.view(np.uint32) >> 16


class FileTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.path = pathlib.Path(folder.name) / "weights"

    def values(self):
        return {name: tensor.values() for name, tensor in read_source(self.path).tensors.items()}

    def expect(self, wanted):
        found = self.values()
        self.assertEqual(sorted(found), sorted(wanted))
        for name, array in wanted.items():
            self.assertEqual(found[name].shape, array.shape, name)
            self.assertEqual(found[name].tobytes(), array.astype(np.float32).tobytes(), name)

    def expect_error(self, *parts, read=None):
        with self.assertRaises(WeightsError) as caught:
            (read or self.values)()
        for part in (str(self.path), *parts):
            self.assertIn(part, str(caught.exception))

    def flip_bytes(self, numbers):
        whole = np.frombuffer(self.path.read_bytes(), np.uint8)
        for _ in range(150):
            damaged = whole.copy()
            damaged[numbers.integers(0, len(whole), 3)] = numbers.integers(0, 256, 3)
            self.path.write_bytes(damaged.tobytes())
            try:
                self.values()
            except (WeightsError, *DAMAGE):
                pass


ALL_TYPES = {"float": NUMBERS, "half": NUMBERS.astype(np.float16),
             "double": NUMBERS.astype(np.float64), "long": np.arange(3), "scalar": np.array(7),
             "nothing": np.zeros((0, 3), np.float32)}


class PthFiles(FileTest):
    def write(self, value, legacy=False):
        (write_legacy if legacy else write_zip)(self.path, value)

    def test_both_forms_and_all_number_types(self):
        for legacy in (False, True):
            self.write(tensors({**ALL_TYPES, "bfloat": ROUND.astype(np.uint16)}), legacy)
            self.expect({**ALL_TYPES, "bfloat": NUMBERS})

    def test_views_of_a_storage(self):
        base = np.arange(60, dtype=np.float32).reshape(3, 4, 5)
        views = {"transposed": base.transpose(2, 0, 1), "part": base[1:, 2:, ::2],
                 "repeated": np.broadcast_to(base[:, :1, :1], base.shape)}
        for legacy in (False, True):
            self.write(OrderedDict((name, Tensor(base, view)) for name, view in views.items()),
                       legacy)
            self.expect(views)

    def test_checkpoints_of_training_programs(self):
        state = {"module.a": NUMBERS}
        for name in ("state_dict", "model"):
            self.write({"epoch": 3, "best": 0.5, "arch": "net", name: tensors(state)})
            self.expect(state)
        self.write({"model": tensors({"a": NUMBERS}), "model_ema": tensors({"a": 2 * NUMBERS})})
        self.expect({"a": 2 * NUMBERS})
        self.assertEqual(read_source(self.path).entry, "model_ema")

    def test_nothing_else_in_a_pickle_is_read_or_run(self):
        class Evil:
            def __reduce__(self):
                return print, ("this must not be run",)
        for legacy in (False, True):
            self.write({"state_dict": tensors({"a": NUMBERS}), "args": Evil()}, legacy)
            printed, sys.stdout = sys.stdout, io.StringIO()
            try:
                self.expect_error("it holds a '__builtin__.print'", "torch.save(model.state_dict()")
                self.assertEqual(sys.stdout.getvalue(), "")
            finally:
                sys.stdout = printed

    def test_every_other_name_is_refused(self):
        for module, name in (("os", "system"), ("builtins", "eval"), ("builtins", "getattr"),
                             ("torch", "load"), ("torch._utils", "_rebuild_tensor"),
                             ("collections", "defaultdict"), ("torch.storage", "_load_from_bytes")):
            code = f"c{module}\n{name}\n.".encode()
            with zipfile.ZipFile(self.path, "w") as archive:
                archive.writestr("archive/data.pkl", code)
            self.expect_error(f"it holds a '{module}.{name}'")

    def test_damage(self):
        self.write(tensors({"a": NUMBERS}))
        whole = self.path.read_bytes()
        self.path.write_bytes(whole[:len(whole) // 2])
        self.expect_error()
        self.write(tensors({"a": NUMBERS}), legacy=True)
        whole = self.path.read_bytes()
        self.path.write_bytes(whole[:-4])
        self.expect_error("the file ends early")
        for cut in range(0, len(whole) - 1, 7):
            self.path.write_bytes(whole[:cut])
            self.expect_error()

    def test_tensors_that_reach_beyond_their_storage(self):
        for shape, stride, offset in (((5, 4), (4, 1), 0), ((3, 4), (4, 1), 1),
                                      ((3, 4), (1 << 40, 1), 0), ((2,), (-1,), 3)):
            outside = Tensor(NUMBERS)
            outside.shape, outside.stride, outside.offset = shape, stride, offset
            self.write(OrderedDict(a=outside))
            self.expect_error("it is damaged")

    def deflate(self, change=lambda name, content: content):
        """Compresses the archive anew, its members changed."""
        with zipfile.ZipFile(self.path) as archive:
            members = {name: archive.read(name) for name in archive.namelist()}
        with zipfile.ZipFile(self.path, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, content in members.items():
                archive.writestr(name, change(name, content))

    def test_compressed_archives_grow_no_more_than_weights_do(self):
        write_zip(self.path, tensors({"a": NUMBERS}))
        self.deflate()
        self.expect({"a": NUMBERS})
        self.deflate(lambda name, content: content + bytes(3 << 20) if "/data/" in name else content)
        self.expect_error("no weights shrink that much")

    def test_archives_of_another_kind(self):
        with zipfile.ZipFile(self.path, "w") as archive:
            archive.writestr("archive/code/model.py", "")
        self.expect_error("no data.pkl")
        self.write([1, 2])
        self.expect_error("no state dict")
        self.path.write_bytes(pickle.dumps({"a": 1}, protocol=2))
        self.expect_error("none of the formats")

    def test_archives_with_names_that_are_no_text(self):
        write_zip(self.path, tensors({"a": NUMBERS}), folder="\u00e9tude")
        self.expect({"a": NUMBERS})
        whole = self.path.read_bytes()
        at = whole.rindex("\u00e9tude".encode())
        self.path.write_bytes(whole[:at] + b"\xff" + whole[at + 1:])
        self.expect_error("can't decode")

    def test_views_larger_than_any_blob(self):
        large = Tensor(NUMBERS)
        large.shape, large.stride = (1 << 20, 1 << 20), (0, 0)
        self.write(OrderedDict(a=large))
        self.expect_error("more than a blob can have")

    def test_flipped_bytes_are_never_more_than_an_error(self):
        numbers = np.random.default_rng(1)
        for legacy in (False, True):
            self.write(tensors({"a": NUMBERS, "b": NUMBERS[0]}), legacy)
            self.flip_bytes(numbers)


class Safetensors(FileTest):
    def test_all_number_types(self):
        write_safetensors(self.path, {**ALL_TYPES, "bfloat": ROUND.astype(np.uint16)})
        self.expect({**ALL_TYPES, "bfloat": NUMBERS})

    def test_what_is_written(self):
        with open(self.path, "wb") as file:
            write_ours(file, {"b": NUMBERS, "a": NUMBERS[0], "none": NUMBERS[:0]})
        self.expect({"b": NUMBERS, "a": NUMBERS[0], "none": NUMBERS[:0]})
        found = read_safetensors(self.path)
        self.assertEqual(found["b"].tobytes(), NUMBERS.tobytes())
        start = int.from_bytes(self.path.read_bytes()[:8], "little")
        self.assertEqual(start % 8, 0, "so that numbers are aligned")

    def header(self, text, data=b"\0" * 48):
        self.path.write_bytes(len(text).to_bytes(8, "little") + text.encode() + data)

    def test_damage(self):
        self.path.write_bytes(b"")
        self.expect_error("none of the formats")
        self.path.write_bytes(b"<!DOCTYPE html> not found")
        self.expect_error("none of the formats")
        for text in ("[1]", '{"a": 3}', '{"a": {"dtype": "F32", "shape": [3, 4]}}',
                     '{"a": {"dtype": "F32", "shape": [3, -4], "data_offsets": [0, 48]}}'):
            self.header(text)
            self.expect_error("it is damaged")
        self.header('{"a": {"dtype": "F32", "shape": [3, 4], "data_offsets": [0, 44]}}')
        self.expect_error("'a' (F32, 3 x 4) is said to lie in bytes 0 to 44 of 48")
        self.header('{"a": {"dtype": "F32", "shape": [3, 4], "data_offsets": [8, 56]}}')
        self.expect_error("bytes 8 to 56 of 48")
        self.header('{"a": {"dtype": "F8_E4M3", "shape": [48], "data_offsets": [0, 48]}}')
        self.expect_error("number type F8_E4M3")


class Npz(FileTest):
    def write(self, **arrays):
        with open(self.path, "wb") as file:
            np.savez(file, **arrays)

    def test_number_types(self):
        wanted = {key: ALL_TYPES[key] for key in ("float", "half", "double", "long", "scalar")}
        self.write(**wanted, fortran=np.asfortranarray(NUMBERS))
        self.expect({**wanted, "fortran": NUMBERS})
        self.write(bfloat=ROUND.astype(np.uint16).view("V2"))
        self.expect({"bfloat": NUMBERS})

    def test_archives_that_grow_beyond_measure(self):
        np.savez_compressed(self.path.with_suffix(".npz"), a=NUMBERS, b=np.zeros(1 << 20, np.float32))
        self.path = self.path.with_suffix(".npz")
        self.expect_error("no weights shrink that much")
        np.savez_compressed(self.path, a=NUMBERS, b=np.zeros(1000, np.float32))
        self.expect({"a": NUMBERS, "b": np.zeros(1000, np.float32)})

    def test_shapes_beyond_the_values(self):
        array = io.BytesIO()
        np.save(array, NUMBERS)
        header = array.getvalue().replace(b"(3, 4), }          ", b"(333333, 400000), }")
        with zipfile.ZipFile(self.path, "w") as archive:
            archive.writestr("a.npy", header)
        self.expect_error("too few for 333333 x 400000")

    def test_objects_are_refused(self):
        self.write(a=np.array([{}], dtype=object))
        self.expect_error("which are no numbers")

    def test_headers_that_are_no_python(self):
        array = io.BytesIO()
        np.save(array, NUMBERS)
        for damage in (b"{(((", b'{"""', b"{\xff  "):
            with zipfile.ZipFile(self.path, "w") as archive:
                archive.writestr("a.npy", array.getvalue().replace(b"{'de", damage))
            self.expect_error("it is damaged: 'a'")

    def test_flipped_bytes_are_never_more_than_an_error(self):
        self.write(a=NUMBERS, b=NUMBERS[0])
        self.flip_bytes(np.random.default_rng(1))


class Caffemodels(FileTest):
    def read(self):
        return read_caffemodel(self.path)

    def test_what_is_written_is_read(self):
        layers = [ModelLayer("conv", "Convolution", [NUMBERS.reshape(3, 1, 2, 2), NUMBERS[0]]),
                  ModelLayer("fc", "InnerProduct", [NUMBERS.T])]
        with open(self.path, "wb") as file:
            write_caffemodel(file, "net", iter(layers))
        for wanted, found in zip(layers, self.read(), strict=True):
            self.assertEqual((found.name, found.type), (wanted.name, wanted.type))
            for a, b in zip(wanted.blobs, found.blobs, strict=True):
                self.assertEqual(a.shape, b.shape)
                self.assertEqual(np.ascontiguousarray(a).tobytes(), b.tobytes())

    def test_damage(self):
        with open(self.path, "wb") as file:
            write_caffemodel(file, "net", [ModelLayer("fc", "InnerProduct", [NUMBERS])])
        whole = self.path.read_bytes()
        for cut in (0, 3, 5, len(whole) // 2, len(whole) - 1):
            self.path.write_bytes(whole[:cut])
            self.expect_error(read=self.read)
        numbers = np.random.default_rng(1)
        for _ in range(150):
            damaged = np.frombuffer(whole, np.uint8).copy()
            damaged[numbers.integers(0, len(whole), 2)] = numbers.integers(0, 256, 2)
            self.path.write_bytes(damaged.tobytes())
            try:
                self.read()
            except WeightsError:
                pass
        self.path.write_bytes(b"\x89HDF\r\n\x1a\n" + bytes(100))
        self.expect_error(read=self.read)


if __name__ == "__main__":
    unittest.main()
