"""The chat worker's real process, with the tiny random model, driven by a test."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from tests.support.http import web
from tests.support.local_system import ROOT, TIMEOUT_SECONDS, free_port, wait_until

Body = dict[str, Any]


class ChatProcess:
    """``python -m gpu_workers.chat.main`` on a free port."""

    def __init__(self, folder: Path, **environment: str) -> None:
        self.port = free_port()
        self.base = f"http://127.0.0.1:{self.port}"
        self.completions = f"{self.base}/v1/chat/completions"
        self.cache = folder / "models"
        self._log = folder / "chat.log"
        key = environment.get("CHAT_API_KEY")
        self.headers = {"authorization": f"Bearer {key}"} if key else {}
        own = {"PORT": str(self.port), "MODEL_CACHE": str(self.cache), "OMP_NUM_THREADS": "1"}
        with self._log.open("w") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "gpu_workers.chat.main"],
                cwd=ROOT,
                env={**os.environ, **own, "TORCH_THREADS": "1", **environment},
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        wait_until(self._is_loaded, what="the chat worker to load")

    def ask(self, prompt: str = "hi", **more: object) -> httpx.Response:
        """Send one message and return the complete response."""
        return self.post(body(prompt, **more))

    def post(self, content: Body) -> httpx.Response:
        """Send any body and return the complete response."""
        return web.post(self.completions, json=content, headers=self.headers)

    def text(self, prompt: str = "hi", **more: object) -> str:
        """The text of the reply to one message."""
        answer = self.ask(prompt, **more)
        assert answer.status_code == 200, answer.text
        return str(answer.json()["choices"][0]["message"]["content"])

    @contextmanager
    def stream(self, prompt: str = "hi", **more: object) -> Iterator[Iterator[str]]:
        """The data of each event of a stream, once the first one has arrived."""
        content = body(prompt, stream=True, **more)
        with web.stream("POST", self.completions, json=content, headers=self.headers) as answer:
            assert answer.status_code == 200, answer.read()
            assert answer.headers["content-type"].startswith("text/event-stream")
            lines = answer.iter_lines()
            yield (line.removeprefix("data: ") for line in lines if line)

    def info(self) -> Body:
        """The body of GET /info."""
        info: Body = web.get(f"{self.base}/info").json()
        return info

    def counted(self, **counts: int) -> None:
        """Wait until ``/info`` shows these counts."""
        wait_until(lambda: counts.items() <= self.info().items(), what=f"{counts}")

    def ended(self) -> list[Body]:
        """The log records of the replies that have ended, oldest first."""
        complete, _, _ = self._log.read_text().rpartition("\n")  # the last line may be incomplete
        lines = [json.loads(line) for line in complete.splitlines()]
        return [line for line in lines if line["message"] == "reply ended"]

    def log(self) -> str:
        """The whole log."""
        return self._log.read_text()

    @property
    def has_ended(self) -> bool:
        """Whether the process has ended."""
        return self._process.poll() is not None

    def tell_to_end(self) -> None:
        """Send SIGTERM."""
        self._process.send_signal(signal.SIGTERM)

    def stop(self) -> int:
        """Stop the process and return its exit status."""
        if not self.has_ended:
            self.tell_to_end()
        return self._process.wait(timeout=TIMEOUT_SECONDS)

    def _is_loaded(self) -> bool:
        assert not self.has_ended, self.log()
        try:
            return bool(web.get(f"{self.base}/healthz").json()["status"] == "ok")
        except httpx.TransportError:
            return False


def body(prompt: str = "hi", **more: object) -> Body:
    """A request with one message."""
    return {"messages": [{"role": "user", "content": prompt}], **more}
