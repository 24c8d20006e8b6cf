"""Mutants that are images: the reference pair as containers, one side with further lines of Dockerfile upon it."""

from __future__ import annotations

from pathlib import Path

from technogate.mutation.mutant import Mutant, MutantError
from technogate.target.compose.engine import docker
from technogate.target.load import load_target
from technogate.util.shipped import shipped

#: On every image that a score builds: by it they are found when the score is over.
LABEL = "technogate.mutation"

#: Seconds that a few lines of Dockerfile may take.
BUILD_S = 240.0


def stack_target(mutant: Mutant, folder: Path) -> Path:
    """Build the mutant's image and write a target file for a pair with it; the file.

    Raises MutantError for a mutant without such lines, UserError without an engine or an image to build upon.
    """
    if not (mutant.side and mutant.dockerfile):
        raise MutantError(f"{mutant.breaks}: a mutant of the stack needs side and dockerfile")
    target = load_target("compose")
    target.preflight()
    reference = target.ref.images[mutant.side].name
    context = folder / "context"
    context.mkdir()
    (context / "Dockerfile").write_text(f"FROM {reference}\n{mutant.dockerfile}\n", "utf-8")
    built = docker("build", "--quiet", "--force-rm", f"--label={LABEL}", str(context), timeout_s=BUILD_S)
    path = folder / "target.toml"
    image = f'[compose]\n{mutant.side}_image = "{built.splitlines()[-1]}"\n'
    path.write_text(f"name = 'mutant'\nextends = '{shipped('images', 'compose.toml')}'\n{image}", "utf-8")
    return path


def forget_images() -> None:
    """Remove what a score has built. Raises EngineError."""
    docker("image", "prune", "--force", f"--filter=label={LABEL}", timeout_s=BUILD_S)
