"""The same plan with Ray: on a cluster that loses a node, and on one machine."""

import contextlib
import gzip
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

ray = pytest.importorskip("ray", reason="needs the extra `ray`")
pytestmark = [
    pytest.mark.slow,
    # Ray's own processes and sockets outlive its objects.
    pytest.mark.filterwarnings("ignore"),
]


@pytest.fixture
def cluster(monkeypatch):
    """A head without processors for actors, and two nodes with one each."""
    from ray.cluster_utils import Cluster

    monkeypatch.setenv("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")
    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 0})
    nodes = [cluster.add_node(num_cpus=1) for _ in range(2)]
    cluster.wait_for_nodes()
    yield cluster, nodes
    ray.shutdown()
    cluster.shutdown()


@pytest.fixture
def files(tmp_path):
    """Ten files of forty documents."""
    folder = tmp_path / "in"
    folder.mkdir()
    for name in range(10):
        text = "".join(
            f"{name}-{i}|t|TP53 loss in HeLa cells worsened glioma.\n{name}-{i}|a|\n\n"
            for i in range(40)
        )
        (folder / f"{name}.pubtator.gz").write_bytes(gzip.compress(text.encode()))
    return folder


def outputs(folder):
    return {p.name: p.read_bytes() for p in folder.iterdir() if p.is_file()}


def actors():
    """The processes of the actors that tag."""
    found = []
    for name in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{name}/cmdline", "rb") as stream:
                title = stream.read()
        except OSError:
            continue
        if title.startswith(b"ray::") and b"TagFile" in title:
            found.append(int(name))
    return found


def when_first_file_is_there(folder, action):
    """Do something in the middle of the run."""

    def wait():
        while not list(folder.glob("*.gz")):
            time.sleep(0.01)
        action()

    thread = threading.Thread(target=wait, daemon=True)
    thread.start()
    return thread


def test_a_killed_worker_and_a_killed_node(cluster, files, tag, tmp_path):
    cluster, nodes = cluster
    out = tmp_path / "out"
    options = ["--batch-size", "2", "--force"]
    assert tag(files, *options).exit_code == 0
    undisturbed = outputs(out)
    assert len(undisturbed) == 11
    options += ["--engine", "ray", "--address", cluster.address, "--workers", "2"]
    killed = []

    def kill_worker():
        for pid in actors()[:1]:
            killed.append(pid)
            os.kill(pid, signal.SIGKILL)

    def kill_node():
        cluster.remove_node(nodes[1], allow_graceful=False)
        killed.append("node")

    for action in (kill_worker, kill_node):
        for path in out.glob("*.gz"):
            path.unlink()
        thread = when_first_file_is_there(out, action)
        result = tag(files, *options)
        thread.join(60)
        assert result.exit_code == 0, result.stderr
        assert "400 documents in 10 files" in result.stderr
        assert outputs(out) == undisturbed
    assert len(killed) == 2
    again = tag(files, *options[:2], *options[3:])
    assert "10 files done before" in again.stderr


def test_wrong_settings_and_no_cluster(files, tag):
    result = tag(files, "--engine", "ray", "--address", "127.0.0.1:1")
    assert result.exit_code == 1
    assert "Ray cannot be reached" in result.stderr
    result = tag(files, "--address", "127.0.0.1:1")
    assert result.exit_code == 1
    assert "add --engine ray" in result.stderr


def descendants(pid):
    """The processes that a process started, and those that these did."""
    parents = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            fields = path.read_text().rpartition(")")[2].split()
            parents[int(path.parent.name)] = int(fields[1])
    found = {pid}
    while more := {p for p, parent in parents.items() if parent in found} - found:
        found |= more
    return found


def listening(pids):
    """The addresses on which processes wait for connections, as /proc has them."""
    sockets = set()
    for pid in pids:
        with contextlib.suppress(OSError):
            for name in os.listdir(f"/proc/{pid}/fd"):
                with contextlib.suppress(OSError):
                    sockets.add(os.readlink(f"/proc/{pid}/fd/{name}"))
    lines = [
        line.split()
        for name in ("tcp", "tcp6")
        for line in Path(f"/proc/net/{name}").read_text().splitlines()[1:]
    ]
    listens = "0A"
    return {
        fields[1].partition(":")[0]
        for fields in lines
        if fields[3] == listens and f"socket:[{fields[9]}]" in sockets
    }


def test_a_local_run_listens_on_this_machine_only(files, model, tmp_path):
    command = [sys.executable, "-W", "ignore", "-m", "spacy_aioner.cli", "tag"]
    command += [files, "--output", tmp_path / "out", "--model", model, "--quiet"]
    command += ["--engine", "ray"]
    process = subprocess.Popen([str(part) for part in command])
    seen = set()
    while process.poll() is None:
        seen |= listening(descendants(process.pid))
        time.sleep(0.2)
    assert process.returncode == 0
    assert seen
    # 127.0.0.1 in both families, as numbers of the machine's byte order.
    assert seen <= {"0100007F", "0000000000000000FFFF00000100007F"}
