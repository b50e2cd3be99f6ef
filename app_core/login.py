"""Under which name a person's words and wishes are kept, if they gave none."""

import getpass


def login_name() -> str:
    """The login name; `you` for an account without one, as in some containers."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "you"
