"""What can go wrong with declaring, running and resuming a workflow.

RheostatError
└── RunError
    ├── BadDeclaration    a declaration, or its use in a workflow, does not hold together    builder
    ├── AppFailed         a function, source or tool of the app raised an error             builder
    │   └── TookTooLong   it has not ended in the time it is given                          builder
    ├── Unwritable        a result holds what JSON can't                                    builder
    ├── WorkflowChanged   the workflow is not the one the run was started with              builder
    ├── AppNotFound       the App of a run can't be found again                             builder
    ├── BadInput          an argument of the run does not fit the workflow's signature      user
    ├── UnfitAnswer       an answer does not fit a question that waits                      user
    ├── NotUndone         what a run has done was not taken back                           user
    ├── UnfitHeads        a file of heads, or its key, can't be used or trusted             user
    ├── UnknownRun        no run of this name is in the store                               user
    ├── RunTaken          another process has written to the run                            user
    │   └── RunHeld       another process works on it                                       user
    ├── BudgetTooSmall    the next call could take the run past its cap                     user
    ├── DeadlinePassed    the run's seconds are used up                                     user
    ├── StoreFull         the disk is full                                                  operator
    ├── StoreBusy         other processes use the store without a pause                     operator
    ├── StoreTooNew       the store was written by a newer rheostat                         operator
    ├── LogTooNew         a Log holds events of a newer rheostat                            operator
    ├── DamagedLog        a Log is not what was written                                     operator
    └── ErasedLog         what a Log said was erased                                        user
"""

from pathlib import Path
from typing import ClassVar

from .errors import Mend, RheostatError


class RunError(RheostatError):
    """A run could not be declared, started, driven or resumed.

    Args:
        sentences: what is wrong, why, and what to do.
    """

    def __init__(self, *sentences: str) -> None:
        super().__init__(" ".join(sentence for sentence in sentences if sentence))


class BadDeclaration(RunError):
    """A declaration, or its use in a workflow, does not hold together."""


class AppFailed(RunError):
    """A function, source or tool of the app raised an error; the message says which and what."""


class TookTooLong(AppFailed):
    """A function, source, tool or model call of the app has not ended in the time it is given."""

    def __init__(self, name: str, timeout_s: float) -> None:
        super().__init__(
            f"{name}() was given up.",
            f"It had not ended after the {timeout_s:g} s that it is given.",
            "Mend what makes it hang, or give it more with `timeout_s`.",
        )


class Unwritable(RunError):
    """Something can't be kept in the Log."""

    def __init__(self, what: str, why: str) -> None:
        super().__init__(
            f"An event {what!r} can't be kept in the Log.",
            f"It holds what is no text in any language ({why}).",
            "Give strings that can be encoded, such as text.encode(errors='replace').decode().",
        )


class WorkflowChanged(RunError):
    """The workflow was changed while the run waited."""

    def __init__(self, run: str, workflow: str, difference: str = "", hit: str = "") -> None:
        super().__init__(
            f"Run {run} can't go on with the workflow {workflow!r}.",
            f"Its graph was changed since the run was started{f' ({difference})' if difference else ''}"
            f"{f', and the run has come past {hit}' if hit else ''}.",
            "Go back to the code that the run was started with, or start a new run.",
        )


class AppNotFound(RunError):
    """The App that a run was started with can't be found again."""

    def __init__(self, app: str, where: str, why: str) -> None:
        super().__init__(
            f"The App {app!r} can't be found in {where}.",
            f"{why}{'' if why.endswith('.') else '.'}",
            "Put it back, or work in the folder and environment that the run was started in.",
        )


class BadInput(RunError):
    """An argument given to a run does not fit the workflow's signature."""

    mend: ClassVar[Mend] = "user"


class UnfitAnswer(RunError):
    """An answer does not fit a question that waits."""

    mend: ClassVar[Mend] = "user"


class NotUndone(RunError):
    """What a run has done was not taken back."""

    mend: ClassVar[Mend] = "user"


class RunNotDone(RunError):
    """The run has no result, or none yet."""

    mend: ClassVar[Mend] = "user"


