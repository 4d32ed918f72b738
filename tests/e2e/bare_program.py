"""Test a bare installation, without pytest and extras: `python bare_program.py HOME VECTORS`.

Run by `scripts/matrix` in an environment with only the package, against a gateway in another process, whose home
directory is passed. Exits with 0 and prints a summary.
"""

from __future__ import annotations

import asyncio
import base64
import json
import sys
from pathlib import Path

from highhelp import AsyncHighHelp, HighHelp, Money, Rejected, models
from highhelp_signing import (
    BodyNotSignable,
    HmacSigner,
    RsaSigner,
    SignatureScheme,
    Signer,
    normalize,
    parse_body,
    signing_message,
)


def sign_vectors(path: Path) -> int:
    """Sign every valid vector, and have every invalid one refused. Returns how many there were."""
    known = json.loads(path.read_text(encoding="utf-8"))
    signers: dict[str, Signer] = {
        name: HmacSigner(key["text"]) if "text" in key else RsaSigner.from_pem(key["private_pem"])
        for name, key in known["keys"].items()
    }
    for vector in known["vectors"]:
        scheme = SignatureScheme.from_json(vector["scheme"])
        reason = None
        try:
            body = parse_body(base64.b64decode(vector["input"]))
            text = normalize(body, scheme)
            message = signing_message(body, vector["timestamp"], scheme)
        except BodyNotSignable as refusal:
            reason = refusal.reason
        if "body" in vector["flags"] or reason is not None:
            assert reason == vector["reason"], vector["id"]
            continue
        assert text == vector["stages"]["normalized"], vector["id"]
        assert message.decode() == vector["stages"]["message"], vector["id"]
        made = base64.urlsafe_b64encode(signers[vector["key"]].sign(message, scheme.digest)).decode()
        same = vector["stages"]["signature"] == (made if scheme.padding else made.rstrip("="))
        assert same == (vector["result"] == "valid"), vector["id"]
    return len(known["vectors"])


def order(payment_id: str) -> models.P2PPayinRequest:
    """A pay-in of 100 roubles."""
    return models.P2PPayinRequest(
        general=models.General(payment_id=payment_id, merchant_callback_url="http://localhost:1/callbacks"),
        payment=models.P2PPayinPayment(
            method=models.Method.CARD_P2P, amount=Money("100.00", "RUB").minor, currency=models.Currency.RUB
        ),
    )


async def pay_async(home: str) -> str:
    """A pay-in with the asynchronous client."""
    async with AsyncHighHelp(home=home, environ={}) as client:
        await client.p2p.create_payin(order("bare-2"))
        return str((await client.p2p.get_payin("bare-2")).payment_id)


def main(home: str, vectors: str) -> None:
    """Run everything, in order."""
    number = sign_vectors(Path(vectors))
    with HighHelp(home=home, environ={}) as client:
        client.p2p.create_payin(order("bare-1"))
        assert client.p2p.get_payin("bare-1").payment_id == "bare-1"
        assert client.service.balance().balance
        refusals = []
        try:
            client.p2p.get_payin("nobody")
        except Rejected as refusal:
            refusals.append(refusal)
        assert refusals
    assert asyncio.run(pay_async(home)) == "bare-2"
    extras = {"pydantic", "sqlalchemy", "typer", "uvicorn", "jsonschema_rs", "pytest"} & set(sys.modules)
    assert not extras, extras
    print(f"{number} vectors, 2 payments and a refusal")


if __name__ == "__main__":
    main(*sys.argv[1:])
