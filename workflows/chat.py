"""Turns of the conversation with the general agent."""

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from activities.general import GeneralChats
    from onboarding.payloads import TurnOrder

from workflows.policies import TURN


@workflow.defn(name="AnswerChat")
class AnswerChat:
    """Answers one message to the general agent. It takes no messages; its history holds ids."""

    @workflow.run
    async def run(self, order: TurnOrder) -> None:
        """However often a worker dies over it."""
        await workflow.execute_activity_method(
            GeneralChats.answer_general, order, summary="answer a chat turn", **TURN
        )
