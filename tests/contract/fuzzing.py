"""Contract fuzzing: requests made from the document, valid and not, signed on their final bytes, against the gateway.

Used by the tests with a fixed seed, and by `scripts/fuzz` for any time.
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any, Self

import requests
import schemathesis
from ruamel.yaml import YAML
from schemathesis import GenerationMode
from schemathesis.engine import Status as Verdict
from schemathesis.engine import events, from_schema

from highhelp_api.contract import HEADERS, OPERATIONS, Operation
from highhelp_mock import MockGateway
from highhelp_mock.simulation.scenarios import SCENARIOS
from highhelp_signing import BodyNotSignable, signature_headers
from tests.closed import with_closed_answers
from tests.waiting import PATIENCE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

SPEC = Path(__file__).resolve().parents[2] / "spec" / "openapi.yaml"

CONFIG = """
seed = {seed}
workers = 1
[generation]
mode = "all"
max-examples = {examples}
database = "none"
with-security-parameters = false
{phases}
[checks]
ensure_resource_availability.enabled = false
ignored_auth.enabled = false
"""
# with-security-parameters: the signer puts back what it would remove. ensure_resource_availability looks at parameters,
# and there are none. ignored_auth does not notice a missing signature check; `wrong_signature_is_refused` does.

LONGEST_ID = 255
BY_PATH = {operation.path: operation for operation in OPERATIONS.values()}


@dataclass
class Findings:
    """Findings, one text each, and counts."""

    failures: list[str] = field(default_factory=list)

    def add(self, other: Self) -> None:
        """Take in another run."""
        for name, counted in vars(other).items():
            if isinstance(counted, Counter):
                getattr(self, name).update(counted)
        self.failures += other.failures

    def cases(self, event: events.EngineEvent) -> Iterator[tuple[str, int, Any]]:
        """Operation, status (0 for none) and node of each case that an event of the engine ends."""
        if isinstance(event, events.NonFatalError | events.FatalError):
            self.failures.append(str(getattr(event, "info", event)))
        if not isinstance(event, events.ScenarioFinished):
            return
        recorder = event.recorder
        for case_id, node in recorder.cases.items():
            operation = node.value.operation.definition.raw["operationId"]
            interaction = recorder.interactions.get(case_id)
            status = interaction.response.status_code if interaction and interaction.response else 0
            yield operation, status, node
            self.failures += failures(operation, status, recorder.checks.get(case_id, ()), node.value)


@dataclass
class Report(Findings):
    """The result of a run.

    Attributes:
        valid: Valid requests sent, per operation.
        accepted: Those answered 2xx, per operation.
        invalid: Invalid requests sent, per operation.
        resent: Requests repeated with a wrong signature, per operation.
    """

    valid: Counter[str] = field(default_factory=Counter)
    accepted: Counter[str] = field(default_factory=Counter)
    invalid: Counter[str] = field(default_factory=Counter)
    resent: Counter[str] = field(default_factory=Counter)

    def table(self) -> str:
        """For people: valid requests and how many were accepted, per operation."""
        rows = [f"{'operation':24}  valid  2xx  invalid  wrong signature"]
        rows += [
            f"{name:24}  {self.valid[name]:5}  {self.accepted[name]:3}  {self.invalid[name]:7}  {self.resent[name]:15}"
            for name in OPERATIONS
        ]
        return "\n".join(rows)

    def to_json(self) -> str:
        """For machines."""
        return json.dumps(vars(self), indent=2)


class Signed(requests.auth.AuthBase):
    """Makes a generated request one of this merchant, and signs the bytes that go on the wire, by RSA or HMAC."""

    def __init__(self, gateway: MockGateway, seed: int) -> None:
        self.gateway = gateway
        self.random = Random(seed)
        self.known: dict[str, str] = {}

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        """Called by requests with the prepared request."""
        content = request.body or b""
        assert isinstance(content, str | bytes), "a generated body is in memory"
        body = content.encode() if isinstance(content, str) else content
        operation = BY_PATH.get(request.path_url)
        if operation is not None:
            body = self.made_ours(operation, body)
            request.body = body
            request.headers["content-length"] = str(len(body))
        request.headers.update(self.headers(body))
        return request

    def headers(self, body: bytes) -> dict[str, str]:
        """The signature's headers; for what cannot be signed, those of another body."""
        signer = self.random.choice((self.gateway.signer, self.gateway.hmac_signer))
        for content in (body, b"{}"):
            try:
                return signature_headers(
                    content,
                    project_id=self.gateway.project_id,
                    signer=signer,
                    timestamp=int(self.gateway.clock()),
                )
            except BodyNotSignable:
                continue
        raise AssertionError("an empty object can be signed")

    def made_ours(self, operation: Operation, raw: bytes) -> bytes:
        """Insert the project, and an existing or new id: random ones would never be accepted."""
        try:
            body = json.loads(raw, parse_float=whole)
        except (ValueError, RecursionError):
            return raw
        general = body.get("general") if isinstance(body, dict) else None
        if not isinstance(general, dict):
            return raw
        if is_text(general.get("project_id"), 64):
            general["project_id"] = self.gateway.project_id
        if is_text(general.get("payment_id"), LONGEST_ID):
            self.choose_payment(operation, body)
        try:
            return json.dumps(body, ensure_ascii=False).encode()
        except UnicodeEncodeError:
            return raw

    def choose_payment(self, operation: Operation, body: dict[str, Any]) -> None:
        """Insert a new id, or that of an existing payment."""
        general = body["general"]
        fresh = self.fresh(general["payment_id"])
        general["payment_id"] = fresh if operation.idempotency else self.existing(operation, fresh)

    def fresh(self, payment_id: str) -> str:
        """An id that no payment has yet: the generated text, often repeated up to the longest, and its own end."""
        end = f"-{self.random.getrandbits(64):x}"
        text = payment_id * (1 if self.random.random() < 0.5 else LONGEST_ID)
        return text[: LONGEST_ID - len(end)] + end

    def existing(self, operation: Operation, payment_id: str) -> str:
        """Choose a payment for the operation; a confirmation needs one that waits for it."""
        create = operation.path.rsplit("/", 1)[0]
        if operation.retry == "safe" and operation.path in self.known and self.random.random() < 0.8:
            return self.known[operation.path]
        body = payment(BY_PATH[create], self.gateway.project_id, payment_id)
        raw = json.dumps(body).encode()
        answer = requests.post(
            self.gateway.base_url + create,
            data=raw,
            headers={"content-type": "application/json", **self.headers(raw)},
            timeout=PATIENCE,
        )
        assert answer.status_code == 200, f"{payment_id!r}: {answer.text}"
        self.gateway.travel(2)  # until a card payment waits for its 3-D Secure result
        self.known[operation.path] = payment_id
        return payment_id


