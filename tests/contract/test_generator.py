"""The generator: a change of the document reaches everything, and nothing is dropped silently."""

from __future__ import annotations

import copy
import shutil
import subprocess
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openapi_python_client
import pytest
from ruamel.yaml import YAML

from tools.generate import contract_pages, document, keywords, main, rules, templates

ROOT = Path(__file__).resolve().parents[2]
SPEC = ROOT / "spec" / "openapi.yaml"

Change = Callable[[dict[str, Any]], None]


@pytest.fixture(scope="module")
def contract() -> dict[str, Any]:
    return document.load(SPEC)


def written(contract: dict[str, Any], change: Change, directory: Path) -> Path:
    changed = copy.deepcopy(contract)
    change(changed)
    spec = directory / "openapi.yaml"
    with spec.open("w", encoding="utf-8") as file:
        YAML(typ="safe").dump(changed, file)
    return spec


def run_with(package: Path, program: str) -> str:
    """Run a program against a freshly generated package instead of the installed one."""
    paths = [str(package), *(str(ROOT / name) for name in (".", "signing", "gateway"))]
    code = f"import sys; sys.path[:0] = {paths!r}\n{textwrap.dedent(program)}"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def add_everything(contract: dict[str, Any]) -> None:
    """A new operation under a new tag, a new status, a new sensitive field."""
    operation = copy.deepcopy(contract["paths"]["/api/v1/balance/info"]["post"])
    operation |= {"operationId": "get_limits", "x-method-name": "limits", "tags": ["risk"], "x-provenance": "observed"}
    contract["paths"]["/api/v1/limit/info"] = {"post": operation}
    contract["tags"].append({"name": "risk", "description": "Risk."})
    schemas = contract["components"]["schemas"]
    schemas["Status"]["x-extensible-enum"].append("frozen")
    schemas["Status"]["x-enumDescriptions"]["frozen"] = "On hold."
    contract["x-transitions"]["payout"]["frozen"] = ["success"]
    pin = {"type": "string", "maxLength": 6, "description": "Pin.", "x-sensitive": "secret"}
    schemas["Card"]["properties"]["pin"] = pin


