# SPDX-License-Identifier: GPL-3.0-or-later
"""redis-server, with its background threads, and a client over loopback."""

import pytest

THREADS = 5


@pytest.fixture
def redis(server):
    """A server of the story's own, about to wait for its first client."""
    # The package that has redis-server starts one. redis-tools has the same program
    # under another name, and it is what it is called.
    program = server.folder / "redis-server"
    program.symlink_to(server.find("redis-check-rdb"))
    server.start(
        str(program),
        *("--bind", server.address, "--port", "20080", "--save", ""),
        *("--io-threads", "2", "--io-threads-do-reads", "yes"),
    )
    return server


def bulk(client):
    """A string that it answers."""
    head = client.line()
    assert head[0] == "$"
    return client.bytes(int(head[1:]) + 2)[:-2].decode()


def ask(client, words):
    client.send(f"{words}\r\n")
    return bulk(client)


@pytest.mark.slow
def test_redis_idle_forgets_what_came_after_the_save(redis):
    # GIVEN a server with its threads and a client, at rest
    client = redis.connect()
    redis.go_on()
    assert client.ask("set word then") == "+OK"
    assert client.ask("setrange long 400000 x") == ":400001"
    redis.stop_idle()
    assert len(redis.gdb.look()) >= THREADS
    redis.gdb("snapshot save")

    for _ in range(3):
        # WHEN the client has changed its data, some of it in a background thread
        redis.go_on()
        assert client.ask("set word now") == "+OK"
        assert client.ask("unlink long") == ":1"
        assert client.ask("incr counter") == ":1"
        redis.stop_idle()
        redis.gdb("snapshot restore")

        # THEN it answers the same client as it did before
        redis.go_on()
        assert ask(client, "get word") == "then"
        assert client.ask("strlen long") == ":400001"
        assert client.ask("exists counter") == ":0"
        redis.stop_idle()
    redis.ends()


@pytest.mark.slow
def test_redis_in_the_middle_of_a_request_answers_it_again(redis):
    # GIVEN a server that has counted and is about to say so
    client = redis.connect()
    redis.go_on()
    assert client.ask("set counter 7") == "+OK"
    redis.stop_idle()
    redis.go_until("write")
    client.send("incr counter\r\n")
    redis.arrived()
    redis.gdb("snapshot save")

    # WHEN the client has got the answer, and the server has gone on
    redis.go_on()
    assert client.line() == ":8"
    assert client.ask("incr counter") == ":9"
    redis.stop_idle()
    redis.gdb("snapshot restore")

    # THEN the answer comes once more, for the client was not rewound
    redis.go_on()
    assert client.line() == ":8"
    assert client.ask("incr counter") == ":9"
    redis.stop_idle()
    redis.ends()


@pytest.mark.slow
def test_redis_hangs_up_on_a_client_that_came_after_the_save(redis):
    # GIVEN a server with one client
    old = redis.connect()
    redis.go_on()
    assert old.ask("set word then") == "+OK"
    redis.stop_idle()
    redis.gdb("snapshot save")

    # WHEN a second one has come since
    redis.go_on()
    young = redis.connect()
    assert young.ask("set word now") == "+OK"
    redis.stop_idle()
    redis.gdb("snapshot restore")

    # THEN its connection is closed, which the server never had
    assert young.line() == ""

    # THEN the first one is served, and so is a third
    redis.go_on()
    assert ask(old, "get word") == "then"
    assert ask(redis.connect(), "get word") == "then"
    redis.stop_idle()
    redis.ends()
