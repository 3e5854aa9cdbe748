"""The pipelined dialogue: whatever a relay answers, and however its answers are cut, each message ends once."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from digest.deliveries.smtp.batch import Batch
from digest.deliveries.smtp.parcel import Parcel, packed
from digest.deliveries.smtp.parked import Resume, leaves
from digest.deliveries.smtp.pipeline import Pipeline
from digest.deliveries.smtp.sweep import Sweep
from digest.deliveries.smtp.timeouts import Timeouts
from digest.deliveries.smtp.volley import Volley
from digest.model.deliveries import Outcome, OutcomeKind

K = OutcomeKind
DROP = 0


@dataclass(frozen=True)
class Script:
    """What the relay answers for one message; 0 hangs up instead. Lenient: 354 although it refused the recipient."""

    mail: int = 250
    rcpt: int = 250
    data: int = 354
    dot: int = 250
    lenient: bool = False


@dataclass
class Relay(asyncio.Transport):
    """A relay that reads what is written, byte for byte, and answers by the book or by its script."""

    scripts: list[Script]
    pipelining: bool
    out: bytearray = field(default_factory=bytearray)
    taken: list[str] = field(default_factory=list)
    writes: list[bytes] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    closed: bool = False
    unread: bytes = b""
    state: str = "idle"
    recipient: str = ""
    unanswered: int = 0

    def __post_init__(self) -> None:
        super().__init__()

    def set_protocol(self, protocol: asyncio.BaseProtocol) -> None:
        self.protocol = protocol

    def abort(self) -> None:
        self.closed = True

    def write(self, data: bytes | bytearray | memoryview) -> None:
        if not self.pipelining and self.out:
            self.wrong.append("a command before the answer to the last")
        self.unread += bytes(data)
        self.writes.append(bytes(data))
        while not self.closed and self._step():
            pass

    def _step(self) -> bool:
        if self.state == "data":
            _, dot, rest = self.unread.partition(b"\r\n.\r\n")
            if self.unread.startswith(b".\r\n"):
                dot, rest = b".\r\n", self.unread[3:]
            if not dot:
                return False
            self.unread, self.state = rest, "idle"
            script = self._of(self.recipient) if self.recipient else Script(dot=554)
            if script.dot and script.dot < 300 and self.recipient:
                self.taken.append(self.recipient)
            self._say(script.dot)
            return True
        line, end, rest = self.unread.partition(b"\r\n")
        if not end:
            return False
        self.unread = rest
        self._command(line.decode())
        return True

    def _command(self, line: str) -> None:
        verb, address = line[:4], line.partition("<")[2].partition(">")[0]
        if verb == "MAIL":
            if self.state != "idle":
                self.wrong.append("MAIL within MAIL")
            script = self._of(address)
            self.state = "mail" if script.mail == 250 else "idle"
            self._say(script.mail)
        elif verb == "RCPT":
            script = self._of(address)
            accepted = self.state == "mail" and script.rcpt == 250
            self.recipient = address if accepted else ""
            self._say(script.rcpt if self.state == "mail" else 503)
        elif verb == "DATA":
            script = self._of(self.recipient) if self.recipient else Script(data=503)
            lenient = not self.recipient and self.state == "mail" and any(each.lenient for each in self.scripts)
            code = 354 if lenient else script.data
            self.state = "data" if code == 354 else self.state
            self._say(code)
        elif verb == "RSET":
            self.state, self.recipient = "idle", ""
            self._say(250)
        else:
            self.wrong.append(line)

    def _of(self, address: str) -> Script:
        return self.scripts[int(address.partition("@")[0].strip("abcdefghijklmnopqrstuvwxyz"))]

    def _say(self, code: int) -> None:
        if code == DROP:
            self.out += b"\0drop"
            self.closed = True
        else:
            self.out += b"%d-more to come\r\n%d said so\r\n" % (code, code) if code % 2 else b"%d ok\r\n" % code
            self.closed = code == 421


def spoken(
    scripts: list[Script], cuts: Iterator[int], *, pipelining: bool
) -> tuple[Relay, list[tuple[int, Outcome | None]]]:
    """Send a message for each script, the relay's answers cut into pieces of these sizes."""
    relay = Relay(scripts, pipelining)
    told: list[tuple[int, Outcome | None]] = []
    waiting = iter(range(len(scripts)))

    def source() -> Parcel | None:
        number = next(waiting, None)
        if number is None:
            return None
        message = (b"Subject: x\r\n", b"\r\nbody\r\n")
        parcel = packed(number, f"s{number}@example.org", f"r{number}@example.org", message)
        Batch([parcel])
        return parcel

    async def main() -> None:
        pipeline = Pipeline(relay, Sweep(Timeouts()), Volley(), pipelining=pipelining)
        running = asyncio.ensure_future(
            pipeline.run(
                source,
                lambda parcel, outcome: told.append((parcel.key, outcome)),
                may_finish=lambda: True,
                stays=leaves,
            )
        )
        await asyncio.sleep(0)
        while not running.done():
            if relay.out.startswith(b"\0drop"):
                pipeline.connection_lost(None)
            elif relay.out:
                end = relay.out.find(b"\0")
                size = min(next(cuts), len(relay.out) if end < 0 else end)
                piece = bytes(relay.out[:size])
                del relay.out[:size]
                _hear(pipeline, piece)
            await asyncio.sleep(0)

    asyncio.run(main())
    return relay, told


