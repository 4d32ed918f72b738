"""The body of a stored callback as a model. A masked value is never shown as if it were the real one."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from highhelp.errors import SettingsError
from highhelp.redact import MASK
from highhelp.settings import DATABASE_KEY
from highhelp_api.client.models import PaymentCallback
from highhelp_api.contract import CALLBACK_SCHEMA, SENSITIVE_PATHS

if TYPE_CHECKING:
    from collections.abc import Mapping

_BLOCKS = sorted({tuple(path.split(":")[:-1]) for path in SENSITIVE_PATHS[CALLBACK_SCHEMA]})


def typed_body(body: Mapping[str, Any]) -> PaymentCallback:
    """Convert a stored body to a model. Reading a masked field of it raises `SettingsError`.

    Args:
        body: The stored body, masked or not.
    """
    callback = PaymentCallback.from_dict(body)
    for path in _BLOCKS:
        holder: Any = None
        block: Any = callback
        values: Any = body
        for name in path:
            holder, block = block, getattr(block, name, None)
            values = values[name] if block is not None else {}
        if MASK in values.values():
            setattr(holder, path[-1], _guarded(block.__class__).from_dict(values))
    return callback


@cache
def _guarded(model: Any) -> Any:
    class Guarded(model):  # type: ignore[misc]  # the model is only known at run time
        __slots__ = ()

        def __getattribute__(self, name: str) -> Any:
            value = object.__getattribute__(self, name)
            if value == MASK or (
                value is None and object.__getattribute__(self, "additional_properties").get(name) == MASK
            ):
                raise SettingsError(
                    DATABASE_KEY,
                    f"is not set, so {name} was stored masked; set it for future callbacks, or ask the info operation",
                )
            return value

    Guarded.__name__ = Guarded.__qualname__ = model.__name__
    return Guarded
