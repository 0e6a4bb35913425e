"""The LMDBs that an experiment reads: those at hand, their first images, or generated ones."""
import json
import subprocess
import tempfile
from dataclasses import replace
from pathlib import Path

from .errors import Refusal

PARTS = ("train", "test")


class DataFolder:
    """Data sets below `root`; subsets of them, and generated ones, are made below `scratch` by the
    tools beside the caffe program."""

    def __init__(self, root, scratch, tools):
        self.root = root
        self.scratch = scratch
        self.tools = tools
        self.generated = set()      # sources that are
        self._found = {}

    def has(self, data):
        return all((self.root / data.source / f"{part}_lmdb" / "data.mdb").exists()
                   for part in PARTS)

    def of(self, data, images, test_images):
        """`data` with the folder and the sizes of what is there, cut to so many images (None:
        all)."""
        key = data.source, images, test_images
        if key not in self._found:
            self._found[key] = self._find(data, images, test_images)
        return replace(data, **self._found[key])

    def generate(self, data, images, test_images):
        """Stands in for `data`."""
        self.generated.add(data.source)
        data = replace(data, root=str(self.scratch), train_images=images, test_images=test_images,
                       source=f"generated_{data.classes}_{images}_{test_images}")
        # The mean is what convert_cifar moves into place last.
        if not (self.scratch / data.source / "mean.binaryproto").exists():
            with tempfile.TemporaryDirectory() as folder:
                from .generated import write_generated   # needs NumPy
                form = write_generated(Path(folder), data)
                self._tool("convert_cifar", "--any_count", "--batches", "1", "--force", form,
                           folder, self.scratch / data.source)
        return data

    def _find(self, data, images, test_images):
        folder = self.root / data.source
        sizes = [self._records(folder / f"{part}_lmdb", data) for part in PARTS]
        wanted = [size if limit is None else limit
                  for size, limit in zip(sizes, (images, test_images))]
        for part, size, limit in zip(PARTS, sizes, wanted):
            if limit > size:
                raise Refusal(f"{folder}/{part}_lmdb has {size} images; {limit} are asked for")
        root, source = self.root, data.source
        if wanted != sizes:
            root, source = self.scratch, f"{data.source}_{wanted[0]}_{wanted[1]}"
            for part, limit in zip(PARTS, wanted):
                self._cut(folder / f"{part}_lmdb", root / source / f"{part}_lmdb", limit)
        return {"root": str(root), "source": source, "train_images": wanted[0],
                "test_images": wanted[1]}

    def _records(self, path, data):
        if not (path / "data.mdb").exists():
            raise Refusal(f"there is no LMDB {path}. docs/data.md says how to make it; --data-root "
                          f"names the folder of '{data.source}'")
        return json.loads(self._tool("lmdb_info", "--json", path))["records"]

    def _cut(self, source, target, records):
        if not target.exists():
            self._tool("lmdb_subset", "--records", str(records), source, target)

    def _tool(self, name, *arguments):
        program = self.tools / name
        if not program.exists():
            raise Refusal(f"{program} is not built: cmake --build build/cpu --target {name}")
        result = subprocess.run([program, *arguments], capture_output=True, text=True)
        if result.returncode:
            raise Refusal(f"{name}: {result.stderr.strip()}")
        return result.stdout
