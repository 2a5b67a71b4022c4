// How long after an action somebody else sees it. Measured and printed, not asserted.
import { expect, test } from '@playwright/test';
import { report } from '../support/measure';
import { signIn } from '../support/pages';
import { Program } from '../support/program';

test('from the answer to an action to the page of another viewer', { tag: ['@full', '@measure'] }, async ({
  page,
  browser,
}) => {
  const program = new Program();
  await program.loadThreeDays();
  await program.serve();
  const other = await (await browser.newContext()).newPage();
  await signIn(page, program.url, '/pipelines');
  await signIn(other, program.url, '/pipelines');
  const times: number[] = [];
  for (let turn = 0; turn < 10; turn += 1) {
    const wanted = turn % 2 === 0 ? 'false' : 'true';
    const seen = other.waitForFunction(
      (state) => {
        const input = document.querySelector<HTMLInputElement>('input[aria-label="devices_loader is active"]');
        return input && String(input.checked) === state ? Date.now() : false;
      },
      wanted,
      { polling: 'raf' },
    );
    const answered = page.waitForResponse(/\/(pause|resume)$/).then(() => Date.now());
    await page.getByRole('switch', { name: 'devices_loader is active' }).click({ force: true });
    const [at, there] = await Promise.all([answered, seen.then((handle) => handle.jsonValue())]);
    times.push(Math.max(0, Number(there) - at));
    await expect(page.getByRole('switch', { name: 'devices_loader is active' })).toBeChecked({
      checked: wanted === 'true',
    });
  }
  report('an action, from its answer to the page of another viewer', times);
  expect(times).toHaveLength(10);
  await program.remove();
});
