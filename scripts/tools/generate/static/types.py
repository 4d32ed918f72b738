"""The shapes of the contract's data.

Named tuples, since each program waits for them when it starts: a class of another kind takes ten times as long to make,
and so do they where the annotations are text.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple


class Headers(NamedTuple):
    """Names of the signature's headers.

    Attributes:
        merchant_id: Of the project's id.
        timestamp: Of the moment of signing, Unix seconds.
        token: Of the key by which the platform finds the pair.
        signature: Of the signature.
        algorithm: Of what selects RSA or HMAC.
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
        path: Where it is POSTed to.
        tag: The resource that carries it.
        method_name: Its name on that resource.
        summary: One line for people.
        retry: What a client may do when the answer is lost: "safe" (send again), "reconcile" (ask `info` first) or
            "never" (report that the outcome is unknown).
        idempotency: Colon path of the idempotency key in the request, or None.
        request: Name of the request's schema.
        response: Name of the schema of the answer with HTTP 200.
        direction: "payin", "payout" or None.
        info: The operation that tells where the same payment stands, or None.
        machines: Names of the state machines that apply to the payments it creates.
        outcomes: What an answer of each HTTP status means for the money: "accepted", "refused", "duplicate",
            "not_accepted" (may be repeated) or "unknown". "default" stands for every status without a row.
        provenance: How well the operation is known.
        source: Where it is known from.
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
        """Whether a lost answer leaves it open what became of the money."""
        return self.retry != "safe"


class State(NamedTuple):
    """A state of a payment.

    Attributes:
        name: `status` or `status:sub_status`.
        status: Its status.
        sub_status: Its sub-status, or None.
        final: Whether it never changes again.
        description: What it means.
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
    """How one part of the contract is known.

    Attributes:
        part: "operation", "schema", "property", "value" (of a code) or "response".
        name: The operation's id, the schema's or the shared response's name, `Schema.property` or `Schema.value`.
        provenance: "documented", "integrator", "family", "inferred" or "observed".
        source: Where it was read, if the document says so.
    """

    part: str
    name: str
    provenance: str
    source: str | None


class Example(NamedTuple):
    """An example of the document: of a request, of an answer (`status` is its HTTP status) or of a callback.

    Attributes:
        of: The operation, webhook or shared response that it stands under.
        status: HTTP status of an answer, "" for a request or callback.
        name: Its name.
        schema: Name of the schema that it is an example of.
        value: The JSON value.
    """

    of: str
    status: str
    name: str
    schema: str
    value: Mapping[str, Any]

    def __repr__(self) -> str:
        return f"Example(of={self.of!r}, status={self.status!r}, name={self.name!r}, schema={self.schema!r})"
