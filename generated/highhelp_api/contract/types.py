# Made from spec/openapi.yaml by scripts/generate. Not edited by hand.
"""The types of the contract's data.

Named tuples, for a fast start-up: a class of another kind takes ten times as long to create,
and so do these with string annotations.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple


class Headers(NamedTuple):
    """Names of the signature's headers.

    Attributes:
        merchant_id: The project's id.
        timestamp: The time of signing, Unix seconds.
        token: Identifies the key pair to the platform.
        signature: The signature.
        algorithm: Selects RSA or HMAC.
    """

    merchant_id: str
    timestamp: str
    token: str
    signature: str
    algorithm: str


class Operation(NamedTuple):
    """One operation.

    Attributes:
        id: Its name, as used in logs, faults and `highhelp call`.
        path: The path to POST to.
        tag: The resource that has it.
        method_name: Its name on that resource.
        summary: One line for people.
        retry: The client's action when the answer is lost: "safe" (send again), "reconcile" (ask `info` first) or
            "never" (report that the outcome is unknown).
        idempotency: Colon path of the idempotency key in the request, or None.
        request: Name of the request's schema.
        response: Name of the schema of the answer with HTTP 200.
        direction: "payin", "payout" or None.
        info: The operation that reports the payment's state, or None.
        machines: Names of the state machines that apply to the payments it creates.
        outcomes: The meaning of each HTTP status for the money: "accepted", "refused", "duplicate",
            "not_accepted" (may be repeated) or "unknown". "default" is for every other status.
        provenance: The provenance of the operation.
        source: The source of that knowledge.
    """

    id: str
    path: str
    tag: str
    method_name: str
    summary: str
    retry: str
    idempotency: str | None
    request: str
    response: str
    direction: str | None
    info: str | None
    machines: tuple[str, ...]
    outcomes: Mapping[str, str]
    provenance: str
    source: str | None

    @property
    def moves_money(self) -> bool:
        """Whether a lost answer leaves the state of the money unknown."""
        return self.retry != "safe"


class State(NamedTuple):
    """A state of a payment.

    Attributes:
        name: `status` or `status:sub_status`.
        status: Its status.
        sub_status: Its sub-status, or None.
        final: Whether it never changes again.
        description: Its meaning.
    """

    name: str
    status: str
    sub_status: str | None
    final: bool
    description: str


class Field(NamedTuple):
    """A known field of a body.

    Attributes:
        path: Colon path from the root.
        type: "string", "integer", "boolean", "object", "array" or "map" (an object of any keys with string values).
        required: Whether its parent must have it.
        nullable: Whether the schema allows null.
    """

    path: str
    type: str
    required: bool
    nullable: bool


class Fact(NamedTuple):
    """The provenance of one part of the contract.

    Attributes:
        part: "operation", "schema", "property", "value" (of a code) or "response".
        name: The operation's id, the schema's or the shared response's name, `Schema.property` or `Schema.value`.
        provenance: "documented", "integrator", "family", "inferred" or "observed".
        source: Its source, if the document names one.
    """

    part: str
    name: str
    provenance: str
    source: str | None


class Example(NamedTuple):
    """An example of the document: of a request, of an answer (`status` is its HTTP status) or of a callback.

    Attributes:
        of: Its operation, webhook or shared response.
        status: HTTP status of an answer, "" for a request or callback.
        name: Its name.
        schema: Name of its schema.
        value: The JSON value.
    """

    of: str
    status: str
    name: str
    schema: str
    value: Mapping[str, Any]

    def __repr__(self) -> str:
        return f"Example(of={self.of!r}, status={self.status!r}, name={self.name!r}, schema={self.schema!r})"
