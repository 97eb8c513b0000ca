// The JSON of the HTTP API, as `domain/src/wire.rs` defines it. What is not known is absent.

export type Status = 'pending' | 'processing' | 'ready' | 'failed' | 'trashed';
export type Stage = 'thumbnails' | 'metadata';
export type EditedField = 'tags' | 'description' | 'location' | 'date';

export interface ManifestEntry {
  filename: string;
  content_type: string;
  size: number;
  sha256: string;
  tags?: string[];
  description?: string;
  modified_at?: string;
}

export interface Refusal {
  code: string;
  detail: string;
}

export interface PutUpload {
  method: string;
  url: string;
  headers: Record<string, string>;
  expires_at: string;
}

export interface MultipartUpload {
  multipart: { part_size: number };
}

export type EntryAnswer =
  | { status: 'upload'; photo_id: string; upload: PutUpload | MultipartUpload }
  | { status: 'stored'; photo_id: string; state: Status }
  | { status: 'refused'; error: Refusal }
  | { status: 'later'; photo_id?: string; error: Refusal; retry_after: number };

export interface ManifestAnswer {
  photos: EntryAnswer[];
}

export interface Camera {
  make?: string;
  model?: string;
  lens?: string;
  /** In seconds. */
  exposure_time?: number;
  f_number?: number;
  iso?: number;
  /** In millimetres. */
  focal_length?: number;
}

/** Degrees, WGS 84. */
export interface Position {
  latitude: number;
  longitude: number;
}

export interface Place {
  city?: string;
  region?: string;
  nation: string;
  country_code: string;
  address: string;
}

export interface Rendition {
  /** `grid`, `medium`, `large` or `classic`. */
  name: string;
  width: number;
  height: number;
  url: string;
}

export interface Failure {
  stage: Stage;
  code: string;
  detail: string;
  advice: string;
  attempts: number;
}

export interface Photo {
  id: string;
  status: Status;
  version: number;
  changed_at: string;
  filename: string;
  content_type: string;
  size: number;
  sha256: string;
  tags: string[];
  description: string;
  uploaded_at: string;
  sort_date?: string;
  /** Local time, without a zone. */
  taken_at?: string;
  taken_offset_seconds?: number;
  width?: number;
  height?: number;
  camera?: Camera;
  location?: Position;
  place?: Place;
  thumbhash?: string;
  renditions: Rendition[];
  original_url?: string;
  failures: Failure[];
  warnings?: string[];
  edited: EditedField[];
  trace_id: string;
  trashed_at?: string;
}

export interface PhotoPage {
  photos: Photo[];
  cursor?: string;
}

/** Absent fields stay, `null` clears. */
export interface PhotoEdit {
  tags?: string[];
  description?: string;
  location?: Position | null;
  taken_at?: string | null;
}

export type Change =
  { change: 'photo'; photo: Photo } | { change: 'gone'; id: string; version: number };

export interface Changes {
  changes: Change[];
  cursor: string;
  more: boolean;
  poll_after: number;
}

export interface Quota {
  bytes_used: number;
  bytes_limit: number;
  photos_used: number;
  photos_limit: number;
}

export interface Me {
  id: string;
  email: string;
  username: string;
  operator: boolean;
  quota: Quota;
}

export interface Problem {
  status: number;
  code: string;
  title: string;
  detail?: string;
  trace_id?: string;
}
