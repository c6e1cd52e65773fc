"""A credential of each provider is known by its shape and belongs where the provider says; look-alikes of value and host do not."""

from __future__ import annotations

import random
import string
import time
from dataclasses import dataclass

import pytest

from agentsecrets.errors import AgentSecretsError, BadKeyName, ProviderNotFound, ValueAsName
from agentsecrets.model.binding import Binding
from agentsecrets.model.call import Injection
from agentsecrets.model.secret import KeyName, parse_key_name
from agentsecrets.model.suffixes import anybody_may_own, is_public_suffix
from agentsecrets.model.target import parse_target
from agentsecrets.proxy.catalogue import Provider, catalogue

KEY = KeyName("SOME_KEY")
_CHOICE = random.Random("a public prefix and what nobody knows")
HEX, ALNUM = "0123456789abcdef", string.ascii_letters + string.digits
WORD, UPPER = ALNUM + "_-", string.ascii_uppercase + string.digits


def some(alphabet: str, count: int) -> str:
    """A text that no scanner for leaked credentials can hold against us: it is made up anew, and stands in no file."""
    return "".join(_CHOICE.choice(alphabet) for _ in range(count))


def h(count: int) -> str:
    return some(HEX, count)


def a(count: int) -> str:
    return some(ALNUM, count)


def w(count: int) -> str:
    return some(WORD, count)


def d(count: int) -> str:
    return some(string.digits, count)


UUID = f"{h(8)}-{h(4)}-{h(4)}-{h(4)}-{h(12)}"
OPENAI = f"{w(74)}T3BlbkFJ{w(74)}"
LOOSE = "loose"


@dataclass(frozen=True)
class Row:
    """What is expected of one provider, from its own documents.

    Attributes:
        values: One credential for each public prefix.
        hosts: Where they belong, space between.
        style: How they are sent.
        loose: Whether their length is not fixed.
    """

    values: tuple[str, ...]
    hosts: str
    style: str
    loose: bool = False


