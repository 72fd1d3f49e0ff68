"""POST /playground-chat: chat with a language model, with a complete or a streamed reply."""

from pydantic import TypeAdapter

from functions.playground_chat import conversation
from functions.playground_chat.reply import Reply
from functions.playground_chat.reply_stream import ReplyStream, accepts_event_stream
from shared import safety
from shared.auth.authenticators import User, require_user
from shared.contracts.chat import PlaygroundChatRequest, PlaygroundChatResponse
from shared.http import HttpRequest, StreamResponse, endpoint, read_json, sse
from shared.services import Services
from shared.telemetry.logs import bind

_REQUEST = TypeAdapter(PlaygroundChatRequest)


async def playground_chat(
    call: HttpRequest, user: User, services: Services
) -> PlaygroundChatResponse | StreamResponse:
    """Send a message of a conversation to a language model and return its reply.

    The message is stored before the model is called, and the reply before the response ends. With
    ``Accept: text/event-stream`` the reply is streamed as server-sent events.
    """
    request = await read_json(call, _REQUEST)
    async with safety.recording_refusals(user.id, services):
        safety.check_prompt(request.message, field="message", place="message")
        turn = await conversation.start_turn(request, user, services)
    bind(conversation_id=str(turn.conversation_id))
    reply = Reply(turn, services)
    if accepts_event_stream(call):
        return StreamResponse(ReplyStream(turn, reply), sse.MEDIA_TYPE, sse.HEADERS)
    return await reply.result_or_disconnect(call.wait_for_disconnect())


main = endpoint(playground_chat, authenticate=require_user, rate="prompts")
