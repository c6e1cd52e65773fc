"""The unit by which systemd runs the service."""

from __future__ import annotations

from pathlib import Path

from agentsecrets.client.launch import MALLOC, SERVICE_INTERPRETER, program
from agentsecrets.service.system import UNIT
from agentsecrets.wire.service import SHARED, STATE, USER

PATH = Path("/etc/systemd/system", UNIT)
KEEPER = tuple(program("agentsecrets.daemon.keeper", SERVICE_INTERPRETER))
"""The program of the service. It needs nothing of root."""

_TEXT = f"""\
# Written by `agentsecrets service install`, which replaces it.

[Unit]
Description=AgentSecrets: API calls with credentials that agents never see
After=network-online.target
Wants=network-online.target
StartLimitIntervalSec=60
StartLimitBurst=5

[Service]
Type=notify
ExecStart={" ".join(KEEPER)}
User={USER}
Group={USER}
StateDirectory={Path(STATE).name}
StateDirectoryMode=0700
RuntimeDirectory={Path(SHARED).name}
RuntimeDirectoryMode=0755
UMask=0077
Environment={" ".join(f"{name}={value}" for name, value in MALLOC.items())}
Restart=on-failure
RestartSec=2
KillMode=mixed
TimeoutStopSec=20
LimitCORE=0
LimitNOFILE=8192

NoNewPrivileges=yes
CapabilityBoundingSet=
AmbientCapabilities=
ProtectSystem=strict
ProtectHome=yes
ProtectProc=invisible
ProcSubset=pid
PrivateTmp=yes
PrivateDevices=yes
ProtectClock=yes
ProtectControlGroups=yes
ProtectHostname=yes
ProtectKernelLogs=yes
ProtectKernelModules=yes
ProtectKernelTunables=yes
RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
LockPersonality=yes
MemoryDenyWriteExecute=yes
RemoveIPC=yes
KeyringMode=private
SystemCallArchitectures=native
SystemCallFilter=@system-service
SystemCallFilter=~@privileged @resources
SystemCallErrorNumber=EPERM

[Install]
WantedBy=multi-user.target
"""
# AF_NETLINK: the kernel is asked which user is at the other end of a connection to the port (sock_diag(7)). No PrivateUsers: it would hide
# who that is.


def unit_text() -> str:
    """The unit file."""
    return _TEXT
