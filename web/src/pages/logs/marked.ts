/** A text in parts, those that were searched for marked; letters of any case. */
export function marked(text: string, search: string): { text: string; hit: boolean }[] {
  if (search === '') return [{ text, hit: false }];
  const haystack = text.toLowerCase();
  const needle = search.toLowerCase();
  // Some letters change their length with their case; then places would not agree.
  if (haystack.length !== text.length || needle === '') return [{ text, hit: false }];
  const parts: { text: string; hit: boolean }[] = [];
  let from = 0;
  for (let at = haystack.indexOf(needle); at >= 0; at = haystack.indexOf(needle, from)) {
    if (at > from) parts.push({ text: text.slice(from, at), hit: false });
    from = at + needle.length;
    parts.push({ text: text.slice(at, from), hit: true });
  }
  if (from < text.length) parts.push({ text: text.slice(from), hit: false });
  return parts;
}
