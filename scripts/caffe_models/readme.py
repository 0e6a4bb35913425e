"""The table of all nets, models/README.md."""
from .recipes import training_net

HEAD = """\
<!-- Written by scripts/generate_models.py. -->
# Nets

Every folder has `train_val.prototxt`, `deploy.prototxt`, `solver_baseline.prototxt` and
`solver_channel_dropback.prototxt`; `resnet50/cifar100` has nets and solvers more, with the
[regularisers that the paper compares with](../docs/rivals.md). Folders that the paper's Tables 1, 2,
3 and 5 name also have `solver_baseline_reference.prototxt` and
`solver_channel_dropback_reference.prototxt`: the recipe and the reading of its authors' code.
`resnet34/cifar100/table6` and `resnet34/cifar100/fig1` hold the solvers of Table 6 and, by channel drop
rate, of Figure 1. `scripts/reproduce` trains whole tables ([how](../docs/experiments.md)). To train one
net, from the repository's root:

    build/cuda/bin/caffe train --gpu 0 --solver models/resnet18/cifar100/solver_channel_dropback.prototxt
    build/cuda/bin/caffe train --gpu 0 --solver models/resnet50/cifar10_224/solver_baseline.prototxt \\
      --weights resnet50.caffemodel

The second form is for the nets that are fine-tuned: `scripts/import_weights` makes such a file from
published weights ([how](../docs/fine_tuning.md)). Data are LMDB files `train_lmdb` and
`test_lmdb` in the folder that the table names ([how to make them](../docs/data.md)).

"""

TAIL = """
- Parameters are the learnable ones, without statistics of batch norm. Multiply-adds are those of
  convolutions, inner products and attention, for one image.
- Memory: of weights, their gradients and the momentum, and of all blobs and their gradients at the
  batch size of the file. Buffers of single layers come on top. In the vision transformers
  `iter_size` batches make one update; where there is more memory, raise `batch_size` and lower
  `iter_size` by the same factor.
- The learning rate falls to a tenth at 0.3, 0.6 and 0.8 of the run (fine-tuning: 0.85), that of the
  vision transformers follows a cosine after a linear warm-up.
- `cifar10`, `cifar100` and `svhn` are the forms for images of 32x32, except for the vision
  transformers, which enlarge them to 224x224 as the forms with `_224` do. The paper mirrors and
  turns training images on every data set, so these files do that on SVHN's digits, too.
- From scratch on ImageNet, where the paper has no recipe: the customary 90 epochs at batch 256 from
  0.1, with the paper's drop rates.
- Channels are in RGB order, as in CIFAR's files and in weights from torchvision. For a database in
  BGR order, as Caffe's `convert_imageset` writes it, reverse `mean_value` and `std_value`; weights
  trained on RGB also want the input channels of their first convolution reversed (`import_weights
  --bgr`).
- Learnable blobs stand in the order of the parameters of torchvision's nets, statistics of batch
  norm left out. Depthwise convolutions are `Convolution` layers with `group`, which all readers
  of Caffe's format know.
- `deploy.prototxt` writes what OpenCV's reader lacks in other layers, with equal results: a
  pooling that rounds down is a larger one and slices, a channel shuffle is Reshape and Permute.
  The vision transformers need this project's layers.
"""


def readme_text(entries):
    rows = [["folder", "data", "parameters", "multiply-adds", "memory", "training"]]
    rows.append(["---", "---", "---:", "---:", "---:", "---"])
    rows += [row(entry) for entry in entries]
    return HEAD + "".join(f"| {' | '.join(cells)} |\n" for cells in rows) + TAIL


def row(entry):
    net = training_net(entry.title, entry.body, entry.data, entry.recipe)
    bytes_ = 4 * (3 * net.parameters + entry.recipe.batch * net.values())
    return [f"`{entry.net}/{entry.data.name}`", f"`{entry.data.folder}`",
            f"{net.parameters:,}", f"{net.multiply_adds / 1e6:,.1f} M",
            f"{bytes_ / 2**30:.2f} GiB", training(entry.recipe)]


def training(recipe):
    start = "fine-tuning" if recipe.pretrained else "from scratch"
    batch = f"{recipe.batch}" + (f" x {recipe.iter_size}" if recipe.iter_size > 1 else "")
    return f"{start}, {recipe.epochs} epochs at batch {batch}, rate {recipe.base_lr:g}"