@pytest.fixture(scope="module")
def extended(contract: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("extended")
    main.generate(written(contract, add_everything, directory), directory / "out")
    return directory / "out"


@pytest.mark.parametrize(
    ("schema", "name", "problem"),
    [
        ("P2PPayinPayment", "payment_id", "two fields"),
        ("P2PPayinPayment", "customer", "two fields"),
        ("P2PPayinPayment", "timeout", "cannot be a keyword"),
        ("General", "body", "cannot be a keyword"),
        ("General", "class", "cannot be a keyword"),
        ("General", "currency", "also the name of another field"),
    ],
)
def test_a_field_that_cannot_be_a_keyword_is_an_error(
    contract: dict[str, Any], schema: str, name: str, problem: str
) -> None:
    changed = copy.deepcopy(contract)
    changed["components"]["schemas"][schema]["properties"][name] = {"type": "string", "description": "New."}
    with pytest.raises(document.DocumentError, match=problem):
        keywords.form_of(changed, "P2PPayinRequest")


@pytest.mark.slow
def test_a_new_operation_is_callable_with_no_other_edit(extended: Path) -> None:
    output = run_with(
        extended,
        """
        import asyncio, httpx
        from cryptography.hazmat.primitives.asymmetric import rsa
        from highhelp import AsyncHighHelp, HighHelp, RsaSigner
        key = RsaSigner(rsa.generate_private_key(65537, 2048))
        def answer(request):
            return httpx.Response(200, json={"balance": [{"currency": "RUB", "amount": 1, "path": request.url.path}]})
        settings = dict(base_url="https://gw.example", project_id="p", signer=key)
        settings["transport"] = httpx.MockTransport(answer)
        print(HighHelp(**settings).risk.limits().balance[0].additional_properties)
        print(asyncio.run(AsyncHighHelp(**settings).risk.limits()).balance[0].amount)
        """,
    )
    assert output == "{'path': '/api/v1/limit/info'}\n1\n"


@pytest.mark.slow
def test_a_new_enum_value_and_sensitive_field_arrive(extended: Path) -> None:
    output = run_with(
        extended,
        """
        from highhelp import models
        from highhelp_api import contract
        from highhelp.redact import masked
        card = models.Card(pan="4000000000000002", cvv="123", month=12, year=2030, pin="998877")
        print(models.Status("frozen").is_known, "frozen" in contract.STATES, "998877" in repr(card))
        print(contract.SENSITIVE_PATHS["EcomPayinRequest"]["card:pin"], masked({"pin": "998877"}))
        """,
    )
    assert output == "True True False\nsecret {'pin': '***'}\n"


def test_another_run_gives_the_bytes_that_are_committed(tmp_path: Path) -> None:
    main.generate(SPEC, tmp_path)
    assert main.differences(tmp_path / main.PACKAGE, ROOT / "generated" / main.PACKAGE) == []


@pytest.mark.slow
def test_check_names_what_differs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main.main(["--output", str(tmp_path)]) == 0
    edited = tmp_path / main.PACKAGE / "client" / "types.py"
    edited.write_text(edited.read_text(encoding="utf-8") + "# by hand\n", encoding="utf-8")
    (tmp_path / main.PACKAGE / "contract" / "stray.py").touch()
    assert main.main(["--check", "--output", str(tmp_path)]) == 1
    told = capsys.readouterr().err
    assert "client/types.py" in told
    assert "contract/stray.py" in told
    assert main.main(["--output", str(tmp_path)]) == 0
    assert main.main(["--check", "--output", str(tmp_path)]) == 0


def camel_case(contract: dict[str, Any]) -> None:
    contract["paths"]["/api/v1/balance/info"]["post"]["operationId"] = "getBalance"


def same_name_twice(contract: dict[str, Any]) -> None:
    contract["paths"]["/api/v1/bank/list"]["post"]["x-method-name"] = "balance"


def unreadable_schema(contract: dict[str, Any]) -> None:
    contract["components"]["schemas"]["Card"]["properties"]["pan"]["minProperties"] = 1


def no_way_on(contract: dict[str, Any]) -> None:
    contract["x-transitions"]["payout"]["processing:new"].append("processing:lost")


def no_info(contract: dict[str, Any]) -> None:
    del contract["paths"]["/api/v1/widget/payin/info"]


def one_path_two_types(contract: dict[str, Any]) -> None:
    contract["components"]["schemas"]["CardReceiver"]["properties"]["pan"] = {
        "type": "integer", "minimum": 1, "maximum": 9, "description": "A number.", "x-sensitive": "pan"
    }  # fmt: skip
    content = contract["paths"]["/api/v1/payment/ecom/payout"]["post"]["requestBody"]["content"]["application/json"]
    for example in content["examples"].values():
        example["value"]["receiver"]["pan"] = 4


def list_in_a_request(contract: dict[str, Any]) -> None:
    contract["components"]["schemas"]["Card"]["properties"]["notes"] = {
        "type": "array", "items": {"type": "string"}, "description": "Notes."
    }  # fmt: skip


def open_request(contract: dict[str, Any]) -> None:
    del contract["components"]["schemas"]["Sender"]["additionalProperties"]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("change", "words"),
    [
        (one_path_two_types, "receiver:pan: a request's field has one type"),
        (list_in_a_request, "a field of type array cannot be a keyword"),
        (open_request, "Sender: a request takes no other fields"),
        (camel_case, "getBalance: the operationId"),
        (same_name_twice, "service.balance is already get_balance"),
        (unreadable_schema, "minProperties"),
        (no_way_on, "processing:lost"),
        (no_info, "create_widget_payin: x-retry reconcile needs an info operation"),
    ],
)
def test_a_broken_document_is_refused_and_says_where(
    contract: dict[str, Any], change: Change, words: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    spec = written(contract, change, tmp_path)
    assert main.main(["--spec", str(spec), "--output", str(tmp_path / "out")]) == 2
    assert words in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


@pytest.mark.slow
def test_an_endpoint_that_the_generator_drops_is_an_error(contract: dict[str, Any], tmp_path: Path) -> None:
    def inline_number_enum(changed: dict[str, Any]) -> None:
        # a warning of the generator, which then leaves the endpoint out
        changed["components"]["schemas"]["BalanceRequest"]["properties"]["mode"] = {
            "anyOf": [{"type": "array"}, {"type": "null"}]
        }

    spec = written(contract, inline_number_enum, tmp_path)
    with pytest.raises(document.DocumentError):
        main.generate(spec, tmp_path / "out")


@pytest.mark.parametrize("drift", ["another line before it", "another word beside it"])
def test_patch_that_no_longer_fits_fails(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, drift: str) -> None:
    installed = Path(openapi_python_client.__file__).parent
    shutil.copytree(installed / "templates", tmp_path / "other" / "templates")
    template = tmp_path / "other" / "templates" / "types.py.jinja"
    text = template.read_text(encoding="utf-8")
    changed = "# new\n" + text if drift == "another line before it" else text.replace("class Unset:", "class Unset():")
    template.write_text(changed, encoding="utf-8")
    monkeypatch.setattr(openapi_python_client, "__file__", str(tmp_path / "other" / "__init__.py"))
    with pytest.raises(templates.TemplateError, match=r"^01-one-unset\.patch does not fit(.|\n)*Read what changed"):
        templates.write(tmp_path / "made")


def test_patch_applies_inside_any_repository(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    subprocess.run(["git", "init", "--quiet", str(tmp_path)], check=True)
    (tmp_path / ".gitconfig").write_text("[apply]\n\twhitespace = error\n", encoding="utf-8")
    monkeypatch.setenv("HOME", str(tmp_path))
    templates.write(tmp_path / "made")
    assert "def plain(" in (tmp_path / "made" / "types.py.jinja").read_text(encoding="utf-8")


def test_what_is_not_a_document_is_refused(tmp_path: Path) -> None:
    for text in ("just text", "a: [", "openapi: 3.1.0"):
        spec = tmp_path / "openapi.yaml"
        spec.write_text(text, encoding="utf-8")
        assert main.main(["--spec", str(spec), "--output", str(tmp_path)]) == 2


def test_the_contract_keeps_its_rules(contract: dict[str, Any]) -> None:
    assert rules.check(contract) == []


def test_the_pages_follow_from_the_document(contract: dict[str, Any]) -> None:
    assert main.stale_pages(contract_pages.pages(contract, ROOT)) == {}


def test_a_page_that_was_edited_is_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, contract: dict[str, Any]
) -> None:
    (tmp_path / "docs").mkdir()
    for name in contract_pages.MADE_PARTS:
        shutil.copy(ROOT / name, tmp_path / name)
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    (tmp_path / "README.md").write_text(readme.replace("| documented |", "| documented | 9"), encoding="utf-8")
    monkeypatch.setattr(main, "ROOT", tmp_path)
    stale = set(main.stale_pages(contract_pages.pages(contract, tmp_path)))
    assert stale >= {
        "README.md",
        "docs/errors.md",
        "docs/provenance.md",
        "docs/statuses.md",
    }
    (tmp_path / "README.md").write_text("no marks", encoding="utf-8")
    with pytest.raises(document.DocumentError, match="README"):
        contract_pages.pages(contract, tmp_path)
