"""Whatever a user has, check names every fault of it at once."""

from __future__ import annotations

import sys
from types import ModuleType

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.errors import InputError
from connectors.pictures import encode
from testbed.check import check

TAGS = """name,unit,low,high,rate_hz,address,group
CC1/MOLD/TC_1,Cel,0,200,1,TI-101,main
CC1/MOLD/TC_2,degC,0,200,1,TI-102,main
CC1/MOLD/TC_3,Cel,200,0,1,TI-103,main
CC1/MOLD/LEVEL,mm,0,200,fast,LI-1O1,main
CC1/MOLD/TC_1,Cel,0,200,1,TI-104,main
CC1/MOLD//SPEED,m/min,0,2,1,SI-101,main
"""
TAG_FAULTS = [
    "tags.csv:3  unit 'degC' is not known. Did you mean 'Cel'?",
    "tags.csv:4  low 200 must be below high 0.",
    "tags.csv:5  rate_hz 'fast' is not a number. Give a number such as 12.5.",
    "tags.csv:6  tag 'CC1/MOLD/TC_1' is already named on line 2. Keep one.",
    "tags.csv:7  name 'CC1/MOLD//SPEED' is no path: it has an empty level. Did you mean 'CC1/MOLD/SPEED'?",
]
DATA = """time,TI-101,TI-102,TI-103,LI-101
2026-01-05 00:00:00,1,2,3,4
2026-01-05 00:00:01,1,x2,3,4
2026-13-05 00:00:02,1,2,3,4
"""
DATA_FAULTS = [
    "data.csv:1  column 'LI-1O1' is not there. Did you mean 'LI-101'?",
    "data.csv:3  column 'TI-102': 'x2' is not a number.",
    "data.csv:4  time '2026-13-05 00:00:02' is not a time. 2026-01-05T09:00:00, 2026/01/05 09:00 or seconds "
    "since 1970 fit.",
]
GOOD_TAGS = "name,unit\nL/a,mm\n"


@pytest.fixture
def put(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def write(name: str, content: str | bytes) -> str:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(content.encode() if isinstance(content, str) else content)
        return name

    return write


@pytest.fixture
def library(monkeypatch):
    """A library of one scenario."""

    def load(name: str) -> None:
        if name not in ("caster-sticker", "good.py"):
            raise InputError(f"No scenario is called '{name}'. Did you mean 'caster-sticker'?")

    module = ModuleType("testbed.library")
    module.load = load  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "testbed.library", module)


def shown(*paths: str, **options: str | None) -> list[str]:
    return [str(problem) for problem in check(paths, options.pop("tags", None), **options)]  # type: ignore[arg-type]


def test_five_faults_of_a_tag_list_and_three_of_the_data_come_all_at_once(put):
    put("tags.csv", TAGS)
    put("data.csv", DATA)
    assert shown("tags.csv", "data.csv") == TAG_FAULTS + DATA_FAULTS


@pytest.mark.parametrize("paths", [["data.csv"], ["data.csv", "tags.csv"], ["tags.csv", "data.csv", "data.csv"]])
def test_a_tag_list_named_apart_is_checked_too_and_once(put, paths):
    put("tags.csv", TAGS)
    put("data.csv", DATA)
    assert shown(*paths, tags="tags.csv") == TAG_FAULTS + DATA_FAULTS


def test_data_is_checked_against_the_tag_list_named_apart_and_no_other(put):
    put("tags.csv", GOOD_TAGS)
    put("other.csv", "name,unit\nL/b,mm\n")
    put("data.csv", "time,a\n1,2\n")
    assert shown("data.csv", "other.csv", tags="tags.csv") == []
    assert shown("data.csv", "other.csv") == ["data.csv:1  column 'b' is not there. Known: a, time."]


def test_data_is_checked_without_a_tag_list(put):
    put("data.csv", "time,a\n1,2\n2,3\n3,x\n")
    assert shown("data.csv") == ["data.csv:4  column 'a': 'x' is not a number."]


@pytest.mark.parametrize("header", ["nmae,unit,low,high,rate_hz", "name,unti,low,high", "name,address"])
def test_a_tag_list_is_told_by_its_header_even_with_a_word_mistyped(put, header):
    put("tags.csv", f"{header}\nL//A{',' * header.count(',')}\n")
    assert all(fault.startswith("tags.csv") for fault in shown("tags.csv"))
    assert any("Did you mean" in fault for fault in shown("tags.csv"))


