"""Valid callbacks made from the document, signed in every form, against the receivers of each framework."""

from __future__ import annotations

import itertools
import json
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from highhelp import CallbackInbox
from highhelp.testing.strategies import valid
from highhelp_api.contract import CALLBACK_FIELDS, CALLBACK_SCHEMA, HEADERS, SCHEMAS
from highhelp_mock import MockGateway
from highhelp_signing import CallbackRejected, CallbackVerifier, HmacSigner, RejectionReason
from highhelp_signing.encoding import base64url_encode
from highhelp_signing.forms import FORMS
from highhelp_signing.normalize import collect_entries, join_entries, message_of
from tests.inbox.test_receivers import APPS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from highhelp_signing import SignatureScheme

pytestmark = pytest.mark.slow

NUMBERS = itertools.count()


@pytest.fixture(scope="module")
def gateway() -> MockGateway:
    return MockGateway()


@pytest.fixture(scope="module")
def posts(gateway: MockGateway, tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Callable[..., Any]]]:
    url = f"sqlite:///{tmp_path_factory.mktemp('inbox') / 'inbox.db'}"
    verifier = CallbackVerifier(gateway.callback_keys, clock=gateway.clock)
    with CallbackInbox(url, verifier=verifier, clock=gateway.clock, environ={}) as inbox:
        yield [app(inbox) for app in APPS.values()]


def signed(gateway: MockGateway, body: dict[str, Any], scheme: SignatureScheme, *, hmac: bool) -> dict[str, str]:
    keys = gateway.project.keys
    signer = HmacSigner(keys.callback_hmac_key) if hmac else keys.callback_signer
    now = int(gateway.clock())
    # keys with a colon too, which a careless gateway would sign
    text = join_entries(body, collect_entries(body, scheme, bad_keys=[]), scheme)
    signature = signer.sign(message_of(text, f"{now}", scheme), scheme.digest)
    return {
        HEADERS.signature: base64url_encode(signature, padding=scheme.padding),
        HEADERS.timestamp: f"{now}",
        "content-type": "application/json",
    }


def at(body: Any, path: str) -> Any:
    for name in path.split(":"):
        body = body.get(name) if isinstance(body, dict) else None
    return body


def test_a_valid_callback_is_taken_and_read_as_it_is(gateway: MockGateway, posts: list[Callable[..., Any]]) -> None:
    outcomes: Counter[str] = Counter()
    verifier = CallbackVerifier(gateway.callback_keys, clock=gateway.clock)

    @settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
    @given(valid(SCHEMAS[CALLBACK_SCHEMA]), st.sampled_from(FORMS), st.booleans(), st.integers(0, len(posts) - 1))
    def check(body: dict[str, Any], scheme: SignatureScheme, hmac: bool, receiver: int) -> None:
        body["project_id"] = gateway.project_id
        body["general"]["payment_id"] += f"-{next(NUMBERS)}"
        raw = json.dumps(body, ensure_ascii=False).encode()
        headers = signed(gateway, body, scheme, hmac=hmac)
        # genuine, so it is stored in any case, and acknowledged
        assert posts[receiver](raw, headers) == (200, b"OK")
        try:
            event = verifier.verify(raw, headers)
        except CallbackRejected as rejected:
            outcomes[rejected.reason] += 1
            return
        outcomes["accepted"] += 1
        for path, field in CALLBACK_FIELDS.items():
            if field.type in ("string", "integer", "boolean"):
                sent = at(body, path)
                absent = field.type == "string" and not field.required and sent in ("", "None")
                assert at(event.body, path) == (None if absent else sent), path

    check()
    assert set(outcomes) <= {"accepted", RejectionReason.AMBIGUOUS}
    assert outcomes["accepted"] > 9 * outcomes[RejectionReason.AMBIGUOUS], outcomes
