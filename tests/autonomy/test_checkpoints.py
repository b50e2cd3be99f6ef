"""Files kept as they were, and put back: these, wholly or not at all, and nothing beside them."""

import os
import shutil
import stat
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rheostat.autonomy import ChangedSince, NotKept, NotRestored
from rheostat.autonomy.io import Checkpoint, Checkpoints

ROOT = Path(__file__).parents[2]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "work"
    made.mkdir()
    return made


@pytest.fixture
def checkpoints(tmp_path: Path) -> Checkpoints:
    return Checkpoints(tmp_path / "kept")


def told(folder: Path) -> dict[str, tuple[str, int, bytes | str]]:
    """All that stands in a folder: kind, mode and content by name."""
    found = dict[str, tuple[str, int, bytes | str]]()
    for path in sorted(folder.rglob("*")):
        mode = stat.S_IMODE(path.lstat().st_mode)
        name = path.relative_to(folder).as_posix()
        if path.is_symlink():
            found[name] = ("link", 0, os.readlink(path))
        else:
            found[name] = ("folder", mode, "") if path.is_dir() else ("file", mode, path.read_bytes())
    return found


def changing(
    checkpoints: Checkpoints, paths: list[Path], change: Callable[[], object]
) -> tuple[Checkpoint, Checkpoint]:
    before = checkpoints.keep(paths)
    change()
    return before, checkpoints.after(before)


def test_a_file_that_was_replaced_comes_back_with_its_permissions(checkpoints: Checkpoints, folder: Path) -> None:
    script = folder / "run.sh"
    script.write_text("old")
    script.chmod(0o750)
    was = told(folder)

    def replace() -> None:
        script.unlink()
        script.write_text("new")

    before, after = changing(checkpoints, [script], replace)
    assert checkpoints.restore(before, expected=after) == (script,)
    assert told(folder) == was


def test_what_was_made_goes_and_what_was_deleted_comes_back(checkpoints: Checkpoints, folder: Path) -> None:
    (folder / "old").mkdir(mode=0o500)
    os.chmod(folder / "old", 0o700)
    (folder / "old/deep").mkdir()
    (folder / "old/deep/a.txt").write_text("a")
    (folder / "old/link").symlink_to("deep/a.txt")
    os.chmod(folder / "old/deep", 0o550)
    was = told(folder)

    def change() -> None:
        os.chmod(folder / "old/deep", 0o700)
        shutil.rmtree(folder / "old")
        (folder / "new/deeper").mkdir(parents=True)
        (folder / "new/deeper/b.txt").write_text("b")

    before, after = changing(checkpoints, [folder / "old", folder / "new/deeper/b.txt"], change)
    checkpoints.restore(before, expected=after)
    assert told(folder) == was


def test_what_others_made_stays(checkpoints: Checkpoints, folder: Path) -> None:
    made = folder / "made/ours.txt"

    def change() -> None:
        made.parent.mkdir()
        made.write_text("ours")

    before, after = changing(checkpoints, [made], change)
    (folder / "made/theirs.txt").write_text("theirs")
    (folder / "beside.txt").write_text("theirs, too")
    checkpoints.restore(before, expected=after)
    assert sorted(told(folder)) == ["beside.txt", "made", "made/theirs.txt"]


def edited(path: Path) -> None:
    path.write_text("edited since")


def in_another_mode(path: Path) -> None:
    path.chmod(0o600)


def deleted(path: Path) -> None:
    path.unlink()


def made_a_link(path: Path) -> None:
    path.unlink()
    path.symlink_to("elsewhere")


def made_a_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


@pytest.mark.parametrize("meddle", [edited, in_another_mode, deleted, made_a_link, made_a_folder])
def test_nothing_is_touched_if_one_file_changed_since(
    checkpoints: Checkpoints, folder: Path, meddle: Callable[[Path], None]
) -> None:
    one, two = folder / "one.txt", folder / "two.txt"
    for path in (one, two):
        path.write_text("before")
        path.chmod(0o644)
    before, after = changing(checkpoints, [one, two], lambda: [path.write_text("after") for path in (one, two)])
    meddle(two)
    now = told(folder)
    with pytest.raises(ChangedSince, match=r"two\.txt.*nothing was touched") as refused:
        checkpoints.restore(before, expected=after)
    assert refused.value.paths == (str(two),)
    assert told(folder) == now


def test_a_folder_that_became_a_file_and_back(checkpoints: Checkpoints, folder: Path) -> None:
    (folder / "a").write_text("a file")
    (folder / "b").mkdir()
    was = told(folder)

    def swap() -> None:
        (folder / "a").unlink()
        (folder / "a").mkdir()
        (folder / "a/inside").write_text("x")
        (folder / "b").rmdir()
        (folder / "b").symlink_to("a")

    before, after = changing(checkpoints, [folder / "a", folder / "a/inside", folder / "b"], swap)
    (folder / "a/foreign").write_text("of somebody else")
    with pytest.raises(ChangedSince, match="a/foreign"):
        checkpoints.restore(before, expected=after)
    (folder / "a/foreign").unlink()
    checkpoints.restore(before, expected=after)
    assert told(folder) == was


def test_nothing_is_written_through_a_link_that_came_since(checkpoints: Checkpoints, folder: Path) -> None:
    path, outside = folder / "inner/file.txt", folder / "outside"
    path.parent.mkdir()
    outside.mkdir()
    path.write_text("before")
    before, after = changing(checkpoints, [path], lambda: path.write_text("after"))
    shutil.move(path.parent, folder / "moved")
    path.parent.symlink_to(outside)
    (outside / "file.txt").write_text("after")
    with pytest.raises(ChangedSince):
        checkpoints.restore(before, expected=after)
    assert (outside / "file.txt").read_text() == "after"


