"""The folder of a report: reserved, replaced in one step, and never lost."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from cxmodels.reporting import swap
from cxmodels.reporting.swap import TargetError, keep_as, put_in_place, reserved


def fill(folder: Path, text: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "run.json").write_text(text, encoding="utf-8")


@pytest.fixture(params=["exchange", "two renames"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Both ways to swap: in one step, and where the system cannot."""
    if request.param == "two renames":
        monkeypatch.setattr(swap, "_exchange", lambda one, other: False)
    return request.param


def test_a_finished_folder_becomes_the_report(tmp_path: Path, way: str) -> None:
    target = tmp_path / "reports" / "1998-06-30"
    for text in ("first", "second"):
        with reserved(target) as part:
            fill(part, text)
            put_in_place(part, target)
        assert (target / "run.json").read_text(encoding="utf-8") == text
        assert [path.name for path in target.parent.iterdir()] == ["1998-06-30"]


def test_files_of_the_old_report_do_not_linger(tmp_path: Path, way: str) -> None:
    target = tmp_path / "report"
    fill(target, "old")
    (target / "old.html").touch()
    with reserved(target) as part:
        fill(part, "new")
        put_in_place(part, target)
    assert [path.name for path in target.iterdir()] == ["run.json"]


def test_a_reader_finds_a_report_at_every_moment_of_the_exchange(tmp_path: Path) -> None:
    target = tmp_path / "report"
    fill(target, "0")
    gone: list[int] = []
    stop = threading.Event()

    def read() -> None:
        while not stop.is_set():
            try:
                (target / "run.json").read_text(encoding="utf-8")
            except FileNotFoundError:
                gone.append(1)

    reader = threading.Thread(target=read)
    reader.start()
    for turn in range(200):
        with reserved(target) as part:
            fill(part, str(turn))
            put_in_place(part, target)
    stop.set()
    reader.join()
    assert gone == []


def test_an_exception_removes_the_folder_and_leaves_the_report(tmp_path: Path) -> None:
    target = tmp_path / "report"
    fill(target, "good")
    with pytest.raises(KeyError), reserved(target) as part:
        fill(part, "half")
        raise KeyError
    assert (target / "run.json").read_text(encoding="utf-8") == "good"
    assert [path.name for path in tmp_path.iterdir()] == ["report"]


def test_a_failed_run_is_kept_in_place_of_the_last_failed_one(tmp_path: Path) -> None:
    target, aside = tmp_path / "report", tmp_path / "report.failed"
    for text in ("one", "two"):
        with reserved(target) as part:
            fill(part, text)
            keep_as(part, aside)
    assert (aside / "run.json").read_text(encoding="utf-8") == "two"
    assert not target.exists()


def test_what_a_killed_run_left_is_removed_by_the_next(tmp_path: Path) -> None:
    target = tmp_path / "report"
    fill(tmp_path / ".report.part-123", "dead")
    (tmp_path / ".report.lock").write_text("123", encoding="utf-8")
    with reserved(target) as part:
        assert sorted(path.name for path in tmp_path.iterdir()) == sorted([".report.lock", part.name])


def test_a_report_caught_between_two_renames_is_put_back(tmp_path: Path) -> None:
    target = tmp_path / "report"
    fill(tmp_path / ".report.old", "good")
    with reserved(target):
        assert (target / "run.json").read_text(encoding="utf-8") == "good"


def test_only_one_run_at_a_time_gets_a_folder(tmp_path: Path) -> None:
    target = tmp_path / "report"
    with (
        reserved(target),
        pytest.raises(TargetError, match=r"another run \(process \d+\) is writing to .*report"),
        reserved(target),
    ):
        raise AssertionError
    with reserved(target):
        pass


def test_two_reports_beside_each_other_do_not_wait(tmp_path: Path) -> None:
    with reserved(tmp_path / "one"), reserved(tmp_path / "two"):
        pass


def test_a_folder_that_is_no_report_is_never_replaced(tmp_path: Path) -> None:
    target = tmp_path / "thesis"
    target.mkdir()
    (target / "chapter.txt").write_text("years of work", encoding="utf-8")
    with pytest.raises(TargetError, match="holds files but no report"), reserved(target):
        raise AssertionError
    with pytest.raises(TargetError, match="is a file"), reserved(target / "chapter.txt"):
        raise AssertionError
    assert (target / "chapter.txt").read_text(encoding="utf-8") == "years of work"


def test_a_folder_that_cannot_be_written_to_is_named_with_the_cure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*args: object, **kwargs: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(swap.tempfile, "TemporaryDirectory", refuse)  # root may write anywhere
    target = tmp_path / "report"
    with (
        pytest.raises(TargetError, match=r"report cannot be written to \(Permission denied\).*--out"),
        reserved(target),
    ):
        raise AssertionError


@pytest.mark.parametrize("target", ["/proc/report", "/proc/a/report", f"{{tmp}}/{'n' * 250}"])
def test_what_cannot_be_written_is_named_as_the_user_wrote_it(tmp_path: Path, target: str) -> None:
    target = target.format(tmp=tmp_path)
    with pytest.raises(TargetError) as refusal, reserved(Path(target)):
        raise AssertionError
    assert str(refusal.value).startswith(f"{target} cannot be written to (")
    assert str(refusal.value).endswith("); name another folder for the report with --out")


def test_an_empty_folder_may_be_used(tmp_path: Path) -> None:
    target = tmp_path / "report"
    target.mkdir()
    with reserved(target) as part:
        fill(part, "new")
        put_in_place(part, target)
    assert (target / "run.json").read_text(encoding="utf-8") == "new"
