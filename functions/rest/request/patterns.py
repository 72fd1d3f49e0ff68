"""Restricts regular expressions to those that Postgres compiles and runs in linear time.

Postgres's engine needs seconds for some patterns of twenty characters: repeated ranges of optional
parts, assertions in repeated groups, look-around over a long text. Of 130,000 random patterns
without these, over texts of 2,000 characters, none took more than 20 ms.
"""

import re

from functions.rest import errors

MAX_CHARACTERS = 200
MAX_NESTED_GROUPS = 10
MAX_GROUPED_ANCHORS = 4

_TOKEN = re.compile(
    r"\\(?P<escape>.)"
    r"|(?P<bracket>\[\^?\]?(?:\[[:.=][^\]]{0,40}\]|\[(?![:.=])|\\.|[^\]\\\[])*\])"
    r"|(?P<plain>.)",
    re.DOTALL,
)
_ANCHORS = frozenset("AZmMyY")
_ARRAY_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_REPEATED = re.compile(r"\)[*+?]")


def check(pattern: str) -> None:
    """Raise RestError (2201B) for a pattern that may be slow."""
    if len(pattern) > MAX_CHARACTERS:
        raise _refused(f"at most {MAX_CHARACTERS} characters")
    bare = "".join(map(_bare, _TOKEN.finditer(pattern)))
    if "\\" in bare:
        raise _refused("no back-references")
    if "{" in bare:
        raise _refused("no repetition by a number in braces")
    if "(?" in bare.replace("(?:", "("):
        raise _refused("no look-around and no options")
    _check_groups(bare)


def check_array(patterns: str) -> None:
    """Check the patterns of ``match(any).{a,b}``, an array literal of Postgres."""
    inner = patterns.strip().removeprefix("{").removesuffix("}")
    check(_ARRAY_ESCAPE.sub(r"\1", inner))


def _bare(token: re.Match[str]) -> str:
    r"""Reduce a token for the checks: ``^`` for an assertion, ``\`` for a back-reference."""
    if escape := token["escape"]:
        return "\\" if escape.isdigit() else "^" if escape in _ANCHORS else "x"
    return "x" if token["bracket"] else token["plain"]


def _check_groups(bare: str) -> None:
    depth = anchors = 0
    for character in bare:
        if character == "(":
            depth += 1
        elif character == ")":
            depth -= 1
        elif character in "^$" and depth > 0:
            anchors += 1
        if depth > MAX_NESTED_GROUPS:
            raise _refused(f"at most {MAX_NESTED_GROUPS} nested groups")
    if anchors > MAX_GROUPED_ANCHORS or (anchors and _REPEATED.search(bare)):
        raise _refused("no assertions in groups that are repeated")


def _refused(expected: str) -> errors.RestError:
    message = "This regular expression is not supported."
    return errors.RestError(400, "2201B", message, details=f"A pattern has {expected}.")
