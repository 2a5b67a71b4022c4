// Each action against the real program: what it asks, what it does, and how it is undone.
import { expect, type Page, test } from '@playwright/test';
import { watchFaults } from '../support/page-checks';
import { runCell, signIn } from '../support/pages';
import { Program } from '../support/program';

let program: Program;

const pipeline = (name: string, step: string) => `pipeline: ${name}
sources:
  devices: {table: ../../dataset/devices, partition: event_time}
schedule: {start: 2024-01-01, end: 2024-01-01, ready: next_partition}
steps:
${step}
`;

test.beforeAll(async () => {
  program = new Program();
  await program.loadThreeDays();
  program.write(
    'examples/devices/slow.yaml',
    pipeline(
      'slow',
      '  - id: wait\n    shell: true\n    command: "for i in 1 2 3; do echo line $i; done; exec sleep 600"',
    ),
  );
  program.write('examples/devices/shaky.yaml', pipeline('shaky', '  - id: look\n    command: [cat, go]'));
  await program.serve({ more: ['--drain', '1s'] });
});
test.afterAll(() => program.remove());

let faults: Awaited<ReturnType<typeof watchFaults>>;
test.beforeEach(async ({ page }) => {
  faults = await watchFaults(page);
});
test.afterEach(() => expect(faults.list).toEqual([]));

const undo = (page: Page) => page.getByRole('button', { name: 'Undo' }).last().click();

test('a run is marked failed, then that is undone', async ({ page }) => {
  await signIn(page, program.url, '/pipelines/devices_loader/runs/scheduled_2024-01-01');
  await expect(runCell(page, 'scheduled_2024-01-01', 'success')).toBeVisible();
  await page.getByRole('button', { name: 'Mark…' }).click();
  await page.getByRole('menuitem', { name: /Mark failed/ }).click();
  await expect(runCell(page, 'scheduled_2024-01-01', 'failed')).toBeVisible();
  await undo(page);
  await expect(runCell(page, 'scheduled_2024-01-01', 'success')).toBeVisible();
});

test('a note is attached, then taken back', async ({ page }) => {
  await signIn(page, program.url, '/pipelines/devices_loader/runs/scheduled_2024-01-02');
  await page.getByRole('button', { name: 'Add note' }).click();
  await page.getByRole('dialog').getByLabel('Note').fill('<b>checked</b> with billing');
  await page.getByRole('dialog').getByRole('button', { name: 'Save' }).click();
  await expect(page.getByText('<b>checked</b> with billing')).toBeVisible();
  await undo(page);
  await expect(page.getByRole('button', { name: 'Add note' })).toBeVisible();
});

test('a partition is held with a reason, and released', async ({ page }) => {
  await signIn(page, program.url, '/pipelines/devices_loader/partitions?partition=event_time%3D2024-01-02');
  await page.getByRole('button', { name: 'Hold…' }).click();
  await page.getByRole('dialog').getByLabel('Reason').fill('the supplier sends it again');
  await page.getByRole('dialog').getByRole('button', { name: 'Hold', exact: true }).click();
  await expect(page.getByRole('dialog')).toBeHidden();
  await program.load('2024-01-02');
  await expect(page.getByRole('gridcell', { name: /2024-01-02: held/ })).toBeVisible();
  await expect(page.getByText('the supplier sends it again').first()).toBeVisible();
  await page.getByRole('button', { name: 'Release' }).click();
  await expect(page.getByRole('gridcell', { name: /2024-01-02: complete/ })).toBeVisible();
});

test('all that a rule holds is released, and what an older definition built is cleared', async ({ page }) => {
  const ready = 'schedule: {start: 2024-01-01, end: 2024-01-02, ready: next_partition}';
  const file = (more: string) =>
    program.write(
      'examples/devices/rules.yaml',
      `pipeline: rules\nsources:\n  devices: {table: ../../dataset/devices, partition: event_time}\n${ready}\nsteps:\n  - {id: look, command: [echo, it]}\n${more}`,
    );
  file('');
  await signIn(page, program.url, '/pipelines/rules');
  await expect(runCell(page, 'scheduled_2024-01-02', 'success')).toBeVisible();
  file('late_data: {min_rows: 1000000}\n');
  await page.getByRole('link', { name: 'Plan', exact: false }).nth(1).click();
  await expect(page.getByText('2 partitions were built by an older definition')).toBeVisible();
  await page.getByRole('button', { name: 'Clear…' }).click();
  await expect(page.getByRole('dialog')).toContainText('scheduled_2024-01-01');
  await page.getByRole('dialog').getByRole('button', { name: 'Clear', exact: true }).click();
  await expect(page.getByText(/built by an older definition/)).toBeHidden();

  await program.load('2024-01-01');
  await page.getByLabel('Only what this rule decided').selectOption('min_rows');
  await expect(page).toHaveURL(/rule=min_rows/);
  await page.getByRole('button', { name: 'Release all 1…' }).click();
  await expect(page.getByRole('dialog')).toContainText('1 partition that min_rows holds');
  await page.getByRole('dialog').getByRole('button', { name: 'Release all' }).click();
  await expect(page.getByText('Nothing was decided by min_rows')).toBeVisible();
});

