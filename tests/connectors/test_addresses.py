"""A tag goes to the server or broker its address names."""

from __future__ import annotations

import pytest

from connectors.addresses import check_url, is_node, shared_out
from connectors.errors import InputError
from connectors.tags import Tag

PLC, OTHER, BROKER = "opc.tcp://plc:4840", "opc.tcp://plc2:4840", "mqtt://broker:1883"


def tag(address: str, name: str = "L/A") -> Tag:
    return Tag(name=name, address=address)


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("ns=2;s=Demo.Level", True),
        ("nsu=http://maker/;s=x=1", True),
        ("i=2258", True),
        ("0:Objects/2:Mould/2:Level", True),
        ("2:Mould/2:Level", True),
        ("plant/mould/level", False),
        ("plant/mould#level", False),
        ("", False),
    ],
)
def test_node_ids_and_browse_paths_are_told_from_topics(address, expected):
    assert is_node(address) is expected


def test_one_address_takes_every_tag():
    assert shared_out([BROKER], [tag("ns=2;s=x")])[BROKER][0].address == "ns=2;s=x"


def test_a_server_and_a_broker_share_tags_by_the_look_of_their_addresses():
    found = shared_out([PLC, BROKER], [tag("ns=2;s=x", "L/A"), tag("a/b", "L/B"), tag("", "L/C")])
    assert {url: [t.name for t in tags] for url, tags in found.items()} == {PLC: ["L/A"], BROKER: ["L/B", "L/C"]}


def test_an_address_may_begin_with_where_it_is():
    found = shared_out(
        [PLC, OTHER], [tag(f"{PLC}#ns=2;s=x", "L/A"), tag(f"{OTHER}/#ns=2;s=y".replace("/#", "#"), "L/B")]
    )
    assert [t.address for t in found[PLC]] == ["ns=2;s=x"]
    assert [t.address for t in found[OTHER]] == ["ns=2;s=y"]


def test_tags_that_could_be_at_two_servers_are_refused_by_name():
    with pytest.raises(InputError, match=r"1 tags could be at none or several of the addresses: L/A\."):
        shared_out([PLC, OTHER], [tag("ns=2;s=x", "L/A"), tag(f"{PLC}#i=1", "L/B"), tag(f"{OTHER}#i=1", "L/C")])


def test_an_address_without_a_tag_is_refused():
    with pytest.raises(InputError, match="No tag of the list is at mqtt://broker:1883"):
        shared_out([PLC, BROKER], [tag("ns=2;s=x")])


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("modbus://x", "no address of a live line"),
        ("opc.tpc://x:4840", "Did you mean 'opc.tcp'"),
        ("plc", "no address of a live line"),
        ("mqtt://", "names no host"),
        ("mqtt://host:port", "no port that fits"),
        ("mqtt://me:secret@host", "must not hold a user or password"),
    ],
)
def test_an_address_that_does_not_fit_is_told(url, told):
    with pytest.raises(InputError, match=told) as caught:
        check_url(url)
    assert "secret@" not in str(caught.value)
