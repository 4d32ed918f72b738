"""Every answer, valid, damaged or hostile, becomes a value or an error of this package, without loss."""

from __future__ import annotations

import asyncio
import json
import pickle
from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from highhelp import AsyncHighHelp, HighHelp, HighHelpError, RsaSigner, models
from highhelp.testing.strategies import damaged, valid
from highhelp_api.contract import EXAMPLES, OPERATIONS, SCHEMAS, resolve

SIGNER = RsaSigner(rsa.generate_private_key(65537, 2048))
ANSWERS = sorted({operation.response for operation in OPERATIONS.values()} | {"ErrorResponse"})
REQUESTS = {example.of: dict(example.value) for example in EXAMPLES if not example.status}
STATUSES = st.sampled_from([200, 200, 200, 201, 204, 302, 400, 401, 403, 404, 409, 418, 422, 429, 500, 503, 520, 599])

# the answers are made in memory without waiting, so deadlines would only measure the machine
relaxed = settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])


@st.composite
def bodies(draw: st.DrawFn) -> bytes:
    whole = st.sampled_from(ANSWERS).flatmap(lambda name: valid(SCHEMAS[name]))
    value = draw(st.one_of(whole, damaged(whole), st.binary(max_size=60)))
    if isinstance(value, bytes):
        return value
    text = json.dumps(value).encode()
    return draw(st.sampled_from([text, text[: len(text) // 2], b"\xef\xbb\xbf" + text, text + b"\0"]))


def call(client: Any, operation: str) -> Any:
    parse = getattr(models, OPERATIONS[operation].response).from_dict
    return client.call(operation, {**REQUESTS[operation], "general": general(operation)}, parse)


def general(operation: str) -> dict[str, Any]:
    return {name: value for name, value in REQUESTS[operation]["general"].items() if name != "project_id"}


def without_nulls(value: Any, schema: Any) -> Any:
    """Normalise an answer: drop known fields that are null, and write times in one form."""
    schema = resolve(schema)
    for branch in schema.get("anyOf", ()):
        schema = resolve(branch) if "properties" in resolve(branch) else schema
    if isinstance(value, list):
        return [without_nulls(item, schema.get("items", {})) for item in value]
    if not isinstance(value, dict) or "properties" not in schema:
        return value
    known = schema["properties"]
    return {
        name: without_nulls(item, known.get(name, {}))
        for name, item in value.items()
        if item is not None or name not in known
    }


@relaxed
@given(operation=st.sampled_from(sorted(OPERATIONS)), status=STATUSES, content=bodies(), asynchronous=st.booleans())
@pytest.mark.slow
def test_a_value_or_an_error_of_ours(
    naps: list[float], operation: str, status: int, content: bytes, asynchronous: bool
) -> None:
    # lessons: HTTP 520 and damaged bodies raise untyped errors
    arguments: dict[str, Any] = {
        "base_url": "https://gateway.example",
        "project_id": "p",
        "signer": SIGNER,
        "environ": {},
        "transport": httpx.MockTransport(lambda _: httpx.Response(status, content=content)),
    }
    try:
        if asynchronous:

            async def run() -> Any:
                async with AsyncHighHelp(**arguments) as client:
                    return await call(client, operation)

            result = asyncio.run(run())
        else:
            with HighHelp(**arguments) as client:
                result = call(client, operation)
    except HighHelpError as error:
        raised = error
    else:
        assert 200 <= status < 300
        assert type(result).__name__ == OPERATIONS[operation].response
        assert result.to_dict() == json.loads(content), "nothing that came is lost"
        repr(result)
        return
    assert str(pickle.loads(pickle.dumps(raised))) == str(raised)


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted({*ANSWERS, "PaymentCallback"} | {op.request for op in OPERATIONS.values()}))
@relaxed
@given(data=st.data())
def test_every_body_round_trips(name: str, data: st.DataObject) -> None:
    body = data.draw(valid(SCHEMAS[name]))
    model = getattr(models, name).from_dict(body)
    assert model.to_dict() == without_nulls(body, SCHEMAS[name])
    assert pickle.loads(pickle.dumps(model)) == model
