"""A P2P pay-in with the generated client alone: `Client`, its endpoint functions and `SignatureAuth`.

Run: `HIGHHELP_HOME=./home python payin.py order-1001 10000 RUB`; the amount is in minor units. Run it again with the
same id and it reports on the same payment.
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
import time
from pathlib import Path

import httpx

from highhelp_api.client import Client, errors, models
from highhelp_api.client.api.p2p import create_p2p_payin, get_p2p_payin
from highhelp_api.contract import FINAL_STATUSES
from highhelp_signing import RsaSigner, SignatureAuth

NO_ANSWER = (httpx.TransportError, errors.ResponseParseError)
"""Errors of endpoint functions after which the payment may exist nevertheless."""


def connect(home: Path) -> tuple[Client, str]:
    """Return a client that signs with the key of a home directory, and the id of its project."""
    project = json.loads((home / "project.json").read_text(encoding="utf-8"))
    signer = RsaSigner.from_pem(home / "private_key.pem")
    auth = SignatureAuth(project["project_id"], signer, origin=project["base_url"])
    return Client(base_url=project["base_url"], httpx_args={"auth": auth}), project["project_id"]


def create(client: Client, project_id: str, payment_id: str, amount: int, currency: str) -> None:
    """Send the request once. Whatever the answer, only the payment's state shows the outcome."""
    body = models.P2PPayinRequest(
        general=models.General(project_id=project_id, payment_id=payment_id),
        payment=models.P2PPayinPayment(method=models.Method.CARD_P2P, amount=amount, currency=currency),
    )
    try:
        answer = create_p2p_payin.sync_detailed(client=client, body=body)
    except NO_ANSWER as error:
        print(f"no readable answer, the payment may exist: {error}", file=sys.stderr)
    else:
        if isinstance(answer.parsed, models.ErrorResponse):
            print(f"HTTP {answer.status_code}: {answer.parsed.status_description}", file=sys.stderr)


def wait(client: Client, project_id: str, payment_id: str) -> models.PaymentState | models.ErrorResponse | None:
    """Query the payment until its status is final or the gateway refuses the query."""
    body = models.PaymentInfoRequest(general=models.InfoGeneral(project_id=project_id, payment_id=payment_id))
    state: models.PaymentState | models.ErrorResponse | None = None
    for _ in range(300):
        with contextlib.suppress(*NO_ANSWER):  # a query can be repeated
            state = get_p2p_payin.sync(client=client, body=body)
            if isinstance(state, models.ErrorResponse) or (state and state.status in FINAL_STATUSES):
                break
        time.sleep(2)
    return state


def main(payment_id: str, amount: str, currency: str) -> int:
    """Pay in and return the exit code: 0 paid, 1 anything else."""
    client, project_id = connect(Path(os.environ["HIGHHELP_HOME"]))
    with client:
        create(client, project_id, payment_id, int(amount), currency)
        state = wait(client, project_id, payment_id)
    if not isinstance(state, models.PaymentState):
        print(f"{payment_id}: {state.status_description if state else 'nothing is known'}", file=sys.stderr)
        return 1
    print(f"{payment_id}: {state.status}")
    return 0 if state.status == models.Status.SUCCESS else 1


if __name__ == "__main__":
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    sys.exit(main(*sys.argv[1:]))