ROWS: dict[str, Row] = {
    "airtable": Row((f"pat{a(14)}.{h(64)}",), "api.airtable.com content.airtable.com", "bearer"),
    "anthropic": Row((f"sk-ant-api03-{w(93)}AA", f"sk-ant-admin01-{w(93)}AA"), "api.anthropic.com", "header:x-api-key"),
    "apify": Row((f"apify_api_{a(36)}",), "api.apify.com", "bearer"),
    "brevo": Row((f"xkeysib-{h(64)}-{a(16)}",), "api.brevo.com", "header:api-key"),
    "buildkite": Row((f"bkua_{h(40)}",), "api.buildkite.com graphql.buildkite.com", "bearer"),
    "cerebras": Row((f"csk-{h(48)}",), "api.cerebras.ai", "bearer"),
    "circleci": Row((f"CCIPAT_{a(22)}_{h(40)}",), "circleci.com", "header:Circle-Token"),
    "clickup": Row((f"pk_{d(8)}_{some(UPPER, 32)}",), "api.clickup.com", "header:Authorization"),
    "contentful": Row((f"CFPAT-{w(43)}",), "api.contentful.com upload.contentful.com", "bearer"),
    "deno": Row((f"ddp_{a(36)}", f"ddw_{a(36)}"), "api.deno.com", "bearer"),
    "digitalocean": Row((f"dop_v1_{h(64)}", f"doo_v1_{h(64)}"), "api.digitalocean.com", "bearer"),
    "doppler": Row((f"dp.pt.{a(43)}",), "api.doppler.com", "bearer"),
    "dropbox": Row((f"sl.{w(136)}",), "api.dropboxapi.com content.dropboxapi.com", "bearer", loose=True),
    "duffel": Row((f"duffel_test_{w(43)}", f"duffel_live_{w(43)}"), "api.duffel.com", "bearer"),
    "e2b": Row((f"e2b_{h(40)}",), "api.e2b.app api.e2b.dev", "header:X-API-Key"),
    "easypost": Row((f"EZAK{a(54)}:", f"EZTK{a(54)}:"), "api.easypost.com", "basic"),
    "elevenlabs": Row((f"sk_{h(48)}",), "api.elevenlabs.io", "header:xi-api-key"),
    "figma": Row((f"figd_{w(40)}",), "api.figma.com", "header:X-Figma-Token"),
    "firecrawl": Row((f"fc-{h(32)}",), "api.firecrawl.dev", "bearer"),
    "fireworks": Row((f"fw_{a(24)}",), "api.fireworks.ai", "bearer", loose=True),
    "fly": Row((f"fo1_{w(43)}",), "api.machines.dev api.fly.io", "bearer"),
    "frameio": Row((f"fio-u-{w(64)}",), "api.frame.io", "bearer"),
    "github": Row(
        (f"ghp_{a(36)}", f"gho_{a(36)}", f"ghu_{a(36)}", f"ghs_{a(36)}", f"github_pat_{a(22)}_{a(59)}"),
        "api.github.com uploads.github.com",
        "bearer",
    ),
    "gitlab": Row((f"glpat-{w(20)}",), "gitlab.com", "header:PRIVATE-TOKEN"),
    "google": Row(
        (f"AIza{w(35)}",),
        "generativelanguage.googleapis.com places.googleapis.com routes.googleapis.com translation.googleapis.com vision.googleapis.com"
        " youtube.googleapis.com",
        "header:x-goog-api-key",
    ),
    "grafana": Row((f"glc_{a(120)}==",), "grafana.com", "bearer", loose=True),
    "groq": Row((f"gsk_{a(52)}",), "api.groq.com", "bearer"),
    "heroku": Row((f"HRKU-AA{w(58)}",), "api.heroku.com", "bearer"),
    "hubspot": Row((f"pat-na1-{UUID}", f"pat-eu1-{UUID}"), "api.hubapi.com", "bearer"),
    "huggingface": Row(
        (f"hf_{some(string.ascii_letters, 34)}", f"api_org_{some(string.ascii_letters, 34)}"),
        "huggingface.co router.huggingface.co api-inference.huggingface.co",
        "bearer",
    ),
    "jina": Row((f"jina_{a(60)}",), "api.jina.ai r.jina.ai s.jina.ai", "bearer", loose=True),
    "langsmith": Row(
        (f"lsv2_pt_{h(32)}_{h(10)}", f"lsv2_sk_{h(32)}_{h(10)}"), "api.smith.langchain.com eu.api.smith.langchain.com", "header:x-api-key"
    ),
    "linear": Row((f"lin_api_{a(40)}",), "api.linear.app", "header:Authorization"),
    "mailgun": Row((f"api:key-{h(32)}",), "api.mailgun.net api.eu.mailgun.net", "basic"),
    "mapbox": Row((f"sk.{a(60)}.{w(22)}", f"pk.{a(60)}.{w(22)}"), "api.mapbox.com", "query:access_token", loose=True),
    "neon": Row((f"napi_{h(64)}",), "console.neon.tech", "bearer"),
    "netlify": Row((f"nfp_{a(36)}",), "api.netlify.com", "bearer"),
    "newrelic": Row((f"NRAK-{some(UPPER, 27)}",), "api.newrelic.com api.eu.newrelic.com", "header:Api-Key"),
    "notion": Row((f"ntn_{d(11)}{a(35)}",), "api.notion.com", "bearer"),
    "npm": Row((f"npm_{a(36)}",), "registry.npmjs.org", "bearer"),
    "nvidia": Row((f"nvapi-{w(64)}",), "integrate.api.nvidia.com ai.api.nvidia.com", "bearer"),
    "openai": Row(
        (f"sk-proj-{OPENAI}", f"sk-svcacct-{OPENAI}", f"sk-admin-{OPENAI}", f"sk-{a(20)}T3BlbkFJ{a(20)}"), "api.openai.com", "bearer"
    ),
    "openrouter": Row((f"sk-or-v1-{h(64)}",), "openrouter.ai", "bearer"),
    "perplexity": Row((f"pplx-{a(48)}",), "api.perplexity.ai", "bearer"),
    "pinecone": Row((f"pcsk_{a(6)}_{a(63)}",), "api.pinecone.io", "header:Api-Key"),
    "planetscale": Row((f"pscale_oauth_{w(43)}",), "api.planetscale.com", "bearer", loose=True),
    "postman": Row((f"PMAK-{h(24)}-{h(34)}",), "api.getpostman.com", "header:X-Api-Key"),
    "posthog": Row((f"phx_{a(43)}",), "us.posthog.com eu.posthog.com app.posthog.com", "bearer"),
    "prefect": Row((f"pnu_{a(36)}",), "api.prefect.cloud", "bearer"),
    "pypi": Row((f"__token__:pypi-AgEIcHlwaS5vcmc{w(120)}",), "upload.pypi.org", "basic", loose=True),
    "render": Row((f"rnd_{a(28)}",), "api.render.com", "bearer"),
    "replicate": Row((f"r8_{a(37)}",), "api.replicate.com", "bearer"),
    "resend": Row((f"re_{a(8)}_{a(24)}",), "api.resend.com", "bearer"),
    "rubygems": Row((f"rubygems_{h(48)}",), "rubygems.org", "header:Authorization"),
    "sendgrid": Row((f"SG.{w(22)}.{w(43)}",), "api.sendgrid.com api.eu.sendgrid.com", "bearer"),
    "sentry": Row((f"sntryu_{h(64)}", f"sntrys_eyJpYXQiO{a(90)}_{a(43)}"), "sentry.io us.sentry.io de.sentry.io", "bearer", loose=True),
    "slack": Row(
        (f"xoxb-{d(12)}-{d(13)}-{a(24)}", f"xoxp-{d(12)}-{d(12)}-{d(13)}-{h(32)}", f"xapp-1-A{some(UPPER, 10)}-{d(13)}-{h(64)}"),
        "slack.com",
        "bearer",
        loose=True,
    ),
    "square": Row((f"EAAA{w(60)}", f"sq0atp-{w(22)}"), "connect.squareup.com connect.squareupsandbox.com", "bearer"),
    "stripe": Row(
        (f"sk_live_51{a(97)}", f"sk_test_{a(24)}", f"rk_live_51{a(97)}", f"rk_test_{a(24)}"), "api.stripe.com files.stripe.com", "bearer"
    ),
    "supabase": Row((f"sbp_{h(40)}",), "api.supabase.com", "bearer"),
    "tailscale": Row((f"tskey-api-{a(12)}CNTRL-{a(32)}",), "api.tailscale.com", "bearer", loose=True),
    "tavily": Row((f"tvly-dev-{a(32)}",), "api.tavily.com", "bearer"),
    "together": Row((f"tgp_v1_{w(43)}",), "api.together.xyz api.together.ai", "bearer"),
    "twilio": Row((f"AC{h(32)}:{h(32)}", f"SK{h(32)}:{a(32)}"), "api.twilio.com", "basic"),
    "typeform": Row((f"tfp_{w(59)}",), "api.typeform.com api.eu.typeform.com", "bearer"),
    "xai": Row((f"xai-{a(80)}",), "api.x.ai", "bearer"),
}
ISSUED = [(name, value) for name, row in ROWS.items() for value in row.values]


