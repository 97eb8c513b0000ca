// The queue of files on their way to the album: hash, ask, send, follow. Uppy is not used: its S3
// plugin asks for one grant a file and sends parts without a hash, where one manifest grants a
// thousand files here and every part is bound to its own hash.
import { getPhoto, postManifest } from '../api/album';
import { ApiError, explain, isAbort } from '../api/client';
import type { Change, EntryAnswer } from '../api/types';
import { hashFile } from './hasher';
import { afterAnswer, afterChange, afterPut, isFinal, mediaType, type Step } from './machine';
import { UploadItem } from './item.svelte';
import { putParts } from './parts';
import { forget, recall, save } from './saved';
import { put } from './send';
import { Tally } from './tally';

const senders = 4;
const manifestLimit = 1_000;
/** No more grants than this wait at a time, so that none expires before its turn. */
const grantsAhead = 100;

class UploadQueue {
  items = $state.raw<UploadItem[]>([]);
  /** Files chosen, whose owner has not said go. */
  staged = $state.raw<UploadItem[]>([]);
  paused = $state(false);
  open = $state(false);
  /** Why nothing can be asked right now. */
  trouble = $state('');
  tally = $derived(new Tally(this.items));

  #owner = '';
  #abort = new AbortController();
  #hashing = false;
  #asking = false;
  #sending = 0;

