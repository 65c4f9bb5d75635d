"""What is done for connections in the background: begun, woken, synced, looked through, ended."""

from datetime import timedelta
from typing import Any

from temporalio.client import WithStartWorkflowOperation
from temporalio.common import WorkflowIDConflictPolicy, WorkflowIDReusePolicy

from api.calls import Calls, RunClosed
from onboarding.payloads import (
    ConnectionRef,
    ConnectOrder,
    ConnectReport,
    MailJob,
)
from runtime.addresses import (
    connect_workflow_id,
    connection_workflow_id,
    mail_job_workflow_id,
)
from workflows.connecting import ConnectAccount
from workflows.connections import ConnectionLife
from workflows.mail_jobs import DiscoverSuppliers, ImportOrderMails
from workflows.search_attributes import attributes_of_person

CONNECT_LIFE = timedelta(minutes=10)
"""After so long a code is worth nothing, and whoever came back with it has started again."""

KEEPING = "Keep a connection"
"""What the life of a connection is called in the Temporal UI."""


class ConnectionJobs(Calls):
    """Connections as the API sees them. Twice is once."""

    async def discover(self, job: MailJob) -> None:
        """Have a mailbox looked through for suppliers; twice is once, unless it failed.

        Raises:
            RunClosed: it has come to its end.
            WorkflowsUnavailable: Temporal is away; it may begin all the same.
        """
        await self._mail_job(DiscoverSuppliers.run, job, "Look for suppliers in a mailbox")

    async def import_orders(self, job: MailJob) -> None:
        """Have order mails of a mailbox read; twice is once, unless it failed.

        Raises:
            RunClosed: it has come to its end.
            WorkflowsUnavailable: Temporal is away; it may begin all the same.
        """
        await self._mail_job(ImportOrderMails.run, job, "Read order mails")

    async def cancel_mail_job(self, tenant_id: str, job_id: str) -> None:
        """Have no more messages of a mailbox read; a job that has ended needs no telling.

        Raises:
            WorkflowsUnavailable: Temporal is away.
        """
        handle = self._client.get_workflow_handle(mail_job_workflow_id(tenant_id, job_id))
        try:
            await self._bounded(handle.cancel)
        except RunClosed:
            return

    async def _mail_job(self, workflow: Any, job: MailJob, summary: str) -> None:
        id = mail_job_workflow_id(job.tenant_id, job.job_id)
        reuse = WorkflowIDReusePolicy.ALLOW_DUPLICATE_FAILED_ONLY
        await self._begin(workflow, job, id, summary, id_reuse_policy=reuse)

    async def connect(self, order: ConnectOrder) -> None:
        """Have a connection made of what somebody came back with from a provider; twice is once.

        Raises:
            WorkflowsUnavailable: Temporal is away; it may begin all the same.
        """
        id = connect_workflow_id(order.consent_id)
        await self._begin(
            ConnectAccount.run,
            order,
            id,
            "Connect an account",
            id_reuse_policy=WorkflowIDReusePolicy.REJECT_DUPLICATE,
            execution_timeout=CONNECT_LIFE,
        )

    async def connected(self, consent_id: str) -> ConnectReport:
        """Wait until it is known what became of that, for as long as an update may take.

        Raises:
            WorkflowsUnavailable: it is not known yet; it goes on all the same.
        """
        handle = self._client.get_workflow_handle_for(ConnectAccount.run, connect_workflow_id(consent_id))
        return await self._answered(handle.result, self._timeout)

    async def wake_connection(self, ref: ConnectionRef) -> None:
        """Have a connection looked at now: it is new, was consented to anew, or has its account.

        Raises:
            WorkflowsUnavailable: Temporal is away; it may be looked at all the same.
        """
        await self._connection(ref, start_signal="wake")

    async def sync_connection(self, ref: ConnectionRef, kind: str) -> None:
        """Have fetched what is new at a connection, `manual` or for a `webhook`: once more after a sync that runs.

        Raises:
            WorkflowsUnavailable: Temporal is away; the next scheduled sync fetches it.
        """
        await self._connection(ref, start_signal="sync", start_signal_args=[kind])

    async def disconnect(self, ref: ConnectionRef) -> None:
        """Have a connection revoked, its tokens destroyed and its life ended; twice is once.

        Raises:
            WorkflowsUnavailable: it was not done in time; it may be done all the same.
        """

        await self._updated(ConnectionLife.disconnect, [], lambda: self._keeping(ref))

    def _keeping(self, ref: ConnectionRef) -> WithStartWorkflowOperation[Any, Any]:
        return WithStartWorkflowOperation(
            ConnectionLife.run,
            args=[ref],
            id=connection_workflow_id(ref.tenant_id, ref.connection_id),
            task_queue=self._task_queue,
            id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
            search_attributes=attributes_of_person(ref.tenant_id, ref.user_id),
            static_summary=KEEPING,
        )

    async def _connection(self, ref: ConnectionRef, **signal: Any) -> None:
        id = connection_workflow_id(ref.tenant_id, ref.connection_id)
        await self._begin(ConnectionLife.run, ref, id, KEEPING, **signal)
