"""At level ``isolated`` an agent's user with a shell and a debugger gets no value, no password, no key, and no token but the one for calls.

What ``test_same_user`` tries as the user of a guarded vault is tried here as another user, who may make calls.

Limits that are no part of this: root, whoever can become root, and a terminal on which an administrator types and an agent reads along.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator

import pytest

from agentsecrets.daemon.control.router import _FRAMED, _ROUTES
from agentsecrets.daemon.sharing import MEMBERS_MAY
from tests.parts.commands import PASSWORD, VALUE
from tests.parts.isolated import AGENT, STRANGER, Isolated, isolated
from tests.parts.machine import SERVICE

STATE, SHARED, PROGRAM = "/var/lib/agentsecrets", "/run/agentsecrets", "/opt/agentsecrets"
PACKAGES = f"{PROGRAM}/lib/python3*/site-packages/agentsecrets"
SECRET = [form for secret in (VALUE, PASSWORD) for form in (secret, base64.b64encode(secret.encode()).decode()[:-4], secret.encode().hex())]
MAY_HOLD_A_TOKEN = {"/v1/session"}


@pytest.fixture(scope="module")
def scene() -> Iterator[Isolated]:
    with isolated() as made:
        made.machine.run(SERVICE, "call", "--url", made.upstream.url("/leak/plain"), "--bearer", "KEY", user=AGENT)
        yield made


def _shell(scene: Isolated, script: str, user: str = AGENT, **variables: str) -> str:
    ended = scene.machine.end("/bin/sh", "-c", script, user=user, **variables)
    return ended.stdout + ended.stderr


# --- files --------------------------------------------------------------------------------------------------------------------------------


def test_nothing_that_an_agent_can_read_holds_a_value_a_password_or_a_token(scene: Isolated) -> None:
    token = scene.machine.run(SERVICE, "proxy", "token", user=AGENT).strip()
    assert token.startswith("as_sess_")
    read = _shell(
        scene, f"cat {STATE}/state.db {STATE}/session.json {STATE}/config.json {STATE}/run/* {SHARED}/* {SHARED}/run/* ; ls {STATE}"
    )
    assert read.count("Permission denied") >= 4, "the state folder let somebody in"
    search = f"grep -r -a -F -l -e '{VALUE}' -e '{PASSWORD}' -e '{token}'"
    assert _shell(scene, f"{search} /etc/agentsecrets /etc/systemd /run /tmp /var/lib {PROGRAM} 2>/dev/null") == ""
    assert "/tmp/mine" in _shell(scene, f"echo '{VALUE}' > /tmp/mine; {search} /tmp; rm /tmp/mine"), "the search finds nothing at all"


def test_the_words_of_a_process_and_its_environment_hold_nothing(scene: Isolated) -> None:
    shown = _shell(scene, "cat /proc/[0-9]*/cmdline /proc/[0-9]*/environ 2>/dev/null | tr '\\0' '\\n'")
    assert "agentsecrets" in shown
    assert not [form for form in SECRET if form in shown]


def test_no_part_of_what_an_administrator_runs_can_be_changed_by_an_agent(scene: Isolated) -> None:
    places = f"{PROGRAM} {STATE} /etc/agentsecrets /etc/systemd/system /usr/local/bin /opt /run/agentsecrets /var/lib"
    writable = _shell(scene, f"find {places} -writable ! -type l ! -path '{SHARED}/run/control.sock' 2>/dev/null")
    assert writable == ""
    assert _shell(scene, "d=$(mktemp -d) && find $d -writable").strip(), "find would have found nothing anywhere"
    for deed in (
        f"mv {PROGRAM} /tmp/p",
        f"ln -sfn /tmp {SHARED}/run",
        f"rm -f {SHARED}/run/control.sock",
        f"mkdir {PROGRAM}.new",
        f"touch {PROGRAM}/x",
    ):
        assert "denied" in _shell(scene, deed), deed


# --- processes ----------------------------------------------------------------------------------------------------------------------------


def test_no_process_of_the_service_can_be_opened_traced_dumped_or_ended(scene: Isolated) -> None:
    pids = scene.machine.pids("agentsecrets")
    assert len(pids) >= 2, "keeper and daemon"
    assert scene.machine.attack("open", AGENT, pids=pids) == []
    assert [scene.machine.attack("core", AGENT, pid=pid) for pid in pids] == ["refused"] * len(pids)
    assert "not permitted" in _shell(scene, f"kill -ABRT {pids[-1]}").lower()
    mine = scene.machine.begin("sleep", "60", user=AGENT)
    scene.machine.wait_for("pgrep", "-u", AGENT, "sleep")
    assert scene.machine.attack("open", AGENT, pids=scene.machine.pids(AGENT)), "the attack opens nothing at all"
    mine.kill()


def test_the_program_that_reads_the_password_is_as_closed_as_the_daemon(scene: Isolated) -> None:
    before = set(scene.machine.pids("agentsecrets"))
    with scene.machine.at_terminal(SERVICE, "unlock") as terminal:
        terminal.wait_for("Password: ")
        asking = [pid for pid in scene.machine.pids("agentsecrets") if pid not in before]
        assert len(asking) >= 3, "the command, the presence program and its fork"
        assert scene.machine.attack("open", AGENT, pids=asking) == []
        terminal.type(PASSWORD)
        assert scene.machine.attack("open", AGENT, pids=asking) == []
        assert terminal.end() == 0, terminal.shown
    assert scene.machine.attack("open", AGENT, pids=scene.machine.pids("agentsecrets")) == []


# --- sockets ------------------------------------------------------------------------------------------------------------------------------


def test_the_socket_of_the_service_itself_and_that_of_its_keeper_let_nobody_in(scene: Isolated) -> None:
    for socket in ("control.sock", "keeper.sock"):
        path = f"{STATE}/run/{socket}"
        connect = f"import socket; s = socket.socket(socket.AF_UNIX); s.connect('{path}')"
        assert "Permission denied" in _shell(scene, f'python3 -c "{connect}"')
    for user in ("root", AGENT):  # root may connect anywhere; the daemon serves its own user alone, and the keeper makes nothing for others
        told = _shell(scene, f"curl -s --unix-socket {STATE}/run/control.sock -X POST http://localhost/v1/session", user)
        assert "as_sess_" not in told


def test_every_verb_that_is_not_for_members_is_refused_and_the_others_hold_no_value(scene: Isolated) -> None:
    answers = scene.machine.attack("ask", AGENT, home=SHARED, verbs=sorted({*_ROUTES, *_FRAMED}))
    refused = {verb for verb, told in answers.items() if told in ("administrator_only", "not_handed_over")}
    assert refused == {*_ROUTES, *_FRAMED} - MEMBERS_MAY
    assert {"/v1/secrets/set", "/v1/secrets/reveal", "/v1/ledger", "/v1/bindings", "/v1/stop", "/v1/lock", "/v1/handover"} <= refused
    for verb, told in answers.items():
        assert not [form for form in SECRET if form in told], verb
        assert verb in MAY_HOLD_A_TOKEN or "as_sess_" not in told, verb
    assert json.loads(answers["/v1/secrets"])["secrets"][0]["key"] == "KEY"
    assert scene.machine.ask(SERVICE, "status", user=AGENT)["locked"] is False


def test_a_socket_that_somebody_else_has_put_there_is_told_nothing(scene: Isolated) -> None:
    """Only root can put one there; should that happen, the client looks who listens before it sends a byte."""
    run = f"{SHARED}/run"
    listen = (
        f"import socket; s = socket.socket(socket.AF_UNIX); s.bind('{run}/control.sock'); s.listen(); open('/tmp/listening', 'w');"
        " print('heard', [s.accept()[0].recv(9) for _ in range(3)])"
    )
    _shell(scene, f"mv {run} {run}.own && mkdir {run} && chown {STRANGER} {run}", "root")
    squatter = scene.machine.begin("python3", "-c", listen, user=STRANGER)
    scene.machine.wait_for("test", "-e", "/tmp/listening")
    _shell(scene, f"chmod 666 {run}/control.sock", "root")
    for words in (("status",), ("secrets", "list"), ("call", "--url", "https://api.example.com", "--bearer", "KEY")):
        assert "does not run as the service's user" in scene.machine.run(SERVICE, *words, user=AGENT, code=7)
    assert squatter.communicate(timeout=20)[0].strip() == "heard [b'', b'', b'']"
    _shell(scene, f"rm -r {run} && mv {run}.own {run}", "root")
    assert scene.machine.ask(SERVICE, "status", user=AGENT)["protection"] == "isolated"


def test_a_taken_port_ends_the_start_and_whoever_took_it_hears_nothing(scene: Isolated) -> None:
    scene.end_by_hand()
    squat = (
        f"import socket; s = socket.create_server(('127.0.0.1', {scene.port})); open('/tmp/taken', 'w'); s.settimeout(8)\n"
        "try: print('heard', s.accept()[0].recv(99))\n"
        "except TimeoutError: print('heard nothing')"
    )
    squatter = scene.machine.begin("python3", "-c", squat, user=STRANGER)
    scene.machine.wait_for("test", "-e", "/tmp/taken")
    started = scene.machine.end(SERVICE, "service", "run")
    assert started.returncode == 3
    assert f"another process holds port {scene.port}" in started.stderr
    assert "agentsecrets service status" in started.stderr
    assert "proxy start" not in started.stderr, "no command starts a daemon for the service"
    assert "no daemon of it answers" in scene.machine.run(SERVICE, "status", user=AGENT, code=3)
    assert squatter.communicate(timeout=20)[0].strip() == "heard nothing"
    scene.begin_by_hand()
    scene.machine.run(SERVICE, "unlock", "--password-stdin", said=PASSWORD)


# --- environment and folders --------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def trap(scene: Isolated) -> str:
    """A folder of the agent's with everything that Python, the shell or the linker might pick up; each leaves a mark when it runs."""
    mark = "open('/tmp/sprung', 'a').write(__file__ + chr(10))"
    names = ("agentsecrets/__init__.py", "sitecustomize.py", "usercustomize.py", "click.py", "os.py", "msgspec.py", "encodings/__init__.py")
    script = "mkdir -p /tmp/trap/agentsecrets /tmp/trap/encodings /tmp/trap/bin; cd /tmp/trap; "
    script += "; ".join(f'echo "import builtins; {mark}" > {name}' for name in names)
    script += "; for p in agentsecrets python python3 systemctl groupadd useradd usermod"
    script += "; do printf '#!/bin/sh\\ntouch /tmp/sprung\\n' > bin/$p; chmod 755 bin/$p; done"
    _shell(scene, script)
    return "/tmp/trap"