test('a partition is triggered after a look at what that makes', async ({ page }) => {
  await signIn(page, program.url, '/pipelines/devices_loader');
  await page.getByRole('button', { name: 'Trigger…' }).click();
  const dialog = page.getByRole('dialog');
  await expect(dialog.getByRole('button', { name: 'Trigger', exact: true })).toBeDisabled();
  await dialog.getByRole('combobox', { name: 'Partition' }).fill('event_time=2024-01-01');
  await dialog.getByRole('button', { name: 'Trigger', exact: true }).click();
  await expect(dialog).toBeHidden();
  await expect(runCell(page, /manual_2024-01-01\S*/, 'success')).toBeVisible();
});

test('a running job shows its log as it grows, and is cancelled after a question', async ({ page }) => {
  await signIn(page, program.url, '/pipelines/slow/runs/latest/logs');
  await expect(page.getByRole('region', { name: 'Log' })).toContainText('line 3');
  await expect(runCell(page, 'scheduled_2024-01-01', 'running')).toBeVisible();
  await page.getByRole('button', { name: 'Cancel…' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Cancel the run' }).click();
  await expect(runCell(page, 'scheduled_2024-01-01', 'cancelled')).toBeVisible();
});

test('a failed step says why, and is tried again', async ({ page }) => {
  await signIn(page, program.url, '/pipelines/shaky');
  await expect(runCell(page, 'scheduled_2024-01-01', 'failed')).toBeVisible();
  await page.getByRole('link', { name: 'Logs', exact: true }).click();
  await expect(page.getByRole('region', { name: 'Log' })).toContainText('No such file');
  program.write('examples/devices/go', 'it is there now\n');
  await page.getByRole('link', { name: 'Steps', exact: true }).click();
  await page.getByRole('button', { name: 'Actions for look' }).click();
  await page.getByRole('menuitem', { name: /Retry/ }).click();
  await expect(runCell(page, 'scheduled_2024-01-01', 'success')).toBeVisible();
});

test('who did what stands in the audit', async ({ page }) => {
  await signIn(page, program.url, '/pipelines');
  await page.getByRole('switch', { name: 'slow is active' }).click({ force: true });
  await expect(page.getByRole('button', { name: 'Undo' })).toBeVisible();
  await page.getByRole('link', { name: 'Audit' }).click();
  await expect(page.getByRole('row', { name: /pause/ }).first()).toContainText('dedp');
  await expect(page.getByRole('row', { name: /sign in/ }).first()).toContainText('dedp');
});

test('a token is made, shown once, and deleted; the own password is not changed by a wrong one', async ({ page }) => {
  await signIn(page, program.url, '/settings/tokens');
  await page.getByLabel('Name').fill('airflow');
  await page.getByRole('button', { name: 'Make token' }).click();
  await expect(page.getByText('This is shown only now')).toContainText('lct_');
  await expect(page.getByRole('cell', { name: 'airflow' })).toBeVisible();
  await page.getByRole('button', { name: 'Delete' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click();
  await expect(page.getByRole('cell', { name: 'airflow' })).toHaveCount(0);
  await page.getByRole('link', { name: 'Own password' }).click();
  await page.getByRole('textbox', { name: 'Present password' }).fill('wrong');
  await page.getByRole('textbox', { name: 'New password', exact: true }).fill('a long one');
  await page.getByRole('textbox', { name: 'New password again' }).fill('a long one');
  await page.getByRole('button', { name: 'Change password' }).click();
  await expect(page.getByRole('alert')).toBeVisible();
});

test('a user is made, is refused what the role does not allow, and is deleted', async ({ page, browser }) => {
  await signIn(page, program.url, '/settings/users');
  await page.getByLabel('Name').fill('watcher');
  await page.getByRole('textbox', { name: 'Password' }).fill('watch-only');
  await page.getByRole('button', { name: 'Add user' }).click();
  await expect(page.getByRole('cell', { name: 'watcher' })).toBeVisible();

  const other = await (await browser.newContext()).newPage();
  await other.goto(`${program.url}/pipelines/devices_loader`);
  await other.getByLabel('Name').fill('watcher');
  await other.getByRole('textbox', { name: 'Password' }).fill('watch-only');
  await other.getByRole('button', { name: 'Sign in' }).click();
  await expect(other.getByRole('grid')).toBeVisible();
  await expect(other.getByRole('button', { name: /Trigger|Pause|Clear/ })).toHaveCount(0);

  await page
    .getByRole('row', { name: /watcher/ })
    .getByRole('button', { name: 'Delete' })
    .click();
  await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click();
  await expect(page.getByRole('cell', { name: 'watcher' })).toHaveCount(0);
});

test('a pipeline file that breaks shows its line, and the definition before it stays', async ({ page }) => {
  await signIn(page, program.url, '/pipelines');
  program.write('examples/devices/shaky.yaml', pipeline('shaky', '  - id: look\n    comand: [cat, go]'));
  await expect(page.getByRole('alert').filter({ hasText: 'shaky.yaml:7' })).toBeVisible();
});

test('after a restart of the server the page goes on by itself', async ({ page }) => {
  await signIn(page, program.url, '/pipelines');
  await program.stop();
  await expect(page.getByText('No connection to the server.')).toBeVisible();
  await expect(page.getByRole('link', { name: 'devices_loader', exact: true })).toBeVisible();
  await program.serve({ more: ['--drain', '1s'] });
  await expect(page.getByText('live', { exact: true })).toBeVisible();
  await program.latecomer('pause', 'examples/devices/pipeline.yaml');
  await expect(page.getByRole('switch', { name: 'devices_loader is active' })).not.toBeChecked();
});
