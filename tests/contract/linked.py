"""Stateful fuzzing: what one operation answers is asked of the next, along links that only these tests have.

The links are made from the contract's data: a create leads to its info operation, to itself with the same id and,
for cards, to the confirmation, in any order and number. So a new operation has its links by itself, and the contract
stays without them. The gateway's reports must be consistent for each payment: `Story` is the oracle.

Schemathesis chooses links with true randomness: a seed does not reproduce such a run.
"""

from __future__ import annotations

import copy
import json
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import schemathesis

from highhelp_api.contract import OPERATIONS, STATES, TRANSITIONS, Operation
from highhelp_mock import MockGateway
from tests.contract import fuzzing
from tests.contract.fuzzing import BY_PATH
from tests.recorder import fits

if TYPE_CHECKING:
    from schemathesis.engine import events

PHASES = """
[phases]
enabled = false
[phases.stateful]
enabled = true
max-steps = 12
[phases.stateful.inference]
algorithms = []
"""
SAME_PAYMENT = {"general": {"payment_id": "$response.body#/payment_id"}}


def links() -> dict[tuple[str, str], str]:
    """From which operation to which, by the name of the link."""
    made = {}
    for operation in OPERATIONS.values():
        if operation.info is None or operation.idempotency is None:
            continue
        made[operation.id, f"{operation.id}_again"] = operation.id
        made[operation.id, f"{operation.id}_to_{operation.info}"] = operation.info
        for other in OPERATIONS.values():
            if is_confirmation(other) and other.path.startswith(operation.path + "/"):
                made[operation.id, f"{operation.id}_to_{other.id}"] = other.id
    return made


def is_confirmation(operation: Operation) -> bool:
    """Whether it moves a payment that is there."""
    return operation.response == "PaymentState" and operation.retry != "safe" and operation.idempotency is None


def document() -> dict[str, Any]:
    """The contract with the links put in."""
    made = fuzzing.document()
    for (source, name), target in links().items():
        answer = made["paths"][OPERATIONS[source].path]["post"]["responses"]["200"]
        answer.setdefault("links", {})[name] = {"operationId": target, "requestBody": copy.deepcopy(SAME_PAYMENT)}
    return made


@dataclass
class Report(fuzzing.Findings):
    """The result of a run.

    Attributes:
        followed: Per link, how many requests carried on a payment, all of them made from a 200 before.
        accepted: Those answered 2xx, per link.
        requests: Requests sent, per operation.
    """

    followed: Counter[str] = field(default_factory=Counter)
    accepted: Counter[str] = field(default_factory=Counter)
    requests: Counter[str] = field(default_factory=Counter)

    def never(self) -> list[str]:
        """The links that were never followed to a 2xx answer: their targets were not tested."""
        return [name for _, name in links() if not self.accepted[name]]

    def table(self) -> str:
        """For people."""
        rows = [f"{'link':42}  followed  2xx"]
        rows += [f"{name:42}  {self.followed[name]:8}  {self.accepted[name]:3}" for _, name in links()]
        return "\n".join([*rows, f"{self.requests.total()} requests"])


@dataclass
class Told:
    """The gateway's reports on a payment."""

    operation: str
    request_id: str
    state: str
    amount: int
    currency: str
    asked: dict[str, Any]


class Story:
    """All reports on each payment; a report that cannot follow is a contradiction."""

    def __init__(self) -> None:
        self.payments: dict[str, Told] = {}

    def hear(self, operation: Operation, asked: Any, status: int, answer: Any) -> None:
        """One request and its answer.

        Raises:
            AssertionError: The answer contradicts what was said before.
        """
        general = asked.get("general") if isinstance(asked, dict) else None
        payment_id = general.get("payment_id") if isinstance(general, dict) else None
        told = self.payments.get(payment_id) if isinstance(payment_id, str) else None
        if told is None or payment_id is None:
            self._hear_of_new(operation, payment_id, asked, status, answer)
        elif status == 404:
            about = operation.id == told.operation or operation.id == OPERATIONS[told.operation].info
            assert not about, "a payment that was created is not known"
        elif status == 200:
            same = operation.idempotency is None or asked == told.asked
            assert same, "a second, different request was accepted under one payment_id"
            self._hear_more(told, payment_id, answer)

    def _hear_of_new(self, operation: Operation, payment_id: Any, asked: Any, status: int, answer: Any) -> None:
        if status != 200 or operation.response != "PaymentState":
            return
        assert operation.idempotency is not None, "an answer about a payment that nobody created"
        assert answer["payment_id"] == payment_id, "the answer is about another payment"
        ids = [one.request_id for one in self.payments.values()]
        assert answer["request_id"] not in ids, "two payments have one request_id"
        payment = asked["payment"]
        self.payments[payment_id] = Told(
            operation.id, answer["request_id"], state_of(answer), payment["amount"], payment["currency"], asked
        )

    def _hear_more(self, told: Told, payment_id: str, answer: Any) -> None:
        assert answer["payment_id"] == payment_id, "the answer is about another payment"
        assert answer["request_id"] == told.request_id, "the payment has another request_id now"
        info = answer.get("payment_info") or {}
        for name in ("amount", "currency"):
            assert info.get(name) in (None, getattr(told, name)), f"the payment has another {name} now"
        state = state_of(answer)
        assert state == told.state or state in reachable(told.operation, told.state), (
            f"{told.state} was followed by {state}"
        )
        told.state = state