def _ids(case: tuple[str, str]) -> str:
    return f"{case[0]}-{ROWS[case[0]].values.index(case[1])}"


def _issuer(value: str | bytes, key: str = KEY) -> str | None:
    found = catalogue().issuer(key, value if isinstance(value, bytes) else value.encode())
    return None if found is None else found.id


def test_every_provider_has_a_row_here_and_there_are_enough_of_them():
    known = {provider.id: provider for provider in catalogue().providers}
    assert known.keys() == ROWS.keys()
    assert len(known) >= 40
    for name, row in ROWS.items():
        longest = [max((prefix for prefix in known[name].values if value.startswith(prefix)), key=len, default="") for value in row.values]
        assert sorted(longest) == sorted(known[name].values), name


@pytest.mark.parametrize("name", ROWS)
def test_a_provider_s_credential_belongs_to_its_hosts_in_its_style(name: str):
    provider, row = catalogue().find(name), ROWS[name]
    bound = provider.binding(KEY)
    assert (bound.place, bound.hosts) == (row.style, tuple(row.hosts.split()))
    for host in row.hosts.split():
        assert bound.permits(parse_target(f"https://{host}/v1"), "POST", Injection(bound.style, bound.slot, KEY))
    assert provider.pins is (bound.style in ("bearer", "basic", "header"))
    assert provider.docs.startswith("https://")
    assert provider.source


