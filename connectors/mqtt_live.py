"""Plain topics of an MQTT broker that is not ours: a number, a text, or JSON with value, time and quality."""

from __future__ import annotations

from connectors.addresses import in_the_clear
from connectors.clock import Stopwatch, now_ns, sleep
from connectors.errors import BadMessage, InputError, PartFailed
from connectors.items import Frame
from connectors.line import ALIVE_S, DEAD, LIFE_S, TICK_S, Line
from connectors.mapped import Mapped
from connectors.marks import Reading
from connectors.mqtt import MqttTopics
from connectors.mqtt_address import mqtt_address
from connectors.mqtt_values import decoded
from connectors.sparkplug_live import SparkplugTags, is_sparkplug
from connectors.tags import Tag
from connectors.texts import say


class MqttLine(Line):
    """One broker; see Line.

    Addresses are topics; 'topic#a.b' takes a number out of deeper JSON; an empty one is the tag's own name; metrics of
    Sparkplug B are 'spBv1.0/GROUP/NODE/DEVICE#metric'; what the settings' mapping can name is read by it.
    """

    @property
    def cameras(self) -> set[str]:
        return Mapped(self.settings.mapping, self.tags).cameras

    async def read(self) -> None:
        at = mqtt_address(self.url, self.settings.mqtt_version)
        born = SparkplugTags([tag for tag in self.tags if is_sparkplug(tag.address)])
        mapped = Mapped(self.settings.mapping, [tag for tag in self.tags if not is_sparkplug(tag.address)])
        wanted = self._topics(mapped)
        if at.session.share and born.filters:
            raise InputError(say("{url}: a Sparkplug host needs every message. Leave out 'share'.", url=self.url))
        seen: set[str] = set()
        self.note = await in_the_clear(self.url, self.login.user, self.settings.insecure)
        filters = [*wanted, *mapped.filters, *born.filters]
        async with MqttTopics(filters, at.host, at.port, self.login, at.is_secure, at.session) as topics:
            if topics.refused:
                shown = ", ".join(topics.refused[:5])
                raise InputError(
                    say("{url} does not let us read {topics} ({reason}).", url=self.url, topics=shown,
                        reason=topics.reason)
                )  # fmt: skip
            self.up()
            pulse = _Pulse(self)
            while True:
                for topic, payload, is_kept in topics.take():
                    if is_sparkplug(topic):
                        self._hear(born, topic, payload)
                        continue
                    is_first = is_kept and topic not in seen
                    self._take(wanted.get(topic, []), payload, is_first)
                    if mapped.of(topic):
                        self._take_mapped(mapped, topic, payload, is_first)
                    seen.add(topic)
                readings, asked = born.tick()
                if readings:
                    self.put(readings)
                for note in asked:
                    topics.publish(note.topic, note.payload)
                pulse.look(topics)
                await sleep(TICK_S / 2)

    def _topics(self, mapped: Mapped) -> dict[str, list[tuple[Tag, str]]]:
        """Tags and paths by plain topic. Raises InputError for a wildcard."""
        wanted: dict[str, list[tuple[Tag, str]]] = {}
        for tag in self.tags:
            if is_sparkplug(tag.address) or (tag.address or tag.name) in mapped.tags:
                continue
            topic, _, path = (tag.address or tag.name).partition("#")
            wanted.setdefault(topic, []).append((tag, path))
        bad = [topic for topic in wanted if not topic or "+" in topic or "#" in topic]
        if bad:
            raise InputError(say("'{topic}' is no topic of a tag: it must be one topic, without '+'.", topic=bad[0]))
        return wanted

    def _take_mapped(self, mapped: Mapped, topic: str, payload: bytes, is_first: bool) -> None:
        told, malformed = mapped.take(topic, payload, is_first)
        self.malformed += malformed
        self.put([one for one in told if not isinstance(one, Frame)])
        for one in told:
            if isinstance(one, Frame):
                self.show(one)

    def _hear(self, born: SparkplugTags, topic: str, payload: bytes) -> None:
        self.bytes += len(payload)
        before = born.app.counts.malformed
        self.put(born.take(topic, payload))
        self.malformed += born.app.counts.malformed - before

    def _take(self, tags: list[tuple[Tag, str]], payload: bytes, is_first: bool) -> None:
        self.bytes += len(payload)
        readings = []
        for tag, path in tags:
            try:
                time, value, status = decoded(payload, path)
            except BadMessage:
                self.malformed += 1
                continue
            readings.append(Reading(tag, now_ns() if time is None else time, value, status, is_first))
        self.put(readings)


class _Pulse:
    """Asks a broker for signs of life. One that never answered is judged by its messages alone."""

    def __init__(self, line: MqttLine) -> None:
        self._line, self._answers = line, 0
        self._asked: Stopwatch | None = None
        line.life_s = line.settings.patience_s

    def look(self, topics: MqttTopics) -> None:
        """Call it often. Raises PartFailed once the broker is dead."""
        line, patience = self._line, self._line.settings.patience_s
        if topics.answers > self._answers:
            self._answers, line.life_s = topics.answers, LIFE_S
            line.heard()
        if self._asked is None or self._asked.seconds() > min(ALIVE_S, patience / 3):
            self._asked = Stopwatch()
            topics.ask()
        if self._answers and line.silent_s > DEAD * patience:
            raise PartFailed(say("no sign of life for {s} s", s=f"{DEAD * patience:g}"))
