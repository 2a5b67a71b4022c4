"""Times whole processes side by side and writes the figures down.

A figure alone says more about the machine than about the program: each is set beside a yardstick that ran in turn with
it, and the ratio is the median over the pairs.
"""
import dataclasses
import datetime
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent


@dataclasses.dataclass
class Spent:
    wall_s: float
    cpu_s: float
    peak_mib: float


def run(command, cwd=None, cpus=None, output=subprocess.DEVNULL):
    """One run of a process. Peak memory is that of the process itself."""
    def pin():
        os.sched_setaffinity(0, cpus)
    begin = time.perf_counter()
    process = subprocess.Popen([str(part) for part in command], cwd=cwd, stdin=subprocess.DEVNULL, stdout=output,
                               stderr=subprocess.PIPE, preexec_fn=pin if cpus else None)
    errors = process.stderr.read()
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.perf_counter() - begin
    process.returncode = os.waitstatus_to_exitcode(status)
    process.stderr.close()
    if process.returncode != 0:
        sys.exit(f'bench: {command} ended with {process.returncode}: {errors.decode(errors="replace")[-2000:]}')
    return Spent(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)


def run_python(setup, work):
    """One run of `work`, timed inside of Python: neither its start nor the imports in `setup` count."""
    code = f'import time\n{setup}\nbegin = time.perf_counter()\n{work}\nprint(time.perf_counter() - begin)'
    with tempfile.TemporaryFile() as output:
        spent = run([sys.executable, '-c', code], output=output)
        output.seek(0)
        return dataclasses.replace(spent, wall_s=float(output.read()))


@dataclasses.dataclass
class Pairs:
    ours: list
    theirs: list

    @property
    def ratio(self):
        return statistics.median(a.wall_s / b.wall_s for a, b in zip(self.ours, self.theirs))

    def our_wall(self):
        return statistics.median(spent.wall_s for spent in self.ours)

    def their_wall(self):
        return statistics.median(spent.wall_s for spent in self.theirs)

    def our_peak(self):
        return max(spent.peak_mib for spent in self.ours)


def in_turn(ours, theirs, times):
    """Calls both so many times, A B A B …, after one call of each that isn't counted."""
    ours(), theirs()
    pairs = Pairs([], [])
    for _ in range(times):
        pairs.ours.append(ours())
        pairs.theirs.append(theirs())
    return pairs


def seconds(value):
    return f'{value * 1000:.0f} ms' if value < 1 else f'{value:.2f} s'


@dataclasses.dataclass
class Row:
    work: str
    ours: str
    yardstick: str
    figure: float  # what is compared with the target: a ratio, ms or MiB
    unit: str      # '×', 'ms', 'MiB'
    at_most: float | None = None
    at_least: float | None = None

    def target(self):
        return f'≤ {self.at_most:g} {self.unit}' if self.at_most is not None else f'≥ {self.at_least:g} {self.unit}'

    def reached(self):
        return self.figure <= self.at_most if self.at_most is not None else self.figure >= self.at_least


def machine():
    model = next((line.split(':', 1)[1].strip() for line in pathlib.Path('/proc/cpuinfo').read_text().splitlines()
                  if line.startswith('model name')), 'unknown processor')
    memory_gib = os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') / 2**30
    return f'{len(os.sched_getaffinity(0))} × {model}, {memory_gib:.0f} GiB, Linux {os.uname().release.split("-")[0]}'


def write_report(folder, name, title, intro, rows):
    """NAME.md with a table, and NAME.svg with each figure against its target."""
    folder.mkdir(parents=True, exist_ok=True)
    commit = subprocess.run(['git', 'rev-parse', '--short', 'HEAD'], cwd=ROOT, capture_output=True, text=True).stdout
    lines = [f'# {title}', '', intro, '',
             f'Measured {datetime.date.today()} at {commit.strip() or "an unknown commit"}, {machine()}; files cached; '
             'medians of runs in turn.', '',
             '| work | latecomer | yardstick | figure | target | |', '| --- | --- | --- | --- | --- | --- |']
    for row in rows:
        lines.append(f'| {row.work} | {row.ours} | {row.yardstick} | {row.figure:.3g} {row.unit} | {row.target()} | '
                     f'{"reached" if row.reached() else "**not reached**"} |')
    (folder / f'{name}.md').write_text('\n'.join([*lines, '', f'![each figure against its target]({name}.svg)', '']))
    _plot(folder / f'{name}.svg', rows)
    print('\n'.join(lines[6:]))


def _plot(path, rows):
    import matplotlib
    matplotlib.use('svg')
    matplotlib.rcParams['svg.hashsalt'] = 'latecomer'
    from matplotlib import pyplot
    # 1 is the target; smaller is better in every row.
    shares = [row.figure / row.at_most if row.at_most is not None else row.at_least / row.figure for row in rows]
    figure, axes = pyplot.subplots(figsize=(9, 0.45 * len(rows) + 1.2))
    axes.barh([row.work for row in rows], shares, color=['#2b8a3e' if share <= 1 else '#c92a2a' for share in shares])
    axes.axvline(1, color='#495057', linewidth=1)
    axes.invert_yaxis()
    axes.set_xlabel('share of the target (left of the line: reached)')
    figure.tight_layout()
    figure.savefig(path, metadata={'Date': None})
