"""What trains a net: SGD, or ChannelDropBack in one of its readings."""
from dataclasses import dataclass, field, replace

from .prototxt import Word

FIXED_RATE = {"layer_drop_rate": {"policy": "fixed", "value": 0.3}}
NO_SKIP = {"skip_layers": 0}


@dataclass(frozen=True)
class Method:
    """`semantics` is PAPER, REFERENCE, or "" for plain SGD; `options` are fields of
    ChannelDropBackParameter that differ from that reading; `comment` goes to the solver's head."""
    title: str
    semantics: str = ""
    options: dict = field(default_factory=dict)
    comment: str = ""

    def fields(self, recipe, iterations):
        """Those of the solver."""
        if not self.semantics:
            return {}
        reading = _paper if self.semantics == "PAPER" else _reference
        return {"type": "ChannelDropBack",
                "channel_dropback_param": {"semantics": Word(self.semantics),
                                           **reading(recipe, iterations), **self.options}}

    def with_options(self, title, **options):
        return replace(self, title=title, options={**self.options, **options})


BASELINE = Method("baseline")
PAPER = Method("ChannelDropBack", "PAPER")
# As the authors' code has it.
REFERENCE = Method("ChannelDropBack, the code's reading", "REFERENCE")
REFERENCE_BASELINE = Method(
    "baseline, the code's reading", "REFERENCE",
    {"layer_drop_rate": {"policy": "fixed", "value": 0}},
    "# Drops nothing: the update rule of the authors' code, with the learning rate outside of the\n"
    "# momentum.\n")


def channel_rate(rate):
    return {"channel_drop_rate": {"policy": "fixed", "value": rate}}


def _paper(recipe, iterations):
    return {"skip_layers": recipe.skip_layers,
            "layer_drop_rate": _layer_drop_rate(recipe, iterations),
            **channel_rate(recipe.channel_drop_rate)}


def _reference(recipe, iterations):
    return {"base": recipe.reference_base} if recipe.reference_base else {}


def _layer_drop_rate(recipe, iterations):
    """Rises with the falls of the learning rate; where it has none, in a line."""
    initial, final = recipe.layer_drop_rate
    if recipe.decays:
        return {"policy": "adaptive", "initial": initial, "final": final}
    return {"policy": "linear", "initial": initial, "final": final, "start_iter": 0,
            "end_iter": iterations}
