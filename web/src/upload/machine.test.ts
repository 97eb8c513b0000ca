// Every answer leads somewhere, and nothing is sent twice.
import { describe, expect, test } from 'vitest';
import { afterAnswer, afterChange, afterPut, mediaType, parseTags } from './machine';

describe('afterPut', () => {
  test('what is already there counts as stored', () => {
    expect(afterPut(200, 1)).toEqual({ to: 'processing' });
    expect(afterPut(412, 1)).toEqual({ to: 'processing' });
  });
  test('a broken connection is asked about again, later each time', () => {
    expect(afterPut(0, 1)).toEqual({ to: 'hashed', after: 1 });
    expect(afterPut(503, 3)).toEqual({ to: 'hashed', after: 4 });
    expect(afterPut(409, 2)).toEqual({ to: 'hashed', after: 2 });
  });
  test('an expired grant is renewed at once', () => {
    expect(afterPut(403, 1)).toEqual({ to: 'hashed', after: 0 });
  });
  test('the fifth failure is told to the owner', () => {
    expect(afterPut(0, 5)).toMatchObject({ to: 'failed', lasting: false });
  });
});

describe('afterAnswer', () => {
  const stored = { status: 'stored', photo_id: 'p', state: 'ready' } as const;
  test('a stored photo is a duplicate unless we sent it', () => {
    expect(afterAnswer(stored, false)).toEqual({ to: 'duplicate' });
    expect(afterAnswer(stored, true)).toEqual({ to: 'processing' });
  });
  test('a refusal keeps its reason and cannot be retried', () => {
    const error = { code: 'too_large', detail: 'at most 256 MB' };
    expect(afterAnswer({ status: 'refused', error }, false)).toEqual({
      to: 'failed',
      reason: 'at most 256 MB',
      lasting: true,
    });
  });
  test('later means later', () => {
    const error = { code: 'deleting', detail: '' };
    expect(afterAnswer({ status: 'later', error, retry_after: 7 }, false)).toEqual({
      to: 'hashed',
      after: 7,
    });
  });
});

test('the feed settles a file', () => {
  expect(afterChange('ready')).toBe('ready');
  expect(afterChange('failed')).toBe('failed');
  expect(afterChange('pending')).toBe('processing');
});

test('the media type comes from the browser, else from the name', () => {
  expect(mediaType('a.JPG', '')).toBe('image/jpeg');
  expect(mediaType('IMG_1.HEIC', 'application/octet-stream')).toBe('image/heic');
  expect(mediaType('no-extension', 'image/png')).toBe('image/png');
  expect(mediaType('no-extension', '')).toBeUndefined();
  expect(mediaType('film.mp4', 'video/mp4')).toBeUndefined();
  expect(mediaType('drawing.svg', 'image/svg+xml')).toBeUndefined();
});

test('tags are trimmed and named once', () => {
  expect(parseTags(' paris, #night , paris,, ')).toEqual(['paris', 'night']);
});
