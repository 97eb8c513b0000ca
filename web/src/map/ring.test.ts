import { expect, test } from 'vitest';
import { unwrapped } from './ring';

test('an outline across 180° has no long way back', () => {
  const fiji = [
    [179, -17],
    [-179, -17],
    [-179, -18],
    [179, -18],
    [179, -17],
  ];
  expect(unwrapped(fiji).map(([longitude]) => longitude)).toEqual([179, 181, 181, 179, 179]);
});

test('an outline round the pole is closed along it', () => {
  const round = [
    [-180, -70],
    [-60, -72],
    [60, -71],
    [179, -70],
    [-180, -70],
  ];
  const closed = unwrapped(round);
  expect(closed.slice(-3)).toEqual([
    [180, -90],
    [-180, -90],
    [-180, -70],
  ]);
});

test('any other outline stays as it is', () => {
  const square = [
    [0, 0],
    [10, 0],
    [10, 10],
    [0, 0],
  ];
  expect(unwrapped(square)).toEqual(square);
});
