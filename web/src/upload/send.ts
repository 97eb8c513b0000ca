// Sends bytes to the storage, with progress. Our own service carries none of them.

/** The status the storage answered with, 0 if it did not answer. Headers go exactly as granted. */
export function put(
  url: string,
  headers: Record<string, string>,
  body: Blob,
  progress: (sent: number) => void,
  signal: AbortSignal,
): Promise<number> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    const abort = () => request.abort();
    const settle = (status: number) => {
      signal.removeEventListener('abort', abort);
      resolve(status);
    };
    request.open('PUT', url);
    for (const [name, value] of Object.entries(headers)) {
      // The browser sets these itself, from the body and the address.
      if (!/^(content-length|host)$/i.test(name)) request.setRequestHeader(name, value);
    }
    request.upload.onprogress = (event) => progress(event.loaded);
    request.onload = () => settle(request.status);
    request.onerror = () => settle(0);
    request.ontimeout = () => settle(0);
    request.onabort = () => reject(new DOMException('paused', 'AbortError'));
    if (signal.aborted) {
      reject(new DOMException('paused', 'AbortError'));
      return;
    }
    signal.addEventListener('abort', abort);
    request.send(body);
  });
}
