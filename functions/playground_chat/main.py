"""POST /playground-chat: a message to a language model, and its answer, whole or as a stream."""

from pydantic import TypeAdapter

from functions.playground_chat import conversation, sse
from functions.playground_chat.reply import Reply
from functions.playground_chat.sse import Telling
from shared import safety
from shared.auth.authenticators import User, user_token
from shared.contracts.chat import PlaygroundChatRequest, PlaygroundChatResponse
from shared.http import Call, Stream, endpoint, read_json
from shared.services import Services
from shared.telemetry.logs import bind

_REQUEST = TypeAdapter(PlaygroundChatRequest)


async def playground_chat(
    call: Call, user: User, services: Services
) -> PlaygroundChatResponse | Stream:
    """The message is stored before it is asked, and the answer before it is given."""
    request = await read_json(call, _REQUEST)
    async with safety.watched(user.id, services):
        safety.check(request.message, field="message", place="message")
        turn = await conversation.begin(request, user, services)
    bind(conversation_id=str(turn.conversation_id))
    reply = Reply(turn, services)
    if sse.is_wanted(call):
        return Stream(Telling(turn, reply), sse.MEDIA_TYPE, sse.HEADERS)
    return await reply.whole_until(call.left())


main = endpoint(playground_chat, caller=user_token, rate="prompts")
