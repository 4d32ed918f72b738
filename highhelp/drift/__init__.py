"""Record real answers of the gateway, and compare them with the contract."""

from highhelp.drift.compare import Deviation, DeviationKind, RecordingError, Seen, compare, read
from highhelp.drift.recorder import Recorder
from highhelp.drift.suggest import Edit

__all__ = ["Deviation", "DeviationKind", "Edit", "Recorder", "RecordingError", "Seen", "compare", "read"]
