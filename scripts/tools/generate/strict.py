"""Strict pydantic models of every schema, for the mock gateway and for tests: datamodel-code-generator."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from tools.generate.document import DocumentError, Json, generator_view

OPTIONS = (
    "--input-file-type", "openapi",
    "--output-model-type", "pydantic_v2.BaseModel",
    "--openapi-scopes", "schemas",
    "--field-constraints",
    "--use-annotated",
    "--strict-types", "str", "int", "bool",
    "--use-missing-sentinel",  # otherwise an optional field would accept null although the schema does not
    "--naming-strategy", "parent-prefixed",
    "--use-schema-description",
    "--use-field-description",
    "--set-default-enum-member",
    "--disable-timestamp",
    "--target-python-version", "3.11",
)  # fmt: skip

EDITS = {
    # pydantic 2.14 made it public and warns of the old place
    "from pydantic.experimental.missing_sentinel import MISSING\n": "from pydantic import MISSING\n",
}


def write(document: Json, target: Path) -> None:
    """Write the package. Raises DocumentError with the generator's own words."""
    target.mkdir(parents=True)
    with TemporaryDirectory() as directory:
        source = Path(directory) / "openapi.json"
        source.write_text(json.dumps(generator_view(document), default=str), encoding="utf-8")
        run = subprocess.run(
            [sys.executable, "-m", "datamodel_code_generator", "--input", str(source), "--output",
             str(target / "models.py"), *OPTIONS],
            capture_output=True, text=True, check=False, cwd=directory,
        )  # fmt: skip
    if run.returncode:
        raise DocumentError(f"datamodel-code-generator: {run.stderr.strip()}")
    models = target / "models.py"
    text = models.read_text(encoding="utf-8")
    for old, new in EDITS.items():
        if text.count(old) != 1:
            raise DocumentError(f"datamodel-code-generator: {text.count(old)} places where 1 is expected: {old!r}")
        text = text.replace(old, new)
    models.write_text(text, encoding="utf-8")
    (target / "__init__.py").write_text(
        '"""Strict pydantic models of the contract\'s schemas. Not imported by the client."""\n', encoding="utf-8"
    )
