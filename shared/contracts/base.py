"""Base models: snake_case and camelCase."""

from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel


class Contract(BaseModel):
    """A model with the same field names in JSON and in code."""

    model_config = ConfigDict(frozen=True)


class CamelContract(BaseModel):
    """A model with camelCase field names in JSON and snake_case in code."""

    model_config = ConfigDict(frozen=True, alias_generator=to_camel, validate_by_name=True)
