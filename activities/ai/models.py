"""The models: asked in order until one answers, each call paid for, none waited for too long."""

import asyncio
import time
from collections.abc import AsyncGenerator
from contextlib import aclosing
from types import TracebackType
from typing import TYPE_CHECKING, Self, TypeVar

import httpx2
import msgspec
import structlog
from msgspec import Struct

from activities.ai.connection import connected
from activities.ai.endpoint import Endpoint, endpoint_of
from activities.ai.failures import MAY_PASS, CallFailed, failure_of, together
from activities.ai.gathering import ARGUMENTS_AT_MOST, TEXT_AT_MOST, Gathering
from activities.ai.protocol import (
    Ask,
    Ledger,
    ModelsRefused,
    NotStructured,
    Outcome,
    Payer,
    Piece,
    Reply,
    Said,
    TakenBack,
)
from activities.ai.structured import Unreadable, read, repair, schema_of
from activities.ai.wire import PATH, Chunk, chunk_of, input_tokens, request_body
from runtime.settings import Settings

if TYPE_CHECKING:
    from openai import AsyncOpenAI, AsyncStream

CHUNKS_AT_MOST = 20_000
AFTER_THE_END_SECONDS = 2.0
"""How long to wait for the count of tokens once the answer itself is complete."""

RESTS_SECONDS = 30.0
"""How long a model that just failed is asked last: each question of a turn would wait for a hung one anew."""

T = TypeVar("T", bound=Struct)
log = structlog.get_logger()


