"""nginx, as the upstream of the benchmarks and as the proxy that ours is measured against."""

from __future__ import annotations

import os
import secrets
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
    location /echo {{ return 200 '$http_authorization'; }}
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
_SAME_WORK = """
  map $http_x_as_session_token $admitted {{ default 0; "{token}" 1; }}
  map $http_x_as_inject_bearer $bearer {{ default ""; "{key}" "Bearer {value}"; }}
  map $http_x_as_target_url $target {{ default ""; "~^https://127\\.0\\.0\\.1:{answers}(?<rest>/[!-~]*)$" $rest; }}
  log_format line escape=json '{{"id":"$request_id","time_ms":$msec,"workspace_id":"bench","project_id":"bench",'
    '"environment":"development","agent_id":"","identity_level":"anonymous","secret_keys":["$http_x_as_inject_bearer"],"auth_styles":["bearer"],'
    '"method":"$request_method","scheme":"https","domain":"127.0.0.1","port":{answers},"path":"$target","status_code":$status,'
    '"duration_ms":$request_time,"proxy_ms":"$upstream_connect_time","outcome":"$request_completion"}}';
  access_log {folder}/access.log line buffer=64k flush=1s;
  upstream answers {{ server 127.0.0.1:{answers}; keepalive 256; keepalive_requests 1000000000; keepalive_timeout 600s; }}
  proxy_http_version 1.1;
  proxy_ssl_trusted_certificate {ca};
  proxy_ssl_verify on;
  proxy_ssl_name 127.0.0.1;
  proxy_ssl_protocols TLSv1.2 TLSv1.3;
  server {{
    listen 127.0.0.1:{port} backlog=1024;
    location = /proxy {{
      if ($admitted = 0) {{ return 401; }}
      if ($target = "") {{ return 403; }}
      if ($bearer = "") {{ return 403; }}
      proxy_set_header Host 127.0.0.1:{answers};
      proxy_set_header Connection "";
      proxy_set_header Accept-Encoding identity;
      proxy_set_header Authorization $bearer;
      proxy_set_header X-AS-Target-URL "";
      proxy_set_header X-AS-Session-Token "";
      proxy_set_header X-AS-Inject-Bearer "";
      proxy_pass https://answers$target;
      sub_filter_types *;
      sub_filter_once off;
      sub_filter '{value}' '[REDACTED_BY_AGENTSECRETS]';
    }}
  }}
"""


class Nginx:
    """One nginx in one process, stopped by ``close``.

    Attributes:
        port: Where it listens on 127.0.0.1.
        token: What it wants to be shown, empty for nothing.
        pid: Its process.
    """

    def __init__(self, folder: Path, inner: str, port: int, token: str = "") -> None:
        folder.mkdir()
        configuration = folder / "nginx.conf"
        configuration.write_text(_AROUND.format(folder=folder, inner=inner), encoding="utf-8")
        configuration.chmod(0o600)
        self.port, self.token = port, token
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


def same_work(folder: Path, ca: Path, answers: int, key: str, value: str) -> Nginx:
    """A proxy that is asked as ours is and does for a call, in C and from memory, what can be said in a configuration.

    It compares a token, finds the target in an allowlist of one host and the key in a list of one, takes our fields out, injects the
    value, searches the answer for that one literal and replaces it, and writes a buffered line with the columns of our log. It has no
    other forms of a value, no bindings, no intent that is committed first, and no chain.

    Args:
        folder: Its own.
        ca: Authority of the upstream.
        answers: Port of the upstream that answers.
        key: The one name that may be asked for.
        value: What it stands for.
    """
    port, token = free_port(), secrets.token_urlsafe(32)
    inner = _SAME_WORK.format(folder=folder, ca=ca, answers=answers, key=key, value=value, token=token, port=port)
    return Nginx(folder, inner, port, token)
