"""Data sets and what is done to their images. Means and deviations are those of RGB images."""
from dataclasses import dataclass, field, replace


@dataclass(frozen=True)
class DataSet:
    """Images in LMDB files `<root>/<source>/{train,test}_lmdb`, relative to where Caffe runs.
    `name` is the folder of the nets' files."""
    name: str
    source: str
    classes: int
    train_images: int
    test_images: int
    channels: int
    size: int            # of the net's input
    train_transform: dict
    test_transform: dict
    images: str          # what they are, in words
    top_5: bool = False
    root: str = "data"

    @property
    def folder(self):
        return f"{self.root}/{self.source}"


def normalisation(mean, std):
    """From figures on a 0..1 scale to the 0..255 of the pixels."""
    return {"mean_value": [255 * value for value in mean],
            "std_value": [255 * value for value in std]}


def resize(size):
    return {"new_height": size, "new_width": size}


PADDED_CROP = {"pad": 4, "mirror": True, "rotation": 15}


def at_32(name, classes, train_images, test_images, norm, **kwargs):
    transform = {"crop_size": 32, **norm}
    return DataSet(name, name, classes, train_images, test_images, 3, 32,
                   {**transform, **PADDED_CROP}, transform, "RGB, 32 x 32", **kwargs)


CIFAR10_NORM = normalisation((0.4914, 0.4822, 0.4465), (0.2023, 0.1994, 0.2010))
CIFAR100_NORM = normalisation((0.50708, 0.48655, 0.44092), (0.26733, 0.25644, 0.27615))
SVHN_NORM = normalisation((0.4377, 0.4438, 0.4728), (0.1980, 0.2010, 0.1970))
IMAGENET_NORM = normalisation((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))
VIT_NORM = normalisation((0.5, 0.5, 0.5), (0.5, 0.5, 0.5))

CIFAR10 = at_32("cifar10", 10, 50000, 10000, CIFAR10_NORM)
CIFAR100 = at_32("cifar100", 100, 50000, 10000, CIFAR100_NORM, top_5=True)
SVHN = at_32("svhn", 10, 73257, 26032, SVHN_NORM)

MNIST = DataSet("mnist", "mnist", 10, 60000, 10000, 1, 28,
                *2 * ({"crop_size": 28, "scale": 0.00390625},), "grey, 28 x 28")
# convert_imagenet stores JPEG files, some of which are grey.
ENCODED = {"rgb": True, "force_color": True}
IMAGENET = DataSet("imagenet", "imagenet", 1000, 1281167, 50000, 3, 224,
                   {**ENCODED, **IMAGENET_NORM, "crop_size": 224, "mirror": True,
                    "random_resized_crop_param": {}},
                   {**ENCODED, **resize(256), "crop_size": 224, **IMAGENET_NORM},
                   "encoded, of any size", top_5=True)

# The small sets that scripts/quickstart makes.
CIFAR10_QUICK = replace(CIFAR10, name="cifar10_quick", source="cifar10_quick", train_images=20000)
MNIST_SMALL = replace(MNIST, name="mnist_small", source="mnist_small", train_images=5000,
                      test_images=1000)


def for_fine_tuning(data):
    """Resized to 224 x 224, then augmented as at 32 x 32."""
    name = data.name if data is IMAGENET else f"{data.name}_224"
    kept = ("rgb", "force_color", "mean_value", "std_value")
    norm = {key: data.test_transform[key] for key in kept if key in data.test_transform}
    # The authors' training on ImageNet has no crop.
    crop = {"mirror": True, "rotation": 15} if data is IMAGENET else PADDED_CROP
    transform = {**resize(224), **norm}
    cropped = transform if data is IMAGENET else {**transform, "crop_size": 224}
    return replace(data, name=name, size=224, train_transform={**cropped, **crop},
                   test_transform=transform)


def for_vit(data, size=224):
    """Random crops of 5 to 100 % of the area, resized; mirrored on ImageNet only."""
    name = data.name if size == 224 else f"{data.name}_{size}"
    norm = {**ENCODED, **VIT_NORM} if data.source == "imagenet" else VIT_NORM
    train = {**norm, "crop_size": size, "random_resized_crop_param": {"min_scale": 0.05}}
    if data.source == "imagenet":
        train["mirror"] = True
    return replace(data, name=name, size=size, train_transform=train,
                   test_transform={**resize(size), **norm})
