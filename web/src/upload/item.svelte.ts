// One file on its way to the album.
import type { ManifestEntry, MultipartUpload, Photo, PutUpload } from '../api/types';
import { atLeast } from '../album/renditions';
import type { UploadState } from './machine';

export class UploadItem {
  state = $state<UploadState>('waiting');
  /** Bytes that the storage has. */
  sent = $state(0);
  /** Bytes that are hashed. */
  hashed = $state(0);
  reason = $state('');
  /** The small rendition, once there is one. */
  thumbnail = $state('');
  thumbhash = $state('');

  tags: string[] = [];
  description = '';
  sha256 = '';
  photoId = '';
  upload: PutUpload | MultipartUpload | undefined;
  attempt = 0;
  notBefore = 0;
  /** Whether trying again is of no use. */
  lasting = false;

  constructor(
    readonly file: File,
    readonly type: string | undefined,
    readonly key: string = newKey(),
  ) {
    if (!type) this.fail('not a photo: JPEG, PNG, GIF, WebP, HEIC, AVIF, TIFF and BMP are', true);
    else if (file.size === 0) this.fail('the file is empty', true);
  }

  get name(): string {
    return this.file.name;
  }

  get size(): number {
    return this.file.size;
  }

  /** Equal for a file that was chosen twice. */
  get sameness(): string {
    return `${this.file.name}\n${this.file.size}\n${this.file.lastModified}`;
  }

  entry(): ManifestEntry {
    const entry: ManifestEntry = {
      filename: this.file.name,
      content_type: this.type ?? '',
      size: this.file.size,
      sha256: this.sha256,
      tags: this.tags,
    };
    if (this.description) entry.description = this.description;
    if (this.file.lastModified > 0) {
      entry.modified_at = new Date(this.file.lastModified).toISOString();
    }
    return entry;
  }

  fail(reason: string, lasting: boolean): void {
    this.state = 'failed';
    this.reason = reason;
    this.lasting = lasting;
  }

  show(photo: Photo): void {
    this.thumbnail = atLeast(photo, 80)?.url ?? '';
    this.thumbhash = photo.thumbhash ?? '';
  }
}

/** crypto.randomUUID exists on secure origins only; this need not be a secret. */
function newKey(): string {
  return `${Date.now().toString(36)}-${Math.random().toString(36).slice(2)}`;
}
