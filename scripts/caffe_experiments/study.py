"""The study: readings of the method against each other and against both baselines.

All cells share the paper's recipe; only the solver differs. The reading of the authors' code wraps
Nesterov's rule with the learning rate outside of the velocity, so it has a baseline of its own.
"""
from caffe_models.catalogue import CONVOLUTIONAL, Entry
from caffe_models.data_sets import CIFAR100
from caffe_models.methods import BASELINE, PAPER, REFERENCE, REFERENCE_BASELINE
from caffe_models.prototxt import Word
from caffe_models.recipes import FROM_SCRATCH

from .errors import Refusal
from .experiment import Cell, Experiment

# Name, title, method, name of the baseline.
CELLS = [
    ("baseline_sgd", "SGD", BASELINE, ""),
    ("baseline_nesterov", "Nesterov, rate outside the velocity", REFERENCE_BASELINE, ""),
    ("paper", "PAPER", PAPER, "baseline_sgd"),
    ("paper_skip", "PAPER, mask SKIP", PAPER.with_options("", mask=Word("SKIP")),
     "baseline_sgd"),
    ("paper_gradient", "PAPER, mask GRADIENT", PAPER.with_options("", mask=Word("GRADIENT")),
     "baseline_sgd"),
    ("paper_each_layer", "PAPER, selection EACH_LAYER",
     PAPER.with_options("", selection=Word("EACH_LAYER")), "baseline_sgd"),
    ("paper_frozen", "PAPER, other layers frozen",
     PAPER.with_options("", freeze_unselected=True), "baseline_sgd"),
    ("paper_exact", "PAPER, exact count", PAPER.with_options("", channel_count=Word("EXACT")),
     "baseline_sgd"),
    ("paper_input", "PAPER, axis INPUT", PAPER.with_options("", channel_axis=Word("INPUT")),
     "baseline_sgd"),
    ("reference", "REFERENCE", REFERENCE, "baseline_nesterov"),
]

TITLE = "Readings of ChannelDropBack, {} on CIFAR-100"


def study(choice):
    """Of one net; ResNet-18 unless another is asked for."""
    nets = choice.nets or ["resnet18"]
    if len(nets) != 1 or nets[0] not in CONVOLUTIONAL:
        raise Refusal(f"--net {','.join(nets)}: the study has one net of {', '.join(CONVOLUTIONAL)}")
    net = nets[0]
    title, body = CONVOLUTIONAL[net]
    entry = Entry(net, title, body, CIFAR100, FROM_SCRATCH)
    cells = [Cell(name, text, entry, method, control=control)
             for name, text, method, control in CELLS]
    return Experiment("study", TITLE.format(title), cells)
