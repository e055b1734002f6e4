"""How the same thing is called elsewhere: for each class here the call that gives the same numbers as its default."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

ABSENT, OTHER = "–", "none"
CALLS_HEAD = ("method", "PyTorch", "optax", "Keras", "another package", "note")


@dataclass(frozen=True)
class Call:
    """The calls that move parameters as a class here does under its default settings.

    A call is Python as one would write it, with ``params`` for the parameters. What stands before a semicolon is called
    before every step.

    Args:
        method: the class, as in the registry.
        torch: PyTorch's; "–" where it has no such optimizer, "none" where its own gives other numbers whatever the
            settings.
        optax: optax's, likewise.
        keras: Keras's, likewise.
        elsewhere: that of a package built on PyTorch, where there is one to name.
        note: why not, or what to mind.
        point: which point their parameters are: ``"x"``, or what ``query`` returns here.
        on: the prescribed gradients on which it was compared, as ``tests/traces`` names them: ``"hard"`` ones go from
            1e-8 to 1e4 with zeros among them, ``"mild"`` ones are of ordinary size.
        within: largest difference relative to the size of x, by column, where it is not 1e-12.
    """

    method: str
    torch: str = ABSENT
    optax: str = ABSENT
    keras: str = ABSENT
    elsewhere: str = ABSENT
    note: str = ""
    point: str = "x"
    on: tuple[str, ...] = ("hard/vector", "hard/matrix")
    within: Mapping[str, float] = field(default_factory=dict)

    @property
    def cells(self) -> tuple[str, ...]:
        """The row's cells in the order of the head."""
        calls = (self.torch, self.optax, self.keras, self.elsewhere)
        return (self.method, *(call if call in (ABSENT, OTHER) else f"`{call}`" for call in calls), self.note)


_MILD = ("mild/vector", "mild/matrix")
_HARD_MATRICES = ("hard/matrix", "hard/wide")
_MILD_MATRICES = ("mild/matrix", "mild/wide")
_EPS = "Keras adds eps to the uncorrected root"
_INSIDE = "Keras has eps inside the root"

