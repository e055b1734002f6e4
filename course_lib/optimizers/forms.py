"""Who uses which form: where the paper and the libraries in wide use differ, and how each is had here."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from html import escape
from typing import Literal

from .calls import CALLS, CALLS_HEAD, Call
from .registry import REGISTRY

HEAD = ("method", "what differs", "paper", "PyTorch", "optax", "Keras", "here")


@dataclass(frozen=True)
class Form:
    """One difference.

    Args:
        method: the class, as in the registry.
        what: what differs.
        paper: the paper's form; this is the default here.
        torch: PyTorch's; "=" where it is the paper's, "–" where it has no such optimizer.
        optax: optax's, likewise.
        keras: Keras's, likewise.
        here: how the others' form is had: a setting, or a way round; empty where it cannot be had.
    """

    method: str
    what: str
    paper: str
    torch: str = "="
    optax: str = "="
    keras: str = "="
    here: str = ""

    @property
    def cells(self) -> tuple[str, ...]:
        """The row's cells in the order of the head."""
        return (self.method, self.what, self.paper, self.torch, self.optax, self.keras, self.here)


FORMS = (
    Form("Momentum", "the buffer", "m = βm + g, x −= lr·m", keras="lr inside the buffer: differs when lr changes",
         here='form="average" for m = βm + (1 − β)g; PyTorch\'s dampening = β is not that: its first buffer is g'),
    Form("Nesterov", "which point is kept", "x; gradient at x − lr·β·m", "the shifted point y; step lr(g + βm)",
         "the shifted point y", "the shifted point y, lr inside the buffer", "query(x, state) is their y"),
    Form("Adagrad", "start of v, place of eps", "0; outside, 1e-10", "=", "0.1; inside, 1e-7", "0.1; inside, 1e-7"),
    Form("RMSprop", "β and the place of eps", "0.9; outside", "0.99; outside", "0.9; inside unless told otherwise",
         "0.9; inside, 1e-7", "beta=0.99"),
    Form("Adadelta", "learning rate", "1", optax="without one neither scaled nor turned in sign", keras="0.001",
         here="lr=0.001"),
    Form("Adam", "place of eps", "outside, on the corrected √v̂; 1e-8",
         keras='"eps-hat": on the uncorrected √v, 1e-7; as if eps were eps/√(1 − β₂ᵗ)'),
    Form("AdaMax", "eps", "none", "1e-8, added to |g| in the maximum", "1e-8, added to |g| in the maximum",
         "1e-7, added to u", "eps=0 for the paper; the default 1e-8 is PyTorch's"),
    Form("Nadam", "momentum μ", "β₁(1 − ½·0.96^(0.004·t))", optax="β₁ at every step", keras="β₁(1 − ½·0.96^t)",
         here='momentum_schedule="constant" for optax'),
    Form("Nadam", "divisor of m", "1 − μ₁…μₜ₊₁", optax="1 − β₁ᵗ⁺¹", here="survey texts print 1 − β₁ᵗ: a third rule"),
    Form("AMSGrad", "bias correction", "none", "of m and of v_max; the maximum is of the uncorrected v",
         "of m and of v; the maximum is of the corrected v", "of m and of v_max, eps on the uncorrected root",
         "bias_correction=True for PyTorch"),
    Form("ADOPT", "clip of the divided gradient", "none in the first version, ±(t − 1)^¼ in the authors' code", "–",
         "±(t − 1)^¼", "–", "clip=False for the first version"),
    Form("RAdam", "threshold of ρ and place of eps", "4; on the corrected √v̂", "5; on the uncorrected √v", "5", "–",
         "threshold=5.0"),
    Form("Adafactor", "eps1", "added to g²", "v̂ clamped at eps1² instead", keras="added to g²"),
    Form("Adafactor", "learning rate and which matrices are factored", "min(0.01, 1/√t)·RMS(x); all",
         optax="constant; dimensions from 128 on", keras="min(0.001, 1/√t)·RMS(x); all", here="lr=0.001"),
    Form("AdaBound", "bias correction, 1/√t", "no correction, rate divided by √t", "–", "–", "–",
         "the authors' released code: corrected, not divided; this is the default"),
    Form("AMSBound", "bias correction, 1/√t", "no correction, rate divided by √t", "–", "–", "–",
         "the authors' released code, as for AdaBound"),
    Form("SWATS", "when it switches", "|λ̂ − γ| < ε", "–", "–", "–",
         "the package pytorch_optimizer: λ̂ > 0 and |λ̂ − γ| < 1e-8 + ε|γ|"),
    Form("AdamW", "weight decay", "η(lr·Adam + λx)", "lr(Adam + λx)", "lr(Adam + λx)", "lr(Adam + λx)",
         'form="paper"; the default is "library", since everybody means that'),
    Form("AdamW", "decay under a schedule", "as lr", here='form="corrected" for AdamC: as lr·η, for weights before a '
         "normalisation; the packages timm, heavyball and pytorch_optimizer have it"),
    Form("AdEMAMix", "default of α, bias of the slow mean", "2 in the authors' code; not corrected", "–",
         "5; not corrected", "–", "alpha=2.0"),
    Form("Lion", "nothing", "sign(β₁m + (1 − β₁)g) + λx", torch="–"),
    Form("LARS", "divisor of the ratio", "‖g‖ + λ‖x‖", "–", "‖g + λx‖", "–"),
    Form("LARS", "place of lr", "inside the buffer", "–", keras="–",
         here="the package pytorch_optimizer keeps it outside: differs when lr changes"),
    Form("LAMB", "a norm of 0", "open", "–", "ratio 1", "ratio 1", "ratio 1"),
    Form("MARS", "the old gradient", "of the same batch; the authors' code: of the last one", "–", "–", "–",
         'form="approximate" for the last batch; form="exact" is the default'),
    Form("MARS", "the first step", "old = 0 in the authors' code", "–", "–", "–",
         "old = 0; the package timm takes c = g"),
    Form("Cautious", "scale of the kept coordinates", "n / (Σφ + 1); the authors' code 1 / max(mean φ, 10⁻³)",
         "–", "–", "–",
         "the authors' code and timm; the package pytorch_optimizer has n / (Σφ + 1), heavyball n / max(Σφ, 1)"),
    Form("Hyperball", "weight decay", "none", "–", "–", "–", "none; the package heavyball may add it to the step"),
    Form("Lookahead", "inner state when the weights meet", "kept", "–", "kept unless reset_state", "–"),
    Form("SAM", "a gradient of 0", "open", "–", "0/0", "–", "the gradient at x itself"),
    Form("ScheduleFreeAdamW", "√(1 − β₂ᵗ)", "in the step, so in the averaging weights too", "–",
         "in the denominator", "–", 'form="paper"; the default "released" is the authors\' package and optax'),
    Form("Prodigy", "which d times eps is added to √v", "the old", "–", "the new", "–",
         'form="released" for the authors\' package and optax'),
    Form("DoG", "what is used in the end", "an average, γ = 8", "–", "the last point", "–",
         "average=False for the last point; the package dog-optimizer has the average as a class of its own"),
    Form("LBFGS", "length of the step", "by a line search", "lr, the first lr·min(1, 1/‖g‖₁); or line_search_fn",
         "by a zoom line search", "–", "the default is PyTorch's; LineSearch(LBFGS()) backtracks"),
    Form("Sophia", "bias of m; when h is renewed", "none corrected; before the step", "–",
         "corrected; after the step", "–", "only the paper's; the package pytorch_optimizer has no γ"),
    Form("Sophia", "estimate of the diagonal", "Hutchinson's or Gauss–Newton–Bartlett's", "–", "Hutchinson's", "–",
         'estimator="gauss_newton_bartlett" for the other'),
    Form("Shampoo", "vectors", "one full factor, to the power −1/2", "–", "–", "–",
         'vectors="full"; the default "diagonal" is what large-scale use does'),
    Form("SOAP", "place of eps", "on the corrected √v̂", "–", "–", "–",
         "on the uncorrected √v, as the authors' code; its weight decay is 0 here"),
    Form("Muon", "the momentum that is made orthogonal", "g + βm, m = βm + g", "=, in bfloat16, decay 0.1",
         "βm/(1 − βᵗ⁺¹) + g/(1 − βᵗ)", "=", "bias_correction=True for optax, nesterov=False for m alone"),
    Form("Muon", "factor of the step", "√max(1, outputs/inputs)", "=, or 0.2·√max(outputs, inputs)",
         "=, or consistent_rms·√max(outputs, inputs)", "0.2·√max(outputs, inputs), or 1",
         'form="original"; form="moonlight" for 0.2·√max(outputs, inputs), form="spectral" for √(outputs/inputs)'),
    Form("Muon", "weight decay", "none in the first version", "0.1, times lr without the factor", "0, times lr",
         "0.004, times lr", "weight_decay=0.1 for PyTorch"),
    Form("Muon", "polynomials of Newton–Schulz", "one for all steps", "=, settable",
         "=; or a set, one for each step", "=, settable",
         'coefficients="tuned" for optax\'s dion, which timm and others call quintic; coefficients="polar_express"; '
         'the classical coefficients="quintic" and "cubic" are another thing'),
    Form("NorMuon", "norm of the step", "0.2·√(inputs·outputs)", "–", "–", "–",
         'form="paper"; the default form="released" is the authors\' code: that of o, times √max(1, outputs/inputs)'),
    Form("NorMuon", "which axis is a neuron", "outputs", "–", "–", "–",
         "the outputs always; the package emerging-optimizers takes the longer side"),
    Form("NorMuon", "polynomials of Newton–Schulz", "Muon's", "–", "–", "–",
         'coefficients="jordan" and the others of Muon'),
    Form("GaLore", "which side is cut down", "the shorter", "–", "the longer", "–", 'side="longer" for optax'),
    Form("GaLore", "place of eps", "on the corrected √v̂", "–", keras="–",
         here="on the corrected √v̂; the authors' code: 1e-6 on the uncorrected √v"),
    Form("GaLore", "signs of the singular vectors", "open", "–", "as LAPACK gives them, in float32", "–",
         "nearer to the vectors before; the authors' code takes LAPACK's, in float32"),
    Form("GaLore", "when P is renewed", "t = 1, T + 1, 2T + 1, …", "–", keras="–",
         here="the package pytorch_optimizer: t = 1, T, 2T, …"),
)  # fmt: skip
"""The rows, by method in the order of the registry's shelves."""


