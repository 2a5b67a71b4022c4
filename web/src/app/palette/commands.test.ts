import { describe, expect, it } from 'vitest';
import { type Command, findCommands, score } from './commands';

const command = (label: string): Command => ({ id: label, label, hint: '', run: () => {} });

describe('the command palette', () => {
  it('finds letters in order, words first', () => {
    const all = ['Pause devices_loader', 'devices_loader', 'Definition', 'loader_of_devices'].map(command);
    expect(findCommands(all, 'dev').map(({ label }) => label)).toEqual([
      'devices_loader',
      'Pause devices_loader',
      'loader_of_devices',
    ]);
    expect(findCommands(all, 'dfn').map(({ label }) => label)).toEqual(['Definition']);
  });
  it('keeps the order when nothing is typed, and shows a dozen', () => {
    const all = Array.from({ length: 30 }, (_, index) => command(`c${index}`));
    expect(findCommands(all, '  ').map(({ label }) => label)).toEqual(all.slice(0, 12).map(({ label }) => label));
  });
  it('finds nothing for letters in another order', () => expect(score('abc', 'cb')).toBeNull());
});
