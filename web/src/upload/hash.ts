// SHA-256 of a file of any size, in constant memory.
import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex } from '@noble/hashes/utils.js';

/** 64 lower-case hexadecimal digits; `progress` hears how many bytes are done. */
export async function hashBlob(blob: Blob, progress: (done: number) => void): Promise<string> {
  const hash = sha256.create();
  const reader = blob.stream().getReader();
  let done = 0;
  let told = 0;
  for (;;) {
    const chunk = await reader.read();
    if (chunk.done) break;
    hash.update(chunk.value);
    done += chunk.value.length;
    if (done - told > 4_000_000) progress((told = done));
  }
  if (done !== blob.size) throw new Error('the file changed while it was read');
  return bytesToHex(hash.digest());
}

/** The base64 spelling that S3 uses of a hexadecimal hash. */
export function base64OfHex(hex: string): string {
  const bytes = hex.match(/../g)?.map((pair) => String.fromCharCode(Number.parseInt(pair, 16)));
  return btoa(bytes?.join('') ?? '');
}
