// The calls of the operations board and the JSON they answer with.
import { call } from '../api/client';
import type { Schemas, Stage, Told } from '../api/types';

export type Standing = Told<Schemas['Standing']>;
export type StageFigures = Told<Schemas['StageFigures']>;
export type StepFigure = Told<Schemas['StepFigure']>;
export type Minute = Told<Schemas['Minute']>;
export type Summary = Told<Schemas['Summary']>;
export type StageState = Told<Schemas['StageView']>;
export type TraceSummary = Told<Schemas['TraceSummary']>;
export type Span = Told<Schemas['TraceSpan']>;
export type Trace = Told<Schemas['Trace']>;
export type PhotoRow = Told<Schemas['StandingPhoto']>;
export type DeadLetter = Told<Schemas['DeadLetter']>;

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
