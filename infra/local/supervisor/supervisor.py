"""Start, watch and stop all processes of the local system (the command ``up``)."""

import asyncio
import contextlib
import os
import signal
import sys
import threading
import time
from collections.abc import AsyncIterator

from infra.local.config import keys
from infra.local.config.environment import LocalSystem
from infra.local.config.tokens import user_token
from infra.local.database import server, setup
from infra.local.errors import LocalSystemError
from infra.local.process import data_dir, ports
from infra.local.process.managed_process import ManagedProcess, ProcessSpec
from infra.local.sample.job import SampleError, make_sample
from infra.local.supervisor import processes, scheduler
from infra.local.supervisor.processes import Options

_STOP_ORDER = (("worker",), ("gateway",), ("storage", "tasks"), ("postgres",))


class Supervisor:
    """The processes of one local system."""

    def __init__(self, options: Options, system: LocalSystem) -> None:
        self._options = options
        self._system = system
        self._children: list[ManagedProcess] = []

    async def start(self) -> None:
        """Start the processes, in parallel where possible.

        Raises:
            StartError: a process did not start.
        """
        system, worker = self._system, self._options.worker
        starts = [self._database_and_gateway()]
        starts += [self._start(processes.storage_program(system))]
        starts += [self._start(processes.tasks_program(system))]
        if worker != "none":
            starts += [self._start(processes.worker_program(system, worker))]
        try:
            async with asyncio.TaskGroup() as group:
                for start in starts:
                    group.create_task(start)
        except ExceptionGroup as errors:
            raise errors.exceptions[0] from None

    async def stop(self) -> None:
        """Stop the processes, each after those that depend on it."""
        for names in _STOP_ORDER:
            going = [child for child in self._children if child.program.name in names]
            await asyncio.gather(*(child.stop() for child in going))
        data_dir.clear_processes(self._system.data)

    async def _database_and_gateway(self) -> None:
        system = self._system
        if system.database is None:
            await self._start(processes.postgres_program(system))
        admin = system.database or server.url(system.ports["postgres"])
        url = await asyncio.to_thread(setup.prepare, admin, make=system.database is None)
        await self._start(processes.gateway_program(system, url))

    async def _start(self, program: ProcessSpec) -> None:
        child = ManagedProcess(program, self._system.data, on_change=self._write_processes, say=say)
        self._children.append(child)
        await child.start()

    def _write_processes(self) -> None:
        running = [(child.program, child.pid) for child in self._children]
        listed: list[data_dir.Process] = [
            {"name": program.name, "pid": pid, "port": program.port}
            for program, pid in running
            if pid is not None
        ]
        with contextlib.suppress(OSError):  # a deleted folder must not prevent the stop
            data_dir.write_processes(self._system.data, listed)


def up(options: Options) -> int:
    """Run the local system until a signal; return the exit status."""
    data = options.data.resolve()
    try:
        with data_dir.lock(data):
            # Users, uploads and logs are readable by this account only; children inherit this.
            os.umask(0o077)
            return asyncio.run(_run(options, _system(options)))
    except LocalSystemError as error:
        say(str(error))
        return 1


def _system(options: Options) -> LocalSystem:
    data = options.data.resolve()
    if not ports.is_free(options.port):
        raise ports.NoPortError(
            f"Port {options.port} is in use: end what listens there, or choose another with --port."
        )
    keys.make_all()
    names = ("postgres", "storage", "tasks", "worker")
    chosen = ports.choose(data / "ports.json", names, taken=[options.port])
    return LocalSystem(data, options.port, chosen, os.environ.get("DATABASE_URL") or None)


async def _run(options: Options, system: LocalSystem) -> int:
    supervisor = Supervisor(options, system)
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, stopped.set)
    serving = asyncio.create_task(_serve(options, system, supervisor))
    waiting = asyncio.create_task(stopped.wait())
    try:
        await asyncio.wait({serving, waiting}, return_when=asyncio.FIRST_COMPLETED)
        return serving.result() if serving.done() else 0
    finally:
        waiting.cancel()
        await _cancelled(serving)
        await supervisor.stop()


async def _serve(options: Options, system: LocalSystem, supervisor: Supervisor) -> int:
    """Start, run the sample job if any, and serve until cancelled; with --once, return."""
    began = time.monotonic()
    say("Starting the local system ...")
    await supervisor.start()
    say(f"The local system is up at {system.base} after {time.monotonic() - began:.1f} s.")
    async with _sweeping(system):
        code = await _sample(options.sample, system) if options.sample else 0
        if not options.once:
            say(_WELCOME.format(base=system.base, python=sys.executable))
            await asyncio.Event().wait()
    return code


async def _sample(prompt: str, system: LocalSystem) -> int:
    stopped = threading.Event()
    say(f'The sample: "{prompt}"')
    try:
        path, address = await asyncio.to_thread(
            make_sample, prompt, system.base, user_token(), system.data / "samples", stopped
        )
    except SampleError as error:
        say(str(error))
        return 1
    finally:
        stopped.set()
    say(f"The picture is stored in {path}\nand can be opened at {address}")
    return 0


@contextlib.asynccontextmanager
async def _sweeping(system: LocalSystem) -> AsyncIterator[None]:
    task = asyncio.create_task(scheduler.sweep_forever(system))
    try:
        yield
    finally:
        await _cancelled(task)


async def _cancelled(task: asyncio.Task[int] | asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.wait([task])


def say(text: str) -> None:
    """Print a message to the terminal (standard error)."""
    with contextlib.suppress(OSError):  # a terminal that was closed
        print(text, file=sys.stderr, flush=True)


_WELCOME = """
  Functions   {base}/functions/v1/<name>
  A token     python -m infra.local token
  The rest    {base}/

Ctrl-C stops it."""
