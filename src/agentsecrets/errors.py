"""The whole error tree on one page.

A *family* decides the exit code and the HTTP status; a *leaf* decides the slug, the words and the hint. A leaf is raised with the
subjects that its words name (``raise ProjectNotFound(project=name)``). Subjects are names, hosts, paths and numbers: never a value, a
token, a password, or the text of another library's exception.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar, Self

__all__ = [
    "FAMILIES",
    "AgentSecretsError",
    "Conflict",
    "Corrupt",
    "Denied",
    "Missing",
    "Misused",
    "NotReady",
    "Unreachable",
    "leaves",
    "plain",
]

_NEAR, _FARTHEST = 0.75, 4
"""How alike two names are that one could be meant by the other, as difflib counts it, and by how many letters they may differ in length."""


def plain(text: str) -> str:
    """What comes from elsewhere, such as the name in a cloned file, may not move a terminal's cursor or start a line of its own."""
    return text if text.isprintable() else "".join(letter if letter.isprintable() else "�" for letter in text)


class AgentSecretsError(Exception):
    """Anything this project refuses or fails to do, in words for a person and a slug for a machine.

    Attributes:
        slug: The stable name of the failure, in lower-case with underscores.
        message: What happened, one sentence.
        hint: What to do about it, with the exact command where there is one.
        subjects: The names that the words speak of; ``domain`` is repeated in the JSON form.
        exit_code: Exit status of a command that ends with this failure.
        http_status: Status of an HTTP answer that carries it.
    """

    exit_code: ClassVar[int] = 1
    http_status: ClassVar[int] = 500
    slug: str = "internal_error"
    words: ClassVar[str] = "something went wrong inside AgentSecrets"
    mend: ClassVar[str] = "run `agentsecrets status`; if it happens again, report it with the event id"

    def __init__(self, **subjects: object) -> None:
        self.subjects = {name: plain(str(subject)) for name, subject in subjects.items()}
        self.message = self.words.format_map(self.subjects)
        self.hint = self.mend.format_map(self.subjects)
        super().__init__(self.message)

    def guess(self, asked: str, names: Iterable[str]) -> Self:
        """Puts the nearest of the names that there are before the hint, when one is near.

        Args:
            asked: The name that was asked for; it is not repeated.
            names: What there is.
        """
        from difflib import get_close_matches

        folded = {name.casefold(): name for name in names if abs(len(name) - len(asked)) <= _FARTHEST}
        near = get_close_matches(asked.casefold(), folded, n=1, cutoff=_NEAR)
        if near and folded[near[0]] != asked:
            self.hint = f"did you mean {plain(folded[near[0]])}? {self.hint}"
        return self

    @classmethod
    def in_words(cls, slug: str, message: str, hint: str, **subjects: str) -> AgentSecretsError:
        """Rebuilds a failure that another process reported, keeping its words and its family."""
        kind = leaves().get(slug, cls)
        failure = kind.__new__(kind)
        Exception.__init__(failure, plain(message))
        failure.slug, failure.message, failure.hint = plain(slug), plain(message), plain(hint)
        failure.subjects = {name: plain(subject) for name, subject in subjects.items()}
        return failure


# --- families -------------------------------------------------------------------------------------------------------------------------


class Misused(AgentSecretsError):
    """The request itself is wrong: nothing was done."""

    exit_code, http_status = 2, 400


class NotReady(AgentSecretsError):
    """Right request, wrong moment: something has to be done first."""

    exit_code, http_status = 3, 409


class Denied(AgentSecretsError):
    """Understood, and not allowed."""

    exit_code, http_status = 4, 403


class Missing(AgentSecretsError):
    """The thing named does not exist here."""

    exit_code, http_status = 5, 404


class Conflict(AgentSecretsError):
    """It would overwrite or contradict what is there."""

    exit_code, http_status = 6, 409


class Unreachable(AgentSecretsError):
    """Another party did not answer, or not properly."""

    exit_code, http_status = 7, 502


class Corrupt(AgentSecretsError):
    """What is stored or signed does not hold together: stop, keep everything as it is."""

    exit_code, http_status = 8, 500


FAMILIES = (Misused, NotReady, Denied, Missing, Conflict, Unreachable, Corrupt)


# --- Misused: names, values and words of a request ---------------------------------------------------------------------------------------


