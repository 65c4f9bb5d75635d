"""The whole of Gangway on this machine: embedded servers, migrations, worker and API."""

import asyncio
import time
from collections.abc import AsyncGenerator, Callable
from contextlib import AsyncExitStack, asynccontextmanager

import asyncpg
import msgspec
from temporalio.service import ConnectConfig, RPCError, TLSConfig

from cli.ai_standin.process import standin_process, with_standin
from cli.app_process import AppProcess, reachable
from cli.embedded import EmbeddedError, EmbeddedStack, check_ports
from cli.embedded.temporal import register_search_attributes
from cli.reload import on_change
from cli.stub_ai.process import stub_process, with_stub
from cli.supervisor import Supervisor
from runtime.settings import Settings

# What a developer types by hand should not have to be long.
_DEV_PASSWORD_MIN_LENGTH = 6


@asynccontextmanager
async def running(
    settings: Settings,
    *,
    say: Callable[[str], None],
    reload: bool = False,
    stub_ai: bool = False,
    standin: bool = True,
) -> AsyncGenerator[Settings]:
    """Everything up and supervised while this is entered; gives the settings that lead to it.

    Args:
        settings: what to run, and where.
        say: gets one line for each thing that happens.
        reload: restart worker and API when their code changes.
        stub_ai: serve the scripted model too, and use it unless `AI_BASE_URL` leads to another.
        standin: serve a stand-in of the AI service, unless `AI_SERVICE_URL` leads to the real one.

    Whatever way it is left, everything is stopped in reverse order: API, worker, then the servers.

    Raises:
        EmbeddedError: what hinders the start, in words for the terminal.
    """
    started = time.monotonic()
    relaxed = msgspec.structs.replace(
        settings,
        gangway_home=settings.gangway_home.resolve(),
        password_min_length=min(settings.password_min_length, _DEV_PASSWORD_MIN_LENGTH),
        password_min_score=0,
        mail_folder=settings.mail_folder or settings.gangway_home.resolve() / "mail",
    )
    if stub_ai:
        relaxed = with_stub(relaxed)
    if standin := standin and relaxed.ai_service_url is None:
        relaxed = with_standin(relaxed)
    stack = EmbeddedStack(
        home=relaxed.gangway_home,
        settings=relaxed,
        search_attributes=search_attributes(),
        before_start=lambda: check_ports(relaxed, stub_ai=stub_ai, standin=standin),
    )
    async with AsyncExitStack() as exits:
        await exits.enter_async_context(stack)
        say(f"servers up after {time.monotonic() - started:.1f} s")
        ready = stack.settings
        await _prepare(ready, say)
        apps = [
            AppProcess("worker", ready, port=ready.worker_health_port),
            AppProcess("api", ready, port=ready.port),
        ]
        stubs = [stub_process(ready)] if stub_ai else []
        stubs += [standin_process(ready)] if standin else []
        for app in [*stubs, *apps]:
            exits.push_async_callback(app.stop)
        await asyncio.gather(*(_start(app, stack) for app in [*stubs, *apps]))
        say(f"ready after {time.monotonic() - started:.1f} s")
        supervisor = Supervisor([*stack.services, *stubs, *apps], stack.pids, say)
        async with _background(supervisor, apps if reload else [], say):
            yield ready


def search_attributes() -> list[str]:
    """`NAME=Type` of every search attribute that the workflows set."""
    # Late: the domain and its flows are behind it, and `gangway --help` needs none of that.
    from workflows.search_attributes import SEARCH_ATTRIBUTES

    return [f"{key.name}={key.indexed_value_type.name.title().replace('_', '')}" for key in SEARCH_ATTRIBUTES]


def links(settings: Settings) -> dict[str, str]:
    """Where a person finds what runs."""
    base = f"http://{reachable(settings.host)}:{settings.port}"
    return {
        "API docs": f"{base}/schema",
        "API": f"{base}/api/v1",
        "Health": f"{base}/readyz",
        "Temporal UI": f"{settings.temporal_ui_url}/namespaces/{settings.temporal_namespace}/workflows",
        "Logs": str(settings.gangway_home / "logs"),
    }


async def _prepare(settings: Settings, say: Callable[[str], None]) -> None:
    """Migrate the database, and register search attributes in a Temporal that is not the embedded one.

    Raises:
        EmbeddedError: one of the two cannot be reached, or refuses.
    """
    from db.migrate import MigrationFailed, migrate

    owner = settings.database_owner_url or settings.database_url
    assert owner is not None, "the stack fills it in"
    try:
        for name in await migrate(owner):
            say(f"migrated {name}")
    except MigrationFailed as error:
        raise EmbeddedError(str(error)) from None
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, ValueError) as error:
        raise EmbeddedError(f"cannot migrate the database: {type(error).__name__}: {error}") from None
    address = settings.temporal_address
    assert address is not None, "the stack fills it in"
    config = ConnectConfig(
        target_host=address,
        api_key=settings.temporal_api_key,
        tls=TLSConfig() if settings.temporal_tls else False,
    )
    wanted = dict(pair.split("=", 1) for pair in search_attributes())
    try:
        await register_search_attributes(config, settings.temporal_namespace, wanted)
    except (RPCError, RuntimeError, ValueError) as error:
        raise EmbeddedError(f"Temporal at {address}: {error}") from None


async def _start(app: AppProcess, stack: EmbeddedStack) -> None:
    await app.start()
    stack.pids.set(app.name, app.pid)


@asynccontextmanager
async def _background(
    supervisor: Supervisor, reloaded: list[AppProcess], say: Callable[[str], None]
) -> AsyncGenerator[None]:
    async def reload() -> None:
        say("code changed; reloading")
        await asyncio.gather(*(supervisor.restart(app) for app in reloaded))

    tasks = [asyncio.create_task(supervisor.run())]
    if reloaded:
        tasks.append(asyncio.create_task(on_change(reload)))
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