def test_what_an_administrator_runs_takes_nothing_from_folder_or_environment(scene: Isolated, trap: str) -> None:
    hostile = {
        "PYTHONPATH": trap,
        "PYTHONHOME": trap,
        "PYTHONSTARTUP": f"{trap}/os.py",
        "PYTHONUSERBASE": trap,
        "AGENTSECRETS_PORT": "1",
        "HTTPS_PROXY": "http://127.0.0.1:1",
        "SSL_CERT_FILE": f"{trap}/os.py",
        "HOME": trap,
        "XDG_CONFIG_HOME": trap,
        "TMPDIR": trap,
    }
    for words in (
        ("secrets", "list"),
        ("unlock", "--password-stdin"),
        ("secrets", "get", "KEY", "--password-stdin"),
        ("service", "status"),
    ):
        command = " ".join(words)
        told = scene.machine.end("/bin/sh", "-c", f"cd {trap} && exec {SERVICE} {command}", said=PASSWORD, **hostile)
        assert told.returncode == 0, told
    assert "No such file" in _shell(scene, "ls /tmp/sprung")
    said = _shell(scene, f"cd {trap} && env -u PYTHONHOME PATH={trap}/bin:$PATH {SERVICE} service install --user {AGENT}", "root")
    assert "The service is installed." in said
    assert "No such file" in _shell(scene, "ls /tmp/sprung")
    _shell(scene, f"cd {trap} && PYTHONPATH={trap} python3 -c 'import agentsecrets'")
    assert "sprung" in _shell(scene, "ls /tmp/sprung; rm /tmp/sprung"), "the trap springs for nobody"