def state_of(answer: Any) -> str:
    """Its name in the contract."""
    sub = answer.get("sub_status")
    return f"{answer['status']}:{sub}" if sub else str(answer["status"])


def reachable(operation: str, state: str) -> set[str]:
    """Every state that may come after, on the machines of the operation that created the payment."""
    assert state in STATES, f"{state} is no state of the contract"
    seen: set[str] = set()
    rest = [state]
    while rest:
        here = rest.pop()
        after = {one for machine in OPERATIONS[operation].machines for one in TRANSITIONS[machine].get(here, ())}
        rest += after - seen
        seen |= after
    return seen


class Signed(fuzzing.Signed):
    """Keep the id that came along a link: any other is new for a create, and unknown to all others."""

    def __init__(self, gateway: MockGateway, story: Story, seed: int) -> None:
        super().__init__(gateway, seed)
        self.story = story

    def choose_payment(self, operation: Operation, body: dict[str, Any]) -> None:
        """Let time pass for a known payment; make half of the new ones progress."""
        general = body["general"]
        told = self.story.payments.get(general["payment_id"])
        if told is not None:
            # after two seconds a card payment waits for its 3-D Secure result
            self.gateway.travel(2 if is_confirmation(operation) else self.random.choice((0, 1, 2, 5)))
            if operation.idempotency and self.random.random() < 0.5 and not fits(operation.request, body):
                body.clear()
                body.update(copy.deepcopy(told.asked))
        elif operation.idempotency:
            general["payment_id"] = self.fresh(general["payment_id"])
            if self.random.random() < 0.5 and not fits(operation.request, body):
                known = fuzzing.payment(operation, self.gateway.project_id, general["payment_id"])
                body.update({name: value for name, value in known.items() if name != "general"})


def run(*, seed: int, examples: int) -> Report:
    """One run along all links."""
    report, story = Report(), Story()
    with MockGateway(duplicates="stored").serve() as gateway:

        def tells_one_story(ctx: Any, response: Any, case: Any) -> None:
            try:
                asked = json.loads(response.request.body)
            except ValueError:
                return
            answer = response.json() if response.status_code == 200 else None
            story.hear(BY_PATH[response.request.path_url], asked, response.status_code, answer)

        config = fuzzing.config(seed=seed, examples=examples, phases=PHASES)
        schema = schemathesis.openapi.from_dict(document(), config=config)
        for event in fuzzing.executed(schema, gateway, Signed(gateway, story, seed), tells_one_story):
            note(report, event)
    return report


def run_until_followed(*, seed: int, examples: int, most: int) -> Report:
    """Run with new seeds until every link was followed to a 2xx answer; one that never was is a finding."""
    total = Report()
    for offset in range(most):
        total.add(run(seed=seed + offset, examples=examples))
        if total.failures or not total.never():
            return total
    total.failures += [f"the link {name} was never followed" for name in total.never()]
    return total


def note(report: Report, event: events.EngineEvent) -> None:
    """Take an event of the engine into the report."""
    for operation, status, node in report.cases(event):
        report.requests[operation] += 1
        if node.transition is not None and node.is_transition_applied:
            link = name_of(node.transition.id)
            report.followed[link] += 1
            report.accepted[link] += 200 <= status < 300


def name_of(transition: str) -> str:
    """The link's name in schemathesis' name of a transition."""
    return next(name for _, name in links() if f" {name} " in transition)
