// What the browser needs. Measured and printed, not asserted: it depends on the machine.
import { expect, test } from '@playwright/test';
import { startFakeServer } from '../../support/fake-api/server';
import { report } from '../support/measure';

test('the first view of a grid with 2,000 runs of 20 steps', { tag: '@full' }, async ({ browser }) => {
  const fake = await startFakeServer();
  const times: number[] = [];
  const processor: number[] = [];
  for (let turn = 0; turn < 7; turn += 1) {
    // A new context has an empty cache.
    const context = await browser.newContext();
    const page = await context.newPage();
    const client = await context.newCDPSession(page);
    await client.send('Performance.enable');
    await page.goto(`${fake.url}pipelines/many_runs`, { waitUntil: 'commit' });
    await page.waitForFunction(() => document.querySelectorAll('[role=gridcell]').length > 100, undefined, {
      polling: 'raf',
    });
    // From the start of the navigation to the frame in which the cells are there.
    times.push(await page.evaluate(() => performance.now()));
    const { metrics } = await client.send('Performance.getMetrics');
    processor.push(1000 * (metrics.find(({ name }) => name === 'ProcessTime')?.value ?? Number.NaN));
    await context.close();
  }
  await fake.close();
  report('first view of a grid, 2,000 runs x 20 steps, cold cache', times);
  report('of which the page’s process worked', processor);
  expect(times).toHaveLength(7);
});
