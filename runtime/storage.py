"""The S3 client. boto3 blocks, so calls run in a thread."""

from typing import Any

import boto3
from botocore.config import Config

from runtime.settings import Settings


def storage_client(settings: Settings) -> Any:
    """A client for any S3, with bounded waits."""
    return boto3.client(
        "s3",
        endpoint_url=settings.s3_endpoint_url,
        region_name=settings.s3_region,
        aws_access_key_id=settings.s3_access_key_id,
        aws_secret_access_key=settings.s3_secret_access_key,
        config=Config(
            connect_timeout=2, read_timeout=5, retries={"max_attempts": 2}, s3={"addressing_style": "path"}
        ),
    )