def test_a_link_is_kept_as_a_link_and_what_it_points_to_is_left_alone(checkpoints: Checkpoints, folder: Path) -> None:
    secret = folder / "secret.txt"
    secret.write_text("of somebody else")
    link = folder / "link"
    link.symlink_to(secret)

    def replace() -> None:
        link.unlink()
        link.write_text("new")

    before, after = changing(checkpoints, [link], replace)
    checkpoints.restore(before, expected=after)
    assert os.readlink(link) == str(secret)
    assert secret.read_text() == "of somebody else"


def test_what_is_no_file_is_not_kept(checkpoints: Checkpoints, folder: Path) -> None:
    os.mkfifo(folder / "pipe")
    with pytest.raises(NotKept, match="neither a file nor a folder nor a link"):
        checkpoints.keep([folder / "pipe"])
    with pytest.raises(NotKept, match="its name is no text"):
        checkpoints.keep([folder / os.fsdecode(b"\xff.txt")])


def test_a_damaged_or_missing_content_is_not_put_back(checkpoints: Checkpoints, tmp_path: Path, folder: Path) -> None:
    path = folder / "a.txt"
    path.write_text("before")
    before, after = changing(checkpoints, [path], lambda: path.write_text("after"))
    content = tmp_path / "kept/contents" / before.kept[0].content
    content.write_bytes(b"forged")
    with pytest.raises(NotRestored, match="damaged"):
        checkpoints.restore(before, expected=after)
    content.unlink()
    with pytest.raises(NotRestored, match="missing"):
        checkpoints.restore(before, expected=after)
    assert told(folder) == {"a.txt": ("file", stat.S_IMODE(path.stat().st_mode), b"after")}


def test_equal_contents_are_kept_once_and_for_their_owner_alone(
    checkpoints: Checkpoints, tmp_path: Path, folder: Path
) -> None:
    for name in "abc":
        (folder / name).write_text("the same")
    checkpoints.keep([folder])
    checkpoints.keep([folder / "a"])
    contents = list((tmp_path / "kept/contents").iterdir())
    assert len(contents) == 1
    assert stat.S_IMODE(contents[0].stat().st_mode) == 0o600
    assert stat.S_IMODE(contents[0].parent.stat().st_mode) == 0o700


def test_under_a_key_the_first_state_counts(checkpoints: Checkpoints, folder: Path) -> None:
    path = folder / "a.txt"
    path.write_text("before")
    checkpoints.begin("key", [path])
    path.write_text("half done, then killed")
    checkpoints.begin("key", [path])
    path.write_text("after")
    checkpoints.end("key")
    assert checkpoints.put_back("key") == (path,)
    assert path.read_text() == "before"
    assert checkpoints.put_back("key") == (), "once more does nothing"


def test_what_others_changed_between_two_attempts_is_what_stood_there_before(
    checkpoints: Checkpoints, folder: Path
) -> None:
    path = folder / "a.txt"
    path.write_text("before")
    checkpoints.begin("key", [path])
    path.write_text("half done, then failed")
    checkpoints.end("key")
    path.write_text("mended by hand")
    checkpoints.begin("key", [path])
    path.write_text("after")
    checkpoints.end("key")
    checkpoints.put_back("key")
    assert path.read_text() == "mended by hand"


def test_without_its_end_an_effect_is_not_taken_back(checkpoints: Checkpoints, folder: Path) -> None:
    path = folder / "a.txt"
    path.write_text("before")
    checkpoints.begin("key", [path])
    path.write_text("who knows")
    with pytest.raises(NotRestored, match="it was cut off"):
        checkpoints.put_back("key")
    with pytest.raises(NotRestored, match="What stood there before was never kept"):
        checkpoints.put_back("another key")
    assert path.read_text() == "who knows"


NAMES = ("a", "b", "c", "a/x", "a/y", "b/x", "b/x/deep")


@st.composite
def trees(draw: st.DrawFn) -> dict[str, str | None]:
    """Files with a text and folders (None) by name; small, so that two of them meet."""
    names = st.sampled_from(["a", "b", "c", "a/x", "a/y", "b/x", "b/x/deep"])
    return draw(
        st.dictionaries(names, st.one_of(st.none(), st.sampled_from(["1", "2", "->a", "->nowhere"])), max_size=5)
    )


def build(folder: Path, tree: dict[str, str | None]) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    for name, content in sorted(tree.items()):
        path = folder / name
        if any(parent.is_symlink() or parent.is_file() for parent in path.parents):
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        if content is None:
            path.mkdir(exist_ok=True)
        elif content.startswith("->"):
            path.symlink_to(content[2:])
        else:
            path.write_text(content)


@given(trees(), trees())
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=60)
def test_whatever_an_effect_does_to_the_paths_that_it_names_is_taken_back(
    tmp_path: Path, was: dict[str, str | None], becomes: dict[str, str | None]
) -> None:
    folder, checkpoints = tmp_path / "tree", Checkpoints(tmp_path / "kept")
    build(folder, was)
    before_all = told(folder)
    paths = [folder / name for name in NAMES]
    before, after = changing(checkpoints, paths, lambda: build(folder, becomes))
    checkpoints.restore(before, expected=after)
    assert told(folder) == before_all
    assert checkpoints.restore(before, expected=after) == ()
