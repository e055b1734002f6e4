"""The examination from outside: no wrong code accepted, no right code refused, no mistake called by another one's name."""

# ruff: noqa: E501 – a table

from __future__ import annotations

import functools
from pathlib import Path

import pytest

from course_lib.checks import check
from course_lib.checks.exercises import find_task
from course_lib.checks.kinds import Goal
from course_lib.checks.observe import observe

from .outside import Submission, submissions

FILES = sorted(path.stem for path in (Path(__file__).parent / "outside").glob("wrong_*.txt"))
WRONG = [submission for name in FILES for submission in submissions(name)]
RIGHT = submissions("right")
OR, IDLE = " – or: ", " without effect"

# By task: what was spoken, and for which causes that is the truth.
TRUE = {
    "largest_curvature": {
        "That is gradient descent's edge, 2/lr. SAM's is lower.": ["gradient descent's edge"],
        "That is the edge at ‖g‖ = 1.": ["the gradient's length is forgotten"],
        "In Python length / 2 * rho is (length/2)·rho: write length / (2 * rho).": ["brackets"],
    },
    "descend": {
        "one array, changed in place and listed again and again": ["the same array listed again and again"],
        "a step uphill": ["uphill"],
        "the start is missing from the path": ["the start is missing"],
        "only the last point": ["only the end is returned"],
        "the last point in a list of its own": ["only the end is returned"],
        "it returns after the first step": ["return inside the loop"],
        "steps of one length": ["the gradient's length is divided out"],
        "lr shrinks from step to step": ["lr shrinks"],
        "lr without effect": ["lr is fixed"],
        "steps without effect": ["steps is fixed"],
        "grad without effect": ["loss-proportional step"],
        "the last row is left empty": ["the last row stays zero"],
        "no point is appended": ["forgotten append"],
        "lr counted twice": ["lr is squared"],
    },
    "largest_lr": {
        "the first eigenvalue that numpy lists": ["the first eigenvalue is taken for the largest"],
        "the last eigenvalue that numpy lists": ["the last eigenvalue is taken for the largest"],
        "1/L in place of 2/L": ["1/L for 2/L"],
        "the best lr in place of the largest": ["2/(L + mu)"],
        "the sum of all eigenvalues": ["the trace for the largest eigenvalue"],
        # in a matrix with positive eigenvalues the largest entry stands on the diagonal
        "the largest entry of the matrix": ["the diagonal for the eigenvalues", "the largest entry"],
        "the norm of all entries": ["the Frobenius norm for the largest eigenvalue"],
        "the largest sum of a row": ["the row sums bound the eigenvalue"],
    },
    "steps_needed": {
        "rounded down, and one added": ["int() + 1 for ceil"],
        "the factor at lr = 1/L": ["the rate of lr = 1/L"],
        "the loss in place of the error": ["the squared rate (the loss, not the error)"],
        "the rule of thumb": ["rule of thumb"],
        "the rule of thumb without its half": ["rule of thumb"],
        "the logarithms upside down": ["upside down logarithms"],
        "the quotient of the numbers in place of their logarithms": ["division for a logarithm"],
        "the root of the condition number": ["momentum's rate"],
        "a lost sign": ["negative"],
        "shrink without effect": ["shrink is fixed"],
        "the logarithm of a quotient": ["only the quotient of the logs' arguments"],
    },
    "train_model": {
        "the gradient always at the old parameters": ["the gradient always at the old parameters"],
        "it returns after the first step": ["return inside the loop"],
        "a step that is not repeated": ["only one step"],
        "a step uphill": ["uphill"],
        "only W learns": ["only W is trained"],
        "W first, then b": ["half of the names"],
    },
    "derivatives": {
        "gradient's parts exchanged": ["parts exchanged"],
        "no mixed derivatives": ["diagonal Hessian"],
        "only half of the product rule": ["the product rule with the first factor only"],
        "the Hessian first": ["Hessian first"],
        "products of slopes for the Hessian": ["Gauss-Newton's outer product"],
        "a sign lost in the mixed derivative": ["mixed sign"],
        "the same answer for every input": ["the worked number"],
        "the gradient turned downhill": ["downhill"],
    },
    "count_directions": {
        "the diagonal in place of the eigenvalues": ["diagonal"],
        "tiny taken as it is": ["absolute tolerance"],
        "flat only if exactly zero": ["no tolerance"],
        "flat directions counted twice": ["flat twice"],
        "up and down exchanged": ["order"],
        "the size of the eigenvalues only": ["singular values"],
        "the largest eigenvalue, not the largest in size": ["largest without abs"],
        "tiny without effect": ["tiny is fixed", "no tolerance", "determinant and trace"],
        "numbers of the matrix counted, not eigenvalues": ["entries"],
    },
    "numerical_gradient": {
        "forward differences": ["forward"],
        "divided by 2, then multiplied by h": ["precedence"],
        "divided by h, not 2h": ["divided by h"],
        "the second derivative": ["second difference"],
        "h without effect": ["h is fixed"],
        "left minus right": ["signs"],
        "it returns after the first coordinate": ["return inside the loop"],
        "all coordinates moved at once": ["all at once"],
        "both heights at the same place": ["an alias is moved"],
        "x is not put back": ["x is not restored"],
    },
    "best_step": {
        "the factor 3 forgotten": ["no 3"],
        "1/3 without brackets": ["precedence"],
        "size and third exchanged": ["upside down"],
        "the factor 6 of the error kept": ["errors made equal"],
        "no root": ["h³"],
        "eps without effect": ["eps is fixed"],
        "size and third without effect": ["cube root of eps alone"],
        "the same answer for every input": ["integer division", "the worked number"],
    },
    "epoch_batches": {
        "the last, smaller batch is dropped": ["drop_last"],
        "no shuffling": ["shuffle=False", "sorted"],
        "a generator of its own": ["global np.random"],
        "the same order in every epoch": ["np.random.seed in every call"],
        "every batch drawn for itself": ["random.choice for each batch"],
        "examples drawn with replacement": ["bootstrap"],
        "one batch only": ["one batch"],
        "size taken for the number of batches": ["array_split into size pieces"],
        "overlapping batches": ["range without a step"],
        "only the batches are shuffled": ["batches shuffled, not the examples"],
        "targets in another order than their inputs": ["two permutations", "only the inputs are shuffled"],
        "inputs left in the file's order": ["two permutations"],
    },
    "descend_in_batches": {
        "a step uphill": ["uphill"],
        "the first epoch's batches in every epoch": ["the same list every epoch"],
        "one step for each epoch, with the mean gradient": ["mean of the epoch's gradients"],
        "one step for each epoch, with its last batch": ["step outside the inner loop"],
        "the gradient at the beginning of the epoch": ["gradients accumulated, one step"],
        "a return inside the loop": ["stops after one epoch", "a generator that is used up"],
        "epochs counted in place of steps": ["epochs returned"],
        "lr divided by the size of the batch": ["divided by the batch size again"],
        "epochs without effect": ["a generator that is used up"],
    },
    "batch_noise": {
        "the factor N/(N − 1) forgotten": ["1/B and 1/N, no factor"],
        "divided by N − 1": ["the sample variance"],
        "replace without effect": ["replace ignored", "the standard deviation"],
        "the variance of all numbers together": ["variance over everything"],
        "a mean over the coordinates": ["mean over coordinates"],
        "the mean is not subtracted": ["second moment"],
        "with and without replacement exchanged": ["swapped"],
    },
    "epoch_time": {
        "That is one step with all examples. How many steps has the epoch?": ["one step"],
        "That is one example at a time. A batch has several, and one step.": ["one example at a time"],
        "In each step all examples of the batch cost, not just one.": ["the batch's examples forgotten"],
        "The last batch is smaller, but it is a step, too.": ["the last step forgotten"],
        "The last batch has fewer examples than the others.": ["a full last batch"],
    },
    "momentum_step": {
        "the averaging form": ["averaging"],
        "signs exchanged: minus in m, plus in x": ["signs: m = beta m - g, then x + lr m"],
        "x moves by the old velocity": ["the old m moves x"],
        "x moves by the gradient": ["the gradient moves x"],
        "a step uphill": ["uphill"],
        "Nesterov's step": ["nesterov"],
        "beta at the gradient": ["beta on the gradient, not on m"],
        "nothing is forgotten": ["no beta on the old m"],
        "beta without effect": ["beta is fixed"],
        "lr without effect": ["lr is fixed"],
        "lr counted twice": ["lr twice"],
        "dampening": ["dampening at the first step too"],
        "Adam's correction": ["bias correction"],
        "x in place of g": ["x in the velocity"],
        "lr divided by t": ["lr shrinks with t"],
        "an average with the sign of the step": ["averaging with minus"],
        "lr and beta exchanged": ["beta and lr swapped"],
    },
    "spectral_radius": {
        "the sign or the imaginary part is kept": ["no absolute value"],
        "the norm of the matrix": ["singular value for eigenvalue"],
        "the first eigenvalue that numpy lists": ["the first eigenvalue is taken for the largest"],
        "the smallest eigenvalue": ["the smallest"],
        "the matrix taken for symmetric": ["eigvalsh for a matrix that is not symmetric"],
        "always the root of beta": ["sqrt(beta) always"],
        "beta missing in the second row": ["another row: -lr for -lr beta"],
        "a plus in the second row": ["sign in the matrix"],
        "only the real parts, with their sign": ["the real part"],
        "the averaging form": ["the matrix of the averaging form"],
        "never above 1": ["capped"],
    },
    "best_settings": {
        "lr and beta exchanged": ["beta and lr swapped"],
        "no roots at all": ["no roots"],
        "the same answer for every input": ["the worked numbers"],
        "a wrong sign when the roots are taken": ["wrong sign of a root"],
        "a root forgotten in beta": ["beta as 1 - lr mu"],
        "2 in place of 4": ["2 for 4"],
        "the edge of divergence": ["stable limit for lr"],
    },
    "nesterov_path": {
        "momentum: the gradient at x": ["momentum"],
        "no β in the look-ahead": ["look-ahead without beta"],
        "no lr in the look-ahead": ["look-ahead without lr"],
        "a look back": ["plus as with Sutskever's v"],
        "the previous gradient in place of the velocity": ["along the last gradient"],
        "the way ahead is walked twice": ["x left at the look-ahead"],
        "the shifted form": ["only the shifted points"],
        "the averaging form": ["averaging"],
        "it returns after the first step": ["return in the loop"],
        "only the last point": ["last point"],
        "the start is missing from the path": ["start missing"],
        "beta without effect": ["beta is fixed", "growing beta"],
        "a step uphill": ["uphill"],
        "x moves by the gradient": ["gradient step from x"],
    },
    "shifted_step": {
        # g + β times the old m is the new m
        "momentum's step": ["momentum", "the old m in the bracket"],
        "no β in the step": ["g + m"],
        "m added to βm, in place of g": ["m + beta m"],
        "the averaging form": ["averaging"],
        "Keras's buffer": ["Keras"],
        "lr inside the velocity": ["lr inside"],
        "the bracket is returned as m": ["the step kept as m"],
        "the old state is returned": ["old state"],
        "the brackets forgotten": ["brackets forgotten"],
        "lr without effect": ["lr is fixed"],
        "a step uphill": ["uphill"],
    },
    "new_lookahead": {
        "a plus and a minus exchanged in x": ["sign"],
        "the old lr in the new y": ["y kept"],
        "the new lr on the way to x": ["new lr for both"],
        "no β at all": ["beta forgotten"],
        "x and the new y exchanged": ["swapped"],
        "the new y counted from the old y": ["from y"],
        "new_lr without effect": ["only x"],
        "y scaled like lr": ["rescaled y"],
    },
    "nesterov_radius": {
        "momentum's radius": ["momentum's matrix"],
        "β kept in the second row": ["one row only"],
        "always the root of β(1 − lr·λ)": ["root of the friction"],
        "only the real parts, with their sign": ["no absolute value"],
        "the norm of the matrix": ["spectral norm"],
        "beta without effect": ["textbook factor"],
        "a wrong sign in the look-ahead": ["plus"],
    },
    "adam_step": {
        "hats without the exponent t": ["no exponent t in the corrections"],
        "the hats multiply": ["multiplied by the corrections"],
        "the hats are kept as the new m and v": ["hats stored as the new m and v"],
        "the short form with a bare eps": ["eps scaled by the correction"],
        "g not squared in v": ["gradient not squared in v"],
        "beta1 in v": ["beta1 for beta2 in v"],
        "the exponent 2 in place of t": ["1 - beta^2"],
        "beta times t in place of beta to the power t": ["times t for the power t"],
        "(1 − β) to the power t": ["(1 - beta)^t"],
        "(1 − β) times t": ["(1 - beta) * t"],
        "the old state is returned": ["state not carried"],
        "m squared in v": ["v only of the sum: the square of m"],
        "AdaBelief's square": ["variance for the second moment"],
        "the maximum of AMSGrad": ["maximum as in AMSGrad"],
        "Nesterov's habit, as in Nadam": ["nesterov"],
        "g in place of m̂": ["the gradient for m_hat"],
        "only m is corrected": ["only m corrected"],
        "only v is corrected": ["only v corrected"],
        "m and v add up in place of averaging": ["summing"],
        "a step uphill": ["uphill"],
        "brackets missing around the divisor": ["brackets: eps added to the quotient"],
        "a forgotten bracket in m": ["brackets: 1 - beta is not in brackets"],
        "^ in place of **": ["^ for **"],
        "eps without effect": ["eps is fixed"],
        "beta2 without effect": ["beta2 is fixed"],
        "lr without effect": ["lr is fixed"],
        'state["t"] without effect': ["no bias correction"],
        "m and v exchanged in the state": ["m and v swapped in the returned dict"],
        "a square where the root belongs": ["square where the root belongs"],
        "lr divided by the root of t": ["lr shrinks with t"],
        "the betas of m and v exchanged": ["beta1 and beta2 swapped"],
        "lr in m": ["lr multiplies the state"],
    },
    "adam_efficient": {
        "eps is not rescaled": ["eps not scaled"],
        "eps divided in place of multiplied": ["eps divided by the root"],
        "no eps": ["eps left out"],
        "the root is missing": ["no root in the rate"],
        "both corrections upside down": ["rate upside down"],
        "lr corrected anew in every step": ["lr defined recursively"],
    },
    "adagrad_step": {"lr without effect": ["a fixed lr"]},
    "flip_p": {"the same answer for every input": ["shuffled in place of turned"]},
    "chance_of_good": {"n without effect": ["n fixed at nine"]},
    "steps_to_leave": {"edge without effect": ["a fixed edge"]},
    "rmsprop_step": {"beta without effect": ["PyTorch's beta, fixed"]},
    "first_jolt": {
        "That would be the step if v were g². It is (1 − β)·g² after the first gradient.": ["lr itself"],
        "Take the root: the divisor is √v.": ["no root"],
        "√(1 − β) stands below: v is too small, so the step is too long.": ["upside down"],
        "g cancels: it is divided by its own size.": ["times g"],
        "The root is right, but g cancels: it stands below the line too.": ["times g"],
    },
    "eps_for": {
        "All steps go with the root of ε.": ["times, not squared"],
        "All steps go with √ε: to make √ε so much larger, ε must grow by the square.": ["the root"],
    },
    "beta2_threshold": {
        "That is the β₂ of the paper's theorem: Adam is wrong there, but not only there.": ["the paper's beta2"],
    },
    "shortest_period": {
        "With one step less Adam is still right. Count to the first period with which it is wrong.": ["one too short"],
        "That is how long β₂ remembers. A far shorter period is enough.": ["the memory"],
    },
    "damped_newton": {
        "damping added to every number of H": ["the number added everywhere"],
        "a step uphill": ["uphill"],
        "H times g": ["multiplied"],
        "one divided by each number of H": ["elementwise inverse"],
        "only the diagonal of H": ["the diagonal only"],
        "damping times the diagonal of H": ["Marquardt's diagonal"],
        "damping without effect": ["damping is fixed"],
        "lr without effect": ["lr is forgotten"],
        "the step alone": ["the step is returned"],
        "damping multiplies H": ["damping on the step"],  # the same number
    },
    "saddle_free": {
        "no absolute value": ["plain Newton"],
        "damping before the absolute value": ["abs after damping"],
        "Q and its transpose exchanged": ["rows for columns"],
        "the step is not turned back": ["never turned back"],
        "negative curvatures become 0": ["clipped"],
        "squared eigenvalues": ["squared matrix"],
        "no eigenvectors": ["eigenvalues to coordinates"],
        "damping without effect": ["damping is fixed"],
        "a step uphill": ["uphill"],
        "the absolute value of each number of H": ["abs of the matrix"],
    },
    "step_length": {
        "any decrease is enough": ["simple decrease"],
        "c without α": ["c without the length"],
        "the slope along −g": ["the norm of g"],
        "a minus before c": ["minus c"],
        "a step uphill is tried": ["no look at the slope"],
        "the whole step is never tried": ["shrinks before it tries"],
        "the last α, where none is good": ["gives the last one"],
        "halving, whatever shrink is": ["halving is fixed"],
        "backwards": ["minus p"],
        "a step along the level is tried": ["slope 0 is tried"],
        "one trial too few": ["29 tries"],
        "more than 30 trials": ["100 tries", "endless while"],
    },
    "two_loop_direction": {
        "all pairs kept": ["no filter"],
        "another pair's α": ["alphas in the wrong order"],
        "no scaling between the loops": ["no initial scaling"],
        "the scaling upside down": ["the inverse scaling"],
        "the direction downhill": ["minus at the end"],
        "s in place of y in the second loop": ["beta with s"],
        "a plus in the second loop": ["plus beta"],
        "scaled by the oldest pair": ["scaled by the first pair"],
    },
    "cost_exponent": {
        "That fits all sizes. The small ones cost what calling numpy costs: keep n ≥ largest/30.": ["all sizes"],
        "That is the slope between the last two points: it follows their noise. Fit a line to all large sizes.": ["two ends"],
        "n and seconds are exchanged: fit log seconds against log n.": ["exchanged"],
        "That is the line's height at log n = 0. np.polyfit lists the slope first.": ["the other coefficient"],
        "The logarithm of n is missing: a power is a straight line only if both axes are logarithmic.": ["half logarithmic"],
    },
    "bounded_rate": {
        "gamma without effect": ["gamma is fixed"],
        "step, final_lr and gamma without effect": ["python's min and max"],  # where the mean lies between the bounds
    },
    "factored_mean": {
        "sums in place of means": ["the paper's R and C"],
        "beta2 without effect": ["the plain mean", "Adafactor's own decay", "the axes of the stack"],
    },
    "neuron_step": {
        "Adam: a v for every weight": ["the mean of the roots"],
        "beta2 without effect": ["beta1 for both"],
        "lr without effect": ["no lr"],
        'state["t"] without effect': ["corrected without the power t"],
        "the old state is returned": ["no m at all"],  # the old m, at least
    },
    "switch": {"eps without effect": ["eps is fixed"]},
    "state_size": {
        "That is Adam's: m and v of every weight. Adafactor keeps a row and a column of each matrix, and no m.": ["Adam's states"],
        "That is one number for every weight, such as m. Adafactor keeps rows + columns of each matrix, and no m.": ["full m besides"],
        "The embedding is a matrix, too: words × width.": ["the embedding is forgotten"],
        "A number in single precision has 4 bytes.": ["numbers, not bytes"],
        "A MiB has 2²⁰ bytes, not 10⁶.": ["megabytes of 10**6"],
        "That is one layer. There are more.": ["one layer"],
        "The embedding has a row and a column, too: words + width.": ["no column for the embedding"],
        "There is one embedding, not one in each layer.": ["an embedding in each layer"],
        "Two matrices of each layer are width × 4 width: d + 4d numbers each.": ["six square matrices"],
    },
    "weight_size": {
        "That is the mean square. Take its root.": ["the mean square"],
        "The square of 1 − lr·λ takes away 2·lr·λ: a factor of 2 is missing.": ["a factor of 2 is missing"],
    },
    "library_decay": {
        "A library multiplies it by lr once more: then it is far too weak.": ["copied"],
        "Divide: the library multiplies by lr, and the product has to be the paper's λ.": ["multiplied"],
    },
    "trust_ratio": {"the largest stretch": ["the spectral norm"]},
    "predicted_steps": {
        "That is the linear rule: so many times the batch, so many times fewer steps. It ends near B_crit.": ["the linear rule"],
        "That is S_min, which no batch reaches. At the wanted size the noise still costs some steps.": ["the floor alone"],
        "That is a power law through both points. The law of the lesson has a floor, S_min.": ["a power law"],
        "That is a straight line in B. The law is a straight line in 1/B.": ["a straight line"],
        "S_min is missing: S = S_min + S_min·B_crit/B.": ["no floor"],
    },
    "factors": {
        "no 1 for the bias": ["the bias is forgotten"],
        "the 1 stands first": ["the one in front"],
        "the covariance of the inputs": ["np.cov"],
        "sums in place of means": ["sums over the batch"],
        "the product of the means in G": ["G of the mean slope"],
        "A and G exchanged": ["the other order"],
    },
    "kfac_step": {
        "λ to both": ["λ on both"],
        "no π": ["√λ on both"],
        "the traces without the sizes": ["traces without dimensions"],
        "a step uphill": ["ascent"],
        "π upside down": ["π exchanged"],
    },
    "output_matrices": {
        "the data's labels in both": ["the empirical matrix twice"],
        "the product of the mean probabilities": ["the mean probabilities"],
        "the product of the mean slopes": ["the square of the mean slope"],
        "the diagonal of F alone": ["the variances alone"],
        "sums in place of means": ["no division"],
    },
    "factor_size": {
        "Those are the weights. The factors are square: one of the inputs, one of the outputs.": ["weights"],
        "The inputs of a convolution are a patch: kernel × kernel pixels of each channel.": ["one pixel"],
        "Those are MiB, of 2²⁰ bytes. Asked for are MB, of 10⁶.": ["MiB"],
        "This convolution has no bias: A has no row of ones.": ["a bias"],
        "That is A alone. G has outputs² numbers.": ["A alone"],
    },
    "longest_step": {
        "The batches differ, too: with the larger batch an epoch has fewer steps.": ["epochs alone"],
        "Upside down: fewer steps leave more time for each.": ["upside down"],
        "The epochs differ, too.": ["equal batches of time"],
    },
    "orthogonal": {
        "m is not divided": ["no norm"],
        "divided by the largest σ": ["the spectral norm"],
        "entries in place of matrices": ["entry by entry"],
        "A from the start is kept": ["A once"],
        "a is forgotten": ["a missing"],
        "steps, a, b and c without effect": ["UVᵀ by an SVD"],
    },
    "muon_step": {
        "no look-ahead": ["Nesterov forgotten"],
        "momentum as an average": ["an average"],
        "the factor upside down": ["PyTorch's order of the axes"],
        "Moonlight's factor": ["Moonlight's scale"],
        "no factor": ["no scale", "the factor inside"],
        "the step is not orthogonalised": ["plain Nesterov"],
        "the orthogonal matrix is remembered": ["o kept"],
        "orthogonalised before it is averaged": ["orthogonal gradients averaged"],
    },
    "hidden_only": {
        "every matrix goes to Muon": ["every matrix"],
        "the rest comes first": ["the catch-all first"],
        "the head goes to Muon": ["the head with Muon"],
        "the rates exchanged": ["rates swapped"],
        "Muon with Adam's rate": ["one rate"],
    },
    "shampoo_direction": {
        "the root −1/2": ["minus one half"],
        "the root of the size of every entry": ["the entries' roots"],
        "the diagonal alone": ["the diagonals"],
        "no root: the inverse": ["inverses"],
        "the root +1/4": ["plus one quarter"],
        "only L": ["one side"],
        "turned only once": ["not rotated back"],
    },
    "other_lr": {
        "That is the old lr. The factors differ, so the steps would differ as much.": ["kept"],
        "Upside down: a larger factor wants a smaller lr.": ["upside down"],
        "Jordan's factor is missing. It is above 1 here, where there are more outputs than inputs.": ["Jordan's with PyTorch's axes"],
        "Moonlight takes the longer side. (Or the root is missing in Jordan's factor: that gives the same number.)": ["the shorter side"],
        "The 0.2 is missing in Moonlight's factor.": ["0.2 forgotten"],
        "The roots are missing. (Or the product of both sides stands where the longer one belongs: that gives the same number.)": ["both roots forgotten"],
        "The 0.2 stands before the root, not under it.": ["0.2 under the root"],
    },
    "second_step": {
        "A length has no sign.": ["with the sign"],
        "That is the *first* step. By the second both means have seen two gradients.": ["the first step"],
        "That is the second step *with* the bias correction. Here both hats are gone.": ["as with correction"],
        "The second gradient is −g: the two do not add up in m.": ["the same sign twice"],
        "Upside down: m stands above the line, √v below.": ["upside down"],
        "v stands under a root.": ["no root"],
        "v has gathered two squares by now, and squares have no sign.": ["v of one gradient"],
        "That is m alone. The step divides it by √v.": ["only m"],
        "That is for β₁ = 0.9 and β₂ = 0.999. Take your own.": ["the defaults' number"],
    },
}  # fmt: skip