class UnknownRun(RunError):
    """No run of this name is in the store."""

    mend: ClassVar[Mend] = "user"

    def __init__(self, run: str) -> None:
        super().__init__(f"There is no run {run!r} in this store.", "", "`rheostat runs` lists those there are.")


class RunTaken(RunError):
    """Another process has written to the run since this one last read it."""

    mend: ClassVar[Mend] = "user"
    stops_run: ClassVar[bool] = True

    def __init__(self, run: str) -> None:
        super().__init__(
            f"This process let go of run {run}.",
            "Another one has decided on it or works on it, and two can't write one Log. Nothing was lost.",
            f"See how it stands with `rheostat show {run}`.",
        )


class RunHeld(RunTaken):
    """Another process works on the run."""

    def __init__(self, run: str, holder: str) -> None:
        RunError.__init__(
            self,
            f"Run {run} is being worked on by {holder}.",
            "Two can't work on one run. Nothing was lost.",
            f"Wait for it, end that process, or call the run off with `rheostat cancel {run}`.",
        )


class BudgetTooSmall(RunError):
    """The next call could take the run past its cap, so it was not made."""

    mend: ClassVar[Mend] = "user"


class DeadlinePassed(RunError):
    """The run's seconds are used up, so no further call is made."""

    mend: ClassVar[Mend] = "user"

    def __init__(self, deadline_s: float) -> None:
        super().__init__(
            "This step was not run.", f"The deadline of {deadline_s:g} s has passed.", "Give the run more time."
        )


class StoreFull(RunError):
    """The disk is full; what was written before is whole."""

    mend: ClassVar[Mend] = "operator"
    stops_run: ClassVar[bool] = True

    def __init__(self, path: Path) -> None:
        super().__init__(
            "The run stopped before its next step.",
            f"The disk that holds {path} is full; what was recorded before is whole.",
            "Make room, then resume the run.",
        )


class StoreBusy(RunError):
    """Other processes use the file of runs without a pause."""

    mend: ClassVar[Mend] = "operator"
    stops_run: ClassVar[bool] = True

    def __init__(self, path: Path) -> None:
        super().__init__(
            f"{path} could not be written, or not be cleared of what was erased.",
            "Another process has been using it all the while.",
            "Try again once that one has ended.",
        )


class UnfitHeads(RunError):
    """A file of heads, or the key to it, can't be used or trusted."""

    mend: ClassVar[Mend] = "user"


class StoreDamaged(RunError):
    """The file of runs is not what was written."""

    mend: ClassVar[Mend] = "operator"
    stops_run: ClassVar[bool] = True

    def __init__(self, path: Path) -> None:
        super().__init__(
            f"The runs in {path} can't be read.",
            "The file is damaged, or no database of runs.",
            "Put a copy from before in its place, or move it away to begin anew.",
        )


class StoreTooNew(RunError):
    """The store was written by a newer rheostat."""

    mend: ClassVar[Mend] = "operator"

    def __init__(self, path: Path) -> None:
        super().__init__(
            f"{path} was left untouched.",
            "It was written by a newer version of rheostat.",
            "Upgrade rheostat, or set RHEOSTAT_HOME to another folder.",
        )


class LogTooNew(RunError):
    """A Log holds an event that this version does not know."""

    mend: ClassVar[Mend] = "operator"

    def __init__(self, seq: int, why: str) -> None:
        super().__init__(
            f"Record {seq} of this Log can't be read.",
            f"A newer version of rheostat wrote it ({why}).",
            "Upgrade rheostat; the run was left untouched.",
        )


class DamagedLog(RunError):
    """A Log is not what was written."""

    mend: ClassVar[Mend] = "operator"

    def __init__(self, run: str, seq: int, how: str = "") -> None:
        super().__init__(
            f"Record {seq} of the Log of run {run} is not what was written.",
            f"{how} Something other than rheostat changed the store.".strip(),
            "Restore it from a copy.",
        )


class ErasedLog(RunError):
    """What a Log said was erased, so nothing that needs it can be done."""

    mend: ClassVar[Mend] = "user"

    def __init__(self, run: str) -> None:
        super().__init__(
            f"What run {run} read and did was erased.",
            "Its chain is whole, but nobody can read it or go on from it any more.",
            f"`rheostat audit {run}` says who erased it.",
        )
