#!/usr/bin/env python3
"""Makes C++ for the emulated GPU out of a CUDA source.

    translate_cuda.py FILE.cu OUTPUT.cpp

kernel<<<grid, block, shared, stream>>>(arguments) becomes a call of emulated_gpu::Launch; the rest
is C++ after caffe/device/emulated/kernel_prelude.hpp.
"""
import re
import sys
from pathlib import Path

LAUNCH = re.compile(r"([A-Za-z_][\w:]*(?:\s*<[^<>;{}]*>)?)\s*<<<(.*?)>>>\s*\(\s*(\)?)", re.DOTALL)


def launch(match):
    kernel, shape, empty = match.groups()
    return f"::emulated_gpu::Launch({kernel}, ::emulated_gpu::Shape({shape}){empty or ', '}"


def main():
    source, target = Path(sys.argv[1]), Path(sys.argv[2])
    target.parent.mkdir(parents=True, exist_ok=True)
    # The libraries' headers are read as the host's compiler sees them.
    target.write_text("#include <cublas_v2.h>\n#include <cuda_fp16.h>\n#include <curand.h>\n"
                      '#include "caffe/device/emulated/kernel_prelude.hpp"\n'
                      '#include "tests/emulated_gpu/launch_shape.hpp"\n'
                      f'#line 1 "{source}"\n' + LAUNCH.sub(launch, source.read_text()))


if __name__ == "__main__":
    main()
