"""The S3 client of the health check. boto3 blocks, so calls run in a thread."""

from typing import Any

import boto3
from botocore.config import Config

from runtime.settings import Settings


def probing_client(settings: Settings) -> Any:
    """A client for any S3 that asks once and does not wait: the next probe is the second attempt."""
    return boto3.client(
        "s3",
        endpoint_url=settings.s3_endpoint_url,
        region_name=settings.s3_region,
        aws_access_key_id=settings.s3_access_key_id,
        aws_secret_access_key=settings.s3_secret_access_key,
        config=Config(
            connect_timeout=1,
            read_timeout=1,
            retries={"total_max_attempts": 1},
            s3={"addressing_style": "path"},
        ),
    )
