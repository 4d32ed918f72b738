"""Databases of both kinds and pgbouncer, as the inbox's tests have them."""

from __future__ import annotations

from tests.inbox.conftest import gateway as gateway
from tests.inbox.conftest import keys as keys
from tests.inbox.conftest import pgbouncer as pgbouncer
from tests.inbox.conftest import postgres as postgres
from tests.inbox.conftest import postgres_server as postgres_server
from tests.inbox.conftest import sqlite as sqlite
from tests.inbox.conftest import url as url
