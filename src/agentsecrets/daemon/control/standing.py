"""``status``: who is logged in, whether the vault is open, and what a command here would use."""

from __future__ import annotations

from msgspec.structs import asdict, replace

from agentsecrets.crypto.keys import SealedAccount
from agentsecrets.daemon.control.route import Context, FrameRoute, Route
from agentsecrets.daemon.core import Daemon
from agentsecrets.errors import AgentSecretsError, UntrustedFolder
from agentsecrets.model.protection import ISOLATED, Level, level
from agentsecrets.network.http1.server import Exchange
from agentsecrets.wire import frames
from agentsecrets.wire.failures import to_json
from agentsecrets.wire.messages import DaemonStatus, Nothing
from agentsecrets.wire.tables import pairs

_HEAD = [(b"Content-Type", frames.MEDIA_TYPE.encode()), (b"Cache-Control", b"no-store")]
_UNITS = ((86400, "d"), (3600, "h"), (60, "min"), (1, "s"))


async def _status(context: Context, _: Nothing) -> DaemonStatus:
    daemon = context.daemon
    account = await daemon.worker.run(daemon.store.account)  # the presence program may have sealed it anew
    in_force = _in_force(daemon, account)
    status = DaemonStatus(
        version=daemon.version,
        pid=daemon.pid,
        port=daemon.session.port,
        uptime_s=daemon.uptime_s,
        idle_lock_s=daemon.settings.idle_lock_s,
        locked=daemon.vault.locked,
        protection=in_force.name,
        protection_why=in_force.why,
        protection_limit=in_force.limit,
        locked_by=daemon.refusal.slug if daemon.refusal else "",
        locked_why=daemon.refusal.message if daemon.refusal else "",
        recovery=account is not None and account.recovery is not None,
        email=daemon.account.email,
        log_rows=daemon.journal.length,
        redactions=daemon.journal.redactions,
    )
    return status if status.locked else await _of_workspace(context, status)


def _in_force(daemon: Daemon, account: SealedAccount | None) -> Level:
    if daemon.isolated:
        return ISOLATED
    return level(daemon.account.protection if account is None or not daemon.vault.locked else account.protection)


async def _of_workspace(context: Context, status: DaemonStatus) -> DaemonStatus:
    state = (await context.workspace()).workspace.state
    known = replace(status, workspace=state.name, allowlist=len(state.allowed))
    try:
        place, path, _ = await context.located()
    except UntrustedFolder as refusal:
        return replace(known, untrusted=refusal.subjects["path"])
    except AgentSecretsError:
        return known
    return replace(known, project=dict(state.projects)[place.project_id], environment=place.environment, resolution=path)


async def _show(context: Context, exchange: Exchange) -> None:
    """The same as frames, so that a quick command only copies."""
    exchange.start(200, _HEAD)
    try:
        status = await _status(context, Nothing())
        text = to_json_line(status) if context.as_json else as_text(status).encode()
        answer, code = frames.frames(frames.STDOUT, text), 0
    except AgentSecretsError as failure:
        answer, code = frames.frames(frames.STDOUT, to_json(failure) + b"\n"), failure.exit_code
    await exchange.write(answer + frames.frame(frames.EXIT, bytes([code])))
    await exchange.finish()


def to_json_line(status: DaemonStatus) -> bytes:
    """One JSON document."""
    import msgspec

    return msgspec.json.encode(asdict(status)) + b"\n"


def as_text(status: DaemonStatus) -> str:
    """Aligned lines for a person."""
    return pairs(
        [
            ("Account", status.email),
            ("Protection", f"{status.protection}: {status.protection_why}"),
            ("Its limit", status.protection_limit),
            ("Vault", _vault(status)),
            ("Workspace", status.workspace),
            ("Project", _project(status)),
            ("Environment", "PRODUCTION" if status.environment == "production" else status.environment),
            ("Allowlist", "" if status.locked else f"{status.allowlist} host{'' if status.allowlist == 1 else 's'}"),
            ("Identity", status.identity),
            ("Log", f"{status.log_rows} rows, {status.redactions} redactions"),
            ("Proxy", f"127.0.0.1:{status.port}"),
            ("Daemon", f"process {status.pid}, version {status.version}, running for {_span(status.uptime_s)}"),
        ]
    )


def _vault(status: DaemonStatus) -> str:
    if not status.locked:
        return f"open, locks after {_span(status.idle_lock_s)} idle"
    return f"locked{', because ' + status.locked_why if status.locked_why else ''}; open it with: agentsecrets unlock"


def _project(status: DaemonStatus) -> str:
    if status.untrusted:
        return f"none: {status.untrusted} is not confirmed; look at it, then run: agentsecrets project use"
    if not status.project:
        return "" if status.locked else "none; make one with: agentsecrets project create NAME"
    return f"{status.project} ({ {'header': 'named', 'folder': 'by this folder', 'active': 'the active one'}[status.resolution] })"


def _span(seconds: int) -> str:
    for size, unit in _UNITS:
        if seconds >= size:
            return f"{seconds // size} {unit}"
    return "0 s"


ROUTES = (Route("/v1/status", Nothing, _status, is_use=False),)
FRAMED = (FrameRoute("/v1/status/shown", _show),)
