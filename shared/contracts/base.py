"""The base of every form."""

from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel


class Contract(BaseModel):
    """A form whose field names stand on the wire as they stand in the code."""

    model_config = ConfigDict(frozen=True)


class CamelContract(BaseModel):
    """A form that is camelCase on the wire and snake_case in the code."""

    model_config = ConfigDict(frozen=True, alias_generator=to_camel, validate_by_name=True)
