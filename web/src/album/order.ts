// The order of a list of photos: newest first, as the service sorts it.
import type { Photo } from '../api/types';

/** What a photo is sorted by. */
export function sortKey(photo: Photo): string {
  return photo.sort_date ?? photo.uploaded_at;
}

/**
 * The list with `photo` at its place. A new photo older than everything loaded
 * is left to the page that will bring it, unless the list is `complete`.
 */
export function place(photos: Photo[], photo: Photo, complete: boolean): Photo[] {
  const at = photos.findIndex((other) => other.id === photo.id);
  if (at >= 0 && sortKey(photos[at]) === sortKey(photo)) {
    return photos.with(at, photo);
  }
  const rest = at >= 0 ? photos.toSpliced(at, 1) : photos;
  const key = sortKey(photo);
  const before = rest.findIndex((other) => sortKey(other) < key);
  if (before < 0) {
    return complete || at >= 0 ? [...rest, photo] : rest;
  }
  return rest.toSpliced(before, 0, photo);
}

/** The list without one photo; the same list if it is not there. */
export function without(photos: Photo[], id: string): Photo[] {
  const at = photos.findIndex((photo) => photo.id === id);
  return at < 0 ? photos : photos.toSpliced(at, 1);
}
