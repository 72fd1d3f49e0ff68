"""gRPC server: the method of each RPC."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import grpc
from google.cloud import tasks_v2
from google.cloud.tasks_v2 import Queue, Task

from infra.local.tasks_emulator.errors import RefusalError

if TYPE_CHECKING:
    from collections.abc import Callable

    from infra.local.tasks_emulator.queue_service import QueueCalls
    from infra.local.tasks_emulator.task_service import TaskCalls

SERVICE = "google.cloud.tasks.v2.CloudTasks"


def make_server(queues: QueueCalls, tasks: TaskCalls) -> grpc.aio.Server:
    """Return a server of the service's RPCs; all other RPCs are UNIMPLEMENTED."""
    methods = {
        "CreateQueue": _method(queues.create_queue, tasks_v2.CreateQueueRequest, Queue),
        "GetQueue": _method(queues.get_queue, tasks_v2.GetQueueRequest, Queue),
        "ListQueues": _method(
            queues.list_queues, tasks_v2.ListQueuesRequest, tasks_v2.ListQueuesResponse
        ),
        "UpdateQueue": _method(queues.update_queue, tasks_v2.UpdateQueueRequest, Queue),
        "DeleteQueue": _method(queues.delete_queue, tasks_v2.DeleteQueueRequest, None),
        "PurgeQueue": _method(queues.purge_queue, tasks_v2.PurgeQueueRequest, Queue),
        "PauseQueue": _method(queues.pause_queue, tasks_v2.PauseQueueRequest, Queue),
        "ResumeQueue": _method(queues.resume_queue, tasks_v2.ResumeQueueRequest, Queue),
        "CreateTask": _method(tasks.create_task, tasks_v2.CreateTaskRequest, Task),
        "GetTask": _method(tasks.get_task, tasks_v2.GetTaskRequest, Task),
        "ListTasks": _method(
            tasks.list_tasks, tasks_v2.ListTasksRequest, tasks_v2.ListTasksResponse
        ),
        "DeleteTask": _method(tasks.delete_task, tasks_v2.DeleteTaskRequest, None),
        "RunTask": _method(tasks.run_task, tasks_v2.RunTaskRequest, Task),
    }
    # Without the option a second emulator could use the same port and get half of the calls.
    server = grpc.aio.server(options=[("grpc.so_reuseport", 0)])
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(SERVICE, methods),))
    return server


def _method(
    handler: Callable[[Any], object], request: type[Any], response: type[Any] | None
) -> grpc.RpcMethodHandler:
    """Return the handler of a unary RPC; a RefusalError becomes a gRPC error."""

    async def call(message: object, context: grpc.aio.ServicerContext) -> object:
        try:
            return handler(message)
        except RefusalError as refusal:
            await context.abort(refusal.code, refusal.message)
            raise

    return grpc.unary_unary_rpc_method_handler(
        call,
        request_deserializer=request.deserialize,
        # Without a type the response is google.protobuf.Empty, which is serialized as no bytes.
        response_serializer=response.serialize if response else lambda _: b"",
    )
