"""The nets of the training-step benchmark in PyTorch, and a worker that makes steps on demand.

    torch_nets.py NET first|last

Speaks the protocol of step_worker.cpp. `first` and `last` say where the channels are in memory.
"""
import resource
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests" / "oracles"))

THREADS = 2


def make(name):
    """The net by its name, as in models/."""
    import small_nets
    if name in ("resnet50", "vit_tiny"):
        from torchvision import models
        if name == "resnet50":
            return models.resnet50(num_classes=1000)
        return models.VisionTransformer(
            image_size=32, patch_size=4, num_layers=12, num_heads=3, hidden_dim=192, mlp_dim=768,
            dropout=0.1, num_classes=100)
    return {"resnet18": lambda: small_nets.resnet(100, [2, 2, 2, 2], False),
            "mobilenetv2": lambda: small_nets.mobilenetv2(100),
            "densenet121": lambda: small_nets.densenet121(100)}[name]()


def peak_kib():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def main():
    import torch
    name, channels = sys.argv[1:]
    batch, size = (8, 224) if name == "resnet50" else (32, 32)
    torch.set_num_threads(THREADS)
    torch.manual_seed(0)
    idle = peak_kib()
    net = make(name)
    images, labels = torch.randn(batch, 3, size, size), torch.arange(batch) % 10
    if channels == "last":
        net = net.to(memory_format=torch.channels_last)
        images = images.contiguous(memory_format=torch.channels_last)
    optimizer = torch.optim.SGD(net.parameters(), lr=0.001, momentum=0.9, weight_decay=1e-4)

    def step():
        optimizer.zero_grad()
        torch.nn.functional.cross_entropy(net(images), labels).backward()
        optimizer.step()

    print("ready", idle, torch.__version__, flush=True)
    for line in sys.stdin:
        count = int(line)
        start = time.perf_counter()
        for _ in range(count):
            step()
        print((time.perf_counter() - start) / max(count, 1), peak_kib(), flush=True)


if __name__ == "__main__":
    main()
