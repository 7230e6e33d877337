"""MCAP as its own reader sees it: whole, in order, with schemas that Foxglove knows."""

from __future__ import annotations

import base64
import json

import numpy as np
import pytest
from mcap.reader import make_reader

import testbed
from connectors.pictures import encode
from connectors.tags import Tag
from testbed.exports import export
from testbed.exports.content import Content
from testbed.exports.mcap_file import short_names
from testbed.record import RunRecord


def read(path):
    """Schemas by topic, and (topic, ns, message) in the order of the file."""
    with path.open("rb") as file:
        told, shapes = [], {}
        for schema, channel, message in make_reader(file, validate_crcs=True).iter_messages():
            assert schema.encoding == "jsonschema" and channel.message_encoding == "json"
            shapes[channel.topic] = schema.name, json.loads(schema.data)
            told.append((channel.topic, message.log_time, json.loads(message.data)))
        return shapes, told


@pytest.fixture(scope="module")
def sticker(tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs") / "caster-sticker-1"
    testbed.run("caster-sticker", seed=1, out=folder)
    return folder, *read(export(Content(folder), "mcap", folder.parent / "a.mcap"))


@pytest.fixture(scope="module")
def chatter(tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs") / "tcm-chatter-1"
    testbed.run("tcm-chatter", seed=1, out=folder)
    return folder, *read(export(Content(folder), "mcap", folder.parent / "a.mcap"))


def test_every_sample_is_there_at_its_time(sticker):
    folder, _, told = sticker
    known = RunRecord(folder).signals("thermocouples")
    mine = [(time, message) for topic, time, message in told if topic == "/thermocouples"]
    assert [time for time, _ in mine] == known["time"].to_physical().to_list()
    column = next(name for name in known.columns if name.endswith("TC_BF_1_4"))
    assert [message["TC_BF_1_4"] for _, message in mine] == known[column].to_list()
    assert all(message["timestamp"]["sec"] * 10**9 + message["timestamp"]["nsec"] == time for time, message in mine)


def test_messages_rise_in_time_and_tags_come_one_by_one(sticker):
    folder, _, told = sticker
    times = [time for _, time, _ in told]
    assert times == sorted(times)
    named = [message["name"] for topic, _, message in told if topic == "/tags"]
    assert named == [tag.name for group in RunRecord(folder).groups for tag in group.tags]


def test_events_and_truth_are_logs_that_foxglove_knows(sticker):
    folder, shapes, told = sticker
    for topic in ("/events", "/truth"):
        name, shape = shapes[topic]
        lines = [message for mine, _, message in told if mine == topic]
        assert name == shape["title"] == "foxglove.Log"
        assert lines and all(set(shape["required"]) <= line.keys() for line in lines)
    full = [message for topic, _, message in told if topic == "/events/full"]
    assert len(full) == len(RunRecord(folder).events())
    assert [one["truth"] for one in full if one["verdict"] == "found"] == ["sticker"]


def test_vibration_travels_with_all_its_samples_and_what_can_be_plotted(chatter):
    folder, _, told = chatter
    known = RunRecord(folder).signals("vib")
    mine = [message for topic, _, message in told if topic == "/vib"]
    samples = np.concatenate([message["S4_ACC"]["samples"] for message in mine])
    column = next(name for name in known.columns if name.endswith("S4/ACC"))
    assert np.array_equal(samples, known[column].to_numpy())
    first = mine[0]["S4_ACC"]
    assert first["max"] == max(first["samples"]) and first["min"] == min(first["samples"])
    assert len(mine) < len(samples) / 100


def test_what_a_camera_saw_is_a_picture(sticker, tmp_path):
    folder, *_ = sticker
    picture = encode(np.zeros((8, 8), np.uint8))
    content = Content(folder)
    content.pictures = lambda: iter([(content.start, "00001.png", picture)])  # pyright: ignore[reportAttributeAccessIssue]
    shapes, told = read(export(content, "mcap", tmp_path / "a.mcap"))
    assert shapes["/evidence"][0] == "foxglove.CompressedImage"
    message = next(message for topic, _, message in told if topic == "/evidence")
    assert base64.b64decode(message["data"]) == picture and message["format"] == "png"


def test_keys_are_short_and_no_two_are_alike():
    names = ["A/F1/GAP", "A/F2/GAP", "B/F2/GAP", "A/S1.X/V-1", "A/S1.X/V 1", "timestamp"]
    keys = short_names([Tag(name=name) for name in names])
    assert list(keys) == names and len(set(keys.values())) == len(names)
    assert keys["A/F1/GAP"] == "F1_GAP"
    assert all(key.isidentifier() and key != "timestamp" for key in keys.values())
