"""Any Jupyter client's kernels, forked: the provisioner ``nbpipe-warm``."""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time

import psutil
import pytest
from jupyter_client.manager import AsyncKernelManager

from nbpipe.run.kernels import provisioner

LOOK = "import os, sys; print(open(f'/proc/{os.getppid()}/cmdline').read().split(chr(0))[1])"


@pytest.fixture
def pool(monkeypatch):
    """Templates that end with the test."""
    made = provisioner._Pool()
    monkeypatch.setattr(provisioner, "_pool", lambda: made)
    yield made
    made.close()


@pytest.fixture
def spec(tmp_path, monkeypatch):
    """Writes a kernelspec that asks for the provisioner."""

    def write(*argv, imports=()):
        place = tmp_path / "specs" / "kernels" / "forked"
        place.mkdir(parents=True, exist_ok=True)
        asked = {"provisioner_name": "nbpipe-warm", "config": {"imports": list(imports)}}
        command = argv or (sys.executable, "-m", "ipykernel_launcher")
        spec = {
            "argv": [*command, "-f", "{connection_file}"], "display_name": "forked",
            "language": "python", "metadata": {"kernel_provisioner": asked},
        }  # fmt: skip
        (place / "kernel.json").write_text(json.dumps(spec))
        monkeypatch.setenv("JUPYTER_PATH", str(tmp_path / "specs"))
        return "forked"

    return write


async def said(client, code):
    """Run code; return what it printed."""
    found = []

    def hear(message):
        if message["msg_type"] == "stream":
            found.append(message["content"]["text"])

    await client.execute_interactive(code, output_hook=hear, timeout=60)
    return "".join(found)


async def started(name):
    manager = AsyncKernelManager(kernel_name=name)
    await manager.start_kernel(cwd="/")
    client = manager.client()
    client.start_channels()
    await client.wait_for_ready(timeout=60)
    return manager, client


async def ended(manager, client):
    client.stop_channels()
    await manager.shutdown_kernel()


async def test_a_client_gets_a_forked_kernel_on_sockets_of_its_own(pool, spec):
    manager, client = await started(spec(imports=["statistics"]))
    assert (await said(client, LOOK)).endswith("template.py\n")
    assert await said(client, "print('statistics' in sys.modules, os.getcwd())") == "True /\n"
    assert manager.transport == "ipc"
    assert os.stat(pool.private).st_mode & 0o777 == 0o700
    pid = manager.provisioner.pid
    await ended(manager, client)
    assert not psutil.pid_exists(pid)


async def test_kernels_are_strangers_and_start_again(pool, spec):
    name = spec()
    (first, one), (second, two) = [await started(name) for _ in range(2)]
    await said(one, "x = 1; import os; os.environ['LEAK'] = 'x'")
    assert await said(two, "import os; print('x' in globals(), os.getenv('LEAK'))") == (
        "False None\n"
    )
    await first.restart_kernel(now=True)
    await one.wait_for_ready(timeout=60)
    assert await said(one, "print('x' in globals())") == "False\n"
    await ended(first, one)
    assert await said(two, "print(2)") == "2\n"
    await ended(second, two)


async def test_a_cell_is_interrupted(pool, spec):
    manager, client = await started(spec())
    running = asyncio.ensure_future(
        client.execute_interactive("import time\nprint(1)\ntime.sleep(60)", timeout=60)
    )
    await asyncio.sleep(1)
    await manager.interrupt_kernel()
    reply = await running
    assert reply["content"]["ename"] == "KeyboardInterrupt"
    await ended(manager, client)


async def test_a_kernel_that_cannot_be_forked_is_started(pool, spec):
    launch = "from ipykernel import kernelapp as a; a.launch_new_instance()"
    manager, client = await started(spec(sys.executable, "-c", launch))
    assert await said(client, LOOK) != ""
    assert not (await said(client, LOOK)).endswith("template.py\n")
    await ended(manager, client)


async def test_kernels_end_with_their_client(pool, spec):
    manager, client = await started(spec())
    pid = manager.provisioner.pid
    client.stop_channels()
    pool.close()
    until = time.monotonic() + 10
    while psutil.pid_exists(pid) and time.monotonic() < until:
        await asyncio.sleep(0.05)
    assert not psutil.pid_exists(pid)
    await manager.shutdown_kernel(now=True)


async def test_libraries_find_the_kernel_that_they_are_imported_in(pool, spec):
    name = spec(imports=["pandas"])
    manager, client = await started(name)
    code = "import pandas as pd; print(pd.get_option('display.max_columns'))"
    assert await said(client, code) == "20\n"
    await ended(manager, client)
