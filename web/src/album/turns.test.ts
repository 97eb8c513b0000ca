// Work is done in turn, some of it each frame, and what is taken back is not done.
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { inTurn } from './turns';

let frames: (() => void)[] = [];
let now = 0;
const frame = () => frames.splice(0).forEach((begin) => begin());

beforeEach(() => {
  frames = [];
  vi.stubGlobal('requestAnimationFrame', (begin: () => void) => frames.push(begin));
  vi.stubGlobal('performance', { now: () => now });
});
afterEach(() => vi.unstubAllGlobals());

test('a frame does what fits into its share, and the next ones the rest', () => {
  const done: number[] = [];
  for (let number = 0; number < 5; number += 1) {
    inTurn(() => {
      done.push(number);
      now += 4;
    });
  }
  expect(done).toEqual([]);
  frame();
  expect(done).toEqual([0, 1]);
  frame();
  expect(done).toEqual([0, 1, 2, 3]);
  frame();
  expect(done).toEqual([0, 1, 2, 3, 4]);
  expect(frames).toEqual([]);
});

test('what was taken back is left out', () => {
  const done: string[] = [];
  inTurn(() => done.push('first'));
  const back = inTurn(() => done.push('second'));
  back();
  frame();
  expect(done).toEqual(['first']);
});
