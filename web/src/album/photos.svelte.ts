// A list of photos, newest first: loaded page by page, kept fresh by the changes feed.
import { listPhotos, type Query } from '../api/album';
import { explain, isAbort } from '../api/client';
import type { Change, Photo } from '../api/types';
import { place, without } from './order';

export class PhotoList {
  photos = $state.raw<Photo[]>([]);
  loading = $state(true);
  error = $state('');
  complete = $state(false);

  #cursor: string | undefined;
  #abort = new AbortController();

  constructor(readonly query: Query) {}

  /** Loads the next page, if there is one and none is on its way. */
  async more(): Promise<void> {
    if (this.complete || (this.loading && this.#started)) return;
    this.#started = true;
    this.loading = true;
    this.error = '';
    try {
      const page = await listPhotos(this.query, this.#cursor, this.#abort.signal);
      const known = new Set(this.photos.map((photo) => photo.id));
      this.photos = this.photos.concat(page.photos.filter((photo) => !known.has(photo.id)));
      this.#cursor = page.cursor;
      this.complete = page.cursor === undefined;
    } catch (error) {
      if (isAbort(error)) return;
      this.error = explain(error);
    }
    this.loading = false;
  }
  #started = false;

  /** Stops what is on its way. */
  stop(): void {
    this.#abort.abort();
  }

  /** Takes changes from the feed, all at once. */
  apply(changes: readonly Change[]): void {
    let photos = this.photos;
    for (const change of changes) {
      if (change.change === 'gone') photos = without(photos, change.id);
      else photos = this.#merge(photos, change.photo);
    }
    this.photos = photos;
  }

  /** Shows `photo` as it is now, or takes it out if it no longer belongs here. */
  put(photo: Photo): void {
    this.photos = this.#merge(this.photos, photo);
  }

  /** Puts back a photo that was taken out of this very list, a search included. */
  giveBack(photo: Photo): void {
    this.photos = place(without(this.photos, photo.id), photo, true);
  }

  remove(id: string): void {
    this.photos = without(this.photos, id);
  }

  #merge(photos: Photo[], photo: Photo): Photo[] {
    const known = photos.find((other) => other.id === photo.id);
    // The feed repeats itself; taking a repeat would load the same picture by another URL.
    if (known && known.version >= photo.version) return photos;
    if ((photo.status === 'trashed') !== Boolean(this.query.trashed)) {
      return known ? without(photos, photo.id) : photos;
    }
    if (this.query.bbox) {
      return photos.map((other) => (other.id === photo.id ? photo : other));
    }
    if (!known && (this.query.q || !photo.sort_date)) return photos;
    return place(photos, photo, this.complete);
  }
}
