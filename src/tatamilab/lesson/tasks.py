"""What the worksheets ask, and what an answer to it can't do without. Questions back, never the answer itself."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from tatamilab.i18n import _
from tatamilab.lesson.results import Result


@dataclass(frozen=True)
class Point:
    """One thing that a good answer touches.

    Attributes:
        pattern: words of either language by which it is recognised.
        question: what to ask where none of them is found; called in the language of the moment.
    """

    pattern: re.Pattern[str]
    question: Callable[[], str]


@dataclass(frozen=True)
class Need:
    """A result that the task asks for.

    Attributes:
        fits: whether a result is it.
        request: what to say where it is missing.
    """

    fits: Callable[[Result], bool]
    request: Callable[[], str]


@dataclass(frozen=True)
class Task:
    """A task of a worksheet.

    Attributes:
        name: such as "B2-1-2".
        worksheet: where it stands.
        title: in the language of the moment.
        needs: results that it asks for.
        points: what its answer touches.
    """

    name: str
    worksheet: str
    title: Callable[[], str]
    needs: tuple[Need, ...] = ()
    points: tuple[Point, ...] = ()

    def unmet(self, results: Sequence[Result]) -> list[Need]:
        """What it asks for and none of the results is."""
        return [need for need in self.needs if not any(need.fits(result) for result in results)]


def _words(*patterns: str) -> re.Pattern[str]:
    return re.compile("|".join(patterns), re.IGNORECASE)


def on_600(model: str, *, own: bool) -> Callable[[Result], bool]:
    """Whether a result is the task's: on the 600 images that everyone takes, or on a sample drawn by a student's ID."""
    return lambda result: (
        result.recipe.model == model
        and result.recipe.data_size == 600
        and (result.recipe.draw is not None) == own
    )


NUMBERS = Point(
    _words(r"\d+(\.\d+)?\s*(%|％|ポイント|points?|pp)", r"0\.\d{2,}", r"[0-9０-９]{2}[.．][0-9０-９]"),
    lambda: _("Which numbers stand behind it? Quote yours."),
)

FILTERS = Task(
    "B2-1-1",
    "b2-1",
    lambda: _("Why do the filters look like this?"),
    points=(
        Point(
            _words(r"(#|No\.?|filter|フィルタ|番号)\s*\d+", r"\d+\s*(番|枚目|つ目)", r"(row|行|段)"),
            lambda: _("Which filter do you mean? Name one by its number, and say what it looks like."),
        ),
        Point(
            _words("edge", "stroke", "line", "縁", "輪郭", "エッジ", "線", "ストローク", "明暗", "境"),
            lambda: _(
                "On which part of a digit would that filter answer strongly? Lay it on one in your mind."
            ),
        ),
        Point(
            _words("gradient", "backprop", "loss", "error", "勾配", "逆伝播", "誤差", "更新"),
            lambda: _(
                "What moved the weights, and in which direction? Nothing in the network knows about forms."
            ),
        ),
        Point(
            _words("patch", "input", "image", "data", "pixel", "入力", "画像", "画素", "パッチ", "データ"),
            lambda: _(
                "Where does the form come from, if the start was random? What did the filter see in training?"
            ),
        ),
        Point(
            _words("random", "before", "initial", "frozen", "乱数", "初期", "学習前", "凍", "ランダム"),
            lambda: _(
                "Would you see such forms in random filters too? Compare with those from before training."
            ),
        ),
        Point(
            _words("norm", "size", "scale", "small", "大きさ", "目盛", "スケール", "弱", "ノルム", "小さ"),
            lambda: _(
                "[1-11] stretches every filter by itself. Are all of your filters large? Look on one scale."
            ),
        ),
    ),
)

COMPARISON = Task(
    "B2-1-2",
    "b2-1",
    lambda: _("The CNN and the BPNN on 600 images"),
    needs=(
        Need(on_600("cnn-small-data", own=False), lambda: _("The CNN on the first 600 images is not there yet.")),
        Need(on_600("bpnn", own=False), lambda: _("The BPNN on the first 600 images is not there yet.")),
        Need(on_600("cnn-small-data", own=True), lambda: _("The CNN on your own 600 images is not there yet.")),
        Need(on_600("bpnn", own=True), lambda: _("The BPNN on your own 600 images is not there yet.")),
    ),
    points=(
        Point(
            _words("BPNN", "plain network", "dense", "全結合", "３層", "3 ?層", "前回"),
            lambda: _("There is no comparison with the BPNN yet. By how many points do the two differ?"),
        ),
        NUMBERS,
        Point(
            _words("own 600", "draw", "sample", "another", "chance", "luck", "別の", "偶然", "たまたま", "標本"),
            lambda: _("What would another draw of 600 change? You have two of them."),
        ),
        Point(
            _words("valid", "60", "10,?000", "test", "検証", "テスト"),
            lambda: _("Did you compare by the 60 validation images or by the 10,000 test images? Does it matter?"),
        ),
        Point(
            _words("local", "shar", "neighbou?r", "window", "shift", "position", "局所", "共有", "近く", "隣", "窓",
                   "位置", "ずれ", "場所"),
            lambda: _("By what mechanism? What does the one know about images, before it has seen any, that the other "
                      "must learn?"),
        ),
        Point(
            _words("param", "weights", "units", "パラメータ", "重みの数", "ユニット", "素子"),
            lambda: _("The two differ in something else as well: count their weights. Could that be the reason?"),
        ),
        Point(
            _words("moved", "permut", "shuffl", "would", "if ", "かき混ぜ", "入れ替え", "もし", "はず", "確かめ"),
            lambda: _("If your reason is right, what should make the advantage vanish? Could you try it?"),
        ),
    ),
)  # fmt: skip

PLAIN = Task(
    "B1-2-1",
    "b1-2",
    lambda: _("What does a hidden unit look at?"),
    points=(
        Point(
            _words(r"(unit|ユニット|素子|番号)\s*\d+", r"\d+\s*(番|つ目|個目)"),
            lambda: _("Which unit do you mean? Name one by its number, and say what its weights look like."),
        ),
        Point(
            _words(
                "border",
                "edge of the image",
                "corner",
                "outside",
                "never",
                "端",
                "隅",
                "周り",
                "外側",
                "ノイズ",
            ),
            lambda: _("Look at the rim of the weight pictures. What did the pixels there see in training?"),
        ),
        Point(
            _words("place", "position", "shift", "whole", "場所", "位置", "ずら", "全体"),
            lambda: _("What would happen to such a unit if the digit were moved by three pixels?"),
        ),
    ),
)

FEWER = Task(
    "B1-2-2",
    "b1-2",
    lambda: _("How many images does the network need?"),
    points=(
        NUMBERS,
        Point(
            _words("overfit", "train", "memor", "gap", "過学習", "訓練", "学習データ", "丸暗記", "差"),
            lambda: _("How do the training score and the test score differ, and what does the gap mean?"),
        ),
        Point(
            _words("steps?", "updates?", "epoch", "ステップ", "更新", "回数", "エポック"),
            lambda: _("Fewer images are also fewer steps. Which of the two made the difference?"),
        ),
    ),
)

DEEPER = Task(
    "B2-2-1",
    "b2-2",
    lambda: _("Does depth help?"),
    points=(
        NUMBERS,
        Point(
            _words("seed", "again", "twice", "interval", "種", "もう一度", "区間", "ばらつき", "偶然"),
            lambda: _("Would the order of the networks be the same with another seed? Try one."),
        ),
        Point(
            _words("param", "weights", "パラメータ", "重みの数"),
            lambda: _("Which network has more weights, and where are they? The summary tells."),
        ),
        Point(
            _words("receptive", "region", "see", "larger", "受容野", "範囲", "広", "見て"),
            lambda: _("How many pixels of the image does one number of the second layer see?"),
        ),
    ),
)

REGULARISED = Task(
    "B2-2-2",
    "b2-2",
    lambda: _("What holds overfitting back?"),
    points=(
        NUMBERS,
        Point(
            _words("gap", "train", "overfit", "過学習", "差", "訓練", "学習データ"),
            lambda: _("Compare training and test, not only test: which of them did dropout change?"),
        ),
        Point(
            _words(
                "predict",
                "test time",
                "inference",
                "training only",
                "推論",
                "テストのとき",
                "評価",
                "予測のとき",
            ),
            lambda: _("Dropout and batch normalisation do something else when predicting. What, and why?"),
        ),
        Point(
            _words("mirror", "flip", "label", "6", "9", "反転", "鏡", "回転"),
            lambda: _("Which changes of an image keep its label, and which don't? Think of 6 and 9."),
        ),
    ),
)

TASKS = {task.name: task for task in (PLAIN, FEWER, FILTERS, COMPARISON, DEEPER, REGULARISED)}


def tasks_of(worksheet: str) -> tuple[Task, ...]:
    """The tasks of a worksheet, in their order."""
    return tuple(task for task in TASKS.values() if task.worksheet == worksheet)


def questions(task: Task, answer: str, results: Sequence[Result], most: int = 3) -> list[str]:
    """What to ask back about an answer: results that are missing first, then what it doesn't touch.

    Args:
        task: what was asked.
        answer: what was written; the words that the cell came with are no part of it.
        results: what was kept so far.
        most: at most so many, because nobody reads ten.
    """
    missing = [need.request() for need in task.unmet(results)]
    open_points = [point.question() for point in task.points if not point.pattern.search(answer)]
    return [*missing, *(open_points if answer else [])][: most + len(missing)]
