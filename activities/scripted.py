"""The agent without a model: it reads the answer by rules, says what it understood, and asks for the rest."""

from collections.abc import Callable

from msgspec import Struct
from msgspec.structs import replace

from activities.hands import RunHands
from onboarding import voice
from onboarding.flow import State
from onboarding.safety import Facts
from onboarding.scripted import (
    Draft,
    Heard,
    complain,
    confirm,
    fitting,
    forget,
    going_back,
    hear,
    insist,
    redirect,
)
from onboarding.tools import Done
from onboarding.voice import Words


class ScriptedAgent(Struct, frozen=True, kw_only=True):
    """One turn by rules."""

    hands: RunHands
    draft: Draft | None
    facts: Callable[[], Facts]

    async def answer(self, text: str) -> Words:
        """What is said, and the draft that is left.

        Raises:
            Moot: the run ended meanwhile.
        """
        hands = self.hands
        state = hands.state
        if state is None:
            return await self._at_the_end(text)
        draft = self.draft if self.draft and self.draft.state == state.key else voice.stored(hands.run, state)
        heard = hear(hands.flow, state, text, draft, hands.run.locale)
        match heard.intent:
            case "skip":
                return await self._skip(state, draft)
            case "back" if heard.back_to and hands.go_back(heard.back_to).ok:
                return self._again()
            case "why":
                return self._asking(state, draft, state.worded(hands.run.locale).why_we_ask)
            case "progress":
                return self._asking(state, draft, voice.how_far(hands.run, hands.flow))
            case "answer":
                return await self._take(state, heard)
            case _:
                before = redirect(hands.flow, state, heard.away, hands.run.locale) or voice.unclear(hands.run)
                before = voice.hello(hands.run) if heard.intent == "greeting" else before
                return self._asking(state, heard.draft, before)

    async def _at_the_end(self, text: str) -> Words:
        """Nothing is asked any more; but an answer may be gone back to."""
        hands = self.hands
        target = going_back(hands.flow, text)
        if target is not None and hands.go_back(target).ok:
            return self._again()
        return voice.at_the_end(hands.run, hands.flow, text, self.facts())

    async def _take(self, state: State, heard: Heard) -> Words:
        """Save what is complete; ask for what is missing or cannot be."""
        locale = self.hands.run.locale
        before = complain(state, heard.errors, locale) if heard.errors else ""
        if heard.errors and heard.complete:
            text, asked = insist(state, heard.draft, heard.errors, locale)
            return Words(text=text, asked=asked)
        elsewhere = redirect(self.hands.flow, state, heard.away, locale)
        if heard.errors or not heard.complete:
            understood = {name: heard.draft.data[name] for name in _fields(heard)}
            told = confirm(state, understood, locale) if understood else ""
            return self._asking(state, heard.draft, " ".join(filter(None, (told, before, elsewhere))))
        agent, run = self._handing_over(), self.hands.run
        done = await self.hands.save(state, heard.draft.data)
        if not done.ok:
            return self._refused(state, heard.draft, done)
        confirmed = confirm(state, self.hands.run.answers[state.key], locale)
        following = voice.next_words(self.hands.run, self.hands.flow, agent, self.facts())
        doubts = voice.review_later(self.hands.run, self.hands.flow, run)
        text = " ".join(filter(None, (confirmed, doubts, elsewhere, following.text)))
        return replace(following, text=text)

    async def _skip(self, state: State, draft: Draft | None) -> Words:
        agent = self._handing_over()
        done = await self.hands.skip(state)
        if not done.ok:
            return self._asking(state, draft, voice.not_optional(self.hands.run))
        return voice.next_words(self.hands.run, self.hands.flow, agent, self.facts())

    def _refused(self, state: State, draft: Draft, done: Done) -> Words:
        """What does not fit is asked for again; the rest of the draft stays."""
        told = complain(state, done.errors, self.hands.run.locale) if done.errors else str(done.told["error"])
        return self._asking(state, forget(state, draft, done.errors), told)

    def _again(self) -> Words:
        """A state that was gone back to."""
        state = self.hands.state
        assert state is not None
        return voice.gone_back_to(self.hands.run, state, self.facts())

    def _handing_over(self) -> str | None:
        """Who hands over when the run moves on; nobody does after a change of an earlier answer."""
        return self.hands.agent if self.hands.focus is None else None

    def _asking(self, state: State, draft: Draft | None, before: str) -> Words:
        run, flow = self.hands.run, self.hands.flow
        asked = voice.ask_on(state, draft, run.locale, self.facts())
        known = asked.asked or Draft(state=state.key)
        replies = fitting(flow, state, known, asked.quick_replies, run.answers, run.locale)
        return replace(asked, text=f"{before} {asked.text}".strip(), quick_replies=replies)


def _fields(heard: Heard) -> list[str]:
    """The fields of the answer that a message gave, each once."""
    names = dict.fromkeys(path.partition(".")[0].partition("[")[0] for path in heard.understood)
    return [name for name in names if name in heard.draft.data]
