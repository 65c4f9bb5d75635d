"""A KMS of one's own, over real HTTP."""

from collections.abc import Iterator
from contextlib import contextmanager

import boto3
import pytest
from moto.server import ThreadedMotoServer

REGION = "eu-central-1"
ARN = f"arn:aws:kms:{REGION}:111122223333:key/00000000-0000-4000-8000-000000000001"


@contextmanager
def kms_server(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A KMS that boto3 finds by itself, for as long as this is entered; gives its address."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    point_at(monkeypatch, url := f"http://{host}:{port}")
    try:
        yield url
    finally:
        server.stop()


def point_at(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    """Let boto3 take this for KMS, with credentials that need no look-up."""
    around = {
        "AWS_ENDPOINT_URL_KMS": url,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_EC2_METADATA_DISABLED": "true",
    }
    for name, value in around.items():
        monkeypatch.setenv(name, value)
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)


def make_key(alias: str | None = None) -> str:
    """A new key; its ARN."""
    client = boto3.client("kms", region_name=REGION)
    try:
        metadata = client.create_key()["KeyMetadata"]
        if alias is not None:
            client.create_alias(AliasName=alias, TargetKeyId=metadata["KeyId"])
    finally:
        client.close()
    return metadata["Arn"]