@pytest.mark.parametrize("case", ISSUED, ids=_ids)
def test_a_credential_is_known_by_its_shape(case: tuple[str, str]):
    name, value = case
    assert _issuer(value) == name
    assert all(_issuer(value, key) == name for key in ("OPENAI_API_KEY", "STRIPE_KEY", "X"))


@pytest.mark.parametrize("case", ISSUED, ids=_ids)
def test_a_credential_never_passes_for_a_name(case: tuple[str, str]):
    name, value = case
    for one in (value, value.replace("-", "_")):
        if catalogue().find(name).issued(one):
            with pytest.raises((BadKeyName, ValueAsName)):
                parse_key_name(one)


@pytest.mark.parametrize("case", ISSUED, ids=_ids)
def test_what_is_only_nearly_a_credential_is_not_known(case: tuple[str, str]):
    name, value = case
    prefix = max((prefix for prefix in catalogue().find(name).values if value.startswith(prefix)), key=len)
    look_alike = next((prefix.replace(one, other, 1) for one, other in LOOK_ALIKES if one in prefix), "\u200b" + prefix)
    near = [
        prefix,
        f"{prefix}{'x' * 5}",
        f"{prefix.swapcase()}{value[len(prefix) :]}",
        f"{look_alike}{value[len(prefix) :]}",
        value[1:],
        f" {value}",
        f"{value} ",
        f"{value}\n",
        f"\n{value}",
        f'"{value}"',
        f"Bearer {value}",
        f"{value}\0",
        f"{value}\u200b",
        f"x{value}",
        f"https://{value}",
        f"{value[:-1]}\u0430",
        f"{value[:-2]}!{value[-1]}",
        value + "x" * 3000,
    ]
    if not ROWS[name].loose:
        near += [value[:-1], value + "0"]
    wrong = [other for other in near if _issuer(other) == name]
    assert not wrong


LOOK_ALIKES = (
    ("a", "\u0430"),
    ("e", "\u0435"),
    ("o", "\u043e"),
    ("p", "\u0440"),
    ("s", "\u0455"),
    ("A", "\u0391"),
    ("S", "\u0405"),
    ("_", "\uff3f"),
)


@pytest.mark.parametrize("name", ROWS)
def test_a_host_that_looks_like_a_provider_s_is_another(name: str):
    bound = catalogue().find(name).binding(KEY)
    for host in bound.hosts:
        label, _, rest = host.partition(".")
        others = (
            f"{host}.evil.example", f"evil-{host}", f"evil.{host}", f"{label}-x.{rest}", f"x{host}", f"{host}x", f"{host}:8443",
            f"{host}:80", host.replace(".", "-", 1), host.replace(".", "", 1), rest, f"{host}.", f"{host}@evil.example",
            f"evil.example@{host}", f"{host}%2eevil.example", f"{host}\\.evil.example", f"{host}#.evil.example", f"evil.example/{host}",
            host.replace("a", "\u0430", 1), host.replace("o", "\u03bf", 1), host.replace("i", "\u0131", 1), f"xn--{label}-9ib.{rest}",
            host.replace("l", "1", 1), host.replace("o", "0", 1), host.replace("m", "rn", 1),
        )  # fmt: skip
        passed = [other for other in others if other not in (host, *bound.hosts) and _permitted(bound, f"https://{other}/v1")]
        assert not passed


