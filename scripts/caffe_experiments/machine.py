"""In words, what the runs were trained on."""
import os
import pathlib
import re
import subprocess


def machine(gpu, threads):
    if gpu:
        return gpu_name(gpu)
    model = re.search(r"^model name\s*:\s*(.+)$", _read("/proc/cpuinfo"), re.M)
    name = model.group(1) if model else os.uname().machine
    return f"{name}, {cores()} cores; threads a run: {threads or cores()}"


def cores():
    return len(os.sched_getaffinity(0))


def gpu_name(gpu):
    try:
        result = subprocess.run(["nvidia-smi", "--query-gpu=name", "--format=csv,noheader",
                                 f"--id={gpu}"], capture_output=True, text=True)
    except OSError:
        return f"GPU {gpu}"
    return ", ".join(result.stdout.split("\n")).strip(", ") or f"GPU {gpu}"


def _read(path):
    try:
        return pathlib.Path(path).read_text()
    except OSError:
        return ""
