// The JSON of the HTTP API by short names. `openapi.ts` is generated from the service's document by
// `npm run generate`, so what the pages expect is what the service says.
import type { components } from './openapi';

export type Schemas = components['schemas'];

/** What the service answers: what is not known is absent, never `null`. */
export type Told<T> = T extends null
  ? never
  : T extends object
    ? { [K in keyof T]: Told<T[K]> }
    : T;

export type Status = Schemas['Status'];
export type Stage = Schemas['Stage'];
export type EditedField = Schemas['EditedField'];

export type ManifestEntry = Schemas['ManifestEntry'];
export type ManifestAnswer = Told<Schemas['ManifestAnswer']>;
export type EntryAnswer = Told<Schemas['EntryAnswer']>;
export type Refusal = Told<Schemas['Refusal']>;
export type PutUpload = Extract<Schemas['Upload'], { url: string }>;
export type MultipartUpload = Extract<Schemas['Upload'], { multipart: unknown }>;

export type Photo = Told<Schemas['PhotoView']>;
export type Camera = Told<Schemas['Camera']>;
export type Position = Told<Schemas['Position']>;
export type Place = Told<Schemas['PlaceView']>;
export type Rendition = Told<Schemas['RenditionView']>;
export type Failure = Told<Schemas['FailureView']>;
export type PhotoPage = Told<Schemas['PhotoPage']>;
/** Absent fields stay, `null` clears. */
export type PhotoEdit = Schemas['PhotoEdit'];

export type Change = Told<Schemas['Change']>;
export type Changes = Told<Schemas['Changes']>;

export type Quota = Told<Schemas['Quota']>;
export type Me = Told<Schemas['Me']>;
export type Problem = Told<Schemas['Problem']>;
