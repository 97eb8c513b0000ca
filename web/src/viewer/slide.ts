// What PhotoSwipe shows of one photo.
import type { SlideData } from 'photoswipe';
import type { Photo } from '../api/types';
import { atLeast, label, sizes, srcset } from '../album/renditions';

/** The largest rendition with its smaller ones, or words where there is none. */
export function slide(photo: Photo): SlideData {
  const largest = sizes(photo).at(-1);
  if (!largest) return { html: blank(photo) };
  return {
    src: largest.url,
    srcset: srcset(photo),
    msrc: atLeast(photo, 200)?.url,
    width: photo.width ?? largest.width,
    height: photo.height ?? largest.height,
    alt: label(photo),
  };
}

function blank(photo: Photo): string {
  const words =
    photo.status === 'failed' ? 'This photo could not be shown' : 'Still being developed…';
  return `<div class="viewer-blank">${words}</div>`;
}