def payment(create: Operation, project_id: str, payment_id: str) -> dict[str, Any]:
    """A valid request that makes a payment; a card payment waits for its 3-D Secure result."""
    from highhelp_api.contract import EXAMPLES

    example = next(example for example in EXAMPLES if example.of == create.id and not example.status)
    body = json.loads(json.dumps(example.value))
    body["general"] = {"project_id": project_id, "payment_id": payment_id}
    if "card" in body:
        body["card"]["pan"] = next(scenario.pan for scenario in SCENARIOS if scenario.name == "3-D Secure 2")
    return dict(body)


def whole(text: str) -> int | float:
    """A number with a fraction of nothing is an integer for JSON Schema, but has no normalised form."""
    value = float(text)
    return int(value) if value.is_integer() and abs(value) < 2**53 else value


def is_text(value: object, longest: int) -> bool:
    """Whether a value is a valid id."""
    return isinstance(value, str) and 1 <= len(value) <= longest


def run(*, seed: int, examples: int) -> Report:
    """One run over all operations, in all phases."""
    report = Report()
    with MockGateway().serve() as gateway:

        def wrong_signature_is_refused(ctx: Any, response: Any, case: Any) -> None:
            if not 200 <= response.status_code < 300:
                return
            sent = response.request
            signature = sent.headers[HEADERS.signature]
            forged = {**sent.headers, HEADERS.signature: signature[::-1]}
            answer = requests.post(sent.url, data=sent.body, headers=forged, timeout=PATIENCE)
            report.resent[case.operation.definition.raw["operationId"]] += 1
            assert answer.status_code == 401, f"a wrong signature was answered {answer.status_code}"

        schema = schemathesis.openapi.from_dict(document(), config=config(seed=seed, examples=examples))
        for event in executed(schema, gateway, Signed(gateway, seed), wrong_signature_is_refused):
            note(report, event)
    return report


def document() -> dict[str, Any]:
    """The contract, with closed answers."""
    return with_closed_answers(YAML(typ="safe").load(SPEC.read_text(encoding="utf-8")))


def config(*, seed: int, examples: int, phases: str = "") -> Any:
    """Settings of schemathesis."""
    return schemathesis.Config.from_str(CONFIG.format(seed=seed, examples=examples, phases=phases))


def executed(
    schema: Any, gateway: MockGateway, signed: Signed, check: Callable[[Any, Any, Any], None]
) -> Iterator[events.EngineEvent]:
    """Yield the events of a run against a served gateway, with one additional check."""
    schemathesis.auths.unregister()
    register: Any = schemathesis.auth
    register.set_from_requests(signed)
    schemathesis.check(check)
    try:
        schema.config.update(base_url=gateway.base_url)
        yield from from_schema(schema).execute()
    finally:
        schemathesis.checks.CHECKS.unregister(check.__name__)
        schemathesis.auths.unregister()


def note(report: Report, event: events.EngineEvent) -> None:
    """Take an event of the engine into the report."""
    for operation, status, node in report.cases(event):
        meta = node.value.meta
        if meta is not None and meta.generation.mode is GenerationMode.POSITIVE:
            report.valid[operation] += 1
            report.accepted[operation] += 200 <= status < 300
        else:
            report.invalid[operation] += 1


def failures(operation: str, status: int, checks: Any, case: Any) -> Iterator[str]:
    """The findings of one case."""
    for check in checks:
        if check.status is Verdict.FAILURE:
            failure = check.failure_info.failure
            body = str(case.body)[:400]
            yield f"{operation}: {check.name}: HTTP {status}: {failure.title}: {failure.message}: body {body}"
