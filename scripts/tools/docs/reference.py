"""The pages of the Python API: every public name, from the `__all__` of each public module."""

from __future__ import annotations

from importlib import import_module

from highhelp_api.contract import OPERATIONS

MODULES: dict[str, tuple[str, str, tuple[str, ...]]] = {
    "highhelp": ("highhelp", "What `from highhelp import ...` finds.", ("highhelp",)),
    "models": (
        "Models",
        "The requests, answers and enums of `highhelp.models`, each field with how it is [known](../provenance.md).",
        ("highhelp_api.client.models",),
    ),
    "signing": ("Signatures", "What `from highhelp_signing import ...` finds.", ("highhelp_signing",)),
    "testing": ("Testing", "The fixtures of the pytest plugin.", ("highhelp.testing",)),
    "mock": ("Mock gateway", "What `from highhelp_mock import ...` finds. Extra `[mock]`.", ("highhelp_mock",)),
    "recording": (
        "Recording and drift",
        "What `from highhelp.drift import ...` finds.",
        ("highhelp.drift",),
    ),
    "contract": (
        "The contract as data",
        "What `from highhelp_api.contract import ...` finds: the document as plain data.",
        ("highhelp_api.contract",),
    ),
}
"""Page -> its title, a sentence, and the modules whose names it lists."""

ELSEWHERE = {"models"}
"""Names of `highhelp` that have a separate page."""


def names(module: str) -> tuple[str, ...]:
    """The public names of a module."""
    return tuple(name for name in import_module(module).__all__ if name not in ELSEWHERE)


def pages() -> dict[str, str]:
    """Path below the pages -> content."""
    made = {}
    for page, (title, about, modules) in MODULES.items():
        entries = [f"::: {module}.{name}" for module in modules for name in names(module)]
        made[f"reference/{page}.md"] = "\n\n".join([f"# {title}", about, *entries]) + "\n"
    made["reference/operations.md"] = operations()
    return made


def operations() -> str:
    """The resources of a client, by tag."""
    parts = [
        "# Operations",
        "The methods of `client.p2p` and its like. Those of `AsyncHighHelp` are the same, as coroutines.",
    ]
    for tag in dict.fromkeys(operation.tag for operation in OPERATIONS.values()):
        module = import_module(f"highhelp_api.client.api.{tag}")
        name = next(one for one in module.__all__ if not one.startswith("Async"))
        parts.append(f"::: {module.__name__}.{name}")
    return "\n\n".join(parts) + "\n"
