import sys
import time

import pytest

from benchmarks.measure import MeasureError, Measurement, interleave, measure, median, module

HOLD_200_MB = "import time; block = b'x' * 200_000_000; time.sleep(0.15)"


def python(code: str) -> list[str]:
    return [sys.executable, "-c", code]


def test_a_process_that_holds_200_mb_reads_as_200_mb_and_its_own_size():
    empty = measure(python("import time; time.sleep(0.15)"))
    full = measure(python(HOLD_200_MB))
    assert full.peak_mb - empty.peak_mb == pytest.approx(200, abs=5)


def test_a_peak_that_is_gone_before_the_next_look_still_counts():
    if not sys.platform.startswith("linux"):
        pytest.skip("only Linux keeps a high-water mark that another process can read")
    run = measure(python("block = b'x' * 200_000_000; del block; import time; time.sleep(0.5)"), interval=0.3)
    assert run.peak_mb >= 200


def test_the_memory_of_child_processes_is_added_up():
    # both hold their memory until the parent lets go: on a busy machine they would else miss each other
    parent = """
import subprocess, sys, time
code = "held = b'x' * 200_000_000; print(1, flush=True); input()"
pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
children = [subprocess.Popen([sys.executable, "-c", code], **pipes) for _ in range(2)]
[child.stdout.readline() for child in children]
time.sleep(0.6)
[child.communicate(b"go") for child in children]
"""
    run = measure(python(parent))
    assert run.processes == 3
    assert 400 <= run.peak_mb < 500


def test_the_measured_memory_is_the_childs_and_not_ours():
    ours = bytearray(b"x" * 300_000_000)
    assert measure(python("pass")).peak_mb < 100
    assert len(ours) == 300_000_000


def test_wall_time_holds_the_start_and_the_sleep():
    run = measure(python("import time; time.sleep(0.4)"))
    assert 0.4 <= run.seconds < 3


def test_a_failing_command_is_no_measurement_and_says_why():
    with pytest.raises(MeasureError, match=r"(?s)status 1.*ZeroDivisionError"):
        measure(python("1 / 0"))


def test_a_command_that_hangs_is_ended():
    start = time.perf_counter()
    with pytest.raises(MeasureError, match=r"still running after 0\.3 s"):
        measure(python("import time; time.sleep(60)"), timeout=0.3)
    assert time.perf_counter() - start < 10


def test_repetitions_go_round_by_round(tmp_path):
    trail = tmp_path / "trail"
    commands = {
        name: python(f"from pathlib import Path; Path({str(trail)!r}).open('a').write({name!r})")
        for name in "ab"
    }
    runs = interleave(commands, repetitions=2)
    assert trail.read_text() == "abab"
    assert [len(runs[name]) for name in "ab"] == [2, 2]


def test_the_median_is_taken_of_time_and_memory_separately():
    runs = [Measurement(1.0, 300.0, 1), Measurement(9.0, 100.0, 2), Measurement(2.0, 200.0, 1)]
    assert median(runs) == Measurement(2.0, 200.0, 2)


def test_a_module_runs_with_our_interpreter():
    assert measure(module("benchmarks.measure")).seconds > 0
