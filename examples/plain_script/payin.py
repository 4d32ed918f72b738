"""A P2P pay-in from start to end: create it, show where the payer sends the money, wait for the final status.

Run: `HIGHHELP_HOME=./home python payin.py order-1001 100.00 RUB`. Run again with the same id, it is the same payment.
"""

from __future__ import annotations

import sys

from highhelp import DuplicatePayment, HighHelp, HighHelpError, Money, OutcomeUnknown, PaymentEnded, WaitTimeout, models


def pay_in(client: HighHelp, payment_id: str, money: Money) -> models.PaymentState:
    """Create the pay-in, show the payer where to pay, and return the last state."""
    try:
        client.p2p.create_payin(payment_id=payment_id, amount=money, method="card-p2p")
    except DuplicatePayment as error:
        if error.existing is None or error.existing.status not in ("success", "decline"):
            raise
        return error.existing  # of an earlier run
    try:
        details = client.p2p.wait_requisites(payment_id, timeout=60).requisites
    except PaymentEnded as error:
        print(error, file=sys.stderr)
    else:
        print(f"Pay {money} to the card {details.pan} of {details.card_holder}, {details.bank_name}", end="")
        print(f", by {details.expires_at:%H:%M:%S} UTC." if details.expires_at else ".")
    return client.p2p.wait_payin(payment_id, timeout=600)


def main(payment_id: str, amount: str, currency: str) -> int:
    """Pay in and return the exit code: 0 paid, 1 declined or refused, 3 not known yet, 4 nothing was done."""
    try:
        with HighHelp() as client:  # settings from HIGHHELP_HOME or the HIGHHELP_... variables
            state = pay_in(client, payment_id, Money(amount, currency))
    except (OutcomeUnknown, WaitTimeout) as error:
        print(f"{error}; run it again with the same id to learn more", file=sys.stderr)
        return 3
    except HighHelpError as error:
        print(error, file=sys.stderr)
        return 4
    print(f"{payment_id}: {state.status}")
    return 0 if state.status == models.Status.SUCCESS else 1


if __name__ == "__main__":
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    sys.exit(main(*sys.argv[1:]))
