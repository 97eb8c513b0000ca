// The calls about photos and about the owner.
import { call } from './client';
import type {
  Changes,
  ManifestAnswer,
  ManifestEntry,
  Me,
  Photo,
  PhotoEdit,
  PhotoPage,
} from './types';

/** Which photos a list shows. */
export interface Query {
  q?: string;
  trashed?: boolean;
  order?: 'taken' | 'uploaded';
  /** West, south, east, north in degrees: the photos taken there, neighbours beside each other. */
  bbox?: string;
}

export function listPhotos(query: Query, cursor: string | undefined, signal: AbortSignal) {
  if (query.bbox) {
    const params = new URLSearchParams({ bbox: query.bbox });
    if (cursor) params.set('cursor', cursor);
    return call<PhotoPage>('GET', `/v1/map/photos?${params}`, undefined, signal);
  }
  const params = new URLSearchParams({ limit: '200' });
  if (query.q) params.set('q', query.q);
  if (query.trashed) params.set('trashed', 'true');
  if (query.order) params.set('order', query.order);
  if (cursor) params.set('cursor', cursor);
  return call<PhotoPage>('GET', `/v1/photos?${params}`, undefined, signal);
}

const photoPath = (id: string) => `/v1/photos/${encodeURIComponent(id)}`;

export const getPhoto = (id: string, signal?: AbortSignal) =>
  call<Photo>('GET', photoPath(id), undefined, signal);
export const editPhoto = (id: string, edit: PhotoEdit) => call<Photo>('PATCH', photoPath(id), edit);
export const trashPhoto = (id: string) => call<void>('DELETE', photoPath(id));
export const restorePhoto = (id: string) => call<void>('POST', `${photoPath(id)}/restore`);
export const retryPhoto = (id: string) => call<void>('POST', `${photoPath(id)}/retry`);

export const postManifest = (photos: ManifestEntry[], signal?: AbortSignal) =>
  call<ManifestAnswer>('POST', '/v1/uploads', { photos }, signal);

export function getChanges(cursor: string, wait: number, signal: AbortSignal) {
  const params = new URLSearchParams({ wait: String(wait), cursor });
  return call<Changes>('GET', `/v1/changes?${params}`, undefined, signal);
}

export const getMe = () => call<Me>('GET', '/v1/me');
export const editMe = (username: string) => call<Me>('PATCH', '/v1/me', { username });
