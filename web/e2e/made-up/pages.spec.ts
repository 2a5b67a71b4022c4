import { expect, test } from '@playwright/test';
import { type FakeServer, startFakeServer } from '../../support/fake-api/server';
import * as world from '../../support/fake-api/world';
import { axe, expectNoOverflow, type Faults, watchFaults } from '../support/page-checks';

const id = 'devices_loader';
const failed = '/pipelines/devices_loader/runs/';

const pages: [name: string, path: string, ready: string][] = [
  ['pipelines', '/pipelines', 'many_runs'],
  ['grid', `/pipelines/${id}`, 'backfill [ ]'],
  ['plan', `/pipelines/${id}/plan`, 'Held back'],
  ['plan-all', '/plan', 'Held back'],
  ['partitions', `/pipelines/${id}/partitions`, 'never processed'],
  ['partition', `/pipelines/${id}/partitions?partition=event_time%3D2026-11-21`, 'What changed it'],
  ['partition-list', `/pipelines/${id}/partitions?view=list`, 'never processed'],
  ['versions', `/pipelines/${id}/versions`, 'last built here'],
  ['lateness', `/pipelines/${id}/lateness`, 'Suggested policy'],
  ['graph', `/pipelines/${id}/graph`, 'publish'],
  ['definition', `/pipelines/${id}/definition`, 'max_active_runs'],
  ['events', `/pipelines/${id}/events`, 'run.created'],
  ['run-graph', `${failed}latest/graph`, 'publish'],
  ['run-gantt', `${failed}latest/gantt`, 'process_devices'],
  ['run-logs', `${failed}latest/logs`, 'Download'],
  ['run-why', `${failed}latest/why`, 'What happened'],
  ['run-definition', `${failed}latest/definition`, 'sources'],
  ['run-audit', `${failed}latest/audit`, 'Who'],
  ['tables', '/tables', 'devices_by_type'],
  ['table', '/tables/t1', 'Commits'],
  ['cascade', '/cascade', 'device_report'],
  ['audit', '/audit', 'Who'],
  ['settings-account', '/settings/account', 'Change password'],
  ['settings-tokens', '/settings/tokens', 'airflow'],
  ['settings-users', '/settings/users', 'watcher'],
];

let fake: FakeServer;
test.beforeAll(async () => {
  fake = await startFakeServer();
});
test.afterAll(() => fake.close());

for (const scheme of ['light', 'dark'] as const) {
  for (const [name, path, ready] of pages) {
    test(`${name}, ${scheme}: axe, policy, console and width`, { tag: '@full' }, async ({ page }) => {
      const faults: Faults = await watchFaults(page);
      await page.clock.install({ time: world.now });
      await page.emulateMedia({ colorScheme: scheme, reducedMotion: 'reduce' });
      await page.goto(fake.url.replace(/\/$/, '') + path);
      await expect(page.getByText(ready).first()).toBeAttached();
      await expect(page.getByText(/^Loading /)).toHaveCount(0);
      if (process.env.PICTURES) {
        // Only the pictures of the docs; see script/web pictures.
        await page.screenshot({ path: `${process.env.PICTURES}/${name}-${scheme}.png` });
        return;
      }
      expect(await axe(page)).toEqual([]);
      await expectNoOverflow(page);
      if (scheme === 'light') {
        await page.setViewportSize({ width: 375, height: 780 });
        await expectNoOverflow(page);
        expect(await axe(page)).toEqual([]);
      }
      expect(faults.list).toEqual([]);
    });
  }
}
