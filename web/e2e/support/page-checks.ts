import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { expect, type Page } from '@playwright/test';

const axeSource = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

export interface Faults {
  /** Refusals of the content security policy, uncaught errors, and errors on the console. */
  list: string[];
}

/** Gathers what goes wrong on a page, from now on. */
export async function watchFaults(page: Page): Promise<Faults> {
  const faults: Faults = { list: [] };
  await page.exposeFunction('reportViolation', (text: string) => faults.list.push(text));
  await page.addInitScript(() => {
    document.addEventListener('securitypolicyviolation', (event) => {
      (window as unknown as { reportViolation: (text: string) => void }).reportViolation(
        `policy: ${event.violatedDirective} ${event.blockedURI} ${event.sample}`,
      );
    });
  });
  page.on('pageerror', (error) => faults.list.push(`uncaught: ${error.message}`));
  page.on('console', (message) => {
    if (message.type() === 'error' && !/Failed to load resource/.test(message.text()))
      faults.list.push(`console: ${message.text()}`);
  });
  return faults;
}

interface AxeResult {
  violations: { id: string; help: string; nodes: { target: string[]; failureSummary: string }[] }[];
}

/** What axe finds on the page as it is. */
export async function axe(page: Page): Promise<string[]> {
  await page.evaluate(axeSource);
  const result = await page.evaluate(async () => {
    const runner = (window as unknown as { axe: { run: (options: object) => Promise<unknown> } }).axe;
    return (await runner.run({ runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'best-practice'] })) as object;
  });
  return (result as AxeResult).violations.flatMap(({ id, nodes }) =>
    nodes.slice(0, 3).map((node) => `${id}: ${node.target.join(' ')}: ${node.failureSummary.split('\n')[1]?.trim()}`),
  );
}

/** Nothing reaches beyond the right edge. */
export async function expectNoOverflow(page: Page): Promise<void> {
  const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  expect(wide, 'pixels beyond the right edge').toBeLessThanOrEqual(0);
}