scripts = st.builds(
    Script,
    mail=st.sampled_from([250, 250, 250, 250, 451, 550, 421, DROP]),
    rcpt=st.sampled_from([250, 250, 250, 450, 550, 421, DROP]),
    data=st.sampled_from([354, 354, 354, 354, 451, 554, DROP]),
    dot=st.sampled_from([250, 250, 250, 451, 554, 421, DROP]),
    lenient=st.booleans(),
)


@settings(deadline=None, max_examples=300)
@given(st.lists(scripts, min_size=1, max_size=6), st.lists(st.integers(1, 40), min_size=1), st.booleans())
def test_each_message_ends_once(drawn: list[Script], sizes: list[int], pipelining: bool) -> None:
    """One verdict a message; accepted is what the relay took; in doubt only what was dotted; the dialogue is legal."""

    def cuts() -> Iterator[int]:
        while True:
            yield from sizes

    relay, told = spoken(drawn, cuts(), pipelining=pipelining)
    keys = [key for key, _ in told]
    assert len(set(keys)) == len(keys)
    kinds = {key: outcome.kind for key, outcome in told if outcome}
    taken = {int(address[1:].partition("@")[0]) for address in relay.taken}
    assert taken == {key for key, kind in kinds.items() if kind is K.ACCEPTED}
    assert all(drawn[key].dot == DROP for key, kind in kinds.items() if kind is K.UNCERTAIN)
    assert [] == relay.wrong
    if not relay.closed:
        assert sorted(keys) == list(range(len(drawn)))


def test_a_round_trip_a_message() -> None:
    """`body . MAIL RCPT DATA` goes out as one write."""
    relay, told = spoken([Script()] * 5, iter([1000] * 100), pipelining=True)
    assert [K.ACCEPTED] * 5 == [outcome.kind for _, outcome in told if outcome]
    assert 6 == len(relay.writes)
    assert relay.writes[1].endswith(b"\r\n.\r\nMAIL FROM:<s1@example.org>\r\nRCPT TO:<r1@example.org>\r\nDATA\r\n")


