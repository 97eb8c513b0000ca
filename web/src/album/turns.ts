// Small pieces of work that are done in turn, a few milliseconds of each frame, so that hundreds
// of them never keep the page from answering.

const shareMilliseconds = 6;
const waiting = new Set<() => void>();
let begun = false;

/** Does `work` in one of the next frames; the answer takes it back. */
export function inTurn(work: () => void): () => void {
  waiting.add(work);
  begin();
  return () => waiting.delete(work);
}

function begin() {
  if (begun || waiting.size === 0) return;
  begun = true;
  requestAnimationFrame(() => {
    begun = false;
    const end = performance.now() + shareMilliseconds;
    for (const work of waiting) {
      waiting.delete(work);
      work();
      if (performance.now() >= end) break;
    }
    begin();
  });
}
