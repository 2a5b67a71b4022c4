"""Stories whose steps wait at a gate, so that something can happen while they run."""
import os
import pathlib

from story import Story


class Gated(Story):
    """`here` is where a step says its process id, `go` is what it reads until the end."""
    STEP = 'echo $$ > here; echo started >> attempts; cat go > /dev/null; echo finished >> attempts'

    def setUp(self):
        super().setUp()
        self.load_three_days()
        os.mkfifo(self.folder / 'here')
        os.mkfifo(self.folder / 'go')

    def step_started(self):
        """Waits until an attempt says that it is there; returns its process id."""
        return int((self.folder / 'here').read_text())

    def begin(self, *arguments):
        """A run whose step waits at the gate; returns the scheduler and the step's process id."""
        process = self.start('run', *(arguments or ('pipeline.yaml',)))
        pid = self.step_started()
        self.gate = open(self.folder / 'go', 'wb')
        self.addCleanup(self.gate.close)
        return process, pid

    def let_through(self):
        """The step that waits now, or comes next, goes on."""
        reached = os.open(self.folder / 'go', os.O_WRONLY)  # waits until the step reads
        os.close(reached)
        self.gate.close()  # it sees the end when every writer is gone

    @staticmethod
    def alive(pid):
        try:
            return pathlib.Path(f'/proc/{pid}/stat').read_text().rsplit(')', 1)[1].split()[0] != 'Z'
        except FileNotFoundError:
            return False

    def finish_again(self, pid):
        """Runs the pipeline once more, to its end; the first attempt's process must be gone by then."""
        process = self.start('run', 'pipeline.yaml')
        self.step_started()
        self.assertFalse(self.alive(pid))
        self.let_through()
        out, err = process.communicate(timeout=60)
        self.assertEqual(process.returncode, 0, out + err)
