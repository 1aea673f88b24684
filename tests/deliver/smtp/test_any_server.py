"""Whatever a server answers wherever, what we put down is what truly happened."""

from __future__ import annotations

from collections import Counter
from typing import Final

from hypothesis import given, settings
from hypothesis import strategies as st

from digest.deliver.smtp.send import send
from tests.deliver.samples import address, messages
from tests.fakes.ledger import Ledger
from tests.fakes.smtp_server import CHUNKING, Act, Drop, Moment, Say, SmtpServer

_CODES: Final = (421, 450, 451, 452, 500, 502, 503, 550, 552, 554, 354)


_ACTS: Final[st.SearchStrategy[Act]] = st.one_of(
    st.builds(Say, st.sampled_from(_CODES), st.sampled_from(["", "5.1.1 gone", "4.3.0 no"])),
    st.builds(Say, st.just(421), st.just("bye"), st.just("drop")),
    st.sampled_from(
        [Drop(), Say(raw=b"nonsense\r\n"), Say(999, "what"), Say(251, "forwarded"), Say(raw=b"250-a\r\n250 b\r\n")]
    ),
)
_NO: Final = _ACTS.filter(lambda act: not isinstance(act, Say) or not (act.raw or b"%d" % act.code).startswith(b"2"))
_AFTER: Final = st.one_of(_ACTS, st.just(Drop(take=True)))
_TROUBLES: Final = st.one_of(
    st.tuples(st.sampled_from(["rset", "mail", "rcpt", "data", "chunk"]), st.integers(1, 40), _ACTS),
    # Not a yes: one that comes before the server had the content, and after we wrote it, is a lie that nobody can see.
    st.tuples(st.just("bdat"), st.integers(1, 40), _NO),
    st.tuples(st.just("content"), st.integers(1, 40), _AFTER),
)
READERS: Final = 40


@settings(max_examples=150, deadline=None)
@given(
    troubles=st.lists(_TROUBLES, max_size=6),
    pipeline=st.integers(1, 12),
    connections=st.integers(1, 3),
    offers=st.sampled_from([CHUNKING, CHUNKING, CHUNKING, ("PIPELINING",), ()]),
    knows_bdat=st.sampled_from([True, True, True, False]),
    yes_to_nobody=st.booleans(),
)
def test_results_agree_with_the_server(
    troubles: list[tuple[str, int, Act]],
    pipeline: int,
    connections: int,
    offers: tuple[str, ...],
    knows_bdat: bool,
    yes_to_nobody: bool,
) -> None:
    plan = {(phase, number): act for phase, number, act in troubles}

    def behave(moment: Moment) -> Act | None:
        return plan.get((moment.phase, moment.number))

    with SmtpServer(behave=behave, extensions=offers, knows_bdat=knows_bdat, yes_to_nobody=yes_to_nobody) as server:
        ledger = Ledger(connections * pipeline)
        relay = server.relay(connections=connections, pipeline=pipeline, pause=0.001, timeout=0.5, answer_timeout=0.5)
        report = send(messages(READERS), [relay], ledger.record, patience=2)
    built = {message.envelope_recipient: message for message in ledger.intended.values()}
    for taken in server.accepted:
        (recipient,) = taken.recipients
        assert (taken.sender, taken.data) == (built[recipient].envelope_sender, built[recipient].data)
    copies = Counter(server.recipients)
    assert max(copies.values(), default=1) == 1
    assert ledger.outcomes.keys() == ledger.intended.keys()
    if not report.stopped:
        assert len(ledger.outcomes) == READERS
    for number, outcome in ledger.outcomes.items():
        if outcome.state != "unknown":
            assert copies[address(number)] == (outcome.state == "accepted"), outcome
        if outcome.state == "refused":
            assert outcome.code >= 500
            assert outcome.reason
    assert len(ledger.having("unknown")) <= max(1, server.connections) * pipeline
