"""Size and seed of the corpora, a tally for each test, and the table of threats."""

from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.security.report import Row, page, table
from tests.security.tally import Corpora, Tally
from tests.support.external_site import ExternalSite

_SEED = 20261123
_ROWS = pytest.StashKey[defaultdict[str, Row]]()
_TALLY = "tally"


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("security")
    group.addoption("--corpora", choices=["short", "full"], default="short")
    group.addoption("--seed", type=int, default=_SEED, help="of the corpora")
    group.addoption("--threats", type=Path, help="write the table of threats here")


def pytest_configure(config: pytest.Config) -> None:
    config.stash[_ROWS] = defaultdict(Row)
    config.pluginmanager.register(_Listener(config), "threats")


def _corpora(config: pytest.Config) -> Corpora:
    # In a run of all tests this file is loaded after the command line is parsed.
    is_full = config.getoption("corpora", default="short") == "full"
    return Corpora(config.getoption("seed", default=_SEED), is_full)


@pytest.fixture(scope="session")
def corpora(pytestconfig: pytest.Config) -> Corpora:
    """The size and the seed of the corpora."""
    return _corpora(pytestconfig)


@pytest.fixture
def tally(request: pytest.FixtureRequest, corpora: Corpora) -> Iterator[Tally]:
    """Count the test's attempts, and fail the test where one was let through."""
    counted = Tally(is_timed=corpora.is_full)
    yield counted
    request.node.user_properties.append((_TALLY, counted.figures()))
    counted.hold()


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ExternalSite]:
    """An external web site."""
    site = ExternalSite(tmp_path_factory.mktemp("external"))
    yield site
    site.close()


@pytest.fixture
def site(served: ExternalSite) -> ExternalSite:
    """The external site, with its list of requests cleared."""
    served.requested.clear()
    served.dialled.clear()
    return served


class _Listener:
    """Sums what each test reports, whether it ran in this process or in a worker process."""

    def __init__(self, config: pytest.Config) -> None:
        self._rows = config.stash[_ROWS]

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        path = Path(report.nodeid.partition("::")[0])
        if path.parent.name != "security":
            return
        row = self._rows[path.stem.removeprefix("test_").replace("_", " ")]
        row.seconds += report.duration
        row.tests += report.when == "call"
        if report.failed:
            row.red.add(report.nodeid)
        if report.when == "teardown":
            for name, value in report.user_properties:
                if name == _TALLY and isinstance(value, dict):
                    row.tried += value["tried"]
                    row.let_through += value["let_through"]
                    row.server_errors += value["server_errors"]
                    if (waited := value["max_wait_seconds"]) is not None:
                        row.max_wait_seconds = max(waited, row.max_wait_seconds or 0)


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    rows, corpora = config.stash[_ROWS], _corpora(config)
    if not rows:
        return
    size = "full" if corpora.is_full else "short"
    terminalreporter.section(f"threats, {size} corpora, --seed {corpora.seed}")
    for line in table(rows):
        terminalreporter.write_line(line)
    if path := config.getoption("threats", default=None):
        path.write_text(page(rows, corpora))
        terminalreporter.write_line(f"written to {path}")