def _permitted(bound: Binding, url: str) -> bool:
    try:
        return bound.permits(parse_target(url), "GET", Injection(bound.style, bound.slot, bound.key))
    except AgentSecretsError:
        return False


def test_a_provider_s_hosts_are_one_company_s_and_written_as_calls_have_them():
    among_strangers = {"api.e2b.app", *catalogue().find("google").hosts}  # the company's own name beside those of its customers
    for provider in catalogue().providers:
        for host in provider.hosts:
            target = parse_target(f"https://{host}/")
            assert (target.host_and_port, target.literal) == (host, False)
            assert not is_public_suffix(host)
            assert not anybody_may_own(host) or host in among_strangers, host


def test_what_several_could_have_issued_is_decided_by_the_key_s_name_or_not_at_all():
    assert _issuer(f"sk-{h(48)}") is None
    assert _issuer(f"sk-{h(32)}", "OPENAI_API_KEY") is None
    assert _issuer(f"sk_live_{a(40)}") is None


@pytest.mark.parametrize(
    ("key", "name"),
    [
        ("OPENAI_API_KEY", "openai"),
        ("PROD_OPENAI_API_KEY", "openai"),
        ("OPENAI_API_KEY_2", "openai"),
        ("github_token", "github"),
        ("STRIPE_KEY", "stripe"),
        ("MYOPENAI_API_KEY", None),
        ("OPENAI_API_KEYS", None),
        ("TOKEN", None),
        ("STRIPE_KEY_OPENAI_KEY", None),
    ],
)
def test_a_key_s_name_proposes(key: str, name: str | None):
    found = catalogue().named(key)
    assert (None if found is None else found.id) == name


def test_a_provider_is_found_by_id_and_by_name_and_by_nothing_else():
    assert catalogue().find("Hugging Face") is catalogue().find("HUGGINGFACE") is catalogue().find("huggingface")
    for name in ("opnai", "", "open", "published", "api.openai.com"):
        with pytest.raises(ProviderNotFound) as refused:
            catalogue().find(name)
        assert refused.value.hint.startswith("did you mean openai?") is (name in ("opnai", "open"))


@pytest.mark.parametrize(
    "host",
    [
        "api.github.com", "gist.github.com", "someone.github.io", "github.io", "bucket.s3.amazonaws.com", "s3.amazonaws.com",
        "storage.googleapis.com", "x.storage.googleapis.com", "acct.blob.core.windows.net", "app.herokuapp.com", "x.workers.dev",
        "x.vercel.app", "x.netlify.app", "abc.ngrok-free.app", "slack.com", "hooks.slack.com", "discord.com", "api.telegram.org",
        "pastebin.com", "webhook.site", "httpbin.org", "eu.httpbin.org", "x.supabase.co", "shop.myshopify.com", "gitlab.com",
        "api.notion.com", "registry.npmjs.org", "x.m.pipedream.net", "r2.cloudflarestorage.com", "abc.r2.cloudflarestorage.com",
    ],
)  # fmt: skip
def test_a_host_that_shows_to_others_what_it_is_sent_is_known(host: str):
    assert catalogue().shows_to_others(host)


@pytest.mark.parametrize(
    "host",
    ["api.openai.com", "api.stripe.com", "api.example.com", "localhost", "127.0.0.1", "::1", "10.0.0.7", "intranet", "api.internal.example",
     "generativelanguage.googleapis.com", "notgithub.io", "mygithub.com", "api.xn--bcher-kva.example"],
)  # fmt: skip
def test_an_ordinary_api_is_none_of_them(host: str):
    assert not catalogue().shows_to_others(host)


def test_no_value_makes_the_search_slow():
    every: list[Provider] = list(catalogue().providers)
    slow = [prefix + kind * (65_536 - len(prefix)) for provider in every for prefix in provider.values for kind in ("a", "0", "-")]
    began = time.process_time()
    assert not [value for value in slow if _issuer(value)]
    assert time.process_time() - began < 10