class Models:
    """The language models that the settings name, as one. Open for as long as it is entered.

    Of a question's time each model has an equal share of what is left: a first one that hangs leaves the second
    its chance, one that fails at once leaves its time to the next. One that failed is asked last for a while, so
    that the next questions do not wait for it again. A model is called once for a question; trying again is for
    whoever asks.
    """

    def __init__(self, settings: Settings, ledger: Ledger) -> None:
        """Nothing is connected yet.

        Raises:
            InvalidSettings: the settings of models do not hold together.
        """
        self._ledger = ledger
        self._endpoint: Endpoint | None = endpoint_of(settings)
        self._client: AsyncOpenAI | None = connected(self._endpoint) if self._endpoint else None
        self._settling: set[asyncio.Task[None]] = set()
        self._rests_until: dict[str, float] = {}

    @property
    def configured(self) -> bool:
        """Whether there is a model to ask."""
        return self._endpoint is not None

    @property
    def names(self) -> tuple[str, ...]:
        """The models that are asked, in this order where none has failed of late."""
        return self._endpoint.models if self._endpoint else ()

    async def __aenter__(self) -> Self:
        """Nothing to wait for."""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close it."""
        await self.aclose()

    async def aclose(self) -> None:
        """Write down what the last calls cost, and let go of the connections."""
        await asyncio.gather(*self._settling)
        if self._client is not None:
            await self._client.close()

    async def stream(self, ask: Ask, payer: Payer) -> AsyncGenerator[Piece]:
        """What a model says as it says it, and at the end the whole of it, a `Reply`.

        When a model fails that has said something, `TakenBack` follows. Whoever does not read to the end closes
        this: the call is given up, and paid for as far as it went.

        Raises:
            ModelsUnavailable, ModelsRefused, BudgetExhausted: see `AiError`.
        """
        async with aclosing(self._answered(self._models_for(ask), ask, payer, _deadline(ask))) as pieces:
            async for piece in pieces:
                yield piece

    async def ask(self, ask: Ask, payer: Payer) -> Reply:
        """The whole answer at once; raises as `stream` does."""
        return await self._whole(self._models_for(ask), ask, payer, _deadline(ask))

    async def structured(self, ask: Ask, payer: Payer, kind: type[T]) -> T:
        """An answer that is a Struct, asked for by its JSON schema and validated. Its texts hold no markup.

        A model whose answer is none of that shape is shown why and asked once more, within the same time.

        Raises:
            NotStructured: that did not help.
            ModelsUnavailable, ModelsRefused, BudgetExhausted: see `AiError`.
        """
        deadline = _deadline(ask)
        ask = msgspec.structs.replace(ask, schema=schema_of(kind))
        reply = await self._whole(self._models_for(ask), ask, payer, deadline)
        try:
            return read(reply.text, kind)
        except Unreadable as error:
            log.warning("ai_not_structured", model=reply.model, purpose=ask.purpose)
            again = msgspec.structs.replace(ask, messages=ask.messages + repair(reply.text, str(error)))
        reply = await self._whole((reply.model,), again, payer, deadline)
        try:
            return read(reply.text, kind)
        except Unreadable:
            log.warning("ai_not_structured", model=reply.model, purpose=ask.purpose)
            raise NotStructured(NotStructured.code) from None

    def _models_for(self, ask: Ask) -> tuple[str, ...]:
        if self._endpoint is None:
            return ()
        models = self._endpoint.vision_models if ask.purpose == "photo" else self._endpoint.models
        now = _now()
        resting = {model: until for model, until in self._rests_until.items() if until > now}
        return tuple(sorted(models, key=lambda model: resting.get(model, 0.0)))

    async def _whole(self, models: tuple[str, ...], ask: Ask, payer: Payer, deadline: float) -> Reply:
        async with aclosing(self._answered(models, ask, payer, deadline)) as pieces:
            async for piece in pieces:
                if isinstance(piece, Reply):
                    return piece
        raise AssertionError("an answer ends with a Reply or an error")

    async def _answered(
        self, models: tuple[str, ...], ask: Ask, payer: Payer, deadline: float
    ) -> AsyncGenerator[Piece]:
        if not models:
            raise ModelsRefused(ModelsRefused.code)
        failures: list[CallFailed] = []
        for position, model in enumerate(models):
            now = _now()
            if now >= deadline:
                failures.append(CallFailed("timeout"))
                break
            share = now + (deadline - now) / (len(models) - position)
            said = False
            try:
                async with aclosing(self._called(model, ask, payer, share)) as pieces:
                    async for piece in pieces:
                        said = said or isinstance(piece, Said)
                        yield piece
                self._rests_until.pop(model, None)
                return
            except CallFailed as failure:
                failures.append(failure)
                if failure.outcome in MAY_PASS:
                    self._rests_until[model] = _now() + RESTS_SECONDS
            if said:
                yield TakenBack()
        raise together(failures)

    async def _called(self, model: str, ask: Ask, payer: Payer, deadline: float) -> AsyncGenerator[Piece]:
        """One call of one model, put into the books.

        Raises:
            CallFailed: it brought no answer.
        """
        assert self._endpoint is not None
        body = request_body(ask, model, self._endpoint.limits(ask.max_output_tokens))
        size = input_tokens(ask, body)
        call_id = await self._ledger.reserve(payer, ask.purpose, model, size, ask.max_output_tokens)
        began = time.perf_counter()
        gathering = Gathering(TEXT_AT_MOST if ask.schema is None else ARGUMENTS_AT_MOST)
        outcome: Outcome = "cancelled"
        tokens = size, 0, True
        try:
            async with aclosing(self._chunks(body, gathering, deadline)) as deltas:
                async for delta in deltas:
                    yield Said(delta=delta)
            text, calls = gathering.answer()
            outcome = "ok"
            tokens = gathering.tokens(size)
        except CallFailed as failure:
            outcome = failure.outcome
            tokens = gathering.tokens(size) if failure.costs else (0, 0, False)
            raise
        except (asyncio.CancelledError, GeneratorExit):
            tokens = gathering.tokens(size)
            raise
        finally:
            latency = round((time.perf_counter() - began) * 1000)
            log.info("ai_call", model=model, purpose=ask.purpose, outcome=outcome, latency_ms=latency)
            await self._settle(call_id, outcome, tokens, latency)
        yield Reply(text=text, tool_calls=calls, model=model, input_tokens=tokens[0], output_tokens=tokens[1])

    async def _chunks(self, body: bytes, gathering: Gathering, deadline: float) -> AsyncGenerator[str]:
        """The text of the stream, in parts as they come; what else it brings is in `gathering`."""
        from openai import APIError

        stream: AsyncStream[object] | None = None
        try:
            stream = await self._opened(body, deadline)
            chunks = aiter(stream)
            for _ in range(CHUNKS_AT_MOST):
                chunk = await _next(chunks, gathering, deadline)
                if chunk is None:
                    return
                was_finished = gathering.finished
                if delta := gathering.add(chunk):
                    yield delta
                if gathering.full:
                    return
                if gathering.finished and not was_finished:
                    deadline = min(deadline, _now() + AFTER_THE_END_SECONDS)
            raise CallFailed("invalid")
        except APIError as error:
            raise failure_of(error, began=stream is not None) from None
        except httpx2.HTTPError:
            raise CallFailed("server_error", costs=False) from None  # the library lets those of an error's body by
        except TimeoutError:
            raise CallFailed("timeout") from None
        except (ValueError, RecursionError, msgspec.MsgspecError):
            raise CallFailed("invalid") from None
        finally:
            if stream is not None:
                await stream.close()

    async def _opened(self, body: bytes, deadline: float) -> "AsyncStream[object]":
        from openai import AsyncStream

        assert self._client is not None
        async with asyncio.timeout_at(deadline):
            stream = await self._client.post(
                PATH,
                cast_to=object,
                content=body,
                # Said here: what the library finds in the environment must not go before it.
                options={"headers": {"Authorization": f"Bearer {self._client.api_key}"}},
                stream=True,
                stream_cls=AsyncStream[object],
            )
        if "html" in stream.response.headers.get("content-type", ""):
            await stream.close()
            raise CallFailed("invalid", costs=False)  # a page of something in between, or of the wrong address
        return stream

    async def _settle(
        self, call_id: str, outcome: Outcome, tokens: tuple[int, int, bool], latency_ms: int
    ) -> None:
        """Write a call down, also when whoever asked has gone."""
        writing = asyncio.create_task(self._written(call_id, outcome, tokens, latency_ms))
        self._settling.add(writing)
        writing.add_done_callback(self._settling.discard)
        await asyncio.shield(writing)

    async def _written(
        self, call_id: str, outcome: Outcome, tokens: tuple[int, int, bool], latency_ms: int
    ) -> None:
        given, made, estimated = tokens
        try:
            await self._ledger.settle(
                call_id,
                outcome,
                input_tokens=given,
                output_tokens=made,
                estimated=estimated,
                latency_ms=latency_ms,
            )
        except Exception as error:  # noqa: BLE001 - the answer is there: it must not be lost to its bill
            # What was reserved stays so until it is swept, and then counts as spent.
            log.error("ai_call_not_settled", call_id=call_id, error=type(error).__name__)


async def _next(chunks: object, gathering: Gathering, deadline: float) -> Chunk | None:
    """The next chunk; None at the end, for which a complete answer need not wait.

    Raises:
        TimeoutError: there was none in time.
    """
    from openai import APIError

    assert isinstance(chunks, AsyncGenerator)
    try:
        async with asyncio.timeout_at(deadline):
            return chunk_of(await anext(chunks))
    except StopAsyncIteration:
        return None
    except (TimeoutError, APIError):
        if gathering.finished:
            return None
        raise


def _deadline(ask: Ask) -> float:
    return _now() + ask.timeout_seconds


def _now() -> float:
    return asyncio.get_running_loop().time()