class BadUsage(Misused):
    slug = "bad_usage"
    words = "{problem}"
    mend = "run the command with --help"


class BadKeyName(Misused):
    slug = "bad_key_name"
    words = "a key name is a letter or underscore followed by up to 127 letters, digits and underscores"
    mend = "for example: agentsecrets secrets set STRIPE_KEY"


class ValueAsName(Misused):
    slug = "value_as_name"
    words = "this looks like the value of a secret, and a key name is wanted; it was neither used nor logged"
    mend = "agentsecrets secrets list shows the names; a value that was shown to anybody should be replaced at its provider"


class BadValue(Misused):
    slug = "bad_value"
    words = "this value cannot be stored: {problem}"
    mend = "give 1 to 65536 bytes without NUL"


class BadImport(Misused):
    slug = "bad_import"
    words = "nothing was imported: {where} cannot be read: {problem}"
    mend = "mend it there, and look first: agentsecrets secrets import FILE --dry-run"


class LineTooLong(Misused):
    slug = "line_too_long"
    words = "a terminal does not pass on a line as long as this one, so the rest of it is lost"
    mend = "give it through a pipe: agentsecrets secrets set KEY=- < FILE"


class BadName(Misused):
    slug = "bad_name"
    words = "a {kind} name is 1 to 64 letters, digits, spaces, dots, dashes and underscores, and begins with a letter or digit"
    mend = "choose another name"


class BadEmail(Misused):
    slug = "bad_email"
    words = "this does not look like an e-mail address"
    mend = "agentsecrets init --email you@example.com"


class BadTarget(Misused):
    slug = "bad_target"
    words = "the target URL is not acceptable: {problem}"
    mend = "give an absolute https URL such as https://api.example.com/v1/items"


class BadInjection(Misused):
    slug = "bad_injection"
    words = "this injection is not acceptable: {problem}"
    mend = "write it as bearer, basic, header:NAME, query:PARAM, body:JSON.PATH or form:FIELD"


class BadBody(Misused):
    slug = "bad_body"
    words = "the body does not fit the injection: {problem}"
    mend = "give one JSON object for body injections, application/x-www-form-urlencoded for form injections, each up to 10 MiB"


class BadHeader(Misused):
    slug = "bad_header"
    words = "a header is not acceptable: {problem}"
    mend = "remove or correct that header"


class BadRequest(Misused):
    slug = "bad_request"
    words = "the request is malformed: {problem}"
    mend = "see docs/PROXY.md for what the proxy accepts"


class RequestTooSlow(Misused):
    slug = "request_too_slow"
    words = "the rest of the request did not arrive in time"
    mend = "send the request again"
    http_status = 408


class UpgradeRefused(Misused):
    slug = "upgrade_refused"
    words = "the proxy does not carry WebSocket or other upgraded connections yet"
    mend = "use the plain HTTP form of that API"
    http_status = 501


class SlotTaken(Misused):
    slug = "slot_taken"
    words = "two injections write into the same place: {slot}"
    mend = "give each injection a place of its own"


class ConflictingCredentials(Misused):
    slug = "conflicting_credentials"
    words = "the request already carries a credential of its own in {slot}"
    mend = "leave it out: the proxy adds the credential"


class NoHome(Misused):
    slug = "no_home"
    words = "the account database of this machine does not know this user, so there is no home folder to keep a vault in"
    mend = "name a folder of your own: export AGENTSECRETS_HOME=FOLDER"


class BadArguments(Misused):
    slug = "bad_arguments"
    words = "the arguments do not fit the tool: {problem}"
    mend = "look at the tool's input schema; a secret is named in `injections`, and its value stands nowhere"


class WeakPassword(Misused):
    slug = "weak_password"
    words = "this password could be guessed"
    mend = "use four or more unrelated words, or a password manager's suggestion"


class SameEnvironment(Misused):
    slug = "same_environment"
    words = "both environments are the same"
    mend = "name two of development, staging, production"


class NowhereToPrint(Misused):
    slug = "nowhere_to_print"
    words = "a recovery key is printed to a terminal once, or written to a file, never to a pipe"
    mend = "run the command on a terminal, or give --recovery-file FILE"


class PasswordsDiffer(Misused):
    slug = "passwords_differ"
    words = "the two passwords are not the same"
    mend = "run the command again"


