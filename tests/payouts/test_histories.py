"""Whatever the network does, the gateway never holds two payouts for one intent, and none that it holds is refused."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from tests.payouts.histories import History

if TYPE_CHECKING:
    from pathlib import Path

    from highhelp_signing import Signer


@pytest.fixture(scope="session")
def histories(request: pytest.FixtureRequest) -> int:
    return int(request.config.getoption("--payout-histories"))


@pytest.mark.slow
@pytest.mark.parametrize("part", range(4))
def test_random_histories_pay_once(
    part: int, histories: int, signer: Signer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = int(os.environ.get("HIGHHELP_HISTORY_SEED", "0"))
    for seed in range(first + part, first + histories, 4):
        folder = tmp_path / str(seed)
        folder.mkdir()
        history = History(seed, signer, folder, monkeypatch)
        problems = history.run()
        assert not problems, "\n".join([f"seed {seed}", *problems, *history.gateway.log])
