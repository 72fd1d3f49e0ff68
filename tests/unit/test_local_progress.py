"""The progress bar of the sample job."""

import io

from infra.local.sample.progress_bar import ProgressBar


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_terminal_is_redrawn_in_place() -> None:
    terminal = Terminal()
    bar = ProgressBar(terminal)

    bar.draw(0.0, "queued, waiting")
    bar.draw(0.5, "step 7 of 15")
    bar.end()

    text = terminal.getvalue()
    assert text.count("\r") == 2
    assert text.count("\n") == 1
    assert "[###############...............]  50%  step 7 of 15" in text


def test_the_same_state_is_drawn_once() -> None:
    terminal = Terminal()
    bar = ProgressBar(terminal)

    bar.draw(0.5, "half")
    bar.draw(0.5, "half")

    assert terminal.getvalue().count("half") == 1


def test_elsewhere_each_tenth_is_a_plain_line() -> None:
    file = io.StringIO()
    bar = ProgressBar(file)

    for percent in range(101):
        bar.draw(percent / 100, "working")
    bar.end()

    lines = file.getvalue().splitlines()
    assert len(lines) == 11
    assert "\r" not in file.getvalue()
    assert lines[-1].endswith("100%  working")