@pytest.mark.parametrize("unasked", [b"250 2.0.0 once more\r\n", b"550 5.7.1 by the way\r\n", b"\r\n", b"421 bye\r\n"])
def test_what_nobody_asked_for_ends_the_session(unasked: bytes) -> None:
    """Else each answer after it would be taken for somebody else's."""
    relay = Relay([Script()], pipelining=True)
    parcel = packed(0, "s0@example.org", "r0@example.org", (b"Subject: x\r\n\r\nbody\r\n",))
    Batch([parcel])
    given = iter([parcel])
    told: list[OutcomeKind] = []

    def result(_parcel: Parcel, outcome: Outcome | None) -> None:
        assert outcome
        told.append(outcome.kind)

    async def main() -> None:
        pipeline = Pipeline(relay, Sweep(Timeouts()), Volley(), pipelining=True)
        going = asyncio.ensure_future(
            pipeline.run(lambda: next(given, None), result, may_finish=lambda: True, stays=leaves)
        )
        await asyncio.sleep(0)
        while not going.done():
            arrived = bytes(relay.out)
            relay.out.clear()
            _hear(pipeline, arrived)
            await asyncio.sleep(0)
        assert ([K.ACCEPTED], False) == (told, pipeline.lost)
        _hear(pipeline, unasked)
        assert (True, True) == (pipeline.lost, relay.closed)
        await pipeline.run(lambda: pytest.fail("nothing more is begun"), result, may_finish=lambda: True, stays=leaves)

    asyncio.run(main())


def test_an_answer_to_what_is_not_written_yet_ends_the_session() -> None:
    """A relay that takes a letter before it has one, in the same breath as it asks for it: nobody is told accepted."""
    relay, told = Relay([Script()], pipelining=True), []
    parcel = packed(0, "s0@example.org", "r0@example.org", (b"Subject: x\r\n\r\nbody\r\n",))
    dotted: list[int] = []
    Batch([parcel], before_dot=dotted.append)
    given = iter([parcel])

    async def main() -> None:
        pipeline = Pipeline(relay, Sweep(Timeouts()), Volley(), pipelining=True)
        going = asyncio.ensure_future(
            pipeline.run(
                lambda: next(given, None),
                lambda _, outcome: told.append(outcome and outcome.kind),
                may_finish=lambda: True,
                stays=leaves,
            )
        )
        await asyncio.sleep(0)
        _hear(pipeline, b"250 ok\r\n250 ok\r\n354 go on\r\n250 taken\r\n")
        await going
        await asyncio.sleep(0)

    asyncio.run(main())
    assert ([K.RELAY], [], 1, True) == (told, dotted, len(relay.writes), relay.closed)


def test_whoever_stood_still_before_the_dot_does_not_write_it() -> None:
    """The lease is asked after just before, and not when the relay asked: the letter is owed, and in no doubt."""
    relay, told = Relay([Script(), Script()], pipelining=True), []
    parcels = [packed(at, f"s{at}@example.org", f"r{at}@example.org", (b"body\r\n",)) for at in range(2)]
    dotted: list[int] = []
    Batch(parcels, before_dot=dotted.append)
    given, lease = iter(parcels), [True]

    async def main() -> None:
        pipeline = Pipeline(relay, Sweep(Timeouts()), Volley(), pipelining=True)
        going = asyncio.ensure_future(
            pipeline.run(
                lambda: next(given, None),
                lambda parcel, outcome: told.append((parcel.key, outcome and outcome.kind)),
                may_finish=lambda: lease[0],
                stays=leaves,
            )
        )
        await asyncio.sleep(0)
        _hear(pipeline, bytes(relay.out))
        lease[0] = False
        await going

    asyncio.run(main())
    assert ([(0, K.RELAY), (1, None)], [], 1) == (told, dotted, len(relay.writes))


def test_in_a_volley_each_speaks_for_itself() -> None:
    """A session that ended meanwhile says nothing, and one whose letter cannot be written takes nobody along."""
    parcels = [packed(at, "s0@example.org", "r0@example.org", (b"body %d\r\n" % at,)) for at in range(3)]
    dotted: list[int] = []

    def before_dot(place: int) -> None:
        dotted.append(place)
        if place == 1:
            raise ValueError("the page is closed")

    Batch(parcels, before_dot=before_dot)
    lines = [Line(lost=each == 0, transport=Relay([], pipelining=True)) for each in range(3)]

    async def main() -> None:
        volley = Volley()
        for line, parcel in zip(lines, parcels, strict=True):
            volley.add(line, parcel, b"MAIL")
        assert [] == dotted
        await asyncio.sleep(0)

    asyncio.run(main())
    assert ([False, True, True], [1, 2]) == ([parcel.dotted for parcel in parcels], dotted)
    assert [[], [], [b"body 2\r\n.\r\nMAIL"]] == [line.transport.writes for line in lines]
    assert [None, "the page is closed", None] == [line.ended and str(line.ended) for line in lines]


