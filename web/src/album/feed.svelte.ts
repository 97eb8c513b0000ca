// Follows the changes feed and hands every change to those who listen.
import { getChanges } from '../api/album';
import { ApiError, isAbort } from '../api/client';
import type { Change } from '../api/types';

type Listener = (changes: readonly Change[]) => void;

const listeners = new Set<Listener>();

/** Whether the feed is heard. */
export const feed = $state({ live: true });

/** Hands changes to `listener` until the returned function is called. */
export function listen(listener: Listener): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** Follows the feed until the returned function is called. */
export function follow(): () => void {
  const abort = new AbortController();
  void run(abort.signal);
  return () => abort.abort();
}

/** Starts at now: what was before, the pages that are loaded tell. */
async function run(signal: AbortSignal): Promise<void> {
  let cursor = 'now';
  let failures = 0;
  let before = '';
  while (!signal.aborted) {
    try {
      const answer = await getChanges(cursor, cursor === 'now' ? 0 : 20, signal);
      feed.live = true;
      failures = 0;
      cursor = answer.cursor;
      const told = answer.changes.map(spell).join(' ');
      if (told && told !== before) {
        for (const listener of listeners) listener(answer.changes);
      }
      // A repeat comes at once, since the cursor overlaps: the next one need not.
      const wait = told && told === before ? 1 : answer.more ? 0 : answer.poll_after;
      before = told;
      if (wait > 0) await pause(wait * 1000, signal);
    } catch (error) {
      if (isAbort(error) || (error instanceof ApiError && error.status === 401)) return;
      if (error instanceof ApiError && error.status === 422) cursor = 'now';
      failures += 1;
      feed.live = failures < 2;
      await pause(Math.min(30_000, 1_000 * 2 ** failures), signal);
    }
  }
}

function spell(change: Change): string {
  return change.change === 'photo'
    ? `${change.photo.id}:${change.photo.version}`
    : `${change.id}:${change.version}`;
}

/** Waits; a page that comes back to the front or online does not wait on. */
function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      removeEventListener('online', done);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, milliseconds);
    addEventListener('online', done);
    signal.addEventListener('abort', done);
  });
}
