// Numbers, dates and sizes as people read them.

const units = ['B', 'kB', 'MB', 'GB', 'TB'];

/** A size in bytes, in decimal units. */
export function bytes(size: number): string {
  let value = size;
  let unit = 0;
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${unit === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${units[unit]}`;
}

const whole = new Intl.NumberFormat();

/** A count, with separators. */
export function count(value: number): string {
  return whole.format(value);
}

/** A count with its noun. */
export function plural(value: number, noun: string, many = `${noun}s`): string {
  return `${whole.format(value)} ${value === 1 ? noun : many}`;
}

/** A local time without a zone, read as such: no shift to the viewer's zone. */
function asUtc(local: string): Date {
  return new Date(`${local.slice(0, 19)}Z`);
}

const monthFormat = new Intl.DateTimeFormat(undefined, {
  month: 'long',
  year: 'numeric',
  timeZone: 'UTC',
});
const dayFormat = new Intl.DateTimeFormat(undefined, {
  weekday: 'short',
  day: 'numeric',
  month: 'long',
  year: 'numeric',
  timeZone: 'UTC',
});
const timeFormat = new Intl.DateTimeFormat(undefined, { timeStyle: 'short', timeZone: 'UTC' });
const momentFormat = new Intl.DateTimeFormat(undefined, {
  dateStyle: 'medium',
  timeStyle: 'short',
});

/** A month, from `YYYY-MM`. */
export function month(key: string): string {
  const date = new Date(`${key}-01T00:00:00Z`);
  return Number.isNaN(date.getTime()) ? 'No date' : monthFormat.format(date);
}

/** The day of a local time. */
export function day(local: string): string {
  const date = asUtc(local);
  return Number.isNaN(date.getTime()) ? local : dayFormat.format(date);
}

/** The time of a local time. */
export function time(local: string): string {
  const date = asUtc(local);
  return Number.isNaN(date.getTime()) ? '' : timeFormat.format(date);
}

/** A moment, in the viewer's zone. */
export function moment(timestamp: string): string {
  const date = new Date(timestamp);
  return Number.isNaN(date.getTime()) ? timestamp : momentFormat.format(date);
}

/** An offset from UTC. */
export function offset(seconds: number): string {
  const minutes = Math.round(Math.abs(seconds) / 60);
  const two = (value: number) => String(value).padStart(2, '0');
  return `UTC${seconds < 0 ? '−' : '+'}${two(Math.floor(minutes / 60))}:${two(minutes % 60)}`;
}

/** An exposure time in seconds, as cameras write it. */
export function exposure(seconds: number): string {
  return seconds >= 0.3 ? `${Number(seconds.toFixed(1))} s` : `1/${Math.round(1 / seconds)} s`;
}

/** A duration in seconds. */
export function duration(seconds: number): string {
  if (seconds < 1) return `${Math.round(seconds * 1000)} ms`;
  if (seconds < 60) return `${seconds < 10 ? seconds.toFixed(1) : Math.round(seconds)} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${Math.round(seconds % 60)} s`;
  return `${Math.floor(seconds / 3600)} h ${Math.round((seconds % 3600) / 60)} min`;
}
