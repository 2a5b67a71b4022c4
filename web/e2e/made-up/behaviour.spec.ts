// What the UI does, shown against made-up answers: states that are hard to bring about with the real program.
import { expect, type Page, test } from '@playwright/test';
import { type FakeServer, startFakeServer } from '../../support/fake-api/server';
import { axe, type Faults, watchFaults } from '../support/page-checks';

let fake: FakeServer;
let faults: Faults;

test.beforeEach(async ({ page }) => {
  fake = await startFakeServer();
  faults = await watchFaults(page);
});
test.afterEach(async () => {
  expect(faults.list).toEqual([]);
  await fake.close();
});

const go = (page: Page, path: string) => page.goto(fake.url.replace(/\/$/, '') + path);
/** So many of the newest runs are asked for at first. */
const firstPage = 60;
const grid = (page: Page) => page.getByRole('grid');

test('a deep link asks to sign in first, then leads there; a wrong password is said', async ({ page }) => {
  fake.signedIn.value = false;
  await go(page, '/pipelines/devices_loader/plan');
  await expect(page).toHaveURL(/sign-in\?to=/);
  expect(await axe(page)).toEqual([]);
  await page.getByLabel('Name').fill('dedp');
  await page.getByRole('textbox', { name: 'Password' }).fill('wrong');
  await page.getByRole('button', { name: 'Sign in' }).click();
  await expect(page.getByRole('alert')).toContainText('wrong');
  await page.getByRole('textbox', { name: 'Password' }).fill('dedp');
  await page.keyboard.press('Enter');
  await expect(page).toHaveURL(/devices_loader\/plan$/);
  await expect(page.getByRole('heading', { name: /Held back/ })).toBeVisible();
});

test('a session that ends shows the sign-in page', async ({ page }) => {
  await go(page, '/pipelines');
  await expect(page.getByRole('link', { name: 'many_runs', exact: true })).toBeVisible();
  fake.signedIn.value = false;
  fake.send('change', { pipeline: 'many_runs' });
  await expect(page).toHaveURL(/sign-in/);
});

test('the grid by keyboard alone: arrows, Home, Enter, then the log of a failed step', async ({ page }) => {
  await go(page, '/pipelines/devices_loader');
  await grid(page).focus();
  const here = () =>
    page.evaluate(
      () =>
        document
          .getElementById(document.activeElement?.getAttribute('aria-activedescendant') ?? '')
          ?.getAttribute('aria-label') ?? '',
    );
  for (let step = 0; step < 13; step += 1) await page.keyboard.press('ArrowLeft');
  for (let step = 0; step < 3; step += 1) await page.keyboard.press('ArrowDown');
  expect(await here()).toContain('process_devices');
  expect(await here()).toContain('failed');
  await page.keyboard.press('Enter');
  await expect(page).toHaveURL(/\/runs\/[^/]+\/logs\?step=process_devices/);
  await expect(page.getByRole('alert').filter({ hasText: 'Binder Error' }).first()).toBeVisible();
  await grid(page).focus();
  // Older runs are loaded as one comes near them.
  await expect(async () => {
    await page.keyboard.press('Home');
    await expect.poll(here, { timeout: 500 }).toContain(fake.state.runs.at(-1)?.run_id ?? 'none');
  }).toPass();
});

test('a mapped step opens to its instances, which lead to the runs they started', async ({ page }) => {
  await go(page, '/pipelines/devices_loader');
  await page.getByRole('button', { name: 'backfill [ ]' }).click();
  await expect(page.getByRole('rowheader', { name: '[1]' })).toBeVisible();
  await expect(page.getByRole('button', { name: 'backfill [ ]' })).toHaveAttribute('aria-expanded', 'true');
});

test('filters by kind and state stay in the address, and can be taken away', async ({ page }) => {
  await go(page, '/pipelines/devices_loader');
  await page.getByRole('button', { name: 'Kind' }).click();
  await page.getByRole('menuitemcheckbox', { name: 'backfill' }).click();
  await page.keyboard.press('Escape');
  await expect(page).toHaveURL(/kind=backfill/);
  const backfills = fake.state.runs.filter((run) => run.kind === 'backfill').length;
  await expect(grid(page)).toHaveAttribute('aria-colcount', String(backfills));
  await page.reload();
  await expect(grid(page)).toHaveAttribute('aria-colcount', String(backfills));
  await page.getByRole('button', { name: 'Clear filters' }).click();
  await expect(grid(page)).toHaveAttribute('aria-colcount', String(firstPage));
});

