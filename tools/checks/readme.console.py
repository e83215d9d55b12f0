"""Run the commands of README.md's console blocks, with the build's emily, and compare what they print with what README.md says.

    python3 tools/checks/readme.console.py BUILD [--write]

Numbers may differ by 2e-3: sums have other orders on other machines. A block that names a folder in .cache/ is passed over where
the folder is not there. What goes to standard error (progress, speed) is not compared. With --write, README.md is given what was printed.
"""
import os
import pathlib
import re
import subprocess
import sys

NUMBER = re.compile(r"\d+\.\d+")
TOLERANCE = 2e-3


def blocks(text):
    return re.findall(r"^```console\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


def commands(block):
    """Each command with the output that stands below it."""
    for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
        command, _, output = part.partition("\n")
        yield command, output


def same_line(said, printed):
    numbers = [[float(x) for x in NUMBER.findall(line)] for line in (said, printed)]
    return NUMBER.sub("#", said) == NUMBER.sub("#", printed) and all(abs(a - b) <= TOLERANCE + 1e-9 for a, b in zip(*numbers))


def same(said, printed):
    return len(said) == len(printed) and all(map(same_line, said, printed))


def missing(block):
    return next((folder for folder in re.findall(r"\.cache/[\w.-]+", block) if not os.path.isdir(folder)), None)


def run(command, environment):
    return subprocess.run(["sh", "-c", command], env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120)


def written(text, environment):
    """README.md's text with each command's output as it is now."""
    def fresh(match):
        if missing(match[1]):
            return match[0]
        return "```console\n" + "".join(f"$ {c}\n{run(c, environment).stdout}" for c, _ in commands(match[1])) + "```"
    return re.sub(r"^```console\n(.*?)^```$", fresh, text, flags=re.MULTILINE | re.DOTALL)


def compare(text, environment):
    done, skipped, wrong = 0, 0, 0
    for block in blocks(text):
        if missing(block):
            skipped += 1
            continue
        for command, output in commands(block):
            result = run(command, environment)
            done += 1
            if result.returncode or not same(output.splitlines(), result.stdout.splitlines()):
                wrong += 1
                print(f"$ {command}\n(exit code {result.returncode})\n{result.stdout}{result.stderr}README.md says:\n{output}")
    print(f"({done} commands, {skipped} blocks passed over)")
    return wrong > 0 or done == 0


def main():
    environment = dict(os.environ, PATH=f"{pathlib.Path(sys.argv[1]).resolve()}:{os.environ['PATH']}", LC_ALL="C.UTF-8")
    readme = pathlib.Path("README.md")
    if "--write" in sys.argv[2:]:
        return readme.write_text(written(readme.read_text(), environment)) == 0
    return compare(readme.read_text(), environment)


sys.exit(main())