@dataclass
class Line:
    """Of a session what a volley knows."""

    lost: bool
    transport: Relay
    ended: Exception | None = None

    def may_write(self) -> bool:
        return not self.lost

    def connection_lost(self, exc: Exception | None) -> None:
        self.ended = exc


def test_who_waits_for_more_is_not_overdue() -> None:
    """However long that takes; once there is more, time counts anew."""
    relay, resumes = Relay([Script(), Script()], pipelining=True), []
    parcels = [
        packed(at, f"s{at}@example.org", f"r{at}@example.org", (b"Subject: x\r\n\r\nbody\r\n",)) for at in range(2)
    ]
    batch, queue = Batch(parcels), parcels[:1]

    def stays(resume: Resume) -> bool:
        resumes.append(resume)
        return True

    def result(parcel: Parcel, outcome: Outcome | None) -> None:
        assert outcome
        batch.end(parcel, outcome)

    async def main() -> None:
        pipeline, soon = (
            Pipeline(relay, Sweep(Timeouts()), Volley(), pipelining=True),
            asyncio.get_running_loop().time(),
        )
        going = asyncio.ensure_future(
            pipeline.run(lambda: queue.pop() if queue else None, result, may_finish=lambda: True, stays=stays)
        )
        await asyncio.sleep(0)
        while not (resumes or going.done()):
            arrived = bytes(relay.out)
            relay.out.clear()
            _hear(pipeline, arrived)
            await asyncio.sleep(0)
        for day in (1, 2):
            pipeline.expire(soon + day * 86_400)
        assert ([0], False, False) == (batch.accepted, pipeline.lost, going.done())
        queue.append(parcels[1])
        resumes[0]()
        pipeline.expire(soon + 3 * 86_400)
        assert not pipeline.lost
        pipeline.expire(soon + 4 * 86_400)
        await going
        assert ([OutcomeKind.RELAY], True) == ([outcome.kind for _, outcome in batch.others if outcome], pipeline.lost)

    asyncio.run(main())


def test_half_a_line_that_nobody_asked_for_is_not_passed_over() -> None:
    """It came while the session waited for more, and belongs to the first reply after it, which so makes no sense."""
    relay, told, resumes = Relay([Script()], pipelining=True), [], []
    parcels = [packed(0, "s0@example.org", "r0@example.org", (b"Subject: x\r\n\r\nbody\r\n",))]
    Batch(parcels)
    queue: list[Parcel] = []

    def stays(resume: Resume) -> bool:
        resumes.append(resume)
        return True

    def result(parcel: Parcel, outcome: Outcome | None) -> None:
        told.append(outcome and outcome.kind)

    async def main() -> None:
        pipeline = Pipeline(relay, Sweep(Timeouts()), Volley(), pipelining=True)
        going = asyncio.ensure_future(
            pipeline.run(lambda: queue.pop() if queue else None, result, may_finish=lambda: True, stays=stays)
        )
        await asyncio.sleep(0)
        _hear(pipeline, b"what")
        queue.extend(parcels)
        resumes[0]()
        _hear(pipeline, bytes(relay.out))
        await asyncio.wait_for(going, 5)
        assert (True, [K.RELAY], False) == (pipeline.lost, told, parcels[0].dotted)

    asyncio.run(main())


def _hear(pipeline: Pipeline, arrived: bytes) -> None:
    pipeline.get_buffer(len(arrived))[: len(arrived)] = arrived
    pipeline.buffer_updated(len(arrived))
