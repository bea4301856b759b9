import { findItem, validateItem } from '@opendls/item-catalog';
import { factoryItems, LOGIN_SERVICE_PATH, PERSONALITIES, personalityOf, serviceUrl } from './index.js';

describe('factoryItems', () => {
  it.each(PERSONALITIES)('gives $name settings it could have', (personality) => {
    const items = [...factoryItems(personality).values()];
    expect(items.length).toBeGreaterThan(250);
    for (const item of items) {
      expect(findItem(item.name)).toBeDefined();
      expect(validateItem(item).filter(({ severity }) => severity === 'error')).toEqual([]);
    }
  });

  it('keeps features of other models out', () => {
    expect(factoryItems(personalityOf('openstage-40-v1')).has('display-skin')).toBe(
      findItem('display-skin')?.devices === undefined,
    );
    const forBigModels = [...factoryItems(personalityOf('OpenStage 40')).values()].filter(
      ({ name }) => findItem(name)?.devices,
    );
    expect(forBigModels).toEqual([]);
  });

  it.each([600, 1200])('can have %d settings', (count) => {
    expect(factoryItems(personalityOf('openstage-60'), count).size).toBe(count);
  });

  it('gives a device type nobody modelled the default habits', () => {
    expect(personalityOf('OpenStage 80')).toMatchObject({ deviceType: 'OpenStage 80', keyCount: 8 });
  });
});

describe('serviceUrl', () => {
  it('takes an address with or without the path', () => {
    expect(serviceUrl('https://127.0.0.1:18443').pathname).toBe(LOGIN_SERVICE_PATH);
    expect(serviceUrl(`https://[::1]:18443${LOGIN_SERVICE_PATH}`).href).toBe(
      `https://[::1]:18443${LOGIN_SERVICE_PATH}`,
    );
    expect(serviceUrl('https://dls.example.net/other').pathname).toBe('/other');
  });

  it.each(['http://127.0.0.1', 'dls.example.net:18443', '', 'ftp://x'])('refuses %j', (text) => {
    expect(() => serviceUrl(text)).toThrow(TypeError);
  });
});
