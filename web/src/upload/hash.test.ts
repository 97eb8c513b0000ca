// The hash is the one that everybody else computes.
import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { hashBlob } from './hash';

const reference = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

test('hashes the empty file', async () => {
  expect(await hashBlob(new Blob([]), () => {})).toBe(reference(new Uint8Array()));
});

test('hashes more than one chunk and tells how far it is', async () => {
  const bytes = Uint8Array.from({ length: 9_000_001 }, (_, index) => (index * 31) % 251);
  const told: number[] = [];
  expect(await hashBlob(new Blob([bytes]), (done) => told.push(done))).toBe(reference(bytes));
  expect(told.length).toBeGreaterThan(0);
  expect(told).toEqual(told.toSorted((a, b) => a - b));
});