_LEFT = " style='text-align:left'"  # JupyterLab aligns all cells to the right


@dataclass(frozen=True)
class FormsTable:
    """Rows that show themselves as a table in a notebook, and as Markdown in print."""

    rows: tuple[Form | Call, ...]
    head: tuple[str, ...] = HEAD

    def markdown(self) -> str:
        """Return the table as Markdown."""
        lines = [self.head, ("---",) * len(self.head), *(row.cells for row in self.rows)]
        return "\n".join(
            "| " + " | ".join(cell.replace("|", r"\|") for cell in line) + " |" for line in lines
        )

    def html(self) -> str:
        """Return the table as HTML, one head cell for each method."""
        head = "".join(f"<th scope='col'{_LEFT}>{cell}</th>" for cell in self.head)
        body = []
        for number, row in enumerate(self.rows):
            method, *rest = (re.sub("`(.+?)`", r"<code>\1</code>", escape(cell)) for cell in row.cells)
            new = number == 0 or self.rows[number - 1].method != row.method
            span = sum(other.method == row.method for other in self.rows)
            first = f"<th scope='row' rowspan='{span}'{_LEFT}>{method}</th>" if new else ""
            body.append(f"<tr>{first}{''.join(f'<td{_LEFT}>{cell}</td>' for cell in rest)}</tr>")
        return f"<table><thead><tr>{head}</tr></thead><tbody>{''.join(body)}</tbody></table>"

    _repr_html_ = html
    _repr_markdown_ = markdown

    def __str__(self) -> str:
        return self.markdown()