class EnvironmentTooLarge(Misused):
    slug = "environment_too_large"
    words = "the command cannot start with {keys} secrets: they and its words are longer than this system takes"
    mend = "name the keys that it needs: agentsecrets env --only KEY,KEY -- COMMAND"


class TooManyToMask(Misused):
    slug = "too_many_to_mask"
    words = "what a command prints can be searched for up to {most} values, and these are {keys}"
    mend = "name the keys that it needs: agentsecrets env --only KEY,KEY -- COMMAND; or give --no-mask"


class NoTerminal(Misused):
    slug = "no_terminal"
    words = "this needs {what}, and there is no terminal to ask on"
    mend = "run it in a terminal, or give {flag}"


class ServiceOnly(Misused):
    slug = "service_only"
    words = "AGENTSECRETS_HOME names a state folder, and on this machine the service holds the vault"
    mend = "unset AGENTSECRETS_HOME; agentsecrets service status says what is installed"


# --- NotReady: something must happen first ------------------------------------------------------------------------------------------------


class NoAccount(NotReady):
    slug = "no_account"
    words = "there is no AgentSecrets account on this machine yet"
    mend = "agentsecrets init; or, after a logout: agentsecrets login"


class Locked(NotReady):
    slug = "locked"
    words = "the vault is locked"
    mend = "a person can run: agentsecrets unlock"


class KeychainMissing(NotReady):
    slug = "keychain_missing"
    words = "there is no usable keychain of the operating system here: {problem}"
    mend = "protect the account by its password: agentsecrets init --protection guarded, or, when there is one, agentsecrets protection set guarded"


class KeychainLocked(NotReady):
    slug = "keychain_locked"
    words = "the keychain of the operating system ({name}) is locked"
    mend = "open it, as logging in to the desktop does, and run the command again; the account password opens the vault too: agentsecrets unlock --password"


class KeychainSilent(NotReady):
    slug = "keychain_silent"
    words = "the keychain of the operating system did not answer within {seconds} seconds"
    mend = "look whether it asks something on the screen; the account password opens the vault too: agentsecrets unlock --password"


class KeychainRefused(NotReady):
    slug = "keychain_refused"
    words = "the keychain of the operating system ({name}) refused: {problem}"
    mend = "the account password opens the vault too: agentsecrets unlock --password"


class KeychainItemMissing(NotReady):
    slug = "keychain_item_missing"
    words = "the keychain of the operating system does not have the item that opens this vault"
    mend = (
        "the account password opens the vault: agentsecrets unlock --password; a new item is made by: agentsecrets protection set keychain"
    )


class KeychainItemWrong(NotReady):
    slug = "keychain_item_wrong"
    words = "what the keychain of the operating system answered does not open this vault"
    mend = (
        "the account password opens the vault: agentsecrets unlock --password; a new item is made by: agentsecrets protection set keychain"
    )


class NoProject(NotReady):
    slug = "no_project"
    words = "no project is chosen for this folder"
    mend = "agentsecrets project use NAME, or agentsecrets project create NAME"


class DaemonUnavailable(NotReady):
    slug = "daemon_unavailable"
    words = "the daemon could not be started: {problem}"
    mend = "agentsecrets proxy start --foreground shows why"


class PresenceUnavailable(NotReady):
    slug = "presence_unavailable"
    words = "the program that speaks with a person could not be started: {problem}"
    mend = "end some programs of this user, then run the command again; nothing was changed"


class SettingsUnreadable(NotReady):
    slug = "settings_unreadable"
    words = "the settings of that tool cannot be read, or in more than one way: {where}"
    mend = "mend that file by hand and run the command again; it was not changed"


class SettingsUnwritable(NotReady):
    slug = "settings_unwritable"
    words = "{path} cannot be written: {problem}"
    mend = "make it writable, or add the entry that `agentsecrets mcp install --dry-run --output json` shows by hand; it was not changed"


class PortTaken(NotReady):
    slug = "port_taken"
    words = "another process holds port {port}"
    mend = "stop that process, or choose a port: agentsecrets proxy start --port PORT"


class ServicePortTaken(NotReady):
    slug = "service_port_taken"
    words = "another process holds port {port}, on which the service of this machine is to serve"
    mend = (
        "stop that process; how the service starts again says: sudo agentsecrets service status; for a first account another port can be "
        "chosen: sudo agentsecrets init --port PORT"
    )


class AlreadyRunning(NotReady):
    slug = "already_running"
    words = "another daemon already serves this home folder"
    mend = "agentsecrets proxy stop"


