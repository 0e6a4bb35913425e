#!/usr/bin/env python3
"""caffemodel -> safetensors -> PyTorch -> caffemodel is exact, for files that PyTorch itself reads
and writes, in all of its formats.

    pytorch_test.py [NAME...]

Exits with 77 (skipped) where Python has no torchvision. One net of each architecture, or those
that are named.
"""
import subprocess
import sys
import tempfile
from pathlib import Path

try:
    import torch
    from safetensors.torch import load_file, save_file
    from torchvision import models
except ImportError as missing:
    print(f"SKIPPED: {missing}")
    sys.exit(77)

SOURCE = Path(__file__).resolve().parents[2]
NETS = {"resnet50": models.resnet50, "mobilenetv2": models.mobilenet_v2,
        "efficientnet_b0": models.efficientnet_b0, "densenet121": models.densenet121,
        "shufflenetv2_x0_5": models.shufflenet_v2_x0_5, "vit_b16": models.vit_b_16}


def run(script, *arguments):
    command = [sys.executable, str(SOURCE / "scripts" / script), *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"{' '.join(command)}\n{done.stderr[-3000:]}")


def imported(source, folder, work):
    run("import_weights", source, "--net", folder, "--out", work / "net.caffemodel")
    return (work / "net.caffemodel").read_bytes()


def check(name, make, work):
    folder = SOURCE / "models" / name / "imagenet"
    torch.manual_seed(1)
    net = make()
    with torch.no_grad():
        for tensor in net.state_dict().values():
            if tensor.is_floating_point():
                tensor.uniform_(0.5, 1.5)
    torch.save(net.state_dict(), work / "zip.pth")
    torch.save(net.state_dict(), work / "old.pth", _use_new_zipfile_serialization=False)
    save_file(net.state_dict(), work / "net.safetensors")
    first = imported(work / "zip.pth", folder, work)
    same = all(imported(work / file, folder, work) == first
               for file in ("old.pth", "net.safetensors"))
    run("export_weights", work / "net.caffemodel", "--net", folder, "--out",
        work / "back.safetensors")
    other = make()
    other.load_state_dict(load_file(work / "back.safetensors"))
    wanted = net.state_dict()
    same &= all(torch.equal(tensor, wanted[key]) for key, tensor in other.state_dict().items()
                if not key.endswith("num_batches_tracked"))
    torch.save(other.state_dict(), work / "again.pth")
    same &= imported(work / "again.pth", folder, work) == first
    print(f"{name}: {'ok' if same else 'NOT THE SAME BITS'}", flush=True)
    return same


def main():
    results = []
    for name in sys.argv[1:] or NETS:
        with tempfile.TemporaryDirectory() as work:
            results.append(check(name, NETS[name], Path(work)))
    sys.exit(0 if all(results) else 1)


if __name__ == "__main__":
    main()
