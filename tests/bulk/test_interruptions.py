"""Signals at many moments of a run with workers: all ends soon, nothing is spoilt."""

import gzip
import os
import signal
import subprocess
import sys
import time

import pytest

AIONER = [sys.executable, "-m", "spacy_aioner.cli"]
# All ends in a second; a busy machine is slow.
SECONDS = 20


def group(number):
    """The living processes of a process group."""
    found = []
    for name in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{name}/stat") as stream:
                state, _, its = stream.read().rpartition(")")[2].split()[:3]
        except OSError:
            continue
        if int(its) == number and state != "Z":
            found.append(int(name))
    return found


def heed_interruptions():
    """A shell has what runs in the background ignore them."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def outputs(folder):
    return {p.name: p.read_bytes() for p in folder.iterdir() if p.is_file()}


@pytest.fixture(scope="module")
def sources(tmp_path_factory):
    folder = tmp_path_factory.mktemp("in")
    for name in range(6):
        text = "".join(
            f"{name}-{i}|t|TP53 loss in HeLa cells worsened glioma.\n{name}-{i}|a|\n\n"
            for i in range(30)
        )
        (folder / f"{name}.pubtator.gz").write_bytes(gzip.compress(text.encode()))
    return folder


@pytest.fixture(scope="module")
def command(model, sources):
    return [*AIONER, "tag", sources, "--model", model, "--workers", "2", "--quiet"]


@pytest.fixture(scope="module")
def undisturbed(command, tmp_path_factory):
    folder = tmp_path_factory.mktemp("calm")
    subprocess.run([*command, "--output", folder], check=True)
    return outputs(folder)


def processes(number):
    """Until there are so many processes: the run, Python's helper, the workers."""
    return lambda pid, out: len(group(pid)) >= number


def files(pattern):
    """Until there is a file of this name in the output folder."""
    return lambda pid, out: any(out.glob(pattern))


MOMENTS = {
    "start": (processes(1), 0.2),
    "imports": (processes(1), 1.0),
    "first worker": (processes(3), 0.0),
    "second worker": (processes(4), 0.0),
    "workers import": (processes(4), 0.2),
    "workers load": (processes(4), 2.0),
    "writing": (files(".aioner/partial/*"), 0.0),
    "written": (files("*.gz"), 0.05),
}
FEW = ("second worker", "workers load", "written")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("number", "to_all", "moments"),
    [
        (signal.SIGINT, True, MOMENTS),
        (signal.SIGTERM, True, FEW),
        (signal.SIGTERM, False, FEW),
    ],
    ids=["SIGINT", "SIGTERM", "SIGTERM to the parent alone"],
)
def test_signals_at_many_moments(
    command, undisturbed, tmp_path, number, to_all, moments
):
    out = tmp_path / "out"
    for name in moments:
        reached, delay = MOMENTS[name]
        with subprocess.Popen(
            [*command, "--force", "--output", out],
            start_new_session=True,
            preexec_fn=heed_interruptions,
            stderr=subprocess.PIPE,
            text=True,
        ) as process:
            while process.poll() is None and not reached(process.pid, out):
                time.sleep(0.002)
            time.sleep(delay)
            (os.killpg if to_all else os.kill)(process.pid, number)
            deadline = time.monotonic() + SECONDS
            while left := group(process.pid):
                if time.monotonic() > deadline:
                    os.killpg(process.pid, signal.SIGKILL)
                    pytest.fail(f"at '{name}' {len(left)} processes did not end")
                time.sleep(0.01)
            said = process.communicate()[1]
        if number == signal.SIGINT and name not in ("start", "imports"):
            # Before, Python itself may be interrupted.
            # Python ends itself by the signal if that met it in an `exec`.
            assert process.returncode in (130, -signal.SIGINT), name
            last = "error: interrupted; run the same command again to resume\n"
            assert said.endswith(last)
            assert "Traceback" not in said
            assert not list(out.glob(".aioner/partial/*"))
        for path in out.glob("*.gz"):
            assert path.read_bytes() == undisturbed[path.name]
            path.unlink()
    if number == signal.SIGINT:
        subprocess.run([*command, "--output", out], check=True)
        assert outputs(out) == undisturbed
