// The calls of the operations board and the JSON they answer with.
import { call } from '../api/client';
import type { Stage } from '../api/types';

export interface Standing {
  pending: number;
  processing: number;
  ready: number;
  failed: number;
  trashed: number;
  deleting: number;
  records: number;
  ledger: number;
}

export interface StageFigures {
  stage: Stage;
  visible: number;
  in_flight: number;
  delayed: number;
  dead?: number;
  unfinished: number;
  without_message: number;
  oldest_seconds?: number;
  in_per_second?: number;
  out_per_second: number;
  failed_per_second: number;
  drain_seconds?: number;
}

export interface StepFigure {
  step: string;
  photos: number;
  p50_ms: number;
  p95_ms: number;
}

export interface Minute {
  at: string;
  granted: number;
  thumbnails: number;
  metadata: number;
  failed: number;
  steps: StepFigure[];
}

export interface Summary {
  at: string;
  photos: Standing;
  stages: StageFigures[];
  failures: { stage: Stage; code: string; photos: number }[];
  steps: StepFigure[];
  minutes: Minute[];
  traces_url?: string;
}

export interface StageState {
  stage: Stage;
  paused: boolean;
  paused_by?: string;
  paused_at?: string;
}

export interface TraceSummary {
  trace_id: string;
  root?: string;
  started_at: string;
  duration_ms: number;
  spans: number;
  services: string[];
  photo_id?: string;
  owner_id?: string;
  code?: string;
  failed: boolean;
}

export interface Span {
  span_id: string;
  parent_id?: string;
  service: string;
  name: string;
  kind: string;
  offset_ms: number;
  duration_ms: number;
  error?: string;
  attributes: Record<string, string>;
  links: string[];
}

export interface Trace extends TraceSummary {
  waterfall: Span[];
}

export interface PhotoRow {
  photo: string;
  granted_at: string;
  thumbnails: string;
  metadata: string;
  attempts: number;
  trace_id: string;
}

export interface DeadLetter {
  stage: Stage;
  message_id: string;
  photo?: string;
  reason: string;
  receive_count: number;
  sent_at?: string;
}

export const summary = () => call<Summary>('GET', '/v1/ops/summary');
export const stages = async () =>
  (await call<{ stages: StageState[] }>('GET', '/v1/ops/stages')).stages;
export const setPaused = (stage: Stage, paused: boolean) =>
  call<{ stages: StageState[] }>('POST', `/v1/ops/stages/${stage}/${paused ? 'pause' : 'resume'}`);
export const photos = (query: string) =>
  call<{ photos: PhotoRow[]; total: number }>('GET', `/v1/ops/photos?${query}`);
export const traces = async (query: string) =>
  (await call<{ traces: TraceSummary[] }>('GET', `/v1/ops/traces?${query}`)).traces;
export const trace = (id: string) => call<Trace>('GET', `/v1/ops/traces/${encodeURIComponent(id)}`);
export const deadLetters = async () =>
  (await call<{ messages: DeadLetter[] }>('GET', '/v1/ops/dlq')).messages;
export const moveBack = (stage: Stage) =>
  call<{ messages: number }>('POST', `/v1/ops/dlq/${stage}/redrive`, {});

/** Redrives until nothing is left to do, and tells how many photos wait again. */
export async function redrive(which: { code: string } | { all: true } | { ids: string[] }) {
  let redriven = 0;
  let cursor: string | undefined;
  do {
    const answer = await call<{ redriven: number; cursor?: string }>('POST', '/v1/ops/redrive', {
      ...which,
      ...(cursor ? { cursor } : {}),
    });
    redriven += answer.redriven;
    cursor = answer.cursor;
  } while (cursor);
  return redriven;
}
