"""One job is one trace: from its client to its callback, and on through retries."""

from pathlib import Path
from uuid import uuid4

from shared.telemetry import trace_context
from tests.conftest import sweep_of
from tests.support.local_system import LocalSystem, UserClient, wait_until
from tests.support.scripted_worker import ScriptedWorker
from tests.support.traces import (
    CLIENTS_SPAN,
    TRACE,
    lines,
    names,
    new_trace,
    spans,
    spans_of,
    traceparent,
)

JOURNEY = {
    *("POST queue_job", "send sdxl_queue", "run job", "wait", "claim", "POST job_callback"),
    *("sign addresses", "generate", "encode", "upload", "report completed", "check objects"),
    "transaction",
}


def _queue(person: UserClient, prompt: str = "a boat", **headers: str) -> str:
    body = {"jobType": "sdxl_image_fast", "metadata": {"prompt": prompt}}
    answer = person.invoke("queue-job", body, **headers)
    assert answer.status_code == 202, answer.text
    return str(answer.json()["job"]["id"])


def _row(system: LocalSystem, job_id: str) -> trace_context.Traceparent:
    traceparent = trace_context.parse(
        system.value("select traceparent from jobs where id = %s", job_id)
    )
    assert traceparent
    return traceparent


def test_a_job_is_one_trace_from_its_client_to_its_end(noop: LocalSystem, user: UserClient) -> None:
    trace = new_trace()
    job_id = _queue(user, traceparent=traceparent(trace))
    user.wait_for(job_id)
    spans = spans_of(noop, job_id, lambda some: names(some) >= JOURNEY)
    assert {span.trace_id for span in spans} == {trace}
    assert {span.service for span in spans} == {"functions", "worker"}

    by_id = {span.id: span for span in spans}
    (first,) = [span for span in spans if span.parent_id not in by_id]
    assert (first.name, first.parent_id) == ("POST queue_job", CLIENTS_SPAN)
    above = {(span.name, by_id[span.parent_id].name) for span in spans if span.parent_id in by_id}
    assert above >= {
        ("send sdxl_queue", "POST queue_job"),
        ("run job", "send sdxl_queue"),
        ("claim", "run job"),
        ("generate", "run job"),
        ("POST job_callback", "claim"),
        ("POST job_callback", "report completed"),
        ("transaction", "POST queue_job"),
        ("transaction", "POST job_callback"),
    }
    assert _row(noop, job_id) == trace_context.Traceparent(trace, first.id, is_sampled=True)


def test_each_line_about_a_job_names_its_trace(noop: LocalSystem, user: UserClient) -> None:
    trace = new_trace()
    job_id = _queue(user, traceparent=traceparent(trace))
    user.wait_for(job_id)
    wait_until(
        lambda: "job ended" in {one["message"] for one in _about(noop, job_id)},
        what="the worker's last line",
    )
    records = _about(noop, job_id)
    assert {one[TRACE] for one in records} == {trace}
    assert {"answered", "measured", "job claimed", "job made"} <= {
        one["message"] for one in records
    }
    for one in records:
        assert {"severity", "time", "logging.googleapis.com/spanId"} <= one.keys()


def test_a_trace_that_its_client_does_not_keep_is_not_kept(
    noop: LocalSystem, user: UserClient
) -> None:
    trace, kept = new_trace(), new_trace()
    unkept = _queue(user, traceparent=traceparent(trace, sampled=False))
    user.wait_for(unkept)
    job_id = _queue(user, traceparent=traceparent(kept))
    user.wait_for(job_id)
    spans_of(noop, job_id, lambda some: names(some) >= JOURNEY)
    assert trace not in {span.trace_id for span in spans(noop)}
    assert {one[TRACE] for one in _about(noop, unkept)} == {trace}
    assert not _row(noop, unkept).is_sampled


def test_a_job_that_is_tried_again_stays_in_its_trace(
    bare: LocalSystem, person: UserClient, hand_worker: ScriptedWorker
) -> None:
    trace = new_trace()
    job_id = _queue(person, traceparent=traceparent(trace))
    claim_id, _ = hand_worker.claimed(job_id)
    assert hand_worker.fail(job_id, claim_id, retryable=True).status_code == 200
    _wait_for_dispatch(hand_worker, job_id, 2)
    hand_worker.claimed(job_id)
    expire = "update jobs set lease_until = now() - interval '1 second' where id = %s returning id"
    assert bare.rows(expire, job_id)
    sweep_of(bare)()
    _wait_for_dispatch(hand_worker, job_id, 3)

    spans = spans_of(
        bare, job_id, lambda some: [span.name for span in some].count("send sdxl_queue") == 3
    )
    sent = [span for span in spans if span.name == "send sdxl_queue"]
    assert {span.parent_id for span in sent} == {_row(bare, job_id).span_id}
    assert [span.facts["ourvidz.dispatch_no"] for span in sent] == ["1", "2", "3"]
    again = [*sent, *(span for span in spans if span.name == "lease expired")]
    assert len(again) == 4
    assert {span.trace_id for span in again} == {trace}
    tasks = [headers for headers, body in hand_worker.deliveries if job_id.encode() in body]
    assert [headers["traceparent"][36:52] for headers in tasks] == [span.id for span in sent]


def _wait_for_dispatch(worker: ScriptedWorker, job_id: str, number: int) -> None:
    wait_until(
        lambda: worker.message(job_id).dispatch_no == number,
        what=f"dispatch {number}",
    )


def test_neither_spans_nor_lines_hold_what_is_secret(noop: LocalSystem, user: UserClient) -> None:
    word, baggage = f"zeppelin{uuid4().hex}", f"suitcase{uuid4().hex}"
    job_id = _queue(
        user,
        f"a secret {word}",
        traceparent=traceparent(new_trace()),
        tracestate=f"vendor={baggage}",
        baggage=f"key={baggage}",
    )
    user.wait_for(job_id)
    user.fetch(user.asset(job_id)["temp_storage_path"])
    user.post_job(f"another {word}", num_images=9)
    user.invoke("queue-job", {"jobType": word, "metadata": {"prompt": word}})
    spans_of(noop, job_id, lambda some: names(some) >= JOURNEY)
    key = noop.settings().worker_keys_for("noop")[0]
    files = sorted((noop.data / "logs").iterdir())
    assert {"gateway.log", "worker.log", "traces.jsonl"} <= {file.name for file in files}
    for file in files:
        _holds_none_of(file, word, baggage, user.token, "X-Goog-Signature", key)
    for name in ("gateway.log", "worker.log", "traces.jsonl"):
        _holds_none_of(noop.data / "logs" / name, user.id)
    stored = noop.value("select jobs::text from jobs where id = %s", job_id)
    assert baggage not in stored


def _holds_none_of(file: Path, *secrets: str) -> None:
    text = file.read_text(errors="replace")
    assert not [secret for secret in secrets if secret in text], file.name


def _about(system: LocalSystem, job_id: str) -> list[dict[str, object]]:
    return [line for line in lines(system, "gateway", "worker") if line.get("job_id") == job_id]
