"""A Hypothesis state machine: one job on the real system, compared with the reference model."""

from typing import Any
from uuid import UUID, uuid4

from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)

from tests.conftest import sweep_of
from tests.integration.jobs.reference_model import ATTEMPTS, ENDED, FREE_HAND_BACKS, Claim, Model
from tests.support.db_roles import Connection
from tests.support.local_system import LocalSystem, UserClient
from tests.support.scripted_worker import CHECKED_BY, ScriptedWorker
from tests.support.workspace import act

_STANDING = """
    select token_balance,
        array(select temp_storage_path from workspace_assets where job_id = %s
            order by asset_index) as paths,
        array(select kind from credit_ledger where user_id = %s order by created_at, kind) as kinds,
        (select sum(amount) from credit_ledger where user_id = profiles.id) as total,
        (select waiting + running from user_queues where user_id = %s) as open
    from profiles where id = %s
"""


class JobLife(RuleBasedStateMachine):
    """One job of a new user, from its creation to its end."""

    system: LocalSystem
    worker: ScriptedWorker
    database: Connection

    def __init__(self) -> None:
        super().__init__()
        self.person = UserClient(self.system)
        self.sweep = sweep_of(self.system)
        self.job = self.person.create_job(num_images=2)
        self.worker.message(self.job)
        self.model = Model()
        self.frozen: dict[str, Any] | None = None
        self.replays: list[tuple[str, dict[str, Any], dict[str, Any]]] = []

        self.age = self.timeout = 0

    @initialize(timeout=st.integers(0, 25))
    def begin(self, timeout: int) -> None:
        """Let this many events pass before the job may end: most orders would end it at once."""
        self.timeout = timeout

    # Callbacks of the worker.

    @rule()
    def claim(self) -> None:
        model, claim_id = self.model, str(uuid4())
        answer = self._callback_body(claim_id, "processing", dispatchNo=model.dispatch_no)
        if model.status == "queued":
            assert answer["proceed"] is True
            made = Claim(claim_id, model.dispatch_no, answer)
            model.status, model.current = "processing", made
            model.attempts += 1
            model.claims.append(made)
            self._hold()
        elif model.status == "processing":
            assert answer["code"] == "claimed"
        else:
            assert answer["proceed"] is False

    @rule()
    def claim_by_an_older_message(self) -> None:
        answer = self._callback_body(
            str(uuid4()), "processing", dispatchNo=self.model.dispatch_no - 1
        )
        assert answer["proceed"] is False

    @precondition(lambda self: self.model.current)
    @rule()
    def claim_again(self) -> None:
        current = self.model.current
        assert current
        answer = self._callback_body(current.id, "processing", dispatchNo=current.dispatch_no)
        assert answer["proceed"] is True
        assert [upload["path"] for upload in answer["uploads"]] == [
            upload["path"] for upload in current.answer["uploads"]
        ]

    @precondition(lambda self: self.model.claims)
    @rule(data=st.data())
    def heartbeat(self, data: st.DataObject) -> None:
        claim = self._any(data)
        answer = self._callback_body(claim.id, "processing", progress=0.5)
        assert answer["proceed"] is (claim is self.model.current)
        self._hold()

    @precondition(lambda self: self.model.claims)
    @rule(data=st.data(), uploaded=st.booleans())
    def complete(self, data: st.DataObject, *, uploaded: bool) -> None:
        claim = self._any(data)
        if uploaded and self.may_end() and not claim.assets:
            claim.assets = self.worker.upload(claim.answer)
        assets = claim.assets or self._pretended(claim)
        answer = self._callback_body(
            claim.id, "completed", results={"assets": assets}, outputCheck=CHECKED_BY
        )
        if self.model.status in ENDED:
            assert answer["proceed"] is False
        elif not claim.assets:
            assert answer["code"] == "object_missing"
        else:
            assert answer["proceed"] is True
            self.model.ends("completed", winner=claim)

    @precondition(lambda self: self.model.claims)
    @rule(data=st.data(), how=st.sampled_from(["permanent", "retryable", "requeue"]))
    def fail(self, data: st.DataObject, how: str) -> None:
        if how == "permanent" and not self.may_end():
            how = "retryable"
        self._fail(self._any(data), how)

    def _fail(self, claim: Claim, how: str) -> None:
        model = self.model
        failure = {"code": "broken", **({how: True} if how != "permanent" else {})}
        answer = self._callback_body(claim.id, "failed", errorMessage="It broke.", failure=failure)
        assert answer["proceed"] is (claim is model.current)
        if claim is not model.current:
            return
        model.hand_backs += how == "requeue"
        if how == "requeue" and model.hand_backs <= FREE_HAND_BACKS:
            model.waits_again(attempts=model.attempts - 1)
        elif how != "permanent" and model.attempts < ATTEMPTS:
            model.waits_again(attempts=model.attempts)
        else:
            model.ends("failed")

    @precondition(lambda self: self.replays)
    @rule(data=st.data())
    def replay(self, data: st.DataObject) -> None:
        message_id, body, answer = data.draw(st.sampled_from(self.replays))
        again = self.worker.send("job-callback", body, message_id=message_id)
        assert again.json() == answer

    # Time, and the user.

    @precondition(lambda self: self.model.status == "processing")
    @rule()
    def lease_expires(self) -> None:
        self._set("lease_until = now() - interval '1 second'")
        self.sweep()
        if self.model.attempts < ATTEMPTS:
            self.model.waits_again(attempts=self.model.attempts)
        else:
            self.model.ends("failed")

    @precondition(lambda self: self.model.status == "processing" and self.may_end())
    @rule()
    def deadline_passes(self) -> None:
        past = "now() - interval '1 second'"
        self._set(f"deadline_at = {past}, lease_until = {past}")
        self.sweep()
        self.model.ends("failed")

    @precondition(lambda self: self.model.status == "queued")
    @rule(broken=st.booleans())
    def an_attempt_is_lost(self, *, broken: bool) -> None:
        """A claim that is never finished, so that attempts are used up within an example."""
        self.claim()
        if broken and self.model.current:
            self._fail(self.model.current, "retryable")
        else:
            self.lease_expires()

    @precondition(lambda self: self.model.status == "queued")
    @rule()
    def claim_never_comes(self) -> None:
        self._set("claim_by = now() - interval '1 second'")
        self.sweep()
        self.model.waits_again(attempts=self.model.attempts)

    @precondition(lambda self: self.may_end())
    @rule()
    def a_day_passes(self) -> None:
        self._set("expires_at = now() - interval '1 second'")
        self.sweep()
        if self.model.status not in ENDED:
            self.model.ends("failed")

    @rule()
    def sweep_for_nothing(self) -> None:
        self.sweep()

    @precondition(lambda self: self.may_end())
    @rule()
    def cancel(self) -> None:
        answer = act(self.person, "cancel_job", jobId=self.job)
        if self.model.status in {"completed", "failed"}:
            assert answer.status_code == 409
        else:
            assert answer.status_code == 200
            self.model.ends("cancelled")

    # Invariants.

    @invariant()
    def the_job_stands_as_the_model_says(self) -> None:
        self.age += 1
        row, model = self._row("select * from jobs where id = %s", self.job), self.model
        assert (row["status"], row["attempts"]) == (model.status, model.attempts)
        assert row["dispatch_no"] == model.dispatch_no
        current = row["claim_id"] if row["status"] == "processing" else None
        assert current == (UUID(model.current.id) if model.current else None)
        if model.status in ENDED:
            del row["cleanup_after"], row["expires_at"]  # set by the sweep and by this test
            self.frozen = self.frozen or row
            assert row == self.frozen, "what has ended never changes"

    @invariant()
    def one_end_one_account_and_the_winners_assets_alone(self) -> None:
        found = self._row(_STANDING, self.job, self.person.id, self.person.id, self.person.id)
        won = self.model.winner.assets if self.model.winner else []
        assert found["paths"] == [one["tempStoragePath"] for one in won]
        closing = {"completed": ["settle"], "failed": ["refund"], "cancelled": ["refund"]}
        assert found["kinds"] == ["grant", "reserve", *closing.get(self.model.status, [])]
        made = self.model.status in {"queued", "processing", "completed"}
        assert found["token_balance"] == found["total"] == (18 if made else 20)
        assert found["open"] == (self.model.status not in ENDED)

    def may_end(self) -> bool:
        return self.age >= self.timeout

    def teardown(self) -> None:
        """Every job ends, whatever has happened to it."""
        self.a_day_passes()
        assert self.model.status in ENDED
        self.the_job_stands_as_the_model_says()
        self.one_end_one_account_and_the_winners_assets_alone()

    def _callback_body(self, claim_id: str, status: str, **more: object) -> dict[str, Any]:
        body = self.worker.callback_body(self.job, claim_id, status, **more)
        message_id = f"msg_{uuid4().hex}"
        answer = self.worker.send("job-callback", body, message_id=message_id)
        payload: dict[str, Any] = answer.json()
        assert answer.status_code in {200, 409}, payload
        if answer.status_code == 200 and status != "processing":
            self.replays.append((message_id, body, payload))
        return payload

    def _any(self, data: st.DataObject) -> Claim:
        return data.draw(st.sampled_from(self.model.claims))

    def _pretended(self, claim: Claim) -> list[dict[str, Any]]:
        """Assets as they would be reported if they had been uploaded."""
        return [self.worker.asset(place) for place in claim.answer["uploads"]]

    def _hold(self) -> None:
        """Extend the lease, so that it ends only when the test ends it."""
        if self.model.current:
            self._set("lease_until = now() + interval '1 hour'")

    def _row(self, query: str, *arguments: str) -> dict[str, Any]:
        (row,) = self.database.execute(query.encode(), arguments).fetchall()
        return row

    def _set(self, change: str) -> None:
        self.database.execute(f"update jobs set {change} where id = %s".encode(), [self.job])
