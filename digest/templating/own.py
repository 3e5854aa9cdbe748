"""A folder of templates of one's own, to begin with: the look and the letter, the rest stays the house's."""

from __future__ import annotations

import shutil
from pathlib import Path

from digest.errors import TemplateError
from digest.templating.environment import templates_folder

BEGUN = ("tokens.toml", "email/digest/letter.html", "email/digest/letter.txt")
"""What most people change first; any other file may be copied the same way, and what is not there is ours."""


def begin(folder: Path) -> tuple[Path, ...]:
    """Copy those files into a new `folder`; TemplateError when there is something already."""
    if folder.exists():
        raise TemplateError("is there already; name another", about=str(folder))
    shipped, made = templates_folder(), []
    for name in BEGUN:
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(shipped / name, target)
        made.append(target)
    return tuple(made)
