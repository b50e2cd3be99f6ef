"""Where rheostat keeps what belongs to the user of this machine. `RHEOSTAT_HOME` puts all of it into one folder."""

import os
from pathlib import Path

import platformdirs

HOME_VARIABLE = "RHEOSTAT_HOME"


def config_folder() -> Path:
    """The folder of settings that people write, such as prices.yaml. It may not exist yet."""
    return _own_home() or Path(platformdirs.user_config_dir("rheostat", appauthor=False))


def data_folder() -> Path:
    """The folder of things that can't be had again, such as the Logs of runs. It may not exist yet."""
    return _own_home() or Path(platformdirs.user_data_dir("rheostat", appauthor=False))


def cache_folder() -> Path:
    """The folder of things that can be fetched again, such as the embedded model. It may not exist yet."""
    own = _own_home()
    return own / "cache" if own else Path(platformdirs.user_cache_dir("rheostat", appauthor=False))


def _own_home() -> Path | None:
    stated = os.environ.get(HOME_VARIABLE, "").strip()
    return Path(stated).expanduser() if stated else None