@pytest.fixture(autouse=True)
def no_record(monkeypatch):
    monkeypatch.setenv("COURSE_PROGRESS", "")


def answer(submission: Submission):
    exercise, _ = find_task(submission.task)
    return check(submission.function(exercise_numbers(exercise)), "Ada")


@functools.cache
def exercise_numbers(exercise):
    return exercise.mine("Ada")


def truthful(submission: Submission, spoken: str) -> bool:
    """Whether one of the names spoken is what is wrong; without a table entry a name is true for the cause it repeats."""
    table = TRUE.get(submission.task, {})
    return any(submission.causes & {name, *table.get(name, ())} for name in (spoken, *spoken.split(OR)))


def test_the_examination_is_large():
    assert len(WRONG) >= 200 and len(RIGHT) >= 55
    assert len({(s.task, s.body) for s in WRONG}) == len(WRONG)


@pytest.mark.parametrize("submission", WRONG, ids=lambda s: f"{s.task}: {s.cause}")
def test_wrong_code_is_rejected_and_not_misnamed(submission):
    result = answer(submission)
    assert result.points == 0 and result.verdict.state != "right"
    assert result.verdict.lines
    spoken = result.verdict.mistake
    assert not spoken or truthful(submission, spoken), (submission.cause, spoken)


@pytest.mark.parametrize("submission", RIGHT, ids=lambda s: f"{s.task}: {s.cause}")
def test_right_code_is_accepted(submission):
    result = answer(submission)
    assert result.verdict.state == "right", result.text


def test_most_mistakes_are_named():
    """At least four of five; the rest are shown by their first difference or a sentence on the error.

    A goal measures what is reached, whatever the code; it has no names.
    """
    named, coded = 0, 0
    for submission in WRONG:  # without a guard, for speed
        exercise, task = find_task(submission.task)
        if isinstance(task, Goal):
            continue
        coded += 1
        mine = exercise_numbers(exercise)
        runs = observe(task.drive, submission.function(mine), list(task.plan.cases), ours=True)
        named += bool(task.judge(runs, mine).mistake)
    print(f"{named} of {coded} named")
    assert coded >= 300 and named >= 0.8 * coded
