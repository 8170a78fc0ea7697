# SPDX-License-Identifier: GPL-3.0-or-later
"""nginx as one process, and clients over loopback."""

import pytest

PAGE = b"".join(b"%06d\n" % number for number in range(20000))
CONFIGURATION = """
daemon off;
master_process off;
pid nginx.pid;
error_log stderr;
events { use epoll; }
http {
    access_log off;
    sendfile on;
    keepalive_timeout 1d;
    keepalive_requests 1000;
    client_body_temp_path body;
    proxy_temp_path proxy;
    fastcgi_temp_path fastcgi;
    uwsgi_temp_path uwsgi;
    scgi_temp_path scgi;
    server {
        listen ADDRESS:20080;
        root FOLDER/pages;
        location = /number { return 200 "$connection_requests"; }
    }
}
"""


@pytest.fixture
def nginx(server):
    """A server of the story's own, about to wait for its first client."""
    folder = server.folder
    text = CONFIGURATION.replace("ADDRESS", server.address)
    folder.joinpath("nginx.conf").write_text(text.replace("FOLDER", str(folder)))
    folder.joinpath("pages").mkdir()
    folder.joinpath("pages", "page").write_bytes(PAGE)
    program = server.find("nginx")
    server.start(program, "-p", str(folder), "-c", "nginx.conf", "-e", "stderr")
    return server


def request(client, path):
    client.send(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n")


def answer(client):
    """The text of an answer."""
    assert client.line() == "HTTP/1.1 200 OK"
    size = 0
    while field := client.line():
        name, value = field.split(": ", 1)
        if name.lower() == "content-length":
            size = int(value)
    return client.bytes(size)


def get(client, path):
    request(client, path)
    return answer(client)


@pytest.mark.slow
def test_nginx_idle_goes_on_serving(nginx):
    # GIVEN a server that has counted one request of a client
    client = nginx.connect()
    nginx.go_on()
    assert get(client, "/number") == b"1"
    nginx.stop_idle()
    nginx.gdb("snapshot save")

    for _ in range(3):
        # WHEN it has served more, and is rewound
        nginx.go_on()
        assert get(client, "/number") == b"2"
        assert get(client, "/page") == PAGE
        assert get(client, "/number") == b"4"
        nginx.stop_idle()
        nginx.gdb("snapshot restore")

    # THEN it serves that client, and counts on from one, and it serves another
    nginx.go_on()
    assert get(client, "/number") == b"2"
    assert get(client, "/page") == PAGE
    assert get(nginx.connect(), "/number") == b"1"
    nginx.stop_idle()
    nginx.ends()


@pytest.mark.slow
def test_nginx_in_the_middle_of_a_request_answers_it_again(nginx):
    # GIVEN a server that is about to send its answer
    client = nginx.connect()
    nginx.go_on()
    assert get(client, "/number") == b"1"
    nginx.stop_idle()
    nginx.go_until("writev")
    request(client, "/number")
    nginx.arrived()
    nginx.gdb("snapshot save")

    # WHEN the client has got it, and the server has gone on
    nginx.go_on()
    assert answer(client) == b"2"
    assert get(client, "/number") == b"3"
    nginx.stop_idle()
    nginx.gdb("snapshot restore")

    # THEN the answer comes once more, for the client was not rewound
    nginx.go_on()
    assert answer(client) == b"2"
    assert get(client, "/number") == b"3"
    nginx.stop_idle()
    nginx.ends()


@pytest.mark.slow
def test_nginx_opens_the_file_again_that_it_was_sending(nginx):
    # GIVEN a server that has opened a file and is about to send it
    client = nginx.connect()
    nginx.go_on()
    assert get(client, "/number") == b"1"
    nginx.stop_idle()
    nginx.go_until("sendfile64")
    request(client, "/page")
    nginx.arrived()
    nginx.gdb("snapshot save")

    # WHEN the client has got all of it, and the server has closed it
    nginx.go_on()
    assert answer(client) == PAGE
    nginx.stop_idle()
    nginx.gdb("snapshot restore")

    # THEN the page comes once more, behind the head that had gone out before the save
    nginx.go_on()
    assert client.bytes(len(PAGE)) == PAGE
    assert get(client, "/number") == b"3"
    nginx.stop_idle()
    nginx.ends()


@pytest.mark.slow
def test_nginx_hangs_up_on_a_client_that_came_after_the_save(nginx):
    # GIVEN a server with one client
    old = nginx.connect()
    nginx.go_on()
    assert get(old, "/number") == b"1"
    nginx.stop_idle()
    nginx.gdb("snapshot save")

    # WHEN a second one has come since
    nginx.go_on()
    young = nginx.connect()
    assert get(young, "/number") == b"1"
    nginx.stop_idle()
    nginx.gdb("snapshot restore")

    # THEN its connection is closed, which the server never had
    assert young.line() == ""

    # THEN the first one is served, and so is a third
    nginx.go_on()
    assert get(old, "/number") == b"2"
    assert get(nginx.connect(), "/number") == b"1"
    nginx.stop_idle()
    nginx.ends()
