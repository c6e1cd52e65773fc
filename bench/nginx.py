"""nginx, as the upstream of the benchmarks and as the proxy that ours is measured against."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from bench.machine import free_port, wait_for_port

BODY = '{"id": "item", "text": "' + "x" * 996 + '"}'
"""1 KiB of JSON."""

_AROUND = """
daemon off;
master_process off;
worker_rlimit_nofile 8192;
error_log {folder}/error.log warn;
pid {folder}/nginx.pid;
events {{ worker_connections 4096; }}
http {{
  client_body_temp_path {folder}/body;
  proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi;
  scgi_temp_path {folder}/scgi;
  keepalive_requests 1000000000;
  keepalive_timeout 600s;
  {inner}
}}
"""
_UPSTREAM = """
  access_log off;
  sendfile on;
  server {{
    listen 127.0.0.1:{port} ssl backlog=1024;
    ssl_certificate {certificate};
    ssl_certificate_key {certificate};
    default_type application/json;
    location / {{ return 200 '{body}'; }}
    location /large/ {{ alias {files}/; }}
  }}
"""
_PROXY = """
  log_format line '$time_iso8601 $request_method $uri $status $request_time';
  access_log {folder}/access.log line buffer=64k flush=1s;
  upstream answers {{ server 127.0.0.1:{answers}; keepalive 256; keepalive_requests 1000000000; keepalive_timeout 600s; }}
  upstream streams {{ server 127.0.0.1:{streams}; keepalive 256; keepalive_timeout 600s; }}
  proxy_http_version 1.1;
  proxy_set_header Connection "";
  proxy_set_header Authorization "Bearer {value}";
  proxy_ssl_trusted_certificate {ca};
  proxy_ssl_verify on;
  proxy_ssl_name 127.0.0.1;
  proxy_ssl_protocols TLSv1.2 TLSv1.3;
  server {{
    listen 127.0.0.1:{port} backlog=1024;
    location / {{ proxy_pass https://answers; }}
    location /large/ {{ proxy_pass https://answers; proxy_buffering off; }}
    location /events {{ proxy_pass https://streams; proxy_buffering off; }}
  }}
"""


class Nginx:
    """One nginx in one process, stopped by ``close``.

    Attributes:
        port: Where it listens on 127.0.0.1.
        pid: Its process.
    """

    def __init__(self, folder: Path, inner: str, port: int) -> None:
        folder.mkdir()
        configuration = folder / "nginx.conf"
        configuration.write_text(_AROUND.format(folder=folder, inner=inner), encoding="utf-8")
        configuration.chmod(0o600)
        self.port = port
        self._process = subprocess.Popen(
            [shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin") or "nginx", "-p", folder, "-c", configuration],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        self.pid = self._process.pid
        wait_for_port(port)

    def close(self) -> None:
        """Stops it."""
        self._process.terminate()
        self._process.wait(10)


def upstream(folder: Path, certificate: Path, files: Path) -> Nginx:
    """A TLS upstream: 1 KiB of JSON at any path, and the files of a folder under ``/large/``."""
    port = free_port()
    return Nginx(folder, _UPSTREAM.format(port=port, certificate=certificate, body=BODY, files=files), port)


def proxy(folder: Path, ca: Path, answers: int, streams: int, value: str) -> Nginx:
    """A reverse proxy with kept-alive, verified connections to both upstreams, one header field added, and a buffered log line.

    Args:
        folder: Its own.
        ca: Authority of the upstreams.
        answers: Port of the upstream that answers.
        streams: Port of the upstream that streams events.
        value: The bearer value that it adds.
    """
    port = free_port()
    return Nginx(folder, _PROXY.format(folder=folder, ca=ca, answers=answers, streams=streams, value=value, port=port), port)
