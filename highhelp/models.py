"""The models and enums of the contract, each loaded on first use."""

from __future__ import annotations

from typing import TYPE_CHECKING

from highhelp_api.client import models as _models
from highhelp_api.client.types import UNSET as UNSET
from highhelp_api.client.types import Unset as Unset

if TYPE_CHECKING:
    from highhelp_api.client.models import *

__all__ = (*_models.__all__, "UNSET", "Unset")


if not TYPE_CHECKING:  # with __getattr__ a type checker would accept any name

    def __getattr__(name: str) -> object:
        return getattr(_models, name)


def __dir__() -> list[str]:
    return sorted(__all__)