def forms_table(
    methods: Iterable[str] | str | None = None, show: Literal["forms", "calls"] = "forms"
) -> FormsTable:
    """Return the table "who uses which form", or "how the same thing is called elsewhere".

    Of forms "=" is the paper's, "–" means that there is no such optimizer. A call gives the same numbers as the class
    here under its defaults; "none" means that there is an optimizer of that name, but no setting gives these numbers.

    Every call was run: in float64 under the same prescribed gradients each goes where ours does, to 1e-12 relative to
    the size of x unless the note says to what, with the versions in ``tests/traces/requirements.txt``
    (``python -m tests.traces.check_calls``). What is said of other packages in notes, and that there is "none", is read
    from their code and not run.

    Args:
        methods: class names, to show their rows only; all by default.
        show: ``"forms"`` or ``"calls"``.

    Raises:
        ValueError: for a name that the registry does not know, or another ``show``.

    Examples:
        >>> print(forms_table("Adadelta"))
        | method | what differs | paper | PyTorch | optax | Keras | here |
        | --- | --- | --- | --- | --- | --- | --- |
        | Adadelta | learning rate | 1 | = | without one neither scaled nor turned in sign | 0.001 | lr=0.001 |
        >>> forms_table("Adagrad", show="calls").rows[0].cells[:4]
        ('Adagrad', '`torch.optim.Adagrad(params, lr=0.01)`', 'none', 'none')
    """
    if show not in ("forms", "calls"):
        raise ValueError(f"show = {show!r} is not allowed: it must be 'forms' or 'calls'")
    wanted = [methods] if isinstance(methods, str) else list(REGISTRY if methods is None else methods)
    for name in wanted:
        if name not in REGISTRY:
            raise ValueError(f"methods: {name!r} is not known: there are {', '.join(REGISTRY)}")
    if show == "calls":
        return FormsTable(tuple(row for row in CALLS if row.method in wanted), CALLS_HEAD)
    return FormsTable(tuple(row for row in FORMS if row.method in wanted))
