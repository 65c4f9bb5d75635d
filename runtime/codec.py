"""How values enter Temporal history: as JSON by msgspec, then encrypted and bound to their workflow."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import msgspec
from temporalio.api.common.v1 import Payload
from temporalio.converter import (
    ActivitySerializationContext,
    CompositePayloadConverter,
    DataConverter,
    DefaultFailureConverterWithEncodedAttributes,
    DefaultPayloadConverter,
    EncodingPayloadConverter,
    PayloadCodec,
    SerializationContext,
    WithSerializationContext,
    WorkflowSerializationContext,
)

from runtime.addresses import place_of
from runtime.encryption import CannotOpen, KeyRing, Sealed

ENCODING = b"binary/encrypted"
UNBOUND = b"gangway"


class MsgspecConverter(EncodingPayloadConverter):
    """Plain JSON, validated on the way in."""

    @property
    def encoding(self) -> str:
        """The standard name, so that the Temporal UI shows it as JSON."""
        return "json/plain"

    def to_payload(self, value: Any) -> Payload | None:
        """Encode anything that msgspec knows."""
        return Payload(metadata={"encoding": b"json/plain"}, data=msgspec.json.encode(value))

    def from_payload(self, payload: Payload, type_hint: type | None = None) -> Any:
        """Decode and validate against the type hint."""
        return msgspec.json.decode(payload.data, type=Any if type_hint is None else type_hint)


class GangwayPayloadConverter(CompositePayloadConverter):
    """The SDK's converters, with msgspec for JSON."""

    def __init__(self) -> None:
        json = MsgspecConverter()
        super().__init__(
            *(
                json if converter.encoding == json.encoding else converter
                for converter in DefaultPayloadConverter.default_encoding_payload_converters
            )
        )


class EncryptingCodec(PayloadCodec, WithSerializationContext):
    """Seal every payload for its workflow (see `place_of`); refuse to open one sealed for another workflow.

    The place stands in the payload's metadata too, so that a codec server, which is not told the workflow,
    can open it; a client or worker compares it with the workflow that it is talking about.
    """

    def __init__(self, keys: KeyRing, place: bytes | None = None) -> None:
        self._keys = keys
        self._place = place

    def with_context(self, context: SerializationContext) -> "EncryptingCodec":
        """The codec for one workflow's payloads."""
        if isinstance(context, WorkflowSerializationContext | ActivitySerializationContext):
            place = place_of(context.namespace, context.workflow_id or "")
            return EncryptingCodec(self._keys, place.encode())
        return self

    async def encode(self, payloads: Sequence[Payload]) -> list[Payload]:
        """Seal each payload, its metadata included."""
        return [self._seal(payload) for payload in payloads]

    async def decode(self, payloads: Sequence[Payload]) -> list[Payload]:
        """Open each payload; one that was never sealed passes as it is.

        Raises:
            CannotOpen: when it belongs elsewhere, is damaged, or its key is gone.
        """
        return [self._open(payload) for payload in payloads]

    def _seal(self, payload: Payload) -> Payload:
        place = self._place or UNBOUND
        sealed = self._keys.seal(payload.SerializeToString(), place)
        return Payload(
            metadata={"encoding": ENCODING, "key-id": sealed.key_id.encode(), "place": place},
            data=sealed.nonce + sealed.ciphertext,
        )

    def _open(self, payload: Payload) -> Payload:
        if payload.metadata.get("encoding") != ENCODING:
            return payload
        place = payload.metadata.get("place", UNBOUND)
        if self._place is not None and place != self._place:
            raise CannotOpen("sealed for another workflow")
        sealed = Sealed(payload.metadata["key-id"].decode(errors="replace"), payload.data[:12], payload.data[12:])
        return Payload.FromString(self._keys.open(sealed, place))


def data_converter(keys: KeyRing) -> DataConverter:
    """The one converter of clients, workers and replayers."""
    return replace(
        DataConverter.default,
        payload_converter_class=GangwayPayloadConverter,
        failure_converter_class=DefaultFailureConverterWithEncodedAttributes,
        payload_codec=EncryptingCodec(keys),
    )
