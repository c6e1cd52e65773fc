"""The row of the log for values that leave by a door: to a person, or to a command."""

from __future__ import annotations

from agentsecrets.daemon.control.route import Context
from agentsecrets.model.event import Action, Event, new_event_id
from agentsecrets.model.place import Place


async def record_leaving(
    context: Context, place: Place, action: Action, keys: tuple[str, ...], *, auth_styles: tuple[str, ...] = (), path: str = ""
) -> None:
    """Writes that values leave; to be called before they do.

    Args:
        context: Where the command was run.
        place: Whose values.
        action: ``reveal`` or ``handover``.
        keys: Their names.
        auth_styles: How each leaves.
        path: The program that gets them, without its folder and its arguments.

    Raises:
        StateUnwritable: Then they stay.
    """
    daemon, now = context.daemon, context.daemon.clock.now_ms()
    await daemon.journal.record(
        Event(
            id=new_event_id(now),
            phase="outcome",
            time_ms=now,
            action=action,
            workspace_id=place.workspace_id,
            project_id=place.project_id,
            environment=place.environment,
            secret_keys=keys,
            auth_styles=auth_styles,
            outcome="ok",
            path=path,
        )
    )
