// Keeps files that are on their way in the browser's own database, so that a reload loses none.

/** A file that is not yet stored, with what its owner said about it. */
export interface Saved {
  key: string;
  owner: string;
  file: File;
  tags: string[];
  description: string;
}

function open(): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open('cloudalbum-uploads', 1);
    request.onupgradeneeded = () => request.result.createObjectStore('files', { keyPath: 'key' });
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

let database: Promise<IDBDatabase> | undefined;

async function run<T>(
  mode: IDBTransactionMode,
  act: (store: IDBObjectStore) => IDBRequest<T>,
): Promise<T> {
  const db = await (database ??= open());
  return new Promise((resolve, reject) => {
    const request = act(db.transaction('files', mode).objectStore('files'));
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

/** Remembers a file. A browser that refuses (private window, full disk) only loses the resume. */
export async function save(entry: Saved): Promise<void> {
  await run('readwrite', (store) => store.put(entry)).catch(() => undefined);
}

export async function forget(key: string): Promise<void> {
  await run('readwrite', (store) => store.delete(key)).catch(() => undefined);
}

/** The files that `owner` had on the way. */
export async function recall(owner: string): Promise<Saved[]> {
  const all = await run<Saved[]>('readonly', (store) => store.getAll()).catch(() => []);
  return all.filter((entry) => entry.owner === owner);
}
