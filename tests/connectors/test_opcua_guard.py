"""What a client cannot do at our server, whoever it says it is."""

from __future__ import annotations

import pytest
from asyncua import Client, ua

from connectors.certs import Store
from connectors.opcua_enter import Wish, enter
from connectors.opcua_guard import Guard
from connectors.opcua_server import OpcUaServer
from connectors.secrets import Login
from connectors.users import Users
from testbed.testplant import TestPlant


@pytest.fixture
def at_home(tmp_path, monkeypatch) -> Users:
    monkeypatch.setenv("TESTBED_HOME", str(tmp_path))
    return Users()


@pytest.mark.parametrize("name", ["", "admin", "Admin", "kim"])
async def test_nobody_is_an_administrator_whatever_the_name(at_home, name):
    async with OpcUaServer(TestPlant.groups) as server:
        client = Client(server.url)
        if name:
            client.set_user(name)
            client.set_password("x")
        async with client:
            with pytest.raises(ua.UaStatusCodeError):
                await client.nodes.objects.add_folder(2, "MINE")
            index = await client.get_namespace_index("urn:steel-testbed:plant")
            node = client.get_node(f"ns={index};s={TestPlant.groups[0].tags[0].name}")
            with pytest.raises(ua.uaerrors.BadNotWritable):
                await node.write_value(1.0)
            with pytest.raises(ua.uaerrors.BadNotWritable):
                await node.write_attribute(
                    ua.AttributeIds.UserAccessLevel, ua.DataValue(ua.Variant(3, ua.VariantType.Byte))
                )
            with pytest.raises(ua.UaStatusCodeError):
                await client.delete_nodes([node])


async def test_a_name_on_loopback_needs_its_password_once_there_are_users(at_home):
    at_home.add("kim", "kim-secret")
    async with OpcUaServer(TestPlant.groups) as server:
        for password, lets_in in (("kim-secret", True), ("kim-guesses", False)):
            client = Client(server.url)
            client.set_user("kim")
            client.set_password(password)
            try:
                await client.connect()
                await client.disconnect()
                assert lets_in
            except ua.uaerrors.BadUserAccessDenied:
                assert not lets_in


async def test_nobody_registers_other_servers_here(at_home):
    async with OpcUaServer(TestPlant.groups) as server:
        client = Client(server.url)
        await client.connect_sessionless()
        try:
            with pytest.raises(ua.UaStatusCodeError):
                await client.uaclient.register_server(ua.RegisteredServer(ServerUri="urn:mallory"))
        finally:
            await client.disconnect_sessionless()


async def test_beyond_loopback_no_session_opens_without_security_even_with_the_right_password(at_home, monkeypatch):
    """A client that takes another endpoint for one without security, and sends its password in the clear."""
    monkeypatch.setattr(Client, "find_endpoint", staticmethod(lambda endpoints, *_: endpoints[1]))
    at_home.add("kim", "kim-secret")
    Store().make()
    said: list[str] = []
    async with OpcUaServer(TestPlant.groups, guard=Guard(said.append)) as server:
        for user in ("kim", ""):
            client = Client(server.url)
            if user:
                client.set_user(user)
                client.set_password("kim-secret")
            with pytest.raises(ua.uaerrors.BadSecurityModeInsufficient):
                await client.connect()
    assert said == ["OPC UA: 127.0.0.1 was refused: it came without security."]  # told once in a while, not each time


async def test_beyond_loopback_nothing_is_served_to_a_session_that_nobody_has_activated(at_home, monkeypatch):
    """A client that skips what it would not get through, and one that takes up another's session."""
    at_home.add("kim", "kim-secret")
    Store().make()
    Store().trust(str(Store().certificate_path))
    async with OpcUaServer(TestPlant.groups, guard=Guard(lambda said: None)) as server:
        kim = Client(server.url)
        await enter(kim, server.url, Login(user="kim", password="kim-secret"), Wish())  # noqa: S106
        monkeypatch.setattr(Client, "find_endpoint", staticmethod(lambda endpoints, *_: endpoints[1]))
        token = kim.uaclient.session.authentication_token
        for steals in (False, True):
            client = Client(server.url)
            await client.connect_sessionless()
            try:
                if steals:
                    client.uaclient.session.restore_authentication_token(token)
                    with pytest.raises(ua.UaStatusCodeError):
                        await client.activate_session()
                else:
                    await client.create_session()
                with pytest.raises(ua.UaStatusCodeError):
                    await client.nodes.server_state.read_value()
                with pytest.raises(ua.UaStatusCodeError):
                    await client.nodes.objects.get_children()
            finally:
                client.disconnect_socket()
        assert await kim.nodes.server_state.read_value() == 0  # and hers goes on
        await kim.disconnect()
