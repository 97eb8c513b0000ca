// Sends a large file in parts, each bound to its own hash; parts that arrived are not sent again.
import { call } from '../api/client';
import { hashFile } from './hasher';
import { put } from './send';

interface PartGrant {
  number: number;
  url: string;
  headers: Record<string, string>;
}
interface PartHeld {
  number: number;
}

/** The status that ended it, as for a single PUT. */
export async function putParts(
  photoId: string,
  file: Blob,
  partSize: number,
  progress: (sent: number) => void,
  signal: AbortSignal,
): Promise<number> {
  const base = `/v1/uploads/${encodeURIComponent(photoId)}`;
  const held = await call<{ parts: PartHeld[] }>('GET', `${base}/parts`, undefined, signal);
  const done = new Set(held.parts.map((part) => part.number));
  let sent = done.size * partSize;
  for (let number = 1; (number - 1) * partSize < file.size; number += 1) {
    if (done.has(number)) continue;
    const part = file.slice((number - 1) * partSize, number * partSize);
    const sha256 = await hashFile(part, () => {});
    const wanted = { parts: [{ number, sha256, size: part.size }] };
    const grant = await call<{ parts: PartGrant[] }>('POST', `${base}/parts`, wanted, signal);
    const [signed] = grant.parts;
    const before = sent;
    // A part that arrived meanwhile is left out of the answer.
    if (signed) {
      const told = (bytes: number) => progress(before + bytes);
      const status = await put(signed.url, signed.headers, part, told, signal);
      if (status < 200 || status >= 300) return status;
    }
    sent += part.size;
    progress(sent);
  }
  await call('POST', `${base}/complete`, undefined, signal);
  return 200;
}
