"""One cold start, run as a separate program by `imports.py`: prints milliseconds and peak MiB as JSON.

Libraries beyond a bare install are hidden, since httpx loads its own command line where click and rich are installed,
and the client looks for OpenTelemetry.
"""

import json
import sys

SIDE, KEY, URL, *PATHS = sys.argv[1:]
sys.path[:0] = PATHS
for name in ("click", "rich", "h2", "brotli", "brotlicffi", "zstandard", "socksio"):
    sys.modules[name] = None  # type: ignore[assignment]  # what import statements take for "not installed"

import resource  # noqa: E402
import time  # noqa: E402


def stand_on() -> None:
    """Import the client's dependencies."""
    import attrs  # noqa: F401
    import cryptography  # noqa: F401
    import httpx
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    load_pem_private_key(open(KEY, "rb").read(), None)  # noqa: SIM115, PTH123  # pathlib is one of the things measured
    httpx.Client()


def client() -> None:
    """The package, a client, and a first call with all that it imports."""
    from highhelp import HighHelp
    from highhelp_signing import RsaSigner

    with HighHelp(base_url=URL, project_id="p", signer=RsaSigner.from_pem(open(KEY, "rb").read()), environ={}) as made:  # noqa: PTH123  # as above
        made.p2p.create_payin(
            {
                "general": {"payment_id": "order-1001"},
                "payment": {"method": "card-p2p", "amount": 10000, "currency": "RUB"},
            }
        )


def peak_memory() -> float:
    """MiB. getrusage would report the memory that the parent held when it started this process."""
    try:
        with open("/proc/self/status", encoding="ascii") as status:  # noqa: PTH123  # as above
            return next(int(line.split()[1]) for line in status if line.startswith("VmHWM")) / 1024
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


began = time.process_time()
{"bare": lambda: None, "stand on": stand_on, "client": client}[SIDE]()
spent = (time.process_time() - began) * 1000
peak = peak_memory()
print(json.dumps({"ms": spent, "MiB": peak, "modules": len(sys.modules)}))
