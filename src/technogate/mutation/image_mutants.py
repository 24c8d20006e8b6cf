"""Mutants that are images: the reference pair as containers, one image with further lines of Dockerfile."""

from __future__ import annotations

from pathlib import Path

from technogate.mutation.mutant import Mutant, MutantError
from technogate.target.compose.engine import docker
from technogate.target.load import load_target
from technogate.util.shipped import shipped

#: The label of every image that a mutation score builds; with it they are found and removed afterwards.
LABEL = "technogate.mutation"

#: Seconds that the build of a few lines of Dockerfile may take.
BUILD_S = 240.0


def stack_target(mutant: Mutant, folder: Path) -> Path:
    """Build the mutant's image and write a target file for a pair with it; return the path of that file.

    Raises MutantError for a mutant without image and dockerfile, UserError without an engine or a base image.
    """
    if not (mutant.image and mutant.dockerfile):
        raise MutantError(f"{mutant.breaks}: a mutant of the stack needs image and dockerfile")
    target = load_target("compose")
    target.preflight()
    reference = target.ref.images[mutant.image].name
    context = folder / "context"
    context.mkdir()
    (context / "Dockerfile").write_text(f"FROM {reference}\n{mutant.dockerfile}\n", "utf-8")
    output = docker("build", "--quiet", "--force-rm", f"--label={LABEL}", str(context), timeout_s=BUILD_S)
    path = folder / "target.toml"
    table = f'[compose]\n{mutant.image}_image = "{output.splitlines()[-1]}"\n'
    path.write_text(f"name = 'mutant'\nextends = '{shipped('images', 'compose.toml')}'\n{table}", "utf-8")
    return path


def remove_images() -> None:
    """Remove the images that a mutation score built. Raises EngineError."""
    docker("image", "prune", "--force", f"--filter=label={LABEL}", timeout_s=BUILD_S)