test('clear asks first, with what it will affect; one press is one request', async ({ page }) => {
  const run = fake.state.runs[1]?.run_id ?? '';
  await go(page, `/pipelines/devices_loader/runs/${run}`);
  await page.getByRole('button', { name: 'Clear…' }).click();
  const dialog = page.getByRole('dialog');
  await expect(dialog.getByText('It would clear 1 run.')).toBeVisible();
  await expect(dialog.getByText('Its output is replaced')).toBeVisible();
  await expect(dialog.getByRole('cell', { name: run })).toBeVisible();
  expect(await axe(page)).toEqual([]);
  await dialog.getByLabel('Past').check();
  await dialog.getByLabel('Note').fill('the supplier sent it again');
  await dialog.getByRole('button', { name: 'Clear', exact: true }).click();
  await expect(page.getByText('Cleared 1 run.')).toBeVisible();
  await expect(dialog).toBeHidden();
  expect(fake.state.audit.map((entry) => entry.action)).toEqual(['clear']);
});

test('a pause can be undone from its message', async ({ page }) => {
  await go(page, '/pipelines');
  const active = page.getByRole('switch', { name: 'devices_loader is active' });
  await expect(active).toBeChecked();
  await active.click({ force: true });
  await expect(active).not.toBeChecked();
  await page.getByRole('button', { name: 'Undo' }).click();
  await expect(active).toBeChecked();
  expect(fake.state.audit.map((entry) => entry.action)).toEqual(['undo', 'pause']);
});

test('a long first run waits, and says so, until somebody resumes it', async ({ page }) => {
  await go(page, '/pipelines');
  const row = page.getByRole('listitem').filter({ hasText: 'history_of_orders' });
  await expect(row).toContainText(/Its first run would process 1.460 partitions\./);
  await expect(row.getByRole('switch')).not.toBeChecked();
  await row.getByRole('link', { name: 'history_of_orders' }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'history_of_orders' })).toBeVisible();
  await expect(page.getByText('It waits until somebody resumes it.')).toBeVisible();
  expect(await axe(page)).toEqual([]);
});

test('a viewer sees everything and is offered nothing', async ({ page }) => {
  fake.state.role = 'viewer';
  await go(page, `/pipelines/devices_loader/runs/${fake.state.runs[1]?.run_id}`);
  await expect(page.getByRole('table')).toBeVisible();
  for (const name of [/Clear…/, /Mark…/, /Trigger/, /Pause/, /note/])
    await expect(page.getByRole('button', { name })).toHaveCount(0);
  await go(page, '/pipelines');
  await expect(page.getByRole('switch').first()).toBeDisabled();
  await go(page, '/settings');
  await expect(page.getByRole('link', { name: 'Users' })).toHaveCount(0);
});

test('the palette finds a pipeline and acts, by keyboard', async ({ page }) => {
  await go(page, '/tables');
  await expect(page.getByRole('heading', { name: 'Tables' })).toBeVisible();
  await page.keyboard.press('Control+k');
  await page.keyboard.type('many');
  await expect(page.getByRole('option').first()).toContainText('many_runs');
  expect(await axe(page)).toEqual([]);
  await page.keyboard.press('Enter');
  await expect(page).toHaveURL(/pipelines\/many_runs$/);
  await page.keyboard.press('Control+k');
  await page.keyboard.type('pause devices');
  await page.keyboard.press('Enter');
  await expect(page.getByText('Paused devices_loader.')).toBeVisible();
});

test('times in UTC or in the zone of the viewer', async ({ page }) => {
  await go(page, '/audit');
  const first = page.getByRole('table').locator('time').first();
  await expect(first).toHaveText('26 Nov 08:00:00');
  await page.getByText('Local', { exact: true }).click();
  await expect(first).toHaveText('26 Nov 09:00:00');
  await page.reload();
  await expect(first).toHaveText('26 Nov 09:00:00');
});

test('what failed to load says so, and comes back', async ({ page }) => {
  await go(page, '/pipelines');
  await expect(page.getByRole('link', { name: 'many_runs', exact: true })).toBeVisible();
  fake.failing.status = 500;
  await page.getByRole('link', { name: 'Tables' }).click();
  await expect(page.getByRole('alert').filter({ hasText: 'It is broken on purpose.' })).toBeVisible();
  expect(await axe(page)).toEqual([]);
  fake.failing.status = null;
  await page.getByRole('button', { name: 'Try again' }).click();
  await expect(page.getByRole('link', { name: 'devices_by_type' })).toBeVisible();
});

test('a server that goes away is said, and what was there stays', async ({ page }) => {
  await go(page, '/pipelines');
  await expect(page.getByText('live', { exact: true })).toBeVisible();
  const port = Number(new URL(fake.url).port);
  await fake.close();
  await expect(page.getByText('No connection to the server.')).toBeVisible();
  await expect(page.getByRole('link', { name: 'many_runs', exact: true })).toBeVisible();
  fake = await startFakeServer('/', port);
  await expect(page.getByText('live', { exact: true })).toBeVisible({ timeout: 20_000 });
  await expect(page.getByText('No connection to the server.')).toBeHidden();
});

test('what does not exist says so: a page, a pipeline, a run', async ({ page }) => {
  await go(page, '/nowhere');
  await expect(page.getByText('There is no such page')).toBeVisible();
  await go(page, '/pipelines/nobody');
  await expect(page.getByRole('alert')).toContainText('There is no such thing');
  await go(page, '/pipelines/devices_loader/runs/nothing');
  await expect(page.getByRole('alert')).toContainText('There is no such thing');
});

