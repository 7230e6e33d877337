"""Picture sets are read by their lists; what looks alike is never split."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from connectors.errors import InputError
from connectors.pictures import encode
from testbed.datasets.near import groups, split, together
from testbed.datasets.pictures import load

VOC = (
    "<annotation><object><name>scratches</name><bndbox><xmin>2</xmin><ymin>3</ymin><xmax>9</xmax><ymax>8</ymax>"
    "</bndbox></object></annotation>"
)


def noise(seed: int, side: int = 40) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 255, (side, side), dtype=np.uint8)


def put(path: Path, image: np.ndarray) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(encode(image))


@pytest.fixture
def neu(tmp_path) -> Path:
    for label in ("crazing", "rolled-in_scale"):
        for number in (1, 12, 13):
            put(tmp_path / "images" / f"{label}_{number}.png", noise(number))
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "crazing_12.xml").write_text(VOC)
    return tmp_path


def test_neu_takes_class_and_group_from_the_name_and_boxes_from_wherever_they_lie(neu):
    pictures = {p.path: p for p in load("neu-det", neu)}
    assert len(pictures) == 6
    assert pictures["images/rolled-in_scale_13.png"].label == "rolled-in_scale"
    assert pictures["images/crazing_1.png"].group == pictures["images/crazing_12.png"].group
    assert pictures["images/crazing_12.png"].group != pictures["images/crazing_13.png"].group
    assert pictures["images/crazing_12.png"].boxes == (("scratches", 2.0, 3.0, 9.0, 8.0),)
    assert pictures["images/crazing_1.png"].image().shape == (40, 40)


def test_a_list_chooses_and_its_annotation_lines_are_passed_over(neu, tmp_path):
    chosen = tmp_path / "list.txt"
    chosen.write_text("# mine\nimages/crazing_13.png\nelsewhere/crazing_12.xml\n\n./images/crazing_1.png\n")
    assert [p.path for p in load("neu-det", neu, [chosen])] == ["images/crazing_1.png", "images/crazing_13.png"]


def test_every_listed_path_that_is_missing_is_counted_and_the_nearest_named(neu, tmp_path):
    chosen = tmp_path / "list.txt"
    chosen.write_text("images/crazing_14.png\nimages/crazing_15.png\n")
    with pytest.raises(InputError, match=r"2 listed files.*Did you mean 'images/crazing_1"):
        load("neu-det", neu, [chosen])


def test_an_annotation_with_entities_is_refused(neu):
    (neu / "elsewhere" / "crazing_12.xml").write_text('<!DOCTYPE a [<!ENTITY b "c">]>' + VOC)
    with pytest.raises(InputError, match="entities"):
        load("neu-det", neu)


def test_a_png_beside_a_jpeg_is_its_mask(tmp_path):
    import cv2

    folder = tmp_path / "images" / "MT_Crack"
    mask = np.zeros((40, 40), np.uint8)
    mask[5:9, 5:9] = 255
    put(folder / "a.png", mask)
    (folder / "a.jpg").write_bytes(cv2.imencode(".jpg", noise(1))[1].tobytes())
    put(tmp_path / "images" / "MT_Free" / "b.png", noise(2))
    crack, free = load("mt-defects", tmp_path)
    assert (crack.label, free.label, free.normal) == ("Crack", "free", True)
    found = crack.mask()
    assert found is not None and found.sum() == 16
    assert free.mask() is None


def test_a_folder_of_ones_own_is_a_folder_a_class(tmp_path):
    put(tmp_path / "Good" / "1.png", noise(1))
    put(tmp_path / "dent" / "1.png", noise(2))
    assert [(p.label, p.normal) for p in load(str(tmp_path))] == [("good", True), ("dent", False)]


def test_an_unknown_set_and_a_set_that_is_not_there_are_told_apart(tmp_path, monkeypatch):
    with pytest.raises(InputError, match="Did you mean 'neu-det'"):
        load("neu-dat")
    monkeypatch.setenv("TESTBED_DATA", str(tmp_path))
    with pytest.raises(InputError, match="--root"):
        load("neu-det")


def test_an_exposure_of_the_same_thing_is_its_near_duplicate(tmp_path):
    for i in range(6):
        put(tmp_path / "a" / f"{i}.png", noise(i, 32))
    put(tmp_path / "a" / "brighter.png", (noise(3, 32) * 0.7 + 40).astype(np.uint8))
    pictures = load(str(tmp_path))
    found = dict(zip((p.path for p in pictures), groups(pictures), strict=True))
    assert found["a/brighter.png"] == found["a/3.png"]
    assert len(set(found.values())) == 6


def test_a_split_takes_its_share_of_each_class_and_tears_no_group(tmp_path):
    for label in ("a", "b"):
        for i in range(20):
            put(tmp_path / label / f"{i:02d}.png", noise(i))
    pictures = load(str(tmp_path))
    together = [f"{p.label}{i // 2}" for i, p in enumerate(pictures)]
    train, test = split(pictures, together, 0.3)
    assert [sum(p.label == label for p in test) for label in ("a", "b")] == [6, 6]
    by_path = dict(zip((p.path for p in pictures), together, strict=True))
    assert not {by_path[p.path] for p in train} & {by_path[p.path] for p in test}
    assert split(pictures, together, 0.3) == (train, test)
    assert split(pictures, together, 0.3, seed=2) != (train, test)


def test_lists_of_neu_are_cut_by_number_and_changed_pictures_keep_their_class(tmp_path, monkeypatch, capsys):
    import json
    import sys

    from testbed.datasets.lists import main

    for number in (1, 192, 193, 240):
        put(tmp_path / "neu" / f"crazing_{number}.png", noise(number))
    out, new = tmp_path / "lists", tmp_path / "new"
    line = ["lists", "neu-det", "--root", str(tmp_path / "neu"), "--out", str(out), "--changed", str(new)]
    monkeypatch.setattr(sys, "argv", line)
    main()
    assert (out / "neu-det-train.txt").read_text().split() == ["crazing_1.png", "crazing_192.png"]
    assert (out / "neu-det-test.txt").read_text().split() == ["crazing_193.png", "crazing_240.png"]
    assert json.loads(capsys.readouterr().out)["changed"] == 8
    pictures = load(str(new))
    assert {p.label for p in pictures} == {"crazing"}
    means = [p.image().mean() for p in pictures if p.path.startswith("crazing/crazing_193-")]
    assert means[0] < means[1] < means[2] < means[3]


def test_a_list_that_names_no_picture_is_told_by_its_name(tmp_path):
    put(tmp_path / "set" / "crazing_1.png", noise(1))
    empty = tmp_path / "mine.txt"
    empty.write_text("\n")
    with pytest.raises(InputError, match=r"mine\.txt names no picture"):
        load("neu-det", tmp_path / "set", [empty])


def test_exposures_of_a_tile_follow_each_other_in_number_and_stay_together(tmp_path):
    for i, name in enumerate(("exp1_num_3191", "exp2_num_3211", "exp6_num_3279", "exp1_num_9473")):
        put(tmp_path / "images" / "MT_Crack" / f"{name}.png", noise(i))
    pictures = load("mt-defects", tmp_path)
    first, other, *last = together("mt-defects", pictures)  # by path: 3191, 9473, 3211, 3279
    assert last == [first, first] and other != first
    assert len(set(groups(pictures))) == 4
