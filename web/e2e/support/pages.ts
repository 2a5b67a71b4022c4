import { expect, type Page } from '@playwright/test';

export async function signIn(page: Page, url: string, path = '/'): Promise<void> {
  await page.goto(url + path);
  await page.getByLabel('Name').fill('dedp');
  await page.getByRole('textbox', { name: 'Password' }).fill('dedp');
  await page.getByRole('button', { name: 'Sign in' }).click();
  await expect(page.getByText('live', { exact: true })).toBeVisible();
}

/** A run in the grid, by its name and state. */
export const runCell = (page: Page, run: RegExp | string, state: string) =>
  page.getByRole('gridcell', { name: new RegExp(`^${typeof run === 'string' ? run : run.source}: ${state}`) });
