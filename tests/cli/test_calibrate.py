"""`doctor --calibrate` finds the reading that a gateway was started with, read-only and within its bound."""

from __future__ import annotations

import itertools
import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from highhelp import HighHelp, RawResponse, cli
from highhelp.cli.calibration import MAX_CALLS, Calibrated, Stopped, _query, calibrate, max_calls, two_field_candidates
from highhelp_mock import MockGateway
from highhelp_mock.simulation.projects import Keys, make_keys
from highhelp_signing import HmacSigner, SignatureScheme, Signer, generate_home, normalize

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from highhelp_api.contract import Operation

DEFAULT = SignatureScheme()
# of this length, the balance's body shows no padding
UNPADDED = "p" * 29


@pytest.fixture(scope="module")
def keys() -> Keys:
    return make_keys()


class Run:
    """One calibration against an in-process gateway; nobody waits."""

    def __init__(self, gateway: MockGateway, signer: Signer | None = None, start: SignatureScheme = DEFAULT) -> None:
        self.gateway = gateway
        self.signer = signer or gateway.signer
        self.start = start
        self.pauses = 0
        self.change: Callable[[Operation, RawResponse], RawResponse] = lambda _, answer: answer

    def ask(self, scheme: SignatureScheme, operation: Operation, body: Mapping[str, Any]) -> RawResponse:
        client = HighHelp(
            base_url=self.gateway.base_url,
            project_id=self.gateway.project_id,
            signer=self.signer,
            scheme=scheme,
            transport=self.gateway.transport,
            clock=self.gateway.clock,
            environ={},
        )
        with client:
            return self.change(operation, client.request(operation.path, body))

    def pause(self) -> None:
        self.pauses += 1

    def __call__(self) -> Calibrated:
        found = calibrate(self.ask, self.signer, self.gateway.project_id, self.start, pause=self.pause)
        assert len(self.gateway.calls) == found.calls == self.pauses + 1
        assert found.calls <= max_calls(self.signer, self.start) <= MAX_CALLS
        # nothing but questions, and nothing was made
        assert {call.operation for call in self.gateway.calls} <= {"get_balance", "get_p2p_payin"}
        assert not self.gateway.payments
        return found


RSA = list(
    itertools.product(
        ("double", "single"),
        (False, True),
        ("public_key", "project_id", "public_key_pem"),
        (None, "rsa-sha256", "RSA-SHA256"),
        (";", "|"),
    )
)


@pytest.mark.parametrize(("digest", "padding", "token", "algorithm", "joiner"), RSA)
def test_each_reading_of_rsa_is_found(
    keys: Keys, digest: Any, padding: bool, token: str, algorithm: str | None, joiner: str
) -> None:
    planted = SignatureScheme(digest=digest, padding=padding, token=token, rsa_algorithm=algorithm, joiner=joiner)
    found = Run(MockGateway(keys=keys, scheme=planted))()
    # the mock gateway takes the algorithm's name in any case
    told = (found.scheme.rsa_algorithm or "").lower()
    assert replace(found.scheme, rsa_algorithm=None) == replace(planted, rsa_algorithm=None)
    assert told == (algorithm or "").lower()
    assert {"null_text", "true_text", "false_text"} <= set(found.open_points)


@pytest.mark.parametrize("joiner", [",", "&", "\n", " ", ";\n"])
@pytest.mark.parametrize("project", ["57aff4db-b45d-42bf-bc5f-b7a499a01782", UNPADDED])
@pytest.mark.parametrize("padding", [False, True])
def test_joiner_and_padding_are_found_for_any_project_id(keys: Keys, joiner: str, project: str, padding: bool) -> None:
    planted = SignatureScheme(joiner=joiner, padding=padding, null_text="null", true_text="true", false_text="false")
    found = Run(MockGateway(keys=keys, scheme=planted, project_id=project))()
    assert (found.scheme.joiner, found.scheme.padding) == (joiner, padding)


@pytest.mark.parametrize("algorithm", ["hmac-sha512", "HMAC-SHA512", "hmac", "HMAC"])
@pytest.mark.parametrize("padding", [False, True])
@pytest.mark.parametrize("with_public_key", [False, True])
def test_each_reading_of_hmac_is_found(keys: Keys, algorithm: str, padding: bool, with_public_key: bool) -> None:
    planted = SignatureScheme(hmac_algorithm=algorithm, padding=padding, joiner="&")
    gateway = MockGateway(keys=keys, scheme=planted)
    signer = gateway.hmac_signer if with_public_key else HmacSigner(keys.hmac_key)
    found = Run(gateway, signer)()
    assert (found.scheme.padding, found.scheme.joiner) == (padding, "&")
    # the mock gateway accepts hmac-sha512 whatever its scheme: so the proof is that what was found is accepted
    assert Run(MockGateway(keys=keys, scheme=planted), signer, found.scheme)().calls == 2
    assert "digest" in found.open_points


def test_what_is_in_use_is_tried_first(keys: Keys) -> None:
    planted = SignatureScheme(digest="single", token="public_key_pem", joiner="|")
    assert Run(MockGateway(keys=keys, scheme=planted), start=planted)().calls == 2


