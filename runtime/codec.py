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

from runtime.addresses import Owner, owner_of, place_of
from runtime.encryption import NONCE_BYTES, CannotOpen, DataKey, Keys, Sealed

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
    """Seal every payload for its workflow (see `place_of`) with its person's key (see `owner_of`); refuse to open
    one sealed for another workflow.

    The place stands in the payload's metadata too, so that a codec server, which is not told the workflow,
    can open it; a client or worker compares it with the workflow that it is talking about.
    """

    def __init__(self, keys: Keys, place: bytes | None = None, owner: Owner | None = None) -> None:
        self._keys = keys
        self._place = place
        self._owner = owner

    def with_context(self, context: SerializationContext) -> "EncryptingCodec":
        """The codec for one workflow's payloads."""
        if isinstance(context, WorkflowSerializationContext | ActivitySerializationContext):
            workflow_id = context.workflow_id or ""
            place = place_of(context.namespace, workflow_id)
            return EncryptingCodec(self._keys, place.encode(), owner_of(workflow_id))
        return self

    async def encode(self, payloads: Sequence[Payload]) -> list[Payload]:
        """Seal each payload, its metadata included.

        Raises:
            GangwayError: as `Keys.sealing` does.
        """
        if not payloads:
            return []
        key = await self._keys.sealing(self._owner)
        return [self._seal(payload, key) for payload in payloads]

    async def decode(self, payloads: Sequence[Payload]) -> list[Payload]:
        """Open each payload; one that was never sealed passes as it is.

        Raises:
            CannotOpen: when it belongs elsewhere, is damaged, or its key is gone.
            GangwayError: as `Keys.opening` does.
        """
        return [await self._open(payload) for payload in payloads]

    def _seal(self, payload: Payload, key: DataKey) -> Payload:
        place = self._place or UNBOUND
        sealed = key.seal(payload.SerializeToString(), place)
        return Payload(
            metadata={"encoding": ENCODING, "key-id": sealed.key_id.encode(), "place": place},
            data=sealed.nonce + sealed.ciphertext,
        )

    async def _open(self, payload: Payload) -> Payload:
        if payload.metadata.get("encoding") != ENCODING:
            return payload
        place = payload.metadata.get("place", UNBOUND)
        if self._place is not None and place != self._place:
            raise CannotOpen("sealed for another workflow")
        key = await self._keys.opening(payload.metadata["key-id"].decode(errors="replace"))
        sealed = Sealed(key.id, payload.data[:NONCE_BYTES], payload.data[NONCE_BYTES:])
        return Payload.FromString(key.open(sealed, place))


def data_converter(keys: Keys) -> DataConverter:
    """The one converter of clients, workers and replayers."""
    return replace(
        DataConverter.default,
        payload_converter_class=GangwayPayloadConverter,
        failure_converter_class=DefaultFailureConverterWithEncodedAttributes,
        payload_codec=EncryptingCodec(keys),
    )