test('a pipeline without runs says what to wait for', async ({ page }) => {
  await go(page, '/pipelines/device_report');
  await expect(page.getByText('No runs yet')).toBeVisible();
  expect(await axe(page)).toEqual([]);
});

test('changes arrive by themselves', async ({ page }) => {
  await go(page, '/pipelines');
  await expect(page.getByText('live', { exact: true })).toBeVisible();
  await expect(page.getByRole('switch', { name: 'devices_loader is active' })).toBeChecked();
  fake.state.paused = true;
  fake.send('change', { pipeline: 'devices_loader', what: 'pipeline.paused' });
  await expect(page.getByRole('switch', { name: 'devices_loader is active' })).not.toBeChecked();
});

test('a log of 100 MB: opens at its end, jumps to its start, finds a line in the middle, holds little', async ({
  page,
}) => {
  fake.log.size = 100_000_000;
  await go(page, `/pipelines/devices_loader/runs/${fake.state.runs[1]?.run_id}/logs`);
  const log = page.getByRole('region', { name: 'Log' });
  await expect(log).toContainText('000999999');
  await page.getByRole('button', { name: 'To the start' }).click();
  await expect(log).toContainText('000000000');
  await page.getByRole('searchbox', { name: 'Search the log' }).fill('000500000');
  await page.keyboard.press('Enter');
  await page.getByRole('button', { name: /000500000/ }).click();
  await expect(log.locator('[data-hit]')).toContainText('000500000');
  await expect(log).toContainText('000499990');
  // Scrolled for a long way, what is kept and drawn stays small.
  await log.focus();
  for (let turn = 0; turn < 40; turn += 1)
    await page.mouse.wheel(0, 0).then(() => log.evaluate((element) => element.scrollBy(0, 20_000)));
  expect(await log.locator('[data-index]').count()).toBeLessThan(200);
  const asked = fake.requests.filter((request) => /\/logs\?/.test(request)).length;
  expect(asked).toBeLessThan(60);
});

test('a live log follows its end until the reader scrolls away', async ({ page }) => {
  fake.log.size = 20_000;
  fake.log.complete = false;
  await go(page, `/pipelines/devices_loader/runs/latest/logs`);
  const log = page.getByRole('region', { name: 'Log' });
  await expect(log).toContainText('000000199');
  fake.log.size = 30_000;
  await expect(log).toContainText('000000299');
  const follow = page.getByRole('button', { name: 'Follow' });
  await log.hover();
  await page.mouse.wheel(0, -4000);
  await expect(follow).toHaveAttribute('aria-pressed', 'false');
  await follow.click();
  await expect(follow).toHaveAttribute('aria-pressed', 'true');
  // What is meant counts, though new lines may have moved the view back before it has gone anywhere.
  await log.dispatchEvent('wheel', { deltaY: -1 });
  await expect(follow).toHaveAttribute('aria-pressed', 'false');
  await follow.click();
  await log.press('PageUp');
  await expect(follow).toHaveAttribute('aria-pressed', 'false');
});

test('two thousand runs of twenty steps: all are reached, few are drawn', async ({ page }) => {
  await go(page, '/pipelines/many_runs');
  await expect(grid(page)).toHaveAttribute('aria-colcount', String(firstPage));
  expect(await page.getByRole('gridcell').count()).toBeLessThan(1800);
  await grid(page).focus();
  await expect(async () => {
    await page.keyboard.press('Home');
    await expect(grid(page)).toHaveAttribute('aria-colcount', '2000', { timeout: 500 });
  }).toPass();
  expect(await page.getByRole('gridcell').count()).toBeLessThan(1800);
});

test('under a path prefix, from a deep link', async ({ page }) => {
  const prefixed = await startFakeServer('/late/comer/');
  try {
    await page.goto(`${prefixed.url}pipelines/devices_loader/partitions`);
    await expect(page.getByRole('grid').first()).toBeVisible();
    await page.getByRole('link', { name: 'Grid', exact: true }).click();
    await expect(page).toHaveURL(`${prefixed.url}pipelines/devices_loader`);
  } finally {
    await prefixed.close();
  }
});

test('names and values from outside stay text', async ({ page }) => {
  const evil = '<img src=x onerror="document.title=1">';
  const [run] = fake.state.runs;
  if (!run) throw new Error('the fixture has runs');
  run.run_id = `scheduled_${evil}`;
  run.partition = evil;
  run.partition_key = `event_time=${evil}/../../..`;
  run.message = evil;
  await go(page, '/pipelines/devices_loader');
  await expect(page.getByRole('heading', { name: run.run_id })).toBeVisible();
  await page.getByRole('link', { name: 'Logs' }).click();
  await expect(page).toHaveURL(/logs/);
  expect(await page.title()).not.toBe('1');
  expect(await page.locator('img').count()).toBe(0);
});
