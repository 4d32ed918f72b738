"""Django's settings of the desk."""

import os
import uuid
from urllib.parse import urlsplit

DESK_URL = os.environ.get("DESK_URL", "http://127.0.0.1:8000")

ALLOWED_HOSTS = [urlsplit(DESK_URL).hostname]
SECRET_KEY = os.environ.get("DESK_SECRET") or str(uuid.uuid4())
MIDDLEWARE = ["django.middleware.common.CommonMiddleware", "django.middleware.csrf.CsrfViewMiddleware"]
ROOT_URLCONF = "desk.views"
INSTALLED_APPS = ["highhelp.django", "desk"]
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": os.environ.get("DESK_DATABASE", "desk.sqlite3"),
    }
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
USE_TZ = True
HIGHHELP_HANDLER = "desk.handlers.settle"
