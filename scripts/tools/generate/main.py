"""Generate `generated/` from `spec/openapi.yaml`, or check that it is up to date."""

from __future__ import annotations

import argparse
import filecmp
import shutil
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from tools.generate import client, contract_package, contract_pages, document, rules, strict, templates

ROOT = Path(__file__).resolve().parents[3]
PACKAGE = "highhelp_api"
MARK = "# Made from spec/openapi.yaml by scripts/generate. Not edited by hand.\n"

# fixes first, since the generators leave unused imports and old spellings; the formatter decides the bytes
RUFF_FIX = ("check", "--no-cache", "--isolated", "--quiet", "--fix-only", "--select", "I,F401,UP",
            "--target-version", "py311")  # fmt: skip
RUFF_FORMAT = ("format", "--no-cache", "--isolated", "--quiet", "--line-length", "120", "--target-version", "py311")


def generate(spec: Path, target: Path) -> None:
    """Make the whole package `highhelp_api` below `target`.

    Raises:
        DocumentError: The document breaks a rule, or a generator reports anything about it.
        TemplateError: Another version of the client's generator is installed than the edits were made for.
    """
    doc = document.load(spec)
    broken = rules.check(doc)
    if broken:
        raise document.DocumentError("\n".join(document.located(spec, broken)))
    package = target / PACKAGE
    package.mkdir(parents=True)
    (package / "__init__.py").write_text(
        '"""What the contract becomes: `client` (typed), `strict` (for the mock and tests) and `contract` (data)."""\n',
        encoding="utf-8",
    )
    (package / "py.typed").touch()
    shutil.copyfile(spec, package / "openapi.yaml")  # for tools of users of the wheel
    client.write(doc, package / "client")
    strict.write(doc, package / "strict")
    contract_package.write(doc, package / "contract")
    for options in (RUFF_FIX, RUFF_FORMAT):
        subprocess.run([sys.executable, "-m", "ruff", *options, str(package)], check=True)
    for path in sorted(package.rglob("*.py")):
        path.write_text(MARK + path.read_text(encoding="utf-8"), encoding="utf-8")


def differences(made: Path, kept: Path) -> list[str]:
    """Files in which two trees differ, by their path below them."""
    names = {
        path.relative_to(tree).as_posix()
        for tree in (made, kept)
        for path in tree.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    return sorted(
        name
        for name in names
        if not (
            (made / name).is_file() and (kept / name).is_file() and filecmp.cmp(made / name, kept / name, shallow=False)
        )
    )


def stale_pages(made: dict[str, str]) -> dict[str, str]:
    """The pages that do not stand as they are made."""
    return {
        name: text
        for name, text in made.items()
        if not (ROOT / name).is_file() or (ROOT / name).read_text(encoding="utf-8") != text
    }


def main(arguments: list[str] | None = None) -> int:
    """Run the command line. Returns the exit code: 0, 1 where --check finds a difference, 2 for a wrong document."""
    parser = argparse.ArgumentParser(prog="scripts/generate", description=__doc__)
    parser.add_argument("--check", action="store_true", help="change nothing, exit 1 and name the files that differ")
    parser.add_argument("--spec", type=Path, default=ROOT / "spec" / "openapi.yaml", help="another document")
    parser.add_argument("--output", type=Path, default=ROOT / "generated", help="another folder than generated/")
    options = parser.parse_args(arguments)
    with TemporaryDirectory() as directory:
        made = Path(directory)
        try:
            generate(options.spec, made)
            # pages belong to the repository's own document, not to another one that is tried out
            own = options.output == ROOT / "generated"
            made_pages = contract_pages.pages(document.load(options.spec), ROOT) if own else {}
        except (document.DocumentError, templates.TemplateError) as error:
            print(error, file=sys.stderr)
            return 2
        changed = differences(made / PACKAGE, options.output / PACKAGE)
        stale = stale_pages(made_pages)
        if options.check:
            names = [f"{options.output.name}/{PACKAGE}/{name}" for name in changed] + list(stale)
            for name in names:
                print(f"differs: {name}", file=sys.stderr)
            print(f"{len(names)} files differ: run scripts/generate" if names else "all follows from the document")
            return 1 if names else 0
        for name, text in stale.items():
            (ROOT / name).parent.mkdir(parents=True, exist_ok=True)
            (ROOT / name).write_text(text, encoding="utf-8")
        for name in changed:
            source, goal = made / PACKAGE / name, options.output / PACKAGE / name
            if source.is_file():
                goal.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(source, goal)
            else:
                goal.unlink()
        count = len(changed) + len(stale)
        print(f"{count} files changed" if count else "nothing changed")
    return 0


if __name__ == "__main__":
    sys.exit(main())