class StateUnwritable(NotReady):
    slug = "state_unwritable"
    words = "the state folder cannot be written: {problem}"
    mend = "agentsecrets doctor shows why; free some space or mend the permissions, then run the command again; nothing was changed"


class CommandNotStarted(NotReady):
    slug = "command_not_started"
    words = "the command {command} could not be started: {problem}"
    mend = "check that it is a program that you may run"
    exit_code = 126  # as shells and env(1) have it, POSIX.1-2024


class RequestPending(NotReady):
    slug = "request_pending"
    words = "a person was asked for {key} and has not set it yet"
    mend = "a person can run: agentsecrets secrets request, or agentsecrets secrets set {key}"


class TooManyRequests(NotReady):
    slug = "too_many_requests"
    words = "a person was asked for {limit} secrets already"
    mend = "a person can run: agentsecrets secrets request"


class OtherVersion(NotReady):
    slug = "other_version"
    words = "the running daemon is version {running}, this command is version {asking}"
    mend = "agentsecrets proxy stop"


class OtherServiceVersion(NotReady):
    slug = "other_service_version"
    words = "the service of this machine is version {running}, this command is version {asking}"
    mend = "use the service's own command, or have an administrator replace it: sudo agentsecrets service install"


class ServiceSilent(NotReady):
    slug = "service_silent"
    words = "the vault of this machine belongs to the service, and no daemon of it answers"
    mend = "agentsecrets service status says why; a first account is made with: sudo agentsecrets init"


class ServiceUnsupported(NotReady):
    slug = "service_unsupported"
    words = "a service cannot be installed here: {problem}"
    mend = "protection level guarded works everywhere: agentsecrets init --protection guarded"


class MoveBrokenOff(NotReady):
    slug = "move_broken_off"
    words = "the move of the vault was broken off: {problem}"
    mend = "run the command again: one whole vault is there, and the second run finishes what the first began"


class SystemRefused(NotReady):
    slug = "system_refused"
    words = "{command} did not work: {problem}"
    mend = "mend that, then run the command again: what was done already is not done twice"


class ShuttingDown(NotReady):
    slug = "shutting_down"
    words = "the daemon is stopping"
    mend = "try again in a moment"
    http_status = 503


class Busy(NotReady):
    slug = "busy"
    words = "too many calls are under way ({limit})"
    mend = "wait for some of them to end"
    http_status = 503


# --- Denied: not allowed -------------------------------------------------------------------------------------------------------------------


class UnknownCaller(Denied):
    slug = "unknown_caller"
    words = "the proxy does not know who is calling"
    mend = 'add the header: -H "X-AS-Session-Token: $(agentsecrets proxy token)"'
    http_status = 401


class UnknownToken(Denied):
    slug = "unknown_token"
    words = "this agent token is not known here"
    mend = "leave the token out, or ask a person for a token of this workspace"
    http_status = 401


class BrowserRefused(Denied):
    slug = "browser_refused"
    words = "requests from web pages are refused"
    mend = "call the proxy from a program, not from a browser"


class HostRefused(Denied):
    slug = "host_refused"
    words = "the Host header does not name this proxy"
    mend = "call http://127.0.0.1:{port}/proxy"


class PeerRefused(Denied):
    slug = "peer_refused"
    words = "the control socket serves only its own user"
    mend = "run the command as the user who started the daemon"


class HttpsOnly(Denied):
    slug = "https_only"
    words = "only https targets are allowed"
    mend = "use https://{domain}/…; a loopback host can be allowed with: agentsecrets workspace allowlist add {domain} --http"


class EmptyAllowlist(Denied):
    slug = "empty_allowlist"
    words = "the allowlist of this workspace is empty, so nothing may be reached"
    mend = "a person can run: agentsecrets workspace allowlist add {domain}"


class DomainNotInAllowlist(Denied):
    slug = "domain_not_in_allowlist"
    words = "{domain} is not on the allowlist of this workspace"
    mend = "a person can run: agentsecrets workspace allowlist add {domain}"


class AddressBlocked(Denied):
    slug = "address_blocked"
    words = "{domain} resolves to an address that may not be reached"
    mend = "an internal API can be allowed with: agentsecrets workspace allowlist add {domain} --private CIDR"


