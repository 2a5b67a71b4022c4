// Serves the built UI with the headers of the real server, and made-up answers under api/v1.
import { readFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import * as answers from './answers';
import * as log from './log';
import * as world from './world';

const dist = fileURLToPath(new URL('../../dist/', import.meta.url));
export const policy =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; " +
  "manifest-src 'self'; base-uri 'self'; form-action 'self'; frame-ancestors 'none'";

const types: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.woff2': 'font/woff2',
};

export interface FakeServer {
  url: string;
  state: answers.World;
  /** Sizes the log of every step. */
  log: { size: number; complete: boolean };
  /** Sends a live event to everyone who listens. */
  send: (event: string, data: unknown) => void;
  /** Answers everything under api/v1 with this status while it is set. */
  failing: { status: number | null };
  signedIn: { value: boolean };
  requests: string[];
  close: () => Promise<void>;
}

export async function startFakeServer(prefix = '/', port = 0): Promise<FakeServer> {
  const state = answers.createWorld();
  const listeners = new Set<ServerResponse>();
  const fake = {
    state,
    log: { size: 40_000, complete: true },
    failing: { status: null as number | null },
    signedIn: { value: true },
    requests: [] as string[],
  };
  const server: Server = createServer((request, response) => {
    handle(fake, prefix, listeners, request, response).catch((error: unknown) => {
      response.writeHead(500).end(String(error));
    });
  });
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  const address = server.address() as AddressInfo;
  let sequence = 1;
  return {
    ...fake,
    url: `http://127.0.0.1:${address.port}${prefix}`,
    send: (event, data) => {
      for (const response of listeners)
        response.write(`id: ${sequence++}\nevent: ${event}\ndata: ${JSON.stringify(data)}\n\n`);
    },
    close: () =>
      new Promise((resolve) => {
        for (const response of listeners) response.destroy();
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

type Fake = Omit<FakeServer, 'url' | 'send' | 'close'>;

async function handle(
  fake: Fake,
  prefix: string,
  listeners: Set<ServerResponse>,
  request: IncomingMessage,
  response: ServerResponse,
) {
  const url = new URL(request.url ?? '/', 'http://fake');
  if (!url.pathname.startsWith(prefix)) return void response.writeHead(404).end();
  const rest = url.pathname.slice(prefix.length);
  if (!rest.startsWith('api/v1/')) return serveFile(rest, prefix, response);
  fake.requests.push(`${request.method} ${rest}${url.search}`);
  const parts = rest.slice('api/v1/'.length).split('/').map(decodeURIComponent);
  if (fake.failing.status !== null) return problem(response, fake.failing.status, 'It is broken on purpose.');
  if (parts[0] === 'server')
    return json(response, { name: 'latecomer', version: '0', demo: true, tls: false, setup_needed: false });
  if (parts[0] === 'session') return session(fake, request, response);
  if (!fake.signedIn.value) return problem(response, 401, 'Sign in first.');
  if (parts[0] === 'events') return listen(listeners, response);
  if (request.method === 'GET') return get(fake, parts, url.searchParams, response);
  const body = await bodyOf(request);
  return act(fake, parts, body, response);
}

async function serveFile(name: string, prefix: string, response: ServerResponse) {
  const asset = name.startsWith('assets/') || /^[^/]+\.(js|svg)$/.test(name);
  const file = path.join(dist, asset ? path.normalize(name) : 'index.html');
  let content = await readFile(file).catch(() => null);
  if (content === null) return void response.writeHead(404).end();
  if (!asset) content = Buffer.from(content.toString().replace('<base href="/" />', `<base href="${prefix}" />`));
  response.writeHead(200, {
    'Content-Type': types[path.extname(file)] ?? 'application/octet-stream',
    'Content-Security-Policy': policy,
    'X-Content-Type-Options': 'nosniff',
  });
  response.end(content);
}

const json = (response: ServerResponse, body: unknown, status = 200) => {
  response.writeHead(status, { 'Content-Type': status < 400 ? 'application/json' : 'application/problem+json' });
  response.end(JSON.stringify(body));
};
const problem = (response: ServerResponse, status: number, detail: string) =>
  json(response, { type: 'urn:latecomer:fake', title: 'No', status, detail, hint: 'Try the next thing.' }, status);

async function bodyOf(request: IncomingMessage): Promise<Record<string, unknown>> {
  let text = '';
  for await (const chunk of request) text += chunk;
  return text ? JSON.parse(text) : {};
}

async function session(fake: Fake, request: IncomingMessage, response: ServerResponse) {
  if (request.method === 'POST') {
    const { name, password } = await bodyOf(request);
    if (name !== 'dedp' || password !== 'dedp') return problem(response, 401, 'Name or password is wrong.');
    fake.signedIn.value = true;
  }
  if (request.method === 'DELETE') {
    fake.signedIn.value = false;
    return void response.writeHead(204).end();
  }
  if (!fake.signedIn.value) return problem(response, 401, 'Sign in first.');
  return json(response, { user: 'dedp', role: fake.state.role, csrf_token: 'fake', expires_at: null, via: 'session' });
}

function listen(listeners: Set<ServerResponse>, response: ServerResponse) {
  response.writeHead(200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-store' });
  response.write('event: hello\ndata: {"server":"fake","ledger":"fake","newest":0}\n\n');
  listeners.add(response);
  response.on('close', () => listeners.delete(response));
}

function get(fake: Fake, parts: string[], query: URLSearchParams, response: ServerResponse) {
  const answer = answerTo(fake, parts, query);
  if (answer === null) return problem(response, 404, 'There is no such thing.');
  return json(response, answer);
}

function answerTo(
  fake: Fake,
  [kind = '', id = '', view = '', target = '', more = '', most = '']: string[],
  query: URLSearchParams,
): unknown {
  if (kind === 'tables')
    return id === '' ? answers.tables() : view === 'commits' ? answers.commits() : answers.table(id);
  if (kind === 'cascade') return world.cascade;
  if (kind === 'audit') return answers.audit(fake.state);
  if (kind === 'users')
    return {
      items: ['dedp', 'ops', 'watcher'].map((name, index) => ({
        name,
        role: ['admin', 'operator', 'viewer'][index],
        created_at: world.iso(world.now),
        last_sign_in: index === 2 ? null : world.iso(world.now),
      })),
    };
  if (kind === 'me' && id === 'tokens')
    return {
      items: [
        {
          id: 1,
          name: 'airflow',
          scope: 'operator',
          created_at: world.iso(world.now),
          expires_at: world.iso(world.now + 86_400_000 * 60),
          last_used: null,
        },
      ],
    };
  if (kind !== 'pipelines') return null;
  if (id === '') return answers.pipelines(fake.state);
  if (answers.pipeline(fake.state, id) === null) return null;
  if (view === '') return answers.pipeline(fake.state, id);
  if (view === 'grid') return answers.grid(fake.state, id, query);
  if (view === 'plan') return answers.plan(query.get('rule'));
  if (view === 'versions') return world.versions();
  if (view === 'lateness') return answers.lateness();
  if (view === 'events') return answers.pipelineEvents();
  if (view === 'partitions') return target === '' ? answers.partitions() : answers.partition(fake.state, id, target);
  if (more === 'why') return answers.why(fake.state, id, target);
  if (more === 'logs')
    return most === 'search' ? log.search(fake.log.size, query) : log.piece(fake.log.size, fake.log.complete, query);
  return answers.run(fake.state, id, target);
}

function act(
  fake: Fake,
  [kind = '', id = '', view = '', target = '', more = '']: string[],
  body: Record<string, unknown>,
  response: ServerResponse,
) {
  if (kind === 'me' && id === 'tokens')
    return json(
      response,
      {
        id: 2,
        name: body.name,
        scope: body.scope,
        created_at: world.iso(world.now),
        expires_at: world.iso(world.now),
        last_used: null,
        token: 'lct_made_up',
      },
      201,
    );
  if (kind !== 'pipelines' && kind !== 'actions') return void response.writeHead(204).end();
  const name = kind === 'actions' ? 'undo' : more || view;
  const dryRun = body.dry_run === true;
  if (!dryRun && name === 'pause') fake.state.paused = true;
  if (!dryRun && (name === 'resume' || name === 'undo')) fake.state.paused = false;
  const result = answers.action(fake.state, name, id, target, dryRun);
  if (!dryRun)
    fake.state.audit.unshift({
      id: result.action_id ?? 0,
      at: world.iso(world.now),
      user: 'dedp',
      role: 'admin',
      via: 'session',
      action: name,
      pipeline: id,
      run_id: target,
      partition: '',
      outcome: 'ok',
      detail: result.summary,
      undoable: result.undoable,
      undone_by: null,
    });
  return json(response, result);
}
