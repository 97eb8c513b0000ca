// Adding and taking off, and photos that need no change.
import { expect, test } from 'vitest';
import { retagged, tagsOf } from './tags';

test('tags are told once, the most frequent first', () => {
  const photos = [{ tags: ['sea'] }, { tags: ['boat', 'sea'] }, { tags: [] }];
  expect(tagsOf(photos)).toEqual(['sea', 'boat']);
});

test('a photo keeps its other tags, and one that needs no change gets none', () => {
  expect(retagged(['sea', 'boat'], ['summer', 'sea'], ['boat'])).toEqual(['sea', 'summer']);
  expect(retagged(['sea'], ['sea'], ['boat'])).toBeUndefined();
  expect(retagged(['sea'], [], ['sea'])).toEqual([]);
});
