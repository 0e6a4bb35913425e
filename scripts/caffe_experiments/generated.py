"""Images that are made up, for the small form where a data set is not at hand.

Each class has a coarse pattern of colours. An image is the pattern of its class, moved by up to
four pixels, mixed with another pattern that means nothing, and with noise.
"""
import numpy as np

SIZE = 32
COARSE = 4
SHIFT = 4
SHARE = 0.65          # of the class's pattern
NOISE = 20


def write_generated(folder, data):
    """CIFAR's binary files, for convert_cifar: of CIFAR-10's form up to ten classes, otherwise of
    CIFAR-100's. Returns the form's name. The same images every time."""
    ten = data.classes <= 10
    patterns = make_patterns(np.random.default_rng(data.classes), data.classes)
    names = ("data_batch_1.bin", "test_batch.bin") if ten else ("train.bin", "test.bin")
    for seed, name, count in zip((1, 2), names, (data.train_images, data.test_images)):
        draws = np.random.default_rng(seed)
        labels = draws.permutation(np.arange(count) % data.classes)
        # CIFAR-100 has a coarse label in front, which nobody reads here.
        heads = [labels] if ten else [np.zeros_like(labels), labels]
        images = make_images(draws, patterns, labels)
        records = np.concatenate([np.stack(heads, 1).astype(np.uint8), images], 1)
        (folder / name).write_bytes(records.tobytes())
    return "cifar10" if ten else "cifar100"


def make_patterns(draws, classes):
    """Smooth pictures, (classes, 3, SIZE, SIZE), of bytes."""
    coarse = draws.uniform(0, 255, (classes, 3, COARSE, COARSE))
    return resize(resize(coarse, 2), 3)


def resize(pictures, axis):
    """Bilinear along one axis, to SIZE."""
    length = pictures.shape[axis]
    place = (np.arange(SIZE) + 0.5) * length / SIZE - 0.5
    low = np.clip(np.floor(place).astype(int), 0, length - 1)
    high = np.clip(low + 1, 0, length - 1)
    share = np.clip(place - low, 0, 1).reshape([SIZE if i == axis else 1 for i in range(4)])
    return pictures.take(low, axis) * (1 - share) + pictures.take(high, axis) * share


def make_images(draws, patterns, labels):
    """(count, 3 * SIZE * SIZE) bytes."""
    others = make_patterns(draws, 64)
    images = np.empty((len(labels), 3 * SIZE * SIZE), np.uint8)
    for image, label in zip(images, labels):
        rows, columns = draws.integers(-SHIFT, SHIFT + 1, 2)
        picture = SHARE * np.roll(patterns[label], (rows, columns), (1, 2))
        picture = picture + (1 - SHARE) * others[draws.integers(len(others))]
        picture = picture + draws.normal(0, NOISE, picture.shape)
        image[:] = np.clip(picture, 0, 255).round().reshape(-1)
    return images
