"""Has Tanda run scenes of many stages of their own, and tells what it refused."""

import os
import re
import subprocess

STAGE = re.compile(r"(?:error: )?stage `s(\d+)(?:_[a-z0-9]+)?`: (.*)")


def run(tanda, folder, batch, stages_of):
    """Runs the stages of (number, file); gives what was refused: number of the file -> message.

    `stages_of(number, file)` gives stages named `s{number}` or `s{number}_…`.
    """
    refused, left = {}, list(batch)
    while left:
        stages = [stage for one in left for stage in stages_of(*one)]
        scene = os.path.join(folder, "scene.ron")
        with open(scene, "w", encoding="utf-8") as out:
            out.write('Scene( name: "foreign", stages: { ' + ", ".join(stages) + " } )")
        done = subprocess.run(
            [tanda, "run", scene, "--quiet"],
            capture_output=True,
            text=True,
            timeout=600,
            check=False,
        )
        if done.returncode == 0:
            return refused
        found = {int(at): message for at, message in STAGE.findall(done.stderr)}
        if not found or "panicked" in done.stderr or done.returncode not in (1, 2):
            raise SystemExit(f"tanda ended with {done.returncode}: {done.stderr}")
        refused |= found
        left = [(at, file) for at, file in left if at not in found]
    return refused
