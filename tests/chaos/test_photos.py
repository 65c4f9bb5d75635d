"""kill -9 while a model looks at a photo."""

import asyncio
import json

import httpx
import pytest

from cli.stub_ai.reaction import Reaction
from tests.ai_server import ai_server
from tests.bench.people import People
from tests.bench.stack import Stack
from tests.chaos.harm import kill
from tests.pictures import barcode, saved
from tests.stack import ok, until

SEEN = {
    "suggested_name": "Pen",
    "suggested_supplier": "",
    "barcodes": [],
    "extracted_text": [],
    "is_internal_item": False,
    "confidence": 0.9,
    "notes": "",
}


async def test_the_worker_dies(tmp_path_factory: pytest.TempPathFactory) -> None:
    """A worker is killed while a model looks: the photo is answered all the same, and the model is paid once."""
    folder = tmp_path_factory.mktemp("photos")
    async with ai_server(lambda _: Reaction(text=json.dumps(SEEN), delay_seconds=60)) as model:
        settings = {"ai_base_url": model.url, "ai_models": "stub", "ai_timeout_seconds": 12}
        async with Stack(folder, **settings) as stack:
            person = (await People(stack.settings).new(1))[0]
            headers = {"Authorization": f"Bearer {person.token}"}
            file = {"file": ("a.jpg", saved(barcode("4006381333931", "EAN13")), "image/jpeg")}
            async with httpx.AsyncClient(
                base_url=stack.url, timeout=120, trust_env=False, headers=headers
            ) as client:
                asked = asyncio.create_task(client.post("/api/v1/photos/analyze", files=file))
                await until(lambda: model.requests)
                kill(stack, "worker")
                body = ok(await asked)
    assert [code["text"] for code in body["detected_barcodes"]] == ["4006381333931"]
    assert (body["source"], body["degraded"]) == ("local", True)
    assert len(model.requests) == 1
