// The tags of many photos at a time.

/** The tags of `photos`, each once, the most frequent first. */
export function tagsOf(photos: readonly { tags: readonly string[] }[]): string[] {
  const counts = new Map<string, number>();
  for (const { tags } of photos) {
    for (const tag of tags) counts.set(tag, (counts.get(tag) ?? 0) + 1);
  }
  return [...counts].sort(([, one], [, other]) => other - one).map(([tag]) => tag);
}

/** `tags` with `add` and without `off`, or nothing where that changes nothing. */
export function retagged(
  tags: readonly string[],
  add: readonly string[],
  off: readonly string[],
): string[] | undefined {
  const now = [...new Set([...tags.filter((tag) => !off.includes(tag)), ...add])];
  return now.join('\n') === tags.join('\n') ? undefined : now;
}
