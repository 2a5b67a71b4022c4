// What the first view of a long grid takes with the real program. Measured and printed, not asserted: it depends on the
// machine.
import { expect, test } from '@playwright/test';
import { report } from '../support/measure';
import { signIn } from '../support/pages';
import { Program } from '../support/program';

test('the first view of the grid of 2,000 runs of 20 steps', { tag: ['@full', '@measure'] }, async ({ browser }) => {
  const program = new Program();
  await program.makeManyRuns(2000);
  await program.serve({ pipelines: 'pipelines' });
  const first = await browser.newContext();
  await signIn(await first.newPage(), program.url, '/pipelines');
  const storageState = await first.storageState();
  await first.close();
  const times: number[] = [];
  const answered: number[] = [];
  for (let turn = 0; turn < 7; turn += 1) {
    // A new context has an empty cache.
    const context = await browser.newContext({ storageState });
    const page = await context.newPage();
    await page.goto(`${program.url}/pipelines/many`, { waitUntil: 'commit' });
    await page.waitForFunction(() => document.querySelectorAll('[role=gridcell]').length > 100, undefined, {
      polling: 'raf',
    });
    // From the start of the navigation to the frame in which the cells are there.
    times.push(await page.evaluate(() => performance.now()));
    answered.push(
      await page.evaluate(() => {
        const grids = performance.getEntriesByType('resource').filter(({ name }) => name.includes('/grid'));
        return (grids as PerformanceResourceTiming[])[0]?.responseEnd ?? Number.NaN;
      }),
    );
    await context.close();
  }
  await program.remove();
  report('first view of the grid, 2,000 runs of 20 steps, empty cache', times);
  report('of that, until the runs were there', answered);
  expect(times).toHaveLength(7);
});
