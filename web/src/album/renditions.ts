// Which size of a photo to show.
import type { Photo, Rendition } from '../api/types';

/** The sizes, smallest first; the workshop's own box is left out. */
export function sizes(photo: Photo): Rendition[] {
  return photo.renditions
    .filter((rendition) => rendition.name !== 'classic')
    .sort((a, b) => a.width - b.width);
}

export function srcset(photo: Photo): string {
  return sizes(photo)
    .map((rendition) => `${rendition.url} ${rendition.width}w`)
    .join(', ');
}

/** The smallest size that is at least `height` pixels high, else the largest. */
export function atLeast(photo: Photo, height: number): Rendition | undefined {
  const all = sizes(photo);
  return all.find((rendition) => rendition.height >= height) ?? all.at(-1);
}

/** Width over height, as far as it is known. */
export function aspect(photo: Photo): number {
  const shown = photo.renditions[0] ?? photo;
  return shown.width && shown.height ? shown.width / shown.height : 1;
}

/** What a photo is called for those who cannot see it. */
export function label(photo: Photo): string {
  return photo.description || photo.filename;
}
