"""Waveforms for a page: sample by sample as they came, the newest where there is more than a frame holds."""

from __future__ import annotations

import numpy as np
import pytest

from connectors.tags import Group, Tag
from connectors.times import SECOND
from edge.merge import Chunk
from testbed.library import load
from testbed.page.waves import STEP, Waves
from testbed.plant import START
from testbed.record import RunRecord
from tests.testbed.page.visit import serving

RATE = 1000.0
GROUP = Group("vib", tuple(Tag(name=f"L/S{i}/ACC", unit="m/s2", rate_hz=RATE, group="vib") for i in (1, 2)), "blocks")


def chunk(first: int, values: np.ndarray) -> Chunk:
    time = START + np.round((np.arange(len(values)) + first) / RATE * SECOND).astype(np.int64)
    return Chunk(GROUP, int(time[-1]), time, values, np.zeros(values.shape, np.uint32))


def test_every_sample_comes_once_in_counts_of_the_sensors_step():
    waves = Waves([GROUP])
    values = np.stack([np.sin(np.arange(300) / 7), np.cos(np.arange(300) / 9)], axis=1)
    waves.add(chunk(0, values[:200]))
    one = waves.since(0)
    waves.add(chunk(200, values[200:]))
    two = waves.since(one.first + one.n)
    assert (one.first, one.n, two.first, two.n, waves.since(300).n) == (0, 200, 200, 100, 0)
    got = np.frombuffer(one.data + two.data, "<i2").reshape(-1, 2) * STEP
    assert np.abs(got - values).max() <= STEP / 2 + 1e-12


def test_a_page_that_lags_is_sent_the_newest_and_what_is_too_loud_or_missing_stays_in_range():
    waves = Waves([GROUP])
    for first in range(0, 20_000, 1000):
        waves.add(chunk(first, np.full((1000, 2), 1e9)))
    waves.add(chunk(20_000, np.full((10, 2), np.nan)))
    cut = waves.since(1)
    assert cut.first + cut.n == 20_010 and cut.n == 500
    whole = waves.since(0)
    assert whole.first + whole.n == 20_010 and whole.n == 8_000
    got = np.frombuffer(cut.data, "<i2")
    assert got.max() == 32_767 and got[-1] == 0


def test_a_run_without_accelerometers_has_no_waveforms():
    plant = load("caster-sticker").plant.build(1, START)
    assert Waves(plant.groups).plain(plant) is None
    mill = load("tcm-chatter").plant.build(1, START)
    told = Waves(mill.groups).plain(mill)
    assert told is not None and len(told["tags"]) == 5
    assert all(150 < hz < 200 for hz in told["natural_hz"].values())
    works = load("works-sliver").plant.build(1, START)
    assert (Waves(works.groups).plain(works) or {})["natural_hz"] == told["natural_hz"]


@pytest.mark.needs("chromium")
def test_what_is_drawn_and_heard_is_the_very_waveform_of_the_record_and_sound_is_off_until_asked_for(
    tmp_path, monkeypatch
):
    from tests.testbed.page.browsing import visitor

    monkeypatch.setenv("TESTBED_HOME", str(tmp_path / "home"))
    with serving(tmp_path / "runs") as page, visitor(page) as seen:
        seen.page.evaluate(_KEEP)
        seen.play("tcm-chatter", "real")
        seen.page.locator("#tabs button", has_text="채터").click()
        assert seen.page.get_attribute("#sound", "aria-pressed") == "false"
        assert seen.page.evaluate("window.contexts") == 0
        seen.page.click("#sound")
        seen.page.wait_for_selector("#sound[aria-pressed=true]")
        seen.until(lambda: "m/s²" in seen.text("#singing") and seen.page.evaluate("window.pieces.length") > 3)
        seen.end()
        pieces = seen.page.evaluate("window.pieces")
        assert seen.page.evaluate(_TONE) == pytest.approx([1.0, 0.0, 3.0], abs=0.02)
        assert seen.page.evaluate(_LOUDEST) <= 0.25
        assert seen.complaints == []
        record = RunRecord(page.stage.show.folder)
    truth = record.signals("vib").drop("time").to_numpy()
    for piece in pieces:
        got = np.array(piece["data"]).reshape(-1, 5) * STEP
        assert np.abs(got - truth[piece["first"] : piece["first"] + piece["n"]]).max() <= STEP


# Counts the audio contexts, and keeps a copy of some pieces of waveform.
_KEEP = """async () => {
  window.contexts = 0; window.pieces = [];
  const Own = AudioContext;
  window.AudioContext = class extends Own { constructor(...given) { super(...given); window.contexts += 1; } };
  const {heard} = await import('/store.js');
  heard.add(({first, n, data}) => { if (window.pieces.length < 10) window.pieces.push({first, n, data: [...data]}); });
}"""
# A tone of 1 m/s2 RMS at 200 Hz, in its third octave and in the next but one; one that grows by e^3 a second.
_TONE = """async () => {
  const {spectrum, band, edges, THIRDS, growth} = await import('/spectrum.js');
  const ring = Float32Array.from({length: 4096}, (_, i) => Math.SQRT2 * Math.sin(2 * Math.PI * 200 * i / 5000));
  const bins = spectrum(ring, 4096, 2048), third = name => edges(THIRDS.find(one => one.name === name));
  const of = name => band(bins, 5000 / 2048, ...third(name));
  return [of(200), of(315), growth(Array.from({length: 9}, (_, i) => Math.exp(3 * i * 0.05)), 0.05)];
}"""
# What comes out at most of a waveform that is far too loud.
_LOUDEST = """async () => {
  const {curve} = await import('/sound.js'), context = new OfflineAudioContext(1, 5000, 5000);
  const shaper = new WaveShaperNode(context, {curve: curve()}), buffer = context.createBuffer(1, 5000, 5000);
  buffer.getChannelData(0).forEach((_, i, to) => { to[i] = 100 * Math.sin(i / 5); });
  const source = new AudioBufferSourceNode(context, {buffer});
  source.connect(shaper).connect(context.destination);
  source.start();
  return (await context.startRendering()).getChannelData(0).reduce((a, b) => Math.max(a, Math.abs(b)), 0);
}"""
