"""No request contains a null, so requests do not depend on how the gateway writes one."""

from __future__ import annotations

import copy
import json
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from highhelp import HighHelp, InvalidRequest, Rejected
from highhelp_api import contract

if TYPE_CHECKING:
    from collections.abc import Iterator

    from highhelp_signing import RsaSigner

EXAMPLES = [
    example for example in contract.EXAMPLES if example.of in contract.OPERATIONS and not example.status
]  # of requests


def test_no_field_of_a_request_may_be_null() -> None:
    assert [path for path, row in contract.REQUEST_FIELDS.items() if row.nullable] == []


def test_each_operation_has_an_example() -> None:
    assert {example.of for example in EXAMPLES} == contract.OPERATIONS.keys()


def with_null(body: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for path in contract.REQUEST_FIELDS:
        *parents, key = path.split(":")
        changed = copy.deepcopy(body)
        node: Any = changed
        for parent in parents:
            node = node.get(parent) if isinstance(node, dict) else None
        if isinstance(node, dict) and key in node:
            node[key] = None
            yield path, changed


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: f"{example.of}-{example.name}")
def test_a_null_in_a_request_is_refused_unsent(example: contract.Example, signer: RsaSigner) -> None:
    sent: list[bytes] = []

    def answer(request: httpx.Request) -> httpx.Response:
        sent.append(request.content)
        status = 404 if request.url.path.endswith("/info") else 422  # a refused create is looked up
        return httpx.Response(status, json={"status": "error", "status_description": "x"})

    body = json.loads(json.dumps(example.value))
    with HighHelp(base_url="https://gateway.example", project_id=body["general"]["project_id"], signer=signer,
                  transport=httpx.MockTransport(answer), environ={}) as client:  # fmt: skip
        for path, changed in with_null(body):
            with pytest.raises((InvalidRequest, Rejected)) as caught:
                client.call(example.of, changed, dict)
            if isinstance(caught.value, InvalidRequest):
                assert any(path.startswith(problem.path) for problem in caught.value.problems), path
            else:
                assert path == "general:project_id", "which the client fills in"
    assert not [content for content in sent if b"null" in content]