def test_an_agent_s_own_variables_win_it_nothing(scene: Isolated) -> None:
    for variables in ({"AGENTSECRETS_HOME": "/tmp/own"}, {"AGENTSECRETS_HOME": STATE}, {"HOME": "/tmp"}, {"SSLKEYLOGFILE": "/tmp/keys"}):
        told = scene.machine.end(SERVICE, "call", "--url", scene.upstream.url("/leak/plain"), "--bearer", "KEY", user=AGENT, **variables)
        assert not [form for form in SECRET if form in told.stdout + told.stderr]
    assert "No such file" in _shell(scene, "ls /tmp/own /tmp/keys 2>&1 | head -1")


def test_a_cloned_project_file_does_not_choose_the_place_of_a_call(scene: Isolated) -> None:
    _shell(scene, 'mkdir -p /tmp/clone/.agentsecrets && echo \'{"version":1,"project":"other"}\' > /tmp/clone/.agentsecrets/project.json')
    told = _shell(scene, f"cd /tmp/clone && {SERVICE} call --url {scene.upstream.url('/leak/plain')} --bearer KEY")
    assert VALUE not in told


# --- the program --------------------------------------------------------------------------------------------------------------------------


def test_a_program_that_somebody_could_change_is_not_run(scene: Isolated) -> None:
    scene.end_by_hand()
    for spoil, mend, named in (
        (f"chmod o+w {PACKAGES}/errors.py", f"chmod o-w {PACKAGES}/errors.py", "others may write"),
        (f"chown {AGENT} {PACKAGES}/daemon", f"chown root {PACKAGES}/daemon", "does not belong to root"),
        (f"chmod g+w /opt && chgrp {AGENT} /opt", "chmod g-w /opt", "others may write to /opt"),
    ):
        _shell(scene, spoil, "root")
        started = scene.machine.end(SERVICE, "service", "run")
        assert started.returncode == 4, started
        assert named in started.stderr
        assert named in scene.machine.ask(SERVICE, "service", "status", code=3)["problems"][0]
        _shell(scene, mend, "root")
    scene.begin_by_hand()
    scene.machine.run(SERVICE, "unlock", "--password-stdin", said=PASSWORD)


def test_a_marker_that_is_not_root_s_is_not_believed(scene: Isolated) -> None:
    marker = "/etc/agentsecrets/service.toml"
    for spoil, mend in (
        (f"chown {AGENT} {marker}", f"chown root {marker}"),
        (f"chmod o+w {marker}", f"chmod o-w {marker}"),
        (f"cp {marker} /tmp/kept; echo 'uid = 0' >> {marker}", f"cat /tmp/kept > {marker}"),
        (f"mv {marker} {marker}.real; ln -s {marker}.real {marker}", f"rm {marker}; mv {marker}.real {marker}"),
    ):
        _shell(scene, spoil, "root")
        assert "cannot be believed" in scene.machine.run(SERVICE, "status", user=AGENT, code=8)
        _shell(scene, mend, "root")
    assert scene.machine.ask(SERVICE, "status", user=AGENT)["protection"] == "isolated"
