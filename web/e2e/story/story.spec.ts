// The story of late data, played in the browser against the real program and a real table.
import { expect, test } from '@playwright/test';
import { axe, expectNoOverflow, watchFaults } from '../support/page-checks';
import { runCell, signIn } from '../support/pages';
import { Program } from '../support/program';

let program: Program;
test.beforeEach(async () => {
  program = new Program();
  await program.loadThreeDays();
  await program.serve();
});
test.afterEach(() => program.remove());

test('sign in, see runs finish, load late data, see it turn late, clear the latest run, watch the backfill, read why', async ({
  page,
}) => {
  const faults = await watchFaults(page);
  await signIn(page, program.url);
  await page.getByRole('link', { name: 'devices_loader', exact: true }).click();
  await expect(runCell(page, 'scheduled_2024-01-01', 'success')).toBeVisible();
  await expect(runCell(page, 'scheduled_2024-01-02', 'success')).toBeVisible();
  await expect(page.getByRole('grid')).toHaveAttribute('aria-colcount', '2');

  // Paused, so that what is late waits until it has been looked at.
  await page.getByRole('button', { name: 'Pause' }).click();
  await expect(page.getByRole('button', { name: 'Resume' })).toBeVisible();
  await page.getByRole('link', { name: 'Partitions', exact: true }).click();
  await expect(page.getByRole('gridcell', { name: /2024-01-01: complete/ })).toBeVisible();
  await program.load('2024-01-01');
  await expect(page.getByRole('gridcell', { name: /2024-01-01: late/ })).toBeVisible();
  await page.getByRole('gridcell', { name: /2024-01-01: late/ }).click();
  await expect(page.getByRole('row', { name: /devices@3 .*not yet/ })).toBeVisible();
  expect(await axe(page)).toEqual([]);

  await page.getByRole('link', { name: 'Versions', exact: true }).click();
  await expect(page.getByRole('button', { name: /2024-01-01: late.* 1 waiting/ })).toBeVisible();
  await page.getByRole('link', { name: 'Plan', exact: false }).nth(1).click();
  await expect(page.getByText(/version 3/).first()).toBeVisible();

  await page.getByRole('link', { name: 'Grid', exact: true }).click();
  await runCell(page, 'scheduled_2024-01-02', 'success').click();
  await page.getByRole('button', { name: 'Clear…' }).click();
  const dialog = page.getByRole('dialog');
  await expect(dialog.getByRole('cell', { name: 'scheduled_2024-01-02' })).toBeVisible();
  await dialog.getByRole('button', { name: 'Clear', exact: true }).click();
  await expect(dialog).toBeHidden();
  await page.getByRole('button', { name: 'Resume' }).click();

  await expect(runCell(page, /backfill_2024-01-01\S*/, 'success')).toBeVisible();
  await expect(runCell(page, 'scheduled_2024-01-02', 'success')).toBeVisible();
  await runCell(page, /backfill_2024-01-01\S*/, 'success').click();
  await page.getByRole('link', { name: 'Why', exact: true }).click();
  await expect(page.getByRole('row', { name: /devices@3/ })).toContainText('+100');
  await page.getByRole('link', { name: 'Partitions', exact: true }).click();
  await expect(page.getByRole('gridcell', { name: /2024-01-01: complete/ })).toBeVisible();
  await page.setViewportSize({ width: 375, height: 780 });
  await expectNoOverflow(page);
  expect(faults.list).toEqual([]);
});
