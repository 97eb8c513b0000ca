// What becomes of a file on its way to the album: states, and what each answer means.
import type { EntryAnswer, Status } from '../api/types';

export type UploadState =
  | 'waiting' // for its hash
  | 'hashing'
  | 'hashed' // and to be asked about in a manifest
  | 'asking'
  | 'granted' // and to be sent
  | 'sending'
  | 'processing' // stored; thumbnails and metadata are being made
  | 'ready'
  | 'duplicate'
  | 'failed';

/** States in which nothing more will happen by itself. */
export function isFinal(state: UploadState): boolean {
  return state === 'ready' || state === 'duplicate' || state === 'failed';
}

/** What to do after a manifest was answered. */
export type Step =
  | { to: 'granted' }
  | { to: 'processing' | 'duplicate' }
  | { to: 'failed'; reason: string; lasting: boolean }
  | { to: 'hashed'; after: number };

/** `sent`: whether we sent this file's bytes ourselves before. */
export function afterAnswer(answer: EntryAnswer, sent: boolean): Step {
  switch (answer.status) {
    case 'upload':
      return { to: 'granted' };
    case 'stored':
      return { to: sent ? 'processing' : 'duplicate' };
    case 'refused':
      return { to: 'failed', reason: answer.error.detail || answer.error.code, lasting: true };
    case 'later':
      return { to: 'hashed', after: Math.max(1, answer.retry_after) };
  }
}

/** What to do after a PUT came back with `status`; 0 means that it did not come back. */
export function afterPut(status: number, attempt: number): Step {
  if ((status >= 200 && status < 300) || status === 412) {
    return { to: 'processing' };
  }
  if (attempt >= 5) {
    const reason =
      status === 0 ? 'the connection broke off' : `the storage refused the file (${status})`;
    return { to: 'failed', reason, lasting: false };
  }
  // The grant may have expired (403) or the bytes may have arrived all the same:
  // asking again is always right, since a manifest can be repeated.
  return { to: 'hashed', after: status === 403 ? 0 : Math.min(30, 2 ** (attempt - 1)) };
}

/** What the changes feed says about a file that is stored. */
export function afterChange(status: Status): UploadState {
  switch (status) {
    case 'ready':
      return 'ready';
    case 'failed':
      return 'failed';
    case 'trashed':
      return 'ready';
    default:
      return 'processing';
  }
}

const types: Record<string, string> = {
  jpg: 'image/jpeg',
  jpeg: 'image/jpeg',
  jpe: 'image/jpeg',
  png: 'image/png',
  gif: 'image/gif',
  webp: 'image/webp',
  tif: 'image/tiff',
  tiff: 'image/tiff',
  bmp: 'image/bmp',
  heic: 'image/heic',
  heif: 'image/heif',
  avif: 'image/avif',
};

/** The media type of an accepted photo; some browsers do not know HEIC, hence the name's end. */
export function mediaType(name: string, type: string): string | undefined {
  if (Object.values(types).includes(type)) return type;
  const end = name.includes('.') ? name.slice(name.lastIndexOf('.') + 1).toLowerCase() : '';
  return types[end];
}

/** Tags from a line in which they are separated by commas. */
export function parseTags(line: string): string[] {
  const tags = line.split(/[,\n]/).map((tag) => tag.trim().replace(/^#/, ''));
  return [...new Set(tags.filter(Boolean))];
}