class ProductionRefused(Denied):
    slug = "production_refused"
    words = "a header may not choose the production environment"
    mend = "ask a person to make production the active environment: agentsecrets environment switch production"


class MethodRefused(Denied):
    slug = "method_refused"
    words = "the method {method} is not allowed"
    mend = "use GET, HEAD, POST, PUT, PATCH, DELETE or OPTIONS"


class BindingMismatch(Denied):
    slug = "binding_mismatch"
    words = "{key} belongs to {bound}, and may not be used for {asked}"
    mend = "a person can run: agentsecrets secrets bind {key} --host {domain} {flags}"


class BindingRequired(Denied):
    slug = "binding_required"
    words = "{key} is not bound yet, and a person has to agree first, because {reason}"
    mend = "a person can run: agentsecrets secrets bind {key} --host {domain} {flags}"


class PresenceRequired(Denied):
    slug = "presence_required"
    words = "this needs a person, and there is no terminal to ask one"
    mend = "run the command on a terminal, or give --password-stdin"


class NotRoot(Denied):
    slug = "not_root"
    words = "the service belongs to the whole machine, and only root can change it"
    mend = "sudo agentsecrets service install; where sudo does not find the command: sudo $(command -v agentsecrets) service install"


class AdministratorOnly(Denied):
    slug = "administrator_only"
    words = "the vault of this machine belongs to the service: this user can make calls, and see names and the log, and no more"
    mend = "ask an administrator to run the same command with sudo, in a terminal that no agent shares"


class NotMember(Denied):
    slug = "not_member"
    words = "the vault of this machine belongs to the service, and this user is not in its group"
    mend = "an administrator runs: sudo agentsecrets service install --user NAME; it counts from the next login"


class NotHandedOver(Denied):
    slug = "not_handed_over"
    words = "at level isolated no command is handed values: every program of the user who runs it could read them"
    mend = "make the call itself: agentsecrets call --url URL --bearer KEY, or send it to the proxy"


class UnsafeProgram(Denied):
    slug = "unsafe_program"
    words = "the program of the service could be changed by somebody who is not root: {problem}"
    mend = "use an interpreter of the system such as /usr/bin/python3, mend what is named, then run: sudo agentsecrets service install"


class UnsafeVariable(Denied):
    slug = "unsafe_variable"
    words = "{key} as an environment variable would change which programs run, or what they load"
    mend = "store the value under another name, or name the keys to hand over: agentsecrets env --only KEY,KEY -- COMMAND"


class WrongPassword(Denied):
    slug = "wrong_password"
    words = "the password is not right"
    mend = "try again; AgentSecrets cannot reset it, but a recovery key opens the account too: agentsecrets unlock --recovery"


class BeingTraced(Denied):
    slug = "being_traced"
    words = "a debugger is attached to the program that would hold your password or keys"
    mend = "end it, and look for what attached it; then run the command again"


class WrongRecoveryKey(Denied):
    slug = "wrong_recovery_key"
    words = "this is not the recovery key of the account"
    mend = "type its twelve words as they were printed, with spaces between them"


class UnsafeState(Denied):
    slug = "unsafe_state"
    words = "the state folder is not safe to use: {problem}"
    mend = (
        "look at it, at level isolated with sudo: ls -ld {path}; it has to be no link, to belong to the vault's own user, "
        "and to be writable by nobody else"
    )


class UntrustedFolder(Denied):
    slug = "untrusted_folder"
    words = "{path} names the project {project}, and nobody here has confirmed that file"
    mend = "a person who has looked at the file can run: agentsecrets project use"


class RefusedEntry(Denied):
    slug = "refused_entry"
    words = "the ledger's rules refuse this entry: {problem}"
    mend = "agentsecrets workspace allowlist log shows what is in force"


# --- Missing ---------------------------------------------------------------------------------------------------------------------------------


class SecretNotFound(Missing):
    slug = "secret_not_found"
    words = "secret '{key}' not found in keychain"
    mend = "agentsecrets secrets list shows the names; a person can run: agentsecrets secrets set {key}"


class ProjectNotFound(Missing):
    slug = "project_not_found"
    words = "there is no project {project} in this workspace"
    mend = "agentsecrets project list, or agentsecrets project create {project}"


class WorkspaceNotFound(Missing):
    slug = "workspace_not_found"
    words = "there is no workspace {workspace}"
    mend = "agentsecrets workspace list, or agentsecrets workspace create {workspace}"


