"""The LMDBs that an experiment reads: those at hand, or their first images."""
import json
import subprocess
from dataclasses import replace

from .errors import Refusal

PARTS = ("train", "test")


class DataFolder:
    """Data sets below `root`; subsets of them are made below `scratch` by the tools beside the
    caffe program."""

    def __init__(self, root, scratch, tools):
        self.root = root
        self.scratch = scratch
        self.tools = tools
        self._found = {}

    def of(self, data, images, test_images):
        """`data` with the folder and the sizes of what is there, cut to so many images (None:
        all)."""
        key = data.source, images, test_images
        if key not in self._found:
            self._found[key] = self._find(data, images, test_images)
        root, source, sizes = self._found[key]
        return replace(data, root=root, source=source, train_images=sizes[0],
                       test_images=sizes[1])

    def _find(self, data, images, test_images):
        folder = self.root / data.source
        sizes = [self._records(folder / f"{part}_lmdb", data) for part in PARTS]
        wanted = [size if limit is None else limit
                  for size, limit in zip(sizes, (images, test_images))]
        for part, size, limit in zip(PARTS, sizes, wanted):
            if limit > size:
                raise Refusal(f"{folder}/{part}_lmdb has {size} images; {limit} are asked for")
        if wanted == sizes:
            return str(self.root), data.source, sizes
        source = f"{data.source}_{wanted[0]}_{wanted[1]}"
        for part, limit in zip(PARTS, wanted):
            self._cut(folder / f"{part}_lmdb", self.scratch / source / f"{part}_lmdb", limit)
        return str(self.scratch), source, wanted

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
