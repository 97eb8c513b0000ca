// Hashes files off the main thread, as a stream: crypto.subtle would need the whole file at once
// and exists on secure origins only.
import { hashBlob } from './hash';

self.onmessage = async (event: MessageEvent<{ id: number; file: Blob }>) => {
  const { id, file } = event.data;
  try {
    const sha256 = await hashBlob(file, (done) => self.postMessage({ id, done }));
    self.postMessage({ id, sha256 });
  } catch (error) {
    self.postMessage({ id, error: error instanceof Error ? error.message : 'unreadable' });
  }
};
