// The real program, in a folder of its own: tables, pipelines, ledger, and a server on a free port.
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const binary = process.env.LATECOMER ?? path.join(root, 'build/release/src/cli/latecomer');
const run = promisify(execFile);

export class Program {
  readonly folder = mkdtempSync(path.join(tmpdir(), 'latecomer-web-'));
  url = '';
  private server: ChildProcess | undefined;
  private said: string[] = [];

  /** The example with three days loaded: two are complete, the third proves the second. */
  async loadThreeDays(): Promise<void> {
    cpSync(path.join(root, 'examples'), path.join(this.folder, 'examples'), { recursive: true });
    await this.latecomer(
      'generate',
      'devices',
      '--rows',
      '100',
      '--late-rows',
      '70%',
      '--seed',
      '7',
      '-o',
      'dataset/input/dataset.json',
    );
    for (const day of ['2024-01-01', '2024-01-02', '2024-01-03']) await this.load(day);
  }

  load(day: string): Promise<string> {
    return this.latecomer('load', 'dataset/devices', 'dataset/input/dataset.json', '--partition', `event_time=${day}`);
  }

  async latecomer(...args: string[]): Promise<string> {
    const { stdout } = await run(binary, args, { cwd: this.folder });
    return stdout;
  }

  write(file: string, text: string): void {
    const place = path.join(this.folder, file);
    mkdirSync(path.dirname(place), { recursive: true });
    writeFileSync(place, text);
  }

  /** The pipeline `many` in `pipelines/`: so many runs that have ended, of 20 steps each. */
  async makeManyRuns(runs: number): Promise<void> {
    await run('python3', [path.join(root, 'bench/web/many_runs.py'), binary, this.folder, String(runs)]);
  }

  /** Serves until `stop`; again on the same port after one. */
  async serve({ pipelines = 'examples/devices', more = [] as string[] } = {}): Promise<void> {
    const port = this.url === '' ? '0' : new URL(this.url).port;
    const args = ['serve', '--pipelines', pipelines, '--demo', '--port', port, '--watch-every', '200ms', ...more];
    const server = spawn(binary, args, { cwd: this.folder, stdio: ['ignore', 'pipe', 'pipe'] });
    this.server = server;
    createInterface({ input: server.stderr }).on('line', (line) => this.said.push(line));
    const lines = createInterface({ input: server.stdout });
    this.url = await new Promise<string>((resolve, reject) => {
      lines.on('line', (line) => {
        const address = /latecomer is at (\S+)/.exec(line)?.[1];
        if (address) resolve(address.replace(/\/$/, ''));
      });
      server.once('exit', (code) =>
        reject(new Error(`the server ended with ${code}:\n${this.said.slice(-20).join('\n')}`)),
      );
    });
  }

  async stop(): Promise<void> {
    const server = this.server;
    this.server = undefined;
    if (!server || server.exitCode !== null) return;
    const ended = new Promise((resolve) => server.once('exit', resolve));
    server.kill('SIGTERM');
    await ended;
  }

  async remove(): Promise<void> {
    await this.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }
}
