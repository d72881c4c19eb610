"""A run with workers that is ended from outside leaves no named semaphores."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

SHARED = Path("/dev/shm")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not SHARED.is_dir(), reason="semaphores are files on Linux"),
]


def semaphores(group):
    """The semaphores that processes of a group have open, by their files."""
    found = set()
    for path in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if os.getpgid(int(path.name)) == group:
                words = (path / "maps").read_text().split()
                found |= {word for word in words if word.startswith(f"{SHARED}/sem.")}
    return found


def gone(paths, seconds=20.0):
    end = time.monotonic() + seconds
    while any(map(os.path.exists, paths)) and time.monotonic() < end:
        time.sleep(0.1)
    return not any(map(os.path.exists, paths))


@pytest.mark.parametrize("name", ["SIGHUP", "SIGQUIT", "SIGTERM", "SIGINT"])
def test_a_signal_to_the_group(model, sources, tmp_path, name):
    for number in range(200):
        text = (sources / "a.pubtator").read_text()
        (sources / f"{number}.pubtator").write_text(text)
    out = tmp_path / "out"
    command = [sys.executable, "-W", "ignore", "-m", "spacy_aioner.cli", "tag", sources]
    command += ["--output", out, "--model", model, "--workers", "2", "--quiet"]
    process = subprocess.Popen([str(c) for c in command], start_new_session=True)
    while process.poll() is None and not list(out.glob("*.pubtator")):
        time.sleep(0.05)
    used = semaphores(process.pid)
    os.killpg(process.pid, getattr(signal, name))
    assert process.wait(60) != 0
    assert gone(used)
