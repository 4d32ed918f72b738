"""Record what the gateway really answers, and compare it with the contract."""

from highhelp.drift.compare import Deviation as Deviation
from highhelp.drift.compare import DeviationKind as DeviationKind
from highhelp.drift.compare import RecordingError as RecordingError
from highhelp.drift.compare import Seen as Seen
from highhelp.drift.compare import compare as compare
from highhelp.drift.compare import read as read
from highhelp.drift.recorder import Recorder as Recorder
from highhelp.drift.suggest import Edit as Edit

__all__ = ["Deviation", "DeviationKind", "Edit", "Recorder", "RecordingError", "Seen", "compare", "read"]
