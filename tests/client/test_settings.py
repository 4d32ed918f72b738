"""Settings: precedence, and errors for missing or wrong ones."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

import pytest

from highhelp import HighHelp, HmacSigner, RsaSigner, SettingsError
from highhelp.settings import Settings, Source, load_callback_keys, load_callback_scheme
from highhelp_signing import SignatureScheme, generate_home

if TYPE_CHECKING:
    from pathlib import Path

URL = "https://gateway.example"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("home") / "h"
    generate_home(directory, base_url="http://127.0.0.1:9", project_id="of-the-home")
    return directory


def load(environ: dict[str, str], **arguments: str) -> Settings:
    return Settings.load(source=Source.load(environ), **arguments)  # type: ignore[arg-type]  # each argument is text


def test_argument_beats_variable_beats_home(home: Path) -> None:
    at_home = {"HIGHHELP_HOME": str(home)}
    assert load(at_home).project_id == "of-the-home"
    assert load({**at_home, "HIGHHELP_PROJECT_ID": "of-the-variable"}).project_id == "of-the-variable"
    settings = load({**at_home, "HIGHHELP_PROJECT_ID": "of-the-variable"}, project_id="of-the-argument")
    assert settings.project_id == "of-the-argument"
    assert settings.sources["project_id"] == "argument project_id"
    assert settings.sources["base_url"] == f"{home / 'project.json'} (base_url)"


def test_rsa_is_preferred_unless_hmac_is_set_explicitly(home: Path) -> None:
    at_home = {"HIGHHELP_HOME": str(home)}
    assert isinstance(load(at_home).signer, RsaSigner)
    hmac = load({**at_home, "HIGHHELP_HMAC_KEY": "secret-hmac-text"}).signer
    assert isinstance(hmac, HmacSigner)
    assert hmac.public_key_der is not None
    from_file = load({**at_home, "HIGHHELP_HMAC_KEY_FILE": str(home / "hmac_private_key.txt")})
    assert isinstance(from_file.signer, HmacSigner)
    both = {**at_home, "HIGHHELP_HMAC_KEY": "s" * 16, "HIGHHELP_PRIVATE_KEY": (home / "private_key.pem").read_text()}
    assert isinstance(load(both).signer, RsaSigner)


def test_token_and_scheme(home: Path) -> None:
    at_home = {"HIGHHELP_HOME": str(home), "HIGHHELP_SIGNATURE_SCHEME": '{"digest": "single"}'}
    assert load(at_home).scheme == SignatureScheme(digest="single")
    assert load({**at_home, "HIGHHELP_ACCESS_TOKEN": "key-7"}).scheme == SignatureScheme(digest="single", token="key-7")


def test_a_scheme_that_is_given_keeps_its_token(home: Path) -> None:
    environ = {"HIGHHELP_HOME": str(home), "HIGHHELP_ACCESS_TOKEN": "key-7"}
    given = SignatureScheme(token="project_id")
    settings = Settings.load(source=Source.load(environ), scheme=given)
    assert settings.scheme == given
    assert "token" not in settings.sources
    assert load(environ).sources["token"] == "HIGHHELP_ACCESS_TOKEN"


def test_a_base_url_ends_without_a_slash(home: Path) -> None:
    at_home = {"HIGHHELP_HOME": str(home)}
    assert load({**at_home, "HIGHHELP_BASE_URL": f"{URL}/"}).base_url == URL
    assert load(at_home, base_url=f"{URL}/api//").base_url == f"{URL}/api"


def test_a_scheme_of_the_home_is_used(home: Path, tmp_path: Path) -> None:
    project = json.loads((home / "project.json").read_text())
    (tmp_path / "project.json").write_text(json.dumps({**project, "scheme": {"padding": True}}))
    environ = {"HIGHHELP_HOME": str(tmp_path), "HIGHHELP_HMAC_KEY": "x" * 16}
    assert load(environ).scheme.padding is True


@pytest.mark.parametrize(
    ("environ", "words"),
    [
        ({}, "HIGHHELP_BASE_URL: is not set"),
        ({"HIGHHELP_BASE_URL": URL}, "HIGHHELP_PROJECT_ID: is not set"),
        ({"HIGHHELP_BASE_URL": URL, "HIGHHELP_PROJECT_ID": "p"}, "HIGHHELP_PRIVATE_KEY: is not set"),
        (
            {"HIGHHELP_BASE_URL": URL, "HIGHHELP_PROJECT_ID": "p", "HIGHHELP_PRIVATE_KEY": "/nowhere/key.pem"},
            "HIGHHELP_PRIVATE_KEY: /nowhere/key.pem",
        ),
        ({"HIGHHELP_BASE_URL": "gateway.example", "HIGHHELP_PROJECT_ID": "p"}, "HIGHHELP_BASE_URL: is not a URL"),
        ({"HIGHHELP_BASE_URL": URL, "HIGHHELP_PROJECT_ID": "p", "HIGHHELP_HMAC_KEY_FILE": "/nowhere"}, "HIGHHELP_HMAC"),
        (
            {
                "HIGHHELP_BASE_URL": URL,
                "HIGHHELP_PROJECT_ID": "p",
                "HIGHHELP_HMAC_KEY": "k" * 16,
                "HIGHHELP_SIGNATURE_SCHEME": '{"digest": "triple"}',
            },
            "HIGHHELP_SIGNATURE_SCHEME: signature scheme: digest",
        ),
        ({"HIGHHELP_HOME": "/nowhere/at/all"}, "HIGHHELP_HOME"),
        (
            {"HIGHHELP_BASE_URL": "http://gateway.example", "HIGHHELP_PROJECT_ID": "p", "HIGHHELP_HMAC_KEY": "k" * 16},
            "plain http",
        ),
    ],
)
def test_what_is_missing_or_wrong_is_named(environ: dict[str, str], words: str) -> None:
    with pytest.raises(SettingsError) as caught:
        HighHelp(environ=environ)
    assert words in str(caught.value)


def test_the_content_of_a_wrong_key_is_never_shown(tmp_path: Path) -> None:
    secret = "this-is-not-a-pem-but-still-secret"
    file = tmp_path / "key.pem"
    file.write_text(secret)
    for value in (secret, str(file)):
        with pytest.raises(SettingsError) as caught:
            HighHelp(environ={"HIGHHELP_BASE_URL": URL, "HIGHHELP_PROJECT_ID": "p", "HIGHHELP_PRIVATE_KEY": value})
        assert secret not in repr(caught.value)
        assert "PEM" in str(caught.value)


def test_callback_keys_of_the_home_and_of_variables(home: Path) -> None:
    assert len(load_callback_keys(Source.load({"HIGHHELP_HOME": str(home)}))[0]) == 2
    one, where = load_callback_keys(Source.load({"HIGHHELP_CALLBACK_HMAC_KEY": "t" * 16}))
    assert (len(one), where) == (1, "HIGHHELP_CALLBACK_HMAC_KEY")
    with pytest.raises(SettingsError, match="HIGHHELP_CALLBACK_PUBLIC_KEY"):
        load_callback_keys(Source.load({}))


def test_a_callback_key_that_is_set_replaces_those_of_the_home(home: Path) -> None:
    ring, where = load_callback_keys(Source.load({"HIGHHELP_HOME": str(home), "HIGHHELP_CALLBACK_HMAC_KEY": "t" * 32}))
    assert (len(ring), where) == (1, "HIGHHELP_CALLBACK_HMAC_KEY")


def test_callbacks_have_no_pinned_form_without_a_setting(tmp_path: Path) -> None:
    assert load_callback_scheme(Source.load({})) is None
    for text in ("{}", '{"null_text": null}'):
        pinned = SignatureScheme.from_json(text)
        assert load_callback_scheme(Source.load({"HIGHHELP_SIGNATURE_SCHEME": text})) == pinned
        (tmp_path / "project.json").write_text(f'{{"scheme": {text}}}', "utf-8")
        assert load_callback_scheme(Source.load({"HIGHHELP_HOME": str(tmp_path)})) == pinned


def test_timeouts_are_checked() -> None:
    wrong: Any
    for wrong in (0, -1, "30", True, float("nan")):
        with pytest.raises(SettingsError):
            HighHelp(base_url=URL, project_id="p", signer=HmacSigner("k" * 16), timeout=wrong, environ={})


def test_the_environment_of_the_process_is_the_default(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in os.environ:
        if name.startswith("HIGHHELP_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("HIGHHELP_HOME", str(home))
    assert HighHelp.from_env().settings.project_id == "of-the-home"


@pytest.mark.parametrize("form", ['"{}"', "'{}'", ' "{}" ', "\ufeff{}", '\ufeff"{}"'])
def test_quotes_and_marks_around_a_variable_are_left_out(home: Path, form: str) -> None:
    environ = {"HIGHHELP_HOME": str(home), "HIGHHELP_PROJECT_ID": "p-1", "HIGHHELP_BASE_URL": URL}
    environ["HIGHHELP_HMAC_KEY"] = "k" * 32
    plain, told = load(environ), load({name: form.format(value) for name, value in environ.items()})
    assert (told.project_id, told.base_url) == (plain.project_id, plain.base_url) == ("p-1", URL)
    assert told.signer.sign(b"x", "double") == plain.signer.sign(b"x", "double")
    assert load(environ | {"HIGHHELP_PROJECT_ID": '"'}).project_id == '"'


def test_a_path_may_begin_at_the_user_s_home(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(home.parent))
    key = f"~/{home.name}/private_key.pem"
    environ = {"HIGHHELP_BASE_URL": URL, "HIGHHELP_PROJECT_ID": "p", "HIGHHELP_PRIVATE_KEY": key}
    assert isinstance(load(environ).signer, RsaSigner)
    assert load({"HIGHHELP_HOME": f'"~/{home.name}"'}).project_id == "of-the-home"


def test_project_json_may_be_of_windows_and_names_nothing_twice(tmp_path: Path) -> None:
    (tmp_path / "project.json").write_bytes(b'\xef\xbb\xbf{\r\n"project_id": "p"}\r\n')
    assert Source.load({}, tmp_path).project == {"project_id": "p"}
    (tmp_path / "project.json").write_text('{"project_id": "p", "project_id": "q"}')
    with pytest.raises(SettingsError, match="'project_id' appears twice"):
        Source.load({}, tmp_path)