def test_a_long_joiner_in_use_is_no_obstacle(keys: Keys) -> None:
    planted = SignatureScheme(digest="single", joiner=" ; ")
    assert Run(MockGateway(keys=keys, scheme=planted), start=replace(planted, digest="double"))().scheme == planted


def test_a_key_that_the_gateway_does_not_know_ends_in_a_sentence(keys: Keys) -> None:
    run = Run(MockGateway(keys=keys), signer=make_keys().signer)
    with pytest.raises(Stopped, match="none of 36 variants") as stopped:
        run()
    assert stopped.value.kind == "refused"


@pytest.mark.parametrize(
    ("status", "kind"), [(403, "refused"), (429, "refused"), (500, "unavailable"), (302, "unavailable")]
)
def test_it_stops_at_the_first_answer_that_asks_for_it(keys: Keys, status: int, kind: str) -> None:
    run = Run(MockGateway(keys=keys, scheme=SignatureScheme(digest="single")))
    run.change = lambda _, answer: replace(answer, status=status) if len(run.gateway.calls) == 2 else answer
    with pytest.raises(Stopped, match=f"HTTP {status}") as stopped:
        run()
    assert stopped.value.kind == kind
    assert len(run.gateway.calls) == 2


@pytest.mark.parametrize(("day", "where"), [("Thu, 25 Jan 2024", "ahead of"), ("Sun, 25 Jan 2099", "behind")])
def test_a_wrong_clock_is_named_and_not_searched_for(keys: Keys, day: str, where: str) -> None:
    run = Run(MockGateway(keys=keys))
    date = {"date": f"{day} 12:00:00 GMT"}
    run.change = lambda _, answer: replace(answer, status=401, headers=date)
    with pytest.raises(Stopped, match=rf"clock is \d+ s {where} the gateway's"):
        run()
    assert len(run.gateway.calls) == 1


def test_a_refused_query_leaves_the_joiner_open(keys: Keys) -> None:
    run = Run(MockGateway(keys=keys, scheme=SignatureScheme(digest="single")))
    run.change = lambda operation, answer: replace(answer, status=422) if operation.direction else answer
    found = run()
    assert found.scheme.digest == "single"
    assert "joiner" in found.open_points
    # one such answer is enough: it is not the signature that it refuses
    assert [call.operation for call in run.gateway.calls].count("get_p2p_payin") == 1


def test_the_second_query_shows_padding_with_any_joiner() -> None:
    schemes = two_field_candidates(DEFAULT, padding_is_open=True)
    assert {len(scheme.joiner) for scheme in schemes} == {1, 2}
    for length in range(1, 30):
        body = _query("p" * length, schemes)
        assert all(len(normalize(body, scheme).encode()) % 3 for scheme in schemes)


# --- the command ---------------------------------------------------------------------------------------------------


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    generate_home(tmp_path / "h", base_url="http://127.0.0.1:9")
    monkeypatch.setenv("HIGHHELP_HOME", str(tmp_path / "h"))
    return tmp_path / "h"


@pytest.fixture
def served(home: Path) -> Iterator[MockGateway]:
    with MockGateway(home, scheme=SignatureScheme(digest="single", joiner="&")).serve() as gateway:
        yield gateway


@pytest.mark.slow
def test_the_command_prints_what_the_settings_take(
    served: MockGateway, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["doctor", "--calibrate", "--yes", "--interval", "0"]) == 0
    told = capsys.readouterr()
    name, _, value = told.out.strip().partition("=")
    assert name == "HIGHHELP_SIGNATURE_SCHEME"
    assert SignatureScheme.from_json(value) == SignatureScheme(digest="single", joiner="&")
    assert "not determined: null_text" in told.err
    assert cli.main(["balance"]) == 1
    monkeypatch.setenv(name, value)
    assert cli.main(["balance"]) == 0
    assert cli.main(["doctor", "--calibrate", "--yes", "--interval", "0", "--json"]) == 0
    capsys.readouterr()


@pytest.mark.slow
def test_the_interval_lies_between_two_calls(
    served: MockGateway, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    slept: list[float] = []
    monkeypatch.setattr("highhelp.cli.commands.doctor.time.sleep", slept.append)
    assert cli.main(["doctor", "--calibrate", "--yes", "--interval", "7.5", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert slept == [7.5] * (found["calls"] - 1)
    assert found["scheme"]["digest"] == "single"


def test_nothing_is_sent_without_a_yes(served: MockGateway, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["doctor", "--calibrate"]) == 2
    assert "--yes" in capsys.readouterr().err
    assert not served.calls


@pytest.mark.slow
def test_a_token_of_the_settings_is_never_shown(
    served: MockGateway, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("HIGHHELP_ACCESS_TOKEN", "tok-never-to-be-seen")
    assert cli.main(["doctor", "--calibrate", "--yes", "--interval", "0"]) == 1
    told = capsys.readouterr()
    assert "none of" in told.err
    assert "never-to-be-seen" not in told.out + told.err


@pytest.mark.parametrize("home_exists", [True])
def test_a_dead_port_is_not_sent(home: Path, home_exists: bool, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["doctor", "--calibrate", "--yes"]) == 4
    assert "Traceback" not in capsys.readouterr().err