CALLS = (
    Call("GradientDescent", "torch.optim.SGD(params, lr=0.01)", "optax.sgd(0.01)", "keras.optimizers.SGD(0.01)"),
    Call("Momentum", "torch.optim.SGD(params, lr=0.01, momentum=0.9)", "optax.sgd(0.01, momentum=0.9)",
         "keras.optimizers.SGD(0.01, momentum=0.9)", note="Keras: as long as lr does not change"),
    Call("Nesterov", "torch.optim.SGD(params, lr=0.01, momentum=0.9, nesterov=True)",
         "optax.sgd(0.01, momentum=0.9, nesterov=True)", "keras.optimizers.SGD(0.01, momentum=0.9, nesterov=True)",
         note="their parameters are query(x, state)", point="query"),
    Call("Adagrad", "torch.optim.Adagrad(params, lr=0.01)", OTHER, OTHER,
         note="optax and Keras have eps inside the root"),
    Call("FullMatrixAdagrad"),
    Call("RMSprop", "torch.optim.RMSprop(params, lr=0.001, alpha=0.9)", "optax.rmsprop(0.001, eps_in_sqrt=False)",
         OTHER, note=_INSIDE),
    Call("Adadelta", "torch.optim.Adadelta(params, lr=1.0, rho=0.95)", "optax.adadelta(1.0, rho=0.95)",
         "keras.optimizers.Adadelta(1.0, rho=0.95, epsilon=1e-6)"),
    Call("Adam", "torch.optim.Adam(params, lr=0.001)", "optax.adam(0.001)", OTHER, note=_EPS),
    Call("AdaMax", "torch.optim.Adamax(params, lr=0.002)", "optax.adamax(0.002)", OTHER, note="Keras adds eps to u"),
    Call("Nadam", "torch.optim.NAdam(params, lr=0.002)", OTHER, OTHER,
         note="PyTorch: in float64 after torch.set_default_dtype(torch.float64); "
              'optax: momentum_schedule="constant" here'),
    Call("AMSGrad", OTHER, "optax.amsgrad(0.001, bias_correction_mu=False, bias_correction_nu=False)", OTHER,
         note="torch.optim.Adam(params, amsgrad=True) is bias_correction=True here"),
    Call("ADOPT", optax="optax.contrib.adopt(0.001)", 
         elsewhere="timm.optim.adopt.Adopt(params, lr=0.001, clip_exp=0.25)"),
    Call("RAdam", OTHER, "optax.radam(0.001, threshold=4.0)",
         note="PyTorch: threshold 5, eps on the uncorrected root"),
    Call("Adafactor", "torch.optim.Adafactor(params, lr=0.01, eps=(1e-30, 1e-3))", OTHER,
         "keras.optimizers.Adafactor(0.01)",
         note="PyTorch: where g² is far above eps1; Keras: to 2e-8, since the decay is computed in float32", on=_MILD,
         within={"keras": 1e-7}),
    Call("AdaBound", elsewhere="adabound.AdaBound(params, lr=0.001)"),
    Call("AMSBound", elsewhere="adabound.AdaBound(params, lr=0.001, amsbound=True)"),
    Call("SWATS", elsewhere="pytorch_optimizer.SWATS(params, lr=0.001)", on=_MILD, within={"elsewhere": 1e-5},
         note="to 4e-6 on ordinary gradients: it adds 1e-15 inside the root"),
    Call("AdamW", "torch.optim.AdamW(params, lr=0.001, weight_decay=0.01)", "optax.adamw(0.001, weight_decay=0.01)",
         OTHER, note=_EPS),
    Call("AdEMAMix", optax="optax.contrib.ademamix(0.001)", elsewhere="pytorch_optimizer.AdEMAMix(params, lr=0.001)"),
    Call("Lion", optax="optax.lion(0.0001, weight_decay=0.0)", keras="keras.optimizers.Lion(0.0001)",
         elsewhere="lion_pytorch.Lion(params, lr=0.0001)"),
    Call("LARS", optax=OTHER,
         elsewhere="pytorch_optimizer.LARS(params, lr=0.001, weight_decay=1e-4, momentum=0.9, foreach=False)",
         on=_HARD_MATRICES, note="for matrices; optax divides by ‖g + λx‖"),
    Call("LAMB", optax="optax.lamb(0.001, weight_decay=0.01)", keras=OTHER,
         note=_EPS),
    Call("MARS", elsewhere=OTHER, note="timm takes the gradient itself in the first step"),
    Call("ScheduleFreeSGD", optax="optax.contrib.schedule_free_sgd(1.0)",
         elsewhere="schedulefree.SGDScheduleFree(params, lr=1.0)", point="query",
         note="their parameters are query(x, state) until they are evaluated"),
    Call("ScheduleFreeAdamW", optax="optax.contrib.schedule_free_adamw(0.0025)",
         elsewhere="schedulefree.AdamWScheduleFree(params, lr=0.0025)", point="query",
         note="their parameters are query(x, state) until they are evaluated"),
    Call("DoG", optax='optax.contrib.dog(1.0, init_step=("heuristic", 1e-6))',
         elsewhere="dog.DoG(params, reps_rel=1e-6)",
         note="their parameters are the last point, ours end at an average: dog.PolynomialDecayAverager"),
    Call("Prodigy", optax=OTHER, elsewhere=OTHER, note='prodigyopt.Prodigy and optax are form="released" here'),
    Call("Newton"),
    Call("GaussNewton"),
    Call("LevenbergMarquardt"),
    Call("HessianFree"),
    Call("LBFGS",
         "torch.optim.LBFGS(params, lr=1.0, max_iter=1, history_size=10, tolerance_grad=0, tolerance_change=0)", OTHER,
         note="PyTorch: step(closure); optax searches along the line",
         on=("lbfgs-0/vector", "lbfgs-0/matrix")),
    Call("KFAC"),
    Call("Sophia", optax=OTHER, elsewhere=OTHER, note="optax corrects the bias of m and renews h after the step"),
    Call("Shampoo",
         elsewhere="pytorch_optimizer.Shampoo(params, lr=0.001, momentum=0.0, preconditioning_compute_steps=1)",
         on=_MILD_MATRICES, note="for matrices; its vectors get a full matrix"),
    Call("SOAP", elsewhere="pytorch_optimizer.SOAP(params, lr=0.003, weight_decay=0.0)", on=("mild/matrix",),
         within={"elsewhere": 1e-6},
         note="to 2e-7: its QR is in float32; open where a factor begins with zero eigenvalues"),
    Call("Muon", OTHER, OTHER, "keras.optimizers.Muon(0.02, weight_decay=0.0, rms_rate=None)", on=("hard/matrix",),
         within={"keras": 1e-6},
         note="Keras: to 6e-8, and for no more outputs than inputs; PyTorch rounds to bfloat16; "
              "optax corrects the bias of m"),
    Call("NorMuon", elsewhere=OTHER, note="pytorch_optimizer rounds to bfloat16"),
    Call("GaLore", optax=OTHER, elsewhere=OTHER,
         note="optax cuts the longer side; galore-torch adds eps to the uncorrected root, and its SVD is in float32"),
    Call("Lookahead", optax="optax.lookahead(optax.adam(0.001), sync_period=5, slow_step_size=0.5)",
         elsewhere="pytorch_optimizer.Lookahead(torch.optim.Adam(params, lr=0.001), k=5, alpha=0.5, "
                   'pullback_momentum="none")',
         note="optax: of LookaheadParams.init_synced(params) the fast ones"),
    Call("SAM", optax="optax.contrib.sam(optax.sgd(0.01, momentum=0.9), optax.chain(optax.contrib.normalize(), "
         "optax.sgd(0.05)), opaque_mode=True)", note="update(g, state, params, grad_fn=…); 0/0 where g is 0",
         on=("mild/vector", "mild/matrix")),
    Call("ClipByValue", "torch.nn.utils.clip_grad_value_(params, 1.0); torch.optim.SGD(params, lr=0.01)",
         "optax.chain(optax.clip(1.0), optax.sgd(0.01))", "keras.optimizers.SGD(0.01, clipvalue=1.0)"),
    Call("ClipByNorm", OTHER, "optax.chain(optax.clip_by_global_norm(1.0), optax.sgd(0.01))",
         "keras.optimizers.SGD(0.01, global_clipnorm=1.0)",
         within={"keras": 1e-8}, note="Keras: to 3e-9; torch.nn.utils.clip_grad_norm_ divides by ‖g‖ + 1e-6"),
    Call("IterateAverage", OTHER, OTHER, OTHER,
         note="torch.optim.swa_utils.AveragedModel averages beside an optimizer"),
    Call("Cautious",
         elsewhere="timm.optim.adamw.AdamWLegacy(params, lr=0.001, weight_decay=0.0, caution=True, foreach=False)"),
    Call("Hyperball", elsewhere=OTHER, note="heavyball has it as a part of its own optimizers"),
    Call("LineSearch", optax=OTHER, note="optax asks for the value of the loss beside the gradient"),
    Call("Partition", OTHER, OTHER, note="optax.partition; in PyTorch one optimizer for each part"),
)  # fmt: skip
