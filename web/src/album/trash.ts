// Putting photos of a list into the trash, and taking that back.
import { restorePhoto, trashPhoto } from '../api/album';
import { explain } from '../api/client';
import type { Photo } from '../api/types';
import { plural } from '../shell/format';
import { toast } from '../shell/toasts.svelte';
import type { PhotoList } from './photos.svelte';

/** Hides the photos at once, then tells the service; the ones it refuses come back. */
export async function trash(list: PhotoList, ids: string[]): Promise<void> {
  const gone = list.photos.filter((photo) => ids.includes(photo.id));
  for (const id of ids) list.remove(id);
  const results = await Promise.allSettled(ids.map((id) => trashPhoto(id)));
  const failed = results.findIndex((result) => result.status === 'rejected');
  if (failed >= 0) {
    results.forEach((result, index) => {
      const photo = gone.find(({ id }) => id === ids[index]);
      if (result.status === 'rejected' && photo) list.giveBack(photo);
    });
    toast(explain((results[failed] as PromiseRejectedResult).reason), { kind: 'error' });
    return;
  }
  toast(`${plural(ids.length, 'photo')} moved to the trash`, {
    action: { label: 'Undo', run: () => void undo(list, ids, gone) },
  });
}

async function undo(list: PhotoList, ids: string[], gone: Photo[]): Promise<void> {
  try {
    await Promise.all(ids.map((id) => restorePhoto(id)));
    for (const photo of gone) list.giveBack({ ...photo, version: photo.version + 2 });
  } catch (error) {
    toast(explain(error), { kind: 'error' });
  }
}
