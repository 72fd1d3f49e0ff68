"""Callers of every kind, and the objects that their requests refer to."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import uuid4

import httpx

from tests.integration.specification.json_shapes import Body
from tests.integration.specification.specification import INTERFACES
from tests.support.fake_chat_server import ChatServer
from tests.support.images import RED
from tests.support.local_system import LocalSystem, UserClient, wait_until
from tests.support.scripted_worker import ScriptedWorker


class Stage:
    """Callers, and the objects of their requests, created on first use."""

    def __init__(self, system: LocalSystem, worker: ScriptedWorker, chat: ChatServer) -> None:
        self._system = system
        self.user = UserClient(system)
        self.admin = UserClient(system, is_admin=True)
        self._worker = worker
        self._chat = chat
        self._at_hand: dict[str, Any] = {"$URL": chat.url, "$ID": str(uuid4())}

    def call(self, name: str, body: Body) -> httpx.Response:
        """Send a request as the kind of caller that the function has."""
        caller = INTERFACES[name].caller
        if caller == "worker":
            return self._worker.send(name, body)
        return (self.admin if caller == "admin" else self.user).invoke(name, body)

    def filled(self, part: Any) -> Any:  # noqa: ANN401 - JSON
        """Replace the placeholders in a part of a body by values."""
        if isinstance(part, dict):
            return {name: self.filled(value) for name, value in part.items()}
        if isinstance(part, list):
            return [self.filled(value) for value in part]
        if isinstance(part, str) and part.startswith("$"):
            if part not in self._at_hand:
                self._make(part)
            return self._at_hand[part]
        return part

    def drawn(self, name: str, body: Body) -> httpx.Response:
        """Send a request that waits for its image, while the worker generates one."""
        with ThreadPoolExecutor(1) as pool:
            waiting = pool.submit(self.call, name, body)
            query = "select id from jobs where user_id = %s"
            wait_until(lambda: bool(self._system.rows(query, self.admin.id)), what="the job")
            self._worker.finish(str(self._system.value(query, self.admin.id)))
            return waiting.result()

    def _make(self, name: str) -> None:
        if name == "$CONVERSATION":
            begun = self.user.invoke("playground-chat", {"message": "Hello"}).json()
            self._at_hand[name] = begun["conversation_id"]
        elif name in {"$ASSET", "$PICTURE"}:
            job_id = self.user.create_job()
            self._worker.finish(job_id, RED)
            asset = self.user.asset(job_id)
            self._at_hand |= {"$ASSET": asset["id"], "$PICTURE": asset["temp_storage_path"]}
        else:
            job_id = self.user.create_job()
            claim_id, claim = self._worker.claimed(job_id)
            assets = [{**one, "durationSeconds": 1.5} for one in self._worker.upload(claim)]
            placeholders = {
                "$JOB": job_id,
                "$USER": self.user.id,
                "$CLAIM": claim_id,
                "$ASSETS": assets,
            }
            self._at_hand |= placeholders
