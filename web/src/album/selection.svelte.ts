// Which photos are selected.
import { SvelteSet } from 'svelte/reactivity';
import type { Photo } from '../api/types';

export class Selection {
  ids = new SvelteSet<string>();
  #anchor: number | undefined;

  /** Selects or unselects one; with `range`, everything since the one before. */
  toggle(photos: readonly Photo[], index: number, range: boolean): void {
    const id = photos[index].id;
    if (range && this.#anchor !== undefined) {
      const [from, to] = [Math.min(this.#anchor, index), Math.max(this.#anchor, index)];
      for (const photo of photos.slice(from, to + 1)) this.ids.add(photo.id);
    } else if (this.ids.has(id)) {
      this.ids.delete(id);
    } else {
      this.ids.add(id);
    }
    this.#anchor = index;
  }

  clear(): void {
    this.ids.clear();
    this.#anchor = undefined;
  }
}
