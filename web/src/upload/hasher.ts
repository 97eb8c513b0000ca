// Asks the worker for hashes, one file at a time.

type Waiting = {
  resolve: (sha256: string) => void;
  reject: (error: Error) => void;
  progress: (done: number) => void;
};
type Message = { id: number; done?: number; sha256?: string; error?: string };

let worker: Worker | undefined;
let last = 0;
const waiting = new Map<number, Waiting>();

/** The SHA-256 of a file, computed in the worker. */
export function hashFile(file: Blob, progress: (done: number) => void): Promise<string> {
  worker ??= start();
  const id = ++last;
  return new Promise((resolve, reject) => {
    waiting.set(id, { resolve, reject, progress });
    worker?.postMessage({ id, file });
  });
}

function start(): Worker {
  const started = new Worker(new URL('./hash.worker.ts', import.meta.url), { type: 'module' });
  started.onmessage = ({ data }: MessageEvent<Message>) => {
    const one = waiting.get(data.id);
    if (data.done !== undefined) {
      one?.progress(data.done);
      return;
    }
    waiting.delete(data.id);
    if (data.sha256) one?.resolve(data.sha256);
    else one?.reject(new Error(`the file cannot be read: ${data.error}`));
  };
  started.onerror = () => {
    for (const one of waiting.values()) one.reject(new Error('hashing failed'));
    waiting.clear();
    worker = undefined;
  };
  return started;
}