class ProviderNotFound(Missing):
    slug = "provider_not_found"
    words = "{provider} is neither a host nor a provider that is known here"
    mend = "agentsecrets secrets providers lists them; for any other give a host, such as api.example.com"


class DomainNotFound(Missing):
    slug = "domain_not_found"
    words = "{domain} is not on the allowlist"
    mend = "agentsecrets workspace allowlist list"


class NothingSetAside(Missing):
    slug = "nothing_set_aside"
    words = "no account{which} was logged out on this machine, so none can come back"
    mend = "agentsecrets status shows the one in force; agentsecrets init makes a new one"


class NoProjectFile(Missing):
    slug = "no_project_file"
    words = "there is no .agentsecrets/project.json in this folder or above it"
    mend = "agentsecrets project use NAME"


class FileUnreadable(Missing):
    slug = "file_unreadable"
    words = "{path} cannot be read: {problem}"
    mend = "check its name and its permissions"


class NoToolFound(Missing):
    slug = "no_tool_found"
    words = "no AI tool was found on this machine"
    mend = "name one: agentsecrets mcp install --client NAME; agentsecrets mcp install --list shows the names"


class PageGone(Missing):
    slug = "page_gone"
    words = "there is no page for this cursor, or its answer had to give way to newer ones"
    mend = "make the call again, and ask the API for less"


class CommandNotFound(Missing):
    slug = "command_not_found"
    words = "there is no command {command}"
    mend = "check its name and PATH"
    exit_code = 127  # as shells and env(1) have it, POSIX.1-2024


class RememberedNotFound(Missing):
    slug = "remembered_not_found"
    words = "there is no remembered command {id}"
    mend = "agentsecrets env --remembered"


class NoService(Missing):
    slug = "no_service"
    words = "no service is installed on this machine"
    mend = "sudo agentsecrets service install"


class NothingToMove(Missing):
    slug = "nothing_to_move"
    words = "no account is in force in {folder}"
    mend = (
        "name the state folder: sudo agentsecrets service adopt USER --home FOLDER; after a logout, log in before the service is installed"
    )


class NoSuchUser(Missing):
    slug = "no_such_user"
    words = "this machine has no user {user}"
    mend = "name a user of this machine: sudo agentsecrets service install --user NAME"


class RouteNotFound(Missing):
    slug = "route_not_found"
    words = "there is nothing at this path"
    mend = "call /proxy or /health"


class NoDaemon(Missing):
    slug = "no_daemon"
    words = "the daemon is not running"
    mend = "agentsecrets proxy start"


# --- Conflict --------------------------------------------------------------------------------------------------------------------------------


class AccountExists(Conflict):
    slug = "account_exists"
    words = "there is already an account on this machine: {email}"
    mend = "agentsecrets status, or agentsecrets unlock"


class SecretsExist(Conflict):
    slug = "secrets_exist"
    words = "nothing was imported: {environment} has a value already for {keys}"
    mend = "for new versions of them: agentsecrets secrets import FILE --overwrite; to leave them alone: --skip"


class WorkspaceExists(Conflict):
    slug = "workspace_exists"
    words = "there is already a workspace {workspace}"
    mend = "agentsecrets workspace switch {workspace}"


class ProjectExists(Conflict):
    slug = "project_exists"
    words = "there is already a project {project}"
    mend = "agentsecrets project use {project}"


class DomainListed(Conflict):
    slug = "domain_listed"
    words = "{domain} is on the allowlist already"
    mend = "agentsecrets workspace allowlist list"


class RecoveryFileExists(Conflict):
    slug = "recovery_file_exists"
    words = "{path} exists already, and a recovery key is written into a new file only"
    mend = "name a file that does not exist: --recovery-file FILE"


class FileExists(Conflict):
    slug = "file_exists"
    words = "{path} exists, and is not a project file"
    mend = "move it away, or give --no-folder"


class SettingsTaken(Conflict):
    slug = "settings_taken"
    words = "{path} already has another server of the name agentsecrets"
    mend = "rename or remove that entry, then run: agentsecrets mcp install --client {client}"


class ServiceUserTaken(Conflict):
    slug = "service_user_taken"
    words = "there is a user or group {user} already that is not the service's: {problem}"
    mend = "rename or remove it, then run: sudo agentsecrets service install"