def test_labels_are_told_by_their_header(put):
    put("stops.csv", "start,end,name\n2026-01-05,2026-01-04,jam\n")
    assert shown("stops.csv") == ["stops.csv:2  end 2026-01-04 is before start 2026-01-05. Swap them."]


@pytest.mark.parametrize("zone", ["Asia/Seoul", "Europe/Berlin"])
def test_times_are_checked_in_their_zone(put, zone):
    put("data.csv", "time,a\n2026-03-29 02:30,1\n")
    assert bool(shown("data.csv", zone=zone)) == (zone == "Europe/Berlin")


def test_parquet_is_data(put, tmp_path):
    put("tags.csv", GOOD_TAGS)
    pl.DataFrame({"time": [1, 2], "b": [1.0, 2.0]}).write_parquet(tmp_path / "data.parquet")
    assert shown("data.parquet", tags="tags.csv") == ["data.parquet  column 'a' is not there. Known: b, time."]


def test_a_folder_is_one_of_pictures(put):
    put("coils/a.png", encode(np.zeros((2, 2), np.uint8)))
    assert shown("coils") == []
    put("coils/b.png", b"no picture")
    assert shown("coils") == [
        "coils/b.png  is no picture: 10 bytes are not an 8-bit picture. PNG, JPEG, BMP and TIFF fit."
    ]


def test_a_model_is_loaded(put):
    put("model.onnx", b"no model")
    assert shown("model.onnx") == [
        "model.onnx  model.onnx is no ONNX model (8 bytes). Export it again, or name another .onnx file."
    ]


def test_a_scenario_is_loaded_by_name_or_as_a_script(put, library):
    put("good.py", "")
    put("bad.py", "")
    assert shown("good.py", "caster-sticker") == []
    assert shown("caster-stiker") == [
        "caster-stiker  No scenario is called 'caster-stiker'. Did you mean 'caster-sticker'?"
    ]
    assert shown("bad.py")[0].startswith("bad.py  No scenario is called 'bad.py'")


@pytest.mark.parametrize("name", ["dta.csv", "dat.tsv", "datacsv.py", "dat.onnx", "./dta"])
def test_a_path_that_is_not_there_is_told_with_the_nearest_file(put, name):
    put("data.csv", "time,a\n1,2\n")
    assert shown(name) == [f"{name}  There is no such file. Did you mean 'data.csv'?"]


def test_a_file_of_another_kind_is_told_what_fits(put):
    put("plan.pdf", b"%PDF")
    assert shown("plan.pdf") == [
        "plan.pdf  A file of kind '.pdf' is not checked. What fits: tag lists, labels and data (.csv, "
        ".parquet, .xlsx), models (.onnx), scenarios, configurations and mappings (.toml), folders of pictures."
    ]


@pytest.mark.parametrize("url", ["opc.tcp://line4:4840", "mqtt://broker"])
def test_an_address_needs_a_tag_list(url):
    with pytest.raises(InputError, match=r"is checked by a tag list: add --tags"):
        check([url])


def test_every_path_has_its_say(put):
    put("a.csv", "time,a\n1,2\n2,3\n3,x\n")
    put("b.csv", "start,end,name\n1,2,\n")
    assert [fault.split("  ")[0] for fault in shown("a.csv", "b.csv", "c.csv")] == [
        "a.csv:4",
        "b.csv:2",
        "c.csv",
    ]


SCRAPS = [
    *'x,;\t\n\n "/',
    "time",
    "name",
    "unit",
    "start",
    "end",
    "2026-01-05",
    "1,5",
    "1.5",
    "-1",
    "inf",
    "true",
]
ODD = ["\r\n", "\ufeff", "\x00", "롤", "9" * 25, "1e400", "2026-02-30"]


@settings(max_examples=300)
@given(
    st.lists(st.sampled_from(SCRAPS + ODD), max_size=40).map("".join),
    st.sampled_from(["", "time,x\n", "a;b\n"]),
)
def test_no_text_makes_a_traceback(tmp_path_factory, text, header):
    path = tmp_path_factory.mktemp("check") / "a.csv"
    path.write_bytes((header + text).encode())
    for problem in check([str(path)]):
        assert problem.path == str(path)
        assert problem.text
