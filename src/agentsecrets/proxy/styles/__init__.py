"""One file per auth style; each exports one STYLE."""

from agentsecrets.model.call import StyleName
from agentsecrets.proxy.styles import basic, bearer, body, form, header, query
from agentsecrets.proxy.styles.style import Style

ALL: tuple[Style, ...] = (bearer.STYLE, basic.STYLE, header.STYLE, query.STYLE, body.STYLE, form.STYLE)
STYLES: dict[StyleName, Style] = {style.name: style for style in ALL}
