"""Text fields of requests: limited in size before they are normalised."""

import unicodedata
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic_core import CoreSchema, PydanticCustomError, PydanticKnownError, core_schema

MAX_CONSECUTIVE_MARKS = 30
"""The limit of the Stream-Safe Text Format (Unicode Standard Annex #15): more than any language
needs. Normalisation sorts each run of marks, in time that grows with the square of its length."""

_MAX_SHRINKAGE = 4
"""NFD has at most four characters for one of NFC (U+1F82; Unicode Standard Annex #15)."""

_KATAKANA_MARKS = "\uff9e\uff9f"
"""The only characters that are no marks by category but become marks when normalised."""

_ALLOWED_CONTROLS = "\n\r\t"


def normalize(form: Literal["NFC", "NFD", "NFKC", "NFKD"], text: str) -> str:
    """Normalise a text of any origin, in time proportional to its length.

    Combining marks beyond ``MAX_CONSECUTIVE_MARKS`` in a row are dropped. This is the only caller
    of ``unicodedata.normalize``.
    """
    if text.isascii():
        return text
    return unicodedata.normalize(form, _without_long_mark_runs(text))


@dataclass(frozen=True, slots=True)
class Text:
    """Annotates a field of a request that holds text: ``Annotated[str, Text(max_length=200)]``.

    The value is stripped and in NFC. Control characters but line breaks and tabs are refused, and
    so are lone surrogates and more than ``MAX_CONSECUTIVE_MARKS`` combining marks in a row.

    Args:
        max_length: characters, once normalised. A text that cannot become that short is refused
            without being normalised.
        min_length: characters, once normalised and stripped.
    """

    max_length: int
    min_length: int = 0

    def parse(self, text: str) -> str:
        """Validate a text and return it normalised.

        Raises:
            PydanticKnownError: the text is too long or too short.
            PydanticCustomError: the text holds characters that are not allowed.
        """
        text = text.strip()
        if len(text) > self.max_length * _MAX_SHRINKAGE:
            raise self._too_long()
        if not text.isascii() and _without_long_mark_runs(text) != text:
            raise PydanticCustomError(
                "too_many_marks",
                "must not hold more than {max_marks} combining marks in a row",
                {"max_marks": MAX_CONSECUTIVE_MARKS},
            )
        text = normalize("NFC", text).strip()
        if len(text) > self.max_length:
            raise self._too_long()
        if len(text) < self.min_length:
            raise PydanticKnownError("string_too_short", {"min_length": self.min_length})
        if any(map(_is_control, text)):
            raise PydanticCustomError("control_characters", "must hold no control characters")
        return text

    def _too_long(self) -> PydanticKnownError:
        return PydanticKnownError("string_too_long", {"max_length": self.max_length})

    def __get_pydantic_core_schema__(self, _: object, __: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_after_validator_function(self.parse, core_schema.str_schema())

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        bounds = {"maxLength": self.max_length}
        if self.min_length:
            bounds["minLength"] = self.min_length
        return {**handler(schema), **bounds}


def _without_long_mark_runs(text: str) -> str:
    run = 0
    characters = []
    for character in text:
        run = run + 1 if _is_mark(character) else 0
        if run <= MAX_CONSECUTIVE_MARKS:
            characters.append(character)
    return "".join(characters)


def _is_mark(character: str) -> bool:
    return unicodedata.category(character)[0] == "M" or character in _KATAKANA_MARKS


def _is_control(character: str) -> bool:
    is_control = unicodedata.category(character) in {"Cc", "Cs"}
    return is_control and character not in _ALLOWED_CONTROLS