class MovedVaultChanged(Conflict):
    slug = "moved_vault_changed"
    words = "the service holds this account already, and {folder} is not what it was when it was copied: nothing there was removed"
    mend = "look at both before you remove one by hand; sudo agentsecrets log verify checks the service's"


class HeadMoved(Conflict):
    slug = "head_moved"
    words = "someone changed the workspace in the meantime"
    mend = "run the command again"


# --- Unreachable -----------------------------------------------------------------------------------------------------------------------------


class UpstreamUnreachable(Unreachable):
    slug = "upstream_unreachable"
    words = "{domain} could not be reached: {problem}"
    mend = "check the host name and the network, then try again"


class UpstreamCertificate(Unreachable):
    slug = "upstream_certificate"
    words = "the certificate of {domain} is not valid: {problem}"
    mend = "an internal CA can be allowed with: agentsecrets workspace allowlist add {domain} --ca FILE"


class UpstreamTimeout(Unreachable):
    slug = "upstream_timeout"
    words = "{domain} took too long: {problem}"
    mend = "try again later"
    http_status = 504


class UpstreamProtocol(Unreachable):
    slug = "upstream_protocol"
    words = "{domain} did not answer in proper HTTP/1.1: {problem}"
    mend = "try again; if it stays so, the server is at fault"


class EchoEnclosed(Unreachable):
    slug = "echo_enclosed"
    words = "{domain} answered with a compressed file that holds the credential"
    mend = "ask the API for plain content"


class UndecodableResponse(Unreachable):
    slug = "undecodable_response"
    words = "{domain} answered in a coding that cannot be searched for the credential, or in a broken one"
    mend = "ask the API for an uncompressed answer"


class DaemonGone(Unreachable):
    slug = "daemon_gone"
    words = "the daemon went away before it had answered"
    mend = "run the command again; agentsecrets proxy logs shows what was done"


class PresenceGone(Unreachable):
    slug = "presence_gone"
    words = "the program that speaks with a person ended before it had answered"
    mend = "agentsecrets status shows what is there; then run the command again"


class ForeignDaemon(Unreachable):
    slug = "foreign_daemon"
    words = "the process on the control socket could not prove that it is this account's daemon"
    mend = "nothing was sent to it; agentsecrets unlock starts a fresh one"


class ForeignService(Unreachable):
    slug = "foreign_service"
    words = "what answers in {path} does not run as the service's user"
    mend = "nothing was sent to it; an administrator can look: sudo agentsecrets service status"


# --- Corrupt ---------------------------------------------------------------------------------------------------------------------------------


class RecordCorrupt(Corrupt):
    slug = "record_corrupt"
    words = "a sealed record does not open: it was altered or belongs elsewhere"
    mend = "restore the state folder from a copy, then run: agentsecrets doctor; nothing was used"


class StateDamaged(Corrupt):
    slug = "state_damaged"
    words = "a database in the state folder is damaged"
    mend = "restore the state folder from a copy, then run: agentsecrets doctor; what is there was left as it is"


class LedgerCorrupt(Corrupt):
    slug = "ledger_corrupt"
    words = "the ledger does not hold together at entry {seq}: {problem}"
    mend = "restore the state folder from a copy, then run: agentsecrets doctor; nothing was used"


class SignatureInvalid(Corrupt):
    slug = "signature_invalid"
    words = "a signature does not hold"
    mend = "restore the state folder from a copy, then run: agentsecrets doctor; nothing was used"


class FormatUnknown(Corrupt):
    slug = "format_unknown"
    words = "this {kind} is of a version or shape that is not known here"
    mend = "agentsecrets doctor shows where; a newer AgentSecrets may know it"


class ServiceBroken(Corrupt):
    slug = "service_broken"
    words = "{path}, which says that this machine has a service, cannot be believed: {problem}"
    mend = "an administrator runs: sudo agentsecrets service install"


class StoreOlder(Corrupt):
    slug = "store_older"
    words = "the state on disk is older than what this daemon has seen"
    mend = "restore the newest state folder, then run: agentsecrets unlock"


class LogBroken(Corrupt):
    slug = "log_broken"
    words = "the log does not hold together at index {index}"
    mend = "keep the file for examination; agentsecrets log verify names the first bad index"


def leaves() -> dict[str, type[AgentSecretsError]]:
    """All leaves by slug."""
    return {leaf.slug: leaf for family in FAMILIES for leaf in family.__subclasses__()}
