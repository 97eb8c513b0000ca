// How the board says numbers and steps.
import { count } from '../shell/format';

/** A length of time, short: `850 ms`, `12 s`, `3 min`, `2 h`. */
export function span(milliseconds: number | undefined): string {
  if (milliseconds === undefined) return '–';
  if (milliseconds < 10) return `${milliseconds.toFixed(1)} ms`;
  if (milliseconds < 1_000) return `${Math.round(milliseconds)} ms`;
  const seconds = milliseconds / 1_000;
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  if (seconds < 120) return `${Math.round(seconds)} s`;
  if (seconds < 7_200) return `${Math.round(seconds / 60)} min`;
  return `${Math.round(seconds / 3_600)} h`;
}

/** A rate: `3.2/s`, and by the minute when it is slow. */
export function rate(perSecond: number | undefined): string {
  if (perSecond === undefined) return '–';
  if (perSecond === 0) return '0/s';
  if (perSecond < 0.1) return `${(perSecond * 60).toFixed(1)}/min`;
  return perSecond < 10 ? `${perSecond.toFixed(1)}/s` : `${count(Math.round(perSecond))}/s`;
}

export const steps: Record<string, string> = {
  upload: 'Upload by the client',
  notify: 'S3 event to queue',
  wait_thumbnails: 'Wait for thumbnails',
  make_thumbnails: 'Make thumbnails',
  wait_metadata: 'Wait for metadata',
  read_metadata: 'Read metadata',
  whole: 'Whole photo',
};

export const stageNames = { thumbnails: 'Thumbnails', metadata: 'Metadata' } as const;