  /** Takes up what `owner` had on the way when the page was last left. */
  async resume(owner: string): Promise<void> {
    if (this.#owner === owner) return;
    this.#owner = owner;
    const saved = await recall(owner);
    if (saved.length === 0) return;
    const items = saved.map(({ key, file, tags, description }) => {
      const item = new UploadItem(file, mediaType(file.name, file.type), key);
      item.tags = tags;
      item.description = description;
      return item;
    });
    this.items = [...this.items, ...items];
    this.open = true;
    this.pump();
  }

  /** Stages files for the owner to look over; hashing starts at once. */
  stage(files: readonly File[]): void {
    const all = [...this.items, ...this.staged].filter((item) => !isFinal(item.state));
    const known = new Set(all.map((item) => item.sameness));
    const items = files
      .map((file) => new UploadItem(file, mediaType(file.name, file.type)))
      .filter((item) => !known.has(item.sameness));
    this.staged = [...this.staged, ...items];
    this.open = true;
    this.pump();
  }

  /** Sends what is staged, with these words on every photo. */
  start(tags: string[], description: string): void {
    const items = this.staged;
    for (const item of items) {
      item.tags = tags;
      item.description = description;
      if (item.state === 'failed') continue;
      const { key, file } = item;
      void save({ key, owner: this.#owner, file, tags, description });
    }
    this.staged = [];
    this.items = [...items, ...this.items];
    this.pump();
  }

  unstage(): void {
    this.staged = [];
  }

  pause(): void {
    this.paused = true;
    this.#abort.abort();
  }

  unpause(): void {
    this.paused = false;
    this.#abort = new AbortController();
    this.pump();
  }

  /** Tries once more what failed and may succeed. */
  retry(item?: UploadItem): void {
    for (const one of item ? [item] : this.items) {
      if (one.state !== 'failed' || one.lasting) continue;
      one.attempt = 0;
      one.reason = '';
      one.state = one.sha256 ? 'hashed' : 'waiting';
    }
    this.pump();
  }

  /** Drops what is finished from the list. */
  clear(): void {
    this.items = this.items.filter((item) => !isFinal(item.state));
    if (this.items.length === 0) this.open = false;
  }

  /** Gives up everything that is not stored. */
  cancel(): void {
    this.#abort.abort();
    this.#abort = new AbortController();
    for (const item of this.items) void forget(item.key);
    this.items = this.items.filter((item) => isFinal(item.state) || item.state === 'processing');
    this.paused = false;
  }

  /** Settles files by what the feed says about their photos. */
  apply(changes: readonly Change[]): void {
    for (const change of changes) {
      if (change.change !== 'photo') continue;
      const item = this.items.find(
        (one) => one.photoId === change.photo.id && one.state === 'processing',
      );
      if (item) this.#settle(item, change.photo);
    }
  }

  #settle(item: UploadItem, photo: Parameters<UploadItem['show']>[0]): void {
    item.show(photo);
    item.state = afterChange(photo.status);
    const [failure] = photo.failures;
    if (item.state === 'failed' && failure) {
      item.reason = `${failure.detail || failure.code}. ${failure.advice}`;
      item.lasting = true;
    }
  }

  pump(): void {
    if (!this.#hashing) void this.#hashNext();
    if (!this.paused && !this.#asking) void this.#ask();
    while (!this.paused && this.#sending < senders) {
      const item = this.items.find((one) => one.state === 'granted');
      if (!item) break;
      void this.#send(item);
    }
  }

  async #hashNext(): Promise<void> {
    const next = (items: UploadItem[]) => items.find((one) => one.state === 'waiting');
    this.#hashing = true;
    for (let item = next(this.items) ?? next(this.staged); item;) {
      const one = item;
      one.state = 'hashing';
      try {
        one.sha256 = await hashFile(one.file, (done) => (one.hashed = done));
        one.state = 'hashed';
      } catch (error) {
        one.fail(explain(error), true);
        void forget(one.key);
      }
      if (!this.paused && !this.#asking) void this.#ask();
      item = next(this.items) ?? next(this.staged);
    }
    this.#hashing = false;
  }

  async #ask(): Promise<void> {
    const granted = this.items.filter((item) => item.state === 'granted').length;
    const now = Date.now();
    const due = this.items.filter((item) => item.state === 'hashed' && item.notBefore <= now);
    const batch = granted < grantsAhead ? due.slice(0, manifestLimit) : [];
    if (batch.length === 0) return;
    this.#asking = true;
    for (const item of batch) item.state = 'asking';
    try {
      const { photos } = await postManifest(
        batch.map((item) => item.entry()),
        this.#abort.signal,
      );
      this.trouble = '';
      batch.forEach((item, index) => this.#answered(item, photos[index]));
    } catch (error) {
      this.#unanswered(batch, error);
    }
    this.#asking = false;
    this.pump();
  }

  #answered(item: UploadItem, answer: EntryAnswer): void {
    if ('photo_id' in answer && answer.photo_id) item.photoId = answer.photo_id;
    if (answer.status === 'upload') item.upload = answer.upload;
    this.#step(item, afterAnswer(answer, item.attempt > 0));
    if (item.state === 'processing' || item.state === 'duplicate') void this.#look(item);
  }

  #unanswered(batch: UploadItem[], error: unknown): void {
    const lasting = error instanceof ApiError && !error.passing && error.status !== 401;
    if (!isAbort(error)) this.trouble = explain(error);
    for (const item of batch) {
      if (lasting) item.fail(explain(error), false);
      else this.#step(item, { to: 'hashed', after: isAbort(error) ? 0 : 5 });
    }
  }

  async #send(item: UploadItem): Promise<void> {
    this.#sending += 1;
    item.state = 'sending';
    item.attempt += 1;
    const { signal } = this.#abort;
    try {
      const status = await this.#transfer(item, signal);
      const step = afterPut(status, item.attempt);
      this.#step(item, step);
      if (step.to === 'processing') void this.#look(item);
    } catch (error) {
      item.sent = 0;
      if (isAbort(error)) item.state = 'hashed';
      else this.#step(item, afterPut(error instanceof ApiError ? error.status : 0, item.attempt));
    }
    this.#sending -= 1;
    this.pump();
  }

  #transfer(item: UploadItem, signal: AbortSignal): Promise<number> {
    const progress = (sent: number) => (item.sent = Math.min(sent, item.size));
    const upload = item.upload;
    if (!upload) return Promise.resolve(403);
    if ('multipart' in upload) {
      return putParts(item.photoId, item.file, upload.multipart.part_size, progress, signal);
    }
    return put(upload.url, upload.headers, item.file, progress, signal);
  }

  /** Reads the photo once: the feed may have told of it before we listened. */
  async #look(item: UploadItem): Promise<void> {
    try {
      const photo = await getPhoto(item.photoId);
      if (item.state === 'processing') this.#settle(item, photo);
      else item.show(photo);
    } catch {
      // The feed will tell.
    }
  }

  #step(item: UploadItem, step: Step): void {
    switch (step.to) {
      case 'failed':
        item.fail(step.reason, step.lasting);
        if (step.lasting) void forget(item.key);
        break;
      case 'hashed':
        item.state = 'hashed';
        item.sent = 0;
        item.notBefore = Date.now() + step.after * 1000;
        setTimeout(() => this.pump(), step.after * 1000 + 5);
        break;
      case 'granted':
        item.state = 'granted';
        break;
      default:
        item.state = step.to;
        item.sent = item.size;
        void forget(item.key);
    }
  }
}

/** The one queue of this page. */
export const queue = new UploadQueue();
