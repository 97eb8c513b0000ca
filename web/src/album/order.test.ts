// Changes from the feed keep the list sorted and free of repeats.
import { expect, test } from 'vitest';
import type { Photo } from '../api/types';
import { place, without } from './order';

const photo = (id: string, sort_date: string, version = 1) =>
  ({ id, sort_date, version, uploaded_at: '2024-01-01' }) as Photo;
const ids = (photos: Photo[]) => photos.map((each) => each.id).join('');
const list = [photo('c', '2024-03'), photo('b', '2024-02'), photo('a', '2024-01')];

test('a new photo goes where its date says', () => {
  expect(ids(place(list, photo('x', '2024-02-15'), true))).toBe('cxba');
  expect(ids(place(list, photo('x', '2025'), true))).toBe('xcba');
});

test('an older photo waits for its page while the list is not complete', () => {
  expect(ids(place(list, photo('x', '2020'), false))).toBe('cba');
  expect(ids(place(list, photo('x', '2020'), true))).toBe('cbax');
});

test('a photo whose date was edited moves, and is not doubled', () => {
  expect(ids(place(list, photo('a', '2024-02-20', 2), true))).toBe('cab');
});

test('a photo that changed in place is replaced', () => {
  expect(place(list, photo('b', '2024-02', 7), true)[1].version).toBe(7);
});

test('taking out what is not there changes nothing', () => {
  expect(without(list, 'z')).toBe(list);
  expect(ids(without(list, 'b'))).toBe('ca');
});
