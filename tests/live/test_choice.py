"""The decision guide draws what `choose` returns, and says in words what it draws."""

import numpy as np
import pytest

from course_lib.comparing.choice import outside
from course_lib.live import explore_choice

from .common import marks, opened


def texts(figure):
    return [mark["words"] for mark in figure._scene["marks"] if mark["kind"] == "text"]


def test_each_interval_is_drawn_at_its_method():
    figure = explore_choice("images, convolutional net", metric="test loss")
    places = figure.answer().places
    dots = marks(figure, "points")
    assert len(dots) == len(places) == 6
    for height, (place, dot, line) in enumerate(
        zip(reversed(places), dots, marks(figure, "line")[1:], strict=False)
    ):
        np.testing.assert_allclose(dot, [[place.value, height + 0.5]], rtol=1e-6)
        np.testing.assert_allclose(line[:, 0], [place.low, place.high], rtol=1e-6)
    shapes = [mark["shape"] for mark in figure._scene["marks"] if mark["kind"] == "points"]
    assert {place.standing for place in places} == {"alike", "first", "worse"}
    told_apart = [place.standing != "alike" for place in reversed(places)]
    assert shapes == ["dot" if filled else "ring" for filled in told_apart]
    assert texts(figure) == [place.method for place in reversed(places)]


def test_accuracy_is_in_points():
    figure = explore_choice("images, convolutional net")
    sgd = next(place for place in figure.answer().places if place.method == "SGD")
    assert marks(figure, "points")[0][0, 0] == pytest.approx(100 * sgd.value, rel=1e-6)
    assert sgd.value < -0.03 and f"SGD −{-100 * sgd.value:.1f} points, worse" in figure._scene["alt"]


def test_what_was_tried_is_named():
    figure = explore_choice()
    assert figure._scene["panels"][1]["x"]["label"] == "learning rates tried"
    figure.run = "decay and schedule tuned, too"
    assert figure._scene["panels"][1]["x"]["label"] == "settings tried"
    assert (
        figure._scene["rows"][2]["name"] == "widest choice of lr"
        and figure._scene["rows"][2]["cells"][0] == "–"
    )


@pytest.mark.parametrize("run", ["lr constant", "methods of after 2018"])
def test_the_names_have_room_at_their_right(run):
    figure = explore_choice("images, convolutional net", run)
    axis = figure._axis(figure.answer())
    ends = [100 * place.high for place in figure.answer().places]
    longest = max(len(place.method) for place in figure.answer().places)
    assert (axis.high - max(ends)) / (axis.high - axis.low) > 0.02 * longest  # 8.5 of 430 pixels a letter


def test_some_trials_are_shown_as_chances():
    figure = explore_choice(trials=2)
    bars = marks(figure, "bars")
    assert [bar.ravel()[2] for bar in bars] == pytest.approx(
        [p.value for p in reversed(figure.answer().places)]
    )
    assert figure._scene["rows"][0]["name"] == "best chance" and figure._scene["columns"][1] == "chance"
    figure.trials = 9
    assert not marks(figure, "bars") and figure._scene["rows"][0]["name"] == "first on validation"


@pytest.mark.parametrize(
    ("settings", "begins"),
    [
        ({"data": "images, convolutional net"}, "Adam, AdamW or Momentum: the 3 others are worse."),
        ({}, "Anything but RMSprop and Lion: the 13 others cannot be told from AdamW."),
        ({"memory": 0}, "Our rows do not decide: none of the 2 can be told from Adafactor."),
        ({"memory": 0, "data": "images, convolutional net"}, "Only SGD is left."),
        ({"trials": 2}, "One of 7, Nadam, Adafactor, Adam, AdaMax, AMSGrad, SWATS or AdamW: "),
        ({"run": "lr constant, on ten splits", "metric": "test loss"}, "Our rows do not decide: none of the 6 can"),
        ({"run": "lr constant, on ten splits"}, "AdamW, Adam, Momentum or SGD: the 2 others are worse."),
    ],
)  # fmt: skip
def test_the_answer_in_words(settings, begins):
    figure = explore_choice(**settings)
    assert figure._scene["notice"].startswith(begins) and begins in figure._scene["alt"]


def test_a_study_that_is_missing_is_said_to_be():
    figure = explore_choice("sparse text", "lr annealed to zero")
    assert figure.answer().asked and "No study of ours has “lr annealed to zero”" in figure._scene["notice"]
    figure.data = "images, small network"
    assert "No study" not in figure._scene["notice"]


def test_others_are_quoted_where_our_rows_do_not_reach():
    figure = explore_choice(scale="language models")
    for row in outside().where(topic="language models").rows:
        assert f"{row['who']} {row['year']}: {row['finding']}." in figure._scene["notice"]
    figure.scale = "small, as here"
    assert "comparing/results/mlp.csv" in figure._scene["notice"]


def test_bad_answers_are_refused():
    with pytest.raises(ValueError, match="data = 'sound' is not allowed"):
        explore_choice("sound")
    with pytest.raises(ValueError, match="memory = 7 is not allowed"):
        explore_choice(memory=7)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_it_has_a_still_picture(theme):
    assert np.ptp(np.asarray(opened(explore_choice().png(theme)))) > 100
