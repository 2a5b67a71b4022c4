export interface Command {
  id: string;
  label: string;
  hint: string;
  run: () => void;
}

/** How well a text matches what was typed: lower is better, null is not at all. Letters must come in order. */
export function score(text: string, typed: string): number | null {
  const haystack = text.toLowerCase();
  const needle = typed.trim().toLowerCase();
  if (needle === '') return 0;
  const at = haystack.indexOf(needle);
  if (at >= 0) return at === 0 || /[\s_\-.:/]/.test(haystack[at - 1] ?? ' ') ? at / 100 : 1 + at / 100;
  let from = 0;
  let gaps = 0;
  for (const letter of needle) {
    if (letter === ' ') continue;
    const next = haystack.indexOf(letter, from);
    if (next < 0) return null;
    gaps += next - from;
    from = next + 1;
  }
  return 10 + gaps / 10;
}

export function findCommands(commands: Command[], typed: string, most = 12): Command[] {
  return commands
    .map((command, order) => ({ command, order, score: score(`${command.label} ${command.hint}`, typed) }))
    .filter((entry): entry is typeof entry & { score: number } => entry.score !== null)
    .sort((a, b) => a.score - b.score || a.order - b.order)
    .slice(0, most)
    .map((entry) => entry.command);
}
