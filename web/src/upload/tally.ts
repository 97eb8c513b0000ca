// Sums over the files on their way.
import type { UploadItem } from './item.svelte';
import { isFinal } from './machine';

export class Tally {
  total = 0;
  ready = 0;
  processing = 0;
  duplicate = 0;
  failed = 0;
  retryable = 0;
  bytes = 0;
  sent = 0;

  constructor(items: readonly UploadItem[]) {
    for (const item of items) {
      this.total += 1;
      if (item.state === 'ready') this.ready += 1;
      else if (item.state === 'processing') this.processing += 1;
      else if (item.state === 'duplicate') this.duplicate += 1;
      else if (item.state === 'failed') {
        this.failed += 1;
        if (!item.lasting) this.retryable += 1;
      }
      this.bytes += item.size;
      this.sent += isFinal(item.state) ? item.size : item.sent;
    }
  }

  /** Files of which something is still to come. */
  get active(): number {
    return this.total - this.ready - this.duplicate - this.failed;
  }

  /** Files whose bytes are not all stored. */
  get unsent(): number {
    return this.active - this.processing;
  }

  get share(): number {
    return this.bytes === 0 ? 1 : this.sent / this.bytes;
  }
}
