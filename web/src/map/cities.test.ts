// Cities by the beginning of their name, without accents, the largest first.
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { findCities, parseCities } from './cities';

const cities = parseCities(readFileSync('src/map/cities.tsv', 'utf8'));
const names = (text: string) => findCities(cities, text, 5).map(({ name }) => name);

test('every city has a place on earth', () => {
  expect(cities.length).toBeGreaterThan(5000);
  for (const { latitude, longitude, country } of cities) {
    expect(Math.abs(latitude)).toBeLessThanOrEqual(90);
    expect(Math.abs(longitude)).toBeLessThanOrEqual(180);
    expect(country).toMatch(/^[A-Z]{2}$/);
  }
});

test('a city is found by how its name begins, whatever the accents', () => {
  expect(names('zur')[0]).toBe('Zürich');
  expect(names('São Pau')[0]).toBe('São Paulo');
  expect(names('york')).toContain('New York City');
  expect(names('par')[0]).toBe('Paris');
  expect(names(' ')).toEqual([]);
});
